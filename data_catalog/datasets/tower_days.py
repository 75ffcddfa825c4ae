"""Hours for a tower that gives days: the day's values are the tower's, their course over the day is the world's.

Wherever the tower measured a day, the day's mean (rain: its sum) is what it measured; the hours within the day, and
all of a day that was not measured, are those of the embedded world's synthetic weather at the cell that holds the
tower. Nothing of the hours themselves was measured.
"""

import numpy as np
import xarray as xr

from data_catalog.datasets.tower_weather import SIGMA, saturation_pressure, specific_humidity
from models.climatology import day_of_365
from models.draws import uniforms
from models.land.layout import FORCING
from models.variables import VARIABLES

__all__ = ["RAIN_HOURS", "hours_of_days"]

RAIN_HOURS = 6
"""Length of a rain that the tower had on a day when the world was dry [h] (assumed)."""

STREAM_RAIN = 141  # of the counter-based draws
FEBRUARY_28 = 58
LEAST_RANGE = 0.5  # K between a day's mean and its minimum
DAY = 86400.0


def hours_of_days(daily: xr.Dataset, world: np.ndarray, *, seed: int = 1) -> tuple[xr.Dataset, list[str]]:
    r"""Spread a tower's days over hours.

    With :math:`w` the world's hour, an overbar the day's mean and :math:`d` the tower's day:

    .. math::
        T &= T_d + (T_w - \overline{T_w}) \frac{T_d - T_{min,d}}{\overline{T_w} - T_{min,w}}, \quad
        SW = SW_w \frac{SW_d}{\overline{SW_w}}, \quad U = U_w \frac{U_d}{\overline{U_w}} \\
        e &= \min\left(e_{sat}(T),\ \overline{e_{sat}(T)} - VPD_d\right), \quad
        LW = LW_d \ \text{or}\ \frac{LW_w}{\sigma T_w^4} \sigma T^4

    Rain falls in the world's wet hours of the day, in proportion; where the world is dry, evenly over `RAIN_HOURS`
    that begin at a drawn hour.

    Parameters
    ----------
    daily : xr.Dataset
        On (time), whole days: ``t_air`` and, if measured, ``tmin`` [K], ``sw_down`` [W m-2], ``vpd`` [Pa], ``precip``
        [mm d-1], ``wind`` [m s-1], ``pressure`` [Pa], ``lw_down`` [W m-2]. NaN is a gap.
    world : (8760, 8) array
        A year of the world's hours, in the order of `models.land.layout.FORCING`; 29 February takes the 28th's.
    seed : int
        Of the hours of rain.

    Returns
    -------
    ds : xr.Dataset
        ``t_air q_air pressure wind sw_down lw_down precip_rate cos_zenith`` on (time), by the hour of local solar
        time; time is the start of each hour.
    notes : list of str
        What share of the days each value is the tower's.
    """
    time = daily["time"].values.astype("datetime64[D]")
    place = day_of_365(time)
    place = np.where(place < 0, FEBRUARY_28, place)
    hours = world.reshape(365, 24, len(FORCING))[place]
    w = {name: hours[:, :, k] for k, name in enumerate(FORCING)}
    notes = []

    def measured(name: str) -> np.ndarray:
        values = daily[name].values.astype(float) if name in daily else np.full(time.size, np.nan)
        if name not in ("tmin",):
            share = np.isfinite(values).mean()
            notes.append(f"{name} {share:.0%}")
        return values

    t_day, low = measured("t_air"), measured("tmin")
    mean = w["t_air"].mean(axis=1)
    depth = np.maximum(mean - w["t_air"].min(axis=1), LEAST_RANGE)
    wanted = np.maximum(t_day - low, LEAST_RANGE)
    stretch = np.where(np.isfinite(wanted), wanted / depth, 1.0)
    t_air = np.where(np.isfinite(t_day), t_day, mean)[:, None] + (w["t_air"] - mean[:, None]) * stretch[:, None]
    pressure = _scaled(w["pressure"], measured("pressure"))
    saturated = saturation_pressure(t_air)
    vpd = measured("vpd")
    vapour_w = w["q_air"] * w["pressure"] / (0.622 + 0.378 * w["q_air"])
    vapour = np.where(np.isfinite(vpd), saturated.mean(axis=1) - vpd, vapour_w.mean(axis=1))[:, None]
    vapour = np.clip(vapour, 10.0, saturated)
    lw_day = measured("lw_down")
    lw_down = w["lw_down"] / (SIGMA * w["t_air"] ** 4) * SIGMA * t_air**4
    weather = {
        "t_air": t_air,
        "q_air": specific_humidity(vapour, pressure),
        "pressure": pressure,
        "wind": _scaled(w["wind"], measured("wind")),
        "sw_down": _scaled(w["sw_down"], measured("sw_down")),
        "lw_down": _scaled(lw_down, lw_day),
        "precip_rate": _rain(w["precip_rate"], measured("precip"), time, seed),
        "cos_zenith": w["cos_zenith"],
    }
    attrs = {name: VARIABLES[name].cf_attrs if name in VARIABLES else {"units": "1"} for name in weather}
    ds = xr.Dataset({n: ("time", np.ascontiguousarray(v).reshape(-1), attrs[n]) for n, v in weather.items()})
    start = time.astype("datetime64[h]")[:, None] + np.arange(24)
    text = "days measured by the tower, else the world's synthetic weather: " + ", ".join(notes)
    return ds.assign_coords(time=start.reshape(-1).astype("datetime64[ns]")), [
        "hours are not measured: the course of each day is that of the world's synthetic weather at the tower's cell",
        text,
    ]


def _scaled(hours: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Scale hours (day, 24) to the day's mean where it was measured; a day without any keeps its hours."""
    mean = hours.mean(axis=1)
    factor = np.where(np.isfinite(day) & (mean > 0.0), np.maximum(day, 0.0) / np.where(mean > 0.0, mean, 1.0), 1.0)
    return hours * factor[:, None]


def _rain(hours: np.ndarray, day: np.ndarray, time: np.ndarray, seed: int) -> np.ndarray:
    """Spread the day's rain [mm] over hours, as a rate [kg m-2 s-1]."""
    total = hours.sum(axis=1)
    drawn = np.empty((1, time.size))
    uniforms(seed, STREAM_RAIN, np.zeros(1, np.int64), time.astype("datetime64[D]").astype(np.int64), drawn)
    begin = (drawn[0] * (25 - RAIN_HOURS)).astype(int)
    hour = np.arange(24)
    own = (hour >= begin[:, None]) & (hour < begin[:, None] + RAIN_HOURS)
    share = np.where(total[:, None] > 0.0, hours / np.where(total > 0.0, total, 1.0)[:, None], own / RAIN_HOURS)
    return np.where(np.isfinite(day)[:, None], share * np.maximum(day, 0.0)[:, None] / 3600.0, hours)
