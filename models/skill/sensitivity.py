"""Sensitivity of any function to its inputs: one at a time, Morris' screening, Sobol's indices with confidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

__all__ = ["Morris", "Sobol", "Tornado", "morris", "one_at_a_time", "sobol"]

Function = Callable[[np.ndarray], float]


@dataclass(frozen=True, eq=False)
class Tornado:
    """Output at the ends of each input's range, the others at their base; sorted by reach.

    Attributes
    ----------
    order : (k,) int array
        Inputs, the one that moves the output most first.
    low, high : (k,) array
        Output with the input at its low and high end, in the order of the inputs.
    base : float
    """

    order: np.ndarray
    low: np.ndarray
    high: np.ndarray
    base: float


@dataclass(frozen=True, eq=False)
class Morris:
    """Elementary effects over the unit range of each input.

    Attributes
    ----------
    mean, mean_abs, std : (k,) array
        Mean effect, mean of its size (mu*), and standard deviation (curvature and interaction).
    confidence : (k,) array
        Half-width of the 95 % interval of ``mean_abs``.
    evaluations : int
    """

    mean: np.ndarray
    mean_abs: np.ndarray
    std: np.ndarray
    confidence: np.ndarray
    evaluations: int


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
    total_by_size : (m, k) array
        Total indices at those: how they settle.
    evaluations : int
    variance : float
        Of the output.
    """

    first: np.ndarray
    total: np.ndarray
    first_low: np.ndarray
    first_high: np.ndarray
    total_low: np.ndarray
    total_high: np.ndarray
    sizes: np.ndarray
    total_by_size: np.ndarray
    evaluations: int
    variance: float


def _checked(low: Sequence[float], high: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.asarray(low, float), np.asarray(high, float)
    if low.shape != high.shape or low.ndim != 1 or not low.size or not (low < high).all():
        msg = f"low = {low.tolist()}, high = {high.tolist()}; one range, low below high, is needed for each input."
        raise ValueError(msg)
    return low, high


def _run(function: Function, points: np.ndarray, progress: Callable[[float], None] | None) -> np.ndarray:
    out = np.empty(len(points))
    for i, point in enumerate(points):
        out[i] = function(point)
        if progress is not None:
            progress((i + 1) / len(points))
    return out


def one_at_a_time(
    function: Function,
    base: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    progress: Callable[[float], None] | None = None,
) -> Tornado:
    """Move each input to the ends of its range, the others at ``base``.

    Parameters
    ----------
    function : callable
        Of an array (k,), returns a number.
    base, low, high : (k,) array
        Values and ranges.
    progress : callable, optional
        Told the share done.

    Raises
    ------
    ValueError
        If a range is empty.
    """
    low, high = _checked(low, high)
    base = np.asarray(base, float)
    points = np.tile(base, (2 * len(base) + 1, 1))
    for k in range(len(base)):
        points[2 * k + 1, k], points[2 * k + 2, k] = low[k], high[k]
    out = _run(function, points, progress)
    ends = out[1:].reshape(-1, 2)
    reach = np.maximum(np.abs(ends - out[0]).max(axis=1), np.abs(ends[:, 1] - ends[:, 0]))
    return Tornado(np.argsort(-reach, kind="stable"), ends[:, 0], ends[:, 1], float(out[0]))


def morris(
    function: Function,
    low: Sequence[float],
    high: Sequence[float],
    *,
    trajectories: int = 20,
    levels: int = 4,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Morris:
    """Screen inputs by elementary effects along random trajectories (Morris 1991, mu* of Campolongo et al. 2007).

    Parameters
    ----------
    function, low, high, progress
        See `one_at_a_time`.
    trajectories : int
        Each takes k + 1 evaluations.
    levels : int
        Even number of grid levels; a step is levels / (2 (levels - 1)) of the range.
    seed : int
        Of the trajectories.

    Raises
    ------
    ValueError
        If a range is empty, ``levels`` is odd, or there are fewer than two trajectories.
    """
    low, high = _checked(low, high)
    if levels < 2 or levels % 2 or trajectories < 2:
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
    out = _run(function, low + unit * (high - low), progress).reshape(trajectories, k + 1)
    effects = np.empty((trajectories, k))
    for t in range(trajectories):
        for turn, i in enumerate(moved[t]):
            effects[t, i] = (out[t, turn + 1] - out[t, turn]) / (signs[t][i] * step)
    size = np.abs(effects)
    half = 1.96 * size.std(axis=0, ddof=1) / np.sqrt(trajectories)
    return Morris(effects.mean(axis=0), size.mean(axis=0), effects.std(axis=0, ddof=1), half, len(unit))


def _indices(a: np.ndarray, b: np.ndarray, ab: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """First-order (Saltelli et al. 2010) and total (Jansen 1999) indices from f(A), f(B) (n,) and f(AB) (n, k)."""
    variance = float(np.var(np.concatenate([a, b])))
    if variance <= 0:
        return np.zeros(ab.shape[1]), np.zeros(ab.shape[1]), variance
    first = (b[:, None] * (ab - a[:, None])).mean(axis=0) / variance
    return first, 0.5 * ((a[:, None] - ab) ** 2).mean(axis=0) / variance, variance


def sobol(
    function: Function,
    low: Sequence[float],
    high: Sequence[float],
    *,
    samples: int = 128,
    bootstrap: int = 200,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Sobol:
    """Compute Sobol's first-order and total indices from ``samples`` (k + 2) evaluations.

    Parameters
    ----------
    function, low, high, progress
        See `one_at_a_time`; inputs are uniform and independent.
    samples : int
        A power of 2, 8 or more: the sample is a scrambled Sobol sequence.
    bootstrap : int
        Resamples of the rows, for the intervals.
    seed : int
        Of sequence and bootstrap.

    Raises
    ------
    ValueError
        If a range is empty, or ``samples`` is no power of 2.
    """
    low, high = _checked(low, high)
    if samples < 8 or samples & (samples - 1):
        msg = f"samples = {samples}; a power of 2, 8 or more, is accepted."
        raise ValueError(msg)
    k = len(low)
    unit = qmc.Sobol(2 * k, seed=seed).random(samples)
    first, second = unit[:, :k], unit[:, k:]
    mixed = np.repeat(first[:, None], k, axis=1)  # (n, k, k): A with one column of B
    mixed[:, np.arange(k), np.arange(k)] = second
    # Row by row, so that a run that is cut short has whole rows.
    points = np.concatenate([first[:, None], second[:, None], mixed], axis=1).reshape(-1, k)
    out = _run(function, low + points * (high - low), progress).reshape(samples, k + 2)
    centre = out.mean()  # indices do not hang on it, their estimates do
    a, b, ab = out[:, 0] - centre, out[:, 1] - centre, out[:, 2:] - centre
    s, t, variance = _indices(a, b, ab)
    random = np.random.default_rng(seed)
    draws = np.empty((bootstrap, 2, k))
    for i in range(bootstrap):
        rows = random.integers(0, samples, samples)
        draws[i, 0], draws[i, 1], _ = _indices(a[rows], b[rows], ab[rows])
    bounds = np.percentile(draws, [2.5, 97.5], axis=0)
    sizes = np.array([n for n in 2 ** np.arange(3, 31) if n <= samples])
    settled = np.array([_indices(a[:n], b[:n], ab[:n])[1] for n in sizes])
    ends = (bounds[0, 0], bounds[1, 0], bounds[0, 1], bounds[1, 1])
    return Sobol(s, t, *ends, sizes, settled, out.size, variance)
