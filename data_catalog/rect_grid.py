"""Grids of rows and columns: which one a dataset lies on, checked, and how large its cells are."""

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from data_catalog.grid import GRIDS, NORTH, Q_POLE, WEST, EaseGrid, authalic, unproject

__all__ = ["RADIUS_AUTHALIC", "RectGrid", "grid_of", "same_grid"]

RADIUS_AUTHALIC = 6371007.1809  # m, sphere of the area of WGS 84
_EASE_NAME = re.compile(r"EASE2 (\d+) km")
_TOLERANCE = 0.02  # of a cell


@dataclass(frozen=True)
class RectGrid:
    """A grid of rows and columns in latitude and longitude.

    Attributes
    ----------
    name : str
        "36km" for those of `data_catalog.grid.GRIDS`; else what it is.
    latitude_edges, longitude_edges : arrays
        Edges of the rows (from north to south or the other way) and of the columns (from west to east) [degrees].
    latitude, longitude : arrays
        Centres [degrees].
    first_row, first_column : int
        Where a part of an EASE-Grid begins.
    """

    name: str
    latitude_edges: np.ndarray
    longitude_edges: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    first_row: int = 0
    first_column: int = 0

    @classmethod
    def ease(cls, name: str, rows: slice | None = None, columns: slice | None = None) -> "RectGrid":
        """Return an EASE-Grid 2.0 of `data_catalog.grid.GRIDS`, or a part of it."""
        ease = EaseGrid(name)
        height, width = ease.shape
        r0, r1, _ = (rows or slice(0, height)).indices(height)
        c0, c1, _ = (columns or slice(0, width)).indices(width)
        lat_edges, lon_edges = ease.edges()
        r, c = np.arange(r0, r1), np.arange(c0, c1)
        latitude = ease.lat_lon(r, np.zeros(r.size))[0]
        longitude = ease.lat_lon(np.zeros(c.size), c)[1]
        return cls(name, lat_edges[r0 : r1 + 1], lon_edges[c0 : c1 + 1], latitude, longitude, r0, c0)

    @classmethod
    def ease_25km(cls) -> "RectGrid":
        """Return the 25-km EASE-Grid 2.0 of SMOS-IC (584 x 1388 cells)."""
        cell = 25025.2600081
        rows, columns = np.arange(585) - 0.5, np.arange(1389) - 0.5
        edges, centres = (
            (
                unproject(np.zeros(584 + more), NORTH - (r + 0.5) * cell)[0],
                unproject(WEST + (c + 0.5) * cell, np.zeros(1388 + more))[1],
            )
            for more, r, c in ((1, rows, columns), (0, np.arange(584), np.arange(1388)))
        )
        return cls("EASE2 25 km", *edges, *centres)

    @classmethod
    def of_centres(cls, latitude: np.ndarray, longitude: np.ndarray, name: str = "") -> "RectGrid":
        """Return the grid whose edges lie half-way between centres, the outer ones as far out, none beyond a pole.

        Raises
        ------
        ValueError
            Fewer than two centres, or they are not in order.
        """
        edges = []
        for label, axis in (("latitude", latitude), ("longitude", longitude)):
            axis = np.asarray(axis, np.float64)
            steps = np.diff(axis)
            if axis.size < 2 or not ((steps > 0).all() or ((steps < 0).all() and label == "latitude")):
                msg = f"{label} has {axis.size} values that are not in order; two or more, ascending, are accepted."
                raise ValueError(msg)
            middle = (axis[1:] + axis[:-1]) / 2.0
            edges.append(np.concatenate([[axis[0] - steps[0] / 2.0], middle, [axis[-1] + steps[-1] / 2.0]]))
        lat_edges = np.clip(edges[0], -90.0, 90.0)
        # Rows whose centre is a pole (MERRA-2, ERA5) are half as high: their outer edge is the pole.
        return cls(name, lat_edges, edges[1], np.asarray(latitude, float), np.asarray(longitude, float))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.latitude.size, self.longitude.size

    @cached_property
    def heights(self) -> np.ndarray:
        """Edges of the rows as sine of the authalic latitude, -1 to 1."""
        return authalic(np.sin(np.radians(self.latitude_edges))) / Q_POLE

    def area(self) -> np.ndarray:
        """Return the area of the cells on the ellipsoid [m2], (row, column)."""
        rows = np.abs(np.diff(self.heights)) * RADIUS_AUTHALIC**2
        return rows[:, None] * np.radians(np.diff(self.longitude_edges))[None, :]


def grid_of(ds: xr.Dataset | xr.DataArray) -> RectGrid:
    """Return the grid of a dataset, of its coordinates, and check it against what it says it is.

    Accepted are (latitude, longitude) and (y, x) with ``row`` and ``column`` of an EASE-Grid 2.0, as the readers of
    `data_catalog` give them.

    Raises
    ------
    ValueError
        It has no such coordinates; or they are not those of the grid that the attribute ``grid`` names, as when a file
        of 9 km is taken for 36 km.
    """
    said = _EASE_NAME.search(str(ds.attrs.get("grid", "")))
    if {"y", "x"} <= set(ds.dims) and "row" in ds.coords and "column" in ds.coords:
        return _ease_part(ds, f"{said[1]}km" if said else "")
    if not {"latitude", "longitude"} <= set(ds.dims):
        held = ", ".join(map(str, ds.dims))
        msg = f"The data lie on ({held}); (y, x) of an EASE-Grid or (latitude, longitude) are accepted."
        raise ValueError(msg)
    latitude, longitude = (ds[name].to_numpy().astype(np.float64) for name in ("latitude", "longitude"))
    if said and said[1] == "25":
        grid = RectGrid.ease_25km()
        if grid.shape == (latitude.size, longitude.size) and np.abs(grid.latitude - latitude).max() < 0.01:
            return grid
    return RectGrid.of_centres(latitude, longitude, str(ds.attrs.get("grid", "")))


def _ease_part(ds: xr.Dataset | xr.DataArray, said: str) -> RectGrid:
    rows, columns = ds["row"].to_numpy(), ds["column"].to_numpy()
    latitude = ds["latitude"].to_numpy().astype(np.float64)
    longitude = ds["longitude"].to_numpy().astype(np.float64)
    for name in GRIDS:
        ease = EaseGrid(name)
        if rows.max() >= ease.shape[0] or columns.max() >= ease.shape[1]:
            continue
        exact_lat = ease.lat_lon(rows, np.zeros(rows.size))[0]
        exact_lon = ease.lat_lon(np.zeros(columns.size), columns)[1]
        step = 360.0 / ease.shape[1] * _TOLERANCE
        if np.abs(exact_lat - latitude).max() > max(step, 1e-3) or np.abs(exact_lon - longitude).max() > max(
            step, 1e-3
        ):
            continue
        if said and said != name:
            msg = f"The data say that they are on EASE2 {said[:-2]} km; their rows and latitudes are those of {name}."
            raise ValueError(msg)
        if (rows.size > 1 and (np.diff(rows) != 1).any()) or (columns.size > 1 and (np.diff(columns) != 1).any()):
            msg = "Rows or columns are left out: give a whole block of the EASE-Grid."
            raise ValueError(msg)
        r, c = int(rows[0]), int(columns[0])
        return RectGrid.ease(name, slice(r, r + rows.size), slice(c, c + columns.size))
    msg = f"Rows, columns and latitudes of the data ({rows.size} x {columns.size} cells) are of no EASE-Grid 2.0" + (
        f", although they say {said}." if said else "."
    )
    raise ValueError(msg)


def same_grid(a: RectGrid, b: RectGrid) -> bool:
    """Say whether two grids have the same cells."""
    return (
        a.shape == b.shape
        and np.allclose(a.latitude_edges, b.latitude_edges, atol=1e-6)
        and np.allclose(a.longitude_edges, b.longitude_edges, atol=1e-6)
    )
