"""Tell what a gridded file holds without reading it whole."""

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["lazily_described"]

MOST_READ = 2_000_000
"""Values of a file that are read to count its gaps."""


def lazily_described(load: Callable[..., xr.Dataset], entry: Callable[[], CatalogEntry]):
    """Make the ``describe`` of a gridded product; gaps are counted of as many variables as make `MOST_READ` values."""

    def describe(path: Path, head: Head) -> FileEntry:
        with load(path) as ds:
            names = [str(name) for name in ds.data_vars if name in VARIABLES]
            budget, counted = MOST_READ, []
            for name in names:
                budget -= ds[name].size
                if budget < 0:
                    break
                counted += [name, *(f"{name}_qc",) * (f"{name}_qc" in ds)]
            uncounted = [name for name in ds.data_vars if name not in counted]
            known = {"variables": tuple(names), "series": entry().title}
            return describe_dataset(entry(), ds.drop_vars(uncounted), **known)

    return describe
