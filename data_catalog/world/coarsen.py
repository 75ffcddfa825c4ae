"""From the cells of 36 km to the 3 x 3 cells of 108 km."""

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world.land_cover import KOPPEN

__all__ = ["coarsen"]

OWN = ("row", "column", "latitude", "longitude", "area", "land_fraction", "koppen")


def coarsen(fine, grid="36km", coarse_grid="108km"):
    """Aggregate fields of land cells: areas add, the Koeppen class is the largest, all else is the area-weighted mean.

    The place of a coarse cell is its own centre. The area under each plant type is conserved.

    Parameters
    ----------
    fine : xarray.Dataset
        Fields on ``cell``, with row, column, area and koppen.
    grid, coarse_grid : str
        Names of the two grids; the cells of the first nest in those of the second.

    Returns
    -------
    xarray.Dataset
        The same fields; cells in row-major order.
    """
    coarse = EaseGrid(coarse_grid)
    row, column = EaseGrid(grid).parent(fine["row"].values, fine["column"].values, coarse_grid)
    key, group = np.unique(row * coarse.shape[1] + column, return_inverse=True)
    area = fine["area"].values.astype(np.float64)
    total = np.bincount(group, area)

    def mean(values):
        flat = values.reshape(values.shape[0], -1).astype(np.float64)
        sums = np.stack([np.bincount(group, area * flat[:, k]) for k in range(flat.shape[1])], axis=1)
        return (sums / total[:, None]).reshape(key.size, *values.shape[1:])

    fields = {name: (fine[name].dims, mean(fine[name].values)) for name in fine.data_vars if name not in OWN}
    latitude, longitude = coarse.lat_lon(*np.divmod(key, coarse.shape[1]))
    share = np.bincount(group * len(KOPPEN) + fine["koppen"].values, area, minlength=key.size * len(KOPPEN))
    fields |= {
        "row": ("cell", (key // coarse.shape[1]).astype(np.int32)),
        "column": ("cell", (key % coarse.shape[1]).astype(np.int32)),
        "latitude": ("cell", latitude),
        "longitude": ("cell", longitude),
        "area": ("cell", total),
        "land_fraction": ("cell", total / coarse.cell_area),
        "koppen": ("cell", share.reshape(key.size, -1).argmax(axis=1).astype(np.int8)),
    }
    return xr.Dataset(fields, coords={name: fine[name].values for name in ("month", "pft", "igbp") if name in fine})
