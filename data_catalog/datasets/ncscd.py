"""NCSCD: soil organic carbon of the northern circumpolar permafrost region, version 2, NetCDF."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]

COLUMNS = (Column("soc", "NCSCDv2", factor=100.0, low=1e-3, high=5000.0, comment="hg C m-2 in the file"),)
_DEPTH = re.compile(r"SOCC(\d+)")
_LAYERS = {"30": "0-30 cm", "100": "0-100 cm", "200": "100-200 cm", "300": "200-300 cm"}


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    match = _DEPTH.search(file)
    depth = _LAYERS.get(match[1], "") if match else ""
    ds["soc"].attrs["comment"] = f"{depth or 'layer in the name of the file'}; 0 outside the region is missing"
    return ds


def _is_it(head: Head, names: set[str]) -> bool:
    return "NCSCDv2" in names


def write_example(path: str | Path) -> None:
    """Write the layer 0-100 cm at 0.5 degree with made-up values."""
    rng = np.random.default_rng(16)
    soc = rng.integers(50, 900, (112, 720)).astype(np.int16)
    soc[:, :100] = 0
    soc[:10] = -32768
    ds = xr.Dataset(
        {"NCSCDv2": (("lat", "lon"), soc, {"units": "hg/m2"})},
        coords={"lat": ("lat", 34.25 + 0.5 * np.arange(112)), "lon": ("lon", -179.75 + 0.5 * np.arange(720))},
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding={"NCSCDv2": {"_FillValue": np.int16(-32768)}})


PRODUCT = RegularProduct(
    name="ncscd",
    title="Northern Circumpolar Soil Carbon Database, version 2",
    citation="Hugelius et al. 2013, Earth Syst. Sci. Data 5, 393; Bolin Centre Database",
    licence="free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    kind="inventory",
    finish=_finish,
    write_example=write_example,
    example_name="NCSCDv2_Circumpolar_WGS84_SOCC100_05deg.nc",
)

ENTRY = PRODUCT.entry()
