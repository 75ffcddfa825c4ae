r"""Split net exchange into photosynthesis and respiration by the night-time method (Reichstein et al. 2005).

At night the net exchange is respiration. Its temperature response (Lloyd & Taylor 1994) is fitted to nights and carried
into the day:

.. math:: R_{eco}(T) = R_{ref} \exp\left(E_0 \left(\frac{1}{T_{ref} - T_0} - \frac{1}{T - T_0}\right)\right)

with T_ref = 283.15 K, T_0 = 227.13 K; GPP = R_eco - NEE.
"""

import numpy as np
from scipy.optimize import curve_fit

__all__ = ["T_0", "T_REF", "lloyd_taylor", "partition_by_night", "temperature_sensitivity"]

T_REF = 283.15
T_0 = 227.13
DAY = 48
E0_RANGE = (30.0, 450.0)
"""Temperature sensitivities [K] that a fit may have to be believed (Reichstein et al. 2005, section 2.3)."""


def lloyd_taylor(t_air, r_ref, e0):
    """Compute respiration from temperature [K]: ``r_ref`` at 283.15 K, sensitivity ``e0`` [K]."""
    return r_ref * np.exp(e0 * (1.0 / (T_REF - T_0) - 1.0 / (np.asarray(t_air) - T_0)))


def temperature_sensitivity(respiration: np.ndarray, t_air: np.ndarray) -> float:
    """Fit E_0 in windows of 15 days, every 5 days, and average the three that are best determined.

    Parameters
    ----------
    respiration : (time,) array
        Half-hourly net exchange at night, NaN else.
    t_air : (time,) array
        Air temperature [K].

    Returns
    -------
    float
        E_0 [K]; NaN where no window has more than 6 values over more than 5 K and a sensitivity within `E0_RANGE`.
    """
    fits = []
    for first in range(0, max(respiration.size - 14 * DAY, 1), 5 * DAY):
        part = slice(first, first + 15 * DAY)
        use = np.isfinite(respiration[part]) & np.isfinite(t_air[part])
        if use.sum() <= 6:
            continue
        flux, warmth = respiration[part][use], t_air[part][use]
        if np.ptp(warmth) <= 5.0:
            continue
        try:
            (_, e0), covariance = curve_fit(lloyd_taylor, warmth, flux, p0=(max(flux.mean(), 0.1), 200.0), maxfev=200)
        except RuntimeError:  # no minimum within 200 steps: this window says nothing
            continue
        error = np.sqrt(covariance[1, 1])
        if E0_RANGE[0] < e0 < E0_RANGE[1] and np.isfinite(error) and error < e0:
            fits.append((error, e0))
    return float(np.mean([e0 for _, e0 in sorted(fits)[:3]])) if fits else np.nan


def partition_by_night(
    measured: np.ndarray, filled: np.ndarray, t_air: np.ndarray, night: np.ndarray, year: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[int, float]]:
    """Split net exchange into respiration and photosynthesis.

    E_0 is fitted once a year (the mean over years where a year has none); R_ref in windows of 4 days by regression
    through the origin, placed at the mean time of its values and interpolated in between.

    Parameters
    ----------
    measured, filled : (time,) array
        Net exchange: quality-filtered measurements with gaps, and the gap-filled record, same unit.
    t_air : (time,) array
        Air temperature [K].
    night : (time,) bool array
    year : (time,) int array

    Returns
    -------
    reco, gpp : (time,) array
        In the unit of the input; NaN where temperature (reco) or exchange (gpp) is missing.
    sensitivity : dict
        Year -> E_0 [K].

    Raises
    ------
    ValueError
        No year has enough nights.
    """
    respiration = np.where(night, measured, np.nan)
    sensitivity = {int(y): temperature_sensitivity(respiration[year == y], t_air[year == y]) for y in np.unique(year)}
    if not np.isfinite(list(sensitivity.values())).any():
        msg = "No year has enough measured nights over more than 5 K to fit the response of respiration to temperature."
        raise ValueError(msg)
    typical = float(np.nanmean(list(sensitivity.values())))
    sensitivity = {y: e0 if np.isfinite(e0) else typical for y, e0 in sensitivity.items()}
    e0 = np.array([sensitivity[int(y)] for y in year])
    shape = lloyd_taylor(t_air, 1.0, e0)
    at, reference = [], []
    for first in range(0, respiration.size, 4 * DAY):
        part = slice(first, first + 4 * DAY)
        use = np.isfinite(respiration[part]) & np.isfinite(shape[part])
        if use.sum() > 2:
            curve, flux = shape[part][use], respiration[part][use]
            at.append(first + np.flatnonzero(use).mean())
            reference.append(max(float(curve @ flux / (curve @ curve)), 0.0))
    r_ref = np.interp(np.arange(respiration.size), at, reference)
    reco = r_ref * shape
    return reco, reco - filled, sensitivity
