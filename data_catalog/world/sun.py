"""Where the sun stands, and what it would send to the top of the atmosphere."""

import numpy as np

__all__ = ["MID_MONTH", "MONTH_DAYS", "declination_and_flux", "sun_heights", "top_of_atmosphere"]

SOLAR_CONSTANT = 1361.1  # W m-2
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.float64)
MID_MONTH = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2.0
"""Day of the year (0 = start of 1 January) in the middle of each month."""
STEPS = 12  # positions of the half day, which is symmetric about noon


def declination_and_flux(day):
    """Declination [rad] and extraterrestrial flux [W m-2] on a day of the year, counted from 0 (Spencer 1971)."""
    angle = 2.0 * np.pi * day / 365.0
    declination = (
        0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle) - 0.006758 * np.cos(2 * angle)
        + 0.000907 * np.sin(2 * angle) - 0.002697 * np.cos(3 * angle) + 0.00148 * np.sin(3 * angle)
    )  # fmt: skip
    distance = (
        1.00011 + 0.034221 * np.cos(angle) + 0.00128 * np.sin(angle) + 0.000719 * np.cos(2 * angle)
        + 0.000077 * np.sin(2 * angle)
    )  # fmt: skip
    return declination, SOLAR_CONSTANT * distance


def sun_heights(latitude, day):
    """Cosines of the zenith angle (0 below the horizon) at equal steps of the half day, and the flux [W m-2].

    Parameters
    ----------
    latitude : (cell,) array
        Degrees.
    day : float
        Day of the year, counted from 0.

    Returns
    -------
    cosine : (cell, step) array
    flux : float
    """
    hour_angle = np.pi * (np.arange(STEPS) + 0.5) / STEPS
    phi = np.radians(np.asarray(latitude, dtype=np.float64))[:, None]
    declination, flux = declination_and_flux(day)
    cosine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    return np.maximum(cosine, 0.0), flux


def top_of_atmosphere(latitude):
    """Monthly mean shortwave radiation at the top of the atmosphere [W m-2], (cell, 12)."""
    places, index = np.unique(np.asarray(latitude), return_inverse=True)
    top = np.zeros((places.size, 12))
    for month in range(12):
        for day in MID_MONTH[month] + np.array([-10.0, 0.0, 10.0]):
            cosine, flux = sun_heights(places, day)
            top[:, month] += flux * cosine.mean(axis=1) / 3.0
    return top[index]
