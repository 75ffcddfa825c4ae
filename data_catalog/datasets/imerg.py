"""IMERG: GPM's precipitation, 0.1 degree, half-hourly, daily or monthly."""

from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

_RATES = {"mm/hr": 3600.0, "mm/h": 3600.0, "mm/day": 86400.0, "mm": 86400.0}
_NAMES = ("precipitation", "precipitationCal")
COLUMNS = tuple(Column("precip_rate", name, "kg m-2 s-1", low=0.0) for name in _NAMES)


def _fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    for name in _NAMES:
        if name not in raw:
            continue
        unit = str(raw[name].attrs.get("units", raw[name].attrs.get("Units", ""))).strip()
        if unit not in _RATES:
            msg = f"{file}: {name} is in {unit!r}; {', '.join(_RATES)} are accepted."
            raise ValueError(msg)
        raw[name] = (raw[name] / np.float32(_RATES[unit])).assign_attrs(units="kg m-2 s-1")
    # Its random error is in the same unit; without the main field it means nothing.
    return raw.drop_vars([name for name in ("randomError", "nv", "latv", "lonv") if name in raw.variables])


def _is_it(head: Head, names: set[str]) -> bool:
    return bool(set(_NAMES) & names) and ("Grid/lat" in head.variables or "IMERG" in head.said("FileHeader", "title"))


def write_example(path: str | Path) -> None:
    """Write a half hour of 8 x 6 cells (longitude first, as the product) with made-up values."""
    rng = np.random.default_rng(9)
    with h5py.File(path, "w") as file:
        file.attrs["FileHeader"] = np.bytes_("DOI=10.5067/GPM/IMERG/3B-HH/07;\nAlgorithmID=3IMERGHH;\n")
        grid = file.create_group("Grid")
        axes = {
            "time": np.array([1625097600], np.int32),
            "lon": 8.05 + 0.1 * np.arange(8),
            "lat": 47.05 + 0.1 * np.arange(6),
        }
        for name, values in axes.items():
            grid[name] = values.astype(np.int32 if name == "time" else np.float32)
            grid[name].make_scale(name)
        grid["time"].attrs["units"] = np.bytes_("seconds since 1970-01-01 00:00:00 UTC")
        grid["time"].attrs["calendar"] = np.bytes_("julian")
        rain = rng.exponential(1.0, (1, 8, 6)).astype(np.float32)
        rain[0, 0, 0] = -9999.9
        grid["precipitation"] = rain
        for k, name in enumerate(axes):
            grid["precipitation"].dims[k].attach_scale(grid[name])
        grid["precipitation"].attrs["units"] = np.bytes_("mm/hr")
        grid["precipitation"].attrs["_FillValue"] = np.float32(-9999.9)


PRODUCT = RegularProduct(
    name="imerg",
    title="GPM IMERG precipitation, 0.1 degree",
    citation="Huffman et al., GPM IMERG Final Precipitation L3, GES DISC",
    licence="NASA open data: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "benchmarks"),
    group="Grid",
    fix=_fix,
    stamp="start",
    write_example=write_example,
    example_name="3B-HHR.MS.MRG.3IMERG.20210701-S000000-E002959.0000.V07B.HDF5",
)

ENTRY = PRODUCT.entry()
