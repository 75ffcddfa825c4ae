"""What the page Benchmarks asks of the engine, and the numbers it gets back: no widgets, no plots."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from explorer.benchmarks.address import BenchmarkSelection
from explorer.benchmarks.budgets import Budgets, budgets_of
from explorer.benchmarks.sources import Source
from explorer.benchmarks.stocks import Stocks, stocks_of
from explorer.worlds import World
from models.experiment import Experiment
from models.l4c.live import LiveResult
from models.observation.benchmarks import synthetic_inventory, synthetic_inversion, synthetic_sif
from models.options import L4COptions
from models.skill.zonal import ZonalMonths, compare_months

__all__ = ["FLUX_TABS", "BenchmarkAnswer", "BenchmarkQuestion", "FluxComparison", "answer", "truth_of"]

FLUX_TABS = ("gpp", "nee")
MONTHS = 12


@dataclass(frozen=True)
class BenchmarkQuestion:
    """Baseline A, experiment B, what is looked at, and what the shown quantity is held against.

    Attributes
    ----------
    sources : tuple of Source
        Of a flux one; of the soil's carbon all that are there.
    """

    a: Experiment
    b: Experiment
    selection: BenchmarkSelection
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, eq=False)
class FluxComparison:
    """Months of A and B beside those of a benchmark.

    Attributes
    ----------
    variable : str
        Of the model, "gpp" or "nee".
    source : Source
        The benchmark.
    a, b : ZonalMonths
        Compared by band of latitude; both with the slope of A, so that it stands still while B is moved.
    """

    variable: str
    source: Source
    a: ZonalMonths
    b: ZonalMonths

    def of(self, show: str) -> ZonalMonths:
        """Return the comparison of "A" or "B"."""
        return self.a if show == "A" else self.b


@dataclass(frozen=True, eq=False)
class BenchmarkAnswer:
    """The numbers behind one state of the page.

    Attributes
    ----------
    shown : FluxComparison, Stocks, Budgets or None
        What the tab draws; the tabs of the paper and of exports need nothing.
    totals_a, totals_b : dict of dict
        See `explorer.question.Answer`.
    cells : int
        How many cells lie in the region.
    seconds : float
        How long B and its comparison took.
    parts : dict
        What the next answer takes over if it hangs on the same: name -> (what it hangs on, value).
    """

    question: BenchmarkQuestion
    world: World
    shown: FluxComparison | Stocks | Budgets | None
    totals_a: dict
    totals_b: dict
    cells: int
    seconds: float
    parts: dict = field(default_factory=dict)


def truth_of(options: L4COptions, truth: str) -> L4COptions:
    """Return the options of nature: the model of the experiment with an unedited table of nature's own."""
    return replace(options.baseline(), bplut=truth, parameters=(), without=(), spin_up="table")


def months_of(result: LiveResult, variable: str) -> np.ndarray:
    """Return the means of the months of the year (month, cell) [gC m-2 d-1]."""
    return np.stack([result.field(variable, ("month", month)) for month in range(MONTHS)])


def answer(
    world: World,
    question: BenchmarkQuestion,
    maps: Mapping[str, np.ndarray],
    last: BenchmarkAnswer | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> BenchmarkAnswer:
    """Run A, B and, where the benchmark is the world's own, the truth; compare.

    Parameters
    ----------
    world : World
        Grid.
    question : BenchmarkQuestion
        What is asked.
    maps : mapping
        Key of each source that is of files -> its maps on the cells.
    last : BenchmarkAnswer, optional
        The answer before, of which A and the benchmark are taken over while only B moves.
    progress, cancelled
        See `World.result`.

    Raises
    ------
    ValueError
        If the region holds no land, or an experiment cannot be run.
    models.kernel.Cancelled
        If the visitor took it back.
    """
    how = {"progress": progress, "cancelled": cancelled}
    selection, region = question.selection, question.b.region
    mask = world.mask(region)
    result_a = world.result(question.a.l4c, **how)
    before = time.perf_counter()
    result_b = world.result(question.b.l4c, **how)
    truth = None
    if any(source.of_world for source in question.sources):
        truth = world.result(truth_of(question.a.l4c, selection.truth), **how)
    vegetated = world.area * world.pft_fraction.sum(axis=1)
    weight = vegetated if mask is None else np.where(mask, vegetated, 0.0)
    shown, parts = None, dict(last.parts) if last is not None and last.world is world else {}
    if selection.tab in FLUX_TABS:
        shown = _flux(world, question, (result_a, result_b, truth), maps, weight, parts)
    elif selection.tab == "soc":
        fields = {
            source.key: synthetic_inventory(truth.field("soc")) if source.of_world else maps[source.key]
            for source in question.sources
            if source.of_world or source.key in maps
        }
        area = world.area if mask is None else np.where(mask, world.area, 0.0)
        shown = stocks_of(
            {"A": result_a.field("soc"), "B": result_b.field("soc")}, fields, question.sources, world.latitude, weight,
            area, selection.width,
        )  # fmt: skip
    elif selection.tab == "budgets":
        shown = budgets_of(selection.parts, result_a, result_b, world, mask)
    cells = world.n_cell if mask is None else int(mask.sum())
    totals_a = result_a.total(mask, world.area)
    totals_b = totals_a if question.a.l4c == question.b.l4c else result_b.total(mask, world.area)
    seconds = time.perf_counter() - before
    return BenchmarkAnswer(question, world, shown, totals_a, totals_b, cells, seconds, parts)


def _flux(
    world: World,
    question: BenchmarkQuestion,
    results: tuple[LiveResult, LiveResult, LiveResult | None],
    maps: Mapping[str, np.ndarray],
    weight: np.ndarray,
    parts: dict,
) -> FluxComparison | None:
    """Compare months of A and B (and of the truth) with a benchmark; None while its files are being read."""
    selection, (source,), (result_a, result_b, truth) = question.selection, question.sources, results
    variable, region = selection.tab, question.b.region
    if not source.of_world and source.key not in maps:
        return None

    def part(name: str, hangs_on: tuple, make: Callable[[], object]) -> object:
        """Take a part over from the answer before, or make it."""
        if parts.get(name, (None,))[0] != hangs_on:
            parts[name] = hangs_on, make()
        return parts[name][1]

    def seen() -> np.ndarray:
        if not source.of_world:
            return maps[source.key]
        true = months_of(truth, variable)
        if variable == "gpp":
            made = synthetic_sif(true)
        else:
            made = synthetic_inversion(true, world.latitude, world.longitude, weight)
        return made.astype(np.float32)  # it is kept while B moves

    def compare(months: np.ndarray, slope: float | None) -> ZonalMonths:
        return compare_months(months, benchmark, world.latitude, weight, selection.width, slope=slope)

    of_benchmark = variable, source, selection.truth, question.a.l4c, region
    benchmark = part("benchmark", of_benchmark, seen)
    same = 1.0 if source.variable == variable else None
    a = part("a", (*of_benchmark, selection.width), lambda: compare(months_of(result_a, variable), same))
    one = question.a.l4c == question.b.l4c
    b = a if one else compare(months_of(result_b, variable), a.slope)
    return FluxComparison(variable, source, a, b)
