"""CarbonTracker: net fluxes of carbon from an atmospheric inversion, 1 degree, 3-hourly or monthly."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

GC_PER_MOL_DAY = 12.011 * 86400.0
COLUMNS = (
    Column("nee", "bio_flux_opt", factor=GC_PER_MOL_DAY, comment="biosphere without fire, optimised"),
    Column("nee_prior", "bio_flux_prior", factor=GC_PER_MOL_DAY),
    Column("carbon_fire", "fire_flux_imp", factor=GC_PER_MOL_DAY, comment="gC m-2 d-1"),
)
"""mol m-2 s-1 in the file, positive to the atmosphere as ours."""


def _is_it(head: Head, names: set[str]) -> bool:
    return "bio_flux_opt" in names


def write_example(path: str | Path) -> None:
    """Write a day of 3-hourly global fluxes with made-up values."""
    rng = np.random.default_rng(15)
    n = (8, 180, 360)
    axes = ("time", "latitude", "longitude")
    ds = xr.Dataset(
        {
            "bio_flux_opt": (axes, rng.normal(0.0, 1e-6, n).astype(np.float32), {"units": "mol m-2 s-1"}),
            "fire_flux_imp": (axes, np.zeros(n, np.float32), {"units": "mol m-2 s-1"}),
        },
        coords={
            "time": ("time", 7852.0625 + np.arange(8) / 8.0, {"units": "days since 2000-01-01 00:00:00 UTC"}),
            "latitude": ("latitude", np.arange(-89.5, 90.0), {"units": "degrees_north"}),
            "longitude": ("longitude", np.arange(-179.5, 180.0), {"units": "degrees_east"}),
        },
        attrs={"institution": "NOAA Global Monitoring Laboratory", "title": "CarbonTracker CT2022"},
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding={name: {"zlib": True} for name in ds.data_vars})


PRODUCT = RegularProduct(
    name="carbontracker",
    title="CarbonTracker net fluxes, 1 degree",
    citation="Jacobson et al. 2023, CarbonTracker CT2022, doi:10.25925/Z1GJ-3254",
    licence="NOAA: public, to be acknowledged",
    columns=COLUMNS,
    is_it=_is_it,
    kind="inversion",
    write_example=write_example,
    example_name="CT2022.flux1x1.20210701.nc",
)

ENTRY = PRODUCT.entry()
