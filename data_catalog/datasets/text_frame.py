"""Read a table of text into columns, with one clear sentence when it is broken."""

import io
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_units import check_units
from data_catalog.datasets.tables import open_tables
from models.variables import VARIABLES

__all__ = [
    "check_place",
    "columns_of_text",
    "dates",
    "increasing",
    "numbers",
    "point_dataset",
    "read_text",
    "regular",
]

FILLS = (-9999.0, -9999.99, -6999.0)


def read_text(source: str | Path | bytes, name: str = "") -> tuple[str, str]:
    """Return the text of a table (plain, ``.gz``, or the only one of a zip) and the name of its file.

    Raises
    ------
    ValueError
        It is no text, too large, has a line that no table has, or the archive holds several tables.
    """
    files = open_tables(source, name)
    if len(files) != 1:
        held = ", ".join(file.name for file in files[:4]) or "none"
        msg = f"{name or Path(str(source)).name} holds {len(files)} tables ({held}); unpack it and open one."
        raise ValueError(msg)
    return files[0].text(), Path(files[0].name).name


def columns_of_text(text: str, label: str, **options: Any) -> pd.DataFrame:
    """Parse a table with `pandas.read_csv`; what pandas cannot take is a ``ValueError`` that names the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header would be cut
            frame = pd.read_csv(io.StringIO(text), **options)
    except (
        pd.errors.ParserWarning,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        ValueError,
        OverflowError,
        IndexError,
    ) as error:
        said = " ".join(str(error).split())[:160]
        msg = f"{label}: not a regular table ({said}). Fetch it again."
        raise ValueError(msg) from error
    if frame.empty:
        msg = f"{label}: there is a header and no row; at least one time step is needed."
        raise ValueError(msg)
    return frame


def numbers(frame: pd.DataFrame, column: str, label: str, fills: Iterable[float] = FILLS) -> np.ndarray:
    """Return a column as numbers, fill values as NaN.

    Raises
    ------
    ValueError
        A cell is no number; the message names its row.
    """
    raw = frame[column]
    values = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    text = raw.astype(str).str.strip()
    wrong = np.isnan(values) & ~raw.isna().to_numpy() & ~text.isin(["", "NA", "NaN", "nan", "-", "--"]).to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        msg = f"{label}: {column} = {str(raw.iloc[row])[:40]!r} in row {row + 1}; numbers are accepted."
        raise ValueError(msg)
    return np.where(np.isin(values, list(fills)) | ~np.isfinite(values), np.nan, values)


def dates(text: pd.Series, form: str, label: str, what: str = "the date") -> np.ndarray:
    """Return texts as times; ``ValueError`` names the first that is none."""
    times = pd.to_datetime(text, format=form, errors="coerce")
    if times.isna().any():
        row = int(np.flatnonzero(times.isna().to_numpy())[0])
        msg = f"{label}: {what} = {str(text.iloc[row])[:40]!r} in row {row + 1} is no time in the form {form}."
        raise ValueError(msg)
    return times.to_numpy().astype("datetime64[s]")


def increasing(time: np.ndarray, label: str) -> None:
    """Raise ``ValueError`` unless each time comes after the one before."""
    wrong = np.flatnonzero(np.diff(time) <= np.timedelta64(0, "s"))
    if wrong.size:
        row = int(wrong[0])
        what = "stands there twice" if time[row] == time[row + 1] else f"is followed by {time[row + 1]}"
        msg = f"{label}: {time[row]} in row {row + 1} {what}; each time once, in their order, is accepted."
        raise ValueError(msg)


def check_place(latitude: float | None, longitude: float | None, label: str) -> None:
    """Raise ``ValueError`` for a place that is not on the Earth."""
    for name, value, most in (("latitude", latitude, 90.0), ("longitude", longitude, 360.0)):
        if value is not None and not abs(value) <= most:
            msg = (
                f"{label}: {name} = {value:g} lies outside [{-most:g}, {most:g}] degrees; are latitude and longitude "
                "swapped? Correct the file, or the list of sites beside it."
            )
            raise ValueError(msg)


def regular(ds: xr.Dataset, minutes: int) -> xr.Dataset:
    """Put a record on an axis of equal steps; what is missing is NaN."""
    time = ds["time"].to_numpy()
    whole = np.arange(time[0], time[-1] + np.timedelta64(1, "m"), np.timedelta64(minutes, "m"))
    if whole.size > 20 * time.size + 100_000:
        msg = f"times reach from {time[0]} to {time[-1]} in steps of {minutes} minutes, with {time.size} rows only."
        raise ValueError(msg)
    return ds.reindex(time=whole)


def point_dataset(
    time: np.ndarray,
    values: Mapping[str, tuple[np.ndarray, str]],
    *,
    label: str,
    step: str,
    site: str,
    attrs: Mapping[str, Any],
    known: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Make the record of one place of what was read.

    Parameters
    ----------
    time : (time,) datetime64 array
        Starts of the steps.
    values : mapping
        Our name -> values (time,) in our unit, and the column that they are from.
    label, step, site : str
        Name of the file, resolution ("HH", "HR", "DD", "MM", ...), code of the site.
    attrs : mapping
        ``title citation licence`` and more for the attributes.
    known : mapping, optional
        latitude, longitude, elevation, igbp, pft, site_name.

    Returns
    -------
    xr.Dataset
        On (time, site = 1), with CF attributes, values outside the physical bounds as gaps.

    Raises
    ------
    ValueError
        Times are not in their order, or more than a few values lie outside the physical bounds.
    """
    increasing(time.astype("datetime64[s]"), label)
    check_place((known or {}).get("latitude"), (known or {}).get("longitude"), label)
    ds = xr.Dataset(coords={"time": time.astype("datetime64[ns]")})
    for name, (array, column) in values.items():
        if not np.isfinite(array).any():
            continue
        own = VARIABLES[name].cf_attrs if name in VARIABLES else {"units": "1"}
        ds[name] = ("time", np.asarray(array, float), own | {"column": column})
    if not ds.data_vars:
        msg = f"{label} holds no value of {', '.join(values) or 'anything that is read'}: all are gaps."
        raise ValueError(msg)
    check_units(ds, {name: column for name, (_, column) in values.items()}, label, step)
    ds = ds.expand_dims(site=[site or "unknown"], axis=1)
    ds = ds.assign_coords({key: ("site", [value]) for key, value in (known or {}).items() if value is not None})
    ds.attrs = {"source": f"measured: {label}", "file": label, "resolution": step, "synthetic": 0} | dict(attrs)
    return ds
