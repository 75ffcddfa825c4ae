"""Turn half-hourly or hourly tower records into days."""

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["MIN_SHARE", "to_daily"]

MIN_SHARE = 0.8
"""Least share of a day's half hours that must hold a value for the day to have one."""

_STEPS = {"HH": 48, "HR": 24}


def to_daily(ds: xr.Dataset, min_share: float = MIN_SHARE) -> xr.Dataset:
    """Average a sub-daily tower record to days; daily records come back as they are.

    A day has a value where at least ``min_share`` of its half hours hold one (measured or filled), otherwise NaN.
    Fluxes in gC m-2 d-1 and rain in mm d-1 are rates, so their daily mean is the daily sum. ``tmin`` and ``tmax`` are
    the extremes of the half hours of ``t_air``. ``<name>_qc`` becomes the share of the day's half hours whose flag is
    0 or 1 (measured or well filled), which is what FLUXNET's daily files hold.

    Parameters
    ----------
    ds : xr.Dataset
        As `data_catalog.datasets.fluxnet.read_fluxnet` gives it, dimensions (time, site).
    min_share : float
        Between 0 and 1.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site), time at midnight of each day.

    Raises
    ------
    ValueError
        The record is coarser than daily, or ``min_share`` lies outside (0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> time = pd.date_range("2020-06-01", periods=48, freq="30min")
    >>> t_air = ("time", "site"), np.arange(270.0, 294.0, 0.5)[:, None]
    >>> hh = xr.Dataset({"t_air": t_air}, {"time": time, "site": ["a"]})
    >>> hh.attrs["resolution"] = "HH"
    >>> float(to_daily(hh).tmin.item())
    270.0
    """
    step = ds.attrs.get("resolution")
    if step == "DD":
        return ds
    if step not in _STEPS:
        msg = f"resolution = {step!r}; half-hourly (HH), hourly (HR) and daily (DD) records can be turned into days."
        raise ValueError(msg)
    if not 0.0 < min_share <= 1.0:
        msg = f"min_share = {min_share:g} lies outside (0, 1]."
        raise ValueError(msg)
    steps = _STEPS[step]
    days = ds["time"].to_numpy().astype("datetime64[D]")
    first, last = days[0], days[-1]
    n_day = int((last - first) / np.timedelta64(1, "D")) + 1
    slot = ((days - first) / np.timedelta64(1, "D")).astype(int)
    within = ((ds["time"].to_numpy() - days) / np.timedelta64(24 * 60 // steps, "m")).astype(int)
    coords = {name: c for name, c in ds.coords.items() if "time" not in c.dims}
    out = xr.Dataset(coords={"time": (first + np.arange(n_day)).astype("datetime64[ns]"), **coords}, attrs=ds.attrs)
    for name, array in ds.data_vars.items():
        cube = np.full((n_day, steps, array.sizes["site"]), np.nan)
        cube[slot, within] = array.transpose("time", "site").to_numpy()
        if name.endswith("_qc"):
            good = np.where(np.isnan(cube), 0.0, cube <= 1.0).mean(axis=1)
            attrs = {**array.attrs, "long_name": f"quality of {name[:-3]}: share of good half hours"}
            out[name] = (("time", "site"), np.where(np.isfinite(cube).any(axis=1), good, np.nan), attrs)
            continue
        out[name] = (("time", "site"), _mean(cube, min_share), {**array.attrs, "cell_methods": "time: mean"})
        if name == "t_air":
            enough = np.isfinite(cube).mean(axis=1) >= min_share - 1e-9
            for ours, reduce in (("tmin", np.fmin), ("tmax", np.fmax)):
                values = np.where(enough, reduce.reduce(cube, axis=1), np.nan)
                attrs = {**VARIABLES[ours].cf_attrs, "column": array.attrs.get("column", "TA_F")}
                out[ours] = (("time", "site"), values, attrs)
    missing = [name for name in ds.attrs.get("missing", "").split() if name not in out]
    out.attrs |= {
        "resolution": "DD",
        "missing": " ".join(missing),
        "processing": f"days with at least {min_share:.0%} of their half hours; others are gaps",
    }
    return out


def _mean(cube: np.ndarray, min_share: float) -> np.ndarray:
    held = np.isfinite(cube)
    count = held.sum(axis=1)
    total = np.where(held, cube, 0.0).sum(axis=1)
    enough = count >= min_share * cube.shape[1] - 1e-9
    return np.where(enough, total / np.maximum(count, 1), np.nan)
