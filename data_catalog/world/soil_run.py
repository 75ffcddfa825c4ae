"""Runs of the land surface model over cells of the embedded world: an open loop on the world's hourly weather."""

from collections.abc import Callable

import numpy as np

from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.store import SEED
from data_catalog.world.surface import column_table_of
from models.land.open_loop import CYCLES, LAST_CYCLES, OpenLoop, daily_open_loop

__all__ = ["run_cells"]


def run_cells(
    grid: str,
    cells: np.ndarray,
    *,
    seed: int = SEED,
    start: np.ndarray | None = None,
    cycles: int = CYCLES,
    last_cycles: int = LAST_CYCLES,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> OpenLoop:
    """Run the land surface model on a year of a cell's hourly weather, repeated until water and leaves do.

    Parameters
    ----------
    grid : str
        "36km" or "108km".
    cells : (n,) int array
        Positions along ``cell`` of `data_catalog.world.static.open_static`.
    seed : int
        Of weather and soil: another than the packed world's is another world.
    start, cycles, last_cycles, progress, cancelled
        See `models.land.open_loop.open_loop_chunk`.

    Returns
    -------
    OpenLoop
        A column for each cell: 365 days at a step of an hour.
    """
    cells = np.asarray(cells)
    return daily_open_loop(
        lambda where: hourly_forcing(grid, cells[where], seed=seed),
        column_table_of(grid, cells, seed=seed),
        start=start,
        cycles=cycles,
        last_cycles=last_cycles,
        progress=progress,
        cancelled=cancelled,
    )
