"""A year of the world's daily weather in plain numbers, drawn again on demand for a few cells."""

import numpy as np
import xarray as xr

from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from data_catalog.world.weather import (
    DAYS,
    PRECIP,
    SW_DOWN,
    T_AIR,
    TMAX,
    TMIN,
    VAPOUR,
    VPD,
    WEATHER,
    Tables,
    draw_weather,
    make_tables,
)
from models.kernel import spread
from models.variables import VARIABLES

__all__ = ["open_weather", "world_days"]


def world_days(tables: Tables) -> np.ndarray:
    """Return the weather (cell, row of WEATHER, day) of every cell of the tables."""
    n = len(tables.key)
    weather = np.zeros((n, len(WEATHER), DAYS))

    def work(first: int, last: int) -> None:
        room = np.zeros((2, DAYS), dtype=np.float32), np.zeros((2, 12))
        draw_weather(np.arange(first, last), tables, *room, weather[first:last])

    spread(work, n, chunk=128)
    return weather


def open_weather(grid: str, cells: np.ndarray | None = None, *, seed: int = SEED, year: int = YEAR) -> xr.Dataset:
    """Draw the daily weather of some cells, with the variables that the packed world does not keep.

    The days of soil that go with the packed world's weather are those of the dataset ``reference-earth``.

    Parameters
    ----------
    grid : str
        "36km" or "108km".
    cells : (n,) int array, optional
        Positions along ``cell`` of the static table; all of them if not given (0.4 GB a variable at 36 km).
    seed, year : int
        The realisation; those of the packed world if not given.

    Returns
    -------
    Dataset
        On (cell, time): t_air, tmin, tmax, precip, sw_down, par, vpd, q_air.

    Raises
    ------
    IndexError
        If a cell is not in the table.
    """
    static = open_static(grid)
    n = static.sizes["cell"]
    cells = np.arange(n) if cells is None else np.atleast_1d(np.asarray(cells, dtype=np.int64))
    if cells.size and (cells.min() < 0 or cells.max() >= n):
        msg = f"cells = {cells.min()} to {cells.max()}; the {grid} world has the cells 0 to {n - 1}."
        raise IndexError(msg)
    part = static.isel(cell=cells)
    weather = world_days(make_tables(part, seed=seed, year=year))
    e = weather[:, VAPOUR]
    pressure = part["pressure"].values.mean(axis=1, dtype=float)
    found = {
        "t_air": weather[:, T_AIR],
        "tmin": weather[:, TMIN],
        "tmax": weather[:, TMAX],
        "precip": weather[:, PRECIP],
        "sw_down": weather[:, SW_DOWN],
        "par": 0.45 * 0.0864 * weather[:, SW_DOWN],
        "vpd": weather[:, VPD],
        "q_air": 0.622 * e / (pressure[:, None] - 0.378 * e),
    }
    time = np.arange(np.datetime64(f"{year}-01-01", "D"), np.datetime64(f"{year + 1}-01-01", "D"))
    time = time[time != np.datetime64(f"{year}-03-01") - 1][:DAYS] if len(time) > DAYS else time  # no 29 February
    ds = xr.Dataset(
        {name: (("cell", "time"), x.astype(np.float32), VARIABLES[name].cf_attrs) for name, x in found.items()},
        coords={"cell": cells, "time": time.astype("datetime64[ns]")},
    )
    return ds.assign_coords({name: ("cell", part[name].values) for name in ("latitude", "longitude")})
