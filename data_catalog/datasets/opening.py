"""Open NetCDF and Zarr, whatever kind of file it is, lazily."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from data_catalog.apart import tried

__all__ = ["kept_open", "open_store"]


@contextlib.contextmanager
def kept_open(raw: xr.Dataset) -> Iterator[None]:
    """Leave a file open for lazy reading, and close it if what is made of it fails."""
    try:
        yield
    except Exception:
        raw.close()
        raise


_WHAT = "drivers are a NetCDF file or a Zarr folder with dimensions (cell, time)"


def open_store(path: Path, what: str = _WHAT) -> xr.Dataset:
    """Open whatever kind of file it is, by its content, lazily.

    Parameters
    ----------
    path : Path
        NetCDF-4, NetCDF-3 or Zarr.
    what : str
        What it should be, for the message when it is not there.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is of another kind, truncated or damaged.
    """
    if not path.exists():
        msg = f"No file {str(path)!r}: {what}."
        raise FileNotFoundError(msg)
    if path.is_dir():
        if not any((path / mark).exists() for mark in ("zarr.json", ".zgroup", ".zmetadata")):
            msg = f"The folder {path.name} is no Zarr store: it has no zarr.json."
            raise ValueError(msg)
        engine = "zarr"
    else:
        with path.open("rb") as file:
            head = file.read(8)
        engine = "h5netcdf" if head.startswith(b"\x89HDF\r\n\x1a\n") else "scipy" if head.startswith(b"CDF") else ""
    if not engine:
        msg = f"{path.name} is neither NetCDF nor Zarr (it starts with {head!r})."
        raise ValueError(msg)
    if engine != "zarr":
        tried(path)
    try:
        # Saying whether the metadata are consolidated spares the reader a warning.
        options = {"consolidated": (path / ".zmetadata").exists()} if engine == "zarr" else {}
        return xr.open_dataset(path, engine=engine, chunks=None, **options)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, OverflowError) as error:
        msg = (
            f"{path.name} cannot be read as {engine}; is it truncated or damaged? ({str(error).splitlines()[0][:160]})"
        )
        raise ValueError(msg) from error
