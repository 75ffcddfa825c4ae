"""What the map of the page Land shows: the runs of A and B over a region, laid on the cells of the whole grid."""

import functools
from dataclasses import dataclass

import numpy as np

from data_catalog.world.static import open_static
from data_catalog.world.surface import surface
from explorer.land.address import STATIC, LandSelection
from explorer.land.regions import Estimate, RegionRun, estimate
from explorer.style import FLUXES
from models.experiment import Experiment
from models.regions import Region

__all__ = ["Regional", "estimate_both", "static_fields"]


@functools.lru_cache(maxsize=4)
def static_fields(grid: str) -> dict[str, np.ndarray]:
    """Return what the map shows without a run, (cell,) each: elevation [m], sand and clay [%]; kept for everybody."""
    land = surface(grid)
    fields = {name: np.asarray(land[name].values, dtype=np.float32) for name in STATIC}
    for values in fields.values():
        values.flags.writeable = False
    return fields


def cells_of(region: Region, grid: str) -> np.ndarray:
    """Return the land cells of a region."""
    static = open_static(grid)
    return np.flatnonzero(region.contains(static["latitude"].values, static["longitude"].values))


def estimate_both(a: Experiment, b: Experiment) -> Estimate:
    """Say what the region takes for B, and for A too where it differs.

    Raises
    ------
    ValueError
        If the region holds no cell or too many.
    """
    of_b = estimate(b.region, b.grid, b.land)
    if a.land == b.land:
        return of_b
    of_a = estimate(a.region, a.grid, a.land)
    return Estimate(
        of_b.cells, of_b.steps, of_b.daily and of_a.daily, of_a.nbytes + of_b.nbytes, of_a.seconds + of_b.seconds
    )


@dataclass(frozen=True, eq=False)
class Regional:
    """Runs of A and B over a region, as far as they are made.

    Attributes
    ----------
    asked_a, asked_b : Experiment
        What was asked for.
    a, b : RegionRun or None
        None is not begun.
    finished : bool
        Whether all is run.
    """

    asked_a: Experiment
    asked_b: Experiment
    a: RegionRun | None
    b: RegionRun | None
    finished: bool

    @property
    def grid(self) -> str:
        """Grid of the cells."""
        return self.asked_b.grid

    def field(self, variable: str, selection: LandSelection) -> np.ndarray:
        """Return what is shown of a variable on every cell of the grid, NaN where there is no run, (cell,) float32.

        A sum over the year is in the unit of the year.
        """
        size = open_static(self.grid).sizes["cell"]
        values = np.full(size, np.nan, dtype=np.float32)
        runs = {"A": (self.a,), "B": (self.b,), "B-A": (self.b, self.a)}[selection.show]
        if all(run is not None for run in runs):
            parts = [run.field(variable, selection.when) for run in runs]
            shown = parts[0] if len(parts) == 1 else parts[0] - parts[1]
            summed = selection.when == "annual" and variable in FLUXES
            values[runs[0].cells] = shown * runs[0].days.size if summed else shown
        return values

    def note(self, a: Experiment, b: Experiment) -> str:
        """Say where the map is not that of the present A and B."""
        if not self.finished:
            return "running"
        if (a.land, b.land) != (self.asked_a.land, self.asked_b.land):
            return "of an earlier A and B: run again"
        if b.region != self.asked_b.region:
            return f"of {self.asked_b.region.name}: run again"
        return ""
