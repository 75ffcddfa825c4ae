"""Tell what a labelled dataset holds: variables, period, gaps, the share its flags call good."""

from typing import Any

import numpy as np
import xarray as xr

from data_catalog.entry import CatalogEntry, FileEntry
from models.variables import VARIABLES

__all__ = ["describe_dataset", "period_of"]

MOST_COUNTED = 20_000_000
"""Values of a variable up to which its gaps are counted."""


def period_of(ds: xr.Dataset) -> tuple[str, str]:
    """Return the first and last day of a dataset's times, ISO; empty strings when it has none."""
    if "time" not in ds.coords or not ds["time"].size or ds["time"].dtype.kind != "M":
        return "", ""
    days = np.atleast_1d(ds["time"].to_numpy()).astype("datetime64[D]")
    days = days[~np.isnat(days)]
    return (str(days.min()), str(days.max())) if days.size else ("", "")


def describe_dataset(entry: CatalogEntry, ds: xr.Dataset, **known: Any) -> FileEntry:
    """Return what a dataset holds; what is ``known`` goes before what is found.

    Gaps are the share of NaN of each of our variables that is not larger than `MOST_COUNTED`. Quality is the mean of
    ``<name>_qc`` where its long name says that it is a share, and the share of ``<name>_qc`` <= 1 where it holds flags
    in the convention of FLUXNET (0 measured, 1 well filled), over the values that are there.
    """
    names = [str(name) for name in ds.data_vars if name in VARIABLES]
    gaps, quality = {}, {}
    for name in names:
        if ds[name].size > MOST_COUNTED or ds[name].dtype.kind not in "fiu":
            continue
        held = np.isfinite(ds[name].to_numpy())
        gaps[name] = float(1.0 - held.mean()) if held.size else 1.0
        if f"{name}_qc" in ds and held.any():
            flag = ds[f"{name}_qc"]
            values = flag.to_numpy()
            good = values if "share" in str(flag.attrs.get("long_name", "")) else (values <= 1.0).astype(float)
            told = held & np.isfinite(values)
            quality[name] = float(good[told].mean()) if told.any() else 0.0
    place = {name: _first(ds, name) for name in ("latitude", "longitude")}
    found = {
        "title": str(ds.attrs.get("title", entry.title)),
        "version": str(ds.attrs.get("product_version", "")),
        "variables": tuple(names),
        "period": period_of(ds),
        "steps": int(ds.sizes.get("time", 0)),
        "grid": str(ds.attrs.get("grid", "")) or ("point" if ds.sizes.get("site", 0) == 1 else ""),
        "gaps": gaps,
        "quality": quality,
        "citation": str(ds.attrs.get("citation", entry.citation)),
        "licence": str(ds.attrs.get("licence", entry.licence)),
        "notes": str(ds.attrs.get("notes", "")),
        "site": str(np.ravel(ds["site"].values)[0]) if "site" in ds.coords and ds["site"].size == 1 else "",
        "synthetic": bool(ds.attrs.get("synthetic", entry.synthetic)),
        **place,
    }
    return entry.file_entry(**(found | known))


def _first(ds: xr.Dataset, name: str) -> float | None:
    """Return the latitude or longitude of a dataset of one place."""
    if name not in ds.coords and name not in ds:
        return None
    values = np.ravel(ds[name].values)
    return float(values[0]) if values.size == 1 and np.isfinite(values[0]) else None
