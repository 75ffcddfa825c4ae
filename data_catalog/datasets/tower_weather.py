"""Weather of a tower, made whole: what was not measured is estimated, gaps are filled, days are whole."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = [
    "SHORT_GAP",
    "clear_sky_longwave",
    "fill_gaps",
    "saturation_pressure",
    "specific_humidity",
    "standard_pressure",
    "whole_weather",
]

SHORT_GAP = 3.0
"""Longest gap that is interpolated [h]; longer ones take the mean diurnal cycle of the days around."""

WINDOWS = (7, 15, 45, 10_000)
"""Days before and after a gap whose values at the same time of day are averaged; the first that has any counts."""

STANDARD_PRESSURE = 101325.0  # Pa
SCALE_HEIGHT = 8434.0  # m
SIGMA = 5.670374e-8  # W m-2 K-4
DAY = 86400.0
NEEDED = ("t_air", "sw_down", "wind", "precip")


def saturation_pressure(t_air: np.ndarray) -> np.ndarray:
    """Return the saturation vapour pressure over water [Pa] at a temperature [K] (Bolton 1980, Eq. 10)."""
    celsius = t_air - 273.15
    return 611.2 * np.exp(17.67 * celsius / (celsius + 243.5))


def specific_humidity(vapour: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Return the specific humidity [kg kg-1] of a vapour pressure [Pa]."""
    return 0.622 * vapour / (pressure - 0.378 * vapour)


def clear_sky_longwave(vapour: np.ndarray, t_air: np.ndarray) -> np.ndarray:
    """Return the longwave radiation [W m-2] of a clear sky (Brutsaert 1975, Water Resour. Res. 11, 742)."""
    emissivity = np.minimum(1.24 * (vapour / 100.0 / t_air) ** (1.0 / 7.0), 1.0)
    return emissivity * SIGMA * t_air**4


def standard_pressure(elevation: float) -> float:
    """Return the pressure [Pa] of a standard atmosphere at an elevation [m]; unknown elevation is sea level."""
    return STANDARD_PRESSURE * float(np.exp(-(elevation if np.isfinite(elevation) else 0.0) / SCALE_HEIGHT))


def fill_gaps(values: np.ndarray, per_day: int) -> tuple[np.ndarray, int, int]:
    """Fill the gaps of a series: short ones along a line, long ones by the mean diurnal cycle of the days around.

    A time of day that has no value on any day lies on the line between its neighbours.

    Parameters
    ----------
    values : (time,) array
        Evenly spaced; NaN is a gap.
    per_day : int
        Records a day.

    Returns
    -------
    filled : (time,) array
    interpolated, averaged : int
        How many records were filled in either way.

    Raises
    ------
    ValueError
        If the record holds no value.
    """
    held = np.isfinite(values)
    if held.all() or not held.any():
        if not held.any():
            msg = "The record holds no value at all."
            raise ValueError(msg)
        return values.copy(), 0, 0
    out = values.copy()
    where = np.arange(values.size)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~held, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    inside = (starts > 0) & (ends < values.size)
    short = inside & (ends - starts <= round(SHORT_GAP * per_day / 24.0))
    line = np.zeros(values.size, bool)
    for first, last in zip(starts[short], ends[short], strict=True):
        line[first:last] = True
    out[line] = np.interp(where[line], where[held], values[held])
    rest = np.flatnonzero(~np.isfinite(out))
    days = -(-values.size // per_day)
    grid = np.full(days * per_day, np.nan)
    grid[: values.size] = values
    grid = grid.reshape(days, per_day)
    total = np.concatenate([np.zeros((1, per_day)), np.nancumsum(grid, axis=0)])
    count = np.concatenate([np.zeros((1, per_day)), np.isfinite(grid).cumsum(axis=0)])
    day, slot = rest // per_day, rest % per_day
    for window in WINDOWS:
        low, high = np.maximum(day - window, 0), np.minimum(day + window + 1, days)
        n = count[high, slot] - count[low, slot]
        new = ~np.isfinite(out[rest]) & (n > 0)
        out[rest[new]] = ((total[high, slot] - total[low, slot]) / np.maximum(n, 1))[new]
    open_ = ~np.isfinite(out)
    out[open_] = np.interp(where[open_], where[~open_], out[~open_])  # a time of day that no day has
    return out, int(line.sum()), int(rest.size)


def whole_weather(
    time: np.ndarray, measured: Mapping[str, np.ndarray], label: str, *, elevation: float = np.nan
) -> tuple[xr.Dataset, list[str]]:
    """Make weather without gaps, of whole days, of what a tower measured.

    Parameters
    ----------
    time : (time,) datetime64 array
        Start of each interval, evenly spaced by 30 or 60 minutes; days are those of this clock.
    measured : mapping of str to (time,) array
        ``t_air`` [K], ``sw_down``, ``wind`` [m s-1], ``precip`` [mm d-1], one of ``vpd`` [Pa], ``relative_humidity``
        [%] or ``q_air`` [kg kg-1], and if it was measured ``pressure`` [Pa], ``lw_down`` [W m-2]. NaN is a gap.
    label : str
        Name of the file, for messages.
    elevation : float
        Of the tower [m], which pressure follows from where it was not measured.

    Returns
    -------
    ds : xr.Dataset
        ``t_air q_air pressure wind sw_down lw_down precip_rate`` on (time), time the start of the interval.
    notes : list of str
        What was estimated and filled.

    Raises
    ------
    ValueError
        If something that cannot be estimated is missing, or less than a day is there.
    """
    step = (time[1] - time[0]) / np.timedelta64(1, "m") if time.size > 1 else 60.0
    per_day = round(24 * 60 / step)
    whole = _whole_days(time, per_day, label)
    time = time[whole]
    measured = {name: np.asarray(values, float)[whole] for name, values in measured.items()}
    notes = []
    for name, values in measured.items():
        outside = _outside(name, values)
        if outside.any():
            notes.append(f"{int(outside.sum())} impossible values of {name} taken for gaps")
            measured[name] = np.where(outside, np.nan, values)
    measured = {name: values for name, values in measured.items() if np.isfinite(values).any()}
    missing = [name for name in NEEDED if name not in measured]
    humidity = next((name for name in ("q_air", "vpd", "relative_humidity") if name in measured), None)
    missing += [] if humidity else ["vpd, relative_humidity or q_air"]
    if missing:
        msg = f"{label} holds no value of {', '.join(missing)}, which the land surface model needs."
        raise ValueError(msg)
    for other in {"q_air", "vpd", "relative_humidity"} - {humidity}:
        measured.pop(other, None)
    for name, values in measured.items():
        filled, interpolated, averaged = fill_gaps(values, per_day)
        if interpolated or averaged:
            drizzle = ", rain as steady drizzle" if name == "precip" and averaged else ""
            notes.append(
                f"gaps of {name}: {interpolated:,} of {time.size:,} records interpolated,"
                f" {averaged:,} by the mean diurnal cycle of the days around{drizzle}"
            )
        measured[name] = filled
    t_air = measured["t_air"]
    if "pressure" not in measured:
        measured["pressure"] = np.full(t_air.shape, standard_pressure(elevation))
        height = f"{elevation:g} m" if np.isfinite(elevation) else "sea level, the elevation being unknown"
        notes.append(f"{label} has no pressure: that of a standard atmosphere at {height} is taken")
    saturated = saturation_pressure(t_air)
    if humidity == "q_air":
        q_air = measured["q_air"]
        vapour = q_air * measured["pressure"] / (0.622 + 0.378 * q_air)
    elif humidity == "vpd":
        vapour = np.maximum(saturated - measured["vpd"], 1.0)
    else:
        vapour = np.maximum(saturated * np.minimum(measured["relative_humidity"], 100.0) / 100.0, 1.0)
    if "lw_down" not in measured:
        measured["lw_down"] = clear_sky_longwave(vapour, t_air)
        notes.append(
            f"{label} has no longwave radiation: that of a clear sky is estimated (Brutsaert 1975), a low value"
        )
    weather = {
        "t_air": t_air,
        "q_air": specific_humidity(vapour, measured["pressure"]),
        "pressure": measured["pressure"],
        "wind": measured["wind"],
        "sw_down": np.maximum(measured["sw_down"], 0.0),
        "lw_down": measured["lw_down"],
        "precip_rate": np.maximum(measured["precip"], 0.0) / DAY,
    }
    ds = xr.Dataset({n: ("time", v, VARIABLES[n].cf_attrs) for n, v in weather.items()})
    return ds.assign_coords(time=time.astype("datetime64[ns]")), notes


def _outside(name: str, values: np.ndarray) -> np.ndarray:
    """Say which values cannot be; a half hour of rain may exceed what a day can have."""
    low, high = VARIABLES[name].low, VARIABLES[name].high
    return (values < low) | (values > (8.0 * high if name == "precip" else high))


def _whole_days(time: np.ndarray, per_day: int, label: str) -> slice:
    """Return the whole days of a record that is evenly spaced."""
    time = time.astype("datetime64[s]")
    spacing = np.timedelta64(86400 // per_day, "s")
    wrong = np.flatnonzero(np.diff(time) != spacing)
    if wrong.size:
        msg = f"{label}: after {time[wrong[0]]} comes {time[wrong[0] + 1]}; records must be evenly spaced."
        raise ValueError(msg)
    first = int(np.argmax(time == time.astype("datetime64[D]")))
    days = (time.size - first) // per_day
    if time[first] != time[first].astype("datetime64[D]") or days < 1:
        msg = f"{label} holds no whole day: {time[0]} to {time[-1]}."
        raise ValueError(msg)
    return slice(first, first + days * per_day)
