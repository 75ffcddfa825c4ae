"""Copernicus Global Land Service: leaf area index and fraction of absorbed radiation, every ten days, 300 m or 1 km."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

COLUMNS = (
    Column("lai", "LAI", low=0.0, high=7.0),
    Column("fpar", "FAPAR", low=0.0, high=0.94),
    Column("fpar", "FPAR", low=0.0, high=0.94),
    Column("observations", "NOBS", low=0.0, high=120.0, comment="valid observations of the compositing window"),
)
"""Physical ranges of the product's user manual; what lies above is a code (sea, missing, not retrieved)."""


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    main = "lai" if "lai" in ds else "fpar"
    if "RMSE" in raw:
        spread = raw["RMSE"].where(np.isfinite(ds[main]))
        ds[f"{main}_std"] = spread.assign_attrs(long_name=f"uncertainty of {main}", units=ds[main].attrs["units"])
    if "observations" in ds:
        about = {"long_name": "quality: 0 observed in the window, 1 filled", "flag_meanings": "observed filled"}
        filled = xr.where(ds["observations"] > 0, 0, 1).astype(np.int8)
        ds[f"{main}_qc"] = filled.assign_attrs(about)
    return ds


def _fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Take the time of the global attributes where a release has no axis of time."""
    if "time" in raw.variables or not raw.attrs.get("time_coverage_start"):
        return raw
    try:
        start = np.datetime64(str(raw.attrs["time_coverage_start"]).rstrip("Z")[:19])
    except ValueError as error:
        msg = f"{file}: time_coverage_start is {raw.attrs['time_coverage_start']!r}, no date."
        raise ValueError(msg) from error
    return raw.expand_dims(time=np.array([start], "datetime64[ns]"))


def _is_it(head: Head, names: set[str]) -> bool:
    if not {"LAI", "FAPAR"} & names or not {"lat", "lon"} <= names:
        return False
    said = head.said("title", "product_version", "references", "institution", "archive_facility", "identifier")
    return any(word in said for word in ("Global Land", "VITO", "c_gls"))


def write_example(path: str | Path) -> None:
    """Write a tile of 60 x 60 pixels at 300 m with made-up values, packed as in the product."""
    rng = np.random.default_rng(11)
    n = (1, 60, 60)
    lai = rng.integers(0, 211, n).astype(np.uint8)
    lai[0, :5] = 255
    lai[0, 5, :5] = 254
    step = 1.0 / 336.0
    ds = xr.Dataset(
        {
            "LAI": (
                ("time", "lat", "lon"),
                lai,
                {"units": "", "scale_factor": np.float32(1 / 30), "add_offset": np.float32(0)},
            ),
            "RMSE": (
                ("time", "lat", "lon"),
                rng.integers(0, 60, n).astype(np.uint8),
                {"scale_factor": np.float32(1 / 30)},
            ),
            "NOBS": (("time", "lat", "lon"), rng.integers(0, 30, n).astype(np.uint8), {}),
            "QFLAG": (("time", "lat", "lon"), np.zeros(n, np.uint8), {}),
        },
        coords={
            "time": ("time", [18818.0], {"units": "days since 1970-01-01 00:00:00"}),
            "lat": ("lat", 48.0 - step * np.arange(60), {"units": "degrees_north"}),
            "lon": ("lon", 8.0 + step * np.arange(60), {"units": "degrees_east"}),
        },
        attrs={
            "title": "10-daily Leaf Area Index 333M: GLOBE 2021-07-10",
            "archive_facility": "VITO",
            "product_version": "V1.1.2",
        },
    )
    for name in ("LAI", "RMSE", "NOBS"):
        ds[name].attrs["_FillValue"] = np.uint8(255)
    ds.to_netcdf(path, engine="h5netcdf")


PRODUCT = RegularProduct(
    name="cgls-lai",
    title="Copernicus Global Land Service LAI and FAPAR, 10-daily, 300 m or 1 km",
    citation="Baret et al. 2013, Remote Sens. Environ. 137, 299; Copernicus Global Land Service, VITO",
    licence="Copernicus: free with attribution",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("observations", "drivers", "benchmarks"),
    finish=_finish,
    fix=_fix,
    version=lambda raw: str(raw.attrs.get("product_version", "")),
    write_example=write_example,
    example_name="c_gls_LAI300-RT0_202107100000_GLOBE_OLCI_V1.1.2.nc",
)

ENTRY = PRODUCT.entry()
