"""A product's variables in our names and units: a table of columns, and what applies it to an opened file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.variables import VARIABLES

__all__ = ["Column", "attributes", "columns_in", "take", "times_of"]

SPELLINGS = {
    "m3 m-3": ("m^3/m^3", "m3/m3", "cm**3/cm**3", "cm3/cm3", "m**3 m**-3", "m^3 m^-3", "m3 m^-3", "cm^3/cm^3", "1"),
    "K": ("Kelvin", "Kelvins", "kelvin", "degK", "deg_K"),
    "Pa": ("pascal", "Pascal", "Pascals"),
    "kg kg-1": ("kg/kg", "kg kg**-1", "kg kg^-1", "1"),
    "m s-1": ("m/s", "m s**-1", "m s^-1"),
    "W m-2": ("W/m2", "W/m^2", "W m**-2", "Watts m-2", "W m^-2"),
    "kg m-2 s-1": ("kg/m2/s", "kg m**-2 s**-1", "kg/m^2/s", "kg m^-2 s^-1", "mm/s", "mm s-1"),
    "kg m-2": ("kg/m2", "kg/m^2", "kg m**-2", "kg/m**2", "kg m^-2", "mm"),
    "m2 m-2": ("m2/m2", "m^2/m^2", "m**2 m**-2", "m^2 m^-2", "1", "-"),
    "%": ("percent", "percentage", "Percent"),
    "1": ("", "-", "dimensionless", "fraction", "unitless", "none", "(0 - 1)", "N/A", "Neper"),
    "m": ("meters", "meter", "metre", "metres"),
}
"""Spellings of a unit in files -> the same unit."""

_EPOCH = re.compile(r"^\s*(\w+?)s?\s+since\s+(.+?)\s*$")
_STEPS = {"microsecond": "us", "millisecond": "ms", "second": "s", "sec": "s", "minute": "m", "min": "m"}
_STEPS |= {"hour": "h", "hr": "h", "h": "h", "day": "D", "d": "D"}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "D": 86400.0}
_CALENDARS = {"", "standard", "gregorian", "proleptic_gregorian", "julian"}


@dataclass(frozen=True)
class Column:
    """One variable of a product: ``ours = theirs * factor + offset``.

    Attributes
    ----------
    ours : str
        Our name; a suffix (``_std``, ``_qc``, ``_sim``) may follow.
    theirs : str
        Name in the file, with its group.
    unit : str
        Unit that the file must state, in our spelling; "" if the product states none or the wrong one.
    factor, offset : float
        To our unit.
    low, high : float
        In the product's unit: what lies outside is missing.
    comment : str
        What to know of it.
    """

    ours: str
    theirs: str
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    comment: str = ""


def columns_in(columns: Iterable[Column], names: Iterable[str]) -> list[Column]:
    """Return the columns that a file has, the first that gives each of our names."""
    held, found = set(names), {}
    for column in columns:
        if column.theirs in held:
            found.setdefault(column.ours, column)
    return list(found.values())


def attributes(column: Column, **more: Any) -> dict[str, Any]:
    """Return the CF attributes of one of our variables, and what it was in the file."""
    name = column.ours
    stem = next((name.removesuffix(end) for end in ("_std", "_sim", "_obs") if name.endswith(end)), name)
    attrs = dict(VARIABLES[stem].cf_attrs) if stem in VARIABLES else {}
    if name.endswith("_std"):
        attrs["long_name"] = f"standard error of {attrs.get('long_name', stem)}"
        attrs.pop("standard_name", None)
    attrs["column"] = column.theirs
    if column.comment:
        attrs["comment"] = column.comment
    return attrs | more


def take(raw: xr.Dataset | Mapping[str, xr.DataArray], columns: Iterable[Column], file: str) -> xr.Dataset:
    """Return what a file holds of the columns, in our names and units, in float32 unless it is wider; lazily.

    Raises
    ------
    ValueError
        A variable states another unit than the product's, or none of them is there.
    """
    columns = tuple(columns)
    found = columns_in(columns, [str(name) for name in raw])
    if not found:
        expected = ", ".join(dict.fromkeys(column.theirs for column in columns))
        msg = f"{file} has none of {expected[:200]}; it has {', '.join(map(str, raw))[:200] or 'nothing'}."
        raise ValueError(msg)
    out = {}
    for column in found:
        values = raw[column.theirs]
        _check_unit(values, column, file)
        if values.dtype.kind != "f":
            values = values.astype(np.float32)
        if np.isfinite(column.low) or np.isfinite(column.high):
            values = values.where((values >= column.low) & (values <= column.high))
        if column.factor != 1.0:
            values = values * values.dtype.type(column.factor)
        if column.offset != 0.0:
            values = values + values.dtype.type(column.offset)
        out[column.ours] = values.assign_attrs(attributes(column))
        out[column.ours].attrs = attributes(column)
    return xr.Dataset(out)


def _check_unit(values: xr.DataArray, column: Column, file: str) -> None:
    stated = str(values.attrs.get("units", values.attrs.get("Units", column.unit))).strip()
    if not column.unit or stated == column.unit or stated in SPELLINGS.get(column.unit, ()):
        return
    msg = f"{file}: {column.theirs} is in {stated!r}, not {column.unit!r} as the product says: convert it first."
    raise ValueError(msg)


def times_of(values: np.ndarray, units: str, calendar: str = "", file: str = "the file") -> np.ndarray:
    """Decode CF times without a calendar library.

    Parameters
    ----------
    values : array
        Numbers.
    units : str
        Such as "days since 1970-01-01".
    calendar : str
        Of the standard ones; "julian", which products state by mistake, is read as standard.

    Returns
    -------
    array of datetime64[ns]
        NaT where a value is not finite.

    Raises
    ------
    ValueError
        The unit is not understood, or the calendar has other days.
    """
    match = _EPOCH.match(str(units))
    if match is None or match[1].lower() not in _STEPS:
        msg = f"{file}: the times are in {units!r}; 'days since 1970-01-01' and the like are accepted."
        raise ValueError(msg)
    if str(calendar).lower() not in _CALENDARS:
        msg = f"{file}: the times are in the calendar {calendar!r}; the standard calendar is accepted."
        raise ValueError(msg)
    start = pd.Timestamp(match[2].replace(" UTC", ""))
    if start.tzinfo is not None:
        start = start.tz_convert(None)
    step = _STEPS[match[1].lower()]
    values = np.asarray(values)
    # Whole milliseconds: days in float64 carry no more.
    offset = np.rint(values.astype(np.float64) * _SECONDS[step] * 1e3)
    good = np.isfinite(offset) & (np.abs(offset) < 9e15)
    out = np.full(values.shape, np.datetime64("NaT", "ms"))
    out[good] = start.to_datetime64().astype("datetime64[ms]") + offset[good].astype("timedelta64[ms]")
    return out.astype("datetime64[ns]")
