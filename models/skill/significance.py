r"""Is a gain in skill more than chance? Over sites by Wilcoxon's test, at one site by a bootstrap of blocks of days."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from models.draws import uniform_pair
from models.kernel import inline_kernel, kernel, spread

__all__ = ["Bootstrap", "Wilcoxon", "bootstrap_correlation", "bootstrap_gain", "wilcoxon_over_sites"]

STREAM = 2048
"""Stream of the draws of blocks: none of the ensemble's or the observations'."""


class Wilcoxon(NamedTuple):
    """Result of `wilcoxon_over_sites`."""

    median: float
    share_better: float
    p_value: float
    n: int


class Bootstrap(NamedTuple):
    """Result of a bootstrap; each has one value a series."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_value: np.ndarray
    n: np.ndarray


@inline_kernel
def _correlation(n, sum_x, sum_y, xx, yy, xy):
    """Pearson's R from sums of departures from an origin; NaN where a series is constant."""
    vx, vy = xx - sum_x * sum_x / n, yy - sum_y * sum_y / n
    return (xy - sum_x * sum_y / n) / np.sqrt(vx * vy) if vx > 0.0 and vy > 0.0 else np.nan


@kernel
def _resample(first, last, names, a, b, truth, length, block, seed, out):
    """Write R of a (less R of b) with the truth, of resampled series (series, draw), ``first`` to ``last``.

    a, b, truth : (series, time), without NaN up to ``length``, as departures from their means. ``b`` without a column
    asks for R of a alone. Blocks of ``block`` steps begin anywhere; all three series take the same ones.
    """
    paired = b.shape[1] > 0
    # Sums up to each time: a block's share of any sum is a difference of two of these.
    sums, total = np.zeros((truth.shape[1] + 1, 8)), np.empty(8)
    for c in range(first, last):
        n = length[c]
        for t in range(n):
            x, q = a[c, t], truth[c, t]
            y = b[c, t] if paired else 0.0
            for k, value in enumerate((x, q, x * x, q * q, x * q, y, y * y, y * q)):
                sums[t + 1, k] = sums[t, k] + value
        size = min(block, n)
        pieces = (n + size - 1) // size
        for draw in range(out.shape[1]):
            total[:] = 0.0
            other = 0.0
            for piece in range(pieces):
                u = other
                if piece % 2 == 0:
                    u, other = uniform_pair(seed, STREAM, names[c], draw * 65536 + piece)
                begin = min(int(u * (n - size + 1)), n - size)
                end = begin + min(size, n - piece * size)
                for k in range(8):
                    total[k] += sums[end, k] - sums[begin, k]
            value = _correlation(n, total[0], total[1], total[2], total[3], total[4])
            if paired:
                value -= _correlation(n, total[5], total[1], total[6], total[3], total[7])
            out[c, draw] = value


def wilcoxon_over_sites(after, before, alternative: str = "two-sided") -> Wilcoxon:
    """Test whether skill at many sites has changed (Wilcoxon's signed-rank test).

    Not for the cells of a gridded product, which are not independent.

    Parameters
    ----------
    after, before : (site,) array
        Skill of two runs, R for example; sites where one is NaN are left out.
    alternative : str
        "two-sided", "greater" or "less", as in `scipy.stats.wilcoxon`.

    Returns
    -------
    Wilcoxon
        Median change, share of sites with a gain, p-value (NaN if no site changed), number of sites.

    Raises
    ------
    ValueError
        Shapes differ, or there is no site with both.
    """
    after, before = np.asarray(after, float), np.asarray(before, float)
    if after.shape != before.shape or after.ndim != 1:
        msg = f"after has shape {after.shape}, before {before.shape}; one value a site in both is accepted."
        raise ValueError(msg)
    gain = (after - before)[np.isfinite(after) & np.isfinite(before)]
    if not gain.size:
        msg = "No site has a skill in both runs; there is nothing to test."
        raise ValueError(msg)
    p = stats.wilcoxon(gain, alternative=alternative).pvalue if gain.any() else np.nan
    return Wilcoxon(float(np.median(gain)), float((gain > 0).mean()), float(p), int(gain.size))


def _resampled(a, b, truth, block, draws, level, seed, axis) -> Bootstrap:
    series = [np.moveaxis(np.asarray(s, float), axis, -1) for s in (a, truth, *([] if b is None else [b]))]
    shapes = {s.shape for s in series}
    if len(shapes) > 1:
        msg = f"The series have shapes {', '.join(str(s.shape) for s in series)} (time last); one shape is accepted."
        raise ValueError(msg)
    if block < 1 or not 2 <= draws <= 65_536 or not 0 < level < 1:
        msg = f"block = {block}, draws = {draws}, level = {level}; 1 or more, 2 to 65536, and 0 to 1 are accepted."
        raise ValueError(msg)
    shape = series[0].shape[:-1]
    rows = [s.reshape(-1, s.shape[-1]) for s in series]
    held = np.logical_and.reduce([np.isfinite(s) for s in rows])
    n = held.sum(axis=1)
    packed = []
    for values in rows:
        # Days without all series are closed up, so a block is a number of days that count.
        order = np.argsort(~held, axis=1, kind="stable")
        moved = np.take_along_axis(np.where(held, values, 0.0), order, axis=1)
        mean = moved.sum(axis=1) / np.maximum(n, 1)
        packed.append(np.where(np.arange(moved.shape[1]) < n[:, None], moved - mean[:, None], 0.0))
    first, truth_rows = packed[0], packed[1]
    second = packed[2] if b is not None else np.zeros((len(n), 0))
    sample = np.full((len(n), draws), np.nan)
    enough = np.flatnonzero(n >= 3)
    if enough.size:
        args = [np.ascontiguousarray(p[enough]) for p in (first, second, truth_rows)]
        part, length = np.empty((enough.size, draws)), n[enough]
        spread(lambda i, j: _resample(i, j, enough, *args, length, block, seed, part), enough.size)
        sample[enough] = part
    value = _exact(first, truth_rows)
    if b is not None:
        value = value - _exact(second, truth_rows)
    value = np.where(n >= 3, value, np.nan)
    tail = 50.0 * (1.0 - level)
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    p = np.full(len(n), np.nan)
    sound = np.isfinite(sample).all(axis=1)
    if sound.any():
        low[sound], high[sound] = np.percentile(sample[sound], [tail, 100.0 - tail], axis=1)
        below, above = (sample[sound] <= 0).sum(axis=1), (sample[sound] >= 0).sum(axis=1)
        p[sound] = np.minimum(1.0, 2.0 * (np.minimum(below, above) + 1) / (draws + 1))
    return Bootstrap(*(v.reshape(shape) for v in (value, low, high, p, n)))


def _exact(x, y) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))


def bootstrap_correlation(
    sim, obs, *, block: int = 20, draws: int = 1000, level: float = 0.95, seed: int = 1, axis: int = 0
) -> Bootstrap:
    """Give Pearson's R a confidence interval, by resampling blocks of days.

    Soil moisture of one day is much like that of the next: single days would make the interval too narrow.

    Parameters
    ----------
    sim, obs : array
        Series of one shape; times at which one is NaN are left out.
    block : int
        Days in a block.
    draws : int
        Resampled series.
    level : float
        Coverage of the interval.
    seed : int
        Draws are functions of (seed, series, draw): the same for any number of threads.
    axis : int
        The axis of time.

    Returns
    -------
    Bootstrap
        R, its percentile interval, two-sided p-value of R = 0, number of pairs. NaN with fewer than three.

    Raises
    ------
    ValueError
        Shapes differ, or a setting is out of range.

    Notes
    -----
    Moving blocks: Kunsch 1989, Ann. Stat., doi 10.1214/aos/1176347265.
    """
    return _resampled(sim, None, obs, block, draws, level, seed, axis)


def bootstrap_gain(
    after, before, obs, *, block: int = 20, draws: int = 1000, level: float = 0.95, seed: int = 1, axis: int = 0
) -> Bootstrap:
    """Give the change of Pearson's R a confidence interval: the same blocks of days for both runs and what is observed.

    Arguments and result are those of `bootstrap_correlation`; ``value`` is R of ``after`` less R of ``before``. A gain
    is significant where ``low`` > 0.
    """
    return _resampled(after, before, obs, block, draws, level, seed, axis)
