"""Open SMAP's level-4 granules: groups of maps on the 9-km EASE-Grid 2.0."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ease_file import NAMES, Granule
from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.smap_l3 import time_of

__all__ = ["open_level4"]

_VERSION = re.compile(r"_(Vv\d{4})_")


def open_level4(
    path: str | Path, group: str, fields: Iterable[Column], grid: str, *, static: bool = False
) -> xr.Dataset:
    """Open the variables of one or several groups lazily, on (time = 1, y, x).

    Parameters
    ----------
    group : str
        Group of a variable whose name has none.
    fields : iterable of Column
        The product's variables.
    grid : str
        The grid that the file must have.
    static : bool
        Whether the product has no time.

    Raises
    ------
    FileNotFoundError, ValueError
        See `Granule`; or none of the variables is there.
    """
    with Granule(path) as granule:
        found = {}
        for field in fields:
            name = field.theirs if "/" in field.theirs else f"{group}/{field.theirs}"
            if name in granule and field.ours not in found:
                found[field.ours] = replace(field, theirs=name)
        if not found:
            msg = f"{granule.name} has none of the product's variables in {group}; it has {', '.join(granule.file)}."
            raise ValueError(msg)
        shape = granule.file[next(iter(found.values())).theirs].shape
        name, coords = granule.axes(shape, grid, ("", group))
        ds = xr.Dataset({ours: granule.array(column, ("y", "x")) for ours, column in found.items()}, coords=coords)
        if not static:
            time = time_of(granule).astype("datetime64[ns]")
            ds = ds.expand_dims(time=np.array([time]))
            ds["time"].attrs = {"standard_name": "time", "comment": "UTC"}
        match = _VERSION.search(granule.name)
        ds.attrs = {
            "source": f"{granule.name}",
            "grid": NAMES[name],
            "product_version": match[1] if match else granule.release(),
            "synthetic": 0,
        }
        ds.set_close(granule.close)
        return ds
