"""ESA CCI and C3S soil moisture, which share one layout: daily, dekadal or monthly, 0.25 degree."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column

__all__ = ["COLUMNS", "finish", "fix", "write_merged"]

COLUMNS = (
    Column("ssm", "sm", "m3 m-3"),
    Column("ssm_std", "sm_uncertainty", "m3 m-3"),
    Column("smsf", "sm_active", "%", comment="degree of saturation, the ACTIVE product"),
    Column("smsf_std", "sm_active_uncertainty", "%"),
    Column("observations", "nobs", comment="number of observations"),
)


def fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Tell the ACTIVE product, which is in per cent of saturation, from the two in m3 m-3."""
    if "sm" in raw and "percent" in str(raw["sm"].attrs.get("units", "")).lower():
        raw = raw.rename({name: name.replace("sm", "sm_active", 1) for name in ("sm", "sm_uncertainty") if name in raw})
        for name in ("sm_active", "sm_active_uncertainty"):
            if name in raw:
                raw[name].attrs["units"] = "%"
    return raw.drop_vars([name for name in ("flag", "nobs") if name in raw and raw[name].dtype.kind not in "fiu"])


def finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    """Add the quality: 0 without a flag, 2 with one (snow, dense vegetation, no convergence, ...)."""
    main = "ssm" if "ssm" in ds else "smsf"
    if "flag" in raw:
        good = raw["flag"] == 0
        about = {"long_name": "quality of the soil moisture: 0 no flag, 2 flagged", "flag_meanings": "good flagged"}
        ds[f"{main}_qc"] = xr.where(good, 0, 2).astype(np.int8).assign_attrs(about)
    return ds


def write_merged(path: str | Path, attrs: dict[str, str], *, flags: bool) -> None:
    """Write a day of a global map, of which a block holds made-up values."""
    rng = np.random.default_rng(10)
    sm = np.full((1, 720, 1440), np.nan, np.float32)
    sm[0, 150:200, 700:760] = rng.uniform(0.05, 0.45, (50, 60))
    fields = {"sm": sm, "sm_uncertainty": np.where(np.isfinite(sm), np.float32(0.03), np.nan)}
    packing = {name: {"_FillValue": np.float32(-9999.0), "zlib": True} for name in fields}
    ds = xr.Dataset(
        {name: (("time", "lat", "lon"), values, {"units": "m3 m-3"}) for name, values in fields.items()},
        coords={
            "time": ("time", [18809.0], {"units": "days since 1970-01-01 00:00:00 UTC", "calendar": "standard"}),
            "lat": ("lat", np.arange(89.875, -90, -0.25, np.float32), {"units": "degrees_north"}),
            "lon": ("lon", np.arange(-179.875, 180, 0.25, np.float32), {"units": "degrees_east"}),
        },
        attrs=attrs,
    )
    if flags:
        flag = np.where(np.isfinite(sm), 0, 127).astype(np.int8)
        ds["flag"] = (("time", "lat", "lon"), flag)
        packing["flag"] = {"_FillValue": np.int8(127), "zlib": True}
    ds.to_netcdf(path, engine="h5netcdf", encoding=packing)
