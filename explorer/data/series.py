"""A series of a dataset: one variable at one place, its days, and which of them hold good values."""

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import CATALOG
from data_catalog.towers import open_tower
from explorer.data.library import EMBEDDED, OWN, Item
from models.variables import VARIABLES

__all__ = ["Channel", "Record", "Series", "calendar_of", "open_record", "series_of"]

RAW_STEPS = 4_000
"""Steps of less than a day up to which a series is drawn as it is; longer ones are drawn as daily means."""

MOST_SITES = 500
"""Places of one file that can be chosen."""

MOST_VALUES = 30_000_000
"""Values of a variable that the page reads."""

KEPT = 6
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Channel:
    """A variable, and which of its layers; -1 without layers."""

    name: str
    layer: int = -1

    @property
    def label(self) -> str:
        """What stands in lists."""
        words = VARIABLES[self.name].long_name
        return words if self.layer < 0 else f"{words}, layer {self.layer + 1}"


@dataclass(frozen=True, eq=False)
class Record:
    """A dataset that was opened.

    Attributes
    ----------
    item : Item
        What it is.
    ds : Dataset
        In our names and units.
    sites : tuple of str
        Its places; empty if it is of one.
    channels : tuple of Channel
        What can be drawn along time.
    """

    item: Item
    ds: xr.Dataset
    sites: tuple[str, ...]
    channels: tuple[Channel, ...]

    @property
    def why_none(self) -> str:
        """Why nothing can be drawn along time, or ""."""
        if self.channels:
            return ""
        sizes = ", ".join(f"{name} {size:,}" for name, size in self.ds.sizes.items())
        return f"It holds no series of a place ({sizes})."


@dataclass(frozen=True, eq=False)
class Series:
    """Values along time.

    Attributes
    ----------
    channel : Channel
    site : str
        Of a file of several; else "".
    time : (step,) datetime64[ns]
    values : (step,) float64
        NaN where there is none.
    good : (step,) float64
        Share of good values behind each, 0-1; 1 where the file has no flags.
    flagged : bool
        Whether the file has flags for it.
    step : timedelta64
        Usual distance of two steps as drawn.
    averaged : bool
        Whether the file is finer and daily means are drawn.
    days : Series of float
        Day -> share of the values that a day should have which are there and good, 0-1, without a gap.
    """

    channel: Channel
    site: str
    time: np.ndarray
    values: np.ndarray
    good: np.ndarray
    flagged: bool
    step: np.timedelta64
    averaged: bool
    days: pd.Series

    @property
    def step_words(self) -> str:
        """How often there is a value, as people say it."""
        hours = self.step / np.timedelta64(1, "h")
        if self.averaged:
            return "daily means"
        if hours < 24:
            return f"every {60 * hours:.0f} minutes" if hours < 1 else f"every {hours:.0f} h" if hours > 1 else "hourly"
        days = hours / 24
        return "daily" if days < 1.5 else "monthly" if 27 <= days <= 32 else f"every {days:.0f} days"


_LOCK = threading.Lock()
_OPEN: OrderedDict[tuple, Record] = OrderedDict()


def open_record(item: Item) -> Record:
    """Open a dataset; the last few of the server are kept, a visitor's own are not.

    Raises
    ------
    ValueError, KeyError, OSError
        If it can't be read; the message says why.
    """
    row = item.row
    if not row.product:
        msg = f"{item.name} can't be opened: {row.problem or 'it is ' + row.kind}"
        raise ValueError(msg)
    if item.origin == OWN:
        return _opened(item)
    if item.origin != EMBEDDED:
        stat = row.path.stat()
        key = (item.key, stat.st_size, stat.st_mtime_ns)
    else:
        key = (item.key,)
    with _LOCK:
        if key in _OPEN:
            _OPEN.move_to_end(key)
            return _OPEN[key]
    record = _opened(item)
    with _LOCK:
        _OPEN[key] = record
        while len(_OPEN) > KEPT:
            _OPEN.popitem(last=False)
    return record


def _opened(item: Item) -> Record:
    row = item.row
    if item.origin == EMBEDDED:
        if not row.site:
            msg = f"{row.title} is the world of the pages Carbon and Land; look at it there."
            raise ValueError(msg)
        ds = open_tower(row.site)
    else:
        ds = CATALOG[row.product].load(row.path)
    return Record(item, ds, _sites(ds), _channels(ds))


def _sites(ds: xr.Dataset) -> tuple[str, ...]:
    for dim, name in (("site", "site"), ("point", "location_id"), ("cell", "cell")):
        if dim in ds.dims and name in ds.coords and ds.sizes[dim] > 1:
            return tuple(dict.fromkeys(str(value) for value in ds[name].values))[:MOST_SITES]
    return ()


def _channels(ds: xr.Dataset) -> tuple[Channel, ...]:
    """Return what has time, at most one place dimension, and at most one of layers."""
    found = []
    if "time" not in ds.coords or ds["time"].dtype.kind != "M":
        return ()
    along = ds["time"].dims
    for name in map(str, ds.data_vars):
        field = ds[name]
        if name not in VARIABLES or field.dtype.kind not in "fiub" or not set(along) <= set(field.dims):
            continue
        rest = set(field.dims) - set(along) - {"site", "cell"}
        if field.size > MOST_VALUES:
            continue
        if not rest:
            found.append(Channel(name))
        elif len(rest) == 1 and (layers := rest.pop()) in ("layer", "pft"):
            found += [Channel(name, k) for k in range(ds.sizes[layers])]
    return tuple(found)


def series_of(record: Record, channel: Channel, site: str = "") -> Series:
    """Take one variable at one place out of a dataset.

    Raises
    ------
    ValueError
        If it has no such variable or place.
    """
    if channel not in record.channels:
        known = ", ".join(dict.fromkeys(c.name for c in record.channels)) or "nothing along time"
        msg = f"{record.item.name} has no {channel.name!r} along time; it has {known}."
        raise ValueError(msg)
    ds = record.ds
    quality = f"{channel.name}_qc"
    names = [channel.name, *([quality] if quality in ds else [])]
    part = _at(ds[names], record, site)
    if channel.layer >= 0:
        part = part.isel({dim: channel.layer for dim in ("layer", "pft") if dim in part.dims})
    part = part.compute()
    values = np.asarray(part[channel.name].values, dtype=np.float64).ravel()
    time = part["time"].values.ravel().astype("datetime64[ns]")
    flagged = quality in part and part[quality].size == values.size
    good = np.ones_like(values)
    if flagged:
        flag = part[quality]
        raw = np.asarray(flag.values, dtype=np.float64).ravel()
        share = "share" in str(flag.attrs.get("long_name", ""))
        # As `data_catalog.description` counts them: a share, or flags of which 0 and 1 are good.
        good = np.nan_to_num(raw, nan=0.0) if share else (raw <= 1.0).astype(float)
    frame = pd.DataFrame({"value": values, "good": np.where(np.isfinite(values), good, 0.0)}, index=time)
    frame = frame[~pd.isna(frame.index)].sort_index()
    if not len(frame):
        msg = f"{record.item.name} has no time of {channel.name}."
        raise ValueError(msg)
    step = _step(frame.index)
    days = _days(frame, step)
    averaged = step < DAY and len(frame) > RAW_STEPS
    if averaged:
        by_day = frame.groupby(frame.index.floor("D"))
        frame = pd.DataFrame({"value": by_day["value"].mean(), "good": by_day["good"].mean()})
        step = DAY
    return Series(
        channel,
        site,
        frame.index.to_numpy(),
        frame["value"].to_numpy(),
        frame["good"].to_numpy(),
        flagged,
        step,
        averaged,
        days,
    )


def _at(part: xr.Dataset, record: Record, site: str) -> xr.Dataset:
    """Return the part of a dataset at one of its places."""
    ds = record.ds
    if record.sites:
        site = site or record.sites[0]
        for dim, name in (("site", "site"), ("point", "location_id"), ("cell", "cell")):
            if dim in ds.dims and name in ds.coords:
                here = np.flatnonzero(ds[name].values.astype(str) == site)
                if not here.size:
                    msg = f"{record.item.name} has no place {site[:40]!r}; it has {', '.join(record.sites[:20])}."
                    raise ValueError(msg)
                # Along points time goes on with them; of sites there is one.
                return part.isel({dim: here if dim in ds["time"].dims else here[0]})
    return part.isel({dim: 0 for dim in ("site", "cell") if dim in part.dims and part.sizes[dim] == 1})


def _step(time: pd.DatetimeIndex) -> np.timedelta64:
    """Return the usual distance of two steps; a day if there is one alone."""
    apart = np.diff(time.to_numpy())
    apart = apart[apart > np.timedelta64(0, "ns")]
    return np.median(apart.astype("int64")).astype("int64").astype("timedelta64[ns]") if apart.size else DAY


def _days(frame: pd.DataFrame, step: np.timedelta64) -> pd.Series:
    """Return for each day from the first to the last the share of good values that it should have."""
    good = frame["good"].where(np.isfinite(frame["value"]), 0.0)
    if step <= DAY:
        should = max(1.0, round(DAY / step))
        share = good.groupby(good.index.floor("D")).sum() / should
        whole = pd.date_range(share.index[0], share.index[-1], freq="D")
        return share.reindex(whole, fill_value=0.0).clip(upper=1.0)
    # A value of several days stands for all of them, until the next or for as long as usual.
    starts = good.groupby(good.index.floor("D")).mean()
    whole = pd.date_range(starts.index[0], starts.index[-1] + step.astype("timedelta64[ns]") - DAY, freq="D")
    most = int(np.ceil(1.1 * (step / DAY)))
    return starts.reindex(whole).ffill(limit=most - 1).fillna(0.0)


def calendar_of(days: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Lay days out by year.

    Parameters
    ----------
    days : Series of float
        Share of good values by day.

    Returns
    -------
    years : (year,) int
    share : (year, 366) float
        29 February is day 60 of every year; NaN where the record has not begun or is over, or a year has no such day.
    """
    time = pd.DatetimeIndex(days.index)
    years = np.arange(time[0].year, time[-1].year + 1)
    share = np.full((years.size, 366), np.nan)
    day = time.day_of_year.to_numpy() - 1
    day = day + ((~time.is_leap_year) & (day >= 59))
    share[time.year.to_numpy() - years[0], day] = days.to_numpy()
    return years, share


@functools.cache
def unit_of(name: str) -> str:
    """Return the unit of a variable as the nomenclature has it."""
    return VARIABLES[name].unit
