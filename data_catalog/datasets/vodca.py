"""VODCA: the climate archive of vegetation optical depth, daily, 0.25 degree, versions 1 and 2."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

COLUMNS = (
    Column("vod_l", "VODCA_L", low=0.0),
    Column("vod", "VODCA_CXKu", low=0.0, comment="C, X and Ku band merged, scaled to X band"),
    *(Column("vod", f"VODCA_{band}", low=0.0, comment=f"{band} band") for band in ("X", "C", "K", "Ku", "CXKuL")),
    Column("vod", "vod", low=0.0, comment="the band stands in the name of the file"),
)


def _is_it(head: Head, names: set[str]) -> bool:
    if any(name.startswith("VODCA") for name in names):
        return True
    told = ("title", "id", "product", "summary", "source")
    return "vod" in names and ("sensor_flag" in names or "VODCA" in head.said(*told))


def write_example(path: str | Path) -> None:
    """Write a day of a global map, of which a block holds made-up values."""
    rng = np.random.default_rng(12)
    vod = np.full((1, 720, 1440), np.nan, np.float32)
    vod[0, 150:200, 700:760] = rng.uniform(0.0, 1.2, (50, 60))
    ds = xr.Dataset(
        {"VODCA_CXKu": (("time", "lat", "lon"), vod, {"long_name": "Vegetation Optical Depth"})},
        coords={
            "time": ("time", [18809], {"units": "days since 1970-01-01"}),
            "lat": ("lat", np.arange(89.875, -90, -0.25), {"units": "degrees_north"}),
            "lon": ("lon", np.arange(-179.875, 180, 0.25), {"units": "degrees_east"}),
        },
        attrs={"title": "VODCA v2 CXKu"},
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding={"VODCA_CXKu": {"_FillValue": np.float32(-9999.0), "zlib": True}})


PRODUCT = RegularProduct(
    name="vodca",
    title="VODCA vegetation optical depth, 0.25 degree",
    citation="Moesinger et al. 2020, Earth Syst. Sci. Data 12, 177; Zotta et al. 2024, Earth Syst. Sci. Data 16, 4573",
    licence="CC-BY-4.0",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("observations", "benchmarks"),
    write_example=write_example,
    example_name="VODCA_CXKu_2021-07-01.nc",
)

ENTRY = PRODUCT.entry()
