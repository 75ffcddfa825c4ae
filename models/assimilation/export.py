"""A result as labelled data: states, updates, diagnostics, skill."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.assimilation.bounds import EVENTS
from models.assimilation.diagnostics import CELL_DIAGNOSTICS, cell_diagnostic
from models.assimilation.record import REASONS, SPREAD_KEPT, VARIABLES_KEPT
from models.assimilation.sensor_choice import STATE_ROWS
from models.climatology import DAYS
from models.skill.significance import wilcoxon_over_sites
from models.variables import VARIABLES

if TYPE_CHECKING:
    from models.assimilation.result import AssimilationResult

__all__ = ["dataset_of", "observed_cells", "skill_of"]

SCORES = ("r", "r_anom", "rmsd", "ubrmsd", "bias")
RUNS = ("open_loop", "analysis")
_LAYERS = {f"sm{k}": "soil_moisture" for k in (1, 2, 3, 4)}
_MADE_OF = {"ssm": ("sm1",), "rzsm": ("sm1", "sm2", "sm3"), "lai": ("lai",), "gpp": ("lai",)}
"""Rows of the filter's state whose update is meant to better a variable; any, of those that are not named."""

PLENTY = 3
"""Observations used from which a cell counts as observed: a month of leaf area."""


def attrs_of(variable: str) -> dict[str, str]:
    """Return the CF attributes of a variable that is kept."""
    quantity = VARIABLES[_LAYERS.get(variable, variable)]
    attrs = dict(quantity.cf_attrs)
    if variable in _LAYERS:
        attrs["long_name"] = f"soil moisture, layer {variable[2:]}"
    return attrs


def observed_cells(result: "AssimilationResult", variable: str) -> np.ndarray:
    """Return the places of cells where `PLENTY` or more observations were used: skill is judged where it can change.

    Of the sensors that update what the variable is made of; of all, if none does.

    Parameters
    ----------
    result : AssimilationResult
    variable : str
        One of `models.assimilation.record.VARIABLES_KEPT`.
    """
    assimilated = [
        one for one in (result.filter.observations if result.filter else ()) if one.choice in result.choices.assimilated
    ]
    rows = [row in _MADE_OF.get(variable, STATE_ROWS) for row in STATE_ROWS]
    meant = [one for one in assimilated if (one.updates & rows).any()] or assimilated
    used = np.zeros(result.twin.cells.size)
    for one in meant:
        used += result.diagnostic(one.sensor.name, "used")
    return np.flatnonzero(used >= PLENTY)


def skill_of(result: "AssimilationResult", variable: str, cells: np.ndarray | None = None) -> xr.Dataset:
    """Compare both runs with the truth; see `models.assimilation.result.AssimilationResult.skill`."""
    if cells is None:
        cells = observed_cells(result, variable)
    chosen = np.flatnonzero(cells) if np.asarray(cells).dtype == bool else np.asarray(cells, int)
    scores = {name: np.stack([result.field(variable, name, run)[chosen] for run in RUNS]) for name in SCORES}
    unit = attrs_of(variable)["units"]
    ds = xr.Dataset(
        {
            name: (("experiment", "cell"), values, {"units": "1" if name.startswith("r_") or name == "r" else unit})
            for name, values in scores.items()
        },
        coords={"experiment": list(RUNS), "cell": chosen},
    )
    before, after = scores["r_anom"]
    there = np.isfinite(before) & np.isfinite(after)
    if there.any():
        test = wilcoxon_over_sites(after, before)
        change = {"median_change": test.median, "share_improved": test.share_better, "p_value": test.p_value}
        ds.attrs |= {f"r_anom_{name}": value for name, value in change.items()}
    years = result.days_done / DAYS
    ds.attrs["climatology"] = (
        f"mean within 31 days over {years:.1f} years; of one year, changes within a month are left"
    )
    ds.attrs |= {"variable": variable, "cells": int(there.sum()), "against": "the truth of the twin (synthetic)"}
    return ds


def dataset_of(result: "AssimilationResult") -> xr.Dataset:
    """Return states, updates and diagnostics as one CF data set."""
    twin, done = result.twin, result.days_done
    days = twin.days[:done].astype("datetime64[ns]")
    variables = {}
    for run in ("truth", *RUNS):
        for name in VARIABLES_KEPT:
            values = result.daily(name, run)[:, :done]
            attrs = attrs_of(name) | {"cell_methods": "time: mean", "experiment_run": run}
            variables[f"{name}_{run}"] = (("cell", "time"), values, attrs)
    for run in RUNS:
        for name in SPREAD_KEPT:
            values = result.daily(name, run, "spread")[:, :done]
            attrs = {"units": attrs_of(name)["units"], "long_name": f"sd over members of {name}", "experiment_run": run}
            variables[f"{name}_{run}_std"] = (("cell", "time"), values, attrs)
    coords = {
        "time": ("time", days, {"standard_name": "time", "long_name": "day, local solar time"}),
        "cell": ("cell", twin.cells, {"long_name": "number of the cell in the grid"}),
        "latitude": ("cell", twin.latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("cell", twin.longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        "row": ("row", list(STATE_ROWS)),
    }
    for name, log in result.logs.items():
        slots = np.flatnonzero(log.day < done)
        axis = f"overpass_{name}"
        seconds = np.round(log.hour[slots] * 3600.0).astype("timedelta64[s]")
        when = twin.days[log.day[slots]].astype("datetime64[s]") + seconds
        coords[axis] = (axis, when.astype("datetime64[ns]"), {"long_name": f"overpass of {name}, local solar time"})
        unit = {"units": log.unit}
        squared = {"units": log.unit if log.unit == "1" else f"({log.unit})2"}
        for field in ("raw", "observed", "truth", "open_loop", "forecast", "analysis"):
            variables[f"{name}_obs_{field}"] = (("cell", axis), getattr(log, field)[:, slots], unit)
        for field in ("hpht", "r"):
            variables[f"{name}_obs_{field}"] = (("cell", axis), getattr(log, field)[:, slots], squared)
        reasons = {"flag_values": list(range(len(REASONS))), "flag_meanings": " ".join(REASONS)}
        variables[f"{name}_obs_reason"] = (("cell", axis), log.reason[:, slots], reasons)
        for field in ("increment", "gain"):
            variables[f"{name}_{field}"] = (("cell", axis, "row"), getattr(log, field)[:, slots], {})
        sums = result.sums(name)
        coords["month"] = ("month", sums.months.astype("datetime64[ns]"))
        for diagnostic, what in CELL_DIAGNOSTICS.items():
            values = cell_diagnostic(sums, diagnostic).astype("float32")
            variables[f"{name}_{diagnostic}"] = (("cell", "month"), values, {"long_name": what})
        variables[f"{name}_verdict"] = ((), result.diagnostics(name).verdict)
    for k, event in enumerate(EVENTS):
        variables[f"bounds_{event}"] = ("cell", result.events[:, k], {"long_name": f"members or updates {event}"})
    for cell in np.flatnonzero(np.isin(twin.cells, result.choices.cells)):
        series, number = result.series(int(cell)), int(twin.cells[cell])
        when = {"long_name": "overpass hours of every day, local solar time"}
        coords["overpass"] = ("overpass", series.time.astype("datetime64[ns]"), when)
        for run in RUNS:
            attrs = {"long_name": f"state of every member of cell {number}", "experiment_run": run}
            values = getattr(series, run).astype("float32")
            variables[f"members_{run}_cell_{number}"] = (("overpass", "row", "member"), values, attrs)
    ds = xr.Dataset(variables, coords)
    for name in ds.variables:
        if ds[name].dtype.kind == "M":
            ds[name].encoding = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
            ds[name].encoding["dtype"] = "int64"
    used = result.filter.observations if result.filter is not None else []
    kind = "synthetic observations" if all(one.source == "synthetic" for one in used) else "observations"
    ds.attrs = {
        "title": f"Assimilation of {kind} into the land surface model",
        "Conventions": "CF-1.11",
        "source": f"synthetic: weather and truth are drawn from {twin.world.name}, seed {twin.seed}; not measured",
        "observations": "; ".join(f"{one.sensor.name}: {one.source}" for one in used),
        "complete": int(result.complete),
    }
    return ds
