"""The sun's height: cosine of the zenith angle, averaged over the sunlit part of a step."""

import numpy as np

from models.kernel import equation, kernel

__all__ = ["cosine_zenith", "mean_cosine_zenith"]

SAMPLES = 6
RADIANS = np.pi / 180.0


@equation
def cosine_zenith(day, seconds, sin_latitude, cos_latitude, longitude):
    """Cosine of the zenith angle (declination and equation of time: Spencer 1971, Search 2, 172).

    Parameters
    ----------
    day : float
        Day of the year, 1 on 1 January, with its fraction.
    seconds : float
        Seconds since midnight UTC.
    sin_latitude, cos_latitude : float
        Of the latitude.
    longitude : float
        Longitude, east positive [degrees].
    """
    g = 2.0 * np.pi * (day - 1.0) / 365.0
    c, s = np.cos(g), np.sin(g)
    c2, s2 = c * c - s * s, 2.0 * s * c
    declination = 0.006918 - 0.399912 * c + 0.070257 * s - 0.006758 * c2 + 0.000907 * s2
    minutes = 229.18 * (0.000075 + 0.001868 * c - 0.032077 * s - 0.014615 * c2 - 0.040849 * s2)
    hour = (seconds / 3600.0 + minutes / 60.0 + longitude / 15.0 - 12.0) * 15.0 * RADIANS
    return sin_latitude * np.sin(declination) + cos_latitude * np.cos(declination) * np.cos(hour)


@kernel
def mean_cosine_zenith(days, seconds, dt, latitude, longitude, out):
    """Fill ``out`` (step, site) with the mean of the positive cosines over each step; 0 where the sun stays down.

    Parameters
    ----------
    days : (step,) array
        Day of the year of the start of the step (1 to 366).
    seconds : (step,) array
        Seconds since midnight UTC at the start of the step.
    dt : float
        Length of the step [s].
    latitude, longitude : (site,) array
        Degrees.
    out : (step, site) array
    """
    for site in range(latitude.shape[0]):
        s, c = np.sin(latitude[site] * RADIANS), np.cos(latitude[site] * RADIANS)
        for t in range(days.shape[0]):
            total, count = 0.0, 0
            for k in range(SAMPLES):
                at = seconds[t] + (k + 0.5) * dt / SAMPLES
                mu = cosine_zenith(days[t], at, s, c, longitude[site])
                if mu > 0.0:
                    total += mu
                    count += 1
            out[t, site] = total / count if count > 0 else 0.0
