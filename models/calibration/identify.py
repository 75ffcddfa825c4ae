"""What the data say of each parameter: standard errors, correlations, cost profiles, and which they leave open."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from models.calibration.controls import NAMES, Controls
from models.calibration.cost import Problem
from models.kernel import Cancelled
from models.l4c.params import RAMPS

__all__ = ["Identified", "Profile", "identify", "profile"]

LEAST_ERROR = 0.3
"""Error of a tower's day [gC m-2 d-1] that is believed at least, however well a fit does."""
OPEN_SHARE = 0.05
"""A parameter whose standard error exceeds this share of its range is left open."""
TIED = 0.98
NUDGE = 1e-3
"""Of a parameter's range, by which it is moved to see whether any day answers."""
LEAST_SITES = 3


@dataclass(frozen=True, eq=False)
class Identified:
    """What a fit knows of its free parameters, in their order.

    Attributes
    ----------
    names : tuple of str
    std_error : (k,) array
        Standard error in the parameter's unit by the scatter of days; infinite where no day answers to it, above
        the fit or below.
    site_error : (k,) array
        Standard error by how the sites differ from each other; NaN with fewer than `LEAST_SITES`.
    correlation : (k, k) array
        Of the errors; NaN with a parameter that no day answers to.
    at_bound : (k,) bool array
    verdict : tuple of str
        "" for an identified parameter, else why it is not.
    """

    names: tuple[str, ...]
    std_error: np.ndarray
    site_error: np.ndarray
    correlation: np.ndarray
    at_bound: np.ndarray
    verdict: tuple[str, ...]

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the parameters that the data identify."""
        return tuple(name for name, why in zip(self.names, self.verdict, strict=True) if not why)

    def strongest_pairs(self, least: float = 0.8) -> list[tuple[str, str, float]]:
        """Return pairs of parameters whose errors go together, the closest first."""
        pairs = [
            (one, two, float(self.correlation[i, j]))
            for i, one in enumerate(self.names)
            for j, two in enumerate(self.names[:i])
            if abs(self.correlation[i, j]) >= least
        ]
        return sorted(pairs, key=lambda pair: -abs(pair[2]))


@dataclass(frozen=True, eq=False)
class Profile:
    """Cost along one parameter, the others fitted anew at each value."""

    name: str
    values: np.ndarray
    rmse: np.ndarray


def _memory(problem: Problem, residuals: np.ndarray) -> float:
    """Lag-1 autocorrelation of the residuals of days that follow each other."""
    top = bottom = 0.0
    first = 0
    for site, count, kept in problem.rows:
        r = residuals[first : first + count]
        first += count + kept
        next_day = np.diff(problem.days[site.name]) == 1
        top += float((r[:-1] * r[1:])[next_day].sum())
        bottom += float((r[:-1] ** 2)[next_day].sum())
    return float(np.clip(top / bottom, 0.0, 0.99)) if bottom > 0 else 0.0


def _between_sites(problem: Problem, residuals: np.ndarray, slopes: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Compute standard errors from the sites' scores: sites, not days, are independent of each other."""
    ends = np.cumsum([count + kept for _, count, kept in problem.rows])[:-1]
    parts = zip(np.split(slopes, ends), np.split(residuals, ends), strict=True)
    scores = np.array([slope.T @ residual for slope, residual in parts])
    n = len(scores)
    scores -= scores.mean(axis=0)  # at a bound, or with a prior, they don't cancel
    return np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse) * n / (n - 1))


def _silent_sides(problem: Problem, params: np.ndarray, residuals: np.ndarray) -> list[str]:
    """Say for each free parameter on which side of the fit no residual changes: "", "below", "above" or "both".

    A ramp's limit may have come to rest on the last day that it touches: the slope there is that of one side.
    """
    controls = problem.controls
    span = controls.high - controls.low
    moved = np.full((len(controls.free), 2), np.nan)
    for i, place in enumerate(controls.places):
        for side, sign in enumerate((-1.0, 1.0)):
            trial = params.copy()
            trial[place] += sign * NUDGE * span[i]
            inside = controls.low[i] <= trial[place] <= controls.high[i]
            if inside and all(trial[NAMES.index(low)] < trial[NAMES.index(high)] for low, high in RAMPS.values()):
                moved[i, side] = np.sqrt(((problem.at(trial)[0] - residuals) ** 2).mean()) / NUDGE
    quiet, blocked = moved <= 1e-6 * max(np.nanmax(moved, initial=0.0), 1e-12), np.isnan(moved)
    return [
        "both" if (quiet[i] | blocked[i]).all() else "below" if quiet[i, 0] else "above" if quiet[i, 1] else ""
        for i in range(len(moved))
    ]


def identify(problem: Problem, params: np.ndarray) -> Identified:
    r"""Judge the free parameters at a fit.

    The covariance is :math:`s^2 (J^T J)^{-1} (1 + \rho) / (1 - \rho)`: s of the residuals, at least `LEAST_ERROR`, and
    their lag-1 autocorrelation, since days that follow each other say much the same. Beside it stands the sandwich
    :math:`H^{-1} (\sum_s g_s g_s^T) H^{-1} n / (n - 1)` with the gradients :math:`g_s = J_s^T r_s` of the n sites and
    :math:`H = J^T J`, which is the larger one where sites want different parameters. With few sites it is itself
    uncertain (n - 1 degrees of freedom).

    Parameters
    ----------
    problem : Problem
        The step that was fitted.
    params : (20,) array
        Its result.
    """
    controls: Controls = problem.controls
    residuals, slopes = problem.at(params)
    span = controls.high - controls.low
    scaled = slopes * span
    silent = _silent_sides(problem, params, residuals)
    answers = np.array([not side for side in silent])
    k = int(answers.sum())
    s = max(np.sqrt((residuals**2).sum() / max(1, len(residuals) - k)), LEAST_ERROR)
    rho = _memory(problem, residuals)
    errors, by_sites = np.full(len(span), np.inf), np.full(len(span), np.nan)
    correlation = np.full((len(span), len(span)), np.nan)
    if k:
        inverse = np.linalg.pinv(scaled[:, answers].T @ scaled[:, answers], rcond=1e-14)
        if len(problem.sites) >= LEAST_SITES:
            by_sites[answers] = _between_sites(problem, residuals, scaled[:, answers], inverse) * span[answers]
        covariance = inverse * (s * s * (1 + rho) / (1 - rho))
        std = np.sqrt(np.diag(covariance))
        errors[answers] = std * span[answers]
        some = np.ix_(answers, answers)
        correlation[some] = covariance / np.outer(std, std)
    at_bound = controls.at_bound(params)
    verdict = []
    for i in range(len(controls.free)):
        others = np.abs(np.delete(correlation[i], i))
        if not answers[i]:
            verdict.append("no day answers to it" + (f" {silent[i]} the fit" if silent[i] != "both" else ""))
        elif at_bound[i]:
            verdict.append("at a bound")
        elif errors[i] > OPEN_SHARE * span[i]:
            verdict.append(f"standard error {errors[i] / span[i]:.0%} of its range")
        elif by_sites[i] > OPEN_SHARE * span[i]:
            verdict.append(f"sites differ by {by_sites[i] / span[i]:.0%} of its range")
        elif others.size and np.nanmax(others, initial=0.0) > TIED:
            partner = np.delete(np.array(controls.free), i)[int(np.nanargmax(others))]
            verdict.append(f"tied to {partner}")
        else:
            verdict.append("")
    return Identified(controls.free, errors, by_sites, correlation, at_bound, tuple(verdict))


def profile(
    problem: Problem,
    params: np.ndarray,
    name: str,
    points: int = 9,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> Profile:
    """Fit the other parameters anew at fixed values of one, across its bounds and at the fit.

    Parameters
    ----------
    problem : Problem
        The step that was fitted.
    params : (20,) array
        Its result.
    name : str
        A free parameter.
    points : int
        Values across the bounds.
    cancelled : callable, optional
        Asked before each value.

    Raises
    ------
    ValueError
        If ``name`` is not free.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    controls = problem.controls
    if name not in controls.free:
        msg = f"{name!r} is not free in this step; {', '.join(controls.free)} are."
        raise ValueError(msg)
    k = controls.free.index(name)
    low, high = controls.low[k], controls.high[k]
    values = np.unique(np.append(np.linspace(low, high, points), params[controls.places[k]]))
    others = [other for other in controls.free if other != name]
    bounds = {n: (controls.low[i], controls.high[i]) for i, n in enumerate(controls.free) if n != name}
    cost, kept = np.full(len(values), np.nan), []
    for i, fixed in enumerate(values):
        if cancelled is not None and cancelled():
            raise Cancelled
        start = np.array(params, float)
        start[controls.places[k]] = fixed
        kept.append(fixed)
        if others:
            try:
                inner = Controls(others, start, bounds)
            except ValueError:  # the fixed limit leaves its partner no room: no valid table has this value
                continue
            part = Problem(
                problem.step, problem.sites, inner, soil=problem.soil, percentile=problem.percentile,
                keep_reco=problem.keep_reco,
            )  # fmt: skip
            part.weight = problem.weight
            fit = least_squares(
                part.residuals, inner.of(start), part.jacobian, bounds=(0.0, 1.0), max_nfev=60, tr_solver="lsmr"
            )
            cost[i] = np.sqrt(2 * fit.cost / part.size)
        else:
            cost[i] = np.sqrt((problem.at(start)[0] ** 2).sum() / problem.size)
    return Profile(name, np.array(kept), cost)
