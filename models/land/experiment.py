"""An experiment of the land surface model from its value to its result, block of columns by block."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.execution import LARGEST_IN_MEMORY, Written
from models.land.layout import N_OUTPUTS
from models.land.planning import LandPlan, plan_columns, start
from models.land.run import report, spin_up
from models.output import write_dataset
from models.provenance import now, versions

if TYPE_CHECKING:
    from models.experiment import Experiment

__all__ = ["AT_THE_END", "monthly_means", "run_columns", "write_columns"]

DAY = 86400.0
BLOCK_BYTES = 256 * 2**20
"""Memory for the weather of the columns that run together."""

AT_THE_END = ("leaf_carbon", "stem_carbon", "root_carbon", "wood_carbon", "soc_fast", "soc_stable")
"""Variables that are values at the end of a day, step or month; the others are means."""


def run_columns(
    experiment: "Experiment",
    ds: xr.Dataset,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    block: int | None = None,
) -> xr.Dataset:
    """Run the columns of a forcing; everything but the weather's values is checked before it computes.

    Parameters
    ----------
    experiment : Experiment
        With ``model = "land"``. Its region chooses columns, its period what is reported.
    ds : xr.Dataset
        Weather and what the columns are, see `models.land.description.describe_columns`; the attributes ``stamp``,
        ``utc_offset`` [h], ``clock`` and ``notes`` are respected. Lazy weather is read block by block.
    progress, cancelled : callable, optional
        See `models.land.run.run_land`.
    block : int, optional
        Columns that run together; by default as many as have 256 MB of weather.

    Returns
    -------
    xr.Dataset
        On (column, time) and (column, layer, time); ``Experiment.from_attrs`` of its attributes is the experiment.

    Raises
    ------
    ValueError
        If the experiment asks for what this model does not do, or the forcing cannot run.
    """
    plan = _checked_plan(experiment, ds)
    blocks = list(_blocks(plan, block))
    parts, done = [], 0
    for columns in blocks:
        share = columns.size / plan.table.site.size
        tell = None if progress is None else lambda part, low=done, share=share: progress(min(1.0, low + share * part))
        some = _run_block(plan.part(columns), experiment, progress=tell, cancelled=cancelled)
        parts.append(some.assign_coords(column=columns) if len(blocks) > 1 else some)
        done += share
    result = parts[0] if len(parts) == 1 else _joined(parts)
    return _finished(result, experiment, ds, plan)


def _checked_plan(experiment: "Experiment", ds: xr.Dataset) -> LandPlan:
    """Raise ``ValueError`` where an experiment asks for what is not done; return what will be."""
    accepted = {"output": ("daily", "monthly"), "precision": ("float64",), "per_pft": (False,)}
    for name, values in accepted.items():
        if getattr(experiment, name) not in values:
            words = " or ".join(map(repr, values))
            msg = f"{name} = {getattr(experiment, name)!r} is nothing that model = 'land' does; it takes {words}" + (
                " (every step: land.output = 'native')." if name == "output" else "."
            )
            raise ValueError(msg)
    if experiment.output == "monthly" and experiment.land.output == "native":
        msg = "output = 'monthly' and land.output = 'native' contradict each other: drop one."
        raise ValueError(msg)
    plan = plan_columns(experiment.land, ds)
    if not experiment.region.whole:
        inside = np.flatnonzero(experiment.region.contains(plan.table.latitude, plan.table.longitude))
        if not inside.size:
            msg = f"No column lies in the region {experiment.region.name}."
            raise ValueError(msg)
        plan = plan.part(inside)
    days = plan.forcing.sizes["time"]
    if "time" in plan.forcing.coords and days > 1:
        times = plan.forcing["time"].values[:2].astype("datetime64[s]")
        days = days * (times[1] - times[0]) / np.timedelta64(1, "D")
        _check_period(experiment, plan.forcing["time"].values[[0, -1]])
    steps = days * DAY / plan.options.dt if plan.options.output == "native" else days
    steps = steps / 30.0 if experiment.output == "monthly" else steps
    size = 4.0 * N_OUTPUTS * steps * plan.table.site.size
    if size > LARGEST_IN_MEMORY:
        msg = (
            f"The result needs {size / 1e9:.0f} GB of memory: choose a region, fewer columns, daily output or"
            " output = 'monthly'."
        )
        raise ValueError(msg)
    return plan


def _check_period(experiment: "Experiment", edges: np.ndarray) -> None:
    """Raise ``ValueError`` where no day of a forcing lies in the period."""
    first, last = experiment.period
    begin, end = edges.astype("datetime64[D]")
    if (first and np.datetime64(first) > end) or (last and np.datetime64(last) < begin):
        msg = f"period = {list(experiment.period)}: the forcing has no such day, it has {begin} to {end}."
        raise ValueError(msg)


def _blocks(plan: LandPlan, block: int | None) -> Iterator[np.ndarray]:
    """Return the columns that run together, block by block."""
    count = plan.table.site.size
    sites = plan.forcing.sizes["site"]
    weather = 3 * 64.0 * plan.forcing.sizes["time"] * sites  # as read, in float64 and averaged
    size = block or max(8, int(count * min(1.0, BLOCK_BYTES / weather)) // 8 * 8)
    if sites < count and block is None and weather <= BLOCK_BYTES:
        size = count
    for first in range(0, count, size):
        yield np.arange(first, min(first + size, count))


def _run_block(plan: LandPlan, experiment: "Experiment", *, progress, cancelled) -> xr.Dataset:
    """Run the columns of a block, cut to the period, as days, steps or months."""
    weather, times = plan.weather()
    per_day = int(DAY / plan.options.dt)
    if plan.options.output == "daily" and weather.shape[0] % per_day:
        msg = f"{weather.shape[0]} steps don't make whole days of {per_day}: cut the forcing to whole days."
        raise ValueError(msg)
    tell = progress or (lambda share: None)
    rounds = plan.options.spin_up + 1
    columns = start(plan)
    tell(0.0)
    settled = spin_up(columns, weather, plan.options, progress=lambda done: tell(done / rounds), cancelled=cancelled)
    result = report(
        columns,
        weather,
        times,
        plan.options,
        settled,
        progress=lambda share: tell((rounds - 1 + share) / rounds),
        cancelled=cancelled,
    )
    first, last = experiment.period
    if first or last:
        result = result.sel(time=slice(first or None, last or None))
        if not result.sizes["time"]:
            msg = f"period = {list(experiment.period)}: the forcing has no such day."
            raise ValueError(msg)
    return monthly_means(result) if experiment.output == "monthly" else result


def monthly_means(ds: xr.Dataset) -> xr.Dataset:
    """Average days to calendar months; carbon pools are those at the end of the month.

    Parameters
    ----------
    ds : xr.Dataset
        Daily, time last.

    Returns
    -------
    xr.Dataset
        ``time`` is the first day of each month; a month that is not whole is the mean of what is there.
    """
    months = ds["time"].values.astype("datetime64[M]")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(months) > np.timedelta64(0, "M")]))
    days = np.diff(np.append(starts, months.size))
    out = ds.isel(time=starts).assign_coords(time=months[starts].astype("datetime64[ns]"))
    for name, variable in ds.data_vars.items():
        if "time" in variable.dims:
            values = variable.values
            if name in AT_THE_END:
                values = values[..., starts + days - 1]
            else:
                values = (np.add.reduceat(values, starts, axis=-1, dtype=float) / days).astype(values.dtype)
            out[name] = (variable.dims, values, variable.attrs)
    return out


def _joined(parts: list[xr.Dataset]) -> xr.Dataset:
    """Put blocks of columns side by side; what the spin-ups came to is the worst of them."""
    attrs = dict(parts[0].attrs)
    for name in ("spin_up_cycles", "spin_up_water_drift", "spin_up_lai_drift"):
        attrs[name] = max(part.attrs[name] for part in parts)
    attrs["spin_up_settled"] = min(part.attrs["spin_up_settled"] for part in parts)
    joined = xr.concat(parts, "column", data_vars="minimal", coords="minimal", compat="override", join="override")
    return joined.assign_attrs(attrs)


def _finished(result: xr.Dataset, experiment: "Experiment", ds: xr.Dataset, plan: LandPlan) -> xr.Dataset:
    """Name the columns of a result and say where it came from."""
    table, names = plan.table, plan.names
    classes = {"vegetation_class": table.vegetation, "soil_class": table.soil, "forcing_site": plan.sites}
    result = result.assign_coords({name: ("column", values) for name, values in classes.items()})
    if names is not None:
        result = result.assign_coords(column_name=("column", names.astype(str)))
    daily = experiment.land.output == "daily"
    for name, variable in result.data_vars.items():
        if "time" in variable.dims:
            variable.attrs["cell_methods"] = "time: point" if name in AT_THE_END else "time: mean"
    result["time"].attrs |= {
        "standard_name": "time",
        "long_name": experiment.output.replace("daily", "day").replace("monthly", "month, its first day")
        if daily
        else f"time of the first record of each step ({experiment.land.time_step:g} h)",
    }
    result["time"].encoding = {
        "units": "days since 1970-01-01" if daily else "seconds since 1970-01-01",
        "calendar": "proleptic_gregorian",
        "dtype": "int64",
    }
    result.attrs |= experiment.to_attrs() | {
        "history": f"{now()} made by {versions()}",
        "source": f"models.land, step {plan.options.dt:g} s; forcing: {ds.attrs.get('source', 'not named')}",
        "forcing": str(ds.attrs.get("source", ds.attrs.get("title", "not named"))),
        "notes": str(ds.attrs.get("notes", "")),
    }
    return result


def write_columns(result: xr.Dataset, path: Path) -> Written:
    """Write a result as NetCDF or Zarr; the file is whole or not there.

    Returns
    -------
    Written
        Columns, time steps, and what the spin-up and the balances came to.
    """
    write_dataset(result, path)
    attrs = result.attrs
    notes = [note for note in attrs["notes"].split("; ") if note]
    if attrs["spin_up_cycles"]:
        notes.append(
            f"spin-up of {attrs['spin_up_cycles']} cycles: in the last, soil water changed by at most"
            f" {attrs['spin_up_water_drift']:.1e} m3 m-3, LAI by {attrs['spin_up_lai_drift']:.1e}"
            f" ({'settled' if attrs['spin_up_settled'] else 'not settled: give more cycles'})"
        )
    notes.append(
        f"balances, worst column and step: water {float(result.residual_water_worst.max()):.1e} mm,"
        f" carbon {float(result.residual_carbon_worst.max()):.1e} gC m-2,"
        f" energy {float(result.residual_energy_worst.max()):.1e} W m-2"
    )
    return Written(result.sizes["column"], result.sizes["time"], tuple(notes))
