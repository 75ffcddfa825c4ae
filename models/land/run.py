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
from models.land.layout import LANES, LAYERS, OUTPUTS
from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES
from models.land.solar import mean_cosine_zenith
from models.land.spinup import SpinUp, balance_soil_carbon, drift
from models.variables import VARIABLES

__all__ = ["LandOptions", "advance", "run_land", "warm"]

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


_PLAIN = {
    "swe": "swe_mean",
    "snow_depth": "snow_depth_mean",
    "snow_cover": "snow_cover_mean",
    "lai": "lai_mean",
    "canopy_water": "canopy_water_mean",
    "t_ground": "t_ground_mean",
    "t_canopy": "t_canopy_mean",
    "t_soil": "soil_temperature_1",
    "le": "le",
    "h": "h",
    "ground_heat": "g",
    "sw_net": "sw_net",
    "lw_net": "lw_net",
    "water_stress": "beta_mean",
    "energy_residual": "energy_residual",
    "leaf_carbon": "leaf_end",
    "stem_carbon": "stem_end",
    "root_carbon": "root_end",
    "wood_carbon": "wood_end",
    "soc_fast": "soc_fast_end",
    "soc_stable": "soc_stable_end",
}
_RATES = {
    "transpiration": "transpiration",
    "soil_evaporation": "evap_soil",
    "interception_evaporation": "evap_interception",
    "precip": "precip",
    "runoff": "runoff",
    "drainage": "drainage",
    "gpp": "gpp",
    "npp": "npp",
    "ra": "ra",
    "rh": "rh",
}


def _dataset(raw: np.ndarray, times: np.ndarray, columns: Columns) -> xr.Dataset:
    """Name the raw outputs (N_OUTPUTS, column, time)."""
    row = {name: k for k, name in enumerate(OUTPUTS)}
    flat = {name: raw[row[old]] for name, old in _PLAIN.items()}
    flat |= {name: raw[row[old]] * DAY for name, old in _RATES.items()}
    profiles = {
        name: np.stack([raw[row[f"{name}_{k}"]] for k in (1, 2, 3, 4)], axis=1)
        for name in ("soil_moisture", "soil_liquid", "soil_temperature")
    }
    theta = profiles["soil_moisture"]
    porosity = columns.get("theta_max")[:, None]
    flat["ssm"] = theta[:, 0]
    flat["rzsm"] = 0.1 * theta[:, 0] + 0.3 * theta[:, 1] + 0.6 * theta[:, 2]
    flat["smsf"] = 100.0 * flat["ssm"] / porosity
    flat["smrz"] = 100.0 * flat["rzsm"] / porosity
    flat["frozen"] = np.where(raw[row["frozen"]] >= 0.5, 1.0, 0.0)
    flat["et"] = flat["transpiration"] + flat["soil_evaporation"] + flat["interception_evaporation"]
    flat["nee"] = flat["ra"] + flat["rh"] - flat["gpp"]
    par, apar = raw[row["par_mean"]], raw[row["apar_mean"]]
    cover = columns.get("vegetation_fraction")[:, None] * np.where(flat["lai"] > 0.0, 1.0, 0.0)
    # Without light the fraction is that of a closed form of leaf area, so that polar winters have one.
    flat["fpar"] = np.where(par > 1.0, apar / np.maximum(par, 1.0), cover * (1.0 - np.exp(-0.5 * flat["lai"])))
    ds = xr.Dataset(
        {
            name: (("column", "time"), values.astype("float32"), VARIABLES[name].cf_attrs)
            for name, values in flat.items()
        }
        | {
            name: (("column", "layer", "time"), values.astype("float32"), VARIABLES[name].cf_attrs)
            for name, values in profiles.items()
        }
    )
    depth = np.cumsum(LAYERS)
    ds = ds.assign_coords(
        time=times.astype("datetime64[ns]"),
        layer=("layer", [1, 2, 3, 4]),
        depth_top=("layer", depth - np.array(LAYERS), {"units": "m", "positive": "down"}),
        depth_bottom=("layer", depth, {"units": "m", "positive": "down"}),
        column=np.arange(columns.count),
        latitude=("column", columns.table.latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        longitude=("column", columns.table.longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        vegetation=("column", [VEGETATION_CLASSES[k - 1] for k in columns.table.vegetation]),
        soil=("column", [SOIL_CLASSES[k - 1] for k in columns.table.soil]),
    )
    ds["ssm"].attrs["comment"] = "mean over 0-10 cm"
    ds["rzsm"].attrs["comment"] = "mean over 0-100 cm"
    ds["smsf"].attrs["comment"] = "0-10 cm, the model's top layer"
    ds["nee"].attrs["comment"] = "read its anomalies: fast soil carbon needs centuries to settle"
    for name, unit in (
        ("water_worst", "mm"),
        ("water_sum", "mm"),
        ("carbon_worst", "gC m-2"),
        ("energy_worst", "W m-2"),
    ):
        ds[f"residual_{name}"] = ("column", columns.get(name), {"units": unit, "long_name": f"balance: {name}"})
    return ds


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
    settled = SpinUp(0, np.nan, np.nan)
    for cycle in range(options.spin_up):
        before = columns.copy()
        columns.balance[:] = 0.0
        advance(columns, weather, options, progress=_part(progress, cycle, rounds), cancelled=cancelled)
        settled = SpinUp(cycle + 1, *drift(before, columns))
        if settled.done and options.settle:
            break
    if options.spin_up and options.soil_carbon == "balanced":
        balance_soil_carbon(columns)

    columns.balance[:] = 0.0
    raw = np.empty((at.N_OUTPUTS, columns.state.shape[0] * LANES, weather.shape[0] // per_output), "float32")

    def keep(first: int, last: int, output: np.ndarray) -> None:
        flat = output.transpose(2, 1, 3, 0).reshape(at.N_OUTPUTS, (last - first) * LANES, -1)
        raw[:, first * LANES : last * LANES] = flat

    advance(
        columns,
        weather,
        options,
        steps_per_output=per_output,
        keep=keep,
        progress=_part(progress, rounds - 1, rounds),
        cancelled=cancelled,
    )
    if not np.isfinite(columns.state).all():
        bad = np.flatnonzero(~np.isfinite(columns.state).all(axis=1).reshape(-1))
        msg = f"Column {bad[0]} is not a number after the run: look at its forcing and parameters."
        raise FloatingPointError(msg)
    stamps = times[::per_output]
    ds = _dataset(raw[:, : columns.count], stamps if per_output == 1 else stamps.astype("datetime64[D]"), columns)
    ds.attrs |= {
        "title": "Land surface model: water, energy, snow and vegetation by column",
        "Conventions": "CF-1.11",
        "source": f"models.land, step {options.dt:g} s; forcing: {forcing.attrs.get('title', 'not named')}",
        "options": repr(options),
        "spin_up_cycles": settled.cycles,
        "spin_up_water_drift": settled.water_drift,
        "spin_up_lai_drift": settled.lai_drift,
        "spin_up_settled": int(settled.done),
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
