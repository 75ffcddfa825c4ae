"""The 365-day climatology: each calendar day's mean over the years, 29 February left out."""

import numpy as np

__all__ = ["DAYS", "climatology365", "day_of_365"]

DAYS = 365


def day_of_365(time: np.ndarray) -> np.ndarray:
    """Return each day's place in a year of 365 days, 0 to 364; -1 on 29 February.

    Parameters
    ----------
    time : (day,) datetime64 array
        Days of the standard calendar.
    """
    day = np.asarray(time).astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    place = (day - year.astype("datetime64[D]")).astype(int)
    month = (day.astype("datetime64[M]") - year.astype("datetime64[M]")).astype(int)
    of_month = (day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    march = (year.astype("datetime64[M]") + 2).astype("datetime64[D]")
    leap = (march - year.astype("datetime64[D]")).astype(int) == 60
    place -= leap & (month >= 2)
    return np.where((month == 1) & (of_month == 28), -1, place)


def climatology365(values: np.ndarray, time: np.ndarray, axis: int = -1) -> np.ndarray:
    """Average each calendar day over the years.

    Parameters
    ----------
    values : array
        Daily values; NaN where missing, and left out.
    time : (day,) datetime64 array
        Days along ``axis``.
    axis : int
        The axis of time.

    Returns
    -------
    array
        365 days along ``axis``, the first of January first; NaN for a day without any value.
    """
    place = day_of_365(time)
    moved = np.moveaxis(np.asarray(values), axis, 0)
    total = np.zeros((DAYS, *moved.shape[1:]), np.float64)
    count = np.zeros_like(total)
    for day, value in zip(place, moved, strict=True):
        if day >= 0:
            there = ~np.isnan(value)
            total[day] += np.where(there, value, 0)
            count[day] += there
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return np.moveaxis(mean, 0, axis).astype(moved.dtype)
