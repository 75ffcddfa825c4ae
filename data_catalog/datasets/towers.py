"""Drivers of L4C at a tower: one that ships with the app, or one of the user's own."""

from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from data_catalog.drivers import tower_drivers
from data_catalog.entry import CatalogEntry
from data_catalog.towers import TOWERS, open_tower

__all__ = ["ENTRY", "load"]


def load(site: str = "FR-Hes", data: Iterable[str | Path] = (), grid: str = "108km") -> xr.Dataset:
    """Open the drivers at a tower, its own where it measured and the world's elsewhere.

    Parameters
    ----------
    site : str
        A key of `data_catalog.towers.TOWERS`, or a site whose file lies in ``data``.
    data : iterable of paths
        The user's own folders.
    grid : str
        Grid of the world that fills in.

    Returns
    -------
    xr.Dataset
        Dimensions (cell = 1, time), see `data_catalog.drivers.tower_drivers`; the attribute ``source`` of each driver
        says where its days come from.
    """
    drivers, _ = tower_drivers(open_tower(site, data), grid=grid)
    return drivers


ENTRY = CatalogEntry(
    name="towers",
    title="Eddy-covariance towers that ship with the app: " + ", ".join(TOWERS),
    citation="; ".join(tower.citation for tower in TOWERS.values()),
    licence="; ".join(f"{site}: {tower.licence}" for site, tower in TOWERS.items()),
    load=load,
    feeds=("drivers", "towers"),
)
