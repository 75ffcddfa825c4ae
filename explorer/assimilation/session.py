"""One visitor's assimilation page: experiments A and B, the run that is under way, and the result that is shown."""

import itertools
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import param

from explorer.assimilation import runs
from explorer.assimilation.address import (
    AssimilationSelection,
    baseline_of_assimilation,
    plain_assimilation,
    read_assimilation,
    write_assimilation,
)
from explorer.assimilation.runs import ASSIMILATION, Outcome
from explorer.assimilation.skill import prime
from explorer.assimilation.sources import Where, experiment_on, open_sources, sensor_of, where_of
from explorer.data.library import LIBRARY, Item, Library, added, brought
from explorer.data.series import open_record
from explorer.land.engine import ENGINE
from explorer.runs import SLOW, Job
from explorer.session import MOST_PINS, Session, describe
from explorer.worlds import WORLDS, Worlds
from models.assimilation.result import AssimilationResult
from models.experiment import Experiment
from models.observation import sensor_named

__all__ = ["AssimilationSession", "RunPin"]

PARTIAL_EVERY = 1.0
"""Seconds between two pictures of a run that is under way."""


@dataclass(frozen=True, eq=False)
class RunPin:
    """A run kept for comparison: its experiment and a few numbers, not its arrays."""

    number: int
    experiment: Experiment
    numbers: dict[str, float]


class AssimilationSession(Session):
    """The state of one visitor's assimilation page; a run starts when it is asked for, not at every move."""

    choices: ClassVar[str] = "assimilation"
    place: ClassVar[tuple[str, ...]] = ("grid", "region", "period")

    selection = param.ClassSelector(class_=AssimilationSelection, doc="What is looked at.")
    answer = param.ClassSelector(class_=Outcome, default=None, doc="The newest result, perhaps of a part of the year.")
    at_once = param.Boolean(default=True, doc="Whether quick runs start by themselves after a change.")
    items = param.ClassSelector(class_=tuple, default=None, allow_None=True, doc="Files that sensors may be given.")
    running = param.Boolean(default=False, doc="Whether a run of this visitor waits or is computed.")

    read = staticmethod(read_assimilation)
    baseline_of = staticmethod(baseline_of_assimilation)

    def __init__(
        self, address: str = "", worlds: Worlds = WORLDS, tell=None, engine=ENGINE, library: Library = LIBRARY
    ):
        super().__init__(address, worlds, tell)
        self.engine, self.library = engine, library
        self._folder: Path | None = None
        # Files that another page of the visitor's was given, which may be closed as soon as this one is open.
        named = [one.source for one in self.b.assimilation.sensors if one.source.startswith("u")]
        found = [brought(key, self.folder) for key in named]
        self._own = tuple(item for item in found if item is not None)
        # The coarse grid unless the address asks for another: an ensemble on the fine one takes minutes.
        grid = read_assimilation(address)[1].grid
        self.wanted = grid
        self.param.update(a=replace(self.a, grid=grid), b=replace(self.b, grid=grid))
        self._stopped: tuple[Experiment, AssimilationResult] | None = None
        self._pinned = itertools.count(1)
        self._shown_at = 0.0

    # -- address --------------------------------------------------------------------------------------------------
    @property
    def query(self) -> str:
        """The address's query that reopens this state."""
        return write_assimilation(self.a, self.b, self.selection)

    @property
    def world(self):
        """Nothing: the weather of a region is made when it is run, with no world to wait for."""
        return None

    def follow(self) -> bool:
        """Begin once the engine is compiled; the grid stays the one that was chosen."""
        if self.answer is None and not self.running:
            self.ask()
        return False

    # -- what a visitor does --------------------------------------------------------------------------------------
    def ask(self) -> None:
        """Start a quick run after a change; what is only looked at is drawn from the result that is there."""
        if not self.loaded or self.closed or self.is_shown or self.engine.stage.busy:
            return
        found = runs.known(self.b)
        if found is not None:
            self._asked += 1
            ASSIMILATION.withdraw(self.number)
            self._finished(self.b, self._asked, found)
        elif self.at_once and self.size is not None and self.size.quick:
            self.run()

    @property
    def is_shown(self) -> bool:
        """Whether the result on screen is B's, whole."""
        shown = self.answer
        return shown is not None and shown.experiment == self.b and shown.result.complete

    @property
    def is_stopped(self) -> bool:
        """Whether B was cancelled on its way, so that `run` goes on with it."""
        return self._stopped is not None and self._stopped[0] == self.b

    @property
    def size(self) -> runs.Size | None:
        """What B will take; None if it can't be run at all, see `problem`."""
        try:
            return runs.size_of(self.b)
        except ValueError:
            return None

    @property
    def problem(self) -> str:
        """Why B can't be run, or ""."""
        try:
            return runs.size_of(self.b).refusal
        except ValueError as error:
            return str(error)

    def preview(self) -> None:
        """Take steps of 3 hours and at most 12 members, and run."""
        choices = self.b.assimilation
        quick = replace(choices, time_step=3.0, members=min(choices.members, 12))
        self.edit(b=replace(self.b, assimilation=quick))
        if not self.running and not self.is_shown:
            self.run()

    def run(self) -> None:
        """Run B; what an earlier run of the same did before it was cancelled is gone on with.

        Raises
        ------
        ValueError
            If it can't be run; the message says what to do.
        """
        problem = self.problem
        if problem:
            raise ValueError(problem)
        experiment = self.b
        resume = self._stopped[1] if self.is_stopped else None
        self._asked = asked = self._asked + 1
        job = Job(
            work=partial(self._work, experiment, resume, asked),
            done=partial(self._finished, experiment, asked),
            post=self.post,
            failed=partial(self._run_failed, asked),
            taken_back=partial(self._nothing_done, asked),
        )
        ahead = ASSIMILATION.ahead_of(self.number)
        waits = f"Waiting for {ahead} other run{'s' if ahead > 1 else ''}" if ahead else "Starting"
        self.param.update(share=0.0, doing=waits, running=True)
        ASSIMILATION.submit(self.number, job)

    def _work(self, experiment: Experiment, resume, asked: int, progress, cancelled) -> AssimilationResult:
        """Run in a worker thread: progress, and what is there, travel to the page's event loop."""
        told = 0.0

        def say(share: float, words: str = "") -> None:
            nonlocal told
            now = time.monotonic()
            if now - told > 0.15 and not cancelled():
                told = now
                self.post(partial(self._progressed, asked, words, share))

        def show(result: AssimilationResult) -> None:
            now = time.monotonic()
            if result.days_done and not result.complete and now - self._shown_at > PARTIAL_EVERY and not cancelled():
                self._shown_at = now
                prime(result)
                self.post(partial(self._partly, asked, experiment, result))

        choices = experiment.assimilation
        files = open_sources(choices, experiment.grid, self._own, self.library, say, cancelled)
        result = runs.run(
            experiment, progress=say, partial=show, cancelled=cancelled, resume=resume, observations=files
        )
        prime(result)
        return result

    def _progressed(self, asked: int, words: str, share: float) -> None:
        if asked == self._asked and self.running:
            self.progressed(words[:1].upper() + words[1:] if words else "Running", share)

    def _partly(self, asked: int, experiment: Experiment, result: AssimilationResult) -> None:
        if asked == self._asked and self.running:
            self._show(experiment, result)

    def _finished(self, experiment: Experiment, asked: int, result: AssimilationResult) -> None:
        """Show a run that came to its end, or what a cancelled one did; one that made room for a newer is dropped."""
        if asked != self._asked:
            return
        self.idle()
        self.running = False
        self._stopped = None if result.complete else (experiment, result)
        self._show(experiment, result)
        if any(one.source for one in experiment.assimilation.sensors):
            self.look()
        if not result.complete:
            last = result.days[max(result.days_done - 1, 0)]
            self.tell(f"Stopped. The page shows what is done, up to {last}; Run goes on from there.", "info")

    def _show(self, experiment: Experiment, result: AssimilationResult) -> None:
        self.answer = Outcome(experiment, result, runs.baseline_result(self.a, experiment))

    def _run_failed(self, asked: int, error: Exception) -> None:
        if asked == self._asked:
            self.idle()
            self.running = False
            self.tell(describe(error), "error")

    def _nothing_done(self, asked: int) -> None:
        if asked == self._asked:
            self.idle()
            self.running = False
            self.tell("Stopped before the first month was done; Run starts again.", "info")

    # -- files of observations ------------------------------------------------------------------------------------
    def look(self) -> None:
        """Look through the folders for files that sensors may take, once, off the event loop."""
        if self.items is not None or self.closed:
            return
        self.items = self._own + (self.library.found or ())
        if self.library.found is None:
            self.slowly(
                "Looking for files of observations",
                lambda progress, cancelled: self.library.look(progress, cancelled),
                self._list, key="look",
            )  # fmt: skip

    def _list(self, found: tuple[Item, ...]) -> None:
        self.items = self._own + found

    @property
    def folder(self) -> Path:
        """Where the visitor's own files lie until the page is closed."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="land-carbon-"))
        return self._folder

    def add(self, data: bytes, name: str) -> None:
        """Take a visitor's file for this session alone, as the source of the sensor that sees what it holds."""
        folder = self.folder

        def work(_progress, _cancelled) -> tuple[Item, str, Where]:
            item = added(data, name, folder)
            sensor = sensor_of(item)
            if sensor is None:
                held = ", ".join(item.row.variables[:8])
                msg = f"{item.row.shown} is {item.row.product} and holds {held}: nothing that a sensor sees along time."
                raise ValueError(msg)
            return item, sensor.name, where_of(item, open_record(item).ds)

        def done(found: tuple[Item, str, Where]) -> None:
            item, sensor, where = found
            self._own = (item, *self._own)
            self.items = (item, *(self.items or ()))
            self._take(item, sensor, where)

        self.slowly("Reading the file", work, done, key="upload")

    def take(self, item: Item, sensor: str) -> None:
        """Run a sensor on a file of the catalog, at its place and in its days."""

        def work(_progress, _cancelled) -> Where:
            return where_of(item, None if item.placed else open_record(item).ds)

        self.slowly(f"Opening {item.name[:60]}", work, partial(self._take, item, sensor), key="take")

    def _take(self, item: Item, sensor: str, where: Where) -> None:
        """Turn to the run that a file's observations fall into."""
        b = experiment_on(self.b, item, sensor, where)
        at = where.at or self.selection.at
        place = {name: getattr(b, name) for name in self.place}
        self.edit(a=replace(self.a, **place), b=b, selection=replace(self.selection, sensor=sensor, at=at, update=0))
        moved = f" Its dates are moved by {where.years:+d} years." if where.years else ""
        title = sensor_named(sensor).title
        self.tell(f"{title} now comes from {item.name}, {' to '.join(where.period)}.{moved}", "success")

    def promote(self) -> None:
        """Make B the new baseline; the maps then show B less A."""
        super().promote()
        if self.answer is not None:
            self._show(self.answer.experiment, self.answer.result)

    def baseline_table(self) -> None:
        """Make B's own open loop the baseline again."""
        super().baseline_table()
        if self.answer is not None:
            self._show(self.answer.experiment, self.answer.result)

    def plain(self) -> None:
        """Go back to the experiment that the page opens with."""
        plain = plain_assimilation()
        self.edit(b=plain, a=baseline_of_assimilation(plain))

    def reset(self) -> None:
        """Put every setting of B back to what the page opens with; the region stays."""
        self.edit(b=replace(self.b, assimilation=plain_assimilation().assimilation))

    def pin(self, numbers: dict[str, float] | None = None) -> None:
        """Keep the run that is shown in the table of runs.

        Raises
        ------
        ValueError
            If no run is complete, or the table is full.
        """
        if not self.is_shown:
            msg = "The run is not finished yet; pin it when it is."
            raise ValueError(msg)
        if len(self.pins) >= MOST_PINS:
            msg = f"The table holds {MOST_PINS} runs, which is the most; remove one before you pin another."
            raise ValueError(msg)
        self.pins = [*self.pins, RunPin(next(self._pinned), self.b, numbers or {})]

    def reopen(self, pin: RunPin) -> None:
        """Edit a pinned run again; the baseline stays."""
        where = {name: getattr(pin.experiment, name) for name in self.place}
        self.edit(b=pin.experiment, a=replace(self.a, **where))

    def cancel(self) -> None:
        """Stop what runs for this visitor."""
        ASSIMILATION.withdraw(self.number)
        for key in ("cell", "carbon", *self._slow):
            SLOW.withdraw((self.number, key))

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays in memory."""
        super().close()
        self._stopped = None
        with param.parameterized.discard_events(self):
            self.items = None
        self._own = ()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
