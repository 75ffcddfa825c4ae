"""Datasets by name. Whatever comes out speaks the nomenclature."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from data_catalog.entry import CatalogEntry

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["CATALOG", "open_dataset"]

DATASETS = (
    *("reference_earth", "towers", "fluxnet", "driver_file", "climatology_npz"),
    *("land_forcing", "world_forcing", "land_towers", "ameriflux_base", "ameriflux_l2", "bondville"),
    *("ameriflux_l4", "tower_tables", "plumber2", "cardamom", "dalec_tables", "ismn", "uscrn", "noaa_co2"),
    *("fluxnet_tables", "modis_subset", "point_series", "fluxneteo", "openghg_flux", "vic"),
    *("spl3smp", "spl3smp_e", "spl2smp", "spl3ftp", "spl4cmdl", "spl4smgp", "spl4smau", "spl4smlm", "cetb", "smos_ic"),
    *("esa_cci_sm", "c3s_sm", "ascat_cells", "ascat_swath", "airmoss", "cgls_lai", "modis_lai", "modis_vi", "mcd12q1"),
    *("lpdr", "vodca", "era5", "era5_land", "era5_zip", "merra2", "geos_fp", "gldas", "imerg"),
    *("fluxcom", "gome2_sif", "carbontracker", "ncscd", "igbp_soc", "packed"),
    "observation_file",
)
"""One file each in ``datasets/``; this order is the order on screen."""


class Catalog(Mapping):
    """The entries by name; a dataset's file is imported when it is first asked for."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = {name.replace("_", "-"): name for name in modules}
        self._entries: dict[str, CatalogEntry] = {}

    def __getitem__(self, name: str) -> CatalogEntry:
        """Return the entry, or raise ``KeyError`` naming what the catalog has."""
        if name not in self.modules:
            msg = f"No dataset is named {name!r}; the catalog has {', '.join(self.modules)}."
            raise KeyError(msg)
        if name not in self._entries:  # a scan asks for all of them, for each file
            self._entries[name] = importlib.import_module(f"data_catalog.datasets.{self.modules[name]}").ENTRY
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the order of `DATASETS`."""
        return iter(self.modules)

    def __len__(self) -> int:
        """Count the datasets."""
        return len(self.modules)


CATALOG = Catalog(DATASETS)


def open_dataset(name: str, **options: object) -> xr.Dataset:
    """Open a dataset of the catalog.

    Parameters
    ----------
    name : str
        A key of `CATALOG`, for example ``"reference-earth"``.
    **options
        What that dataset's ``load`` takes: ``grid`` and ``cells`` for the world, ``path`` for a file, ``site``
        for a tower.

    Returns
    -------
    xarray.Dataset
        In the names and units of `models.variables`.

    Raises
    ------
    KeyError
        If the catalog has no such name.
    """
    return CATALOG[name].load(**options)
