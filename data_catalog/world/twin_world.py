"""The embedded world as an assimilation run takes it: weather by the hour, land, and what sensors ask of a place."""

import functools

import numpy as np

from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from data_catalog.world.surface import column_table_of, dominant_class, surface
from models.assimilation.world import World

__all__ = ["YEARS", "twin_world"]

YEARS = 10
FIELDS = ("sand", "clay", "elevation", "terrain", "rfi")
NOT_RUN = (15, 17)
"""IGBP classes that an assimilation run leaves out: ice and water."""


@functools.lru_cache(maxsize=4)
def twin_world(grid: str) -> World:
    """Return the embedded world on a grid, "108km" or "36km".

    Raises
    ------
    ValueError
        If there is no such grid.
    """
    static = open_static(grid)
    vegetation = dominant_class(static["igbp_fraction"].values)

    def forcing_of(cells: np.ndarray, first_day: int, last_day: int, step_hours: float) -> np.ndarray:
        return hourly_forcing(grid, cells, first_day, last_day, seed=SEED, step_hours=step_hours)

    def fields_of(cells: np.ndarray) -> dict[str, np.ndarray]:
        ds = surface(grid, cells)
        return {name: ds[name].values for name in FIELDS}

    return World(
        name=f"reference-earth {grid}",
        latitude=static["latitude"].values.astype(float),
        longitude=static["longitude"].values.astype(float),
        first_year=YEAR,
        n_year=YEARS,
        table_of=lambda cells: column_table_of(grid, cells),
        forcing_of=forcing_of,
        fields_of=fields_of,
        usable=~np.isin(vegetation, NOT_RUN),
    )
