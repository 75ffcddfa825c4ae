"""The embedded world as an assimilation run takes it: weather by the hour, land, and what sensors ask of a place."""

import functools

import numpy as np

from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from data_catalog.world.surface import column_table_of, surface
from models.assimilation.world import World

__all__ = ["YEARS", "twin_world"]

YEARS = 10
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
    land = _land(grid)

    def forcing_of(cells: np.ndarray, first_day: int, last_day: int, step_hours: float) -> np.ndarray:
        return hourly_forcing(grid, cells, first_day, last_day, seed=SEED, step_hours=step_hours)

    def fields_of(cells: np.ndarray) -> dict[str, np.ndarray]:
        return {name: values[cells] for name, values in land.items()}

    return World(
        name=f"reference-earth {grid}",
        latitude=static["latitude"].values.astype(float),
        longitude=static["longitude"].values.astype(float),
        first_year=YEAR,
        n_year=YEARS,
        table_of=lambda cells: column_table_of(grid, cells),
        forcing_of=forcing_of,
        fields_of=fields_of,
        usable=~np.isin(land["vegetation"], NOT_RUN),
    )


def _land(grid: str) -> dict[str, np.ndarray]:
    """Return the fields of all cells of a grid."""
    ds = surface(grid)
    names = ("vegetation", "soil", "vegetation_fraction", "sand", "clay", "elevation")
    return {name: ds[name].values for name in names}
