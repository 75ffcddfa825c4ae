"""Fields of ERA5 and ERA5-Land as the Climate Data Store delivers them, in its classic and its new layout."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.humid_air import add_wind, specific_humidity, vpd_of_dewpoint
from data_catalog.datasets.product_columns import Column, times_of
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["COLUMNS", "MARKS", "finish_era5", "finish_land", "fix", "step_of", "write_era5"]

COLUMNS = (
    Column("t_air", "t2m", "K"),
    Column("pressure", "sp", "Pa"),
    Column("wind", "si10", "m s-1"),
    Column("t_ground", "skt", "K"),
    Column("t_soil", "stl1", "K", comment="0-7 cm"),
    Column("ssm", "swvl1", "m3 m-3", comment="0-7 cm"),
    Column("swe", "sd", factor=1000.0, comment="m of water equivalent in the file"),
    Column("lai_high", "lai_hv", "m2 m-2"),
    Column("lai_low", "lai_lv", "m2 m-2"),
    Column("land_fraction", "lsm", "1"),
)
MARKS = {"t2m", "d2m", "swvl1", "swvl2", "ssrd", "strd", "tp", "stl1", "lai_hv", "skt", "u10"}
"""Short names of which a file of ECMWF's has one."""

THICKNESS = (0.07, 0.21, 0.72, 1.89)
"""Soil layers of HTESSEL [m]."""

_SUMS = (
    # ours, theirs, to our unit from the product's per second
    ("sw_down", "ssrd", 1.0),
    ("lw_down", "strd", 1.0),
    ("precip_rate", "tp", 1000.0),
    ("le", "slhf", -1.0),
    ("h", "sshf", -1.0),
    ("et", "e", -86.4e6),
)
"""Accumulated fluxes: J m-2 or m; ECMWF counts downwards as positive."""


def fix(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Join final and preliminary data (dimension ``expver``), drop the members' number."""
    if "expver" in raw.dims:
        joined = raw.isel(expver=0, drop=True)
        for k in range(1, raw.sizes["expver"]):
            joined = joined.fillna(raw.isel(expver=k, drop=True))
        raw = joined
    raw = raw.drop_vars([name for name in ("expver", "number", "surface", "step") if name in raw.variables])
    if "number" in raw.dims:
        raw = raw.isel(number=0, drop=True)
    return raw


def step_of(head: Head) -> float:
    """Return the step of the latitudes [degrees]; NaN where there is none."""
    latitude = next((axis for axis in map(head.axis, ("latitude", "lat")) if axis.size > 1), np.empty(0))
    return float(np.abs(np.diff(latitude.astype(float))).mean()) if latitude.size else np.nan


def finish_era5(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    """Add what ERA5 gives otherwise: each accumulation is over the hour that ends at the time."""
    return _finish(ds, raw, file, since_midnight=False)


def finish_land(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    """Add what ERA5-Land gives otherwise: accumulations run from 00 UTC on."""
    return _finish(ds, raw, file, since_midnight=True)


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str, *, since_midnight: bool) -> xr.Dataset:
    ds = add_wind(ds, raw, "u10", "v10")
    if "d2m" in raw and "sp" in raw:
        ds["q_air"] = specific_humidity(raw["d2m"], raw["sp"])
    if "d2m" in raw and "t2m" in raw:
        ds["vpd"] = vpd_of_dewpoint(raw["t2m"], raw["d2m"])
    layers = [f"swvl{k}" for k in range(1, 5) if f"swvl{k}" in raw]
    if layers[:3] == ["swvl1", "swvl2", "swvl3"]:
        deep = sum(raw[name] * np.float32(thick) for name, thick in zip(layers[:3], THICKNESS[:3], strict=True))
        ds["rzsm"] = deep.assign_attrs(VARIABLES["rzsm"].cf_attrs | {"comment": "0-100 cm of three layers"})
    if len(layers) > 1:
        ds["soil_moisture"] = _stacked(raw, layers, "soil_moisture")
    warm = [f"stl{k}" for k in range(1, 5) if f"stl{k}" in raw]
    if len(warm) > 1:
        ds["soil_temperature"] = _stacked(raw, warm, "soil_temperature")
    if all(name in raw for name in ("lai_hv", "lai_lv", "cvh", "cvl")):
        whole = raw["cvh"] * raw["lai_hv"] + raw["cvl"] * raw["lai_lv"]
        ds["lai"] = whole.assign_attrs(VARIABLES["lai"].cf_attrs | {"comment": "of high and low vegetation by cover"})
    for ours, theirs, factor in _SUMS:
        if theirs in raw:
            ds[ours] = _per_second(raw[theirs], since_midnight, file) * np.float32(factor)
            ds[ours].attrs = VARIABLES[ours].cf_attrs | {"column": theirs, "comment": "mean of the step that ends here"}
    if not ds.data_vars:
        msg = f"{file} has none of the fields that are read; it has {', '.join(map(str, raw.data_vars))[:200]}."
        raise ValueError(msg)
    return ds


def _stacked(raw: xr.Dataset, names: list[str], ours: str) -> xr.DataArray:
    numbers = [int(name[-1]) for name in names]
    stack = xr.concat([raw[name].drop_attrs() for name in names], "layer", coords="minimal", compat="override")
    return stack.assign_coords(layer=numbers).assign_attrs(VARIABLES[ours].cf_attrs | {"column": " ".join(names)})


def _per_second(total: xr.DataArray, since_midnight: bool, file: str) -> xr.DataArray:
    """Turn accumulations into means per second of the step that ends at each time."""
    time = total["time"].to_numpy()
    steps = np.unique(np.diff(time).astype("timedelta64[s]").astype(np.int64)) if time.size > 1 else np.array([3600])
    if steps.min(initial=3600) <= 0:
        msg = f"{file}: times do not go on; sort them and take out what is double."
        raise ValueError(msg)
    step = int(steps.min())
    if step >= 20 * 86400:
        return total / np.float32(86400.0)  # monthly means: of days
    if not since_midnight:
        return total / np.float32(3600.0)
    if step == 86400:
        return total / np.float32(86400.0)  # at 00 UTC: the day that ended
    hours = (time - time.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.int64) / 3600.0
    before = total.shift(time=1)
    first = xr.DataArray(hours * 3600.0 == step, dims="time", coords={"time": time})
    follows = np.r_[False, np.diff(time).astype("timedelta64[s]").astype(np.int64) == step]
    known = first | xr.DataArray(follows, dims="time", coords={"time": time})
    return xr.where(first, total, total - before).where(known) / np.float32(step)


def write_era5(path: str | Path, spacing: float, *, new: bool, land: bool) -> None:
    """Write 48 hours of 5 x 6 cells in the classic (``time``) or the new layout (``valid_time``, ``expver``)."""
    rng = np.random.default_rng(6)
    hours = np.arange(1, 49)
    latitude, longitude = 48.0 - spacing * np.arange(5), 8.0 + spacing * np.arange(6)
    n = (48, 5, 6)
    sun = np.maximum(np.sin((hours % 24 - 6) / 12 * np.pi), 0.0)[:, None, None] * np.ones(n) * 1.5e6
    rain = rng.exponential(1e-4, n)
    if land:
        day = (hours - 1) // 24
        sun, rain = (np.concatenate([x[day == d].cumsum(axis=0) for d in (0, 1)]) for x in (sun, rain))
    fields = {
        "t2m": (rng.uniform(275.0, 300.0, n), "K"),
        "d2m": (rng.uniform(265.0, 274.0, n), "K"),
        "sp": (rng.uniform(9e4, 1e5, n), "Pa"),
        "u10": (rng.normal(0.0, 3.0, n), "m s**-1"),
        "v10": (rng.normal(0.0, 3.0, n), "m s**-1"),
        "ssrd": (sun, "J m**-2"),
        "tp": (rain, "m"),
        **{f"swvl{k}": (rng.uniform(0.1, 0.4, n), "m**3 m**-3") for k in range(1, 5)},
        **{f"stl{k}": (rng.uniform(275.0, 290.0, n), "K") for k in range(1, 5)},
    }
    axis = "valid_time" if new else "time"
    units, values = (
        ("seconds since 1970-01-01", 1625097600 + hours * 3600)
        if new
        else (
            "hours since 1900-01-01 00:00:00.0",
            1065024 + hours,
        )
    )
    ds = xr.Dataset(
        {
            name: ((axis, "latitude", "longitude"), x.astype(np.float32), {"units": u})
            for name, (x, u) in fields.items()
        },
        coords={
            axis: (
                axis,
                values.astype(np.int64 if new else np.int32),
                {"units": units, "calendar": "proleptic_gregorian"},
            ),
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude % 360.0, {"units": "degrees_east"}),
        },
        attrs={"Conventions": "CF-1.7", "institution": "European Centre for Medium-Range Weather Forecasts"},
    )
    if new:
        ds = ds.assign_coords(number=0, expver=(axis, np.array(["0001"] * 48, dtype=object)))
    times_of(ds[axis].to_numpy(), units)
    ds.to_netcdf(path, engine="h5netcdf")
