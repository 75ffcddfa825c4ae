"""Open loop: repeat a year of weather until water and leaves return to where they began, and keep the days of a last.

Columns run in chunks, so that the weather of a chunk alone is in memory; a column's days do not depend on its chunk
beyond rounding. The first repetitions may take a longer time step than the year that is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.land.columns import Columns, ColumnTable, cold_start
from models.land.layout import FORCING, LANES, LAYERS, OUTPUTS, STATE
from models.land.run import TIME_STEPS, LandOptions, advance
from models.land.spinup import repeat_until_settled

__all__ = ["CYCLES", "OpenLoop", "coarser_steps", "daily_open_loop", "first_guess", "open_loop_chunk"]

CYCLES = 40
"""Most repetitions of the year with the longer time step."""

LAST_CYCLES = 10
"""Most repetitions after these with the time step of the year that is kept."""

HOUR, DAY = 3600.0, 86400.0
CHUNK = 256
"""Columns a chunk: a year of their hourly weather fills 144 MB."""

_PROFILE = [OUTPUTS.index(f"soil_moisture_{k}") for k in (1, 2, 3, 4)]
_SINGLE = {"t_soil": "soil_temperature_1", "swe": "swe_mean", "lai": "lai_mean", "frozen": "frozen"}
_KEPT = [*_PROFILE, *(OUTPUTS.index(name) for name in _SINGLE.values())]


@dataclass(frozen=True, eq=False)
class OpenLoop:
    """Days of an open loop.

    Attributes
    ----------
    soil_moisture : (column, layer, day) float32 array
        Mean of the day [m3 m-3], layers of 0.1, 0.3, 0.6 and 1 m.
    t_soil : (column, day) float32 array
        Temperature of the top layer, 0 to 10 cm, mean of the day [K].
    frozen : (column, day) float32 array
        1 where the top layer held ice or was below freezing for half the day or more, else 0.
    swe, lai : (column, day) float32 array
        Snow [mm], leaf area index [m2 m-2], means of the day.
    porosity, wilting : (column,) array
        Of the columns' soils [m3 m-3].
    start, state : (STATE, column) array
        State at the start and at the end of the year that was kept.
    cycles : (column,) int array
        Repetitions of the year before it.
    water_drift, lai_drift : (column,) array
        Largest change over that year of a layer's soil moisture [m3 m-3], and change of the leaf area index [m2 m-2].
    """

    soil_moisture: np.ndarray
    t_soil: np.ndarray
    frozen: np.ndarray
    swe: np.ndarray
    lai: np.ndarray
    porosity: np.ndarray
    wilting: np.ndarray
    start: np.ndarray
    state: np.ndarray
    cycles: np.ndarray
    water_drift: np.ndarray
    lai_drift: np.ndarray

    @property
    def ssm(self) -> np.ndarray:
        """Soil moisture of 0 to 10 cm [m3 m-3], (column, day)."""
        return self.soil_moisture[:, 0]

    @property
    def rzsm(self) -> np.ndarray:
        """Soil moisture of 0 to 100 cm [m3 m-3], (column, day)."""
        return np.einsum("clt,l->ct", self.soil_moisture[:, :3], np.asarray(LAYERS[:3], np.float32))

    @property
    def smsf(self) -> np.ndarray:
        """Surface wetness, 0 to 10 cm [%], (column, day)."""
        return (100.0 * self.ssm / self.porosity[:, None]).astype(np.float32)

    @property
    def smrz(self) -> np.ndarray:
        """Root-zone wetness, 0 to 100 cm [%], (column, day)."""
        return (100.0 * self.rzsm / self.porosity[:, None]).astype(np.float32)

    @staticmethod
    def joined(parts: list["OpenLoop"]) -> "OpenLoop":
        """Put the columns of several runs one after another."""
        names = OpenLoop.__dataclass_fields__
        axis = {"start": 1, "state": 1}
        return OpenLoop(**{n: np.concatenate([getattr(p, n) for p in parts], axis=axis.get(n, 0)) for n in names})


def coarser_steps(forcing: np.ndarray, steps: int) -> np.ndarray:
    """Average ``steps`` steps of a forcing (step, site, 8) into one; the sun's height counts while it is up."""
    if steps == 1:
        return forcing
    split = forcing.reshape(-1, steps, *forcing.shape[1:])
    mean = split.mean(axis=1)
    cosine = split[..., FORCING.index("cos_zenith")]
    mean[..., -1] = cosine.sum(axis=1) / np.maximum((cosine > 0.0).sum(axis=1), 1)
    return mean


def first_guess(table: ColumnTable, forcing: np.ndarray, overrides: dict | None = None) -> Columns:
    """Make columns near the state their climate keeps, so that a spin-up is short.

    Soil lies between wilting point and field capacity as rain over what the sun's energy could evaporate says (latent
    heat of 45 % of the sunlight); leaves likewise, less where it is cold.

    Parameters
    ----------
    table : ColumnTable
        Whose ``site`` counts along the forcing.
    forcing : (step, site, 8) array
        Whole years.
    overrides : dict, optional
        See `models.land.columns.cold_start`.
    """
    mean = forcing.mean(axis=0)[table.site]
    rain = mean[:, FORCING.index("precip_rate")] * DAY
    sun, t_air = (mean[:, FORCING.index(name)] for name in ("sw_down", "t_air"))
    supply = np.clip(rain / np.maximum(0.45 * sun * DAY / 2.5e6, 0.1), 0.0, 1.0)
    columns = cold_start(table, overrides=overrides)
    dry, moist = columns.get("theta_wilt"), columns.get("theta_field")
    columns.set("soil_moisture", np.tile(dry + (moist - dry) * supply, (4, 1)))
    for name in ("t_canopy", "t_canopy_air", "t_ground", "t_soil_1", "t_soil_2"):
        columns.set(name, t_air)
    warm = np.clip((t_air - 258.0) / 30.0, 0.05, 1.0)
    leaf = columns.get("leaf")  # of a leaf area of 2 where plants grow
    columns.set("leaf", leaf * 2.0 * np.sqrt(supply) * warm)
    return columns


def _states(columns: Columns) -> np.ndarray:
    """Return the state as (STATE, column)."""
    return columns.state.transpose(1, 0, 2).reshape(len(STATE), -1)[:, : columns.count].copy()


def open_loop_chunk(
    table: ColumnTable,
    forcing: np.ndarray,
    *,
    options: LandOptions | None = None,
    spin_up_step: float = 10800.0,
    cycles: int = CYCLES,
    last_cycles: int = LAST_CYCLES,
    start: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> OpenLoop:
    """Spin columns up and keep the days of one more year.

    Parameters
    ----------
    table : ColumnTable
        The columns; ``site`` counts along the forcing.
    forcing : (step, site, 8) array
        Whole days of hourly weather in the order of `models.land.layout.FORCING`, usually a year.
    options : LandOptions, optional
        Time step and physics of the year that is kept; a step of 1 or 3 hours.
    spin_up_step : float
        Time step of the repetitions [s]: 3600 or 10800.
    cycles, last_cycles : int
        Most repetitions before the year that is kept: first with ``spin_up_step``, then with the step of ``options``.
    start : (STATE, column) array, optional
        State to start from; where it is NaN, and without one, that of `first_guess`.
    progress, cancelled : callable, optional
        See `models.kernel.spread`.

    Raises
    ------
    ValueError
        If a step is not one of 1 and 3 hours, the forcing is not whole days, or there are fewer sites than named.
    FloatingPointError
        If a state is not a number.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    options = options or LandOptions()
    for step in (options.dt, spin_up_step):
        if step not in TIME_STEPS or step < HOUR:
            msg = f"A time step of {step:g} s does not fit hourly weather; 3600 and 10800 are accepted."
            raise ValueError(msg)
    if not forcing.shape[0] or forcing.shape[0] % 24:
        msg = f"The forcing has {forcing.shape[0]} hours; whole days of 24 are accepted."
        raise ValueError(msg)
    if table.site.max() >= forcing.shape[1]:
        msg = f"A column takes the weather of site {table.site.max()}, but there are {forcing.shape[1]} sites."
        raise ValueError(msg)
    columns = first_guess(table, forcing, dict(options.parameters))
    if start is not None:
        for name, values in zip(STATE, start, strict=True):
            columns.set(name, np.where(np.isfinite(values), values, columns.get(name)))
    tell = progress or (lambda share: None)
    last = coarser_steps(forcing, int(options.dt / HOUR))
    phases = ((spin_up_step, cycles), (options.dt, last_cycles))
    # Shares of the work, as if every repetition were needed.
    work = np.cumsum([0.0, *(most / step for step, most in phases), 1.0 / options.dt])
    work /= work[-1]
    repeated = np.zeros(columns.count, dtype=int)
    for (step, most), low, high in zip(phases, work[:2], work[1:3], strict=True):
        weather = last if step == options.dt else coarser_steps(forcing, int(step / HOUR))
        how = replace(options, dt=step)

        def cycle(some: Columns, number: int, weather=weather, how=how, low=low, high=high, most=most):
            advance(some, weather, how, cancelled=cancelled)
            tell(low + (high - low) * (number + 1) / most)

        repeated += repeat_until_settled(columns, cycle, most).cycles
    before = _states(columns)
    per_day = int(DAY / options.dt)
    kept = np.empty((len(_KEPT), columns.state.shape[0] * LANES, last.shape[0] // per_day), np.float32)

    def keep(first: int, end: int, output: np.ndarray) -> None:
        flat = output[:, :, _KEPT].transpose(2, 1, 3, 0)
        kept[:, first * LANES : end * LANES] = flat.reshape(len(_KEPT), (end - first) * LANES, -1)

    def keep_days(some: Columns, number: int) -> None:
        last_part = lambda done: tell(work[2] + (1.0 - work[2]) * done)  # noqa: E731
        advance(some, last, options, steps_per_output=per_day, keep=keep, progress=last_part, cancelled=cancelled)

    drift = repeat_until_settled(columns, keep_days, 1)
    after = _states(columns)
    kept = kept[:, : columns.count]
    whole = np.isfinite(after).all(axis=0) & np.isfinite(kept).all(axis=(0, 2))
    if not whole.all():
        msg = f"Column {np.argmin(whole)} is not a number after the run: look at its weather and parameters."
        raise FloatingPointError(msg)
    days = dict(zip(_SINGLE, kept[len(_PROFILE) :], strict=True))
    days["frozen"] = np.where(days["frozen"] >= 0.5, np.float32(1.0), np.float32(0.0))
    return OpenLoop(
        soil_moisture=np.ascontiguousarray(kept[: len(_PROFILE)].transpose(1, 0, 2)),
        **days,
        porosity=columns.get("theta_max"),
        wilting=columns.get("theta_wilt"),
        start=before,
        state=after,
        cycles=repeated,
        water_drift=drift.water_drift,
        lai_drift=drift.lai_drift,
    )


def daily_open_loop(
    forcing_of: Callable[[np.ndarray], np.ndarray],
    table: ColumnTable,
    *,
    options: LandOptions | None = None,
    spin_up_step: float = 10800.0,
    cycles: int = CYCLES,
    last_cycles: int = LAST_CYCLES,
    start: np.ndarray | None = None,
    chunk: int = CHUNK,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> OpenLoop:
    """Run any number of columns, each with weather of its own, chunk by chunk; see `open_loop_chunk`.

    Parameters
    ----------
    forcing_of : callable
        Takes positions of columns in the table (n,) and returns their hourly weather (step, n, 8).
    table : ColumnTable
        Every column; ``site`` is not used.
    chunk : int
        Columns of which the weather is in memory at a time.

    Returns
    -------
    OpenLoop
    """
    count = table.vegetation.size
    parts = []
    for first in range(0, count, chunk):
        where = np.arange(first, min(first + chunk, count))
        part = ColumnTable(*(values[where] for values in table))._replace(site=np.arange(where.size))

        def told(share: float, first: int = first, size: int = where.size) -> None:
            if progress is not None:
                progress((first + share * size) / count)

        parts.append(
            open_loop_chunk(
                part,
                forcing_of(where),
                options=options,
                spin_up_step=spin_up_step,
                cycles=cycles,
                last_cycles=last_cycles,
                start=None if start is None else start[:, where],
                progress=told,
                cancelled=cancelled,
            )
        )
    return OpenLoop.joined(parts)
