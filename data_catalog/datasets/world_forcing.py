"""Hourly weather of the embedded world as a labelled data set that the land surface model runs as it is."""

import dask.array as da
import numpy as np
import xarray as xr

from data_catalog.entry import CatalogEntry
from data_catalog.world import weather_rules
from data_catalog.world.hourly import STEP_HOURS, hourly_forcing
from data_catalog.world.hours import ASSUMPTIONS
from data_catalog.world.static import open_static
from data_catalog.world.store import SEED, YEAR
from data_catalog.world.surface import surface
from data_catalog.world.weather import DAYS
from models.land.layout import FORCING
from models.regions import Region, region_named
from models.variables import VARIABLES

__all__ = ["ENTRY", "days_of_period", "load"]

TITLE = "Reference Earth, hour by hour: synthetic weather drawn from a real climate"
SOURCE = (
    "synthetic weather, real climate: drawn from a real monthly climatology by a seeded generator, days as those of "
    "reference-earth and hours made from them by rule; land cover mapped, soil assumed"
)
LICENCE = "weather: BSD-3-Clause; land and climate: each field's own, in attribute static_licences"
REFERENCES = (
    "Richardson 1981, doi 10.1029/WR017i001p00182; Wilks 1998, doi 10.1016/S0022-1694(98)00186-3; Haurwitz 1945; "
    "Dilley and O'Brien 1998; Unsworth and Monteith 1975; Flerchinger et al. 2009, doi 10.1029/2008WR007394"
)
COSINE = {"units": "1", "long_name": "cosine of the solar zenith angle, mean over the sunlit part of the step"}
CHUNK = 64  # cells: a year of their hours takes 36 MB
LEAP_DAY = 59  # of a leap year, counted from 0: the generator's year has none and 28 February's weather stays


def days_of_period(period: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the dates of a period (day,) and the generator's day of each, counted from 1 January of its first year.

    Parameters
    ----------
    period : (str, str)
        First and last day, ISO; an empty string stands for the first or last day of the packed year.

    Raises
    ------
    ValueError
        If the period is empty, or begins before the generator's first year.
    """
    first = np.datetime64(period[0] or f"{YEAR}-01-01", "D")
    last = np.datetime64(period[1] or f"{max(YEAR, first.astype('datetime64[Y]').item().year)}-12-31", "D")
    if first < np.datetime64(f"{YEAR}-01-01", "D") or last < first:
        msg = f"period = {first} to {last} is not accepted: it begins in {YEAR} or later and ends after it begins."
        raise ValueError(msg)
    dates = np.arange(first, last + 1)
    year = dates.astype("datetime64[Y]")
    of_year = (dates - year).astype(int)
    number = year.astype(int) + 1970
    leap = (number % 4 == 0) & ((number % 100 != 0) | (number % 400 == 0))
    return dates, (number - YEAR) * DAYS + of_year - (leap & (of_year >= LEAP_DAY))


def _make(cells: np.ndarray, *, grid: str, days: np.ndarray, seed: int, step_hours: float) -> np.ndarray:
    """Return the weather (step, cell, 8) of ``cells`` (1, cell, 1) on the generator's ``days``."""
    first = int(days[0])
    made = hourly_forcing(grid, cells[0, :, 0], first, int(days[-1]) + 1, seed=seed, step_hours=step_hours)
    if len(days) * int(24 / step_hours) == made.shape[0]:
        return made
    by_day = made.reshape(-1, int(24 / step_hours), *made.shape[1:])
    return by_day[days - first].reshape(-1, *made.shape[1:])


def load(
    grid: str = "108km",
    cells: np.ndarray | None = None,
    *,
    region: Region | str | None = None,
    period: tuple[str, str] = ("", ""),
    seed: int = SEED,
    step_hours: float = 1,
) -> xr.Dataset:
    """Open the weather of some cells, and what the land is there; it is made when it is asked for.

    Parameters
    ----------
    grid : str
        "108km" or "36km".
    cells : (n,) int array, optional
        Positions of the cells wanted; all of them, or all of a region, if not given.
    region : Region or str, optional
        Box of the cells wanted, in place of ``cells``.
    period : (str, str)
        First and last day; the year of the packed world if not given. Later years are other weather.
    seed : int
        The realisation; that of reference-earth if not given.
    step_hours : float
        0.5, 1 or 3.

    Returns
    -------
    Dataset
        Lazy on (time, cell): t_air, q_air, pressure, wind, sw_down, lw_down, precip_rate, cos_zenith. On (cell): what
        `data_catalog.world.surface.surface` says. A record's time is the start of its step, in the cell's own solar
        time.

    Raises
    ------
    ValueError
        If the grid, period, seed or step is not accepted, both cells and a region are given, or the region is empty.
    IndexError
        If a cell is not in the world.
    """
    if step_hours not in STEP_HOURS:
        msg = f"step_hours = {step_hours!r} is not accepted; give {', '.join(f'{one:g}' for one in STEP_HOURS)}."
        raise ValueError(msg)
    if cells is not None and region is not None:
        msg = "Both cells and a region are given: drop one."
        raise ValueError(msg)
    static = open_static(grid)
    if region is not None:
        box = region_named(region) if isinstance(region, str) else region
        cells = np.flatnonzero(box.contains(static["latitude"].values, static["longitude"].values))
        if not cells.size:
            msg = f"No cell of the {grid} world lies in the region {box.name}."
            raise ValueError(msg)
    land = surface(grid, cells, seed=seed)
    dates, days = days_of_period(period)
    per_day = int(24 / step_hours)
    seconds = (np.arange(per_day) * int(3600 * step_hours)).astype("timedelta64[s]")
    time = (dates.astype("datetime64[s]")[:, None] + seconds).reshape(-1)

    where = da.from_array(land["cell"].values[None, :, None], chunks=(1, CHUNK, 1))
    chunks = ((time.size,), where.chunks[1], (len(FORCING),))
    made = da.map_blocks(
        _make, where, grid=grid, days=days, seed=seed, step_hours=step_hours, dtype=float, chunks=chunks,
        meta=np.empty((0, 0, 0)),
    )  # fmt: skip
    ds = land.assign_coords(time=time.astype("datetime64[ns]"))
    for k, name in enumerate(FORCING):
        attrs = VARIABLES[name].cf_attrs if name in VARIABLES else COSINE
        ds[name] = (("time", "cell"), made[:, :, k], attrs)
    ds["time"].attrs = {"standard_name": "time", "long_name": "start of the step, local solar time"}
    ds.attrs = {
        "title": TITLE,
        "source": SOURCE,
        "licence": LICENCE,
        "static_licences": str(static.attrs["licences"]),
        "references": REFERENCES,
        "assumptions": f"{ASSUMPTIONS} {weather_rules.ASSUMPTIONS}",
        "grid": grid,
        "seed": seed,
        "clock": "local solar time",
        "stamp": "start",
        "notes": "the weather is synthetic, drawn from a real climate",
    }
    return ds


ENTRY = CatalogEntry(
    name="world-forcing",
    title=TITLE,
    citation=REFERENCES,
    licence=LICENCE,
    load=load,
    feeds=("forcing",),
    synthetic=True,
)
