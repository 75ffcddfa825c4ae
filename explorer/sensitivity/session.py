"""One visitor's page Sensitivity: what is asked, the runs that are under way, and what came of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import param

from explorer.runs import RunQueue
from explorer.sensitivity.address import SensitivitySelection, read_sensitivity, write_sensitivity
from explorer.sensitivity.drought import Drought, drought_of
from explorer.sensitivity.errors import CellUnits, DrawnErrors, NeeErrors, compare_draws, errors_seen, units_of
from explorer.sensitivity.indices import QUICK, Analysis, analyse, method_of, seconds_of
from explorer.sensitivity.removal import Removal, removal_of
from explorer.sensitivity.scope import Scope, scope_of
from explorer.sensitivity.years import YearsBeside, newest_run, years_beside
from explorer.session import Session
from explorer.worlds import World
from models.options import L4COptions

__all__ = ["LONG", "MAPS", "SensitivitySession"]

MAPS = RunQueue("sensitivity maps")
"""Runs that a page makes by itself: seconds each."""

LONG = RunQueue("sensitivity analyses")
"""Indices, years, draws: up to minutes, in a line of their own."""


class SensitivitySession(Session):
    """The state of one visitor's page Sensitivity."""

    place: ClassVar[tuple[str, ...]] = ("grid", "region", "period")

    selection = param.ClassSelector(class_=SensitivitySelection, doc="What is asked.")
    removal = param.ClassSelector(class_=Removal, default=None, doc="Constraints removed in turn.")
    errors = param.ClassSelector(class_=NeeErrors, default=None, doc="Errors of NEE.")
    drawn = param.ClassSelector(class_=DrawnErrors, default=None, doc="Draws beside the linear error.")
    tornado = param.ClassSelector(class_=Analysis, default=None, doc="One factor at a time.")
    indices = param.ClassSelector(class_=Analysis, default=None, doc="Morris or Sobol.")
    drought = param.ClassSelector(class_=Drought, default=None, doc="A drought.")
    years = param.ClassSelector(class_=YearsBeside, default=None, doc="Years beside an assimilation's effect.")
    rescaled = param.Integer(default=0, doc="Counts the drivers that were rescaled for this page.")
    problem = param.String(default="", doc="Why what is asked can't be run.")

    read = staticmethod(read_sensitivity)
    baseline_of = staticmethod(lambda experiment: experiment)

    def __init__(self, address: str = "", *arguments, **options):
        super().__init__(address, *arguments, **options)
        # The coarse grid unless the address asks for another: everything here runs the model many times.
        grid = read_sensitivity(address)[1].grid
        ready = self.worlds.ready
        self.wanted = grid
        if ready and grid not in ready:
            grid = ready[0]
        self.param.update(a=replace(self.a, grid=grid), b=replace(self.b, grid=grid))
        self._units: tuple[Scope, CellUnits] | None = None
        self._seen: tuple = ()
        self._scopes: dict[bool, tuple[tuple, Scope]] = {}
        self._rescaled: set[tuple] = set()
        self._running: dict[str, tuple] = {}

    @property
    def query(self) -> str:
        """The address's query that reopens this state."""
        return write_sensitivity(replace(self.b, grid=self.wanted), self.selection)

    def prepare(self, grid: str) -> None:
        """Have a grid prepared; the page turns to it when it is ready."""
        super().prepare(grid)
        self.follow()

    def follow(self) -> bool:
        """Turn to the grid that is wanted once it is ready; says whether it changed."""
        ready = self.worlds.ready
        if self.wanted in ready and self.b.grid != self.wanted:
            self.where(grid=self.wanted)
            return True
        if ready and self.scope() is not None and not self._asked:
            self.ask()
        return False

    # -- what it is of --------------------------------------------------------------------------------------------
    def scope(self, cell: bool = False) -> Scope | None:
        """Return the scope of the region, or of the selected cell; None while the world is not ready or it has none."""
        world = self.worlds.get(self.b.grid)
        if world is None or not self._drivers_are_there(world):
            return None
        at = self.selection.at if cell else None
        key = (world, self.b, at)
        if cell not in self._scopes or self._scopes[cell][0] != key:
            try:
                self._scopes[cell] = key, scope_of(world, self.b, at)
            except ValueError as error:
                self.problem = str(error)
                return None
        self.problem = ""
        return self._scopes[cell][1]

    def _drivers_are_there(self, world: World) -> bool:
        """Say whether the drivers are rescaled as the options ask; if not, it is begun, and the page asks again."""
        key = (world, self.b.l4c.smrz_range)
        if key[1] == L4COptions().smrz_range or key in self._rescaled:
            return True

        def done(_drivers: object) -> None:
            self._rescaled.add(key)
            self._ended("drivers", key)
            self.ask()
            self.rescaled += 1

        if self._running.get("drivers") != key:
            self._running["drivers"] = key
            self.slowly(
                "Rescaling root-zone wetness", lambda progress, cancelled: world.run(
                    key[1], progress=progress, cancelled=cancelled
                ), done, key="drivers", queue=MAPS, ended=partial(self._ended, "drivers", key),
            )  # fmt: skip
        return False

    @property
    def factor_scope(self) -> Scope | None:
        """The scope of tornado and indices."""
        return self.scope(cell=self.selection.scope == "cell")

    # -- what runs by itself ----------------------------------------------------------------------------------------
    def ask(self) -> None:
        """Run what the tab that is shown needs and is quick; the rest waits for its button."""
        if self.closed or not self.loaded:
            return
        scope = self.scope()
        if scope is None:
            return
        self._asked += 1
        tab = self.selection.tab
        if tab == "remove":
            self._want("removal", (scope,), "Removing constraints in turn", partial(removal_of, scope), MAPS)
        elif tab == "uncertainty":
            self._ask_errors(scope)
        elif tab == "tornado" and self.selection.factors and self._tornado_is_quick():
            self.analyse(again=False)

    def _tornado_is_quick(self) -> bool:
        scope = self.factor_scope
        return scope is not None and seconds_of(scope, self.selection, "tornado")[1] <= QUICK

    def _want(self, name: str, key: tuple, doing: str, work: Callable, queue: RunQueue) -> None:
        """Run ``work`` for the outcome ``name`` unless it is there or under way."""
        if self._running.get(name) == key:
            return
        self._running[name] = key

        def done(result: object) -> None:
            if self._running.get(name) == key:
                setattr(self, name, result)

        self.slowly(doing, work, done, key=name, queue=queue, ended=partial(self._ended, name, key))

    def _ended(self, name: str, key: tuple) -> None:
        """Let what failed or was stopped be asked for again."""
        if self._running.get(name) == key:
            del self._running[name]

    def _ask_errors(self, scope: Scope) -> None:
        """Show the errors of NEE: at once if the scope was run, whatever the errors of the inputs."""
        if self._units is not None and self._units[0] is scope:
            seen = (scope, self.selection.errors, self.selection.rank)
            if self._seen != seen:
                self._seen, self.errors = seen, errors_seen(scope, self._units[1], self.selection)
            return

        key = (scope,)

        def done(units: CellUnits) -> None:
            self._ended("errors", key)
            self._units = scope, units
            self._ask_errors(scope)

        if self._running.get("errors") != key:
            self._running["errors"] = key
            self.slowly(
                "Propagating the errors of the inputs", partial(units_of, scope), done, key="errors", queue=MAPS,
                ended=partial(self._ended, "errors", key),
            )  # fmt: skip

    # -- what a visitor starts ----------------------------------------------------------------------------------------
    def draw(self) -> None:
        """Draw perturbed inputs, beside the linear error."""
        scope = self.scope()
        if scope is None:
            return
        selection, cell = self.selection, scope.world.table.nearest(*self.selection.at)
        work = partial(compare_draws, scope, cell, selection)
        self._start("drawn", (scope, selection), "Drawing perturbed inputs", work)

    def analyse(self, again: bool = True) -> None:
        """Run the tornado or the indices of the tab that is shown; ``again`` even if just that was run.

        Raises
        ------
        ValueError
            If nothing varies or it would take too long.
        """
        scope, selection = self.factor_scope, self.selection
        if scope is None:
            return
        method = method_of(selection)
        name = "tornado" if method == "tornado" else "indices"

        def work(progress, cancelled) -> Analysis:
            def show(part: Analysis) -> None:
                if not cancelled():
                    self.post(lambda: setattr(self, name, part))

            return analyse(scope, selection, method, progress=progress, cancelled=cancelled, partial=show)

        runs, _ = seconds_of(scope, selection, method)
        asked = [getattr(selection, f) for f in ("output", "factors", "share", "samples", "trajectories", "seed")]
        if again:
            self._running.pop(name, None)
        self._want(name, (scope, method, *asked), f"Running the model {runs:,} times", work, LONG)

    def dry(self) -> None:
        """Run the drought."""
        scope = self.scope()
        if scope is not None:
            work = partial(drought_of, scope, self.selection)
            self._start("drought", (scope, self.selection), "Running the drought", work)

    def run_years(self) -> None:
        """Run years beside the newest assimilation run."""
        scope = self.scope()
        if scope is not None:
            work = partial(years_beside, scope, newest_run())
            self._start("years", (scope,), "Running the land surface model from year to year", work)

    def _start(self, name: str, key: tuple, doing: str, work: Callable) -> None:
        """Run what a button asks for, whether it was run before or not."""
        self._running.pop(name, None)
        self._want(name, key, doing, work, LONG)

    # -- the rest ---------------------------------------------------------------------------------------------------
    def reset(self) -> None:
        """Put everything that is asked back to what the page opens with; place and tab stay."""
        kept = {"tab": self.selection.tab, "at": self.selection.at}
        self.edit(selection=replace(SensitivitySelection(), **kept))

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays in memory."""
        super().close()
        self._units, self._seen, self._scopes, self._running, self._rescaled = None, (), {}, {}, set()
        names = ("removal", "errors", "drawn", "tornado", "indices", "drought", "years")
        with param.parameterized.discard_events(self):
            self.param.update(**dict.fromkeys(names))
