"""Say what folders hold: every file, recognised by its content, with what is wrong with it."""

import contextlib
import itertools
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from data_catalog import apart
from data_catalog.entry import FileEntry
from data_catalog.head import Head
from data_catalog.look import look_into, refused
from data_catalog.scan_cache import ScanCache
from data_catalog.scan_files import STORES, Around, files_of, stamp_of
from data_catalog.siblings import Siblings

__all__ = ["MANY_FILES", "MAX_FILES", "examine", "grouped", "scan"]

MAX_FILES = 100_000
"""Files that one scan looks at."""

MANY_FILES = 1000
"""Files above which those of one layout are told by the first of them (`data_catalog.siblings`)."""

NEIGHBOURS = 512
"""Files of like names in a row that one process looks into."""

_DIGITS = re.compile(r"\d+")
_SCANS = itertools.count(1)
_OURS = ("text", "gzip", "empty", "folder")
"""Kinds of files that are read without a library in C."""


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
    found = _listed(root)
    if store is not None:
        store.load(root.absolute())

    def stopped() -> bool:
        return cancelled is not None and cancelled()

    def collect(wait: float = 0.0) -> None:
        for reader in readers:
            for answer in reader.take(wait):
                run.answered(answer)
        if progress is not None:
            progress(len(run.rows), len(found))

    with contextlib.ExitStack() as lent:
        readers = [lent.enter_context(apart.file_reader()) for _ in range(2 if len(found) > MANY_FILES else 1)]
        run = _Run(found, store, readers, quick=len(found) > MANY_FILES if deep is None else not deep)
        for number in range(len(found)):
            if stopped():
                break
            run.begin(number)
            collect()
        while any(reader.left for reader in readers) and not stopped():
            collect(wait=0.1)
    if store is not None and run.fresh:
        store.put(run.fresh)
    return [run.rows[number] for number in sorted(run.rows)]


def _listed(root: Path) -> list[tuple[Path, str, str]]:
    """Return path, path as shown, and why it cannot be read, of a file or of every file of a folder."""
    base = root.absolute()
    if root.is_file() or root.suffix in STORES:
        return [(base, root.name, "")]
    found = []
    for place, shown, problem in files_of(base):
        if len(found) == MAX_FILES:
            found.append((base, ".", f"more than {MAX_FILES} files: scan a smaller folder."))
            break
        found.append((place, shown, problem))
    return found


class _Run:
    """One scan of a folder: tables are read here, what C libraries open by a process of its own meanwhile.

    Attributes
    ----------
    rows : dict of int to FileEntry
        What was found, by the number of the file.
    fresh : list of tuple
        What to keep: path, size, time of change [ns], what lies around it, entry.
    """

    def __init__(
        self,
        found: list[tuple[Path, str, str]],
        store: ScanCache | None,
        readers: list[apart.FileReader],
        *,
        quick: bool,
    ) -> None:
        self.rows: dict[int, FileEntry] = {}
        self.fresh: list[tuple[Path, int, int, str, FileEntry]] = []
        self._found, self._store, self._readers = found, store, readers
        self._alike: dict[str, list[int]] = {}
        self._siblings = Siblings() if quick else None
        # The other process keeps what it learns of neighbours under this name.
        self._name = f"scan {next(_SCANS)}" if quick else ""
        self._around = Around()
        self._begun: dict[int, tuple[int, int, str]] = {}

    def begin(self, number: int) -> None:
        """Look at a file, or have it looked at."""
        path, shown, problem = self._found[number]
        if problem:
            self.rows[number] = FileEntry(problem=problem, path=path, shown=shown)
            return
        try:
            size, modified = stamp_of(path)
        except OSError as error:
            self.rows[number] = FileEntry(problem=refused(error), path=path, shown=shown)
            return
        near = self._around.of(path) if self._store is not None else ""
        near += " quick" if self._name else ""
        kept = self._store.get(path, size, modified, near) if self._store is not None else None
        if kept is not None:
            self.rows[number] = kept.at(path, shown, size)
            return
        self._begun[number] = size, modified, near
        if _foreign(path):
            self._reader_for(path.name).put(number, "look", str(path), self._name)
        else:
            self._finish(number, examine(path, self._siblings))

    def _reader_for(self, name: str) -> apart.FileReader:
        """Return the same process for files of like names, which tells one by the other, unless they are very many."""
        alike = self._alike.setdefault(_DIGITS.sub("", name), [len(self._alike), 0])
        alike[1] += 1
        return self._readers[(alike[0] + alike[1] // NEIGHBOURS) % len(self._readers)]

    def answered(self, answer: apart.Answer) -> None:
        """Take what the other process found."""
        said = answer.problem
        self._finish(answer.number, FileEntry(problem=said) if said else FileEntry.from_json(answer.value))

    def _finish(self, number: int, row: FileEntry) -> None:
        """Put a row in its place, unless its file has changed meanwhile."""
        path, shown, _ = self._found[number]
        size, modified, near = self._begun.pop(number)
        row = row.at(path, shown, size)
        try:
            same = stamp_of(path) == (size, modified)
        except OSError as error:
            self.rows[number] = FileEntry(problem=refused(error), path=path, shown=shown)
            return
        if same:
            self.fresh.append((path, size, modified, near, row))
        else:
            problem = "the file changed while it was read; scan again when it is complete."
            row = replace(row, problem="; ".join(filter(None, (problem, row.problem))))
        self.rows[number] = row


def examine(path: str | Path, siblings: Siblings | None = None) -> FileEntry:
    """Say what one file is, and what is wrong with it; never raises for what a file holds.

    A binary file is opened by a process of its own (`data_catalog.apart`).

    Parameters
    ----------
    path : path
        A file, or the folder of a Zarr store.
    siblings : Siblings, optional
        What is known of other files of the same layout: a table is then told by them, if it fits.
    """
    path = Path(path)
    if not _foreign(path):
        return look_into(path, siblings)
    try:
        return FileEntry.from_json(apart.ask("look", str(path.absolute()), ""))
    except ValueError as error:
        return FileEntry(problem=str(error))


def _foreign(path: Path) -> bool:
    """Say whether a file is one that C libraries open: no text, and not unreadable altogether."""
    try:
        return not apart.inside() and Head(path).kind not in _OURS
    except OSError:
        return False


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
