"""Monthly records of flux towers: months of any record, and the days of a month for a run that the world drives."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.fluxnet import file_name, read_fluxnet
from data_catalog.datasets.fluxnet_daily import to_daily

__all__ = ["days_of_months", "monthly", "monthly_towers_in"]

MIN_DAYS = 0.8
"""Least share of a month's days that must have a value for the month to have one."""
FLUXES = ("gpp", "reco", "nee")


def monthly_towers_in(data: Iterable[str | Path]) -> dict[str, Path]:
    """Find tower files in folders, monthly ones included, by their names: of each site the finest down to days.

    Returns
    -------
    dict
        Site code -> file: days before half hours before months, sorted by site.
    """
    found: dict[str, tuple[int, Path]] = {}
    for folder in data:
        for path in sorted(Path(folder).rglob("*_FLUXNET*")):
            parts = file_name(path.name)
            rank = {"DD": 0, "HH": 1, "HR": 1, "MM": 2}.get(parts.get("resolution", ""), 9)
            usable = path.is_file() and path.suffix.lower() in (".csv", ".zip", ".gz")
            if usable and rank < found.get(parts.get("site", ""), (9, path))[0]:
                found[parts["site"]] = (rank, path)
    return {site: path for site, (_, path) in sorted(found.items())}


def monthly(tower: xr.Dataset, min_days: float = MIN_DAYS) -> xr.Dataset:
    """Return means of GPP, RECO and NEE by month.

    Parameters
    ----------
    tower : xr.Dataset
        On (time, ...), monthly already (attribute ``resolution`` "MM") or by day or half hours.
    min_days : float
        Share of a month's days that must have a value.

    Returns
    -------
    xr.Dataset
        On (time, ...), time the first day of each month [gC m-2 d-1].
    """
    names = [name for name in FLUXES if name in tower]
    step = tower.attrs.get("resolution")
    if step == "MM":
        return tower[names]
    if step in ("HH", "HR"):
        tower = to_daily(tower)
    days = tower[names].resample(time="MS")
    enough = days.count() >= min_days * tower["time"].resample(time="MS").count()
    return days.mean().where(enough)


def days_of_months(tower: xr.Dataset) -> xr.Dataset:
    """Make a daily record without measurements over the period of a monthly one, for the world to fill.

    Returns
    -------
    xr.Dataset
        On (time, site = 1) with the tower's place and plant type and no variable, ``resolution`` "DD".
    """
    first = tower["time"].to_numpy()[0].astype("datetime64[M]")
    last = tower["time"].to_numpy()[-1].astype("datetime64[M]") + 1
    time = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]")).astype("datetime64[ns]")
    coords = {name: c for name, c in tower.coords.items() if "time" not in c.dims}
    ds = xr.Dataset(coords={"time": time, **coords}, attrs=dict(tower.attrs))
    ds.attrs |= {"resolution": "DD", "source": "no days of the tower's own; its months judge the run"}
    return ds


def open_record(path: str | Path, site: str = "") -> xr.Dataset:
    """Open a tower file of any of the resolutions that `monthly_towers_in` finds."""
    return read_fluxnet(path, need=(), site=site)
