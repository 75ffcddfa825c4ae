"""Rules that stand in for what the embedded climate does not hold: daily range, wet days, variability, wind, soil.

Each rule was fitted to a handful of stations or is assumed, and says which. They are part of a synthetic world.
"""

import numpy as np

from data_catalog.world.land_cover import KOPPEN
from data_catalog.world.sun import MONTH_DAYS, top_of_atmosphere

__all__ = [
    "ASSUMPTIONS",
    "diurnal_range",
    "saturation_pressure",
    "soil_texture",
    "temperature_std",
    "top_of_atmosphere",
    "vapour_pressure_deficit",
    "wet_days",
    "wind_speed",
]

ASSUMPTIONS = (
    "t_range = 1.0 + 14.0 sw_down / top-of-atmosphere radiation + 6.0 (1 - relative humidity) K: assumed, its form "
    "checked at 8 stations of 39-62 N (monthly means, r 0.6, RMSE 2.4 K; towers above forests have less). wet_days = "
    "rain / mean rain of a wet day, the latter exp(2.451 - 0.789 relative humidity) P^0.51 within 4 and 12 mm: fitted "
    "to daily rain of 10 stations (r 0.83, RMSE 0.05 of the days; the bounds are assumed). t_anomaly_std = exp(0.923 "
    "+ 0.0181 annual range - 0.0114 T): fitted to 12 stations (RMSE 0.9 K). wind: assumed, 2 m/s over forests to 4.5 "
    "m/s over tundra. sand and clay: assumed by Koeppen class and land cover."
)


def saturation_pressure(t_air):
    """Saturation vapour pressure over water [Pa] at a temperature [K] (Bolton 1980, Eq. 10)."""
    return 611.2 * np.exp(17.67 * (t_air - 273.15) / (t_air - 29.65))


def diurnal_range(sw_down, top, relative_humidity):
    """Mean difference of the day's highest and lowest temperature [K]: large under clear skies and in dry air.

    Assumed. In the polar night, where the sun gives no measure of clouds, clearness counts as 0.4.
    """
    clearness = np.where(top > 20.0, sw_down / np.maximum(top, 20.0), 0.4)
    return np.clip(1.0 + 14.0 * clearness + 6.0 * (1.0 - np.clip(relative_humidity, 0.0, 1.0)), 3.0, 20.0)


def wet_days(precip, relative_humidity):
    """Mean number of days with at least 1 mm in each month, (cell, 12), from rain [mm d-1] and relative humidity.

    Where more rain falls it falls on more days and in larger amounts, and in humid air in smaller ones; a wet day
    brings 4 to 12 mm on average (the upper bound is assumed: the stations know no humid tropics).
    """
    humidity = np.clip(relative_humidity, 0.0, 1.0)
    amount = np.clip(np.exp(2.451 - 0.789 * humidity) * np.maximum(precip, 1e-3) ** 0.51, 4.0, 12.0)
    return MONTH_DAYS * np.minimum(precip / amount, 0.9)


def temperature_std(t_air):
    """Return the standard deviation of daily mean temperature within a month [K], (cell, 12)."""
    annual_range = t_air.max(axis=1, keepdims=True) - t_air.min(axis=1, keepdims=True)
    return np.clip(np.exp(0.923 + 0.0181 * annual_range - 0.0114 * (t_air - 273.15)), 0.8, 8.0)


def vapour_pressure_deficit(t_air, t_range, t_std, vapour_pressure):
    """Monthly mean of the 24-hour VPD [Pa]: mean saturation pressure over the day's course less vapour pressure.

    Temperature follows a sine of the given range about daily means that scatter normally; a third of the scatter's
    saturation excess is kept, because humid days are warm days in winter and the vapour pressure follows.
    """
    hours = np.sin(np.pi * np.array([-3.0, -1.0, 1.0, 3.0]) / 8.0)  # eight hours of a sine take four values, twice
    mean = sum(saturation_pressure(t_air + 0.5 * t_range * h) for h in hours.astype(np.float32)) / 4.0
    slope = 17.67 * 243.5 / (t_air - 29.65) ** 2
    mean = mean * (1.0 + 0.5 * slope**2 * t_std**2 / 3.0)
    return np.maximum(mean - vapour_pressure, 0.02 * mean)


def wind_speed(pft_fraction, koppen):
    """Mean wind speed [m s-1], (cell,). Assumed: the rougher the land, the slower the wind above it."""
    forest = np.asarray(pft_fraction)[:, :4].sum(axis=1)
    open_land = np.where(np.array([name[0] == "E" for name in KOPPEN])[koppen], 4.5, 3.5)
    return forest * 2.0 + (1.0 - forest) * open_land


# Koeppen class or its first letters: sand and clay [%] of the soil. Assumed from the soils that are typical there.
TEXTURE = {
    "Af": (40.0, 40.0), "Am": (42.0, 38.0), "As": (50.0, 30.0), "Aw": (50.0, 30.0), "BW": (68.0, 13.0),
    "BS": (52.0, 21.0), "Cf": (40.0, 27.0), "Cs": (43.0, 26.0), "Cw": (38.0, 33.0), "Da": (33.0, 27.0),
    "Db": (40.0, 23.0), "Dc": (50.0, 17.0), "Dd": (46.0, 19.0), "EF": (60.0, 10.0), "ET": (52.0, 15.0),
}  # fmt: skip


def soil_texture(igbp_fraction, koppen):
    """Sand and clay [%] of the soil, two (cell,) arrays.

    Assumed: by Koeppen class; needleleaf forests stand on sandier soil (+8 % sand), crops on finer (-8 % sand, +4 %
    clay), barren land is sandier still (+12 % sand, -4 % clay).
    """
    table = np.array([next(TEXTURE[k] for k in (n[:2], n[0] + n[-1]) if k in TEXTURE) for n in KOPPEN])
    igbp = np.asarray(igbp_fraction)
    needle, crop, barren = igbp[:, 0] + igbp[:, 2], igbp[:, 11] + 0.5 * igbp[:, 13], igbp[:, 15]
    sand = table[koppen, 0] + 8.0 * needle - 8.0 * crop + 12.0 * barren
    clay = table[koppen, 1] + 4.0 * crop - 4.0 * barren
    return np.clip(sand, 5.0, 92.0), np.clip(clay, 3.0, 60.0)
