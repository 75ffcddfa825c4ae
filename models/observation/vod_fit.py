"""Fit the VOD operator to each cell: seasonal means, then least squares of the departures from them.

Cells where it explains too little are masked: R2 <= 0.5 or RMSE >= 0.08 (Heyvaert et al. 2024).
"""

from dataclasses import dataclass

import numpy as np

from models.climatology import DAYS
from models.observation.vod import VodParams

__all__ = ["BETA_TERMS", "FEWEST_PAIRS", "LARGEST_RMSE", "LEAST_R2", "VodOperator", "fit_vod", "seasonal_mean"]

LEAST_R2, LARGEST_RMSE = 0.5, 0.08
"""A cell is used if R2 is above the first and RMSE [1] below the second."""
FEWEST_PAIRS = 30
"""Fewer pairs than this are not fitted."""
HALF_WINDOW = 15
"""The seasonal mean of a day is that of all values, of all years, within so many days of it."""

BETA_TERMS = {"constant": 1, "lai": 2, "lai_rzsm": 3}
"""What the sensitivity to root-zone soil moisture may depend on, and its number of coefficients."""


@dataclass(frozen=True, eq=False)
class VodOperator:
    """A fitted operator.

    Attributes
    ----------
    coefficients : VodParams
        Each (cell,).
    vod_clim, lai_clim, rzsm_clim : (cell, 365) array
        Seasonal means (of VOD: of what is left of it without its response to the departures of the others); NaN on
        days without a value within the window.
    lai_mean, rzsm_mean : (cell,) array
        Overall means, about which the sensitivity is written.
    r2, rmse : (cell,) array
        Of VOD as a whole [1].
    r2_anomaly : (cell,) array
        Of the departures from the seasonal mean [1].
    count : (cell,) int array
        Pairs fitted.
    """

    coefficients: VodParams
    vod_clim: np.ndarray
    lai_clim: np.ndarray
    rzsm_clim: np.ndarray
    lai_mean: np.ndarray
    rzsm_mean: np.ndarray
    r2: np.ndarray
    rmse: np.ndarray
    r2_anomaly: np.ndarray
    count: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        """Cells in which VOD may be assimilated, (cell,) bool."""
        return (self.r2 > LEAST_R2) & (self.rmse < LARGEST_RMSE) & (self.count >= FEWEST_PAIRS)

    def auxiliary(self, day: int) -> dict[str, np.ndarray]:
        """Return what `models.observation.vod.predict` needs on a day of the year, 0 to 364, each (cell,)."""
        day = int(day) % DAYS
        clim = {"vod_clim": self.vod_clim, "lai_clim": self.lai_clim, "rzsm_clim": self.rzsm_clim}
        return (
            self.coefficients._asdict()
            | {name: values[:, day] for name, values in clim.items()}
            | {"lai_mean": self.lai_mean, "rzsm_mean": self.rzsm_mean}
        )


def seasonal_mean(values: np.ndarray, day: np.ndarray, half_window: int = HALF_WINDOW) -> np.ndarray:
    """Average over all years and a window of days; the year wraps around.

    Parameters
    ----------
    values : (cell, time) array
        NaN where missing.
    day : (time,) int array
        Day of the year, 0 to 364.
    half_window : int
        Days on each side.

    Returns
    -------
    (cell, 365) array
        NaN where the window holds no value.
    """
    there = np.isfinite(values)
    total = np.zeros((DAYS, values.shape[0]))
    count = np.zeros_like(total)
    np.add.at(total, day, np.where(there, values, 0.0).T)
    np.add.at(count, day, there.T.astype(float))
    width = 2 * half_window + 1
    sums = []
    for part in (total, count):
        ring = np.concatenate([np.zeros((1, part.shape[1])), part[-half_window:], part, part[:half_window]])
        running = np.cumsum(ring, axis=0)
        sums.append(running[width:] - running[:-width])
    # A count is whole, whatever the sums' round-off.
    windows = np.rint(sums[1])
    return np.divide(sums[0], windows, out=np.full_like(total, np.nan), where=windows > 0).T


def _departure(values: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return what differs from the seasonal mean, 0 where there is no value."""
    return np.nan_to_num(values - seasonal_mean(values, day)[:, day])


def fit_vod(
    vod: np.ndarray, lai: np.ndarray, rzsm: np.ndarray, day: np.ndarray, *, beta: str = "lai_rzsm"
) -> VodOperator:
    """Fit the operator of each cell to pairs of observed VOD and modelled leaf area and root-zone soil moisture.

    Parameters
    ----------
    vod, lai, rzsm : (cell, time) array
        Observed VOD [1]; leaf area index [m2 m-2] and root-zone soil moisture [m3 m-3] of the open loop at the same
        times. Times at which one is NaN are left out.
    day : (time,) int array
        Day of the year, 0 to 364.
    beta : str
        One of `BETA_TERMS`.

    Returns
    -------
    VodOperator
        Cells with fewer than `FEWEST_PAIRS` pairs have coefficients NaN.

    Raises
    ------
    ValueError
        If shapes differ or ``beta`` is not accepted.
    """
    vod, lai, rzsm = (np.asarray(values, float) for values in (vod, lai, rzsm))
    day = np.asarray(day, int)
    if not vod.shape == lai.shape == rzsm.shape or vod.ndim != 2 or day.shape != vod.shape[1:]:
        msg = f"vod {vod.shape}, lai {lai.shape}, rzsm {rzsm.shape} and day {day.shape}: give (cell, time) and (time,)."
        raise ValueError(msg)
    if beta not in BETA_TERMS:
        msg = f"beta = {beta!r} is not accepted; it may be {', '.join(map(repr, BETA_TERMS))}."
        raise ValueError(msg)
    there = np.isfinite(vod) & np.isfinite(lai) & np.isfinite(rzsm)
    count = there.sum(axis=1)
    vod, lai, rzsm = (np.where(there, values, np.nan) for values in (vod, lai, rzsm))
    clims = [seasonal_mean(values, day) for values in (lai, rzsm)]
    some = np.maximum(count, 1)
    lai_mean, rzsm_mean = (np.where(there, v, 0.0).sum(axis=1) / some for v in (lai, rzsm))
    lai_off, rzsm_off = lai - clims[0][:, day], rzsm - clims[1][:, day]
    terms = [
        lai_off,
        rzsm_off,
        (lai - lai_mean[:, None]) * rzsm_off,
        (rzsm - rzsm_mean[:, None]) * rzsm_off,
    ][: 1 + BETA_TERMS[beta]]
    # Both sides lose their seasonal means, so that no season is taken for a response to weather.
    design = np.stack([_departure(term, day) for term in terms], axis=2)
    vod_off = _departure(vod, day)
    size = np.sqrt((design**2).mean(axis=1))
    safe = np.where(size > 0.0, size, 1.0)
    scaled = design / safe[:, None, :]
    # The pseudo-inverse gives a term that never varies the coefficient 0.
    inverse = np.linalg.pinv(np.einsum("ctp,ctq->cpq", scaled, scaled), rcond=1e-10, hermitian=True)
    solved = np.einsum("cpq,ctq,ct->cp", inverse, scaled, vod_off, optimize=True) / safe
    solved = np.where((count >= FEWEST_PAIRS)[:, None], solved, np.nan)
    full = np.zeros((vod.shape[0], len(VodParams._fields)))
    full[:, : solved.shape[1]] = solved
    full[np.isnan(solved[:, 0])] = np.nan

    response = sum(b[:, None] * term for b, term in zip(solved.T, terms, strict=True))
    vod_clim = seasonal_mean(vod - response, day)
    fitted = vod_clim[:, day] + response
    residual = np.where(there, vod - fitted, 0.0)
    squares = (residual**2).sum(axis=1)
    mean = np.where(there, vod, 0.0).sum(axis=1) / some
    spread = np.where(there, (vod - mean[:, None]) ** 2, 0.0).sum(axis=1)
    departures = (vod_off**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2, r2_anomaly = 1.0 - squares / spread, 1.0 - squares / departures
    return VodOperator(
        VodParams(*full.T), vod_clim, *clims, lai_mean, rzsm_mean, r2, np.sqrt(squares / some), r2_anomaly, count
    )
