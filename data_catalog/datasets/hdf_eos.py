"""Tiles of HDF-EOS2 (HDF4): fields read by pyhdf in a process of its own, and where the pixels lie."""

import importlib.util
import json
import mmap
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_catalog import apart
from data_catalog.datasets.geotiff import sinusoidal

__all__ = ["EosGrid", "fields_of", "read_eos"]

_CORNER = re.compile(r"UpperLeftPointMtrs=\(([-\d.eE+]+),([-\d.eE+]+)\)\s*LowerRightMtrs=\(([-\d.eE+]+),([-\d.eE+]+)\)")
_GRID = re.compile(r'GridName="([^"]+)"')
_DATE = re.compile(r"RANGEBEGINNINGDATE.*?VALUE\s*=\s*\"(\d{4}-\d\d-\d\d)\"", re.DOTALL)
_NAME_DATE = re.compile(r"\.A(\d{4})(\d{3})\.")
_FIELD = re.compile(rb'DataFieldName="([^"\x00]{1,80})"')


def fields_of(path: Path) -> list[str]:
    """Return the names of the fields that the metadata of an HDF-EOS2 file list, without the HDF4 library."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return list(dict.fromkeys(found.decode("latin-1") for found in _FIELD.findall(data)))


@dataclass(frozen=True)
class EosGrid:
    """A tile.

    Attributes
    ----------
    name : str
        Of the file.
    fields : dict of str to array
        Fields that were asked for, (row, column), as stored.
    names : list of str
        Of all fields.
    structure, core : str
        ``StructMetadata.0``, ``CoreMetadata.0``.
    """

    name: str
    fields: dict[str, np.ndarray]
    names: list[str]
    structure: str
    core: str

    @property
    def grid(self) -> str:
        """Name of the grid, such as "MOD_Grid_MOD15A2H"."""
        found = _GRID.search(self.structure)
        return found[1] if found else ""

    def lat_lon(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return latitude and longitude of each pixel [degrees].

        Raises
        ------
        ValueError
            The file does not say where its corners lie, or the field is no map.
        """
        corner = _CORNER.search(self.structure)
        try:
            west, north, east, south = (float(corner[k]) for k in range(1, 5))
            rows, columns = shape
        except (TypeError, ValueError) as error:
            msg = f"{self.name} does not say where its corners lie (StructMetadata.0); is it damaged?"
            raise ValueError(msg) from error
        x = west + (np.arange(columns) + 0.5) * (east - west) / columns
        y = north + (np.arange(rows) + 0.5) * (south - north) / rows
        return sinusoidal(*np.meshgrid(x, y))

    def day(self) -> np.datetime64 | None:
        """Return the first day of the composite, of the metadata or else of the name; None without either."""
        try:
            found = _DATE.search(self.core)
            if found:
                return np.datetime64(found[1], "D")
            named = _NAME_DATE.search(self.name)
            return np.datetime64(f"{named[1]}-01-01", "D") + (int(named[2]) - 1) if named else None
        except ValueError:
            return None


def read_eos(path: str | Path, pattern: str) -> EosGrid:
    """Read the fields of a tile whose names match a pattern.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ImportError
        pyhdf is not there.
    ValueError
        The file is damaged, or holds none of the fields.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no file {path.name}; an HDF-EOS tile is expected."
        raise FileNotFoundError(msg)
    if importlib.util.find_spec("pyhdf") is None:
        msg = f"{path.name} is HDF4: python -m pip install 'land-carbon-explorer[hdf4]'."
        raise ImportError(msg)
    with tempfile.TemporaryDirectory(prefix="hdf4-") as folder:
        out = Path(folder) / "fields.npz"
        try:
            apart.ask("hdf4", str(path.absolute()), str(out), pattern)
        except ValueError as error:
            msg = f"{path.name} cannot be read as HDF4; is it truncated or damaged? ({str(error)[:120]})"
            raise ValueError(msg) from error
        with np.load(out) as kept:
            about = json.loads(str(kept["about"]))
            fields = {name: kept[f"arr_{k}"] for k, name in enumerate(about["fields"])}
    if not fields:
        msg = f"{path.name} has no field like {pattern}; it has {', '.join(about['names'])[:200]}."
        raise ValueError(msg)
    return EosGrid(
        path.name, fields, about["names"], about["texts"]["StructMetadata.0"], about["texts"]["CoreMetadata.0"]
    )
