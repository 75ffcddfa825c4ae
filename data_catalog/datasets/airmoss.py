"""AirMOSS level 2/3: profiles of root-zone soil moisture from a P-band radar on an aeroplane, about 90 m."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "PRODUCT", "mean_of_profile", "write_example"]


def mean_of_profile(a: xr.DataArray, b: xr.DataArray, c: xr.DataArray, depth: float) -> xr.DataArray:
    """Return the mean down to ``depth`` [m] of the profile ``a z^2 + b z + c`` (Tabatabaeenejad et al. 2015)."""
    return a * (depth**2 / 3.0) + b * (depth / 2.0) + c


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    profile = [raw[name].where(np.abs(raw[name]) < 9000.0) for name in "abc"]
    for ours, depth in (("ssm", 0.05), ("rzsm", 1.0)):
        mean = mean_of_profile(*profile, depth)
        quantity = VARIABLES[ours]
        about = quantity.cf_attrs | {"comment": f"0-{depth * 100:.0f} cm of the quadratic profile a z^2 + b z + c"}
        ds[ours] = mean.where((mean >= quantity.low) & (mean <= quantity.high)).assign_attrs(about)
    return ds


def _is_it(head: Head, names: set[str]) -> bool:
    told = ("title", "project", "source", "summary", "instrument")
    return {"a", "b", "c"} <= names and "AIRMOSS" in head.said(*told).upper()


def write_example(path: str | Path) -> None:
    """Write 12 x 12 pixels of made-up profiles."""
    rng = np.random.default_rng(17)
    n = (12, 12)
    axes = ("lat", "lon")
    ds = xr.Dataset(
        {
            "a": (axes, rng.uniform(-0.1, 0.0, n).astype(np.float32)),
            "b": (axes, rng.uniform(0.0, 0.2, n).astype(np.float32)),
            "c": (axes, rng.uniform(0.1, 0.25, n).astype(np.float32)),
        },
        coords={"lat": ("lat", 44.5 - np.arange(12) / 1200.0), "lon": ("lon", -121.6 + np.arange(12) / 1200.0)},
        attrs={"title": "AirMOSS L2/3 volumetric soil moisture profiles derived from radar", "project": "AirMOSS"},
    )
    ds["a"][0, 0] = np.nan
    ds.to_netcdf(path, engine="h5netcdf", encoding={name: {"_FillValue": np.float32(-9999.0)} for name in "abc"})


PRODUCT = RegularProduct(
    name="airmoss",
    title="AirMOSS L2/3 root-zone soil moisture, about 90 m",
    citation="Moghaddam et al. 2016, AirMOSS: L2/3 Volumetric Soil Moisture Profiles, ORNL DAAC",
    licence="NASA open data: free, to be cited",
    columns=(),
    is_it=_is_it,
    feeds=("observations", "benchmarks"),
    finish=_finish,
    write_example=write_example,
    example_name="L23_AirMOSS_Metoli_20130903_v5.nc4",
)

ENTRY = PRODUCT.entry()
