"""The towers that ship with the app, one site at a time."""

import xarray as xr

from data_catalog.entry import CatalogEntry
from data_catalog.towers import TOWERS, open_tower

__all__ = ["ENTRY", "load"]


def load(site: str = "FR-Hes") -> xr.Dataset:
    """Open the shipped tower ``site``; see `data_catalog.towers.open_tower`."""
    return open_tower(site)


ENTRY = CatalogEntry(
    name="towers",
    title="Eddy-covariance towers that ship with the app: " + ", ".join(TOWERS),
    citation="; ".join(tower.citation for tower in TOWERS.values()),
    licence="; ".join(f"{site}: {tower.licence}" for site, tower in TOWERS.items()),
    load=load,
    feeds=("drivers", "towers"),
)
