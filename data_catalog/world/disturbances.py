"""What disturbs a microwave radiometer for good: complex terrain and radio transmitters. Synthetic, from other fields.

No openly licensed map of either ships with the world, so both follow from what it has: terrain from how much the
mean elevation differs between neighbouring cells of 36 km, transmitters from the mapped share of towns.
"""

from functools import cache

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world.static import CLIMATE_FILES, open_static

__all__ = ["ASSUMPTIONS", "complex_terrain", "radio_interference"]

FINE = "36km"
RELIEF = 600.0
"""Standard deviation of elevation [m] among neighbours at which 63 % of a cell counts as complex (assumed)."""
TOWNS = 0.2
"""Share of towns at which the probability of interference is 63 % (assumed)."""
URBAN = 13

ASSUMPTIONS = {
    "terrain": (
        f"synthetic: 1 - exp(-(s / {RELIEF:g} m)^2) of the standard deviation s of mapped mean elevation among a cell "
        "of 36 km and its neighbours; a scale that leaves plains below 0.1 and puts mountains above"
    ),
    "rfi": (
        f"synthetic: 1 - exp(-u / {TOWNS:g}) of the mapped share u of towns (MCD12C1 2019), as if every town had its "
        "transmitters; real interference hangs on countries and years"
    ),
}


@cache
def complex_terrain(grid: str) -> np.ndarray:
    """Return the share of each cell that is complex terrain, (cell,) [1], in the order of `open_static`.

    Parameters
    ----------
    grid : str
        "36km", or "108km" for the mean of its cells of 36 km, weighted by their land.
    """
    with xr.open_dataset(CLIMATE_FILES[FINE], engine="h5netcdf") as stored:
        row, column, elevation, land = (stored[name].values for name in ("row", "column", "elevation", "land_fraction"))
    shape = EaseGrid(FINE).shape
    # A margin of one cell without land, but across 180 degrees, where the grid goes on.
    padded = np.full((shape[0] + 2, shape[1] + 2), np.nan)
    padded[row + 1, column + 1] = elevation
    padded[:, 0], padded[:, -1] = padded[:, -2], padded[:, 1]
    near = np.stack([padded[row + down, column + right] for down in range(3) for right in range(3)])
    share = 1.0 - np.exp(-((np.nanstd(near, axis=0) / RELIEF) ** 2))
    if grid == FINE:
        return share
    static = open_static(grid)
    columns = EaseGrid(grid).shape[1]
    parent = np.ravel_multi_index(EaseGrid(FINE).parent(row, column, grid), EaseGrid(grid).shape)
    own = static["row"].values.astype(np.int64) * columns + static["column"].values
    weight, total = (np.bincount(parent, values, minlength=own.max() + 1)[own] for values in (land, land * share))
    return total / weight


def radio_interference(grid: str) -> np.ndarray:
    """Return the probability that a radiometer is disturbed by transmitters, (cell,) [1]."""
    towns = open_static(grid)["igbp_fraction"].values[:, URBAN - 1].astype(float)
    return 1.0 - np.exp(-towns / TOWNS)
