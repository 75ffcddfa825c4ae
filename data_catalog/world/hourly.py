"""Hourly weather of the embedded world for any cells and days: daily values are those of the daily drivers."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from data_catalog.world.hours import MOST, fill_hours
from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from data_catalog.world.weather import DAYS, WEATHER, draw_weather, make_tables
from models.kernel import spread
from models.land.layout import FORCING

__all__ = ["STEP_HOURS", "hourly_forcing", "positions"]

STEP_HOURS = {0.5: (48, 1), 1.0: (24, 1), 3.0: (24, 3)}
"""Step [h]: steps that are made a day, and how many of them a step is the mean of."""

CHUNK = 16  # cells a call: their days fit into the cache
LAST_YEAR = 3000


def positions(static: xr.Dataset, cells: np.ndarray | None) -> np.ndarray:
    """Return positions along ``cell`` of the static table, all of them for None.

    Raises
    ------
    IndexError
        If a cell is not in the table.
    """
    n = static.sizes["cell"]
    cells = np.arange(n) if cells is None else np.atleast_1d(np.asarray(cells, dtype=np.int64))
    if cells.size and (cells.min() < 0 or cells.max() >= n):
        msg = f"cells = {cells.min()} to {cells.max()}; the {static.attrs['grid']} world has the cells 0 to {n - 1}."
        raise IndexError(msg)
    return cells


def hourly_forcing(
    grid: str,
    cells: np.ndarray | None,
    first_day: int = 0,
    last_day: int = DAYS,
    *,
    seed: int = SEED,
    step_hours: float = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Make the weather of some cells and days, step by step in local solar time.

    Step k of a day is its interval [k, k + 1) x ``step_hours`` after local midnight, the sun being highest at noon
    (the equation of time is left out). Temperature, humidity and the like are means over the step.

    Days 0 to 364 are those of the daily drivers (`data_catalog.world.daily.open_weather`): to rounding, means of
    temperature, shortwave radiation and vapour pressure, least and greatest temperature, and the sum of rain are the
    same. Days 365 k to 365 k + 364 are those of another year of the same climate, k years later (``year`` of
    `open_weather`). A cell and day has the same weather in any call.

    Parameters
    ----------
    grid : str
        "36km" or "108km".
    cells : (n,) int array or None
        Positions along ``cell`` of `open_static`; None for all of them.
    first_day, last_day : int
        From the first of these days to before the last.
    seed : int
        The realisation; that of the daily drivers if not given.
    step_hours : float
        0.5, 1 or 3; three hours are means of hours.
    progress, cancelled : callable, optional
        See `models.kernel.spread`.

    Returns
    -------
    (step, cell, 8) float64 array
        In the order of `models.land.layout.FORCING`: t_air [K], q_air [kg kg-1], pressure [Pa], wind [m s-1],
        sw_down, lw_down [W m-2], precip_rate [kg m-2 s-1], cos_zenith [1], the mean over the sunlit part of the step.
        512 bytes for 8 steps of a cell: a year of hours takes 0.56 MB a cell.

    Raises
    ------
    ValueError
        If the grid, the days, the seed or the step are not accepted.
    IndexError
        If a cell is not in the world.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    if step_hours not in STEP_HOURS:
        msg = f"step_hours = {step_hours!r} is not accepted; give {', '.join(f'{one:g}' for one in STEP_HOURS)}."
        raise ValueError(msg)
    most = (LAST_YEAR - YEAR) * DAYS
    if not 0 <= first_day <= last_day <= most:
        msg = f"Days {first_day} to {last_day} are not accepted; give 0 <= first_day <= last_day <= {most}."
        raise ValueError(msg)
    static = open_static(grid)
    part = static.isel(cell=positions(static, cells))
    n = part.sizes["cell"]
    per_day, mean_over = STEP_HOURS[step_hours]
    written = per_day // mean_over
    latitude = np.radians(part["latitude"].values.astype(float))
    pressure = part["pressure"].values.mean(axis=1, dtype=float)
    wind = part["wind"].values.astype(float)
    place = np.concatenate([np.stack([np.sin(latitude), np.cos(latitude), pressure], axis=1), wind], axis=1)
    out = np.empty(((last_day - first_day) * written, n, len(FORCING)))
    years = range(first_day // DAYS, -(-last_day // DAYS))
    for year in years:
        tables = make_tables(part, seed=seed, year=YEAR + year)
        begin, end = max(first_day, year * DAYS), min(last_day, (year + 1) * DAYS)
        steps = out[(begin - first_day) * written : (end - first_day) * written]

        def work(first: int, last: int, tables=tables, begin=begin - year * DAYS, end=end - year * DAYS, steps=steps):
            days = np.zeros((last - first, len(WEATHER), DAYS))
            z, months = np.zeros((2, DAYS), dtype=np.float32), np.zeros((2, 12))
            draw_weather(np.arange(first, last), tables, z, months, days)
            room, nibbles = np.zeros((9, MOST)), np.zeros(4, dtype=np.uint64)
            fill_hours(
                *(days, place[first:last], tables.orbit, tables.row[first:last], tables.key[first:last]),
                *(tables.step, tables.seed, begin, end, per_day, mean_over, room, nibbles, steps[:, first:last]),
            )

        def share(done: float, year=year) -> None:
            if progress is not None:
                progress((year - years[0] + done) / len(years))

        spread(work, n, chunk=CHUNK, progress=share, cancelled=cancelled)
    return out
