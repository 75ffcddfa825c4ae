"""Say what one file is, and what is wrong with it, in the process that calls."""

import csv
import logging
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from data_catalog import CATALOG
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from data_catalog.other_files import describe_other
from data_catalog.siblings import Siblings

__all__ = ["look_into", "refused"]

_LOG = logging.getLogger(__name__)
_SURPRISES = (MemoryError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError)
_SURPRISES += (zipfile.BadZipFile, zlib.error, csv.Error)


def refused(error: OSError) -> str:
    """Say why the system does not open a file."""
    return f"cannot be opened ({error.strerror or error}): check its permissions."


def look_into(path: str | Path, siblings: Siblings | None = None) -> FileEntry:
    """Say what one file is, and what is wrong with it; never raises for what a file holds.

    Parameters
    ----------
    path : path
        A file, or the folder of a Zarr store.
    siblings : Siblings, optional
        What is known of other files of the same layout: this one is then told by them, if it fits.
    """
    path = Path(path)
    found: CatalogEntry | None = None
    try:
        head = Head(path)
        if head.kind == "empty":
            return FileEntry(problem="the file is empty (0 bytes). Fetch it again.")
        for entry in CATALOG.values():
            if entry.recognise is None or not entry.recognise(path, head):
                continue
            found = entry
            row = siblings.guess(entry, head) if siblings is not None else None
            if row is None:
                row = _described(entry, path, head)
                if siblings is not None:
                    siblings.learn(entry, head, replace(row, path=path))
            return row
        return describe_other(path, head)
    except (ValueError, KeyError, FileNotFoundError, ImportError) as error:
        message = str(error.args[0]) if error.args else str(error)
        return _unread(found, " ".join(message.split())[:500])
    except OSError as error:
        return FileEntry(problem=refused(error))
    except _SURPRISES as error:
        # A stranger's file may break a reader where nobody thought of it; the other files must still be listed.
        _LOG.warning("%s: %s", path, error, exc_info=_LOG.isEnabledFor(logging.DEBUG))
        said = " ".join(str(error).split())[:160]
        return _unread(found, f"cannot be read ({type(error).__name__}: {said}).")


def _described(entry: CatalogEntry, path: Path, head: Head) -> FileEntry:
    if entry.describe is not None:
        return entry.describe(path, head)
    with entry.load(path) as ds:
        return describe_dataset(entry, ds)


def _unread(entry: CatalogEntry | None, problem: str) -> FileEntry:
    """Return the row of a file that cannot be read: of its product, if it was recognised."""
    return FileEntry(problem=problem) if entry is None else entry.file_entry(feeds=(), problem=problem)
