"""What the land surface model makes of other weather, and L4C of that: less rain for a while, or other years."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from data_catalog import open_dataset
from data_catalog.world.daily import open_weather
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.store import YEAR
from data_catalog.world.surface import column_table_of
from data_catalog.world.weather import DAYS
from models.coupling import FLUXES, LAND, drive_runs
from models.kernel import Cancelled
from models.l4c.drought import Contrast, ContrastSums
from models.land.layout import FORCING
from models.land.open_loop import OpenLoop, daily_open_loop
from models.land.run import LandOptions
from models.options import L4COptions

__all__ = ["MOST_CELLS", "SPIN_UP", "STEP", "DryYear", "Years", "rain_drought", "run_years", "seconds_of_land"]

STEP = 10800.0
"""Time step of the land surface model here [s]: the preview's, three hours."""

SPIN_UP = 12
"""Most repetitions of the first year before it counts."""

MOST_CELLS = 150
"""Cells that the page runs with the land surface model here."""

RAIN = FORCING.index("precip_rate")
SPEED = 0.35e6
"""Column-steps a second of two cores, weather and all: for the estimate that is shown before a run."""


@dataclass(frozen=True, eq=False)
class DryYear:
    """A year with less rain for a while beside the same year, through the land surface model and L4C.

    Attributes
    ----------
    contrast : Contrast
    usual, changed : dict of str to (cell, day) array
        ``ssm rzsm lai gpp rh nee`` of each.
    """

    contrast: Contrast
    usual: dict[str, np.ndarray]
    changed: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Years:
    """Monthly means of several years of the same climate.

    Attributes
    ----------
    cells : (n,) int array
        Places in the grid's table.
    years : tuple of int
    fluxes : dict of str to (n, year, 12) array
        Flux -> mean [gC m-2 d-1].
    """

    cells: np.ndarray
    years: tuple[int, ...]
    fluxes: dict[str, np.ndarray]

    def interannual_std(self, flux: str) -> np.ndarray:
        """Return the standard deviation between years of a month's mean, its root mean square over months (n,)."""
        return np.sqrt(np.mean(np.var(self.fluxes[flux], axis=1, ddof=1), axis=1))


def seconds_of_land(cells: int, years: int) -> float:
    """Say about how long the land surface model takes for some cells and years [s]."""
    lanes = -(-cells // 8) * 8
    return lanes * DAYS * 86400 / STEP * (SPIN_UP + years) / SPEED


def check_cells(cells: np.ndarray, grid: str, region: str) -> None:
    """Raise ``ValueError`` if there are more cells than the page runs with the land surface model."""
    if cells.size > MOST_CELLS:
        msg = (
            f"{region[:1].upper()}{region[1:]} has {cells.size:,} cells of the {grid} grid; this runs the land surface "
            f"model and takes up to {MOST_CELLS}. Choose a smaller region (Iberia on the 108-km grid has 69), draw a "
            "box, or take the selected cell."
        )
        raise ValueError(msg)


def _land(loop: OpenLoop) -> dict[str, np.ndarray]:
    """Return what of a run drives L4C."""
    return {name: getattr(loop, name) for name in LAND}


def _year(grid, cells, year, progress, cancelled, *, rain=None, days=None, start=None, cycles=0) -> OpenLoop:
    """Run a year of the land surface model; ``rain`` multiplies the rain of some ``days``."""
    if cancelled():
        raise Cancelled

    def weather(where: np.ndarray) -> np.ndarray:
        hours = hourly_forcing(grid, cells[where], year * DAYS, (year + 1) * DAYS)
        if rain is not None:
            hours[np.repeat(days, 24), :, RAIN] *= rain
        return hours

    return daily_open_loop(
        weather, column_table_of(grid, cells), options=LandOptions(dt=STEP), spin_up_step=STEP, cycles=cycles,
        last_cycles=0, start=start, progress=progress, cancelled=cancelled,
    )  # fmt: skip


def _drivers(grid: str, cells: np.ndarray) -> xr.Dataset:
    """Return the world's drivers of L4C of some cells, in memory."""
    return open_dataset("reference-earth", grid=grid).isel(cell=cells).load()


def rain_drought(
    grid: str,
    cells: np.ndarray,
    area: np.ndarray,
    factor: float,
    days: np.ndarray,
    l4c: L4COptions,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> DryYear:
    """Multiply the rain of some days, run the land surface model with and without, and L4C with either's water.

    The air stays as it was: its temperature, humidity and light do not know of the rain that failed.

    Parameters
    ----------
    grid, cells
        Cells of the embedded world.
    area : (cell,) array
        Vegetated area.
    factor : float
        0 is no rain.
    days : (365,) bool array
    l4c : L4COptions
        What is run of L4C.
    progress, cancelled : callable
        Told the share done; asked now and then.

    Raises
    ------
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    usual = _year(grid, cells, 0, lambda s: progress(0.7 * s), cancelled, cycles=SPIN_UP)
    changed = _year(
        grid, cells, 0, lambda s: progress(0.7 + 0.15 * s), cancelled, rain=factor, days=days, start=usual.start
    )
    drivers, loops = _drivers(grid, cells), {"usual": usual, "changed": changed}
    runs = drive_runs(
        dict.fromkeys(loops, drivers), {name: _land(loop) for name, loop in loops.items()}, usual.porosity, l4c,
        progress=lambda s: progress(0.85 + 0.15 * s), cancelled=cancelled,
    )  # fmt: skip
    fields = {
        name: {flux: runs[name][flux].values for flux in FLUXES}
        | {water: getattr(loop, water) for water in ("ssm", "rzsm", "lai")}
        for name, loop in loops.items()
    }
    sums = ContrastSums(drivers["time"].values)
    sums.add(cells, area, fields["usual"], fields["changed"])
    return DryYear(sums.result(), fields["usual"], fields["changed"])


def run_years(
    grid: str,
    cells: np.ndarray,
    years: int,
    l4c: L4COptions,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Years:
    """Run the land surface model from year to year of the world's weather, and L4C with each year's water and leaves.

    Every year of L4C starts from the first one's soil carbon; f_PAR is the world's season, moved by the land model's
    leaf area.

    Parameters
    ----------
    grid, cells, l4c, progress, cancelled
        See `rain_drought`.
    years : int
        2 or more.
    """
    loops: dict[str, OpenLoop] = {}
    weather: dict[str, xr.Dataset] = {}
    drivers = _drivers(grid, cells)
    state = None
    for year in range(years):
        share = lambda s, year=year: progress(0.8 * (year + s) / years)  # noqa: E731
        loop = _year(grid, cells, year, share, cancelled, start=state, cycles=0 if year else SPIN_UP)
        state, name = loop.state, str(YEAR + year)
        loops[name] = loop
        days = open_weather(grid, cells, year=YEAR + year)
        weather[name] = drivers.assign(
            {n: (("cell", "time"), days[n].values, drivers[n].attrs) for n in ("par", "tmin", "vpd")}
        )
    runs = drive_runs(
        weather, {name: _land(loop) for name, loop in loops.items()}, loops[str(YEAR)].porosity, l4c,
        progress=lambda s: progress(0.8 + 0.2 * s), cancelled=cancelled,
    )  # fmt: skip
    month = drivers["time"].values.astype("datetime64[M]").astype(int) % 12
    fluxes = {
        flux: np.stack(
            [
                np.stack([run[flux].values[:, month == m].mean(axis=1) for m in range(12)], axis=1)
                for run in runs.values()
            ],
            axis=1,
        )
        for flux in FLUXES
    }
    return Years(np.asarray(cells), tuple(int(name) for name in runs), fluxes)
