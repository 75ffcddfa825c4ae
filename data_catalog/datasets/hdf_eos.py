"""Read tiles of HDF-EOS2 (HDF4) by pyhdf: fields, scales, and where the pixels lie on MODIS's sinusoidal grid."""

import re
from pathlib import Path

import numpy as np

from data_catalog.datasets.geotiff import sinusoidal

__all__ = ["EosGrid", "fields_of", "open_eos"]

_CORNER = re.compile(r"UpperLeftPointMtrs=\(([-\d.eE+]+),([-\d.eE+]+)\)\s*LowerRightMtrs=\(([-\d.eE+]+),([-\d.eE+]+)\)")
_GRID = re.compile(r'GridName="([^"]+)"')
_DATE = re.compile(r"RANGEBEGINNINGDATE.*?VALUE\s*=\s*\"(\d{4}-\d\d-\d\d)\"", re.DOTALL)
_NAME_DATE = re.compile(r"\.A(\d{4})(\d{3})\.")


def _pyhdf(name: str):
    try:
        from pyhdf import SD, error
    except ImportError as missing:
        msg = f"{name} is HDF4: python -m pip install 'land-carbon-explorer[hdf4]'."
        raise ImportError(msg) from missing
    return SD, error


def fields_of(path: Path) -> list[str]:
    """Return the names of the fields of an HDF4 file; empty where pyhdf is missing or the file is damaged."""
    try:
        SD, error = _pyhdf(path.name)  # noqa: N806 - the name of the module
    except ImportError:
        return []
    try:
        file = SD.SD(str(path), SD.SDC.READ)
    except error.HDF4Error:
        return []
    try:
        return list(file.datasets())
    finally:
        file.end()


class EosGrid:
    """An open HDF-EOS2 tile.

    Attributes
    ----------
    grid : str
        Name of the grid, such as "MOD_Grid_MOD15A2H".
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            msg = f"There is no file {self.path.name}; an HDF-EOS tile is expected."
            raise FileNotFoundError(msg)
        SD, error = _pyhdf(self.path.name)  # noqa: N806 - the name of the module
        try:
            self._file = SD.SD(str(self.path), SD.SDC.READ)
            self._attrs = self._file.attributes()
            self.fields = list(self._file.datasets())
        except error.HDF4Error as problem:
            msg = f"{self.path.name} cannot be read as HDF4; is it truncated or damaged? ({problem})"
            raise ValueError(msg) from problem
        self._error = error.HDF4Error
        structure = str(self._attrs.get("StructMetadata.0", ""))
        self._corner = _CORNER.search(structure)
        found = _GRID.search(structure)
        self.grid = found[1] if found else ""

    def close(self) -> None:
        """Close the file."""
        self._file.end()

    def raw(self, name: str) -> tuple[np.ndarray, dict]:
        """Return a field as it is stored, and its attributes.

        Raises
        ------
        ValueError
            There is none of that name, or it is damaged.
        """
        if name not in self.fields:
            msg = f"{self.path.name} has no field {name!r}; it has {', '.join(self.fields)[:200]}."
            raise ValueError(msg)
        try:
            field = self._file.select(name)
            return np.asarray(field.get()), dict(field.attributes())
        except self._error as problem:
            msg = f"{self.path.name}: {name} cannot be read; is the file truncated or damaged? ({problem})"
            raise ValueError(msg) from problem

    def lat_lon(self, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return latitude and longitude of each pixel [degrees].

        Raises
        ------
        ValueError
            The file does not say where its corners lie.
        """
        if self._corner is None:
            msg = f"{self.path.name} does not say where its corners lie (StructMetadata.0)."
            raise ValueError(msg)
        west, north, east, south = (float(self._corner[k]) for k in range(1, 5))
        rows, columns = shape
        x = west + (np.arange(columns) + 0.5) * (east - west) / columns
        y = north + (np.arange(rows) + 0.5) * (south - north) / rows
        return sinusoidal(*np.meshgrid(x, y))

    def day(self) -> np.datetime64 | None:
        """Return the first day of the composite, of the metadata or else of the name; None without either."""
        found = _DATE.search(str(self._attrs.get("CoreMetadata.0", "")))
        if found:
            return np.datetime64(found[1], "D")
        named = _NAME_DATE.search(self.path.name)
        return np.datetime64(f"{named[1]}-01-01", "D") + (int(named[2]) - 1) if named else None


def open_eos(path: str | Path) -> EosGrid:
    """Open a tile; see `EosGrid`."""
    return EosGrid(path)
