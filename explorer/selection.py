"""What the selections of all pages accept: words of a list, a place, a part of the year."""

import re

__all__ = ["MOST_DAYS", "check_place", "check_when", "check_words", "day_of", "month_of"]

MOST_DAYS = 366
"""Days of a record that an address counts."""

_WHEN = re.compile(r"annual|m(0[1-9]|1[0-2])|d(\d{1,3})")


def check_words(selection, accepted: dict[str, tuple[str, ...]]) -> None:
    """Refuse a field of a selection that is none of the words accepted for it.

    Raises
    ------
    ValueError
        Naming the field, its value and the words.
    """
    for name, words in accepted.items():
        value = getattr(selection, name)
        if value not in words:
            msg = f"{name} = {str(value)[:40]!r} is not accepted; it may be {', '.join(words)}."
            raise ValueError(msg)


def check_place(at: tuple[float, float]) -> None:
    """Refuse what is no latitude and longitude [degrees].

    Raises
    ------
    ValueError
        Naming the place and its limits.
    """
    latitude, longitude = at
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        msg = f"at = {latitude:g},{longitude:g} is no place; latitude is within ±90, longitude within ±180."
        raise ValueError(msg)


def check_when(when: str) -> None:
    """Refuse what is neither "annual", a month "m01" to "m12", nor a day of the record "d1" to "d366".

    Raises
    ------
    ValueError
        Naming the value and what is accepted.
    """
    match = _WHEN.fullmatch(when) if isinstance(when, str) else None
    if match is None or (match[2] and not 1 <= int(match[2]) <= MOST_DAYS):
        msg = f"when = {str(when)[:40]!r} is not accepted; it may be annual, m01 to m12, or d1 to d{MOST_DAYS}."
        raise ValueError(msg)


def month_of(when: str) -> int | None:
    """Return the index of the month, 0-11, or None."""
    return int(when[1:]) - 1 if when[0] == "m" else None


def day_of(when: str) -> int | None:
    """Return the index of the day, from 0, or None."""
    return int(when[1:]) - 1 if when[0] == "d" else None
