r"""Climatologies by day of year and what departs from them, of many series at once.

Two ways are in use and give different numbers, so both are here:

- `moving_climatology`: a moving average of the series (5 days), the mean of each day of year, and a moving average
  of these (35 days) that goes round the year; as pytesmo does.
- `window_climatology`: the mean of all values of all years within 15 days of a day of year.

Days of year are counted as in a leap year: 29 February is number 60 and 1 March 61 in every year.
"""

import numpy as np

from models.kernel import kernel, spread

__all__ = [
    "METHODS",
    "anomalies",
    "day_of_366",
    "departures",
    "moving_average",
    "moving_climatology",
    "window_climatology",
]

DAYS = 366
METHODS = ("window", "moving", "running")
"""Ways to take the season away: both climatologies, and a moving average of the series itself (35 days), which also
takes slow changes between the years away."""


def day_of_366(time) -> np.ndarray:
    """Return the place of each day in a leap year, 0 to 365; 1 March is 60 in every year.

    Parameters
    ----------
    time : (time,) datetime64 array

    Examples
    --------
    >>> day_of_366(np.array(["2015-02-28", "2015-03-01", "2016-03-01"], "datetime64[D]"))
    array([58, 60, 60])
    """
    day = np.asarray(time).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    of_month = (day - month.astype("datetime64[D]")).astype(int)
    starts = np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    return starts[month.astype(int) % 12] + of_month


@kernel
def _boxcar(x, half, out):
    """Mean of the values within ``half`` places; NaN where there is none. Sums are of departures from the first."""
    n, origin = x.size, 0.0
    for i in range(n):
        if np.isfinite(x[i]):
            origin = x[i]
            break
    total, many = 0.0, 0
    for i in range(min(half, n)):
        if np.isfinite(x[i]):
            total += x[i] - origin
            many += 1
    for i in range(n):
        if i + half < n and np.isfinite(x[i + half]):
            total += x[i + half] - origin
            many += 1
        if i - half - 1 >= 0 and np.isfinite(x[i - half - 1]):
            total -= x[i - half - 1] - origin
            many -= 1
        out[i] = origin + total / many if many > 0 else np.nan


@kernel
def _moving(first, last, x, half, out):
    for c in range(first, last):
        _boxcar(x[c], half, out[c])


@kernel
def _moving_climatology(first, last, x, day, half, wide, out):
    """Write the climatology of series ``first`` to ``last``; ``half`` and ``wide`` are half widths [d]."""
    smooth, total, many = np.empty(x.shape[1]), np.empty(DAYS), np.empty(DAYS)
    ring, mean = np.empty(DAYS + 2 * wide), np.empty(DAYS + 2 * wide)
    for c in range(first, last):
        _boxcar(x[c], half, smooth)
        total[:] = 0.0
        many[:] = 0.0
        for t in range(x.shape[1]):
            if np.isfinite(smooth[t]):
                total[day[t]] += smooth[t]
                many[day[t]] += 1
        for k in range(DAYS + 2 * wide):
            d = (k - wide) % DAYS
            ring[k] = total[d] / many[d] if many[d] > 0 else np.nan
        _boxcar(ring, wide, mean)
        for d in range(DAYS):
            out[c, d] = mean[d + wide]


@kernel
def _window_climatology(first, last, x, day, half, least, out):
    """Write mean, standard deviation and count (series, 3, day) of all values within ``half`` days of each day."""
    total, square, many = np.empty(DAYS), np.empty(DAYS), np.empty(DAYS)
    for c in range(first, last):
        total[:] = 0.0
        square[:] = 0.0
        many[:] = 0.0
        whole, count = 0.0, 0
        for t in range(x.shape[1]):
            if np.isfinite(x[c, t]):
                whole += x[c, t]
                count += 1
        # Of departures from the mean of all, so that large values lose no digits.
        origin = whole / count if count > 0 else 0.0
        for t in range(x.shape[1]):
            if np.isfinite(x[c, t]):
                v = x[c, t] - origin
                total[day[t]] += v
                square[day[t]] += v * v
                many[day[t]] += 1
        for d in range(DAYS):
            s, q, n = 0.0, 0.0, 0.0
            for k in range(-half, half + 1):
                at = (d + k) % DAYS
                s += total[at]
                q += square[at]
                n += many[at]
            out[c, 2, d] = n
            if n >= least:
                out[c, 0, d] = origin + s / n
                out[c, 1, d] = np.sqrt(max(q - s * s / n, 0.0) / (n - 1)) if n > 1 else np.nan
            else:
                out[c, 0, d] = np.nan
                out[c, 1, d] = np.nan


def _rows(values, axis: int, time=None):
    """Bring time last and series to rows; also return how to bring results back."""
    moved = np.moveaxis(np.asarray(values, float), axis, -1)
    if time is not None and moved.shape[-1] != len(time):
        msg = (
            f"values has {moved.shape[-1]} times along axis {axis}, time has {len(time)}; the same number is accepted."
        )
        raise ValueError(msg)
    rows = np.ascontiguousarray(moved.reshape(-1, moved.shape[-1]))

    def back(result):
        return np.moveaxis(result.reshape(*moved.shape[:-1], *result.shape[1:]), -1, axis)

    return rows, back


def _daily(time) -> np.ndarray:
    day = np.asarray(time).astype("datetime64[D]")
    steps = np.diff(day).astype(int)
    if (steps != 1).any():
        at = int(np.argmax(steps != 1))
        msg = (
            f"time goes from {day[at]} to {day[at + 1]}: a moving average needs every day once, in order; reindex the "
            "series to daily steps, with NaN where there is no value."
        )
        raise ValueError(msg)
    return day


def _odd(name: str, days: int) -> int:
    if days < 1 or days % 2 == 0:
        msg = f"{name} = {days} d; an odd number of days is accepted, so that the window is centred."
        raise ValueError(msg)
    return days // 2


def moving_average(values, time, days: int = 35, axis: int = 0) -> np.ndarray:
    """Average a daily series within a centred window, over the values there are.

    Parameters
    ----------
    values : array
        Daily series, NaN where missing.
    time : (time,) datetime64 array
        Every day once, in order.
    days : int
        Width of the window, odd.
    axis : int
        The axis of time.

    Returns
    -------
    array
        Of the same shape; NaN where the window holds no value.

    Raises
    ------
    ValueError
        A day is missing or twice, or the window is even.
    """
    _daily(time)
    rows, back = _rows(values, axis, time)
    out, half = np.empty_like(rows), _odd("days", days)
    spread(lambda first, last: _moving(first, last, rows, half, out), len(rows))
    return back(out)


def moving_climatology(values, time, days: int = 5, smooth: int = 35, axis: int = 0) -> np.ndarray:
    """Average by day of year, smoothed before and after: what pytesmo's ``calc_climatology`` does by default.

    Parameters
    ----------
    values : array
        Daily series, NaN where missing.
    time : (time,) datetime64 array
        Every day once, in order.
    days, smooth : int
        Widths [d] of the moving averages of the series and of the climatology, odd; the second goes round the year.
    axis : int
        The axis of time.

    Returns
    -------
    array
        366 days along ``axis``; NaN where there is no value in reach.

    Raises
    ------
    ValueError
        A day is missing or twice, or a window is even.
    """
    _daily(time)
    rows, back = _rows(values, axis, time)
    day, half, wide = day_of_366(time), _odd("days", days), _odd("smooth", smooth)
    out = np.empty((len(rows), DAYS))
    spread(lambda first, last: _moving_climatology(first, last, rows, day, half, wide, out), len(rows))
    return back(out)


def window_climatology(values, time, days: int = 31, least: int = 1, axis: int = 0):
    """Average all values of all years within a window around each day of year.

    Parameters
    ----------
    values : array
        Series at any times, NaN where missing.
    time : (time,) datetime64 array
    days : int
        Width of the window, odd; it goes round the year.
    least : int
        Fewest values that make a mean.
    axis : int
        The axis of time.

    Returns
    -------
    mean, std, count : arrays
        366 days along ``axis``; mean and sample standard deviation in the unit of the values, NaN below ``least``.

    Raises
    ------
    ValueError
        The window is even, or lengths differ.
    """
    rows, back = _rows(values, axis, time)
    day, half = day_of_366(time), _odd("days", days)
    out = np.empty((len(rows), 3, DAYS))
    spread(lambda first, last: _window_climatology(first, last, rows, day, half, least, out), len(rows))
    return tuple(back(out[:, k]) for k in range(3))


def departures(values, climatology, time, axis: int = 0) -> np.ndarray:
    """Subtract from each value the climatology (366 days along ``axis``) of its day of year."""
    return np.asarray(values, float) - np.take(climatology, day_of_366(time), axis=axis)


def anomalies(values, time, method: str = "window", axis: int = 0) -> np.ndarray:
    """Take the season away from each series.

    Parameters
    ----------
    values : array
        Daily series, NaN where missing.
    time : (time,) datetime64 array
    method : str
        One of `METHODS`, with its default widths.
    axis : int
        The axis of time.

    Returns
    -------
    array
        Departures in the unit of the values, of the same shape.

    Raises
    ------
    ValueError
        The method is unknown; what the method raises.
    """
    if method == "window":
        return departures(values, window_climatology(values, time, axis=axis)[0], time, axis)
    if method == "moving":
        return departures(values, moving_climatology(values, time, axis=axis), time, axis)
    if method == "running":
        return np.asarray(values, float) - moving_average(values, time, axis=axis)
    msg = f"method = {method!r} is not known; choose one of {', '.join(METHODS)}."
    raise ValueError(msg)
