"""Maps of any file of the catalog on cells of the EASE-Grid 2.0: one variable, one time, the cells of the world's land.

Files come on grids of many kinds; here they all end as one value a cell, so that they can be drawn, laid beside the
world's own field and followed through time at a cell. Coarser and equal grids give a cell the value at its centre,
finer ones and scattered points the mean of what falls on it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.observations import GOOD
from data_catalog.rect_grid import RectGrid, grid_of
from data_catalog.regrid import cells_of_points, regrid
from data_catalog.world.static import open_static
from models.variables import VARIABLES

__all__ = ["FINE", "MapCells", "cells_for", "form_of", "layers_of", "map_on", "series_at", "times_of"]

LAYERS = ("layer", "pft", "depth")
"""Dimensions of which one is chosen."""

FINE = "9km"
"""Grid of maps of small files."""

MOST_FINE = 60_000
"""Cells of 9 km in the box of a file up to which it may be drawn on them."""

MOST_APART = 1.5
"""Degrees on either side of a cell's centre, at the equator, beyond which nothing of a file lies in the cell."""

FINE_STEP = 12_000.0
"""Side of a file's cells [m] from which a map of 9 km shows no more than one of 36 km."""


@dataclass(frozen=True, eq=False)
class MapCells:
    """Cells that a map is drawn on.

    Attributes
    ----------
    grid : str
        Of the EASE-Grid 2.0: "108km", "36km", "9km".
    row, column : (cell,) int arrays
    latitude, longitude : (cell,) arrays
        Of the centres [degrees].
    world : str
        Grid of the embedded world whose cells hold them.
    of_world : (cell,) int array
        Position of that cell in ``open_static(world)``.
    """

    grid: str
    row: np.ndarray
    column: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    world: str
    of_world: np.ndarray

    @property
    def window(self) -> RectGrid:
        """The part of the grid that holds the cells."""
        rows = slice(int(self.row.min()), int(self.row.max()) + 1)
        return RectGrid.ease(self.grid, rows, slice(int(self.column.min()), int(self.column.max()) + 1))


@cache
def _land(grid: str) -> MapCells:
    """Return the land cells of a grid of the world."""
    static = open_static(grid)
    row, column, latitude, longitude = (static[n].to_numpy() for n in ("row", "column", "latitude", "longitude"))
    return MapCells(grid, row, column, latitude, longitude, grid, np.arange(row.size))


def form_of(ds: xr.Dataset) -> str:
    """Say how the values lie on the Earth.

    Returns
    -------
    str
        "grid" (rows of one latitude, columns of one longitude), "pixels" (each with its own place), "points" (each with
        its own place and time), "cells" (a list of places through time), or "" for a series of one place.
    """
    if {"latitude", "longitude"} <= set(ds.dims) or ({"y", "x"} <= set(ds.dims) and "row" in ds.coords):
        return "grid" if min(_sizes(ds)) > 1 else ""
    if not {"latitude", "longitude"} <= set(ds.variables):
        return ""
    along = ds["latitude"].dims
    if along == ("y", "x"):
        return "pixels"
    if along in (("point",), ("cell",), ("site",)) and ds.sizes[along[0]] > 1:
        return "points" if along == ("point",) else "cells"
    return ""


def _sizes(ds: xr.Dataset) -> tuple[int, int]:
    names = ("y", "x") if "y" in ds.dims else ("latitude", "longitude")
    return ds.sizes[names[0]], ds.sizes[names[1]]


def _place_dims(ds: xr.Dataset) -> set[str]:
    form = form_of(ds)
    if form in ("grid", "pixels"):
        return {"y", "x"} if "y" in ds.dims else {"latitude", "longitude"}
    return set(map(str, ds["latitude"].dims)) if form else set()


def layers_of(ds: xr.Dataset) -> dict[str, int]:
    """Return what can be drawn as a map: name of the variable -> number of its layers, 0 without layers."""
    places = _place_dims(ds)
    found: dict[str, int] = {}
    for name in map(str, ds.data_vars):
        field = ds[name]
        if not places or name not in VARIABLES or field.dtype.kind not in "fiub" or not places <= set(field.dims):
            continue
        rest = set(map(str, field.dims)) - places - {"time", "month"}
        if not rest:
            found[name] = 0
        elif len(rest) == 1 and (layer := rest.pop()) in LAYERS:
            found[name] = ds.sizes[layer]
    return found


def times_of(ds: xr.Dataset) -> np.ndarray:
    """Return the times that can be chosen (datetime64[s]): those of the file; of points the days; else none."""
    if "time" not in ds.variables or ds["time"].dtype.kind != "M":
        return np.zeros(0, "datetime64[s]")
    time = np.ravel(ds["time"].to_numpy())
    time = time[~np.isnat(time)]
    return np.unique(time.astype("datetime64[D]" if form_of(ds) == "points" else "datetime64[s]")).astype(
        "datetime64[s]"
    )


def cells_for(ds: xr.Dataset, grid: str = "36km") -> MapCells:
    """Return the cells that a file is drawn on.

    Parameters
    ----------
    grid : str
        "108km" or "36km" (the cells of the world's land), or "9km" (those of the file's box, for a small file).

    Raises
    ------
    ValueError
        The file is too large, or too coarse, for 9 km.
    """
    if grid != FINE:
        return _land(grid)
    ease = EaseGrid(FINE)
    rows, columns = ease.row_col(_extremes(ds, "latitude"), _extremes(ds, "longitude"))
    rows, columns = np.arange(rows.min(), rows.max() + 1), np.arange(columns.min(), columns.max() + 1)
    if rows.size * columns.size > MOST_FINE or _side(ds) > FINE_STEP:
        msg = (
            f"grid = '{FINE}': the file's box has {rows.size * columns.size:,} cells of 9 km (up to {MOST_FINE:,} are "
            f"accepted), its own cells a side of {_side(ds) / 1e3:.0f} km (up to {FINE_STEP / 1e3:.0f}); take 36km."
        )
        raise ValueError(msg)
    row, column = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    parent = EaseGrid(FINE).parent(row, column, "36km")
    of_world = _numbers("36km")[parent]
    land = of_world >= 0
    if not land.any():
        msg = "No cell of 9 km that the file covers lies on the world's land."
        raise ValueError(msg)
    row, column, of_world = row[land], column[land], of_world[land]
    latitude, longitude = ease.lat_lon(row, column)
    return MapCells(FINE, row, column, latitude, longitude, "36km", of_world)


@cache
def _numbers(grid: str) -> np.ndarray:
    """Return the number of the world's cell at each (row, column), -1 over water."""
    land = _land(grid)
    table = np.full(EaseGrid(grid).shape, -1, np.int64)
    table[land.row, land.column] = np.arange(land.row.size)
    return table


def _extremes(ds: xr.Dataset, name: str) -> np.ndarray:
    values = ds[name].to_numpy().astype(float)
    return np.array([np.nanmin(values), np.nanmax(values)])


def _side(ds: xr.Dataset) -> float:
    """Return the usual side of a file's cells [m]; 0 for scattered places."""
    return float(np.sqrt(np.median(grid_of(ds).area()))) if form_of(ds) == "grid" else 0.0


def map_on(
    ds: xr.Dataset, name: str, cells: MapCells, *, time: np.datetime64 | None = None, layer: int = -1, good: bool = True
) -> np.ndarray:
    """Put a variable of a file on cells.

    Parameters
    ----------
    ds : Dataset
        From a reader of the catalog.
    name : str
        Of `layers_of`.
    cells : MapCells
        Where to.
    time : datetime64, optional
        Of `times_of`; the mean of all where it is not given.
    layer : int
        Which layer, from 0; -1 without layers.
    good : bool
        Whether values that the file's own flags do not call good are left out.

    Returns
    -------
    (cell,) float32 array
        In our unit; NaN where the file has nothing.

    Raises
    ------
    ValueError
        The file has no such variable or time, or lies on no grid that is known.
    """
    field = _chosen(ds, name, layer, good)
    if form_of(ds) == "points":
        return _of_points(field, ds, cells, time)
    if "time" in field.dims:
        field = field.mean("time", keep_attrs=True) if time is None else field.isel(time=_at(ds, time))
    elif "month" in field.dims:
        field = field.mean("month") if time is None else field.isel(month=int(str(time)[5:7]) - 1)
    if form_of(ds) == "grid":
        target = cells.window
        moved = _regridded(ds, field, target, cells.grid).to_numpy()
        return moved[cells.row - target.first_row, cells.column - target.first_column].astype(np.float32)
    mean, _ = cells_of_points(field.to_numpy(), *_places(ds, field), cells.grid)
    return mean[cells.row, cells.column].astype(np.float32)


def _regridded(ds: xr.Dataset, field: xr.DataArray, target: RectGrid, grid: str) -> xr.DataArray:
    """Return (..., y, x) on a part of an EASE-Grid: the mean of a finer file, the value at the centre of another."""
    finer = float(np.median(grid_of(ds).area())) < 0.9 * EaseGrid(grid).cell_area
    maps = field.to_dataset(name="value").assign_attrs(grid=ds.attrs.get("grid", ""))
    return regrid(maps, target, "mean" if finer else "nearest", least=0.0)["value"].transpose(..., "y", "x")


def _chosen(ds: xr.Dataset, name: str, layer: int, good: bool) -> xr.DataArray:
    known = layers_of(ds)
    if name not in known:
        msg = f"The file has no map of {name!r}; it has {', '.join(known) or 'none'}."
        raise ValueError(msg)
    if known[name] and not 0 <= layer < known[name]:
        msg = f"layer = {layer}: {name} has the layers 0 to {known[name] - 1}."
        raise ValueError(msg)
    field = ds[name]
    flag = ds.get(f"{name}_qc") if good else None
    if flag is not None:
        share = "share" in str(flag.attrs.get("long_name", ""))
        field = field.where(flag > 0.5 if share else flag <= GOOD)
    return field.isel({dim: layer for dim in LAYERS if dim in field.dims}) if known[name] else field


def _at(ds: xr.Dataset, time: np.datetime64) -> int:
    held = ds["time"].to_numpy().astype("datetime64[s]")
    found = np.flatnonzero(held == time.astype("datetime64[s]"))
    if not found.size:
        msg = f"The file has no time {time}; it has {held[0]} to {held[-1]}."
        raise ValueError(msg)
    return int(found[0])


def _places(ds: xr.Dataset, field: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    latitude, longitude = (ds[axis].broadcast_like(field).transpose(*field.dims) for axis in ("latitude", "longitude"))
    return latitude.to_numpy(), longitude.to_numpy()


def _of_points(field: xr.DataArray, ds: xr.Dataset, cells: MapCells, time: np.datetime64 | None) -> np.ndarray:
    """Average the points of a day, or all of them, that lie in each cell."""
    held = np.ones(ds.sizes["point"], bool)
    if time is not None and "time" in ds.variables:
        held = ds["time"].to_numpy().astype("datetime64[D]") == time.astype("datetime64[D]")
        if not held.any():
            msg = f"The file has no point of {time.astype('datetime64[D]')}."
            raise ValueError(msg)
    places = (ds[axis].to_numpy()[held] for axis in ("latitude", "longitude"))
    mean, _ = cells_of_points(field.to_numpy()[held], *places, cells.grid)
    return mean[cells.row, cells.column].astype(np.float32)


def series_at(
    ds: xr.Dataset, name: str, cells: MapCells, number: int, *, layer: int = -1, good: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of a variable in one of the cells: the mean of what of the file lies in it.

    Parameters
    ----------
    number : int
        Position of the cell in ``cells``.

    Returns
    -------
    time : (step,) datetime64[s]
    values : (step,) float64
        Empty where the file has no times, or nothing in the cell.
    """
    field = _chosen(ds, name, layer, good)
    latitude, longitude = float(cells.latitude[number]), float(cells.longitude[number])
    nothing = np.zeros(0, "datetime64[s]"), np.zeros(0)
    form = form_of(ds)
    if form == "grid":
        if "time" not in field.dims:
            return nothing
        near = _around(ds, latitude, longitude)
        row, column = int(cells.row[number]), int(cells.column[number])
        target = RectGrid.ease(cells.grid, slice(row, row + 1), slice(column, column + 1))
        values = _regridded(ds.isel(near), field.isel(near), target, cells.grid).isel(y=0, x=0)
        return ds["time"].to_numpy().astype("datetime64[s]"), values.to_numpy().astype(float)
    dims = [str(dim) for dim in ds["latitude"].dims]
    row, column = EaseGrid(cells.grid).row_col(
        *(np.nan_to_num(ds[axis].to_numpy().astype(float)) for axis in ("latitude", "longitude"))
    )
    here = np.nonzero((row == cells.row[number]) & (column == cells.column[number]))
    if not here[0].size or "time" not in ds.variables:
        return nothing
    values = field.isel({dim: xr.DataArray(at, dims="here") for dim, at in zip(dims, here, strict=True)})
    if form == "points":
        days = ds["time"].to_numpy()[here[0]].astype("datetime64[D]")
        held, which = np.unique(days, return_inverse=True)
        array = values.to_numpy().astype(float)
        there = np.isfinite(array)
        total = np.bincount(which, np.where(there, array, 0.0), held.size)
        count = np.bincount(which, there, held.size)
        return held.astype("datetime64[s]"), np.where(count > 0, total / np.maximum(count, 1), np.nan)
    if "time" not in field.dims:
        return nothing
    return ds["time"].to_numpy().astype("datetime64[s]"), values.mean("here").to_numpy()


def _around(ds: xr.Dataset, latitude: float, longitude: float) -> dict[str, slice]:
    """Return the block of a grid that holds what can lie in a cell of 108 km, two rows and columns at least."""
    axes = ("y", "x") if "y" in ds.dims else ("latitude", "longitude")
    near = {}
    for dim, axis, centre in zip(axes, ("latitude", "longitude"), (latitude, longitude), strict=True):
        apart = np.abs(ds[axis].to_numpy().astype(float) - centre)
        reach = MOST_APART / (np.cos(np.radians(latitude)) if axis == "longitude" else 1.0)
        held = np.flatnonzero(apart <= max(reach, np.partition(apart, 1)[1]))
        near[dim] = slice(int(held[0]), int(held[-1]) + 1)
    return near
