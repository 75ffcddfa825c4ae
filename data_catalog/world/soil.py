"""Days of soil for the packed world, from the shipped run of the land surface model at 108 km.

At 108 km they are the run itself. At 36 km a cell takes the wetness and frost of the 108-km cell it lies in, and its
soil temperature shifted by the difference of their mean air temperatures, until the model is run there too
(`data_catalog.world.soil_store`).
"""

from functools import cache

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world.soil_file import SOIL, T_SOIL, Shipped, read_shipped
from data_catalog.world.weather import DAYS

__all__ = ["LABEL", "SHIPPED_GRID", "SoilDays", "label_of", "parents_of", "shipped"]

SHIPPED_GRID = "108km"
LABEL = "land surface model, open loop on synthetic weather"


def label_of(grid: str, *, own: bool) -> str:
    """Say where the soil of a packed world comes from; ``own`` says that the model was run on this grid."""
    if own or grid == SHIPPED_GRID:
        return f"{LABEL}, {_people(grid)} grid"
    return f"{LABEL}, {_people(SHIPPED_GRID)} grid, each cell's soil that of the {_people(SHIPPED_GRID)} cell around it"


def _people(grid: str) -> str:
    return grid.replace("km", "-km")


@cache
def shipped() -> Shipped:
    """Read the shipped run once a process (80 MB)."""
    return read_shipped()


def parents_of(static: xr.Dataset, grid: str) -> np.ndarray:
    """Return the position in the shipped run of each cell of ``static``, or of the coarse cell it lies in.

    Raises
    ------
    ValueError
        If a cell lies in none: the file is of another version of the land.
    """
    row, column = static["row"].values, static["column"].values
    if grid != SHIPPED_GRID:
        row, column = EaseGrid(grid).parent(row, column, SHIPPED_GRID)
    wanted = np.asarray(row, dtype=np.int64) * 4096 + column
    key = shipped().key
    order = np.argsort(key)
    found = order[np.minimum(np.searchsorted(key, wanted, sorter=order), len(key) - 1)]
    if (key[found] != wanted).any():
        missing = int(np.argmax(key[found] != wanted))
        msg = (
            f"Cell {missing} of the {grid} world has no days of soil in the shipped run; make it again with "
            "python -m data_catalog.world.build_soil."
        )
        raise ValueError(msg)
    return found


class SoilDays:
    """Days of soil of the cells of a static table.

    Parameters
    ----------
    static : Dataset
        `data_catalog.world.static.open_static`, or part of it.
    grid : str
        Its grid.

    Attributes
    ----------
    wilting : (cell,) array
        Wetness at the wilting point [%].
    drift : (cell,) array
        Largest change of a layer's soil moisture over the year of the run [m3 m-3].
    """

    def __init__(self, static: xr.Dataset, grid: str):
        run = shipped()
        self.label = label_of(grid, own=False)
        self._parent = parents_of(static, grid)
        self.wilting, self.drift = run.wilting[self._parent], run.drift[self._parent]
        self._shift = np.zeros(len(self._parent), dtype=np.float32)
        if grid != SHIPPED_GRID:
            self._shift[:] = static["t_air"].values.mean(axis=1) - run.t_air[self._parent]

    def days(self, cells: np.ndarray) -> np.ndarray:
        """Return the days (n, row of `SOIL`, day) float32 of cells (n,); rows of -1 are 0."""
        found = np.zeros((len(cells), len(SOIL), DAYS), dtype=np.float32)
        used = cells >= 0
        found[used] = shipped().soil[self._parent[cells[used]]]
        found[used, T_SOIL] += self._shift[cells[used], None]
        return found
