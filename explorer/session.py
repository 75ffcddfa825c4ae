"""Who is here: one visitor's experiments A and B, what is looked at, the runs asked for, and the pinned ones.

Everything a visitor does ends in `Session.edit`. It changes A, B or the selection at once, so that widgets and plots
of parameters follow the hand, and asks the engine for the numbers, which arrive in ``answer`` on the event loop.
"""

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import param

from explorer.address import Selection, baseline_of, read_address, write_address
from explorer.event_loop import OnLoop, describe
from explorer.question import Answer, Question, answer
from explorer.runs import LIVE, SLOW, Job, RunQueue
from explorer.worlds import GRIDS, WORLDS, World, Worlds
from models.experiment import Experiment

__all__ = ["MOST_PINS", "Pin", "Session", "describe", "visitors"]

MOST_PINS = 20
"""Pinned runs a visitor may keep; one is an experiment and a few numbers."""

MOST_UNDO = 50

ONE_DRAG = 1.0
"""Seconds between two moves of one drag, at the most."""

_OPEN: dict[int, float] = {}
"""Session number -> when it was opened; nothing else of a session is kept outside it."""

_NUMBERS = itertools.count(1)


def visitors() -> int:
    """Count the open sessions."""
    return len(_OPEN)


@dataclass(frozen=True, eq=False)
class Pin:
    """A run kept for comparison: its experiment and its totals, not its arrays."""

    number: int
    experiment: Experiment
    totals: dict
    grid: str


class Session(OnLoop):
    """The state of one visitor's page, by default of one that runs L4C; a page of another model has its own.

    Parameters
    ----------
    address : str
        Query of the address the page was opened with.
    worlds : Worlds
        The grids of this process.
    """

    choices: ClassVar[str] = "l4c"
    """Field of an experiment that a hand edits; reset and undo are about it."""

    place: ClassVar[tuple[str, ...]] = ("grid", "region")
    """Fields of an experiment that say where; A and B share them, and undo leaves them alone."""

    a = param.ClassSelector(class_=Experiment, doc="The baseline.")
    b = param.ClassSelector(class_=Experiment, doc="The experiment being edited.")
    selection = param.ClassSelector(class_=Selection, doc="What is looked at.")
    answer = param.ClassSelector(class_=Answer, default=None, doc="The newest numbers.")
    share = param.Number(default=None, allow_None=True, doc="Share of the running work that is done; None when idle.")
    doing = param.String(default="", doc="What the running work is.")
    driver = param.String(default="vpd", doc="Driver of the ramp editor.")
    pins = param.List(default=[], doc="Pinned runs, the newest last.")
    waiting = param.Boolean(default=False, doc="Whether the page waits for a grid that is being prepared.")

    def __init__(self, address: str = "", worlds: Worlds = WORLDS, tell: Callable[[str, str], None] | None = None):
        a, b, selection, self.problems = self.read(address)
        self.wanted = b.grid if re.search(r"(^|[?&])grid=", address) else GRIDS[-1]
        ready = worlds.ready
        start = self.wanted if self.wanted in ready else (ready or GRIDS)[0]
        a, b = replace(a, grid=start), replace(b, grid=start)
        super().__init__(a=a, b=b, selection=selection)
        self.number = next(_NUMBERS)
        self.worlds = worlds
        self.listen(tell)
        self._history: list[Experiment] = []
        self._edited_at = 0.0
        self._dragged: tuple = ()
        self._pinned = itertools.count(1)
        self._asked, self._asked_world = 0, None
        self._slow: set = set()
        self._progress: dict[str, tuple[str, float]] = {}
        _OPEN[self.number] = time.time()

    # -- to be given by the session of another model --------------------------------------------------------------
    read = staticmethod(read_address)
    """Takes an address; returns A, B, what is looked at, and what is wrong with the address."""

    baseline_of = staticmethod(baseline_of)
    """Takes an experiment; returns the same with the unedited table."""

    def write(self, a: Experiment, b: Experiment) -> str:
        """Return the address of two experiments and of what is looked at."""
        return write_address(a, b, self.selection)

    # -- what a visitor does ------------------------------------------------------------------------------------
    def edit(self, dragged: tuple = (), **changed) -> None:
        """Change ``a``, ``b`` or ``selection``, and ask for the numbers.

        Parameters
        ----------
        dragged : tuple
            Names what a hand is moving: moves of the same thing that follow within a second are one step of undo.
        **changed
            New values of ``a``, ``b``, ``selection``.
        """
        new = changed.get("b")
        if new is not None and self.edited(new) != self.edited(self.b):
            now = time.monotonic()
            if not dragged or dragged != self._dragged or now - self._edited_at > ONE_DRAG:
                self._history = [*self._history[-MOST_UNDO:], self.b]
            self._edited_at, self._dragged = now, dragged
        # The engine starts before the widgets follow.
        with param.parameterized.batch_call_watchers(self):
            for name, value in changed.items():
                setattr(self, name, value)
            self.ask()

    def select(self, **changed) -> None:
        """Change what is looked at."""
        self.edit(selection=replace(self.selection, **changed))

    def edited(self, experiment: Experiment):
        """Return what a hand edits of an experiment."""
        return getattr(experiment, self.choices)

    def options(self, **changed) -> None:
        """Change options of the model in B; the baseline keeps its own."""
        self.edit(b=replace(self.b, **{self.choices: replace(self.edited(self.b), **changed)}))

    def where(self, **changed) -> None:
        """Change grid or region of both experiments, which are always compared like for like."""
        self.edit(a=replace(self.a, **changed), b=replace(self.b, **changed))

    def reset(self) -> None:
        """Put every parameter and switch of B back to the baseline's."""
        self.edit(b=replace(self.b, **{self.choices: self.edited(self.a)}))

    def undo(self) -> None:
        """Take the last edit of B back."""
        if self._history:
            *self._history, before = self._history
            self._dragged = ()
            self.param.update(b=replace(before, **{name: getattr(self.b, name) for name in self.place}))
            self.ask()

    def promote(self) -> None:
        """Make B the new baseline; B goes on from there."""
        self.edit(a=self.b)

    def baseline_table(self) -> None:
        """Make the unedited table the baseline again."""
        self.edit(a=self.baseline_of(self.b))

    def swap(self) -> None:
        """Exchange A and B."""
        self.edit(a=self.b, b=self.a)

    def pin(self) -> None:
        """Keep the run that is shown in the table of runs.

        Raises
        ------
        ValueError
            If nothing has been computed yet, or the table is full.
        """
        if self.answer is None or self.answer.question.b != self.b:
            msg = "The run is not finished yet; pin it when the map shows it."
            raise ValueError(msg)
        if len(self.pins) >= MOST_PINS:
            msg = f"The table holds {MOST_PINS} runs, which is the most; remove one before you pin another."
            raise ValueError(msg)
        self.pins = [*self.pins, Pin(next(self._pinned), self.b, self.answer.totals_b, self.b.grid)]

    def reopen(self, pin: Pin) -> None:
        """Edit a pinned run again; the baseline stays."""
        self.wanted = pin.experiment.grid
        where = {name: getattr(pin.experiment, name) for name in self.place}
        self.edit(b=pin.experiment, a=replace(self.a, **where))

    def remove(self, pin: Pin) -> None:
        """Drop a pinned run."""
        self.pins = [kept for kept in self.pins if kept is not pin]

    @property
    def query(self) -> str:
        """The address's query that reopens this state; without a grid it is the finest."""
        plain = Experiment().grid
        rest = self.write(replace(self.a, grid=plain), replace(self.b, grid=plain))
        return rest if self.wanted == GRIDS[-1] else "&".join(filter(None, (f"grid={self.wanted}", rest)))

    @property
    def carried(self) -> str:
        """The query that opens another page of the same model with the same A and B, without what is looked at."""
        plain = Experiment()
        a, b = (replace(plain, l4c=one.l4c, region=one.region) for one in (self.a, self.b))
        grid = "" if self.wanted == GRIDS[-1] else f"grid={self.wanted}"
        return "&".join(filter(None, (grid, write_address(a, b, Selection()))))

    # -- runs ---------------------------------------------------------------------------------------------------
    @property
    def world(self):
        """The grid the experiments run on, or the finest that is ready."""
        ready = self.worlds.ready
        return self.worlds.get(self.b.grid) or (self.worlds.get(ready[0]) if ready else None)

    def prepare(self, grid: str) -> None:
        """Have a grid prepared; the page turns to it when it is ready."""
        self.wanted = grid
        self.worlds.start()
        self.waiting = True

    def run_soil(self) -> None:
        """Have the land surface model run on the grid that is shown."""
        if self.worlds.run_soil(self.b.grid):
            self.waiting = True
        else:
            self.tell("Something else is being prepared; try again when it is ready.", "warning")

    def follow(self) -> bool:
        """Turn to the grid that is wanted, by default the finest, once it is ready; says whether it changed."""
        ready = self.worlds.ready
        if not ready:
            return False
        best = self.wanted if self.wanted in ready else ready[-1]
        if best != self.b.grid:
            self.where(grid=best)
            return True
        # A world whose soil was run anew has taken the place of the one that was asked.
        if self.answer is None or self._asked_world is not self.worlds.get(best):
            self.ask()
        return False

    def ask(self) -> None:
        """Ask the engine for the numbers of the present state; only the newest wish counts."""
        world = self.worlds.get(self.b.grid)
        if world is None or self.closed:
            return
        self._asked, self._asked_world = self._asked + 1, world
        asked = self._asked
        job = Job(
            work=self.work(world),
            done=self._answered,
            post=self.post,
            failed=partial(self._failed, asked),
            progressed=partial(self.progressed, f"Running {world.n_cell:,} cells x {len(world.time)} days"),
            taken_back=partial(self._taken_back, asked),
        )
        LIVE.submit(self.number, job)

    def slowly(
        self,
        doing: str,
        work: Callable,
        done: Callable[[object], None],
        *,
        key: str = "",
        queue: RunQueue = SLOW,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Do something that takes seconds, with progress, in the line of the slow runs.

        Parameters
        ----------
        doing : str
            What is written beside the progress.
        work, done : callable
            See `explorer.runs.Job`.
        key : str
            A newer wish replaces an older one of the same key.
        queue : RunQueue
            Whose line it waits in.
        ended : callable
            Called if it failed or was taken back.
        """
        name = f"slow {key}"
        job = Job(
            work=work,
            done=lambda result: (self.idle(name), done(result)),
            post=self.post,
            failed=lambda error: (self.idle(name), ended(), self.tell(describe(error), "error")),
            progressed=partial(self.progressed, doing, name=name),
            taken_back=lambda: (self.idle(name), ended()),
        )
        self.progressed(doing, 0.0, name)
        self._slow.add((queue, key))
        queue.submit((self.number, key), job)

    def cancel(self) -> None:
        """Stop what runs for this visitor."""
        for key in (self.number, (self.number, "tower")):
            LIVE.withdraw(key)
        for queue, key in self._slow:
            queue.withdraw((self.number, key))

    def work(self, world: World) -> Callable:
        """Return what computes the numbers of the present state; it takes ``progress`` and ``cancelled``."""
        question = Question(self.a, self.b, self.selection, self.driver)
        return partial(answer, world, question, self.answer)

    def _answered(self, result: Answer) -> None:
        self.idle()
        self.answer = result

    def progressed(self, doing: str, share: float, name: str = "") -> None:
        """Show the progress of a run; of several, of the one that was begun first."""
        self._progress[name] = doing, min(max(share, 0.0), 1.0)
        self._show_progress()

    def _failed(self, asked: int, error: Exception) -> None:
        self.idle()
        self.tell(describe(error), "error")
        if asked == self._asked:
            self._go_back()

    def _taken_back(self, asked: int) -> None:
        """Only the newest wish can be a visitor's own word; an older one made room for a newer."""
        self.idle()
        if asked == self._asked:
            self.tell("Stopped. The page shows the last run that finished.", "info")
            self._go_back()

    def _go_back(self) -> None:
        """Let the widgets show again what the plots show."""
        if self.answer is not None:
            asked = self.answer.question
            self.param.update(a=asked.a, b=asked.b, selection=asked.selection)

    def idle(self, name: str = "") -> None:
        """Take the progress of a run away."""
        self._progress.pop(name, None)
        self._show_progress()

    def _show_progress(self) -> None:
        doing, share = next(iter(self._progress.values()), ("", None))
        self.param.update(share=share, doing=doing)

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays in memory."""
        self.closed = True
        self.cancel()
        _OPEN.pop(self.number, None)
        self._held = []
        # Nobody is to hear of it: the models of the page are gone.
        with param.parameterized.discard_events(self):
            self.answer = None
            self.pins = []
