"""What a page asks of the engine, and the numbers it gets back: no widgets, no plots.

A question is two experiments and what is looked at. Its answer holds exactly the arrays that are drawn, computed in a
worker thread; what a new question shares with the last one is taken over from its answer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from explorer.address import Selection
from explorer.views.density import Density
from explorer.worlds import World
from models.experiment import Experiment
from models.l4c.params import PFT_NAMES, PFTS, L4CParams
from models.quantity import parameters_of

__all__ = ["Answer", "Question", "answer", "changes", "statistic"]


@dataclass(frozen=True)
class Question:
    """Baseline A, experiment B, what is looked at, and the driver whose density stands behind the ramp editor."""

    a: Experiment
    b: Experiment
    selection: Selection
    driver: str = ""


@dataclass(frozen=True, eq=False)
class Answer:
    """The numbers behind one state of the page.

    Attributes
    ----------
    field_a, field_b : (cell,) array
        The mapped variable, in the unit of its statistic; NaN where nothing grows.
    totals_a, totals_b : dict of dict
        Plant type (and "all") -> gpp, ra, rh, nee, npp [Pg C yr-1], soc [Pg C] of the region.
    series_a, series_b : Dataset
        Daily series of the selected cell.
    cell : int
        Index of that cell.
    seconds : float
        How long the engine took for B.
    cells : int
        How many cells lie in the region.
    """

    question: Question
    world: World
    field_a: np.ndarray
    field_b: np.ndarray
    totals_a: dict
    totals_b: dict
    series_a: xr.Dataset
    series_b: xr.Dataset
    density: Density | None
    cell: int
    seconds: float
    cells: int
    parts: dict = field(default_factory=dict)


def statistic(selection: Selection) -> str | tuple[str, int]:
    """Return what `models.l4c.live.LiveResult.field` calls the statistic that is looked at."""
    if selection.month is not None:
        return ("month", selection.month)
    if selection.day is not None:
        return ("day", selection.day)
    return "annual"


def answer(
    world: World,
    question: Question,
    last: Answer | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Answer:
    """Run A and B, and take from them what is drawn.

    Raises
    ------
    ValueError
        If the region holds no land, or an experiment cannot be run.
    models.kernel.Cancelled
        If the visitor took it back.
    """
    selection = question.selection
    mask = world.mask(question.b.region)
    cell = world.table.nearest(*selection.at)
    result_a = world.result(question.a.l4c, progress=progress, cancelled=cancelled)
    before = time.perf_counter()
    result_b = world.result(question.b.l4c, progress=progress, cancelled=cancelled)
    seconds = time.perf_counter() - before
    when = statistic(selection)
    known = last.parts if last is not None and last.world is world else {}
    parts = {}

    def part(name: str, key: tuple, make: Callable[[], object]) -> object:
        """Take a part over from the last answer if its key is the same, or make it."""
        found = known.get(name)
        parts[name] = found if found is not None and found[0] == key else (key, make())
        return parts[name][1]

    drawn = (selection.variable, when)
    one = question.a.l4c == question.b.l4c
    field_a = part("field_a", (question.a.l4c, drawn), lambda: result_a.field(*drawn))
    field_b = field_a if one else part("field_b", (question.b.l4c, drawn), lambda: result_b.field(*drawn))
    region = question.b.region
    totals_a = part("totals_a", (question.a.l4c, region), lambda: _without_noise(result_a.total(mask, world.area)))
    totals_b = (
        totals_a
        if one
        else part("totals_b", (question.b.l4c, region), lambda: _without_noise(result_b.total(mask, world.area)))
    )
    series_a = part("series_a", (question.a.l4c, cell), lambda: result_a.series(cell))
    series_b = series_a if one else part("series_b", (question.b.l4c, cell), lambda: result_b.series(cell))
    density = None
    if question.driver:
        pft = PFTS.index(selection.pft) + 1
        _, densities = world.run(question.b.l4c.smrz_range)
        density = densities.get(question.driver, (world.grid, region), mask, pft)
    cells = world.n_cell if mask is None else int(mask.sum())
    return Answer(
        *(question, world, field_a, field_b, totals_a, totals_b, series_a, series_b, density, cell),
        seconds=seconds,
        cells=cells,
        parts=parts,
    )


NOISE = 1e-6
"""Of GPP: NEE below it is the round-off of two totals that balance."""


def _without_noise(totals: dict) -> dict:
    """Call the NEE of a balanced year 0."""
    return {
        pft: {**of, "nee": 0.0 if abs(of["nee"]) < NOISE * max(of["gpp"], of["rh"]) else of["nee"]}
        for pft, of in totals.items()
    }


OPTION_WORDS = {
    "bplut": "BPLUT",
    "frozen_gpp": "GPP of frozen days",
    "smrz_range": "SMRZ range",
    "litterfall": "litterfall",
    "soc_start": "starting SOC",
    "spin_up": "spin-up",
}


def changes(a: Experiment, b: Experiment) -> list[str]:
    """Say in words how B differs from A, one entry a difference.

    Examples
    --------
    >>> changes(Experiment(), Experiment().with_parameters("GRS", lue_max=2.0))
    ['GRS lue_max 1.678 → 2 gC MJ-1']
    """
    words = []
    for name, title in OPTION_WORDS.items():
        old, new = getattr(a.l4c, name), getattr(b.l4c, name)
        if old != new:
            words.append(f"{title} {old} → {new}")
    for name in b.l4c.without:
        if name not in a.l4c.without:
            words.append(f"no {name.upper()} constraint")
    for name in a.l4c.without:
        if name not in b.l4c.without:
            words.append(f"{name.upper()} constraint back")
    declared = parameters_of(L4CParams)
    table_a, table_b = a.l4c.table(), b.l4c.table()
    for pft in PFT_NAMES:
        for name in L4CParams._fields:
            old, new = getattr(table_a[pft], name), getattr(table_b[pft], name)
            if old != new and (a.l4c.bplut == b.l4c.bplut or _edited(b, pft, name)):
                unit = declared[name].unit
                words.append(f"{pft} {name} {old:.4g} → {new:.4g}{'' if unit == '1' else ' ' + unit}")
    return words


def _edited(experiment: Experiment, pft: str, name: str) -> bool:
    """Say whether a value was edited, rather than come with the table."""
    return any(entry[:2] == (pft, name) for entry in experiment.l4c.parameters)
