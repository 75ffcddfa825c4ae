"""Parts of the embedded world for tests: few cells, drawn once."""

import functools

import numpy as np

from data_catalog.world.daily import world_days
from data_catalog.world.static import open_static
from data_catalog.world.weather import MONTH_DAYS, MONTH_START, make_tables


@functools.cache
def part_of(grid="108km", every=8, box=None):
    """Every n-th land cell, or all cells in a box (west, south, east, north)."""
    static = open_static(grid)
    if box is None:
        return static.isel(cell=slice(None, None, every))
    west, south, east, north = box
    latitude, longitude = static["latitude"].values, static["longitude"].values
    inside = (longitude > west) & (longitude < east) & (latitude > south) & (latitude < north)
    return static.isel(cell=np.flatnonzero(inside))


def drawn(static, **realisation):
    """Weather (cell, row of WEATHER, day) of a static table."""
    return world_days(make_tables(static, **realisation))


@functools.cache
def sample():
    """Weather of `part_of`, every eighth cell of the world."""
    return drawn(part_of())


def monthly(x):
    """(cell, day) -> (cell, month) means."""
    return np.stack([x[:, a : a + n].mean(axis=1) for a, n in zip(MONTH_START, MONTH_DAYS, strict=False)], axis=1)


def nearest(static, latitude, longitude):
    """Place of the cell nearest to a point, on a plane of degrees."""
    return int(np.argmin((static["latitude"].values - latitude) ** 2 + (static["longitude"].values - longitude) ** 2))
