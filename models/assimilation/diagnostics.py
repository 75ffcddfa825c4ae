"""Is the filter right? Diagnostics of innovations, from monthly sums or from plain series."""

from dataclasses import dataclass

import numpy as np

__all__ = ["CELL_DIAGNOSTICS", "Diagnostics", "verdict"]

CELL_DIAGNOSTICS = {
    "count": "observations used",
    "innovation_mean": "mean of observation less forecast",
    "innovation_std": "sd of observation less forecast",
    "normalised_mean": "mean of innovations over sqrt(HPH' + R)",
    "normalised_std": "sd of innovations over sqrt(HPH' + R); 1 is right",
    "lag1": "autocorrelation of innovations from one observation to the next; 0 is right",
    "desroziers_r": "mean of (O - A)(O - F), what R should be",
    "desroziers_hpht": "mean of (A - F)(O - F), what HPH' should be",
    "r": "mean R that was assumed",
    "hpht": "mean HPH' that was forecast",
    "residual_std": "sd of observation less analysis",
    "gain": "mean of HPH' / (HPH' + R)",
}
"""Diagnostics of a cell; also "increment_mean:ROW", "increment_std:ROW", "gain:ROW", "rejected:REASON"."""


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Diagnostics of one sensor, over cells or of one series.

    Attributes
    ----------
    count : int
        Innovations.
    innovation_mean, innovation_std : float
        In the observation's unit.
    normalised_mean, normalised_std : float
        Of d / sqrt(HPH' + R).
    autocorrelation : (lag,) array
        Of innovations at lags of 1, 2, ... observations.
    desroziers_r, desroziers_hpht : float
        Variances diagnosed [unit squared].
    r, hpht : float
        Mean variances assumed and forecast.
    spread_skill : float
        Root of mean HPH' over the root-mean-square error of the forecast against the truth; NaN without one.
    ranks : (member + 1,) int array
        Rank histogram of observations among members with observation error added.
    verdict : str
        One plain sentence.
    """

    count: int
    innovation_mean: float
    innovation_std: float
    normalised_mean: float
    normalised_std: float
    autocorrelation: np.ndarray
    desroziers_r: float
    desroziers_hpht: float
    r: float
    hpht: float
    spread_skill: float
    ranks: np.ndarray
    verdict: str


def verdict(
    normalised_std: float,
    lag1: float,
    *,
    r_ratio: float = float("nan"),
    hpht_ratio: float = float("nan"),
    count: int | None = None,
    mean: float = 0.0,
) -> str:
    """Say in one plain sentence what the diagnostics mean.

    Parameters
    ----------
    normalised_std : float
        sd of normalised innovations: the level of the assumed errors.
    lag1 : float
        Autocorrelation of innovations: the gain.
    r_ratio, hpht_ratio : float
        Desroziers' R and HPH' over the assumed ones.
    count : int, optional
        Innovations they come from.
    mean : float
        Mean of normalised innovations.
    """
    raise NotImplementedError
