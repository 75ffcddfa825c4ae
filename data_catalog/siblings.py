"""Describe the many files of one product by the few that were read: same layout, other dates, another site.

Of each layout (product, variables and shapes, or header of a table) the first files are read whole. If their periods
follow from the date in their name, or from the first and last rows of their text, so do those of the others. Gaps are
not counted then; a file that does not fit is read whole like the first ones.
"""

import hashlib
import os
import re
from dataclasses import replace
from datetime import date, timedelta

from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["READ_WHOLE", "Siblings"]

READ_WHOLE = 2
"""Files of a layout that are read whole, to learn from."""

NOT_COUNTED = "like its neighbours; gaps not counted"
_SITE = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}-[A-Za-z0-9]{3}(?![A-Za-z0-9])")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.]?(0[1-9]|1[0-2])[-/.]?(0[1-9]|[12]\d|3[01])(?=\D|T|[0-2]\d[0-5]\d|$)")
_DAY_OF_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)([0-3]\d\d)(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])(?!\d)")
_TAIL_BYTES = 8192
MOST_BYTES = 50_000_000


def _date_in(text: str) -> date | None:
    """Return the first date in a text: a day, a day of a year, or a month."""
    for pattern in (_DAY, _DAY_OF_YEAR, _MONTH):
        found = pattern.search(text)
        if not found:
            continue
        parts = [int(part) for part in found.groups()]
        try:
            if pattern is _DAY:
                return date(*parts)
            if pattern is _DAY_OF_YEAR:
                return date(parts[0], 1, 1) + timedelta(days=parts[1] - 1) if 1 <= parts[1] <= 366 else None
            return date(parts[0], parts[1], 1)
        except ValueError:
            continue
    return None


def _probe(head: Head) -> tuple[date, date] | None:
    """Return dates by which a file differs from its siblings: of its rows, or in its name."""
    if head.kind == "text" and head.lines:
        rows = [line for line in head.lines if line.strip() and not line.startswith("#") and _date_in(line[:80])]
        with head.path.open("rb") as stream:
            stream.seek(max(0, head.size - _TAIL_BYTES))
            tail = stream.read().decode("latin-1").replace("\r", "\n")
        last = [line for line in tail.split("\n") if line.strip()][-1:]
        ends = _date_in(last[0][:80]) if last else None
        return (_date_in(rows[0][:80]), ends) if rows and ends else None
    named = _date_in(head.name)
    return (named, named) if named else None


def _whole(head: Head) -> bool:
    """Say whether the last row of a table has as many cells as its header."""
    if head.kind != "text":
        return True
    with head.path.open("rb") as stream:
        stream.seek(max(0, head.size - _TAIL_BYTES))
        tail = stream.read().decode("latin-1").replace("\r", "\n")
    last = [line for line in tail.split("\n") if line.strip()][-1]
    rows = [line for line in head.lines if line.strip() and not line.startswith("#")]
    return len(rows) > 1 and rows[-1].count(",") == last.count(",")


def _content(entry: CatalogEntry, head: Head) -> tuple:
    """Return what tells a copy of a file from another one: product, name, size, both ends."""
    digest = hashlib.sha1(head.data, usedforsecurity=False)
    if not head.is_folder and head.size > len(head.data):
        with head.path.open("rb") as stream:
            stream.seek(-_TAIL_BYTES, os.SEEK_END)
            digest.update(stream.read())
    return entry.name, head.name, head.size, digest.digest()


def _rows(head: Head) -> int:
    """Count the lines of a text; 0 for another file."""
    return head.path.read_bytes().count(b"\n") if head.kind == "text" and head.size < MOST_BYTES else 0


class Siblings:
    """What was learnt of each layout in one scan."""

    def __init__(self) -> None:
        self._copies: dict[tuple, FileEntry] = {}
        self._read: dict[tuple, list[tuple[FileEntry, tuple[date, date], int]]] = {}

    @staticmethod
    def _key(entry: CatalogEntry, head: Head) -> tuple | None:
        if head.kind in ("hdf5", "netcdf3"):
            return entry.name, head.path.parent.parent, *sorted(head.variables.items())
        if head.kind == "text":
            first = next((line for line in head.lines if line.strip() and not line.startswith("#")), "")
            return (entry.name, first) if "," in first else None
        return None

    def learn(self, entry: CatalogEntry, head: Head, row: FileEntry) -> None:
        """Remember a file that was read whole."""
        self._copies[_content(entry, head)] = row
        key, probe = self._key(entry, head), _probe(head)
        if key is not None and probe is not None and row.period[0] and row.feeds:
            self._read.setdefault(key, []).append((row, probe, _rows(head)))

    def guess(self, entry: CatalogEntry, head: Head) -> FileEntry | None:
        """Return the entry of a file like those that were read, or None: read it whole."""
        copy = self._copies.get(_content(entry, head))
        if copy is not None:
            return copy
        known = self._read.get(self._key(entry, head) or (), [])
        probe = _probe(head) if len(known) >= READ_WHOLE else None
        if probe is None or not _whole(head):
            return None
        shifts = set()
        for row, was, _ in known[:READ_WHOLE]:
            shifts.add(tuple(date.fromisoformat(row.period[k]) - was[k] for k in (0, 1)))
        if len(shifts) != 1:
            return None
        (shift,) = shifts
        row = known[0][0]
        period = tuple(str(probe[k] + shift[k]) for k in (0, 1))
        beside = {row.steps - rows for row, _, rows in known[:READ_WHOLE]}
        steps = beside.pop() + _rows(head) if len(beside) == 1 else 0
        guess = replace(row, period=period, gaps={}, quality={}, notes=NOT_COUNTED, steps=max(steps, 0))
        if not row.site:
            return guess
        was, named = _SITE.search(row.path.name), _SITE.search(head.name)
        if not was or not named or was[0] != row.site:
            return None
        place = find_site(named[0], head.path)
        unplaced = "latitude" not in place
        if unplaced != (row.latitude is None):
            return None
        return replace(
            guess,
            site=named[0],
            title=row.title.replace(row.site, named[0]),
            latitude=place.get("latitude"),
            longitude=place.get("longitude"),
        )
