"""Run an assimilation experiment: open loop, then analysis, with partial results, cancel and resume."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from models.assimilation.filter import Filter
from models.assimilation.observe import check_sensors, observe_twin
from models.assimilation.options import AssimilationChoices
from models.assimilation.result import AssimilationResult
from models.assimilation.run_ensemble import Ensemble, event_steps
from models.assimilation.twin import SPIN_UP_BYTES, STEPS_OF_YEAR
from models.assimilation.weather import LARGEST_KEPT
from models.kernel import THREADS, Cancelled

if TYPE_CHECKING:
    import xarray as xr

    from models.assimilation.twin import Twin

__all__ = ["Estimate", "estimate", "open_loop_of", "run_assimilation"]

Progress = Callable[[float, str], None]
OPEN_LOOPS_KEPT = 2


class Estimate(NamedTuple):
    """What a run will take."""

    seconds: float
    nbytes: float


def estimate(choices: AssimilationChoices, n_cell: int, n_day: int, *, open_loop: bool = True) -> Estimate:
    """Say how long a run will take on this machine and how much memory, before it starts.

    Parameters
    ----------
    choices : AssimilationChoices
        What is chosen.
    n_cell, n_day : int
        Cells of the region, days of the period.
    open_loop : bool
        Whether the open loop has to be run as well.
    """
    steps = (n_day + choices.warm_up) * 24.0 / choices.time_step
    runs = 1 + bool(open_loop)
    per_step = SECONDS_PER_STEP * (1.3 if choices.time_step > 1.0 else 1.0)
    model = runs * n_cell * choices.members * steps * per_step
    truth = n_cell * (choices.spin_up * STEPS_OF_YEAR + steps) * per_step
    hours = 2.0 + sum(2.0 for _ in choices.observed)
    updates = SECONDS_PER_OVERPASS * n_day * hours * max(1.0, n_cell / 20.0)
    # Weather in single precision; daily fields; snapshots of truth and open loop; what sensors did; members.
    weather = max(min(LARGEST_KEPT, n_cell * steps * 32.0), min(SPIN_UP_BYTES, n_cell * STEPS_OF_YEAR * 64.0))
    n_hour = len(event_steps(choices.time_step))
    fields = n_cell * n_day * 4.0 * (12 + 2 * 18 + 2 * 16 * n_hour)
    logs = n_cell * n_day * 2.0 * (4.0 * 21 + 8.0 * 6) * len(choices.observed)
    state = n_cell * choices.members * 8.0 * 200 * runs
    return Estimate((model + truth + updates) / THREADS + 0.3, weather + fields + logs + state)


SECONDS_PER_STEP = 1.0e-6
"""Of a column and step, model and draws, on one core."""

SECONDS_PER_OVERPASS = 4e-4


def open_loop_of(
    twin: "Twin",
    choices: AssimilationChoices,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Ensemble:
    """Run the ensemble without observations, or take up the one that the twin keeps.

    Raises
    ------
    Cancelled
        If ``cancelled`` said yes; the twin keeps what is done.
    """
    # Two visitors may ask for the same open loop at once: one runs it, the other waits.
    while not twin.lock.acquire(timeout=0.1):
        if cancelled is not None and cancelled():
            raise Cancelled
    try:
        loops = twin.kept.setdefault("open_loops", {})
        key = choices.open_loop_key()
        if key not in loops:
            while len(loops) >= OPEN_LOOPS_KEPT:
                loops.pop(next(iter(loops)))
            loops[key] = Ensemble(twin, choices, twin.start)
        ensemble = loops[key]
        _run(ensemble, progress, cancelled, None)
    finally:
        twin.lock.release()
    return ensemble


def _run(
    ensemble: Ensemble,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
    what: Filter | None,
    after: Callable[[int], None] | None = None,
) -> None:
    """Run an ensemble from where it is to its end, piece by piece."""
    twin = ensemble.twin
    total = twin.warm_up + twin.days.size
    for begin, end in twin.pieces:
        if end <= ensemble.day:
            continue
        saved = what.copy_of_state() if what is not None else None
        try:
            weather = twin.weather.given(begin, end)
            if cancelled is not None and cancelled():
                raise Cancelled
            ensemble.run(
                begin, end, weather, at_overpass=what.at_overpass if what is not None else None, cancelled=cancelled
            )
        except BaseException:
            if what is not None:
                what.restore(saved)
            raise
        if progress is not None:
            progress(end / total, "open loop" if what is None else "analysis")
        if after is not None:
            after(end)


def run_assimilation(
    twin: "Twin",
    choices: AssimilationChoices,
    *,
    progress: Progress | None = None,
    partial: Callable[[AssimilationResult], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    resume: AssimilationResult | None = None,
    observations: "Mapping[str, xr.Dataset] | None" = None,
) -> AssimilationResult:
    """Run open loop (kept with the twin) and analysis, piece by piece over all cells.

    Parameters
    ----------
    twin : Twin
        From `models.assimilation.twin.prepare_twin`; it keeps the open loops that were run on it.
    choices : AssimilationChoices
        Sensors, ensemble, filter; ``twin.fits(choices)`` must hold, else prepare another.
    progress : callable, optional
        Told the share done (0 to 1) and what is being done, as "open loop".
    partial : callable, optional
        Given the result so far after each month.
    cancelled : callable, optional
        When it says yes the run ends with what is done: ``result.complete`` is then False.
    resume : AssimilationResult, optional
        Go on where this one of equal choices (and observations) stopped.
    observations : mapping of str to xr.Dataset, optional
        Observations from files, by sensor, instead of synthetic ones; see `models.assimilation.given`.

    Returns
    -------
    AssimilationResult

    Raises
    ------
    ValueError
        If the twin is another than the choices ask for, a sensor or a mask is unknown.
    """
    check_sensors(choices)
    for name in observations or {}:
        if choices.sensor(name).use == "off":
            msg = f"Observations are given for {name!r}, which the experiment does not use."
            raise ValueError(msg)
    absent = [one for one in choices.observed if one.source and one.name not in (observations or {})]
    if absent:
        name, source = absent[0].name, absent[0].source
        msg = (
            f"assimilation.sensors.{name} takes the observations of the file {source!r}, which were not handed over: "
            f'give them with --observations {name}=FILE, or say source = "" to draw them from the truth.'
        )
        raise ValueError(msg)
    if not twin.fits(choices):
        msg = "The twin was made for other settings of the truth: prepare it again for these choices."
        raise ValueError(msg)
    known = ("open_loops", choices.open_loop_key())
    loop = twin.kept.get(known[0], {}).get(known[1])
    whole = twin.warm_up + twin.days.size
    half = 0.0 if loop is not None and loop.day == whole else 0.5

    def first_half(share: float, what: str) -> None:
        if progress is not None:
            progress(half * share, what)

    def second_half(share: float, what: str) -> None:
        if progress is not None:
            progress(half + (1.0 - half) * share, what)

    try:
        loop = open_loop_of(twin, choices, progress=first_half, cancelled=cancelled)
    except Cancelled:
        loop = twin.kept.get(known[0], {}).get(known[1]) or Ensemble(twin, choices, twin.start)
        return AssimilationResult(twin, choices, loop, None, None)
    if resume is not None and resume.analysis_run is not None and resume.choices == choices and resume.twin is twin:
        ensemble, what = resume.analysis_run, resume.filter
    else:
        files = observations or {}
        found = [observe_twin(twin, one, loop.snapshots, files.get(one.name)) for one in choices.observed]
        ensemble, what = Ensemble(twin, choices, twin.start, snapshots=False), Filter(twin, choices, found)

    def result() -> AssimilationResult:
        done = max(0, ensemble.day - twin.warm_up)
        for log in what.logs.values():
            log.finish(done)
        return AssimilationResult(twin, choices, loop, ensemble, what)

    months = twin.days.astype("datetime64[M]")

    def after(end: int) -> None:
        day = end - twin.warm_up
        if partial is not None and 0 < day < months.size and months[day] != months[day - 1]:
            partial(result())

    try:
        _run(ensemble, second_half, cancelled, what, after)
    except Cancelled:
        return result()
    return result()
