"""What an analysis is of: drivers of a region's cells, the days that count, and the options of the model."""

from dataclasses import dataclass

import numpy as np

from explorer.worlds import World
from models.experiment import Experiment
from models.l4c.changed import within
from models.options import L4COptions
from models.packing import Blocks

__all__ = ["MOST_COPIED", "Scope", "days_of", "scope_of"]

MOST_COPIED = 6_000
"""Cells whose drivers a visitor has for himself: 35 MB. A larger region is run with the world's other cells."""


@dataclass(frozen=True, eq=False)
class Scope:
    """Drivers of the cells of a region or of one cell, and the days that count.

    Attributes
    ----------
    world : World
        Whose cells they are.
    experiment : Experiment
        Region, period and options.
    blocks : Blocks
        Drivers of the scope's cells, or of all cells of the world.
    index : (n,) int array
        Place in ``blocks`` of each cell of the scope.
    cells : (n,) int array
        Their places in the world.
    area : (n,) array
        Vegetated area [m2].
    days : (day,) bool array
        Which days of the record count.
    """

    world: World
    experiment: Experiment
    blocks: Blocks
    index: np.ndarray
    cells: np.ndarray
    area: np.ndarray
    days: np.ndarray

    @property
    def options(self) -> L4COptions:
        """Options of the model."""
        return self.experiment.l4c

    @property
    def bins(self) -> np.ndarray:
        """Output bin of each day: 0 where it counts, else -1."""
        return np.where(self.days, 0, -1).astype(np.int32)

    @property
    def weight(self) -> np.ndarray:
        """Vegetated area [m2] of each cell of ``blocks``, 0 for those that are not of the scope."""
        weight = np.zeros(self.blocks.n_cell)
        weight[self.index] = self.area
        return weight

    @property
    def latitude(self) -> np.ndarray:
        """Latitude of each cell [degrees]."""
        return self.world.latitude[self.cells]

    @property
    def longitude(self) -> np.ndarray:
        """Longitude of each cell [degrees]."""
        return self.world.longitude[self.cells]

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """Return values of the scope's cells on all cells of the world, NaN elsewhere."""
        field = np.full(self.world.n_cell, np.nan, np.float32)
        field[self.cells] = values
        return field

    @property
    def words(self) -> str:
        """Region, cells and period for people."""
        days = self.world.time[self.days]
        whole = "the whole year" if self.days.all() else f"{days[0]} to {days[-1]}"
        region, grid = self.experiment.region.name, self.world.grid.replace("km", "-km")
        return f"{region[:1].upper()}{region[1:]}, {self.cells.size:,} cells of the {grid} grid, {whole}"


def days_of(world: World, experiment: Experiment) -> np.ndarray:
    """Say which days of the world's record lie in the period.

    Raises
    ------
    ValueError
        If none does.
    """
    first, last = experiment.period
    days = np.ones(world.time.size, bool)
    if first:
        days &= world.time >= np.datetime64(first)
    if last:
        days &= world.time <= np.datetime64(last)
    if not days.any():
        msg = (
            f"The period {first or '…'} to {last or '…'} holds no day of the {world.grid} world, which has "
            f"{world.time[0]} to {world.time[-1]}; choose days within."
        )
        raise ValueError(msg)
    return days


def scope_of(world: World, experiment: Experiment, at: tuple[float, float] | None = None) -> Scope:
    """Return the scope of an experiment's region, or of the cell at a place.

    Raises
    ------
    ValueError
        If the region holds no land, or the period no day.
    """
    days = days_of(world, experiment)
    live, _ = world.run(experiment.l4c.smrz_range)  # the drivers whose root-zone wetness is rescaled so
    blocks = live.blocks
    vegetated = world.area * np.nan_to_num(world.pft_fraction).sum(axis=1)
    if at is not None:
        mask = np.zeros(world.n_cell, bool)
        mask[world.table.nearest(*at)] = True
    else:
        mask = world.mask(experiment.region)
    cells = np.arange(world.n_cell) if mask is None else np.flatnonzero(mask)
    if cells.size > MOST_COPIED:
        return Scope(world, experiment, blocks, cells, cells, vegetated[cells], days)
    part, cells = within(blocks, np.isin(np.arange(world.n_cell), cells))
    return Scope(world, experiment, part, np.arange(cells.size), cells, vegetated[cells], days)
