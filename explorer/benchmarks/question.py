"""What the page Benchmarks asks of the engine, and the numbers it gets back: no widgets, no plots."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

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
    """

    question: BenchmarkQuestion
    world: World
    shown: FluxComparison | Stocks | Budgets | None
    totals_a: dict
    totals_b: dict
    cells: int
    seconds: float


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
    shown = None
    if selection.tab in FLUX_TABS:
        shown = _flux(world, question, result_a, result_b, truth, maps, weight)
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
    return BenchmarkAnswer(
        question, world, shown, totals_a, totals_b, cells, seconds=time.perf_counter() - before
    )  # fmt: skip


def _flux(
    world: World,
    question: BenchmarkQuestion,
    result_a: LiveResult,
    result_b: LiveResult,
    truth: LiveResult | None,
    maps: Mapping[str, np.ndarray],
    weight: np.ndarray,
) -> FluxComparison | None:
    """Compare months; None while the files of the benchmark are being read."""
    variable, (source,) = question.selection.tab, question.sources
    months_a = months_of(result_a, variable)
    months_b = months_a if question.a.l4c == question.b.l4c else months_of(result_b, variable)
    if source.of_world:
        true = months_of(truth, variable)
        if variable == "gpp":
            benchmark = synthetic_sif(true)
        else:
            benchmark = synthetic_inversion(true, world.latitude, world.longitude, weight)
    elif source.key in maps:
        benchmark = maps[source.key]
    else:
        return None
    width = question.selection.width
    same = source.variable == variable
    a = compare_months(months_a, benchmark, world.latitude, weight, width, slope=1.0 if same else None)
    b = a if months_b is months_a else compare_months(months_b, benchmark, world.latitude, weight, width, slope=a.slope)
    return FluxComparison(variable, source, a, b)
