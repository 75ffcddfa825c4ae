"""Checks of choices: one clear message each, with the value that came and what is accepted."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from models.quantity import Parameter

__all__ = ["check_number", "check_whole", "check_word", "is_number", "shown"]


def shown(value: Any) -> str:
    """Show a value in a message, however long it is."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(np.isfinite(value))


def check_word(name: str, value: Any, accepted: Iterable[str]) -> None:
    """Raise ``ValueError`` if a word is none of the accepted ones."""
    if not isinstance(value, str) or value not in accepted:
        msg = f"{name} = {shown(value)} is not accepted; it may be {', '.join(repr(word) for word in accepted)}."
        raise ValueError(msg)


def check_number(name: str, value: Any, declared: Parameter) -> None:
    """Raise ``ValueError`` if a value is no number within its bounds."""
    if not (is_number(value) and declared.low <= value <= declared.high):
        unit = "" if declared.unit in ("1", "of the sensor") else f" {declared.unit}"
        bounds = f"[{declared.low:g}, {declared.high:g}]{unit}"
        msg = f"{name} = {shown(value)} ({declared.long_name}) must be within {bounds}."
        raise ValueError(msg)


def check_whole(name: str, value: Any, low: int, high: int, what: str) -> None:
    """Raise ``ValueError`` if a value is no whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        msg = f"{name} = {shown(value)} must be a whole number within [{low}, {high}]" + (
            f" ({what})." if what else "."
        )
        raise ValueError(msg)
