"""Soil carbon to start from: the exact periodic state of a year, or the closed form for its mean conditions.

The pools obey a linear recurrence whose coefficients repeat every year, so a year is an affine map of the pools, and
its fixed point is their steady state: no cycling over the record. Both starts are proportional to litterfall, so they
are kept for a unit of it.
"""

import numpy as np

from models.l4c.column import F_FAST, F_MED, K_FAST, K_MED, K_SLOW
from models.packing import LANES

__all__ = ["DAYS_OF_YEAR", "analytical_state", "mean_litterfall", "periodic_state"]

DAYS_OF_YEAR = 365.0


def _over(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Divide, and give 0 where nothing ever decomposes: such a pool has no steady state."""
    return np.divide(x, y, out=np.zeros_like(x), where=y > 0)


def periodic_state(year: np.ndarray) -> np.ndarray:
    """Pools that a year of unit litterfall leaves as it found them.

    Parameters
    ----------
    year : (tile, 8, lane) array
        Affine map of the year, from `models.l4c.column.equilibrium`.

    Returns
    -------
    (tile, 3, lane) array
        Fast, medium, slow pool [gC m-2] at the start of the year for a mean litterfall of 1 gC m-2 d-1. 0 where
        decomposition is 0 all year.
    """
    u1, b1, u2, b2, u3, v, e, _ = np.moveaxis(year, 1, 0)
    fast, med = _over(b1, u1), _over(b2, u2)
    return np.stack([fast, med, _over(v * med + e, u3)], axis=1)


def analytical_state(year: np.ndarray, rows: np.ndarray, days: int) -> np.ndarray:
    """Pools in balance with the mean of Kmult (Jones et al. 2017, spin-up step 1).

    They ignore that pools and Kmult vary together over the year, so a run from them is off balance, by 10 gC m-2 yr-1
    on average over the land.

    Parameters
    ----------
    year : (tile, 8, lane) array
        From `models.l4c.column.equilibrium`; its last entry is the sum of Kmult.
    rows : (tile or 1, parameter * lane) array
        Parameters of each tile, or of all.
    days : int
        Days that were summed.

    Returns
    -------
    (tile, 3, lane) array
        As `periodic_state`.
    """
    mean = year[:, 7] / days
    f_fast, f_med, k_fast, k_med, k_slow = (rows[:, i : i + LANES] for i in (F_FAST, F_MED, K_FAST, K_MED, K_SLOW))
    fast, med = _over(f_fast + 0 * mean, k_fast * mean), _over(1 - f_fast + 0 * mean, k_med * mean)
    return np.stack([fast, med, np.where(mean > 0, f_med * k_med * med / k_slow, 0)], axis=1)


def mean_litterfall(gpp_sum: np.ndarray, gpp_days: np.ndarray, f_aut: np.ndarray) -> np.ndarray:
    """Mean daily litterfall [gC m-2 d-1]: NPP of the days that have a value.

    A year of NPP, estimated as its valid days' sum x 365 / their number, falls in 365 equal parts.
    """
    return (1 - f_aut) * _over(gpp_sum, gpp_days)
