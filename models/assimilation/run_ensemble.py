"""An ensemble of columns that runs through the weather of a twin, piece by piece, and what is kept of it."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.advance import advance_ensemble, read_state, snapshot
from models.assimilation.ensemble import centring_factor, forcing_memory, forcing_noise, perturbation_law
from models.assimilation.options import AssimilationChoices
from models.assimilation.perturbations import STATE_CORRELATION, STATE_PERTURBATIONS, EnsembleOptions, rotation
from models.assimilation.record import DAILY, OUTPUT_ROWS, Record
from models.assimilation.weather import highest_of, keep_within
from models.kernel import THREADS, spread
from models.land import layout as at
from models.land.columns import Columns
from models.land.layout import FORCING, LANES
from models.land.run import TIME_STEPS
from models.observation import SENSORS
from models.observation.sampling import step_of

if TYPE_CHECKING:
    from models.assimilation.twin import Twin

__all__ = ["PLACE", "Chunk", "Ensemble", "Snapshots", "event_steps"]

TRUTH_SEED = 104_729
"""Added to the experiment's seed for the random changes of the true state."""

COLUMNS_OF_CHUNK = 320
RAIN = FORCING.index("precip_rate")
WETTEST = 0.02
"""Soil moisture that is left to porosity by noise and updates under the rule of LIS [m3 m-3]."""


def event_steps(time_step: float) -> tuple[int, ...]:
    """Return the steps of a day after which some sensor passes over."""
    return tuple(sorted({step_of(hour, time_step * 3600.0) for sensor in SENSORS for hour in sensor.hours}))


PLACE = ("t_soil", "ice1", "swe", "stem", "wood", "precip_rate")
"""What masks and operators ask for beside the filter's state: soil temperature [K] and ice [m3 m-3] of the first layer,
snow [mm], stem and wood carbon [gC m-2], and the weather's rain of the step that ends [kg m-2 s-1]."""


@dataclass(eq=False)
class Snapshots:
    """State at every overpass hour of every day of the period.

    Attributes
    ----------
    steps : tuple of int
        Steps of the day after which they are taken; slot ``day * len(steps) + k``.
    mean, std : (cell, slot, 5) float32 array
        Mean and sd over members of sm1 to sm4 [m3 m-3] and lai [m2 m-2].
    place : (cell, slot, 6) float32 array
        Means of `PLACE`.
    """

    steps: tuple[int, ...]
    mean: np.ndarray
    std: np.ndarray
    place: np.ndarray

    @classmethod
    def empty(cls, n_cell: int, n_day: int, steps: tuple[int, ...]) -> "Snapshots":
        """Make room for a run."""
        slots = n_day * len(steps)
        state, place = (n_cell, slots, 5), (n_cell, slots, len(PLACE))
        return cls(steps, *(np.full(shape, np.nan, np.float32) for shape in (state, state, place)))

    def of(self, places: np.ndarray) -> "Snapshots":
        """Return those of some cells."""
        return Snapshots(self.steps, self.mean[places], self.std[places], self.place[places])


class Ensemble:
    """Members of all cells of a twin, and how far they have run.

    Parameters
    ----------
    twin : Twin
        Cells, weather, model.
    choices : AssimilationChoices
        Ensemble size and noise.
    start : Columns
        State of each cell before the run.
    truth : bool
        One member without noise on its weather, whose state changes at random as the twin says.
    snapshots : bool
        Keep the state at every overpass hour.
    """

    def __init__(
        self, twin: "Twin", choices: AssimilationChoices, start: Columns, *, truth: bool = False, snapshots: bool = True
    ) -> None:
        self.twin, self.choices, self.truth = twin, choices, truth
        self.cells = np.asarray(twin.cells, np.int64)
        self.dt, self.per_day = choices.time_step * 3600.0, round(24.0 / choices.time_step)
        self.options = choices.ensemble_options(twin.seed)
        self.members, self.perturbed = choices.members, self.options.perturbed
        self.stretch = centring_factor(self.options)
        if truth:
            self.members = self.perturbed = 1
            self.stretch = 0.0
            scales = tuple((field.name, choices.truth_state_error) for field in STATE_PERTURBATIONS)
            self.options = EnsembleOptions(
                seed=twin.seed + TRUTH_SEED,
                state_interval=self.options.state_interval,
                control=False,
                centering="none",
                scales=scales,
            )
        self.group = LANES // math.gcd(LANES, self.members)
        self._lay_out(start)
        self.memory = forcing_memory(self.options, self.cells)
        field, _ = perturbation_law(STATE_PERTURBATIONS, self.options, self.dt)
        silent = truth and choices.truth_state_error == 0.0
        self.noise_of_state = (0 if silent else self.options.hold("state", self.dt), rotation(STATE_CORRELATION), field)
        days = twin.days.size
        self.record = Record.empty(self.cells.size, days, control=self.perturbed < self.members)
        self.snapshots = Snapshots.empty(self.cells.size, days, twin.snapshots.steps) if snapshots else None
        self.day = 0
        self.watch: Callable | None = None
        self.parts = {"model": 0.0, "draws": 0.0, "update": 0.0}

    def _lay_out(self, start: Columns) -> None:
        """Give every member a lane; members of a cell lie side by side."""
        count, members = self.cells.size, self.members
        blocks = -(-count * members // LANES)
        cell = np.minimum(np.arange(blocks * LANES) // members, count - 1)

        def repeat(array: np.ndarray) -> np.ndarray:
            flat = array.transpose(0, 2, 1).reshape(-1, array.shape[1])
            return np.ascontiguousarray(flat[cell].reshape(blocks, LANES, -1).transpose(0, 2, 1))

        self.parameters, self.state = repeat(start.parameters), repeat(start.state)
        self.balance = np.zeros((blocks, at.N_BALANCE, LANES))
        self.source = cell.reshape(blocks, LANES)
        porosity, lai_min = start.get("theta_max"), start.get("lai_min")
        self.low, self.high = np.empty((count, 5)), np.empty((count, 5))
        self.low[:, :4], self.low[:, 4] = WETTEST, lai_min
        self.high[:, :4], self.high[:, 4] = (porosity - WETTEST)[:, None], np.inf

    def copy_of_state(self) -> tuple:
        """Return what a later call of `restore` goes back to."""
        return self.day, self.state.copy(), self.balance.copy(), self.memory.copy()

    def restore(self, saved: tuple) -> None:
        """Go back to where `copy_of_state` was called."""
        self.day, self.state, self.balance, self.memory = saved[0], *(array.copy() for array in saved[1:])

    def run(
        self,
        begin: int,
        end: int,
        weather: np.ndarray,
        *,
        at_overpass: Callable[["Chunk", int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Run all cells from day ``begin`` to before day ``end`` of the run, chunks of cells spread over the cores.

        Parameters
        ----------
        begin, end : int
            Days, the warm-up included.
        weather : (step, cell, 8) array
            Of those days.
        at_overpass : callable, optional
            Called in the worker's thread with the chunk, the day of the period and the number of the overpass hour;
            it may change the chunk's state.
        cancelled : callable, optional
            Asked before each chunk.

        Raises
        ------
        Cancelled
            If ``cancelled`` said yes; the ensemble is then as it was before.
        """
        saved = self.copy_of_state()
        groups = -(-self.cells.size // self.group)
        # Enough chunks for every core, each large enough to be worth a thread's while.
        least = -(-COLUMNS_OF_CHUNK // (self.group * self.members))
        size = min(max(least, -(-groups // (4 * THREADS))), max(1, -(-groups // THREADS)))

        def work(first: int, last: int) -> None:
            chunk = Chunk(self, first * self.group, min(last * self.group, self.cells.size))
            chunk.run(begin, end, weather, at_overpass)
            for name, seconds in chunk.parts.items():
                self.parts[name] += seconds

        try:
            spread(work, groups, chunk=size, cancelled=cancelled)
        except BaseException:
            self.restore(saved)
            raise
        self.day = end


class Chunk:
    """Some cells of an ensemble, run by one thread."""

    def __init__(self, ensemble: Ensemble, first: int, last: int) -> None:
        self.ensemble, self.first, self.last = ensemble, first, last
        self.watch = ensemble.watch
        self.parts = dict.fromkeys(ensemble.parts, 0.0)
        self.members = ensemble.members
        blocks = slice(first * self.members // LANES, -(-last * self.members // LANES))
        self.cells = ensemble.cells[first:last]
        self.state, self.parameters = ensemble.state[blocks], ensemble.parameters[blocks]
        self.balance, self.source = ensemble.balance[blocks], ensemble.source[blocks]
        self.memory = ensemble.memory[first:last]
        self.low, self.high = ensemble.low[first:last], ensemble.high[first:last]
        count = last - first
        self.E, self.addition = np.empty((count, 5, self.members)), np.empty((count, 5, self.members))
        self.output = np.empty((1, self.state.shape[0], at.N_OUTPUTS, LANES))
        self.rows = np.array(OUTPUT_ROWS)
        self.sums = np.zeros((count, self.rows.size))

    def read(self) -> np.ndarray:
        """Return the filter's state, (cell, 5, member)."""
        read_state(0, self.last - self.first, self.state, self.parameters, self.members, self.E)
        return self.E

    def run(self, begin: int, end: int, weather: np.ndarray, at_overpass: Callable | None) -> None:
        """Run from overpass to overpass, day by day."""
        ensemble = self.ensemble
        per_day, twin = ensemble.per_day, ensemble.twin
        for day in range(begin, end):
            first = (day - begin) * per_day
            noise = self._noise(day * per_day, weather[first : first + per_day])
            done = 0
            self.sums[:] = 0.0
            reported = day - twin.warm_up
            for k, step in enumerate(twin.snapshots.steps if reported >= 0 else ()):
                self._advance(weather[first : first + per_day], day * per_day, done, step, noise)
                done = step
                slot = reported * len(twin.snapshots.steps) + k
                if ensemble.snapshots is not None:
                    self._snapshot(slot, weather[first + max(step - 1, 0), self.first : self.last, RAIN])
                if at_overpass is not None:
                    started = time.thread_time()
                    at_overpass(self, reported, k)
                    self.parts["update"] += time.thread_time() - started
            self._advance(weather[first : first + per_day], day * per_day, done, per_day, noise)
            if reported >= 0:
                self._keep(reported)

    def _noise(self, step: int, weather: np.ndarray) -> np.ndarray:
        """Draw the perturbations of the weather of one day."""
        if self.ensemble.truth:
            return np.empty((0, self.state.shape[0], 3, LANES))
        begin = time.thread_time()
        noise = np.empty((self.ensemble.per_day, self.state.shape[0], 3, LANES))
        forcing_noise(self.ensemble.options, self.cells, step, self.ensemble.dt, self.memory, noise)
        if self.ensemble.choices.limits != "none":
            keep_within(weather, self.source, *highest_of(self.ensemble.choices), noise)
        self.parts["draws"] += time.thread_time() - begin
        return noise

    def _advance(self, weather: np.ndarray, clock: int, first: int, last: int, noise: np.ndarray) -> None:
        """Run some steps of a day."""
        if first == last:
            return
        begin = time.thread_time()
        e = self.ensemble
        newton, substeps = TIME_STEPS[e.dt]
        land = e.twin.land
        hold, root, field = e.noise_of_state
        advance_ensemble(
            *(first, last, clock, weather, self.source, e.dt, newton, substeps),
            *(land.hydraulics == "van_genuchten", land.drainage == "groundwater"),
            *(self.parameters, self.state, self.balance, noise),
            *(e.options.seed, self.cells, hold, e.members, e.perturbed, e.stretch, root, field),
            *(self.low, self.high, self.E, self.addition, self.output, self.rows, self.sums),
        )
        self.parts["model"] += time.thread_time() - begin

    def _snapshot(self, slot: int, rain: np.ndarray) -> None:
        """Keep mean and sd of the members, and the rain."""
        kept = self.ensemble.snapshots
        part = slice(self.first, self.last)
        snapshot(self.state, self.read(), self.members, slot, kept.mean[part], kept.std[part], kept.place[part])

        kept.place[part, slot, PLACE.index("precip_rate")] = rain

    def _keep(self, day: int) -> None:
        """Keep the day's means, and the spread at its end."""
        record, part = self.ensemble.record, slice(self.first, self.last)
        means = self.sums / self.ensemble.per_day
        for name, weights in DAILY.items():
            record.mean[name][part, day] = means @ weights
        if self.members == 1:
            return
        E = self.read()
        profile = 0.1 * E[:, 0] + 0.3 * E[:, 1] + 0.6 * E[:, 2]
        for name, values in (("ssm", E[:, 0]), ("rzsm", profile), ("lai", E[:, 4])):
            record.spread[name][part, day] = values.std(axis=1, ddof=1)
            record.range[name][part, day] = values.max(axis=1) - values.min(axis=1)
            if record.control:
                record.control[name][part, day] = values[:, -1] - values.mean(axis=1)
