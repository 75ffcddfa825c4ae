"""Run the land surface model on labelled data: forcing and columns in, a CF data set out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from models.kernel import spread
from models.land import layout as at
from models.land.column import integrate
from models.land.columns import Columns, ColumnTable, cold_start, column_table
from models.land.forcing import forcing_array
from models.land.layout import LANES
from models.land.outputs import label_outputs
from models.land.solar import mean_cosine_zenith
from models.land.spinup import SpinUp, balance_soil_carbon, repeat_until_settled

__all__ = ["LandOptions", "advance", "report", "run_land", "spin_up", "warm"]

DAY = 86400.0
TIME_STEPS = {1800.0: (3, 3), 3600.0: (2, 2), 10800.0: (3, 3)}
"""Newton steps of the canopy and substeps of the soil water for each time step [s]."""


@dataclass(frozen=True)
class LandOptions:
    """How the land surface model is run.

    Attributes
    ----------
    dt : float
        Time step [s]: 1800, 3600 or 10800.
    van_genuchten : bool
        Hydraulics of van Genuchten instead of Clapp and Hornberger.
    groundwater : bool
        An aquifer below the soil instead of free drainage.
    spin_up : int
        Most repetitions of the forcing before the run.
    settle : bool
        End the spin-up as soon as water and leaf area repeat.
    soil_carbon : {"given", "balanced"}
        Leave fast soil carbon as the spin-up left it, or put it where a repeated cycle leaves it unchanged.
    output : {"daily", "native"}
        Daily means, or every step.
    parameters : tuple of (str, float)
        Parameters that differ from the tables, for all columns.
    soil_moisture, lai : float
        State of a cold start [m3 m-3, m2 m-2].
    stamp : {"end", "start"}
        Which end of its interval a forcing record's time is.
    start : str
        ISO time of the first record, for a forcing without times.
    utc_offset : float
        Hours by which the forcing's clock is ahead of UTC.
    """

    dt: float = 3600.0
    van_genuchten: bool = False
    groundwater: bool = False
    spin_up: int = 0
    settle: bool = True
    soil_carbon: str = "given"
    output: str = "daily"
    parameters: tuple[tuple[str, float], ...] = ()
    soil_moisture: float = 0.28
    lai: float = 2.0
    stamp: str = "end"
    start: str = ""
    utc_offset: float = 0.0

    def __post_init__(self):
        accepted = {
            "dt": tuple(TIME_STEPS),
            "soil_carbon": ("given", "balanced"),
            "output": ("daily", "native"),
            "stamp": ("end", "start"),
        }
        for name, values in accepted.items():
            if getattr(self, name) not in values:
                msg = f"{name} = {getattr(self, name)!r} is not one of {', '.join(map(str, values))}."
                raise ValueError(msg)
        if self.spin_up < 0:
            msg = f"spin_up = {self.spin_up}: give 0 (none) or the most repetitions of the forcing."
            raise ValueError(msg)


def advance(
    columns: Columns,
    forcing: np.ndarray,
    options: LandOptions,
    *,
    first_step: int = 0,
    last_step: int | None = None,
    steps_per_output: int = 24,
    keep: Callable[[int, int, np.ndarray], None] | None = None,
    perturbation: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Advance columns in place, blocks spread over the cores.

    Parameters
    ----------
    columns : Columns
        State and balances are changed in place.
    forcing : (step, site, 8) array
        From `forcing_array`.
    options : LandOptions
        Time step and physics.
    first_step, last_step : int
        Steps of the forcing to run; by default all.
    steps_per_output : int
        Steps an output is a mean over; outputs are counted from step 0 of ``forcing``.
    keep : callable, optional
        Takes the first and last block and their outputs (interval, block, N_OUTPUTS, LANES) as they are ready.
    perturbation : (step, block, 3, LANES) array, optional
        Factor on sunlight, addition to longwave [W m-2], factor on precipitation.
    progress, cancelled : callable, optional
        See `models.kernel.spread`.

    Raises
    ------
    Cancelled
        If ``cancelled`` said yes; the state is then part old, part new.
    """
    newton, substeps = TIME_STEPS[options.dt]
    last_step = forcing.shape[0] if last_step is None else last_step
    intervals = last_step // steps_per_output if keep is not None else 0

    def work(first: int, last: int) -> None:
        output = np.zeros((intervals, last - first, at.N_OUTPUTS, LANES))
        noise = np.zeros((0, last - first, 3, LANES)) if perturbation is None else perturbation[:, first:last]
        integrate(
            0,
            last - first,
            forcing,
            columns.source[first:last],
            first_step,
            last_step,
            options.dt,
            newton,
            substeps,
            options.van_genuchten,
            options.groundwater,
            columns.parameters[first:last],
            columns.state[first:last],
            np.ascontiguousarray(noise),
            steps_per_output,
            output,
            columns.balance[first:last],
        )
        if keep is not None:
            keep(first, last, output)

    spread(work, columns.state.shape[0], progress=progress, cancelled=cancelled)


def run_land(
    forcing: xr.Dataset,
    table: ColumnTable,
    options: LandOptions | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    columns: Columns | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Run columns through a forcing and return daily means (or every step).

    Parameters
    ----------
    forcing : xr.Dataset
        Weather on (time, site); see `models.land.forcing.rename_forcing`.
    table : ColumnTable
        What each column is, from `column_table`.
    options : LandOptions, optional
        Time step, physics, spin-up, output.
    overrides : mapping of str to float or (column,) array, optional
        Parameters that differ from the tables, beyond those of ``options``.
    columns : Columns, optional
        Start from these, changed in place, instead of a cold start.
    progress : callable, optional
        Called with the share done, 0 to 1.
    cancelled : callable, optional
        Asked now and then; when it says yes the run ends with `models.kernel.Cancelled`.

    Returns
    -------
    xr.Dataset
        On (column, time) and (column, layer, time), with CF attributes, the balances' residuals, and in the
        attributes what the spin-up came to.

    Raises
    ------
    ValueError, KeyError
        If forcing, table, options or overrides are not what is accepted.
    FloatingPointError
        If a state is not a number after the run.
    """
    options = options or LandOptions()
    sites = table.site
    needed = int(sites.max()) + 1
    latitude, longitude = np.zeros(needed), np.zeros(needed)
    # The sun's hour angle is that of a UTC clock as many degrees further west.
    latitude[sites], longitude[sites] = table.latitude, table.longitude - 15.0 * options.utc_offset
    weather, times = forcing_array(forcing, options.dt, latitude, longitude, stamp=options.stamp, start=options.start)
    if weather.shape[1] < needed:
        msg = f"A column takes the forcing of site {needed - 1}, but the forcing has {weather.shape[1]} sites."
        raise ValueError(msg)
    per_output = 1 if options.output == "native" else int(DAY / options.dt)
    if weather.shape[0] % per_output:
        msg = f"{weather.shape[0]} steps don't make whole days of {per_output}: cut the forcing to whole days."
        raise ValueError(msg)
    if columns is None:
        columns = cold_start(
            table,
            soil_moisture=options.soil_moisture,
            lai=options.lai,
            overrides=dict(options.parameters) | dict(overrides or {}),
            van_genuchten=options.van_genuchten,
        )

    if progress is not None:
        progress(0.0)
    rounds = options.spin_up + 1
    settled = spin_up(columns, weather, options, progress=_part(progress, 0, rounds), cancelled=cancelled)
    how = {"progress": _part(progress, rounds - 1, rounds), "cancelled": cancelled}
    ds = report(columns, weather, times, options, settled, **how)
    ds.attrs["source"] = f"models.land, step {options.dt:g} s; forcing: {forcing.attrs.get('title', 'not named')}"
    return ds


def spin_up(
    columns: Columns,
    weather: np.ndarray,
    options: LandOptions,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> SpinUp:
    """Repeat the forcing from where the columns stand, in place, as the options ask.

    Parameters
    ----------
    columns : Columns
        Changed in place; each ends where the first cycle in which it settled left it, whoever its neighbours are.
    weather : (step, site, 8) array
        From `models.land.forcing.forcing_array`.
    options : LandOptions
        ``spin_up``, ``settle`` and ``soil_carbon`` say how.
    progress, cancelled : callable, optional
        See `run_land`; progress counts from 0 to the number of cycles.

    Returns
    -------
    SpinUp
        Cycles and drift of each column.
    """

    def cycle(some: Columns, number: int) -> None:
        advance(some, weather, options, progress=_part(progress, number, 1), cancelled=cancelled)

    settled = repeat_until_settled(columns, cycle, options.spin_up, options.settle)
    if options.spin_up and options.soil_carbon == "balanced":
        balance_soil_carbon(columns)
    return settled


def report(
    columns: Columns,
    weather: np.ndarray,
    times: np.ndarray,
    options: LandOptions,
    settled: SpinUp,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Run the cycle that is reported.

    Parameters
    ----------
    columns : Columns
        At the start of the cycle; changed in place.
    weather : (step, site, 8) array
        Whole days.
    times : (step,) datetime64 array
        Time of the first record of each step.
    options : LandOptions
        As of the spin-up.
    settled : SpinUp
        What the spin-up came to, for the attributes.
    progress, cancelled : callable, optional
        See `run_land`.

    Returns
    -------
    xr.Dataset
        See `run_land`.

    Raises
    ------
    FloatingPointError
        If a state is not a number after the run.
    """
    per_output = 1 if options.output == "native" else int(DAY / options.dt)
    columns.balance[:] = 0.0
    raw = np.empty((at.N_OUTPUTS, columns.state.shape[0] * LANES, weather.shape[0] // per_output), "float32")

    def keep(first: int, last: int, output: np.ndarray) -> None:
        flat = output.transpose(2, 1, 3, 0).reshape(at.N_OUTPUTS, (last - first) * LANES, -1)
        raw[:, first * LANES : last * LANES] = flat

    advance(columns, weather, options, steps_per_output=per_output, keep=keep, progress=progress, cancelled=cancelled)
    if not np.isfinite(columns.state).all():
        bad = np.flatnonzero(~np.isfinite(columns.state).all(axis=1).reshape(-1))
        msg = f"Column {bad[0]} is not a number after the run: look at its forcing and parameters."
        raise FloatingPointError(msg)
    stamps = times[::per_output]
    ds = label_outputs(raw[:, : columns.count], stamps if per_output == 1 else stamps.astype("datetime64[D]"), columns)
    ds["spin_up_cycles"] = ("column", settled.cycles, {"units": "1", "long_name": "cycles of the spin-up"})
    for name, values, unit, what in (
        ("spin_up_water_drift", settled.water_drift, "m3 m-3", "soil moisture"),
        ("spin_up_lai_drift", settled.lai_drift, "m2 m-2", "leaf area index"),
    ):
        attrs = {"units": unit, "long_name": f"largest change of {what} over the last cycle of the spin-up"}
        ds[name] = ("column", values, attrs)
    ds.attrs |= {
        "title": "Land surface model: water, energy, snow and vegetation by column",
        "Conventions": "CF-1.11",
        "options": repr(options),
        "spin_up_cycles": int(settled.cycles.max()),
        "spin_up_water_drift": float(settled.water_drift.max()),
        "spin_up_lai_drift": float(settled.lai_drift.max()),
        "spin_up_settled": int(settled.done.all()),
    }
    return ds


def _part(progress: Callable[[float], None] | None, done: int, rounds: int) -> Callable[[float], None] | None:
    """Let a round report its share of all rounds."""
    return None if progress is None else lambda share: progress((done + share) / rounds)


def warm() -> None:
    """Compile or load the kernels, so that no user waits for it: call it in the background when a server starts."""
    columns = cold_start(column_table([12], [4]))
    weather = np.tile([285.0, 0.006, 1e5, 3.0, 100.0, 300.0, 0.0, 0.3], (24, 1, 1))
    mean_cosine_zenith(np.ones(24), 3600.0 * np.arange(24.0), 3600.0, np.zeros(1), np.zeros(1), np.empty((24, 1)))
    advance(columns, weather, LandOptions(), keep=lambda first, last, output: None)
