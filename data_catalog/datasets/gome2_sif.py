"""GOME-2 solar-induced fluorescence, NASA level 3, monthly, 0.5 degree."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

COLUMNS = (
    Column("sif", "SIF_daily_average", low=-20.0, high=50.0),
    Column("sif_std", "Daily_averaged_SIF_std", low=0.0, high=50.0),
    Column("sif_std", "SIF_std", low=0.0, high=50.0),
    Column("observations", "Counts", low=0.0),
)
_MONTH = re.compile(r"_((?:19|20)\d{2})(\d{2})(\d{2})_")


def _fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Take the month of the name, since the file has no time."""
    match = _MONTH.search(file)
    if match is None or "time" in raw.variables:
        return raw
    month = np.datetime64("-".join(match.groups()), "ns")
    return raw.expand_dims(time=np.array([month]))


def _is_it(head: Head, names: set[str]) -> bool:
    return "SIF_daily_average" in names and {"latitude", "longitude"} <= names


def write_example(path: str | Path) -> None:
    """Write a month of a global map with made-up values."""
    rng = np.random.default_rng(14)
    n = (360, 720)
    sif = rng.normal(0.4, 0.3, n).astype(np.float32)
    sif[:60] = -999.0
    axes = ("latitude", "longitude")
    ds = xr.Dataset(
        {
            "SIF_daily_average": (axes, sif, {"units": "mW/m^2/nm/sr"}),
            "Counts": (axes, rng.integers(0, 90, n).astype(np.int32)),
            "cos(SZA)": (axes, np.full(n, 0.7, np.float32)),
        },
        coords={
            "latitude": ("latitude", np.arange(89.75, -90, -0.5, np.float32)),
            "longitude": ("longitude", np.arange(-179.75, 180, 0.5, np.float32)),
        },
    )
    ds.to_netcdf(
        path, engine="h5netcdf", encoding={"SIF_daily_average": {"_FillValue": np.float32(-999.0), "zlib": True}}
    )


PRODUCT = RegularProduct(
    name="gome2-sif",
    title="GOME-2 solar-induced fluorescence, level 3, monthly, 0.5 degree",
    citation="Joiner et al. 2013, Atmos. Meas. Tech. 6, 2803",
    licence="NASA open data: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    fix=_fix,
    write_example=write_example,
    example_name="ret_f_nr5_nsvd12_v26_waves734_nolog.grid_SIF_v28_20160701_31.nc",
)

ENTRY = PRODUCT.entry()
