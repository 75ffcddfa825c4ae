"""Sensitivity of any function to its inputs: one at a time, Morris' screening, Sobol's indices with confidence.

A run may be cancelled: what is whole of it by then, trajectories or rows of the sample, is the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from models.kernel import Cancelled

__all__ = ["LEAST_ROWS", "Morris", "Sobol", "Tornado", "evaluations_of", "morris", "one_at_a_time", "sobol"]

Function = Callable[[np.ndarray], float]

LEAST_ROWS = 8
"""Rows of Sobol's sample of which indices are computed."""

LEAST_TRAJECTORIES = 2


@dataclass(frozen=True, eq=False)
class Tornado:
    """Output at the ends of each input's range, the others at their base; sorted by reach.

    Attributes
    ----------
    order : (k,) int array
        Inputs, the one that moves the output most first; those that were not reached come last.
    low, high : (k,) array
        Output with the input at its low and high end, in the order of the inputs; NaN where the run was cut short.
    base : float
    evaluations : int
    complete : bool
    """

    order: np.ndarray
    low: np.ndarray
    high: np.ndarray
    base: float
    evaluations: int
    complete: bool


@dataclass(frozen=True, eq=False)
class Morris:
    """Elementary effects over the unit range of each input.

    Attributes
    ----------
    mean, mean_abs, std : (k,) array
        Mean effect, mean of its size (mu*), and standard deviation (curvature and interaction).
    confidence : (k,) array
        Half-width of the 95 % interval of ``mean_abs``.
    sizes : (m,) int array
        Growing numbers of trajectories.
    mean_abs_by_size, confidence_by_size : (m, k) array
        mu* and its half-width at those: how they settle.
    evaluations : int
    complete : bool
        Whether all trajectories were run.
    """

    mean: np.ndarray
    mean_abs: np.ndarray
    std: np.ndarray
    confidence: np.ndarray
    sizes: np.ndarray
    mean_abs_by_size: np.ndarray
    confidence_by_size: np.ndarray
    evaluations: int
    complete: bool


@dataclass(frozen=True, eq=False)
class Sobol:
    """Shares of the output's variance.

    Attributes
    ----------
    first, total : (k,) array
        Share of each input alone, and with all its interactions.
    first_low, first_high, total_low, total_high : (k,) array
        95 % interval, by bootstrap of the sample's rows.
    sizes : (m,) int array
        Growing sample sizes.
    total_by_size, total_low_by_size, total_high_by_size : (m, k) array
        Total indices at those, and their intervals: how they settle.
    evaluations : int
    variance, mean : float
        Of the output.
    complete : bool
        Whether all rows were run.
    """

    first: np.ndarray
    total: np.ndarray
    first_low: np.ndarray
    first_high: np.ndarray
    total_low: np.ndarray
    total_high: np.ndarray
    sizes: np.ndarray
    total_by_size: np.ndarray
    total_low_by_size: np.ndarray
    total_high_by_size: np.ndarray
    evaluations: int
    variance: float
    mean: float
    complete: bool


def evaluations_of(method: str, inputs: int, samples: int) -> int:
    """Count the evaluations that a method takes.

    Parameters
    ----------
    method : str
        "tornado", "morris" or "sobol".
    inputs, samples : int
        Number of inputs; trajectories, or rows of the sample.
    """
    return {"tornado": 2 * inputs + 1, "morris": samples * (inputs + 1), "sobol": samples * (inputs + 2)}[method]


def _checked(low: Sequence[float], high: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.asarray(low, float), np.asarray(high, float)
    if low.shape != high.shape or low.ndim != 1 or not low.size or not (low < high).all():
        msg = f"low = {low.tolist()}, high = {high.tolist()}; one range, low below high, is needed for each input."
        raise ValueError(msg)
    return low, high


class _Points:
    """Points at which a function is evaluated in turn, until it is cancelled.

    ``looked`` is called with the number that is done whenever it reaches one of ``stops``.
    """

    def __init__(self, function, points, progress, cancelled, stops=(), looked=None):
        self.out = np.full(len(points), np.nan)
        self.done = 0
        stops = set(stops)
        for i, point in enumerate(points):
            if cancelled is not None and cancelled():
                return
            try:
                self.out[i] = function(point)
            except Cancelled:
                return
            self.done = i + 1
            if progress is not None:
                progress(self.done / len(points))
            if looked is not None and self.done in stops:
                looked(self)

    @property
    def complete(self) -> bool:
        """Whether all points were evaluated."""
        return self.done == len(self.out)


def one_at_a_time(
    function: Function,
    base: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Tornado:
    """Move each input to the ends of its range, the others at ``base``.

    Parameters
    ----------
    function : callable
        Of an array (k,), returns a number; may raise `models.kernel.Cancelled`.
    base, low, high : (k,) array
        Values and ranges.
    progress : callable, optional
        Told the share done.
    cancelled : callable, optional
        Asked before each evaluation; when it says yes, the rest is left out.

    Raises
    ------
    ValueError
        If a range is empty.
    models.kernel.Cancelled
        If it was cancelled before any input was moved.
    """
    low, high = _checked(low, high)
    base = np.asarray(base, float)
    points = np.tile(base, (2 * len(base) + 1, 1))
    for k in range(len(base)):
        points[2 * k + 1, k], points[2 * k + 2, k] = low[k], high[k]
    run = _Points(function, points, progress, cancelled)
    if run.done < 3:
        raise Cancelled
    out = run.out
    ends = out[1:].reshape(-1, 2)
    ends[np.isnan(ends).any(axis=1)] = np.nan
    reach = np.maximum(np.abs(ends - out[0]).max(axis=1), np.abs(ends[:, 1] - ends[:, 0]))
    order = np.argsort(-np.nan_to_num(reach, nan=-1.0), kind="stable")
    return Tornado(order, ends[:, 0], ends[:, 1], float(out[0]), run.done, run.complete)


def _settling(most: int, least: int) -> np.ndarray:
    """Return growing sizes up to ``most``: powers of 2 from ``least`` on, and the last one."""
    sizes = [n for n in 2 ** np.arange(31) if least <= n < most]
    return np.array([*sizes, most], int)


def morris(
    function: Function,
    low: Sequence[float],
    high: Sequence[float],
    *,
    trajectories: int = 20,
    levels: int = 4,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    partial: Callable[[Morris], None] | None = None,
) -> Morris:
    """Screen inputs by elementary effects along random trajectories (Morris 1991, mu* of Campolongo et al. 2007).

    Parameters
    ----------
    function, low, high, progress, cancelled
        See `one_at_a_time`.
    trajectories : int
        Each takes k + 1 evaluations.
    levels : int
        Even number of grid levels; a step is levels / (2 (levels - 1)) of the range.
    seed : int
        Of the trajectories.
    partial : callable, optional
        Given the result of 2, 4, 8 ... trajectories.

    Raises
    ------
    ValueError
        If a range is empty, ``levels`` is odd, or there are fewer than two trajectories.
    models.kernel.Cancelled
        If it was cancelled before two trajectories were done.
    """
    low, high = _checked(low, high)
    if levels < 2 or levels % 2 or trajectories < LEAST_TRAJECTORIES:
        msg = f"levels = {levels}, trajectories = {trajectories}; an even number, and 2 or more, are accepted."
        raise ValueError(msg)
    random, k = np.random.default_rng(seed), len(low)
    step = levels / (2 * (levels - 1))
    points, moved, signs = [], [], []
    for _ in range(trajectories):
        place = random.integers(0, levels // 2, k) / (levels - 1)
        sign = random.choice([-1.0, 1.0], k)
        place = np.where(sign < 0, place + step, place)
        points.append(place.copy())
        order = random.permutation(k)
        for i in order:
            place[i] += sign[i] * step
            points.append(place.copy())
        moved.append(order)
        signs.append(sign)
    unit = np.array(points)

    def result(run: _Points) -> Morris:
        count = run.done // (k + 1)
        if count < LEAST_TRAJECTORIES:
            raise Cancelled
        out = run.out[: count * (k + 1)].reshape(count, k + 1)
        effects = np.empty((count, k))
        for t in range(count):
            effects[t, moved[t]] = np.diff(out[t]) / (signs[t][moved[t]] * step)
        size = np.abs(effects)
        sizes = _settling(count, LEAST_TRAJECTORIES)
        means = np.array([size[:n].mean(axis=0) for n in sizes])
        halves = np.array([1.96 * size[:n].std(axis=0, ddof=1) / np.sqrt(n) for n in sizes])
        std = effects.std(axis=0, ddof=1)
        return Morris(
            effects.mean(axis=0), means[-1], std, halves[-1], sizes, means, halves, out.size, count == trajectories
        )  # fmt: skip

    stops = [n * (k + 1) for n in _settling(trajectories, LEAST_TRAJECTORIES)[:-1]]
    look = None if partial is None else lambda run: partial(result(run))
    return result(_Points(function, low + unit * (high - low), progress, cancelled, stops, look))


def _indices(a: np.ndarray, b: np.ndarray, ab: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """First-order (Saltelli et al. 2010) and total (Jansen 1999) indices from f(A), f(B) (n,) and f(AB) (n, k)."""
    variance = float(np.var(np.concatenate([a, b])))
    if variance <= 0:
        return np.zeros(ab.shape[1]), np.zeros(ab.shape[1]), variance
    first = (b[:, None] * (ab - a[:, None])).mean(axis=0) / variance
    return first, 0.5 * ((a[:, None] - ab) ** 2).mean(axis=0) / variance, variance


def _interval(a: np.ndarray, b: np.ndarray, ab: np.ndarray, bootstrap: int, seed: int) -> np.ndarray:
    """Return the 95 % interval (end, first or total, k) of both indices, by bootstrap of the rows."""
    random = np.random.default_rng(seed)
    draws = np.empty((bootstrap, 2, ab.shape[1]))
    for i in range(bootstrap):
        rows = random.integers(0, len(a), len(a))
        draws[i, 0], draws[i, 1], _ = _indices(a[rows], b[rows], ab[rows])
    return np.percentile(draws, [2.5, 97.5], axis=0)


def sobol(
    function: Function,
    low: Sequence[float],
    high: Sequence[float],
    *,
    samples: int = 128,
    bootstrap: int = 200,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    partial: Callable[[Sobol], None] | None = None,
) -> Sobol:
    """Compute Sobol's first-order and total indices from ``samples`` (k + 2) evaluations.

    Parameters
    ----------
    function, low, high, progress, cancelled
        See `one_at_a_time`; inputs are uniform and independent.
    samples : int
        A power of 2, 8 or more: the sample is a scrambled Sobol sequence.
    bootstrap : int
        Resamples of the rows, for the intervals.
    seed : int
        Of sequence and bootstrap.
    partial : callable, optional
        Given the result of 8, 16, 32 ... rows.

    Raises
    ------
    ValueError
        If a range is empty, or ``samples`` is no power of 2.
    models.kernel.Cancelled
        If it was cancelled before eight rows were done.
    """
    low, high = _checked(low, high)
    if samples < LEAST_ROWS or samples & (samples - 1):
        msg = f"samples = {samples}; a power of 2, 8 or more, is accepted."
        raise ValueError(msg)
    k = len(low)
    unit = qmc.Sobol(2 * k, seed=seed).random(samples)
    first, second = unit[:, :k], unit[:, k:]
    mixed = np.repeat(first[:, None], k, axis=1)  # (n, k, k): A with one column of B
    mixed[:, np.arange(k), np.arange(k)] = second
    # Row by row, so that a run that is cut short has whole rows.
    points = np.concatenate([first[:, None], second[:, None], mixed], axis=1).reshape(-1, k)

    def result(run: _Points) -> Sobol:
        count = run.done // (k + 2)
        if count < LEAST_ROWS:
            raise Cancelled
        out = run.out[: count * (k + 2)].reshape(count, k + 2)
        centre = out.mean()  # indices do not hang on it, their estimates do
        a, b, ab = out[:, 0] - centre, out[:, 1] - centre, out[:, 2:] - centre
        s, t, variance = _indices(a, b, ab)
        sizes = _settling(count, LEAST_ROWS)
        settled = np.array([_indices(a[:n], b[:n], ab[:n])[1] for n in sizes])
        bounds = np.array([_interval(a[:n], b[:n], ab[:n], bootstrap, seed) for n in sizes])
        ends = (bounds[-1, 0, 0], bounds[-1, 1, 0], bounds[-1, 0, 1], bounds[-1, 1, 1])
        return Sobol(
            s, t, *ends, sizes, settled, bounds[:, 0, 1], bounds[:, 1, 1], out.size, variance, float(centre),
            count == samples,
        )  # fmt: skip

    stops = [n * (k + 2) for n in _settling(samples, LEAST_ROWS)[:-1]]
    look = None if partial is None else lambda run: partial(result(run))
    return result(_Points(function, low + points * (high - low), progress, cancelled, stops, look))
