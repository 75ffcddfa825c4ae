"""HDF5 granules on the global EASE-Grid 2.0, as SMAP's: opened lazily, their grid checked."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import dask.array as da
import h5py
import numpy as np
import xarray as xr

from data_catalog.apart import tried
from data_catalog.datasets.product_columns import Column, attributes
from data_catalog.grid import EaseGrid, project
from models.variables import VARIABLES

__all__ = ["NAMES", "Granule", "ease_axes", "ease_grid_of"]

NAMES = {"1km": "EASE2 1 km", "3km": "EASE2 3 km", "9km": "EASE2 9 km", "36km": "EASE2 36 km"}
"""Grid -> its name in lists and attributes."""

NO_DATA = -9999.0
JITTER = 5.0
"""Metres by which stored x and y may differ from the grid's exact centres (SMAP's differ by up to 1.5 m)."""


def ease_grid_of(shape: tuple[int, ...], file: str) -> str:
    """Return the name of the global EASE-Grid 2.0 of this shape.

    Raises
    ------
    ValueError
        There is none.
    """
    for name in NAMES:
        if EaseGrid(name).shape == tuple(shape[:2]):
            return name
    known = ", ".join(
        f"{rows} x {columns} ({name})" for name, (rows, columns) in ((n, EaseGrid(n).shape) for n in NAMES)
    )
    msg = f"{file} has {' x '.join(map(str, shape))} cells, which is no global EASE-Grid 2.0: {known}."
    raise ValueError(msg)


def ease_axes(grid: str, rows: np.ndarray, columns: np.ndarray) -> dict:
    """Return the coordinates of a part of an EASE-Grid 2.0: y, x [m], row, column, latitude, longitude."""
    ease = EaseGrid(grid)
    rows, columns = np.asarray(rows, np.int32), np.asarray(columns, np.int32)
    latitude = ease.lat_lon(rows, np.zeros(rows.size))[0]
    longitude = ease.lat_lon(np.zeros(columns.size), columns)[1]
    x, y = project(latitude, longitude)
    about = "cylindrical equal-area, EPSG:6933"
    return {
        "y": ("y", y, {"units": "m", "standard_name": "projection_y_coordinate", "grid_mapping": about}),
        "x": ("x", x, {"units": "m", "standard_name": "projection_x_coordinate", "grid_mapping": about}),
        "row": ("y", rows, {"long_name": "row of the cell, 0 in the north"}),
        "column": ("x", columns, {"long_name": "column of the cell, 0 at 180 W"}),
        "latitude": ("y", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("x", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
    }


class Granule:
    """An open HDF5 granule.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        It is no HDF5, cut off or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = self.path.name
        if not self.path.exists():
            msg = f"There is no file {self.name}; an HDF5 granule is expected."
            raise FileNotFoundError(msg)
        tried(self.path)
        try:
            self.file = h5py.File(self.path, "r")
        except OSError as error:
            msg = f"{self.name} cannot be opened as HDF5; is it truncated or damaged? ({str(error)[:120]})"
            raise ValueError(msg) from error

    def __enter__(self) -> "Granule":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # A granule that could be opened stays open for lazy reading; a failure closes it.
        if kind is not None:
            self.close()

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def __contains__(self, name: str) -> bool:
        return name in self.file

    def attr(self, name: str, default: str = "", at: str = "/") -> str:
        """Return an attribute as text; ``default`` where there is none."""
        if at not in self.file or name not in self.file[at].attrs:
            return default
        value = np.ravel(self.file[at].attrs[name])[0]
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)

    def release(self) -> str:
        """Return the release of the product, such as "R18290"."""
        return self.attr("CompositeReleaseID", at="Metadata/DatasetIdentification") or self.attr(
            "SPL_CRID", self.attr("CRID", at="Metadata/DatasetIdentification"), at="Metadata/DatasetIdentification"
        )

    def stored(self, name: str) -> da.Array:
        """Return a variable as it is stored, lazily, one block."""
        source = self.file[name]
        return da.from_array(source, chunks=source.shape, name=False, asarray=True)

    def values(self, column: Column) -> da.Array:
        """Return a variable in our unit, NaN where it is fill or outside its own or the column's valid range.

        Where a file states no range, that of our quantity holds. The fill value may be an array, as SPL4CMDL stores it,
        or missing; -9999 is fill in any case.
        """
        source = self.file[column.theirs]
        raw = self.stored(column.theirs)
        kind = np.float64 if source.dtype == np.float64 else np.float32
        fill = self._number(source, "_FillValue", NO_DATA)
        factor, offset = column.factor, column.offset
        quantity = VARIABLES.get(column.ours)
        ends = (-np.inf, np.inf) if quantity is None else (quantity.low, quantity.high)
        least, most = ((end - offset) / factor for end in ends)
        low = max(self._number(source, "valid_min", least), column.low)
        high = min(self._number(source, "valid_max", most), column.high)

        def decode(block: np.ndarray) -> np.ndarray:
            missing = (block == source.dtype.type(fill)) | (block == NO_DATA)
            out = block.astype(kind)
            # A bound is compared in the precision in which the value is stored.
            missing |= ~((out >= kind(low)) & (out <= kind(high)))
            out = out * kind(factor) + kind(offset)
            out[missing] = np.nan
            return out

        # A name of its own: dask would make one of the bytes of the function, which takes longer than the rest.
        name = f"{column.ours}-{uuid4().hex}"
        return raw.map_blocks(decode, name=name, dtype=kind, meta=np.empty((0,) * raw.ndim, kind))

    @staticmethod
    def _number(source: h5py.Dataset, name: str, default: float) -> float:
        if name not in source.attrs:
            return default
        value = np.ravel(source.attrs[name])[0]
        try:
            return float(value)
        except ValueError:
            return default  # some releases write text such as "n/a"

    def array(self, column: Column, dims: tuple[str, ...]) -> xr.DataArray:
        """Return a variable in our unit with our attributes, lazily.

        Raises
        ------
        ValueError
            The file states another unit than the product's.
        """
        from data_catalog.datasets.product_columns import SPELLINGS

        stated = self.attr("units", column.unit, at=column.theirs).strip()
        if column.unit and stated != column.unit and stated not in SPELLINGS.get(column.unit, ()):
            msg = f"{self.name}: {column.theirs} is in {stated!r}, not {column.unit!r} as the product says."
            raise ValueError(msg)
        return xr.DataArray(self.values(column), dims=dims, attrs=attributes(column))

    def axes(self, shape: tuple[int, ...], grid: str | None, at: Iterable[str] = ("",)) -> tuple[str, dict]:
        """Return the grid of the file's variables and their coordinates; of a whole globe, or of a part with x and y.

        Parameters
        ----------
        shape : tuple
            Of the variables.
        grid : str, optional
            The grid that is expected.
        at : iterable of str
            Groups in which x and y, or latitude and longitude, may stand.

        Raises
        ------
        ValueError
            It is no EASE-Grid 2.0, another than expected, or its coordinates say another than its shape.
        """
        found = next((g for g in at if f"{g}/x" in self.file and f"{g}/y" in self.file), None)
        if found is not None and self.file[f"{found}/x"].ndim == 1 and self.file[f"{found}/x"].shape[0] == shape[1]:
            name, rows, columns = _of_centres(self.file[f"{found}/x"][:], self.file[f"{found}/y"][:], self.name)
        else:
            name = ease_grid_of(shape, self.name)
            rows, columns = np.arange(shape[0]), np.arange(shape[1])
            self._check_latitudes(name, at)
        if grid is not None and name != grid:
            msg = (
                f"{self.name} is on {NAMES[name]} ({shape[0]} x {shape[1]} cells), not {NAMES.get(grid, grid)}: open "
                f"it as it is and bring it to another grid with data_catalog.regrid."
            )
            raise ValueError(msg)
        return name, ease_axes(name, rows, columns)

    def _check_latitudes(self, name: str, at: Iterable[str]) -> None:
        """Compare a row of the file's own latitudes with the grid's."""
        ease = EaseGrid(name)
        row = ease.shape[0] // 3
        for group in at:
            field = next((f for f in (f"{group}/latitude", f"{group}/cell_lat") if f in self.file), None)
            if field is None or self.file[field].shape != ease.shape:
                continue
            held = self.file[field][row].astype(np.float64)
            held = held[held > -90.5]
            exact = float(ease.lat_lon(row, 0)[0])
            if held.size and np.abs(held - exact).max() > 0.01:
                msg = f"{self.name}: row {row} lies at {held[0]:.3f} N, but at {exact:.3f} N on {NAMES[name]}."
                raise ValueError(msg)
            return


def _of_centres(x: np.ndarray, y: np.ndarray, file: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Return grid, rows and columns of projected centres [m]."""
    from data_catalog.grid import NORTH, WEST

    steps = [abs(float(np.median(np.diff(axis)))) for axis in (x, y) if axis.size > 1]
    for name in NAMES:
        size = EaseGrid(name).cell_size
        if steps and all(abs(step - size) < 1.0 for step in steps):
            rows, columns = (NORTH - y) / size - 0.5, (x - WEST) / size - 0.5
            off = max(np.abs(rows - np.rint(rows)).max(), np.abs(columns - np.rint(columns)).max()) * size
            if off > JITTER:
                msg = f"{file}: x and y lie {off:.0f} m off the centres of {NAMES[name]}."
                raise ValueError(msg)
            return name, np.rint(rows).astype(np.int32), np.rint(columns).astype(np.int32)
    known = ", ".join(NAMES.values())
    msg = f"{file}: x and y have a step of {steps[0] if steps else 0.0:.1f} m; that is no cell of {known}."
    raise ValueError(msg)
