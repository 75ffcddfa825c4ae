r"""How good a series is when the truth is unknown: triple collocation, and the instrumental variable of two.

Both assume errors that know nothing of each other or of the truth. The two-series method needs errors without memory:
equal error autocorrelation of 0.3 turns a true R2 of 0.77 into 0.70.
"""

from typing import NamedTuple

import numpy as np

from models.kernel import kernel, spread

__all__ = ["Collocation", "Instrumental", "instrumental", "ivd_of_covariances", "triple_collocation"]


class Collocation(NamedTuple):
    """Result of `triple_collocation`; the first axis is x, y, z."""

    error_std: np.ndarray
    r: np.ndarray
    n: np.ndarray


class Instrumental(NamedTuple):
    """Result of `instrumental`."""

    r2_x: np.ndarray
    r2_y: np.ndarray
    scaling: np.ndarray
    n: np.ndarray


@kernel
def _triple(first, last, x, y, z, error, r, count):
    """Write error standard deviation and R with the truth (series, 3) of series ``first`` to ``last``."""
    for c in range(first, last):
        n, mx, my, mz = 0, 0.0, 0.0, 0.0
        for t in range(x.shape[1]):
            if np.isfinite(x[c, t]) and np.isfinite(y[c, t]) and np.isfinite(z[c, t]):
                n, mx, my, mz = n + 1, mx + x[c, t], my + y[c, t], mz + z[c, t]
        count[c] = n
        error[c, :] = np.nan
        r[c, :] = np.nan
        if n < 3:
            continue
        mx, my, mz = mx / n, my / n, mz / n
        xx, yy, zz, xy, xz, yz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(x.shape[1]):
            if np.isfinite(x[c, t]) and np.isfinite(y[c, t]) and np.isfinite(z[c, t]):
                a, b, d = x[c, t] - mx, y[c, t] - my, z[c, t] - mz
                xx, yy, zz = xx + a * a, yy + b * b, zz + d * d
                xy, xz, yz = xy + a * b, xz + a * d, yz + b * d
        # The part of each variance that is the truth's, in the unit of that series.
        for k, (own, signal) in enumerate(((xx, xy * xz / yz), (yy, xy * yz / xz), (zz, xz * yz / xy))):
            if np.isfinite(signal):
                error[c, k] = np.sqrt((own - signal) / (n - 1)) if own >= signal else np.nan
                r[c, k] = np.sqrt(signal / own) if signal > 0.0 else np.nan


@kernel
def _lagged(first, last, x, y, lag, out, count):
    """Write C_xx, C_yy, C_xy, C_Ix, C_Jy of series ``first`` to ``last``; pairs need both, now and ``lag`` ago."""
    for c in range(first, last):
        n, mx, my, mi, mj = 0, 0.0, 0.0, 0.0, 0.0
        for t in range(lag, x.shape[1]):
            a, b, i, j = x[c, t], y[c, t], x[c, t - lag], y[c, t - lag]
            if np.isfinite(a) and np.isfinite(b) and np.isfinite(i) and np.isfinite(j):
                n, mx, my, mi, mj = n + 1, mx + a, my + b, mi + i, mj + j
        count[c] = n
        out[c, :] = np.nan
        if n < 3:
            continue
        mx, my, mi, mj = mx / n, my / n, mi / n, mj / n
        xx, yy, xy, ix, jy = 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(lag, x.shape[1]):
            a, b, i, j = x[c, t], y[c, t], x[c, t - lag], y[c, t - lag]
            if np.isfinite(a) and np.isfinite(b) and np.isfinite(i) and np.isfinite(j):
                a, b, i, j = a - mx, b - my, i - mi, j - mj
                xx, yy, xy, ix, jy = xx + a * a, yy + b * b, xy + a * b, ix + i * a, jy + j * b
        for k, value in enumerate((xx, yy, xy, ix, jy)):
            out[c, k] = value / (n - 1)


def _in_rows(axis: int, *series):
    """Bring series of one shape to rows, time last."""
    arrays = [np.moveaxis(np.asarray(s, float), axis, -1) for s in series]
    shape = arrays[0].shape
    for array in arrays[1:]:
        if array.shape != shape:
            shapes = ", ".join(str(np.shape(s)) for s in series)
            msg = f"The series have shapes {shapes}; series of one shape are accepted."
            raise ValueError(msg)
    return [np.ascontiguousarray(a.reshape(-1, shape[-1])) for a in arrays], shape[:-1]


def triple_collocation(x, y, z, axis: int = 0) -> Collocation:
    r"""Estimate the error of each of three series, and its correlation with the truth that none of them is.

    .. math::
        \sigma^2_{\epsilon x} = C_{xx} - \frac{C_{xy} C_{xz}}{C_{yz}}, \qquad
        R^2_x = \frac{C_{xy} C_{xz}}{C_{xx} C_{yz}}

    Source: Stoffelen 1998, doi 10.1029/97JC03180; McColl et al. 2014, doi 10.1002/2014GL061322.

    Parameters
    ----------
    x, y, z : array
        Series of one shape; times at which one of them is NaN are left out.
    axis : int
        The axis of time.

    Returns
    -------
    Collocation
        ``error_std`` (3, ...) in each series' own unit, ``r`` (3, ...) [1], ``n`` (...). NaN where covariances have
        signs that the model of errors cannot give, or with fewer than three times.

    Raises
    ------
    ValueError
        Shapes differ.
    """
    (x, y, z), shape = _in_rows(axis, x, y, z)
    error, r, n = np.empty((len(x), 3)), np.empty((len(x), 3)), np.empty(len(x), np.int64)
    spread(lambda first, last: _triple(first, last, x, y, z, error, r, n), len(x))
    return Collocation(error.T.reshape(3, *shape), r.T.reshape(3, *shape), n.reshape(shape))


def ivd_of_covariances(c_xx, c_yy, c_xy, c_ix, c_jy):
    r"""Return R2 of x and of y with the truth, and the scaling of x to y, from covariances.

    I and J are x and y one step earlier.

    .. math::
        s = \sqrt{C_{Ix} / C_{Jy}}, \qquad R^2_x = C_{xy} s / C_{xx}, \qquad R^2_y = C_{xy} / (C_{yy} s)

    Source: Dong et al. 2019, Remote Sens. Environ., doi 10.1016/j.rse.2019.03.003 (double instrumental variable).

    Returns
    -------
    r2_x, r2_y, scaling : arrays
        NaN where a lagged covariance is not positive.
    """
    c_xx, c_yy, c_xy, c_ix, c_jy = (np.asarray(c, float) for c in (c_xx, c_yy, c_xy, c_ix, c_jy))
    usable = (c_ix > 0) & (c_jy > 0)
    s = np.sqrt(np.where(usable, c_ix, np.nan) / np.where(usable, c_jy, np.nan))
    return c_xy * s / c_xx, c_xy / (c_yy * s), s


def instrumental(x, y, axis: int = 0, lag: int = 1) -> Instrumental:
    """Estimate how much of the variance of two series is the truth's, with their own past as instruments (IVd).

    Parameters
    ----------
    x, y : array
        Series of one shape on a regular axis of time; a time counts if both have a value then and ``lag`` steps before.
    axis : int
        The axis of time.
    lag : int
        Steps between a series and its instrument, 1 or more.

    Returns
    -------
    Instrumental
        ``r2_x``, ``r2_y`` [1] with the truth, ``scaling`` of x to y, ``n``. NaN where a lagged covariance is not
        positive.

    Raises
    ------
    ValueError
        Shapes differ, or the lag is below 1.
    """
    if lag < 1:
        msg = f"lag = {lag}; a whole number of steps from 1 on is accepted."
        raise ValueError(msg)
    (x, y), shape = _in_rows(axis, x, y)
    moments, n = np.empty((len(x), 5)), np.empty(len(x), np.int64)
    spread(lambda first, last: _lagged(first, last, x, y, lag, moments, n), len(x))
    r2_x, r2_y, s = ivd_of_covariances(*moments.T)
    return Instrumental(r2_x.reshape(shape), r2_y.reshape(shape), s.reshape(shape), n.reshape(shape))
