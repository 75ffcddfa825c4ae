r"""Match the distribution of one series to that of another: piecewise linear between percentiles, cell by cell.

The algorithm is that of pytesmo's ``CDFMatching`` (with ``combine_invalid`` and linear scaling of the edges), held to
it to 1e-12; so its arithmetic keeps the order of `numpy.interp`: where a percentile falls on a datum, round-off
decides on which side of an edge it counts.
"""

import numpy as np

from models.kernel import kernel

__all__ = ["apply_cells", "fit_cells"]


@kernel
def _percentiles(s, wanted, out):
    """Interpolate sorted values ``s`` at percentages, at Hazen's positions 100 (i + 0.5) / n, clamped outside."""
    n = s.size
    for k in range(wanted.size):
        p = wanted[k]
        if p < 100.0 * 0.5 / n:
            out[k] = s[0]
        elif p > 100.0 * (n - 1 + 0.5) / n:
            out[k] = s[n - 1]
        else:
            i = min(max(int(p / 100.0 * n - 0.5), 0), n - 1)
            while i > 0 and 100.0 * (i + 0.5) / n > p:
                i -= 1
            while i < n - 1 and 100.0 * (i + 1 + 0.5) / n <= p:
                i += 1
            below = 100.0 * (i + 0.5) / n
            if i == n - 1 or below == p:
                out[k] = s[i]
            else:
                out[k] = (s[i + 1] - s[i]) / (100.0 * (i + 1 + 0.5) / n - below) * (p - below) + s[i]


@kernel
def _part_equal(values, percent):
    """Make values that repeat rise linearly, from the first of each distinct value; the last stands at the end."""
    m = values.size
    first = np.empty(m, np.int64)
    distinct = 0
    for k in range(m):
        if k == 0 or values[k] != values[k - 1]:
            first[distinct] = k
            distinct += 1
    if distinct in (1, m):
        return
    at, level = np.empty(distinct), np.empty(distinct)
    for j in range(distinct):
        at[j], level[j] = percent[first[j]], values[first[j]]
    at[distinct - 1] = percent[m - 1]
    j = 0
    for k in range(m):
        while j < distinct - 2 and percent[k] > at[j + 1]:
            j += 1
        values[k] = level[j] + (level[j + 1] - level[j]) * (percent[k] - at[j]) / (at[j + 1] - at[j])


@kernel
def _edge_slope(x, y):
    """Slope through the origin by least squares; x is resampled to as many values as y has."""
    n = y.size
    if x.size != n:
        percent, resampled = np.empty(n), np.empty(n)
        for i in range(n):
            percent[i] = i / (n - 1) * 100.0 if n > 1 else np.nan
        _percentiles(x, percent, resampled)
        _part_equal(resampled, percent)
        x = resampled
    xy, xx = 0.0, 0.0
    for i in range(n):
        xy += x[i] * y[i]
        xx += x[i] * x[i]
    return xy / xx if xx != 0.0 else 0.0


@kernel
def _line(x, y, knots_x, knots_y):
    """One bin: the straight line of least squares."""
    mean_x, mean_y, xx, xy = x.mean(), y.mean(), 0.0, 0.0
    for i in range(x.size):
        xx += (x[i] - mean_x) ** 2
        xy += (x[i] - mean_x) * (y[i] - mean_y)
    slope = xy / xx if xx > 0.0 else 0.0
    knots_x[0], knots_x[1] = 0.0, 1.0
    knots_y[0] = mean_y - mean_x * slope
    knots_y[1] = knots_y[0] + slope


@kernel
def _robust(s, share):
    """Say whether the interquartile range of sorted values is at least a share of their range."""
    quartiles = np.empty(2)
    _percentiles(s, np.array([25.0, 75.0]), quartiles)
    width = s[s.size - 1] - s[0]
    return width > 0.0 and quartiles[1] - quartiles[0] >= share * width


@kernel
def _fit(x, y, bins, least, edges, share, knots_x, knots_y):
    """Fit pairs without NaN; return the number of bins and whether both distributions are robust. Sorts x and y."""
    n = x.size
    if least > 0 and n * (100.0 / bins) / 100.0 < least:
        bins = min(max(n // least, 1), bins)
    percent = np.arange(bins + 1) / bins * 100.0
    if bins == 1 and edges:
        _line(x, y, knots_x, knots_y)
        x.sort()
        y.sort()
    else:
        x.sort()
        y.sort()
        kx, ky = knots_x[: bins + 1], knots_y[: bins + 1]
        _percentiles(x, percent, kx)
        _part_equal(kx, percent)
        _percentiles(y, percent, ky)
        _part_equal(ky, percent)
        if edges:
            slope = _edge_slope(x[x <= kx[1]] - kx[1], y[y <= ky[1]] - ky[1])
            bottom = ky[1] + slope * (kx[0] - kx[1])
            slope = _edge_slope(x[x >= kx[bins - 1]] - kx[bins - 1], y[y >= ky[bins - 1]] - ky[bins - 1])
            top = ky[bins - 1] + slope * (kx[bins] - kx[bins - 1])
            ky[0], ky[bins] = bottom, top
    return bins, _robust(x, share) and _robust(y, share)


@kernel
def fit_cells(first, last, x, y, group, pool, cyclic, bins, least, edges, share, used, knots_x, knots_y, pairs, robust):
    """Fit cells ``first`` to ``last``.

    Parameters
    ----------
    x, y : (cell, time) float64 array
        The series to be changed and the reference; pairs with a NaN are left out.
    group : (time,) int64 array
        Month 0 to 11, or 0 for one fit over all times.
    pool : int
        Neighbouring groups on each side whose pairs are taken in (round the year, of ``cyclic`` groups).
    bins, least : int
        Most bins, and fewest pairs in a bin: with fewer than bins x least pairs there are pairs // least bins.
    edges : bool
        Replace the outermost knots by linear scaling.
    share : float
        Least interquartile range, as a share of the range, of a robust distribution.
    used, pairs : (cell, group) int64 array
        Written: number of bins (0: none), number of pairs.
    knots_x, knots_y : (cell, group, bins + 1) float64 array
        Written: NaN beyond the bins used.
    robust : (cell, group) bool array
        Written.
    """
    times = x.shape[1]
    a, b = np.empty(times), np.empty(times)
    for c in range(first, last):
        for g in range(cyclic):
            n = 0
            for t in range(times):
                apart = (group[t] - g) % cyclic
                near = apart <= pool or cyclic - apart <= pool
                if near and np.isfinite(x[c, t]) and np.isfinite(y[c, t]):
                    a[n], b[n] = x[c, t], y[c, t]
                    n += 1
            knots_x[c, g, :] = np.nan
            knots_y[c, g, :] = np.nan
            pairs[c, g], used[c, g], robust[c, g] = n, 0, False
            if n == 0:
                continue
            many, sound = _fit(a[:n].copy(), b[:n].copy(), bins, least, edges, share, knots_x[c, g], knots_y[c, g])
            rising = True
            for k in range(many):
                rising &= knots_x[c, g, k + 1] > knots_x[c, g, k]
            used[c, g] = many if rising else 0
            robust[c, g] = sound and rising


@kernel
def apply_cells(first, last, x, group, used, knots_x, knots_y, out):
    """Write the matched values of cells ``first`` to ``last``: linear between knots, and beyond the outermost."""
    for c in range(first, last):
        for t in range(x.shape[1]):
            g, v = group[t], x[c, t]
            if used[c, g] == 0 or not np.isfinite(v):
                out[c, t] = np.nan
                continue
            low, high = 0, used[c, g]
            while high - low > 1:
                middle = (low + high) // 2
                if knots_x[c, g, middle] <= v:
                    low = middle
                else:
                    high = middle
            kx, ky = knots_x[c, g], knots_y[c, g]
            out[c, t] = ky[low] + (ky[low + 1] - ky[low]) * (v - kx[low]) / (kx[low + 1] - kx[low])
