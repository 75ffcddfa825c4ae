"""Which cell a pixel of the screen shows: the look-up table through which every map is drawn."""

import hashlib
from threading import Lock

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from explorer.views.projection import Projection

__all__ = ["CellTable", "aggregate", "cell_table"]

_TABLES: dict[tuple[str, str], "CellTable"] = {}
_LOCK = Lock()


class CellTable:
    """Cells of a dataset on their EASE-Grid, and the way from a place or a pixel to a cell. Read-only, shared.

    Parameters
    ----------
    grid : EaseGrid
        Grid that the cells belong to.
    row, column : (cell,) int array
        Where each cell lies.

    Raises
    ------
    ValueError
        If a cell lies outside the grid, or ``row`` and ``column`` differ in length.
    """

    def __init__(self, grid: EaseGrid, row: np.ndarray, column: np.ndarray):
        row, column = np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64)
        rows, columns = grid.shape
        if row.shape != column.shape or row.ndim != 1:
            msg = f"row has shape {row.shape}, column {column.shape}; both need one value a cell."
            raise ValueError(msg)
        if row.size and (row.min() < 0 or row.max() >= rows or column.min() < 0 or column.max() >= columns):
            msg = (
                f"A cell lies outside the {grid.name} grid of {rows} rows and {columns} columns: rows "
                f"{row.min()} to {row.max()}, columns {column.min()} to {column.max()}. Is it another grid?"
            )
            raise ValueError(msg)
        self.grid = grid
        self.n_cell = row.size
        # The cell after the last one stands for sea: values are drawn with a NaN behind them.
        self.index = np.full((rows, columns), self.n_cell, dtype=np.int32)
        self.index[row, column] = np.arange(self.n_cell, dtype=np.int32)
        latitude, longitude = grid.lat_lon(row, column)
        self.latitude, self.longitude = latitude.astype(np.float64), longitude.astype(np.float64)
        lat, lon = np.radians(latitude), np.radians(longitude)
        self._unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        for array in (self.index, self.latitude, self.longitude, self._unit):
            array.flags.writeable = False
        self._full: dict[tuple[str, int, int, int], np.ndarray] = {}
        # Column of a longitude: the projection is linear in it.
        _, edge = grid.row_col_exact(0.0, np.array([-180.0, 0.0]))
        self._column_west, self._columns_per_degree = float(edge[0]) + 0.5, float(edge[1] - edge[0]) / 180.0

    @classmethod
    def from_places(cls, latitude: np.ndarray, longitude: np.ndarray, grid: str = "36km") -> "CellTable":
        """Return a table of cells that lie on no grid (a driver file): each takes the grid cell that holds it."""
        ease = EaseGrid(grid)
        return cls(ease, *ease.row_col(latitude, longitude))

    def cell_at(self, lat: float, lon: float) -> int | None:
        """Return the cell that holds a place [degrees], None over the sea or outside the grid."""
        if not (np.isfinite(lat) and np.isfinite(lon) and abs(lat) <= 90.0):
            return None
        row, column = self.grid.row_col(lat, lon)
        cell = int(self.index[row, column])
        return None if cell == self.n_cell else cell

    def nearest(self, lat: float, lon: float) -> int:
        """Return the cell whose centre is nearest to a place [degrees] on the sphere."""
        lat, lon = np.radians(lat), np.radians(lon)
        place = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        return int(np.argmax(place @ self._unit))

    def pixels(
        self, projection: Projection, extent: tuple[float, float, float, float], width: int, height: int
    ) -> np.ndarray:
        """Return the cell of each pixel, row 0 at the bottom.

        Parameters
        ----------
        projection : Projection
            Of the screen.
        extent : left, right, bottom, top
            Part of the plane that is shown.
        width, height : int
            Pixels.

        Returns
        -------
        (height, width) int32 array
            Index of a cell; ``n_cell`` for sea and for what lies off the globe.
        """
        left, right, bottom, top = extent
        x = left + (np.arange(width) + 0.5) * ((right - left) / width)
        y = bottom + (np.arange(height) + 0.5) * ((top - bottom) / height)
        lon, lat = projection.inverse(x[None, :], y[:, None])
        outside = np.isnan(lon)
        if projection.name == "north_polar":
            row, _ = self.grid.row_col(np.where(outside, 0.0, lat), 0.0)
        else:  # latitude hangs on y alone
            by_row = np.nanmax(np.where(outside, -np.inf, lat), axis=1)
            row, _ = self.grid.row_col(np.where(np.isfinite(by_row), by_row, 0.0), 0.0)
            row = row[:, None]
        column = (np.where(outside, 0.0, lon) + 180.0) * self._columns_per_degree + self._column_west
        column = np.clip(column.astype(np.int32), 0, self.grid.shape[1] - 1)
        cells = self.index[row, column]
        # Beyond the rim of the map, and beyond the northern edge of the grid, there is nothing.
        cells[outside | (np.abs(lat) > 85.044) | (lat < projection.south)] = self.n_cell
        return cells

    def full(self, projection: Projection, width: int, height: int, fine: int = 1) -> np.ndarray:
        """Return `pixels` of the whole map, kept for all visitors."""
        key = (projection.name, width, height, fine)
        if key not in self._full:
            cells = self.pixels(projection, projection.extent, width * fine, height * fine)
            cells.flags.writeable = False
            self._full[key] = cells
        return self._full[key]

    def fineness(self, projection: Projection, extent: tuple[float, float, float, float], width: int) -> int:
        """Return how many samples a pixel needs each way so that no cell of the extent is skipped (1 to 4)."""
        left, right, _, _ = projection.extent
        degrees = 2.0 * (90.0 - projection.south) if projection.name == "north_polar" else 360.0
        cells_across = self.grid.shape[1] * degrees / 360.0 * (extent[1] - extent[0]) / (right - left)
        return int(np.clip(np.ceil(cells_across / width - 0.25), 1, 4))


def aggregate(
    values: np.ndarray, cells: np.ndarray, extent: tuple[float, float, float, float], width: int, height: int
) -> np.ndarray:
    """Draw values through a look-up table and let Datashader average the samples of each pixel.

    Parameters
    ----------
    values : (cell,) float array
        One value a cell.
    cells : (rows, columns) int32 array
        From `CellTable.pixels`, as fine as the picture or a multiple of it.
    extent : left, right, bottom, top
        Of ``cells`` and of the picture.
    width, height : int
        Of the picture.

    Returns
    -------
    (height, width) float32 array
        Mean of the cells under each pixel, without NaN; NaN where there are none. Row 0 is the bottom.
    """
    import datashader  # a second of start-up, which the first page need not wait for

    samples = np.append(np.asarray(values, dtype=np.float32), np.float32(np.nan))[cells]
    left, right, bottom, top = extent
    rows, columns = cells.shape
    x = left + (np.arange(columns) + 0.5) * ((right - left) / columns)
    y = bottom + (np.arange(rows) + 0.5) * ((top - bottom) / rows)
    field = xr.DataArray(samples, coords={"y": y, "x": x}, dims=("y", "x"))
    canvas = datashader.Canvas(width, height, x_range=(left, right), y_range=(bottom, top))
    return canvas.raster(field, agg="mean", interpolate="nearest").data


def cell_table(grid: str, row: np.ndarray, column: np.ndarray) -> CellTable:
    """Return the `CellTable` of these cells, the same object for every visitor.

    Parameters
    ----------
    grid : str
        Name of an EASE-Grid.
    row, column : (cell,) int array
        Where each cell lies.
    """
    row, column = np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64)
    digest = hashlib.blake2b(row.tobytes() + column.tobytes(), digest_size=16).hexdigest()
    with _LOCK:
        if (grid, digest) not in _TABLES:
            _TABLES[grid, digest] = CellTable(EaseGrid(grid), row, column)
        return _TABLES[grid, digest]
