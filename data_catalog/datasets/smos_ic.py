"""SMOS-IC: L-band soil moisture and optical depth, daily, ascending or descending, EASE-Grid 2.0 at 25 km."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.grid import NORTH, WEST, unproject
from data_catalog.head import Head

__all__ = ["COLUMNS", "ENTRY", "PRODUCT", "smos_quality", "write_example"]

COLUMNS = (
    Column("ssm", "Soil_Moisture", low=0.0, high=1.0),
    Column("ssm_std", "Soil_Moisture_StdError", low=0.0, high=1.0),
    Column("vod_l", "Optical_Thickness_Nad", low=-0.5, high=5.0),
    Column("vod_l_std", "Optical_Thickness_Nad_StdError", low=0.0, high=5.0),
    Column("t_soil", "Soil_Temperature_Level1", low=180.0, high=350.0, comment="ECMWF, 0-7 cm"),
    Column("tb_rmse", "RMSE", low=0.0, high=200.0, comment="K; modelled against observed brightness temperature"),
)
MOST_RMSE = 8.0
"""Largest misfit [K] of what is called good (Wigneron et al. 2021, Remote Sens. Environ. 254, 112238)."""
FLAGS = {
    "long_name": f"quality: 0 clean scene and misfit <= {MOST_RMSE:g} K, 2 not so, 3 no retrieval",
    "flag_values": np.array([0, 2, 3], np.int8),
    "flag_meanings": "good doubtful none",
}
CELL = 25025.2600081
"""Size of a cell [m]: 1388 columns and 584 rows share the corner of the grids of SMAP."""
_DAY = re.compile(r"_((?:19|20)\d{2})(\d{2})(\d{2})T\d{6}_")


def smos_quality(ssm, rmse, scene=None):
    """Return 0 to 3 of soil moisture, misfit [K] and scene flags (0 is clean); see `FLAGS`."""
    good = rmse <= MOST_RMSE
    if scene is not None:
        good = good & (scene == 0)
    return xr.where(ssm.isnull(), 3, xr.where(good, 0, 2)).astype(np.int8)


def _fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Take the day of the name, or of the field of days since 2000."""
    if "time" in raw.variables:
        return raw
    match = _DAY.search(file)
    if match:
        day = np.datetime64("-".join(match.groups()), "ns")
    else:
        values = raw["Days"].to_numpy() if "Days" in raw else np.array([])
        values = values[np.isfinite(values) & (values > 0)]
        if not values.size:
            return raw
        day = (np.datetime64("2000-01-01", "D") + int(np.median(values))).astype("datetime64[ns]")
    return raw.expand_dims(time=np.array([day]))


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    if "ssm" in ds and "tb_rmse" in ds:
        scene = raw.get("Scene_Flags")
        ds["ssm_qc"] = smos_quality(ds["ssm"], ds["tb_rmse"], scene).assign_attrs(FLAGS)
    ds.attrs["grid"] = "EASE2 25 km"
    return ds


def _is_it(head: Head, names: set[str]) -> bool:
    return (
        {"Soil_Moisture", "Scene_Flags", "RMSE"} <= names
        and bool({"lat", "Latitude", "latitude"} & names)
        and "location_id" not in names
    )


def write_example(path: str | Path) -> None:
    """Write an ascending day of the whole grid, of which a block holds made-up values."""
    rng = np.random.default_rng(21)
    n, block = (584, 1388), (slice(150, 190), slice(700, 760))
    lat = unproject(np.zeros(584), NORTH - (np.arange(584) + 0.5) * CELL)[0]
    lon = unproject(WEST + (np.arange(1388) + 0.5) * CELL, np.zeros(1388))[1]
    ranges = {"Soil_Moisture": (0.05, 0.5), "Soil_Moisture_StdError": (0.01, 0.05), "Optical_Thickness_Nad": (0.0, 1.1)}
    ranges |= {
        "Soil_Temperature_Level1": (275.0, 300.0),
        "RMSE": (1.0, 14.0),
        "Scene_Flags": (0.0, 0.0),
        "Days": (7852.0, 7852.0),
    }
    ds = xr.Dataset(coords={"lat": ("lat", lat.astype(np.float32)), "lon": ("lon", lon.astype(np.float32))})
    for name, limits in ranges.items():
        values = np.full(n, np.nan, np.float32)
        values[block] = rng.uniform(*limits, (40, 60))
        ds[name] = (("lat", "lon"), values)
    ds.to_netcdf(path, engine="h5netcdf", encoding={name: {"zlib": True} for name in ranges})


PRODUCT = RegularProduct(
    name="smos-ic",
    title="SMOS-IC soil moisture and L-band optical depth, daily, 25 km",
    citation="Wigneron et al. 2021, Remote Sens. Environ. 254, 112238; Fernandez-Moran et al. 2017, Remote Sens. 9",
    licence="CATDS / INRAE: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("observations", "benchmarks"),
    fix=_fix,
    finish=_finish,
    write_example=write_example,
    example_name="SM_RE06_MIR_CDF3SA_20210701T000000_20210701T235959_105_001_8.DBL.nc",
)

ENTRY = PRODUCT.entry()
