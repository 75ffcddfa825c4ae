"""Assimilation runs of this process: who may run what, what is kept, and what comes of it, for every visitor.

A twin (truth, experimenter's weather, spun-up start) and the open loops run on it are kept, so that another sensor or
another error costs the analysis alone; finished results are shared between visitors who ask for the same.
"""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from data_catalog.world.twin_world import twin_world
from explorer.assimilation.address import plain_assimilation
from explorer.runs import RunQueue
from explorer.views.cloud import count_points
from models.assimilation.result import AssimilationResult
from models.assimilation.run import estimate, run_assimilation
from models.assimilation.twin import Twin, prepare_twin
from models.assimilation.warm import warm as warm_kernels
from models.experiment import Experiment
from models.kernel import Cancelled
from models.observation.station import sample_stations

__all__ = [
    "ASSIMILATION",
    "LARGEST",
    "LONGEST",
    "Outcome",
    "Size",
    "finished",
    "forget",
    "known",
    "run",
    "size_of",
    "warm",
]

ASSIMILATION = RunQueue("assimilation runs", patient=True)
"""Runs of seconds to minutes: a line of their own, so that towers and exports do not wait for them."""

LONGEST = 300.0
"""Seconds that a run through the page may take, by its estimate."""

LARGEST = 1_500_000_000
"""Bytes that a run through the page may hold."""

QUICK = 20.0
"""Seconds up to which a run starts by itself."""

MOST_TWINS = 3
KEPT = 1_000_000_000
"""Bytes of finished results kept."""


class Size(NamedTuple):
    """What a run will take, known before it starts.

    Attributes
    ----------
    cells, days, members : int
        Of the run.
    seconds, nbytes : float
        Estimates.
    refusal : str
        Why the page does not run it and what to do, or "".
    """

    cells: int
    days: int
    members: int
    seconds: float
    nbytes: float
    refusal: str

    @property
    def quick(self) -> bool:
        """Whether it may start by itself."""
        return not self.refusal and self.seconds <= QUICK


@dataclass(frozen=True, eq=False)
class Outcome:
    """A result, whole or as far as it has come, and the experiment that it belongs to.

    Attributes
    ----------
    experiment : Experiment
        What was run.
    result : AssimilationResult
        Truth, open loop and analysis.
    baseline : AssimilationResult or None
        Of experiment A; None if A is B's own open loop, or has not been run.
    """

    experiment: Experiment
    result: AssimilationResult
    baseline: AssimilationResult | None = None


_LOCK = threading.Lock()
_TWINS: OrderedDict[tuple, Twin] = OrderedDict()
_RESULTS: OrderedDict[Experiment, AssimilationResult] = OrderedDict()


@functools.lru_cache(maxsize=64)
def size_of(experiment: Experiment) -> Size:
    """Say how large an experiment is and how long it will take.

    Raises
    ------
    ValueError
        If the region holds no cell, or the period reaches beyond the weather.
    """
    world = twin_world(experiment.grid)
    cells = world.cells_in(experiment.region).size
    days = world.days_of(experiment.period)[0].size
    choices = experiment.assimilation
    seconds, nbytes = estimate(choices, cells, days)
    refusal = ""
    if seconds > LONGEST or nbytes > LARGEST:
        limit = (
            f"about {seconds / 60:,.0f} minutes (the page runs up to {LONGEST / 60:.0f})"
            if seconds > LONGEST
            else f"about {nbytes / 1e9:,.1f} GB (the page holds up to {LARGEST / 1e9:.1f})"
        )
        refusal = (
            f"Too large for the page: {cells:,} cells x {days} days x {choices.members} members take {limit}. "
            "Draw a smaller region, shorten the period, take the preview (3-hour steps, fewer members), or save the "
            "experiment and run: python launch.py run assimilation.toml --out assimilation.nc"
        )
    return Size(cells, days, choices.members, seconds, nbytes, refusal)


def _twin_key(experiment: Experiment) -> tuple:
    place = (experiment.grid, experiment.region, experiment.period, experiment.seed)
    return (*place, experiment.land, experiment.assimilation.twin_key())


class Kept(NamedTuple):
    """What an experiment shares with runs before it, so that only what hangs on its sensors is run.

    Attributes
    ----------
    truth, open_loop : bool
        Whether they are there.
    seconds : float
        What the rest takes.
    """

    truth: bool
    open_loop: bool
    seconds: float


def kept(experiment: Experiment) -> Kept:
    """Say what of an experiment need not be run again."""
    size, choices = size_of(experiment), experiment.assimilation
    with _LOCK:
        twin = _TWINS.get(_twin_key(experiment))
    if twin is None:
        return Kept(False, False, size.seconds)
    loop = twin.kept.get("open_loops", {}).get(choices.open_loop_key())
    whole = loop is not None and loop.day == twin.warm_up + twin.days.size
    # An ensemble is what a run with an open loop takes more than one without.
    ensemble = size.seconds - estimate(choices, size.cells, size.days, open_loop=False).seconds
    return Kept(True, whole, min(size.seconds, ensemble * (1.0 if whole else 2.0) + 0.3))


def known(experiment: Experiment) -> AssimilationResult | None:
    """Return the finished result of an experiment that somebody ran a moment ago."""
    with _LOCK:
        found = _RESULTS.get(experiment)
        if found is not None:
            _RESULTS.move_to_end(experiment)
        return found


def finished() -> tuple[tuple[Experiment, AssimilationResult], ...]:
    """Return the finished results that are kept, the newest first."""
    with _LOCK:
        return tuple(reversed(_RESULTS.items()))


def forget() -> None:
    """Drop every twin and result that is kept."""
    with _LOCK:
        _TWINS.clear()
        _RESULTS.clear()


def _keep(experiment: Experiment, result: AssimilationResult) -> None:
    """Keep a finished result, and drop the oldest ones beyond `KEPT` bytes."""
    with _LOCK:
        _RESULTS[experiment] = result
        _RESULTS.move_to_end(experiment)
        while len(_RESULTS) > 1 and sum(map(_nbytes, _RESULTS.values())) > KEPT:
            _RESULTS.popitem(last=False)


def _nbytes(result: AssimilationResult) -> int:
    """Count the bytes of a result's arrays."""
    total = 0
    for log in result.logs.values():
        total += sum(value.nbytes for value in vars(log).values() if isinstance(value, np.ndarray))
    for record in (result.open_loop, result.analysis):
        for group in (record.mean, record.spread, record.range, record.control):
            total += sum(values.nbytes for values in group.values())
    return total


def _twin(experiment: Experiment, progress: Callable, cancelled: Callable[[], bool]) -> Twin:
    """Return the twin of an experiment, from what is kept or anew."""
    key = _twin_key(experiment)
    with _LOCK:
        found = _TWINS.get(key)
        if found is not None:
            _TWINS.move_to_end(key)
            return found
    made = prepare_twin(experiment, twin_world(experiment.grid), progress=progress, cancelled=cancelled)
    with _LOCK:
        _TWINS[key] = made
        while len(_TWINS) > MOST_TWINS:
            _, old = _TWINS.popitem(last=False)
            # A result holds its twin, whose weather is larger than it is.
            for done in [experiment for experiment, result in _RESULTS.items() if result.twin is old]:
                del _RESULTS[done]
    return made


def run(
    experiment: Experiment,
    *,
    progress: Callable[[float, str], None],
    partial: Callable[[AssimilationResult], None],
    cancelled: Callable[[], bool],
    resume: AssimilationResult | None = None,
    observations: Mapping[str, xr.Dataset] | None = None,
) -> AssimilationResult:
    """Run an experiment, or return the run of whoever asked for the same.

    Parameters
    ----------
    experiment : Experiment
        With ``model = "assimilation"``.
    progress, partial, cancelled, resume, observations
        See `models.assimilation.run.run_assimilation`. A cancelled run returns what is done.

    Raises
    ------
    ValueError
        If the experiment is too large for the page, or the engine refuses it.
    models.kernel.Cancelled
        If it was taken back before there was anything to show.
    """
    found = known(experiment)
    if found is not None:
        return found
    refusal = size_of(experiment).refusal
    if refusal:
        raise ValueError(refusal)
    share = 0.25  # of the twin, which is made once for all sensors
    twin = _twin(experiment, lambda done, words="": progress(share * done, words), cancelled)
    result = run_assimilation(
        twin,
        experiment.assimilation,
        progress=lambda done, words="": progress(share + (1.0 - share) * done, words),
        partial=partial,
        cancelled=cancelled,
        resume=resume,
        observations=observations,
    )
    if not result.days_done:
        raise Cancelled
    if result.complete:
        _keep(experiment, result)
    return result


def baseline_result(a: Experiment, b: Experiment) -> AssimilationResult | None:
    """Return the result of A if it has been run, None if A is B's open loop or has not been."""
    if not a.assimilation.assimilated:
        return None
    return known(replace(a, grid=b.grid, region=b.region, period=b.period, seed=b.seed))


def warm() -> None:
    """Compile or load every kernel of a run, so that no visitor's first click waits for it."""
    warm_kernels()
    size_of(plain_assimilation())  # opens the world
    sample_stations("ssm", np.zeros((1, 2)), np.zeros(1, int), seed=1)
    count_points(np.zeros(1), np.zeros(1), (0.0, 1.0), (0.0, 1.0), (2, 2))
