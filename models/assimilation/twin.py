"""The twin: a truth, the forcing that the experimenter is given, and where the cells are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.options import AssimilationChoices
from models.land.columns import Columns, ColumnTable
from models.regions import Region

if TYPE_CHECKING:
    from models.experiment import Experiment

__all__ = ["Twin", "World", "prepare_twin"]


@dataclass(frozen=True, eq=False)
class World:
    """What a twin needs of a world, so that the engine reads no files.

    Attributes
    ----------
    name : str
        For keys and labels, as "reference-earth 108km".
    latitude, longitude : (cell,) array
        Of all cells of the grid [degrees].
    first_day : datetime64[D]
        Day 0.
    n_day : int
        Days of weather there are.
    table_of : callable
        cells -> `ColumnTable` of those cells, ``site`` = their place.
    forcing_of : callable
        (cells, first_day, last_day, step_hours) -> (step, cell, 8) weather in the order of
        `models.land.layout.FORCING`, in local solar time.
    fields_of : callable, optional
        cells -> mapping of further fields of the place that sensors use (sand, clay, elevation ...), each (cell,).
    usable : (cell,) bool array, optional
        Cells that can be run (land that is neither ice nor water).
    """

    name: str
    latitude: np.ndarray
    longitude: np.ndarray
    first_day: np.datetime64
    n_day: int
    table_of: Callable[[np.ndarray], ColumnTable]
    forcing_of: Callable[[np.ndarray, int, int, int], np.ndarray]
    fields_of: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None
    usable: np.ndarray | None = None

    def cells_in(self, region: Region) -> np.ndarray:
        """Return the cells of a region that can be run; raise ``ValueError`` if there is none."""
        raise NotImplementedError


@dataclass(eq=False)
class Twin:
    """A truth and what the experimenter knows of it.

    Attributes
    ----------
    cells : (cell,) int array
        Numbers in the grid.
    latitude, longitude : (cell,) array
        Degrees.
    table : ColumnTable
        What the cells are.
    days : (day,) datetime64[D] array
        Days of the period (without the warm-up).
    truth : dict of str to (cell, day) float32 array
        Daily means of the truth, of `models.assimilation.result.VARIABLES_KEPT`.
    start : Columns
        Spun-up state of the experimenter's model, one column a cell.
    """

    world: World
    choices: AssimilationChoices
    seed: int
    cells: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    table: ColumnTable
    days: np.ndarray
    truth: dict[str, np.ndarray] = field(repr=False)
    start: Columns = field(repr=False)

    def fits(self, choices: AssimilationChoices) -> bool:
        """Say whether choices ask for this twin, so that it need not be made again."""
        return choices.twin_key() == self.choices.twin_key()


def prepare_twin(
    experiment: "Experiment",
    world: World,
    *,
    progress: Callable[[float, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Twin:
    """Make the twin: choose cells and days, spin up, run the truth.

    Parameters
    ----------
    experiment : Experiment
        With ``model = "assimilation"``: region, period, seed and ``assimilation``.
    world : World
        Where weather and soils come from.
    progress, cancelled : callable, optional
        As in `models.assimilation.run.run_assimilation`.

    Raises
    ------
    ValueError
        If the region holds no cell, or the period reaches beyond the world's weather.
    Cancelled
        If ``cancelled`` said yes.
    """
    raise NotImplementedError
