"""Where results go, block of cells by block: memory, NetCDF or Zarr. A file is whole or not there."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr

__all__ = [
    "Layout",
    "MemoryTarget",
    "NetcdfTarget",
    "Target",
    "ZarrTarget",
    "check_target",
    "open_target",
    "write_dataset",
]

SUFFIXES = (".nc", ".zarr")


@dataclass(frozen=True)
class Layout:
    """What a result looks like before it is there.

    Attributes
    ----------
    sizes : dict
        Dimension -> size; "cell" is the one along which blocks arrive.
    variables : dict
        Name -> (dims, dtype, attributes); those with "cell" first arrive by blocks.
    values : dict
        Name -> array of what is known from the start (coordinates, time bounds, static fields).
    attrs : dict
        Global attributes.
    coords : tuple of str
        Which of the variables are coordinates.
    block : int
        Cells of a block.
    encoding : dict
        Units and calendar of the time axis in files.
    """

    sizes: Mapping[str, int]
    variables: Mapping[str, tuple[tuple[str, ...], np.dtype, Mapping[str, Any]]]
    values: Mapping[str, np.ndarray]
    attrs: Mapping[str, Any]
    coords: tuple[str, ...]
    block: int
    encoding: Mapping[str, Any] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a variable."""
        return tuple(self.sizes[dim] for dim in self.variables[name][0])

    def chunks(self, name: str) -> tuple[int, ...]:
        """Shape of a block of a variable."""
        return tuple(
            max(1, min(self.block, self.sizes[dim]) if dim == "cell" else self.sizes[dim])
            for dim in self.variables[name][0]
        )

    @property
    def arriving(self) -> list[str]:
        """Variables that are not known from the start."""
        return [name for name in self.variables if name not in self.values]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole result."""
        return sum(
            int(np.prod(self.shape(n))) * np.dtype(dtype).itemsize for n, (_, dtype, _) in self.variables.items()
        )


class Target(Protocol):
    """Takes a result, block by block."""

    def put(self, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Store the arrays of cells ``first`` and on."""

    def finish(self) -> Any:
        """All has come."""

    def abandon(self) -> None:
        """Leave nothing behind."""


class MemoryTarget:
    """A Dataset in memory."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.arrays = {name: np.empty(layout.shape(name), layout.variables[name][1]) for name in layout.arriving}

    def put(self, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Store the arrays of cells ``first`` and on."""
        for name, into in self.arrays.items():
            into[first : first + len(arrays[name])] = arrays[name]

    def finish(self) -> xr.Dataset:
        """Return the Dataset."""
        values = {**self.layout.values, **self.arrays}
        ds = xr.Dataset(
            {n: (dims, values[n], dict(attrs)) for n, (dims, _, attrs) in self.layout.variables.items()},
            attrs=dict(self.layout.attrs),
        ).set_coords(self.layout.coords)
        ds["time"].encoding.update(self.layout.encoding)
        return ds

    def abandon(self) -> None:
        """Leave nothing behind."""
        self.arrays.clear()


class NetcdfTarget:
    """A NetCDF-4 file, written beside its place and moved there when it is whole."""

    def __init__(self, path: Path, layout: Layout) -> None:
        import h5netcdf

        self.path, self.part = path, path.with_name(path.name + ".part")
        self.file = h5netcdf.File(self.part, "w")
        self.file.dimensions = dict(layout.sizes)
        self.file.attrs.update(layout.attrs)
        data = [name for name in layout.variables if name not in layout.coords]
        for name, (dims, dtype, attrs) in layout.variables.items():
            values = layout.values.get(name)
            attrs = dict(attrs)
            if np.dtype(dtype).kind == "M":
                values, dtype = values.astype("datetime64[D]").astype(np.int64), np.dtype(np.int64)
                if name == "time":  # bounds take their units from the coordinate
                    attrs |= layout.encoding
            floating = np.dtype(dtype).kind == "f"
            variable = self.file.create_variable(
                name,
                dims,
                dtype,
                chunks=layout.chunks(name) if len(dims) > 1 else None,
                fillvalue=np.nan if floating else None,
            )
            aux = [c for c in layout.coords if c not in layout.sizes and layout.variables[c][0] == ("cell",)]
            if name in data and "cell" in dims and aux:
                attrs["coordinates"] = " ".join(aux)
            variable.attrs.update(attrs)
            if values is not None:
                variable[...] = values

    def put(self, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Store the arrays of cells ``first`` and on."""
        for name, values in arrays.items():
            self.file.variables[name][first : first + len(values)] = values

    def finish(self) -> Path:
        """Move the file to its place."""
        self.file.close()
        self.part.replace(self.path)
        return self.path

    def abandon(self) -> None:
        """Leave nothing behind."""
        self.file.close()
        self.part.unlink(missing_ok=True)


class ZarrTarget:
    """A Zarr store whose chunks are the blocks, so that several processes may write side by side."""

    def __init__(self, path: Path, layout: Layout) -> None:
        import dask.array

        self.path, self.part = path, path.with_name(path.name + ".part")
        shutil.rmtree(self.part, ignore_errors=True)
        arrays = {
            name: layout.values.get(name, dask.array.zeros(layout.shape(name), dtype=dtype, chunks=layout.chunks(name)))
            for name, (_, dtype, _) in layout.variables.items()
        }
        ds = xr.Dataset(
            {n: (dims, arrays[n], dict(attrs)) for n, (dims, _, attrs) in layout.variables.items()},
            attrs=dict(layout.attrs),
        ).set_coords(layout.coords)
        ds["time"].encoding.update(layout.encoding)
        ds.to_zarr(self.part, mode="w", compute=False, zarr_format=2)  # every reader knows format 2

    def put(self, first: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Store the arrays of cells ``first`` and on."""
        write_zarr_block(self.part, first, arrays)

    def finish(self) -> Path:
        """Move the store to its place."""
        if self.path.exists():
            shutil.rmtree(self.path)
        self.part.replace(self.path)
        return self.path

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.part, ignore_errors=True)


def write_zarr_block(store: str | Path, first: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a block of cells into a store; any process that sees the folder can."""
    import zarr

    group = zarr.open_group(store, mode="r+")
    for name, values in arrays.items():
        group[name][first : first + len(values)] = values


def check_target(out: str | Path) -> Path:
    """Return the path if a result can be written there.

    Raises
    ------
    ValueError
        If it is neither .nc nor .zarr, or something else is there already.
    FileNotFoundError
        If its folder does not exist.
    """
    path = Path(out)
    if path.suffix not in SUFFIXES:
        msg = f"--out {str(out)!r} must end with .nc (NetCDF) or .zarr (Zarr)."
        raise ValueError(msg)
    if not path.resolve().parent.is_dir():
        msg = f"--out {str(out)!r}: there is no folder {str(path.parent)!r}; make it first."
        raise FileNotFoundError(msg)
    if path.suffix == ".nc" and path.is_dir():
        msg = f"--out {str(out)!r} is a folder; a NetCDF result is a file."
        raise ValueError(msg)
    if (
        path.suffix == ".zarr"
        and path.exists()
        and not any((path / mark).exists() for mark in ("zarr.json", ".zgroup"))
    ):
        msg = f"--out {str(out)!r} exists and is no Zarr store, so it is left alone; choose another name."
        raise ValueError(msg)
    return path


def open_target(path: Path, layout: Layout) -> NetcdfTarget | ZarrTarget:
    """Start a file of the kind its name asks for."""
    return (NetcdfTarget if path.suffix == ".nc" else ZarrTarget)(path, layout)


def write_dataset(result: xr.Dataset, path: Path) -> None:
    """Write a data set as NetCDF or Zarr; the file is whole or not there."""
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        if path.suffix == ".nc":
            result.to_netcdf(part, engine="h5netcdf")
        else:
            result.to_zarr(part, mode="w", zarr_format=2, consolidated=True)
    except BaseException:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
        raise
    if path.is_dir():
        shutil.rmtree(path)
    part.replace(path)
