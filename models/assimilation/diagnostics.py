"""Is the filter right? Diagnostics of innovations, from monthly sums or from plain series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.assimilation.accumulate import LAGS, Sums, sums_of_series
from models.assimilation.record import REASONS
from models.assimilation.sensor_choice import STATE_ROWS
from models.assimilation.verdict import verdict

__all__ = ["CELL_DIAGNOSTICS", "Diagnostics", "cell_diagnostic", "diagnose", "diagnose_series"]

CELL_DIAGNOSTICS = {
    "count": "innovations, of observations used or monitored",
    "used": "observations used",
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
    "forecast_error": "root-mean-square error of the forecast, against the truth",
    "analysis_error": "root-mean-square error of the analysis, against the truth",
    "spread_skill": "root of mean HPH' over the forecast's error; 1 is right",
    "loop_innovation_mean": "mean of observation less open loop",
    "loop_innovation_std": "sd of observation less open loop",
    "loop_normalised_std": "sd of the open loop's normalised innovations",
}
"""Diagnostics of a cell; also "increment_mean:ROW", "increment_std:ROW", "gain:ROW" and "rejected:REASON"."""


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
        Of normalised innovations at lags of 1, 2, ... observations.
    desroziers_r, desroziers_hpht : float
        Variances diagnosed [unit squared].
    r, hpht : float
        Mean variances assumed and forecast.
    spread_skill : float
        Root of mean HPH' over the root-mean-square error of the forecast against the truth; NaN without one.
    ranks : (member + 1,) int array
        Rank histogram of observations among members with observation error added.
    reasons : dict of str to int
        What became of observations.
    increment_std, gain : dict of str to float
        By row of the state, of updates used.
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
    reasons: dict[str, int]
    increment_std: dict[str, float]
    gain: dict[str, float]
    verdict: str

    @property
    def lag1(self) -> float:
        """Autocorrelation from one observation to the next."""
        return float(self.autocorrelation[0])


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Divide; NaN where there is nothing to divide by."""
    return np.divide(a, b, out=np.full(np.shape(a), np.nan), where=np.asarray(b) > 0)


def _sd(square: np.ndarray, total: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the standard deviation from sums; NaN of fewer than two."""
    mean = _ratio(total, n)
    variance = np.maximum(_ratio(square, n) - mean**2, 0.0)
    return np.where(n > 1, np.sqrt(variance), np.nan)


def _autocorrelation(sums: Sums, lag: int) -> np.ndarray:
    """Return the autocorrelation at a lag: covariance of the pairs over the variance of all."""
    n = sums[f"pairs_{lag}"]
    mean = _ratio(sums["z"], sums["n"])
    # Pairs are centred on the mean of all, as a sample autocorrelation is.
    product = sums[f"product_{lag}"] - mean * (sums[f"head_{lag}"] + sums[f"tail_{lag}"]) + n * mean**2
    variance = _sd(sums["zz"], sums["z"], sums["n"]) ** 2
    return np.where(n > 1, _ratio(_ratio(product, n), variance), np.nan)


_OF_SUMS: dict[str, Callable[[Sums], np.ndarray]] = {
    "count": lambda s: s["n"],
    "used": lambda s: s["n_used"],
    "innovation_mean": lambda s: _ratio(s["d"], s["n"]),
    "innovation_std": lambda s: _sd(s["dd"], s["d"], s["n"]),
    "normalised_mean": lambda s: _ratio(s["z"], s["n"]),
    "normalised_std": lambda s: _sd(s["zz"], s["z"], s["n"]),
    "lag1": lambda s: _autocorrelation(s, 1),
    "desroziers_r": lambda s: _ratio(s["d_residual"], s["n"]),
    "desroziers_hpht": lambda s: _ratio(s["d_increment"], s["n"]),
    "r": lambda s: _ratio(s["r"], s["n"]),
    "hpht": lambda s: _ratio(s["hpht"], s["n"]),
    "residual_std": lambda s: _sd(s["oo"] - 2.0 * s["oa"] + s["aa"], s["o"] - s["a"], s["n"]),
    "gain": lambda s: _ratio(s["gain"], s["n"]),
    "forecast_error": lambda s: np.sqrt(_ratio(s["error_square"], s["n_truth"])),
    "analysis_error": lambda s: np.sqrt(_ratio(s["analysis_error_square"], s["n_truth"])),
    "spread_skill": lambda s: np.sqrt(_ratio(s["hpht_truth"], s["error_square"])),
    "loop_innovation_mean": lambda s: _ratio(s["d_loop"], s["n_loop"]),
    "loop_innovation_std": lambda s: _sd(s["dd_loop"], s["d_loop"], s["n_loop"]),
    "loop_normalised_std": lambda s: _sd(s["zz_loop"], s["z_loop"], s["n_loop"]),
}


def cell_diagnostic(sums: Sums, name: str) -> np.ndarray:
    """Return one diagnostic of every cell and month of some sums, (cell, month).

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    kind, colon, what = name.partition(":")
    if not colon and name in _OF_SUMS:
        return _OF_SUMS[name](sums)
    if kind in ("increment_mean", "increment_std", "gain") and what in STATE_ROWS:
        n = sums["n_used"]
        if kind == "gain":
            return _ratio(sums[f"gain_{what}"], n)
        if kind == "increment_mean":
            return _ratio(sums[f"increment_{what}"], n)
        return _sd(sums[f"increment_square_{what}"], sums[f"increment_{what}"], n)
    if kind == "rejected" and what in REASONS:
        return sums.reasons[:, :, REASONS.index(what)].astype(float)
    rows, reasons = "|".join(STATE_ROWS), "|".join(REASONS[3:])
    msg = (
        f"There is no diagnostic {name!r}; there are {', '.join(CELL_DIAGNOSTICS)}, increment_mean:{rows},"
        f" increment_std:, gain:, rejected:{reasons}."
    )
    raise KeyError(msg)


def diagnose(sums: Sums) -> Diagnostics:
    """Return the diagnostics of all that was summed, cells and months together."""
    whole = sums.total()
    at = {name: float(_OF_SUMS[name](whole)[0, 0]) for name in _OF_SUMS}
    lags = np.array([float(_autocorrelation(whole, lag)[0, 0]) for lag in range(1, LAGS + 1)])
    by_row = {
        kind: {row: float(cell_diagnostic(whole, f"{kind}:{row}")[0, 0]) for row in STATE_ROWS}
        for kind in ("increment_std", "gain")
    }
    return Diagnostics(
        count=int(at["count"]),
        innovation_mean=at["innovation_mean"],
        innovation_std=at["innovation_std"],
        normalised_mean=at["normalised_mean"],
        normalised_std=at["normalised_std"],
        autocorrelation=lags,
        desroziers_r=at["desroziers_r"],
        desroziers_hpht=at["desroziers_hpht"],
        r=at["r"],
        hpht=at["hpht"],
        spread_skill=at["spread_skill"],
        ranks=whole.ranks[0, 0],
        reasons={name: int(n) for name, n in zip(REASONS, whole.reasons[0, 0], strict=True)},
        increment_std=by_row["increment_std"],
        gain=by_row["gain"],
        verdict=verdict(at["normalised_std"], lags[0], count=int(at["count"]), mean=at["normalised_mean"]),
    )


def diagnose_series(series: Mapping[str, np.ndarray]) -> Diagnostics:
    """Return the diagnostics of plain series; see `models.assimilation.accumulate.sums_of_series`."""
    return diagnose(sums_of_series(series))
