"""FLUXCOM and FLUXCOM-X-BASE: fluxes upscaled from towers, GPP, NEE, TER and ET."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.product_columns import Column, attributes
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

_CARBON = {
    **dict.fromkeys(("gC m-2 d-1", "gC m-2 day-1", "gC m^-2 d^-1", "gC m-2 d^-1", "g C m-2 d-1", "gC/m2/d"), 1.0),
    **dict.fromkeys(("gC m^-2 day^-1", "gC m-2 day^-1", "g m-2 day-1", "g m-2 d-1", "gC/m2/day"), 1.0),
    **dict.fromkeys(
        ("umol m-2 s-1", "mumolCO2 m-2 s-1", "umolCO2 m-2 s-1", "µmol m-2 s-1", "µmolCO2 m-2 s-1"), GC_PER_UMOL
    ),
    **dict.fromkeys(("mumol CO2 m-2 s-1", "umol CO2 m-2 s-1", "umol m^-2 s^-1", "mumol m-2 s-1"), GC_PER_UMOL),
}
_WATER = {**dict.fromkeys(("mm hr-1", "mm h-1", "mm/h"), 24.0), **dict.fromkeys(("mm d-1", "mm day-1", "mm/d"), 1.0)}
_FIELDS = {
    "gpp": (("GPP", "GPP_HB"), _CARBON),
    "reco": (("TER", "TER_HB", "RECO"), _CARBON),
    "nee": (("NEE",), _CARBON),
    "et": (("ET",), _WATER),
    "transpiration": (("ET_T",), _WATER),
}


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    for ours, (names, units) in _FIELDS.items():
        name = next((name for name in names if name in raw), None)
        if name is None:
            continue
        unit = str(raw[name].attrs.get("units", "")).strip()
        if unit not in units:
            msg = f"{file}: {name} is in {unit!r}; {', '.join(list(units)[:6])} are accepted: state its units."
            raise ValueError(msg)
        values = raw[name] * np.float32(units[unit])
        ds[ours] = values.where(np.abs(values) < 1e4).assign_attrs(attributes(Column(ours, name)))
    return ds


def _is_it(head: Head, names: set[str]) -> bool:
    told = ("title", "id", "source", "description", "references", "comment")
    held = {name for names_, _ in _FIELDS.values() for name in names_} & names
    return bool(held) and ("land_fraction" in names or "FLUXCOM" in head.said(*told).upper())


def write_example(path: str | Path) -> None:
    """Write twelve months of 8 x 8 cells with made-up values."""
    rng = np.random.default_rng(13)
    axes = ("time", "lat", "lon")
    ds = xr.Dataset(
        {
            "GPP": (axes, rng.uniform(0.0, 12.0, (12, 8, 8)).astype(np.float32), {"units": "gC m-2 d-1"}),
            "land_fraction": (("lat", "lon"), np.ones((8, 8), np.float32)),
        },
        coords={
            "time": ("time", 18628 + 30 * np.arange(12), {"units": "days since 1970-01-01"}),
            "lat": ("lat", 48.875 - 0.25 * np.arange(8), {"units": "degrees_north"}),
            "lon": ("lon", 8.125 + 0.25 * np.arange(8), {"units": "degrees_east"}),
        },
        attrs={"title": "FLUXCOM-X-BASE gross primary productivity"},
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding={"GPP": {"_FillValue": np.float32(-9999.0)}})


PRODUCT = RegularProduct(
    name="fluxcom",
    title="FLUXCOM and FLUXCOM-X-BASE: fluxes upscaled from towers",
    citation="Nelson and Walther et al. 2024, Biogeosciences 21, 5079; Jung et al. 2020, Biogeosciences 17, 1343",
    licence="CC-BY-4.0",
    columns=(Column("land_fraction", "land_fraction"),),
    is_it=_is_it,
    kind="upscaled",
    finish=_finish,
    write_example=write_example,
    example_name="GPP_2021_025_monthly.nc",
)

ENTRY = PRODUCT.entry()
