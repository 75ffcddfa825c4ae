"""The twin: a truth, the weather that the experimenter is given, and where the cells are."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.options import AssimilationChoices
from models.assimilation.run_ensemble import Ensemble, Snapshots, event_steps
from models.assimilation.weather import Weather
from models.assimilation.world import World
from models.climatology import DAYS
from models.land.columns import Columns, ColumnTable, cold_start
from models.land.run import LandOptions, advance

if TYPE_CHECKING:
    from models.experiment import Experiment
    from models.land.options import LandChoices

__all__ = ["MOST_CELLS", "Twin", "prepare_twin"]

MOST_CELLS = 5000
TRUTH_SEED = 104_729
"""Added to the experiment's seed for the random changes of the true state."""

COLUMN_STEPS = 3e5
"""Columns times steps of a piece: what two cores do in a quarter of a second, so that others get their turn."""

MEMBERS_ASSUMED = 24
STEPS_OF_YEAR = 2920
SPIN_UP_BYTES = 1.5e8
"""Weather that is kept during the spin-up [bytes]."""


@dataclass(eq=False)
class Twin:
    """A truth and what the experimenter knows of it.

    Attributes
    ----------
    world : World
        Where weather and land come from.
    choices : AssimilationChoices
        Those it was made for; others fit too, see `fits`.
    land : LandChoices
        Physics and parameters of the model.
    seed : int
        Of the experiment.
    cells : (cell,) int array
        Numbers in the grid.
    latitude, longitude : (cell,) array
        Degrees.
    table : ColumnTable
        What the cells are.
    fields : dict of str to (cell,) array
        Further fields of the place.
    days : (day,) datetime64[D] array
        Days of the period (without the warm-up).
    warm_up : int
        Days of the run before them.
    weather : Weather
        Of the run.
    truth : dict of str to (cell, day) float32 array
        Daily means of the truth, of `models.assimilation.record.VARIABLES_KEPT`.
    snapshots : Snapshots
        State of the truth at every overpass hour of every day.
    start : Columns
        Spun-up state of the experimenter's model, one column a cell.
    kept, lock : dict, Lock
        Open loops that were run on it, and who runs one now.
    """

    world: World
    choices: AssimilationChoices
    land: "LandChoices"
    seed: int
    cells: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    table: ColumnTable
    fields: dict[str, np.ndarray] = field(repr=False)
    days: np.ndarray
    warm_up: int
    weather: Weather = field(repr=False)
    truth: dict[str, np.ndarray] = field(repr=False)
    snapshots: Snapshots = field(repr=False)
    start: Columns = field(repr=False)
    kept: dict = field(default_factory=dict, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fits(self, choices: AssimilationChoices) -> bool:
        """Say whether choices ask for this twin, so that it need not be made again."""
        return choices.twin_key() == self.choices.twin_key()

    @property
    def pieces(self) -> list[tuple[int, int]]:
        """Days of the run in pieces that end with months at the latest: first day and the day after the last."""
        return pieces_of(self.days, self.warm_up, self.cells.size, self.weather.per_day)

    def of_group(self, places: np.ndarray) -> "Twin":
        """Return the twin of some of its cells alone, without its truth; runs on it give the same numbers."""
        weather = Weather(
            *(self.world, self.cells[places], self.weather.first, self.weather.last, self.choices, self.seed)
        )
        table = ColumnTable(*(values[places] for values in self.table))
        start = cold_start(table, overrides=dict(self.land.parameters), van_genuchten=_curve(self.land))
        flat = self.start.state.transpose(0, 2, 1).reshape(-1, self.start.state.shape[1])[places]
        for k in range(flat.shape[1]):
            rows = start.state[:, k, :].reshape(-1)
            rows[: places.size] = flat[:, k]
            rows[places.size :] = flat[-1, k]
            start.state[:, k, :] = rows.reshape(start.state[:, k, :].shape)
        return Twin(
            world=self.world,
            choices=self.choices,
            land=self.land,
            seed=self.seed,
            cells=self.cells[places],
            latitude=self.latitude[places],
            longitude=self.longitude[places],
            table=table,
            fields={name: values[places] for name, values in self.fields.items()},
            days=self.days,
            warm_up=self.warm_up,
            weather=weather,
            truth={name: values[places] for name, values in self.truth.items()},
            snapshots=self.snapshots.of(places),
            start=start,
        )


def _curve(land: "LandChoices") -> bool:
    """Say whether the hydraulics are van Genuchten's."""
    return land.hydraulics == "van_genuchten"


def pieces_of(days: np.ndarray, warm_up: int, n_cell: int, per_day: int) -> list[tuple[int, int]]:
    """Cut a run into pieces of days that respect the start of the period and the ends of its months."""
    length = int(np.clip(COLUMN_STEPS / (n_cell * MEMBERS_ASSUMED * per_day), 1, 31))
    months = days.astype("datetime64[M]")
    ends = [0, warm_up, *(warm_up + np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), warm_up + days.size]
    found = []
    for begin, end in itertools.pairwise(ends):
        found += [(day, min(day + length, end)) for day in range(begin, end, length)]
    return found


def spun_up(
    world: World,
    cells: np.ndarray,
    table: ColumnTable,
    land: "LandChoices",
    years: int,
    extra: int,
    parameters: dict[str, float],
    told: Callable[[float], None],
    cancelled: Callable[[], bool] | None,
) -> Columns:
    """Run cells from a cold start through whole years of the world's weather and ``extra`` days, 3 h a step."""
    overrides = dict(land.parameters) | parameters
    columns = cold_start(
        table, soil_moisture=land.soil_moisture, lai=land.lai, overrides=overrides, van_genuchten=_curve(land)
    )
    options = LandOptions(dt=10800.0, van_genuchten=_curve(land), groundwater=land.drainage == "groundwater")
    pieces = [(first, min(first + 73, DAYS)) for first in range(0, DAYS, 73)] if years else []
    pieces_extra = [(first, min(first + 73, extra)) for first in range(0, extra, 73)]
    done, total = 0, max(1, years * len(pieces) + len(pieces_extra))
    weather: dict[tuple[int, int], np.ndarray] = {}
    # A year that is run again and again is made once, if there is room for it.
    kept = years > 1 and cells.size * STEPS_OF_YEAR * 64.0 <= SPIN_UP_BYTES
    for k in range(years + 1):
        for piece in pieces if k < years else pieces_extra:
            made = weather.get(piece)
            if made is None:
                made = world.forcing_of(cells, *piece, 3.0)
                if kept:
                    weather[piece] = made
            advance(columns, made, options, cancelled=cancelled)
            done += 1
            told(done / total)
    columns.balance[:] = 0.0
    return columns


def prepare_twin(
    experiment: "Experiment",
    world: World,
    *,
    cells: np.ndarray | None = None,
    progress: Callable[[float, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Twin:
    """Make the twin: choose cells and days, spin up, run the truth.

    Parameters
    ----------
    experiment : Experiment
        Its region, period, seed, ``land`` (physics, parameters) and ``assimilation``.
    world : World
        Where weather and land come from.
    cells : (cell,) int array, optional
        Cells to run, instead of those of the region.
    progress : callable, optional
        Told the share done (0 to 1) and what is being done.
    cancelled : callable, optional
        Asked now and then.

    Raises
    ------
    ValueError
        If the region holds no cell or too many, or the period reaches beyond the world's weather.
    Cancelled
        If ``cancelled`` said yes.
    """
    choices, land, seed = experiment.assimilation, experiment.land, experiment.seed
    if land.columns:
        msg = "land.columns says what columns are; an assimilation run takes the land of its world: leave it out."
        raise ValueError(msg)
    days, first_day = world.days_of(experiment.period)
    cells = world.cells_in(experiment.region) if cells is None else np.asarray(cells)
    if cells.size > MOST_CELLS:
        msg = f"The region has {cells.size:,} cells; an assimilation run takes {MOST_CELLS:,}: choose a smaller one."
        raise ValueError(msg)
    absent = [number for number in choices.cells if number not in cells]
    if absent:
        msg = f"assimilation.cells: the cell {absent[0]} is not among the {cells.size:,} cells of the run."
        raise ValueError(msg)
    table = world.table_of(cells)
    table = table._replace(site=np.arange(cells.size))
    warm_up = int(choices.warm_up)
    first_day -= warm_up

    def told(share: float, what: str) -> None:
        if progress is not None:
            progress(share, what)

    spin_up = (choices.spin_up, first_day % DAYS)

    def in_spin_up(share: float) -> None:
        told(0.5 * share, "spin-up")

    start = spun_up(world, cells, table, land, *spin_up, {}, in_spin_up, cancelled)
    true_start = start
    if choices.truth_parameters:
        others = dict(choices.truth_parameters)
        true_start = spun_up(world, cells, table, land, *spin_up, others, in_spin_up, cancelled)
    weather = Weather(world, cells, first_day, first_day + warm_up + days.size, choices, seed)
    twin = Twin(
        world=world,
        choices=choices,
        land=land,
        seed=seed,
        cells=cells,
        latitude=world.latitude[cells],
        longitude=world.longitude[cells],
        table=table,
        fields=world.fields_of(cells),
        days=days,
        warm_up=warm_up,
        weather=weather,
        truth={},
        snapshots=Snapshots.empty(cells.size, days.size, event_steps(choices.time_step)),
        start=start,
    )
    truth = Ensemble(twin, choices, true_start, truth=True)
    pieces = twin.pieces
    for k, (begin, end) in enumerate(pieces):
        truth.run(begin, end, weather.true(begin, end), cancelled=cancelled)
        told(0.5 + 0.5 * (k + 1) / len(pieces), "truth")
    twin.truth, twin.snapshots = truth.record.mean, truth.snapshots
    return twin
