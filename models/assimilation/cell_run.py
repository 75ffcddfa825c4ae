"""One cell of a result in full: it is run again, since its noise has names and so comes out the same."""

from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.filter import Filter
from models.assimilation.observe import Observations
from models.assimilation.record import REASONS, CellSeries, CellUpdate
from models.assimilation.run_ensemble import Chunk, Ensemble
from models.assimilation.sensor_choice import STATE_ROWS

if TYPE_CHECKING:
    from models.assimilation.result import AssimilationResult

__all__ = ["run_cell"]


def run_cell(result: "AssimilationResult", cell: int) -> CellSeries:
    """Run a cell's open loop and analysis again, and keep every member and update.

    Parameters
    ----------
    result : AssimilationResult
    cell : int
        Place in ``result.twin.cells``.

    Raises
    ------
    IndexError
        If there is no such cell.
    """
    whole = result.twin
    if not 0 <= cell < whole.cells.size:
        msg = f"cell = {cell} is not in the run, which has the cells 0 to {whole.cells.size - 1}."
        raise IndexError(msg)
    # Cells that share a block of lanes are run together, as they were.
    group = result.open_loop_run.group
    first = cell // group * group
    places = np.arange(first, min(first + group, whole.cells.size))
    twin, at = whole.of_group(places), cell - first
    n_time = result.days_done * len(twin.snapshots.steps)
    shape = (n_time, len(STATE_ROWS), result.choices.members)
    open_loop, analysis = np.full(shape, np.nan), np.full(shape, np.nan)
    _run_kept(Ensemble(twin, result.choices, twin.start, snapshots=False), result.days_done, None, open_loop, at)
    updates: list[CellUpdate] = []
    if result.filter is not None:
        observations = [one.of(places) for one in result.filter.observations]
        what = Filter(twin, result.choices, observations)
        ensemble = Ensemble(twin, result.choices, twin.start, snapshots=False)
        ensemble.watch = _watcher(what, at, updates)
        _run_kept(ensemble, result.days_done, what, analysis, at)
    dt = np.timedelta64(int(twin.weather.dt), "s")
    hours = np.array(twin.snapshots.steps) * dt
    time = (twin.days[: result.days_done].astype("datetime64[s]")[:, None] + hours[None]).reshape(-1)
    truth = twin.snapshots.mean[at, :n_time].astype(float)
    return CellSeries(cell, time, STATE_ROWS, truth, open_loop, analysis, tuple(updates))


def _run_kept(ensemble: Ensemble, n_day: int, what: Filter | None, kept: np.ndarray, at: int) -> None:
    """Run the days that are done, keeping every member at every overpass hour."""
    twin, steps = ensemble.twin, len(ensemble.twin.snapshots.steps)

    def at_overpass(chunk: Chunk, day: int, hour: int) -> None:
        if what is not None:
            what.at_overpass(chunk, day, hour)
        kept[day * steps + hour] = chunk.read()[at]

    for begin, end in twin.pieces:
        last = min(end, twin.warm_up + n_day)
        if last > begin:
            weather = twin.weather.given(begin, end)[: (last - begin) * twin.weather.per_day]
            ensemble.run(begin, last, weather, at_overpass=at_overpass)


def _watcher(what: Filter, at: int, updates: list[CellUpdate]):
    """Return what writes down the updates of one cell."""

    def watch(found: Observations, day, slot, y, HE, HA, E, A, gain, hpht, r, reason) -> None:
        if not np.isfinite(y[at]):
            return
        hour = np.timedelta64(round(float(found.hour[slot]) * 3600.0), "s")
        updates.append(
            CellUpdate(
                time=what.twin.days[day].astype("datetime64[s]") + hour,
                sensor=found.sensor.name,
                reason=REASONS[reason[at]],
                y=float(y[at]),
                y_raw=float(found.raw[at, slot]),
                truth=float(found.truth[at, slot]),
                r=float(r[at]),
                HE=HE[at].copy(),
                HA=HA[at].copy(),
                E=E[at].copy(),
                A=A[at].copy(),
                gain=gain[at].copy(),
                increment=(A[at].mean(axis=1) - E[at].mean(axis=1)),
                hpht=float(hpht[at]),
                innovation=float(y[at] - HE[at].mean()),
            )
        )

    return watch
