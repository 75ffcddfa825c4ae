"""Fields of GEOS collections, of MERRA-2 and of GEOS-FP, under the names of NASA's GMAO."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.humid_air import add_wind, vapour_pressure_deficit
from data_catalog.datasets.product_columns import Column

__all__ = ["COLUMNS", "finish", "fix", "write_geos"]

DAY = 86400.0
COLUMNS = (
    Column("t_air", "T2M", "K"),
    Column("t_air", "T2MMEAN", "K"),
    Column("tmin", "T2MMIN", "K"),
    Column("tmax", "T2MMAX", "K"),
    Column("q_air", "QV2M", "kg kg-1"),
    Column("pressure", "PS", "Pa"),
    Column("sw_down", "SWGDN", "W m-2"),
    Column("sw_down", "SWGDNLAND", "W m-2"),
    Column("lw_down", "LWGAB", "W m-2", comment="absorbed by the surface, whose emissivity is nearly 1"),
    Column("precip_rate", "PRECTOTCORR", "kg m-2 s-1", comment="corrected with gauges"),
    Column("precip_rate", "PRECTOTLAND", "kg m-2 s-1", comment="corrected with gauges"),
    Column("precip_rate", "PRECTOT", "kg m-2 s-1"),
    Column("ssm", "SFMC", "m3 m-3"),
    Column("rzsm", "RZMC", "m3 m-3"),
    Column("smsf", "GWETTOP", factor=100.0),
    Column("smrz", "GWETROOT", factor=100.0),
    Column("t_soil", "TSOIL1", "K"),
    Column("t_ground", "TSURF", "K"),
    Column("swe", "SNOMAS", "kg m-2"),
    Column("snow_depth", "SNODP", "m"),
    Column("snow_cover", "FRSNO"),
    Column("et", "EVLAND", "kg m-2 s-1", factor=DAY),
    Column("runoff", "RUNOFF", "kg m-2 s-1", factor=DAY),
    Column("drainage", "BASEFLOW", "kg m-2 s-1", factor=DAY),
    Column("le", "LHLAND", "W m-2"),
    Column("le", "EFLUX", "W m-2"),
    Column("h", "SHLAND", "W m-2"),
    Column("h", "HFLUX", "W m-2"),
    Column("lai", "LAI"),
    Column("land_fraction", "FRLAND"),
)
"""Of two fields of one meaning, the first that a file has."""


def fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Give names in capitals, as some servers of subsets do not."""
    known = {column.theirs for column in COLUMNS} | {"U10M", "V10M", "U2M", "V2M"}
    lower = {name: str(name).upper() for name in raw.data_vars if str(name).upper() in known}
    return raw.rename({old: new for old, new in lower.items() if old != new})


def finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    """Add wind speed at 10 m (2 m where there is no other) and vapour pressure deficit."""
    ds = add_wind(ds, raw, "U10M", "V10M")
    ds = add_wind(ds, raw, "U2M", "V2M")
    if {"t_air", "q_air", "pressure"} <= set(ds.data_vars):
        ds["vpd"] = vapour_pressure_deficit(ds["t_air"], ds["q_air"], ds["pressure"])
    return ds


def write_geos(path: str | Path, attrs: dict[str, str], step: tuple[float, float], hours: int) -> None:
    """Write a collection of made-up fields for 4 x 5 cells."""
    rng = np.random.default_rng(7)
    n = (hours, 4, 5)
    like = {"K": (285.0, 300.0), "kg kg-1": (0.002, 0.006), "Pa": (9e4, 1e5), "W m-2": (50.0, 400.0), "m": (0.0, 0.5)}
    like |= {"kg m-2 s-1": (0.0, 1e-4), "m3 m-3": (0.1, 0.4), "kg m-2": (0.0, 50.0), "": (0.1, 0.9)}
    names = (
        "T2M",
        "QV2M",
        "PS",
        "SWGDN",
        "LWGAB",
        "PRECTOTCORR",
        "SFMC",
        "RZMC",
        "GWETTOP",
        "GWETROOT",
        "TSOIL1",
        "LAI",
    )
    columns = {column.theirs: column for column in COLUMNS}
    fields = {name: (rng.uniform(*like[columns[name].unit], n), columns[name].unit or "1") for name in names}
    fields |= {name: (rng.normal(0.0, 3.0, n), "m s-1") for name in ("U10M", "V10M")}
    more = {"missing_value": np.float32(1e15), "_FillValue": np.float32(1e15)}
    ds = xr.Dataset(
        {
            name: (("time", "lat", "lon"), values.astype(np.float32), {"units": unit})
            for name, (values, unit) in fields.items()
        },
        coords={
            "time": ("time", (60 * np.arange(hours)).astype(np.int32), {"units": "minutes since 2021-07-01 00:30:00"}),
            "lat": ("lat", 40.0 + step[0] * np.arange(4), {"units": "degrees_north"}),
            "lon": ("lon", -100.0 + step[1] * np.arange(5), {"units": "degrees_east"}),
        },
        attrs=attrs,
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding=dict.fromkeys(fields, more))
