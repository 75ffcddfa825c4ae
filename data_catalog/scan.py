"""Say what folders hold: every file, recognised by its content, with what is wrong with it."""

import csv
import hashlib
import logging
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from data_catalog import CATALOG
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from data_catalog.other_files import describe_other
from data_catalog.scan_cache import ScanCache
from data_catalog.siblings import Siblings

__all__ = ["MANY_FILES", "MAX_FILES", "examine", "grouped", "scan"]

MAX_FILES = 100_000
"""Files that one scan looks at."""

MANY_FILES = 1000
"""Files above which those of one layout are told by the first of them (`data_catalog.siblings`)."""

_LOG = logging.getLogger(__name__)
_STORES = (".zarr",)
_BUGS = (MemoryError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError)
_BUGS += (zipfile.BadZipFile, zlib.error, csv.Error)


def scan(
    *paths: str | Path,
    cache: ScanCache | bool = True,
    deep: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[FileEntry]:
    """List what files or folders hold.

    Parameters
    ----------
    *paths : path
        Files, or folders with their sub-folders; links that lead out of a folder are not followed.
    cache : bool or ScanCache
        Whether to remember, between runs, what was found in files that did not change.
    deep : bool, optional
        Whether every file is read whole, and its gaps counted; if not given, in folders of up to `MANY_FILES` files.
    progress : callable, optional
        Called with the number of files done and the number of all.
    cancelled : callable, optional
        Asked before each file; what was found so far is returned.

    Returns
    -------
    list of FileEntry
        In the order of their names; at most `MAX_FILES`, then one row that says so.

    Raises
    ------
    FileNotFoundError
        There is no such path.
    """
    for path in paths:
        if not Path(path).exists():
            msg = f"There is nothing at {path}; a file or a folder is expected."
            raise FileNotFoundError(msg)
    store = ScanCache() if cache is True else cache or None
    rows: list[FileEntry] = []
    try:
        for path in paths:
            rows += _scan_one(Path(path), store, deep, progress, cancelled)
    finally:
        if cache is True and store is not None:
            store.close()
    return rows


def _scan_one(root: Path, store: ScanCache | None, deep: bool | None, progress, cancelled) -> list[FileEntry]:
    base = root.absolute()
    if root.is_file() or root.suffix in _STORES:
        found: list[tuple[Path, str, str]] = [(base, root.name, "")]
    else:
        found = []
        for place, shown, problem in _files(base):
            if len(found) == MAX_FILES:
                found.append((base, ".", f"more than {MAX_FILES} files: scan a smaller folder."))
                break
            found.append((place, shown, problem))
    if store is not None:
        store.load(base)
    around = _Around()
    deep = len(found) <= MANY_FILES if deep is None else deep
    siblings = None if deep else Siblings()
    rows, fresh = [], []
    for k, (path, shown, problem) in enumerate(found):
        if cancelled is not None and cancelled():
            break
        if problem:
            rows.append(FileEntry(problem=problem, path=path, shown=shown))
            continue
        row, key = _with_cache(path, shown, store, around, siblings)
        rows.append(row)
        if key is not None:
            fresh.append((*key, row))
        if progress is not None:
            progress(k + 1, len(found))
    if store is not None and fresh:
        store.put(fresh)
    return rows


def _files(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield path, path as shown, and why it cannot be read, of every file."""
    refused: list[OSError] = []
    whole = root.resolve()
    for folder, subfolders, names in os.walk(root, followlinks=False, onerror=refused.append):
        for error in refused:
            yield Path(error.filename), _shown(Path(error.filename), root), _refused(error)
        refused.clear()
        subfolders.sort()
        stores = [name for name in subfolders if name.endswith(_STORES)]
        subfolders[:] = [name for name in subfolders if not name.startswith(".") and name not in stores]
        for name in sorted([*names, *stores]):
            place = Path(folder) / name
            if name.startswith(".") or (place.is_symlink() and not place.resolve().is_relative_to(whole)):
                continue
            yield place, _shown(place, root), ""
    for error in refused:
        yield Path(error.filename), _shown(Path(error.filename), root), _refused(error)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _refused(error: OSError) -> str:
    return f"cannot be opened ({error.strerror or error}): check its permissions."


class _Around:
    """What else a file's entry hangs on: the tables of sites in its folder and the one above."""

    def __init__(self) -> None:
        self._seen: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        folder = path.parent
        mark = self._folder(folder) + self._folder(folder.parent)
        return hashlib.sha1(mark.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:16] if mark else ""

    def _folder(self, folder: Path) -> str:
        if folder not in self._seen:
            tables = []
            try:
                with os.scandir(folder) as listing:
                    for item in listing:
                        upper = item.name.upper()
                        if ("BIF" in upper or "SITE" in upper or "LOCATION" in upper) and upper.endswith(
                            (".CSV", ".XLSX")
                        ):
                            tables.append(f"{item.name}:{item.stat().st_mtime_ns}")
            except OSError as error:
                _LOG.info("%s: %s", folder, error)
            self._seen[folder] = "|".join(sorted(tables))
        return self._seen[folder]


def _stamp(path: Path) -> tuple[int, int]:
    """Return bytes and time of change [ns]; of a Zarr store those of its files together."""
    if not path.is_dir():
        stat = path.stat()
        return stat.st_size, stat.st_mtime_ns
    stats = [inner.stat() for inner in path.rglob("*") if inner.is_file()]
    return sum(one.st_size for one in stats), max((one.st_mtime_ns for one in stats), default=0)


def _with_cache(path: Path, shown: str, store: ScanCache | None, around: _Around, siblings: Siblings | None):
    """Return the row of a file, and under what to keep it (None if it was kept, or changes)."""
    try:
        size, modified = _stamp(path)
    except OSError as error:
        return FileEntry(problem=_refused(error), path=path, shown=shown), None
    near = around.of(path) if store is not None else ""
    near += "" if siblings is None else " quick"
    kept = store.get(path, size, modified, near) if store is not None else None
    if kept is not None:
        return kept.at(path, shown, size), None
    row = examine(path, siblings).at(path, shown, size)
    try:
        after = _stamp(path)
    except OSError as error:
        return FileEntry(problem=_refused(error), path=path, shown=shown), None
    if after != (size, modified):
        problem = "the file changed while it was read; scan again when it is complete."
        return replace(row, problem="; ".join(filter(None, (problem, row.problem)))), None
    return row, (path, size, modified, near)


def examine(path: str | Path, siblings: Siblings | None = None) -> FileEntry:
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
        return FileEntry(problem=_refused(error))
    except (
        MemoryError,
        ArithmeticError,
        LookupError,
        TypeError,
        AttributeError,
        RuntimeError,
        AssertionError,
    ) as error:
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


def grouped(rows: list[FileEntry]) -> list[FileEntry]:
    """Put files of one series (granules of a product, sensors of a network) into one row each, where they agree.

    Rows with a problem stand alone. Of a group the period is that of all, gaps and quality are means, and the path is
    that of the folder they have in common.
    """
    groups: dict[tuple, list[FileEntry]] = {}
    order: list[tuple] = []
    for k, row in enumerate(rows):
        key = (row.product, row.series, row.kind) if row.series and not row.problem else (k,)
        if key not in groups:
            order.append(key)
        groups.setdefault(key, []).append(row)
    return [_merged(groups[key]) if len(groups[key]) > 1 else groups[key][0] for key in order]


def _merged(rows: list[FileEntry]) -> FileEntry:
    first = rows[0]
    starts, ends = [r.period[0] for r in rows if r.period[0]], [r.period[1] for r in rows if r.period[1]]
    common = Path(os.path.commonpath([row.path.parent for row in rows]))
    shown = os.path.commonpath([Path(row.shown).parent for row in rows]) if rows else ""
    return replace(
        first,
        title=first.series,
        period=(min(starts), max(ends)) if starts and ends else ("", ""),
        steps=sum(row.steps for row in rows),
        variables=tuple(dict.fromkeys(name for row in rows for name in row.variables)),
        gaps=_mean([row.gaps for row in rows]),
        quality=_mean([row.quality for row in rows]),
        notes="; ".join(dict.fromkeys(row.notes for row in rows if row.notes))[:300],
        files=sum(row.files for row in rows),
        site=first.site if len({row.site for row in rows}) == 1 else "",
        latitude=first.latitude if len({row.latitude for row in rows}) == 1 else None,
        longitude=first.longitude if len({row.longitude for row in rows}) == 1 else None,
        path=common,
        shown=f"{shown or '.'}/",
        size=sum(row.size for row in rows),
    )


def _mean(tables: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for table in tables for name in table)
    means = {}
    for name in names:
        held = [table[name] for table in tables if name in table]
        means[name] = sum(held) / len(held)
    return means
