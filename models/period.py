"""The days that an experiment reports: first and last, as text."""

import re
from datetime import date
from typing import Any

__all__ = ["checked_period"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def checked_period(period: Any) -> tuple[str, str]:
    """Return first and last day as ISO dates; raise ``ValueError`` if they are none, or swapped."""
    if isinstance(period, str) or not hasattr(period, "__iter__") or len(period := tuple(period)) != 2:
        msg = (
            f"period = {str(period)[:60]!r} must be two days, as ['2015-01-01', '2015-12-31']; '' is the record's own."
        )
        raise ValueError(msg)
    days = [day.isoformat() if isinstance(day, date) else day for day in period]
    for day in days:
        good = isinstance(day, str) and (day == "" or _DAY.fullmatch(day))
        if good and day:
            try:
                date.fromisoformat(day)
            except ValueError:
                good = False
        if not good:
            msg = f"period: {str(day)[:40]!r} is not a day written as 2015-03-31."
            raise ValueError(msg)
    if all(days) and days[0] > days[1]:
        msg = f"period: the first day {days[0]} comes after the last, {days[1]}."
        raise ValueError(msg)
    return days[0], days[1]
