"""One cell of a result as it is drawn: its series, its observations, and every update taken apart."""

import numpy as np

from explorer.assimilation.numbers import REASON_WORDS, daily, name_and_unit, sensor_title
from explorer.style import unit_text
from explorer.views.ensemble_series import EnsembleSeries
from explorer.views.one_cell import Update
from models.assimilation.record import REASONS, CellSeries, UpdateLog
from models.assimilation.result import AssimilationResult
from models.assimilation.sensor_choice import STATE_ROWS
from models.observation import SENSORS

__all__ = ["ensemble_series", "observed_series", "updates_of"]

OBSERVED = {"ssm": "ssm", "sm1": "ssm", "lai": "lai", "rzsm": "rzsm"}
"""Variable -> sensor that observes it itself, so that its observations can stand in the same plot."""


def _log_times(result: AssimilationResult, log: UpdateLog) -> np.ndarray:
    """Return when each slot of a log is, in local solar time."""
    days = result.days[0].astype("datetime64[ms]") + np.asarray(log.day).astype("timedelta64[D]")
    return days + np.round(np.asarray(log.hour) * 3.6e6).astype("timedelta64[ms]")


def ensemble_series(result: AssimilationResult, cell: int, variable: str) -> EnsembleSeries:
    """Return a variable of one cell: daily means, spread, truth, and the observations of it if a sensor sees it."""
    name, unit = name_and_unit(variable)
    days = result.days[: result.days_done].astype("datetime64[ms]") + np.timedelta64(12, "h")

    def of(experiment: str, statistic: str = "mean") -> np.ndarray:
        try:
            return daily(result, variable, experiment, statistic)[cell]
        except (KeyError, ValueError):  # the spread of this variable is not kept
            return np.zeros(0)

    nothing = np.full(days.size, np.nan)
    spreads = [spread if (spread := of(e, "spread")).size else nothing for e in ("open_loop", "analysis")]
    more = {}
    sensor = OBSERVED.get(variable)
    if sensor in result.logs:
        log = result.logs[sensor]
        there = np.isfinite(log.observed[cell])
        more |= {
            "observed_at": _log_times(result, log)[there],
            "observed": log.observed[cell][there],
            "used": (log.reason[cell] == REASONS.index("used"))[there],
        }
    row = {"ssm": "sm1"}.get(variable, variable)
    if row in STATE_ROWS and result.logs:
        at = np.concatenate([_log_times(result, log) for log in result.logs.values()])
        step = np.concatenate([log.increment[cell, :, STATE_ROWS.index(row)] for log in result.logs.values()])
        moved = np.isfinite(step) & (step != 0.0)
        more |= {"increment_at": at[moved], "increment": step[moved]}
    return EnsembleSeries(
        time=days,
        open_loop=of("open_loop"),
        open_loop_std=spreads[0],
        analysis=of("analysis"),
        analysis_std=spreads[1],
        truth=of("truth"),
        name=name,
        unit=unit,
        **more,
    )


def observed_series(result: AssimilationResult, cell: int, sensor: str) -> EnsembleSeries:
    """Return one cell in a sensor's own unit: what it saw, what was expected before and after, what it should see."""
    log = result.logs[sensor]
    there = np.isfinite(log.observed[cell]) & np.isfinite(log.forecast[cell])
    when = _log_times(result, log)[there]
    used = (log.reason[cell] == REASONS.index("used"))[there]
    increment = (log.analysis[cell] - log.forecast[cell])[there]
    moved = np.isfinite(increment) & (increment != 0.0)
    lines = (log.open_loop[cell], log.forecast[cell], np.sqrt(log.hpht[cell]), log.truth[cell])
    time, loop, forecast, sd, truth = _with_gaps(when, *(line[there] for line in lines))
    return EnsembleSeries(
        time=time,
        open_loop=loop,
        open_loop_std=np.full(time.size, np.nan),
        analysis=forecast,
        analysis_std=sd,
        truth=truth,
        observed_at=when,
        observed=log.observed[cell][there],
        used=used,
        increment_at=when[moved],
        increment=increment[moved],
        name=f"{sensor_title(sensor)}, forecast",
        unit=unit_text(log.unit),
    )


LONGEST_LINE = np.timedelta64(12, "D")
"""Between observations that are farther apart no line is drawn."""


def _with_gaps(time: np.ndarray, *lines: np.ndarray) -> tuple[np.ndarray, ...]:
    """Put a NaN into lines wherever two times are far apart."""
    if time.size < 2:
        return time, *lines
    far = np.flatnonzero(np.diff(time) > LONGEST_LINE) + 1
    return np.insert(time, far, time[far - 1] + np.timedelta64(1, "D")), *(np.insert(v, far, np.nan) for v in lines)


def updates_of(series: CellSeries) -> list[Update]:
    """Return every update of a cell, in order, as the view takes them apart."""
    units = {sensor.name: unit_text(sensor.unit) for sensor in SENSORS}
    updates = []
    for one in series.updates:
        name = one["sensor"]
        reason = one["reason"] if isinstance(one["reason"], str) else REASONS[int(one["reason"])]
        updates.append(
            Update(
                time=np.datetime_as_string(np.datetime64(one["time"], "m")).replace("T", " "),
                sensor=sensor_title(name),
                unit=units.get(name, units.get(name.partition("_")[0], "")),
                used=reason == "used",
                reason=REASON_WORDS.get(reason, reason),
                y=float(one["y"]),
                r=float(one["r"]),
                hpht=float(one["hpht"]),
                predicted=np.asarray(one["HE"], dtype=float),
                fitted=np.asarray(one["HA"], dtype=float),
                rows=tuple(series.rows),
                forecast=np.asarray(one["E"], dtype=float),
                analysis=np.asarray(one["A"], dtype=float),
                gain=np.asarray(one["gain"], dtype=float),
                truth=float(one.get("truth", np.nan)),
            )
        )
    return updates
