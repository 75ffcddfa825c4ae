"""What the page Land asks of the engine for the selected place, and the numbers it gets back: no widgets, no plots."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.land.address import LandSelection, plain_land
from explorer.land.place import Place, PlaceRun, place_of
from explorer.land.runs import run_place
from explorer.views.curves import CURVES
from models.experiment import Experiment
from models.land.run import warm as warm_kernels

__all__ = ["LandAnswer", "LandQuestion", "answer", "key_numbers", "warm"]


@dataclass(frozen=True)
class LandQuestion:
    """Baseline A, experiment B, and what is looked at."""

    a: Experiment
    b: Experiment
    selection: LandSelection

    @property
    def where(self) -> tuple:
        """Tells places apart."""
        at = () if self.b.dataset == "tower" else self.selection.at
        return self.b.dataset, self.b.grid, self.b.site, at


@dataclass(frozen=True, eq=False)
class LandAnswer:
    """The numbers of one place: runs with A's and with B's choices, and how long B took [s]."""

    question: LandQuestion
    place: Place
    a: PlaceRun
    b: PlaceRun
    seconds: float


def answer(
    question: LandQuestion,
    last: LandAnswer | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> LandAnswer:
    """Run A and B at the place; a run that the last answer has is taken over.

    Raises
    ------
    ValueError
        If an experiment cannot run there.
    models.kernel.Cancelled
        If the visitor took it back.
    """
    known = [] if last is None or last.question.where != question.where else [last.a, last.b]

    def run(experiment: Experiment, tell: Callable[[float], None]) -> PlaceRun:
        for old in known:
            if old.choices == experiment.land:
                return old
        return run_place(_place(experiment, question), experiment.land, tell, cancelled)

    a = run(question.a, lambda share: progress(share / 2))
    known.append(a)
    before = time.perf_counter()
    b = run(question.b, lambda share: progress(0.5 + share / 2))
    return LandAnswer(question, b.place, a, b, time.perf_counter() - before)


def _place(experiment: Experiment, question: LandQuestion) -> Place:
    """Open the place of an experiment, with weather at its time step."""
    if experiment.dataset == "tower":
        from explorer.land.tower import tower_place  # towers are opened by those who ask for them

        return tower_place(experiment.site)
    return place_of(experiment, question.selection.at)


def key_numbers(run: PlaceRun) -> dict[str, float]:
    """Return what a year came to: sums [mm yr-1, gC m-2 yr-1], means and largest values."""
    days = run.days
    years = days.sizes["time"] / 365.25

    def total(name: str) -> float:
        return float(days[name].sum(dtype=float)) / years

    return {
        "precip": total("precip"),
        "et": total("et"),
        "runoff": total("runoff") + total("drainage"),
        "gpp": total("gpp"),
        "nee": total("nee"),
        "ssm": float(days["ssm"].mean(dtype=float)),
        "rzsm": float(days["rzsm"].mean(dtype=float)),
        "lai": float(days["lai"].max()),
        "swe": float(days["swe"].max()),
    }


def warm() -> None:
    """Compile or load every kernel that a place, its weather and its curves call."""
    warm_kernels()
    experiment = plain_land()
    run = run_place(place_of(experiment, LandSelection().at), experiment.land, lambda share: None, lambda: False)
    for curve in CURVES.values():
        curve.make(run.columns, False)
        curve.make(run.columns, True)
    if not np.isfinite(run.days["ssm"].values).all():
        msg = "The land surface model gave no numbers for its first run."
        raise RuntimeError(msg)
