"""SPL4SMLM: constants of the land model behind SMAP's level 4: porosity, wilting point, texture, elevation."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_example import new_granule, put
from data_catalog.datasets.smap_l3 import PASSIVE_LICENCE
from data_catalog.datasets.smap_l4 import open_level4
from data_catalog.entry import CatalogEntry
from data_catalog.grid import EaseGrid
from data_catalog.head import Head

__all__ = ["ENTRY", "FIELDS", "load", "write_example"]

TITLE = "SMAP L4 land model constants, 9 km (SPL4SMLM)"
CITATION = (
    "Reichle, R. H., et al., SMAP L4 Global 9 km EASE-Grid Surface and Root Zone Soil Moisture Land Model Constants, "
    "NASA NSIDC DAAC"
)
GROUP = "Land-Model-Constants_Data"
FIELDS = (
    Column("porosity", "clsm_poros", "m3 m-3", comment="soil moisture = wetness * porosity"),
    Column("wilting_point", "clsm_wp", "m3 m-3"),
    Column("sand", "mwrtm_sand", factor=100.0),
    Column("clay", "mwrtm_clay", factor=100.0),
    Column("elevation", "cell_elevation", "m"),
    Column("land_fraction", "cell_land_fraction"),
    Column("albedo_l", "mwrtm_omega", comment="radiative transfer model of level 4"),
    Column("b_h", "mwrtm_bh", comment="optical depth = b * vegetation water content"),
    Column("b_v", "mwrtm_bv", comment="optical depth = b * vegetation water content"),
    *(Column(f"depth_{name}", f"clsm_{name}", "m") for name in ("dzsf", "dzrz", "dzpr", "dzgt1")),
)


def load(path: str | Path, grid: str = "9km") -> xr.Dataset:
    """Open the constants lazily, on (y, x).

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.smap_l4.open_level4`.
    """
    ds = open_level4(path, GROUP, FIELDS, grid, static=True)
    ds.attrs |= {"title": TITLE, "citation": CITATION, "licence": PASSIVE_LICENCE}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables."""
    return head.kind == "hdf5" and f"{GROUP}/clsm_poros" in head.variables


def write_example(path: str | Path) -> None:
    """Write the whole grid, of which 40 x 40 cells hold made-up values, of the first six constants."""
    rng = np.random.default_rng(5)
    shape = EaseGrid("9km").shape
    corner = (slice(500, 540), slice(900, 940))
    with new_granule(path, "SPL4SMLM", "Vv7030", "") as file:
        for column in FIELDS[:6]:
            low, high = {"m": (0.05, 1.0), "m3 m-3": (0.1, 0.5)}.get(column.unit, (0.1, 0.9))
            values = rng.uniform(low, high, (40, 40)).astype(np.float32)
            put(file, f"{GROUP}/{column.theirs}", shape, values, corner=corner, units=column.unit or "dimensionless")


ENTRY = CatalogEntry(
    name="spl4smlm",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("drivers", "benchmarks"),
    kind="reanalysis",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L4_SM_lmc_00000000T000000_Vv7030_001.h5",
)
