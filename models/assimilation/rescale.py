r"""Bring observations to the climatology of the model before they are assimilated, so that the filter sees no bias.

A rescaling is fitted once to a record of observations and the open loop at the same times, and applied later to any
observation: `fit_rescaling` returns an object that has ``predict(observed, time)`` and ``error_factor(time)``, by which
the observation error's standard deviation is multiplied. All arrays have time first: (time,) or (time, cell).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.assimilation.cdf_matching import apply_cells, fit_cells
from models.kernel import spread
from models.skill.anomalies import day_of_366, moving_climatology, window_climatology

__all__ = [
    "RESCALINGS",
    "CdfMatching",
    "Rescaling",
    "Seasonal",
    "Unchanged",
    "fit_cdf",
    "fit_rescaling",
    "fit_seasonal",
]

RESCALINGS = {
    "none": "observations as they are",
    "cdf": "CDF matching month by month",
    "seasonal": "mean and standard deviation by day of year",
    "mean": "mean by day of year",
    "anomaly": "smooth climatologies swapped, departures kept",
}
"""What `fit_rescaling` knows."""

MONTHS = 12
SEASON = 91
"""Width [d] of the window of `fit_seasonal`: 45 days on either side."""


class Rescaling(Protocol):
    """What has been fitted."""

    def predict(self, observed, time) -> np.ndarray:
        """Return rescaled observations; NaN where the fit cannot be trusted."""

    def error_factor(self, time) -> np.ndarray:
        """Return the factor on the observation error's standard deviation, (time, ...) or a number."""


@dataclass(frozen=True)
class Unchanged:
    """No rescaling."""

    def predict(self, observed, time) -> np.ndarray:
        """Return the observations as they are."""
        return np.array(observed, float)

    def error_factor(self, time) -> np.ndarray:
        """Return 1."""
        return np.ones(1)


@dataclass(frozen=True)
class CdfMatching:
    """Fitted CDFs, one a month (or one for all times).

    Attributes
    ----------
    bins : (group, ...) int array
        Bins used; 0 where there is no fit.
    knots_x, knots_y : (group, ..., most bins + 1) array
        Percentile values of the observations and of the model; NaN beyond the bins used.
    pairs : (group, ...) int array
        Pairs in each fit.
    usable : (group, ...) bool array
        The quality mask: enough pairs, and distributions that are not mostly tails.
    """

    bins: np.ndarray
    knots_x: np.ndarray
    knots_y: np.ndarray
    pairs: np.ndarray
    usable: np.ndarray

    def predict(self, observed, time) -> np.ndarray:
        """Match observations (time, ...) to the model's distribution; NaN where the fit is not usable."""
        rows, shape = _rows("observed", observed, time)
        if shape[1:] != self.bins.shape[1:]:
            msg = f"observed has cells of shape {shape[1:]}, the fit {self.bins.shape[1:]}; the same is accepted."
            raise ValueError(msg)
        groups = len(self.bins)
        used = np.ascontiguousarray(np.where(self.usable, self.bins, 0).reshape(groups, -1).T)
        knots = [
            np.ascontiguousarray(np.moveaxis(k.reshape(groups, len(rows), -1), 0, 1))
            for k in (self.knots_x, self.knots_y)
        ]
        out, group = np.empty_like(rows), _groups(time, groups)
        spread(lambda first, last: apply_cells(first, last, rows, group, used, *knots, out), len(rows))
        return out.T.reshape(shape)

    def error_factor(self, time) -> np.ndarray:
        """Return 1: the error is given in the model's climatology, as Heyvaert et al. 2024 do."""
        return np.ones(1)


@dataclass(frozen=True)
class Seasonal:
    """Fitted means and standard deviations by day of year (366, ...), of observations and model.

    With ``std_obs`` and ``std_sim`` equal only the mean is moved.
    """

    mean_obs: np.ndarray
    mean_sim: np.ndarray
    std_obs: np.ndarray
    std_sim: np.ndarray
    usable: np.ndarray

    def predict(self, observed, time) -> np.ndarray:
        r"""Return :math:`\bar m + (s_m / s_o) (y - \bar o)`; NaN on days whose fit is not usable."""
        _, shape = _rows("observed", observed, time)
        if shape[1:] != self.mean_obs.shape[1:]:
            msg = f"observed has cells of shape {shape[1:]}, the fit {self.mean_obs.shape[1:]}; the same is accepted."
            raise ValueError(msg)
        day = day_of_366(time)
        moved = self.mean_sim[day] + self.error_factor(time) * (np.asarray(observed, float) - self.mean_obs[day])
        return np.where(self.usable[day], moved, np.nan)

    def error_factor(self, time) -> np.ndarray:
        """Return the ratio of standard deviations, model over observations, (time, ...)."""
        day = day_of_366(time)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.std_sim[day] / self.std_obs[day]


def _rows(name, values, time) -> tuple[np.ndarray, tuple[int, ...]]:
    """Check that time comes first; return (cell, time) rows and the shape."""
    values = np.asarray(values, float)
    if not values.ndim or len(values) != len(time):
        msg = f"{name} has shape {values.shape}, time has {len(time)}; (time,) or (time, cell) is accepted."
        raise ValueError(msg)
    return np.ascontiguousarray(values.reshape(len(values), -1).T), values.shape


def _both(observed, simulated, time):
    rows, shape = _rows("observed", observed, time)
    other, other_shape = _rows("simulated", simulated, time)
    if shape != other_shape:
        msg = f"observed has shape {shape}, simulated {other_shape}; give the open loop at the same times."
        raise ValueError(msg)
    return rows, other, shape


def _groups(time, groups: int) -> np.ndarray:
    month = np.asarray(time).astype("datetime64[M]").astype(np.int64) % MONTHS
    return month if groups == MONTHS else np.zeros_like(month)


def fit_cdf(
    observed, simulated, time, *, by="month", bins=100, least=20, edges=True, pool=0, min_pairs=30, min_iqr=0.05
) -> CdfMatching:
    """Fit CDF matching: percentiles of observations onto those of the model, month by month.

    Parameters
    ----------
    observed, simulated : (time,) or (time, cell) array
        Observations, and the open loop at their times, in the model's unit. Pairs with a NaN are left out.
    time : (time,) datetime64 array
    by : str
        "month", or "all" for one fit.
    bins, least : int
        Most bins, and fewest pairs in each: 135 pairs in a month give 6 bins of 100. The bins used are in the result.
    edges : bool
        Scale the outermost bins linearly, by the slope of their data.
    pool : int
        Months on either side whose pairs are taken in; for short records.
    min_pairs : int
        Fewest pairs of a usable fit.
    min_iqr : float
        Least interquartile range of a usable fit, as a share of the range, of observations and model (LIS: 0.05).

    Returns
    -------
    CdfMatching

    Raises
    ------
    ValueError
        Shapes differ, or a setting is out of range.

    Notes
    -----
    Source: pytesmo, ``CDFMatching``; Reichle and Koster 2004, doi 10.1029/2004GL020938.
    """
    if by not in ("month", "all"):
        msg = f"by = {by!r} is not known; choose month or all."
        raise ValueError(msg)
    if bins < 1 or least < 0 or not 0 <= pool <= MONTHS // 2:
        msg = f"bins = {bins}, least = {least}, pool = {pool}; 1 or more, 0 or more, and 0 to 6 are accepted."
        raise ValueError(msg)
    x, y, shape = _both(observed, simulated, time)
    cells, groups = len(x), MONTHS if by == "month" else 1
    used, pairs = np.empty((cells, groups), np.int64), np.empty((cells, groups), np.int64)
    knots_x, knots_y = np.empty((cells, groups, bins + 1)), np.empty((cells, groups, bins + 1))
    robust, group = np.empty((cells, groups), bool), _groups(time, groups)
    settings = (group, pool if groups > 1 else 0, groups, bins, least, edges, float(min_iqr))
    out = (used, knots_x, knots_y, pairs, robust)
    spread(lambda first, last: fit_cells(first, last, x, y, *settings, *out), cells)
    lead = (groups, *shape[1:])
    return CdfMatching(
        used.T.reshape(lead),
        np.moveaxis(knots_x, 0, 1).reshape(*lead, bins + 1),
        np.moveaxis(knots_y, 0, 1).reshape(*lead, bins + 1),
        pairs.T.reshape(lead),
        (robust & (used > 0) & (pairs >= min_pairs)).T.reshape(lead),
    )


def fit_seasonal(observed, simulated, time, *, days=SEASON, min_pairs=20, scale=True, smooth=False) -> Seasonal:
    r"""Fit mean and standard deviation by day of year, over all years within a window.

    As for brightness temperature in the SMAP Level-4 system (there by orbit, polarisation and five-day period: fit
    each by itself), and for leaf area index.

    Parameters
    ----------
    observed, simulated : (time,) or (time, cell) array
        Observations, and the open loop at their times; pairs with a NaN are left out.
    time : (time,) datetime64 array
    days : int
        Width of the window, odd; it goes round the year.
    min_pairs : int
        Fewest pairs in the window of a usable day.
    scale : bool
        Scale departures by the ratio of standard deviations; if not, the mean alone is moved.
    smooth : bool
        Use climatologies of a moving average (5 days, then 35 by day of year); needs daily times, and ``scale=False``.

    Returns
    -------
    Seasonal

    Raises
    ------
    ValueError
        Shapes differ, or settings do not go together.
    """
    _, _, shape = _both(observed, simulated, time)
    if smooth and scale:
        msg = "smooth = True has no standard deviation; set scale = False with it."
        raise ValueError(msg)
    observed, simulated = np.asarray(observed, float), np.asarray(simulated, float)
    paired = np.isfinite(observed) & np.isfinite(simulated)
    observed, simulated = np.where(paired, observed, np.nan), np.where(paired, simulated, np.nan)
    mean_obs, std_obs, count = window_climatology(observed, time, days)
    mean_sim, std_sim, _ = window_climatology(simulated, time, days)
    usable = count >= min_pairs
    if smooth:
        mean_obs, mean_sim = moving_climatology(observed, time), moving_climatology(simulated, time)
    if scale:
        usable &= (std_obs > 0) & np.isfinite(std_sim)
    else:
        std_obs = std_sim = np.ones((len(count), *shape[1:]))
    return Seasonal(mean_obs, mean_sim, std_obs, std_sim, usable)


def fit_rescaling(name: str, observed, simulated, time, **settings) -> Rescaling:
    """Fit one of `RESCALINGS` by name.

    Parameters
    ----------
    name : str
    observed, simulated, time
        See `fit_cdf`.
    settings
        Those of `fit_cdf` or `fit_seasonal`.

    Returns
    -------
    Rescaling

    Raises
    ------
    ValueError
        The name is unknown; what the fit raises.
    """
    if name == "none":
        return Unchanged()
    if name == "cdf":
        return fit_cdf(observed, simulated, time, **settings)
    if name in ("seasonal", "mean"):
        return fit_seasonal(observed, simulated, time, scale=name == "seasonal", **settings)
    if name == "anomaly":
        return fit_seasonal(observed, simulated, time, scale=False, smooth=True, **settings)
    msg = f"rescaling {name!r} is not known; choose one of {', '.join(RESCALINGS)}."
    raise ValueError(msg)
