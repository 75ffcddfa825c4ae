"""The start of a file, and what can be said of it without reading it whole: kind, first lines, names of variables."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np

from data_catalog.apart import tried
from data_catalog.datasets.tables import Table

__all__ = ["HEAD_BYTES", "Head"]

HEAD_BYTES = 65_536
"""Bytes that are read of each file to tell what it is."""

FIRST_BYTES = 4096
MOST_VARIABLES = 5000
LONGEST_AXIS = 100_000
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf3"),
    (b"CDF\x02", "netcdf3"),
    (b"CDF\x05", "netcdf3"),
    (b"\x0e\x03\x13\x01", "hdf4"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"GRIB", "grib"),
    (b"BUFR", "bufr"),
    (b"%PDF", "pdf"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
)
_ZARR = ("zarr.json", ".zgroup", ".zmetadata")


class Head:
    """What the first bytes of a file say; every property is found once, when it is first asked for.

    Parameters
    ----------
    path : str or Path
        A file, or the folder of a Zarr store.

    Attributes
    ----------
    name, suffix : str
        Of the file, the suffix in lower case.
    size : int
        Bytes; 0 for a folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.suffix = self.path.suffix.lower()
        self.is_folder = self.path.is_dir()
        self._axes: dict[str, np.ndarray] = {}
        self.size = 0 if self.is_folder else self.path.stat().st_size

    @cached_property
    def data(self) -> bytes:
        """The first `HEAD_BYTES` bytes."""
        if self.is_folder:
            return b""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def first(self) -> bytes:
        """The first bytes: enough to tell the kind."""
        if self.is_folder:
            return b""
        with self.path.open("rb") as stream:
            return stream.read(FIRST_BYTES)

    @cached_property
    def kind(self) -> str:
        """What kind of file it is, by its first bytes.

        One of hdf5, netcdf3, hdf4, tiff, zip, gzip, grib, bufr, pdf, npy, image, zarr, folder, text, empty, binary.
        """
        if self.is_folder:
            return "zarr" if any((self.path / mark).exists() for mark in _ZARR) else "folder"
        if not self.first:
            return "empty"
        for magic, kind in _MAGIC:
            if self.first.startswith(magic):
                return kind
        return "binary" if b"\x00" in self.first and self.first[:2] not in (b"\xff\xfe", b"\xfe\xff") else "text"

    @cached_property
    def text(self) -> str:
        """The first text of a table: of the file itself, of a ``.gz``, or of the only table of a zip; "" for others.

        Lines end in LF; a byte-order mark is gone.
        """
        data = b""
        if self.kind == "text":
            data = self.data
        elif self.kind == "gzip":
            data = _unpacked(self.data)
        elif self.kind == "zip":
            tables = [name for name in self.members if PurePosixPath(name).suffix.lower() in (".csv", ".txt", ".stm")]
            data = self.start_of(tables[0]) if len(tables) == 1 else b""
        return data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def lines(self) -> list[str]:
        """The first whole lines of `text`."""
        lines = self.text.split("\n")
        return lines[:-1] if len(lines) > 1 else lines

    @cached_property
    def members(self) -> dict[str, int]:
        """Name -> bytes of the members of a zip archive, folders left out; empty for another kind.

        Raises
        ------
        ValueError
            The archive is damaged, a bomb, or a member's name leads out of it.
        """
        if self.kind != "zip":
            return {}
        return {member.filename: member.file_size for member in Table(self.path).members()}

    def start_of(self, member: str) -> bytes:
        """Return the first bytes of a member of a zip archive.

        Raises
        ------
        ValueError
            The member is damaged.
        """
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as stream:
                return stream.read(HEAD_BYTES)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            msg = f"{self.name}: {member} cannot be unpacked ({error}): it was cut off or damaged. Fetch it again."
            raise ValueError(msg) from error

    @cached_property
    def variables(self) -> dict[str, tuple[int, ...]]:
        """Path -> shape of the variables of an HDF5, NetCDF or Zarr file, such as ``GPP/gpp_mean``; else empty.

        Raises
        ------
        ValueError
            The file is cut off or damaged.
        """
        readers = {"hdf5": self._hdf5_variables, "netcdf3": self._netcdf3_variables, "zarr": self._zarr_variables}
        return self._read(readers)

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the whole file: HDF5, NetCDF or Zarr; text as ``str``."""
        readers = {"hdf5": self._hdf5_attrs, "netcdf3": self._netcdf3_attrs, "zarr": self._zarr_attrs}
        return self._read(readers)

    def said(self, *names: str) -> str:
        """Return the text of attributes of the whole file, one after the other; nothing for those it has not."""
        return " ".join(str(self.attrs[name]) for name in names if name in self.attrs)

    def axis(self, name: str) -> np.ndarray:
        """Return a variable of one dimension, as it is stored, of up to `LONGEST_AXIS` values; else an empty array.

        Raises
        ------
        ValueError
            The file is cut off or damaged.
        """
        shape = self.variables.get(name, ())
        if len(shape) != 1 or not 0 < shape[0] <= LONGEST_AXIS:
            return np.empty(0)
        if name not in self._axes:
            readers = {"hdf5": self._hdf5_axis, "netcdf3": self._netcdf3_axis, "zarr": self._zarr_axis}
            self._axes[name] = self._read({kind: partial(reader, name) for kind, reader in readers.items()})
        return self._axes[name]

    def _hdf5_axis(self, name: str) -> np.ndarray:
        with h5py.File(self.path, "r") as file:
            return np.asarray(file[name][:])

    def _netcdf3_axis(self, name: str) -> np.ndarray:
        from scipy.io import netcdf_file

        with netcdf_file(self.path, "r", mmap=False) as file:
            return np.array(file.variables[name][:])

    def _zarr_axis(self, name: str) -> np.ndarray:
        import zarr

        return np.asarray(zarr.open_group(self.path, mode="r")[name][:])

    def _read(self, readers: dict[str, Callable[[], Any]]) -> Any:
        if self.kind not in readers:
            return {}
        if self.kind in ("hdf5", "netcdf3"):
            tried(self.path)
        try:
            return readers[self.kind]()
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, IndexError, EOFError, MemoryError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:160]
            msg = f"{self.name} cannot be read as {self.kind}; is it truncated or damaged? ({said})"
            raise ValueError(msg) from error

    def _hdf5_variables(self) -> dict[str, tuple[int, ...]]:
        names: list[bytes] = []

        def note(name: bytes) -> bool | None:
            names.append(name)
            return True if len(names) >= MOST_VARIABLES else None

        found: dict[str, tuple[int, ...]] = {}
        with h5py.File(self.path, "r") as file:
            h5py.h5o.visit(file.id, note)
            for name in names:
                thing = h5py.h5o.open(file.id, name)
                if isinstance(thing, h5py.h5d.DatasetID):
                    found[name.decode("utf-8", "replace")] = tuple(thing.shape)
        return found

    def _hdf5_attrs(self) -> dict[str, Any]:
        with h5py.File(self.path, "r") as file:
            return {name: _plain(file.attrs, name) for name in file.attrs}

    def _netcdf3_variables(self) -> dict[str, tuple[int, ...]]:
        from scipy.io import netcdf_file

        with netcdf_file(self.path, "r", mmap=True) as file:
            return {name: tuple(variable.shape) for name, variable in file.variables.items()}

    def _netcdf3_attrs(self) -> dict[str, Any]:
        from scipy.io import netcdf_file

        with netcdf_file(self.path, "r", mmap=True) as file:
            return {name: _text(value) for name, value in file._attributes.items()}

    def _zarr_variables(self) -> dict[str, tuple[int, ...]]:
        import zarr

        return {name: array.shape for name, array in zarr.open_group(self.path, mode="r").arrays()}

    def _zarr_attrs(self) -> dict[str, Any]:
        import zarr

        return dict(zarr.open_group(self.path, mode="r").attrs)


def _unpacked(data: bytes) -> bytes:
    """Return the first bytes of a gzip stream of which only the start is here."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return stream.read(HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        try:
            return zlib.decompressobj(wbits=31).decompress(data, HEAD_BYTES)
        except zlib.error:
            return b""


def _plain(attrs: Any, name: str) -> Any:
    """Return one attribute; None for one that h5py cannot read."""
    try:
        return _text(attrs[name])
    except (OSError, TypeError, ValueError, RuntimeError, KeyError):
        return None  # references and types of other programs: nothing that tells a product


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, np.ndarray) and value.size == 1:
        return _text(value.reshape(-1)[0])
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.bytes_) else value
