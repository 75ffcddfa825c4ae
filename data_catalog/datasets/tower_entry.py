"""What the catalog says of a flux tower's file."""

from __future__ import annotations

import xarray as xr

from data_catalog.datasets.fluxnet_columns import DRIVERS, FLUXES
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry

__all__ = ["TOO_COARSE", "describe_tower"]

TOO_COARSE = "too coarse to drive L4C, which the world then does; its fluxes judge the run by month or year"
_JUDGED = {"DD": "daily", "HH": "half-hourly", "HR": "hourly", "MM": "monthly", "WW": "weekly", "YY": "yearly"}


def describe_tower(entry: CatalogEntry, ds: xr.Dataset, **known: object) -> FileEntry:
    """Return what a tower's record holds, what it lacks to drive or judge a model, and what can be done.

    Parameters
    ----------
    entry : CatalogEntry
        Its dataset.
    ds : xr.Dataset
        The record, on (time, site = 1), with the attribute ``resolution``.
    """
    found = describe_dataset(entry, ds)
    step = str(ds.attrs.get("resolution", ""))
    lacks = [name for name in (*DRIVERS, *FLUXES) if name not in ds]
    problems, feeds, notes = [], ["towers"], found.notes
    if lacks:
        unjudged = set(lacks) <= set(FLUXES)
        problems.append(f"lacks {', '.join(lacks)}: " + ("cannot be judged" if unjudged else "needs the world"))
    if "latitude" not in ds.coords:
        problems.append("position unknown: lay a site list or the network's BIF table beside it")
    if step in ("DD", "HH", "HR"):
        feeds.insert(0, "drivers")
    else:
        notes = f"{_JUDGED.get(step, step)}: {TOO_COARSE}"
    if step in ("HH", "HR"):
        feeds.append("forcing")
    if set(FLUXES) & set(found.variables):
        feeds.append("benchmarks")
    shown = {name: found.gaps[name] for name in (*FLUXES, *DRIVERS) if name in found.gaps}
    quality = {name: share for name, share in found.quality.items() if name in FLUXES}
    options = {
        "feeds": tuple(feeds),
        "problem": "; ".join(problems),
        "notes": notes,
        "grid": "point",
        "gaps": shown,
        "quality": quality,
    }
    return describe_dataset(entry, ds, **(options | known))
