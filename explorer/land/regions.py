"""The land surface model over a region of the embedded world, block of cells by block, in bounded memory.

What a region will take is said before it runs (`estimate`); while it runs, months of finished blocks can be drawn.
Equal runs share one result between visitors.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from data_catalog import open_dataset
from data_catalog.world.static import open_static
from models.kernel import THREADS, Cancelled
from models.l4c.cache import ByteCache
from models.land import layout as at
from models.land.columns import Columns
from models.land.layout import LANES
from models.land.options import LandChoices
from models.land.outputs import label_outputs
from models.land.planning import plan_columns, start
from models.land.run import advance, spin_up
from models.regions import Region

__all__ = ["FIELDS", "LARGEST_REGION", "REGIONS", "Estimate", "RegionRun", "estimate", "run_region"]

FIELDS = (
    *("ssm", "rzsm", "soil_moisture_2", "soil_moisture_3", "soil_moisture_4", "t_soil", "frozen"),
    *("swe", "snow_depth", "snow_cover", "lai", "fpar", "gpp", "npp", "ra", "rh", "nee"),
    *("et", "transpiration", "soil_evaporation", "interception_evaporation", "runoff", "drainage", "precip"),
    *("le", "h", "ground_heat", "t_ground", "water_stress"),
)
"""Variables that are kept of every cell."""

BLOCK = 64
"""Cells that run together, as the world's weather is made: 36 MB of hours."""

LARGEST_REGION = 20_000
"""Most cells of a run on the page."""

DAILY_BYTES = 256 * 2**20
"""Most bytes of daily fields; larger regions keep months."""

KEPT_BYTES = 320 * 2**20
"""Bytes of results that are kept for whoever asks for the same again."""

USUAL_CYCLES = 5
"""Passes through the year until most cells of a region have settled, the reported one included."""

DAY = 86400.0
REGIONS = ByteCache(KEPT_BYTES)
"""Finished regions of this process."""


@dataclass(frozen=True)
class Estimate:
    """What a region takes before it runs.

    Attributes
    ----------
    cells, steps : int
        Cells of the region; time steps a cell and year.
    daily : bool
        Whether days are kept, or months alone.
    nbytes : int
        Bytes of the fields.
    seconds : float
        Expected time, from how fast this machine ran last.
    """

    cells: int
    steps: int
    daily: bool
    nbytes: int
    seconds: float

    @property
    def words(self) -> str:
        """The estimate in a sentence."""
        kept = "daily" if self.daily else "monthly"
        time = f"{max(self.seconds, 1.0):.0f} s" if self.seconds < 90 else f"{self.seconds / 60:.0f} min"
        return f"{self.cells:,} cells, {kept} fields of {self.nbytes / 1e6:,.0f} MB, about {time}"


class _Speed:
    """How many column-steps this machine runs in a second, weather and all; learnt from each run."""

    def __init__(self):
        self._lock = threading.Lock()
        self.value = 0.4e6 * THREADS

    def learn(self, column_steps: float, seconds: float) -> None:
        """Take one measurement in."""
        if seconds > 0.2:
            with self._lock:
                self.value = 0.5 * self.value + 0.5 * column_steps / seconds


SPEED = _Speed()


class RegionRun:
    """A region's fields, as far as they are made.

    Attributes
    ----------
    region, grid, choices : Region, str, LandChoices
        What was run.
    cells : (cell,) int array
        Positions along ``cell`` of the world's static table; ``latitude``, ``longitude`` [degrees] of each.
    time : (step,) datetime64 array
        Days, or first days of months where ``daily`` is False.
    values : dict of str to (cell, step) float32 array
        By the names of `FIELDS`; NaN is not yet run.
    cycles, water_drift, lai_drift : (cell,) array
        What each cell's spin-up came to.
    residuals : dict of str to (cell,) array
        Worst step's residual of ``water`` [mm], ``carbon`` [gC m-2], ``energy`` [W m-2] in the year.
    finished : bool
        Whether all is run.
    """

    def __init__(
        self, region: Region, grid: str, choices: LandChoices, cells: np.ndarray, days: np.ndarray, daily: bool
    ):
        self.region, self.grid, self.choices, self.cells, self.daily = region, grid, choices, cells, daily
        static = open_static(grid)
        self.latitude = static["latitude"].values[cells].astype(float)
        self.longitude = static["longitude"].values[cells].astype(float)
        self.days = days
        self.time = days if daily else np.unique(days.astype("datetime64[M]")).astype("datetime64[D]")
        shape = (cells.size, self.time.size)
        self.values = {name: np.full(shape, np.nan, np.float32) for name in FIELDS}
        self.cycles = np.zeros(cells.size, int)
        self.water_drift, self.lai_drift = np.full(cells.size, np.nan), np.full(cells.size, np.nan)
        self.residuals = {name: np.full(cells.size, np.nan) for name in ("water", "carbon", "energy")}
        self.finished = False

    @property
    def nbytes(self) -> int:
        """Bytes of the fields."""
        return sum(values.nbytes for values in self.values.values())

    @property
    def share(self) -> float:
        """Share of the cells and steps that are run."""
        return float(np.isfinite(self.values["ssm"]).mean())

    def field(self, name: str, when: str = "annual") -> np.ndarray:
        """Return a variable of each cell, (cell,) float32, NaN where it is not run yet.

        Parameters
        ----------
        name : str
            Of `FIELDS`.
        when : str
            "annual", a month "m01" to "m12", or a day of the year "d1" to "d366" (its month's mean where months alone
            are kept).

        Raises
        ------
        KeyError, ValueError
            If the name is none of `FIELDS`, or ``when`` none of these.
        """
        if name not in self.values:
            msg = f"A region has no field {name!r}; it has {', '.join(FIELDS)}."
            raise KeyError(msg)
        values = self.values[name]
        months = self.time.astype("datetime64[M]").astype(int) % 12
        if when == "annual":
            weights = np.ones(self.time.size) if self.daily else self._days_of_months()
            return (values @ (weights / weights.sum())).astype(np.float32)
        kind, number = when[:1], when[1:]
        if kind == "m" and number.isdigit() and 1 <= int(number) <= 12:
            return values[:, months == int(number) - 1].mean(axis=1)
        if kind == "d" and number.isdigit() and 1 <= int(number) <= 366:
            day = min(int(number), self.days.size) - 1
            if not self.daily:
                return values[:, int(np.searchsorted(self.time, self.days[day], side="right")) - 1]
            return values[:, day]
        msg = f"when = {when[:20]!r} is not accepted; it may be 'annual', 'm01' to 'm12' or 'd1' to 'd366'."
        raise ValueError(msg)

    def _days_of_months(self) -> np.ndarray:
        month = self.days.astype("datetime64[M]")
        return np.array([(month == one.astype("datetime64[M]")).sum() for one in self.time], float)


def _cells_of(region: Region, grid: str) -> np.ndarray:
    """Return the cells of a region, or raise ``ValueError`` if there are none or too many."""
    static = open_static(grid)
    inside = region.contains(static["latitude"].values, static["longitude"].values)
    cells = np.flatnonzero(inside)
    if not cells.size:
        msg = f"The region {region.name} holds no land cell of the {grid} grid; draw a larger box."
        raise ValueError(msg)
    if cells.size > LARGEST_REGION:
        msg = (
            f"{region.name} has {cells.size:,} cells of the {grid} grid; the page runs up to {LARGEST_REGION:,}. Choose"
            " a smaller region or the 108-km grid, or run it with `python launch.py run land.toml --out OUT.zarr`."
        )
        raise ValueError(msg)
    return cells


def estimate(region: Region, grid: str, choices: LandChoices) -> Estimate:
    """Say what a region takes: its cells, the bytes of its fields, and about how long it runs.

    Raises
    ------
    ValueError
        If the region holds no cell of the grid, or more than `LARGEST_REGION`.
    """
    cells = _cells_of(region, grid).size
    steps = round(365 * 24 / choices.time_step)
    daily = 4 * len(FIELDS) * 365 * cells <= DAILY_BYTES
    cycles = min(choices.cycles, USUAL_CYCLES) if choices.stop_when_settled else choices.cycles
    whole = -(-cells // LANES) * LANES
    nbytes = 4 * len(FIELDS) * (365 if daily else 12) * cells
    return Estimate(cells, steps, daily, nbytes, whole * steps * cycles / SPEED.value)


def run_region(
    region: Region,
    grid: str,
    choices: LandChoices,
    *,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    partial: Callable[[RegionRun], None] | None = None,
) -> RegionRun:
    """Run every cell of a region through the world's year.

    Parameters
    ----------
    region : Region
        Whose land cells are run.
    grid : str
        "108km" or "36km".
    choices : LandChoices
        Of the model; its output is days here whatever it says.
    seed : int
        Of the world's weather.
    progress : callable, optional
        Told the share done, 0 to 1.
    cancelled : callable, optional
        Asked now and then; when it says yes, `models.kernel.Cancelled` is raised.
    partial : callable, optional
        Given the run each time that a month of a block of cells is there; the same object each time, so that a page
        can draw what is finite.

    Returns
    -------
    RegionRun
        Finished; kept for whoever asks for the same while there is room.

    Raises
    ------
    ValueError
        See `estimate`; or if the choices cannot run.
    FloatingPointError
        If a state is not a number after the run.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    key = (region, grid, replace(choices, output="daily"), seed)
    made = REGIONS.get(key, lambda: _run(*key, progress, cancelled, partial), lambda run: run.nbytes)
    if progress is not None:
        progress(1.0)
    return made


def _run(region, grid, choices, seed, progress, cancelled, partial) -> RegionRun:
    tell = progress or (lambda share: None)
    cells = _cells_of(region, grid)
    weather = open_dataset("world-forcing", grid=grid, cells=cells, step_hours=choices.time_step, seed=seed)
    days = np.unique(weather["time"].values.astype("datetime64[D]"))
    run = RegionRun(region, grid, choices, cells, days, estimate(region, grid, choices).daily)
    plan = plan_columns(choices, weather)
    rounds = plan.options.spin_up + 1
    for first in range(0, cells.size, BLOCK):
        where = np.arange(first, min(first + BLOCK, cells.size))
        if cancelled is not None and cancelled():
            raise Cancelled
        begun = perf_counter()
        some = plan.part(where)
        hours, _ = some.weather()
        columns = start(some)

        def told(part: float, first: int = first, size: int = where.size) -> None:
            tell((first + size * part) / cells.size)

        spin = spin_up(
            columns, hours, plan.options, progress=lambda done, told=told: told(done / rounds), cancelled=cancelled
        )
        run.cycles[where], run.water_drift[where], run.lai_drift[where] = spin
        _report(run, where, columns, hours, plan.options, cancelled, partial)
        SPEED.learn(float((spin.cycles + 1).sum()) * hours.shape[0], perf_counter() - begun)
        told(1.0)
    run.finished = True
    return run


def _report(
    run: RegionRun, where: np.ndarray, columns: Columns, hours: np.ndarray, options, cancelled, partial
) -> None:
    """Run the year that is kept, month by month, into the fields of the run."""
    per_day = round(DAY / options.dt)
    months = run.days.astype("datetime64[M]")
    starts = np.flatnonzero(np.concatenate([[True], months[1:] != months[:-1]]))
    columns.balance[:] = 0.0
    for number, (low, high) in enumerate(zip(starts, [*starts[1:], run.days.size], strict=True)):
        raw = np.empty((at.N_OUTPUTS, columns.state.shape[0] * LANES, high - low), np.float32)

        def keep(first: int, last: int, output: np.ndarray, raw: np.ndarray = raw) -> None:
            raw[:, first * LANES : last * LANES] = output.transpose(2, 1, 3, 0).reshape(
                at.N_OUTPUTS, (last - first) * LANES, -1
            )

        part = hours[low * per_day : high * per_day]
        advance(columns, part, options, steps_per_output=per_day, keep=keep, cancelled=cancelled)
        if not np.isfinite(columns.state).all():
            msg = "A cell ended in a state that is not a number; put the parameters nearer to their tables."
            raise FloatingPointError(msg)
        ds = label_outputs(raw[:, : where.size], run.days[low:high], columns)
        for name in FIELDS:
            stem, _, layer = name.rpartition("_")
            values = ds[name] if name in ds else ds[stem].isel(layer=int(layer) - 1)
            if run.daily:
                run.values[name][where, low:high] = values.values
            else:
                run.values[name][where, number] = values.values.mean(axis=1)
        if partial is not None:
            partial(run)
    for name in run.residuals:
        run.residuals[name][where] = columns.get(f"{name}_worst")
