"""One file of any product that is read, packed in a zip (``MOD15A2H….hdf.zip``) or by gzip (``….nc.gz``)."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import xarray as xr

from data_catalog.datasets.tables import Table
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

_SUFFIXES = (".hdf", ".h5", ".hdf5", ".he5", ".nc", ".nc4", ".cdf", ".tif", ".tiff")
_MAGIC = ("\x89HDF", "CDF", "\x0e\x03\x13\x01")


def _inner(head: Head) -> str:
    """Return the name of the one data file that an archive holds, "" if it is not one."""
    if head.kind == "zip":
        held = [name for name in head.members if PurePosixPath(name).suffix.lower() in _SUFFIXES]
        return held[0] if len(held) == 1 else ""
    return head.path.stem if head.kind == "gzip" and head.text.startswith(_MAGIC) else ""


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, tempfile.TemporaryDirectory]]:
    """Unpack the data file beside the temporary files; a failure takes it away again.

    Raises
    ------
    ValueError
        The archive is damaged, too large or hostile (`data_catalog.datasets.tables.Table`), or holds another thing.
    """
    name = _inner(Head(path))
    if not name:
        held = ", ".join(_SUFFIXES)
        msg = f"{path.name} does not hold one data file ({held}): unpack it, and open what is inside."
        raise ValueError(msg)
    folder = tempfile.TemporaryDirectory(prefix="packed-")
    try:
        place = Path(folder.name) / PurePosixPath(name.replace("\\", "/")).name
        place.write_bytes(Table(path).read(name))
        yield place, folder
    except Exception:
        folder.cleanup()
        raise


def _entry_of(place: Path, archive: Path) -> CatalogEntry:
    from data_catalog import CATALOG

    head = Head(place)
    found = next((e for e in CATALOG.values() if e.recognise is not None and e.recognise(place, head)), None)
    if found is None:
        msg = f"{archive.name} holds {place.name}, which is of no product that is read."
        raise ValueError(msg)
    return found


def load(path: str | Path, **options: object) -> xr.Dataset:
    """Open the file inside, as its own product's ``load`` does with the same options.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The archive cannot be unpacked, or what is inside cannot be read.
    """
    path = Path(path)
    with _unpacked(path) as (place, folder):
        ds = _entry_of(place, path).load(place, **options)
    close = ds.close

    def close_all() -> None:
        close()
        folder.cleanup()

    opened = ds.copy()
    opened.set_close(close_all)
    return opened


def recognise(path: Path, head: Head) -> bool:
    """Say whether an archive holds one data file, whatever it is."""
    return bool(_inner(head))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what the file inside is."""
    from data_catalog.look import look_into

    with _unpacked(path) as (place, folder), folder:
        row = look_into(place)
        inside = row.product
        if not inside:
            msg = f"it holds {place.name}: {row.problem}"
            raise ValueError(msg)
        return replace(row, product=ENTRY.name, notes="; ".join(filter(None, (f"{inside}, packed", row.notes))))


def write_example(path: str | Path) -> None:
    """Write a zip of one file of leaf area, with made-up values."""
    from data_catalog.datasets.cgls_lai import ENTRY as INNER

    with tempfile.TemporaryDirectory() as folder:
        INNER.write_example(Path(folder) / INNER.example_name)
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(Path(folder) / INNER.example_name, INNER.example_name)


ENTRY = CatalogEntry(
    name="packed",
    title="One file of any product that is read, packed in a zip or by gzip",
    citation="of what is inside",
    licence="of what is inside",
    load=load,
    feeds=("observations", "benchmarks"),
    kind="archive",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="c_gls_LAI300.nc.zip",
)
