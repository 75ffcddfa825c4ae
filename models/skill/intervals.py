r"""Confidence intervals of all scores of a series at once, by resampling blocks of its pairs.

The residual of one day is much like that of the next: single days drawn at random would make an interval too narrow.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.draws import uniform_pair
from models.kernel import kernel, spread
from models.skill.scores import Scores

__all__ = ["Interval", "score_intervals"]

STREAM = 2049
"""Stream of the draws of blocks, beside that of `models.skill.significance`."""

LEAST = 3
"""Pairs below which a series has no interval."""

_SCORES = 4


class Interval(NamedTuple):
    """Lower and upper ends, each of (series,) arrays."""

    low: Scores
    high: Scores


@kernel
def _resample(first, last, sim, obs, begin, offset, block, seed, out):
    """Write R, RMSE, ubRMSE and bias of resampled pairs (series, 4, draw) of series ``first`` to ``last``.

    ``sim`` and ``obs`` (pair,) hold one series after the other as departures from their means; series ``c`` is
    ``begin[c]`` to ``begin[c + 1]``, its mean difference ``offset[c]``. Blocks of ``block`` pairs begin anywhere.
    """
    for c in range(first, last):
        n = begin[c + 1] - begin[c]
        if n < LEAST:
            continue
        # Sums up to each pair: a block's share of any sum is a difference of two of these.
        sums, total = np.zeros((n + 1, 5)), np.empty(5)
        for t in range(n):
            x, y = sim[begin[c] + t], obs[begin[c] + t]
            sums[t + 1, 0] = sums[t, 0] + x
            sums[t + 1, 1] = sums[t, 1] + y
            sums[t + 1, 2] = sums[t, 2] + x * x
            sums[t + 1, 3] = sums[t, 3] + y * y
            sums[t + 1, 4] = sums[t, 4] + x * y
        size = min(block, n)
        pieces = (n + size - 1) // size
        for draw in range(out.shape[2]):
            total[:] = 0.0
            other = 0.0
            for piece in range(pieces):
                u = other
                if piece % 2 == 0:
                    u, other = uniform_pair(seed, STREAM, c, draw * 65536 + piece)
                start = min(int(u * (n - size + 1)), n - size)
                end = start + min(size, n - piece * size)
                for k in range(5):
                    total[k] += sums[end, k] - sums[start, k]
            mx, my = total[0] / n, total[1] / n
            vx, vy = max(total[2] / n - mx * mx, 0.0), max(total[3] / n - my * my, 0.0)
            covariance = total[4] / n - mx * my
            bias = mx - my + offset[c]
            ub = max(vx + vy - 2.0 * covariance, 0.0)
            scale = np.sqrt(vx * vy)
            out[c, 0, draw] = covariance / scale if scale > 0.0 else np.nan
            out[c, 1, draw] = np.sqrt(ub + bias * bias)
            out[c, 2, draw] = np.sqrt(ub)
            out[c, 3, draw] = bias


def score_intervals(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    block: int = 30,
    draws: int = 500,
    level: float = 0.95,
    seed: int = 1,
) -> Interval:
    """Give R, RMSE, ubRMSE and bias of several series their confidence intervals (percentiles of moving blocks).

    Parameters
    ----------
    pairs : sequence of (sim, obs)
        Two series of one length and unit each; pairs with a NaN are left out and the rest closed up.
    block : int
        Pairs in a block; a shorter series is one block.
    draws : int
        Resampled series of each.
    level : float
        Coverage of the interval.
    seed : int
        Draws are functions of (seed, series, draw): the same for any number of threads.

    Returns
    -------
    Interval
        ``low`` and ``high``, `Scores` of (series,) arrays; ``n`` are the pairs. NaN with fewer than three pairs.

    Raises
    ------
    ValueError
        Two series differ in length, or a setting is out of range.

    Notes
    -----
    Moving blocks: Kunsch 1989, Ann. Stat., doi 10.1214/aos/1176347265.
    """
    if block < 1 or not 2 <= draws <= 65_536 or not 0 < level < 1:
        msg = f"block = {block}, draws = {draws}, level = {level}; 1 or more, 2 to 65536, and 0 to 1 are accepted."
        raise ValueError(msg)
    sims, obss, offset = [], [], np.zeros(len(pairs))
    for k, (sim, obs) in enumerate(pairs):
        sim, obs = np.asarray(sim, float), np.asarray(obs, float)
        if sim.shape != obs.shape or sim.ndim != 1:
            msg = f"Series {k} has shapes {sim.shape} and {obs.shape}; two series of one length are accepted."
            raise ValueError(msg)
        good = np.isfinite(sim) & np.isfinite(obs)
        sim, obs = sim[good], obs[good]
        if sim.size:
            offset[k] = sim.mean() - obs.mean()
            sim, obs = sim - sim.mean(), obs - obs.mean()
        sims.append(sim)
        obss.append(obs)
    n = np.array([sim.size for sim in sims], int)
    begin = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
    sample = np.full((len(pairs), _SCORES, draws), np.nan)
    if len(pairs):
        sim, obs = np.concatenate(sims), np.concatenate(obss)
        spread(lambda i, j: _resample(i, j, sim, obs, begin, offset, block, seed, sample), len(pairs), chunk=4)
    tail = 50.0 * (1.0 - level)
    low, high = np.full((2, _SCORES, len(pairs)), np.nan)
    sound = np.isfinite(sample).all(axis=2)
    if sound.any():
        low.T[sound], high.T[sound] = np.percentile(sample[sound], [tail, 100.0 - tail], axis=1)
    return Interval(Scores(*low, n), Scores(*high, n))
