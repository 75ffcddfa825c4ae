"""One visitor of the page Land: a run at the selected place follows the hand; a region is run when asked for."""

import functools
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import param

from explorer.land.address import LandSelection, baseline_of_land, plain_land, read_land, write_land
from explorer.land.engine import ENGINE
from explorer.land.map import Regional, cells_of, estimate_both, static_fields
from explorer.land.open_loop import open_loop_field
from explorer.land.question import LandAnswer, LandQuestion, answer, key_numbers
from explorer.land.regions import run_region
from explorer.land.tower import offered
from explorer.runs import Job, RunQueue
from explorer.session import MOST_PINS, Pin, Session
from explorer.style import unit_text
from models.experiment import Experiment
from models.land.options import COLUMN_SETTINGS
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES, parameter_table
from models.quantity import parameters_of

__all__ = ["LAND", "LAND_REGIONS", "LandSession", "land_changes"]

LAND = RunQueue("land runs")
"""Runs of a place: a second each, so they must not stand before a slider of another page."""

LAND_REGIONS = RunQueue("land regions")
"""Runs of regions: a minute each."""

REDRAW = 0.7
"""Seconds between two pictures of a region that is being run."""

OPTION_WORDS = {
    "time_step": "time step",
    "hydraulics": "hydraulics",
    "drainage": "drainage",
    "cycles": "cycles",
    "stop_when_settled": "stop when settled",
    "soil_carbon": "soil carbon",
}


class LandSession(Session):
    """The state of one visitor's page Land."""

    choices = "land"
    place = ("grid", "region", "dataset", "site")

    selection = param.ClassSelector(class_=LandSelection, doc="What is looked at.")
    answer = param.ClassSelector(class_=LandAnswer, default=None, doc="The newest numbers of the place.")
    regional = param.ClassSelector(class_=Regional, default=None, doc="The newest map, as far as it is made.")
    lands = param.Dict(default={}, doc="Grid -> what the land is; the map shows it until a region is run.")

    read = staticmethod(read_land)
    baseline_of = staticmethod(baseline_of_land)

    def __init__(self, address: str = "", *arguments, engine=ENGINE, **options):
        super().__init__(address, *arguments, **options)
        self.engine = engine
        self._reading: set[str] = set()
        grid = self.wanted if "grid=" in address else plain_land().grid
        self.wanted = grid
        where = {"grid": grid} | self._known_place()
        self.param.update(a=replace(self.a, **where), b=replace(self.b, **where))

    def _known_place(self) -> dict[str, str]:
        """Return what puts the experiments where the page can run them, and say what was wrong with the address."""
        b, cell = self.b, {"dataset": "reference-earth", "site": ""}
        if b.dataset == "file":
            self.problems.append('dataset = "file" is for the command line; here it may be reference-earth, tower.')
            return cell
        if b.dataset == "tower" and b.site not in self.towers().values():
            known = ", ".join(self.towers().values())
            self.problems.append(f"site = {b.site[:40]!r} is no tower that is here; there are {known}.")
            return cell
        return {} if b.dataset == "tower" else {"site": ""}

    def write(self, a: Experiment, b: Experiment) -> str:
        """Return the address of two experiments and of what is looked at."""
        return write_land(a, b, self.selection)

    @property
    def query(self) -> str:
        """The address's query that reopens this state."""
        return self.write(self.a, self.b)

    @property
    def world(self):
        """Nothing: the weather of a place is made when it is asked for, with no world to wait for."""
        return None

    def follow(self) -> bool:
        """Ask for the first numbers once the engine is compiled."""
        if self.answer is None and not self.engine.stage.busy:
            self.ask()
        return False

    # -- where --------------------------------------------------------------------------------------------------
    def select(self, **changed) -> None:
        """Change what is looked at; only another place needs a run."""
        selection = replace(self.selection, **changed)
        if selection.at != self.selection.at:
            self.edit(selection=selection)
        else:
            self.selection = selection

    def visit(self, at: tuple[float, float]) -> None:
        """Turn from wherever it is to the cell at a place."""
        where = {"dataset": "reference-earth", "site": ""}
        self.edit(a=replace(self.a, **where), b=replace(self.b, **where), selection=replace(self.selection, at=at))

    @property
    def marked(self) -> tuple[float, float]:
        """Latitude and longitude of the selected place [degrees]."""
        if self.b.dataset == "tower" and self.answer is not None:
            return self.answer.place.latitude, self.answer.place.longitude
        return self.selection.at

    # -- parameters and classes ---------------------------------------------------------------------------------
    def move(self, fields: dict[str, float]) -> None:
        """Set parameters in B."""
        kept = dict(self.b.land.parameters) | fields
        self.edit(dragged=tuple(fields), b=replace(self.b, land=replace(self.b.land, parameters=kept)))

    def put_back(self, name: str) -> None:
        """Put a parameter of B back to its table."""
        kept = {key: value for key, value in self.b.land.parameters if key != name}
        self.options(parameters=kept)

    def column(self, **settings: int | None) -> None:
        """Set what the columns of B are, as ``soil=6``; None takes the place's own."""
        kept = {name: value for name, value in self.b.land.columns if name not in settings}
        kept |= {name: value for name, value in settings.items() if value is not None}
        self.options(columns=kept)

    # -- runs ---------------------------------------------------------------------------------------------------
    def ask(self) -> None:
        """Ask for the numbers of the selected place; only the newest wish counts."""
        if self.closed or self.engine.stage.busy:
            return
        question = LandQuestion(self.a, self.b, self.selection)
        self._asked = asked = self._asked + 1
        job = Job(
            work=partial(answer, question, self.answer),
            done=self._answered,
            post=self.post,
            failed=partial(self._failed, asked),
            progressed=partial(self.progressed, "Running A and B at the selected place"),
            taken_back=partial(self._taken_back, asked),
        )
        LAND.submit(self.number, job)

    def cancel(self) -> None:
        """Stop what runs for this visitor."""
        LAND.withdraw(self.number)
        super().cancel()

    def pin(self) -> None:
        """Keep the run that is shown in the table of runs.

        Raises
        ------
        ValueError
            If nothing has been computed yet, or the table is full.
        """
        shown = self.answer
        if shown is None or shown.question.b != self.b:
            msg = "The run is not finished yet; pin it when the series show it."
            raise ValueError(msg)
        if len(self.pins) >= MOST_PINS:
            msg = f"The table holds {MOST_PINS} runs, which is the most; remove one before you pin another."
            raise ValueError(msg)
        kept = {"numbers": key_numbers(shown.b), "at": self.selection.at, "place": place_words(shown)}
        self.pins = [*self.pins, Pin(next(self._pinned), self.b, kept, self.b.grid)]

    def reopen(self, pin: Pin) -> None:
        """Edit a pinned run again, at its place; the baseline stays."""
        where = {name: getattr(pin.experiment, name) for name in self.place}
        selection = replace(self.selection, at=pin.totals["at"])
        self.edit(b=pin.experiment, a=replace(self.a, **where), selection=selection)

    # -- the map ------------------------------------------------------------------------------------------------
    def cells(self, region) -> np.ndarray:
        """Return the land cells of a region."""
        return cells_of(region, self.b.grid)

    def static(self, variable: str) -> np.ndarray | None:
        """Return what the land is; None while it is being read, after which ``lands`` changes."""
        return self.lands[self.b.grid][variable] if self._land_is_read() else None

    def open_loop(self, variable: str) -> np.ndarray | None:
        """Return what the world's own open loop holds of a variable; None while it is being read."""
        return open_loop_field(self.b.grid, variable, self.selection.when) if self._land_is_read() else None

    def _land_is_read(self) -> bool:
        """Say whether the fields of the grid are here, and have them read if not."""
        grid = self.b.grid
        if grid not in self.lands and grid not in self._reading:
            self._reading.add(grid)
            work = partial(self._read_land, grid)
            LAND.submit((self.number, "land"), Job(work=work, done=self._take_land, post=self.post))
        return grid in self.lands

    @staticmethod
    def _read_land(grid: str, progress, cancelled) -> tuple[str, dict]:
        open_loop_field(grid, "ssm", "annual")  # which reads the open loop of all variables, once a process
        return grid, static_fields(grid)

    def _take_land(self, found: tuple[str, dict]) -> None:
        self.lands = self.lands | dict([found])

    @property
    def running(self) -> bool:
        """Whether a region is being run."""
        return self.regional is not None and not self.regional.finished

    def cost_words(self) -> str:
        """Say what a run of the region takes.

        Raises
        ------
        ValueError
            If the region holds no cell or too many.
        """
        words = estimate_both(self.a, self.b).words
        return words if self.a.land == self.b.land else f"A and B: {words}"

    def run_region(self) -> None:
        """Run A and B over the region, with progress; the map fills meanwhile."""
        a, b = self.a, self.b
        estimate_both(a, b)  # says what cannot be run
        self._shown_at = 0.0
        before = self.regional
        self.regional = Regional(a, b, None, None, finished=False)

        def work(progress, cancelled) -> tuple:
            same = a.land == b.land
            share = 1.0 if same else 0.5

            def some(label: str, run) -> None:
                if time.monotonic() - self._shown_at > REDRAW:
                    self._shown_at = time.monotonic()
                    self.post(partial(self._take_part, a, b, label, run))

            how = {"cancelled": cancelled, "seed": b.seed}
            run_b = run_region(
                b.region, b.grid, b.land, progress=lambda done: progress(share * done),
                partial=partial(some, "b"), **how,
            )  # fmt: skip
            if same:
                return run_b, run_b
            run_a = run_region(
                a.region, a.grid, a.land, progress=lambda done: progress(0.5 + 0.5 * done),
                partial=partial(some, "a"), **how,
            )  # fmt: skip
            return run_a, run_b

        def done(runs: tuple) -> None:
            self.regional = Regional(a, b, *runs, finished=True)

        def gone() -> None:
            """Show again what was there before."""
            if self.running:
                self.regional = before if before is not None and before.finished else None

        cells = f"{self.cells(b.region).size:,} cells of {b.region.name}"
        self.slowly(f"Running {cells}", work, done, key="region", queue=LAND_REGIONS, ended=gone)

    def _take_part(self, a: Experiment, b: Experiment, label: str, run) -> None:
        """Show what a region has so far."""
        now = self.regional
        if now is None or now.finished or (now.asked_a, now.asked_b) != (a, b):
            return
        parts = {"a": now.a, "b": now.b, label: run}
        if a.land == b.land:
            parts["a"] = run
        self.regional = Regional(a, b, parts["a"], parts["b"], finished=False)

    @functools.cached_property
    def _towers(self) -> dict[str, str]:
        return offered()

    def towers(self) -> dict[str, str]:
        """Return the towers that can be chosen: name on screen -> site code."""
        return self._towers

    def to_tower(self) -> None:
        """Go to the first tower."""
        site = next(iter(self.towers().values()), "")
        if not site:
            msg = "There is no tower here; start the app with --data FOLDER to add your own."
            raise ValueError(msg)
        self.where(dataset="tower", site=site)

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays in memory."""
        super().close()
        with param.parameterized.discard_events(self):
            self.regional = None


def place_words(answer: LandAnswer) -> str:
    """Say where a run is, shortly."""
    if answer.question.b.dataset == "tower":
        return answer.question.b.site
    place = answer.place
    north, east = ("S" if place.latitude < 0 else "N"), ("W" if place.longitude < 0 else "E")
    return f"{abs(place.latitude):.1f}°{north} {abs(place.longitude):.1f}°{east}"


def land_changes(a: Experiment, b: Experiment, published: Mapping[str, float] | None = None) -> list[str]:
    """Say in words how B differs from A, one entry a difference.

    Parameters
    ----------
    a, b : Experiment
        The two.
    published : mapping of str to float, optional
        What the tables hold; without it they are called "table".

    Examples
    --------
    >>> from models.experiment import LandChoices
    >>> b = Experiment(model="land", land=LandChoices(parameters={"vcmax25": 80.0}, columns={"soil": 6}))
    >>> land_changes(Experiment(model="land"), b)
    ['soil as mapped → loam', 'vcmax25 table → 80 µmol m⁻² s⁻¹']
    """
    words = []
    for name, title in OPTION_WORDS.items():
        old, new = getattr(a.land, name), getattr(b.land, name)
        if old != new:
            words.append(f"{title} {_word(old)} → {_word(new)}")
    for name in COLUMN_SETTINGS:
        old, new = dict(a.land.columns).get(name), dict(b.land.columns).get(name)
        if old != new:
            words.append(f"{name.replace('_', ' ')} {_setting(name, old)} → {_setting(name, new)}")
    declared = parameter_table()
    before, after = dict(a.land.parameters), dict(b.land.parameters)
    for name, table in declared.items():
        old, new = before.get(name), after.get(name)
        if old != new:
            unit = unit_text(parameters_of(table)[name].unit)
            held = (published or {}).get(name)
            numbers = ((held if value is None else value) for value in (old, new))
            shown = " → ".join("table" if value is None else f"{value:.4g}" for value in numbers)
            words.append(f"{name} {shown} {unit}".strip())
    for name in ("soil_moisture", "lai"):
        old, new = getattr(a.land, name), getattr(b.land, name)
        if old != new:
            words.append(f"cold start {name} {old:g} → {new:g}")
    return words


def _word(value: object) -> str:
    """Write a choice as people do."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ") if isinstance(value, str) else f"{value:g}"


def _setting(name: str, value: object) -> str:
    """Write a setting of the columns."""
    if value is None:
        return "as mapped"
    names = {"vegetation": VEGETATION_CLASSES, "soil": SOIL_CLASSES}.get(name)
    if names is not None and isinstance(value, int):
        return names[value - 1]
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
