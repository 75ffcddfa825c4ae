"""Keep what a scan found, so that the next one reads only what changed."""

import contextlib
import functools
import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from data_catalog.entry import FileEntry

__all__ = ["ScanCache", "readers_version"]

_HERE = Path(__file__).parent
_LOG = logging.getLogger(__name__)
_TABLE = """CREATE TABLE IF NOT EXISTS files
(path TEXT PRIMARY KEY, size INTEGER, modified INTEGER, around TEXT, entry TEXT) WITHOUT ROWID"""


@functools.cache
def readers_version() -> str:
    """Return twelve digits that change when a reader does."""
    digest = hashlib.sha256()
    for path in sorted([*_HERE.glob("*.py"), *(_HERE / "datasets").glob("*.py"), _HERE.parent / "models/variables.py"]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class ScanCache:
    """Entries by file, in one database in the user's cache folder; a file that changed is not known.

    A folder that cannot be written, or a damaged database, means that nothing is kept: never that a scan fails.

    Parameters
    ----------
    folder : Path, optional
        Where to keep it; the user's cache folder if not given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(platformdirs.user_cache_dir("land-carbon-explorer")) / "catalog"
        self.place = folder / f"scan-{readers_version()}.sqlite"
        self._known: dict[str, tuple[int, int, str, str]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("scan-*.sqlite"):
                if old != self.place:
                    old.unlink(missing_ok=True)
            try:
                self._base: sqlite3.Connection | None = self._open()
            except sqlite3.DatabaseError:  # damaged: begin anew
                self.place.unlink(missing_ok=True)
                self._base = self._open()
        except (OSError, sqlite3.Error) as error:
            _LOG.warning("What the scan finds is not kept: %s", error)
            self._base = None

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.place, timeout=5.0)
        try:
            base.execute(_TABLE)
            base.execute("SELECT COUNT(*) FROM files").fetchone()
        except sqlite3.Error:
            base.close()
            raise
        return base

    def load(self, root: Path) -> None:
        """Read what is kept of the files under a folder."""
        if self._base is None:
            return
        low = str(root)
        try:
            rows = self._base.execute(
                "SELECT path, size, modified, around, entry FROM files WHERE path = ? OR (path >= ? AND path < ?)",
                (low, low.rstrip("/\\") + "\x01", low.rstrip("/\\") + "\U0010ffff"),
            )
            self._known |= {path: (size, modified, around, entry) for path, size, modified, around, entry in rows}
        except sqlite3.Error as error:
            _LOG.warning("What was kept of the last scan cannot be read: %s", error)

    def get(self, path: Path, size: int, modified: int, around: str) -> FileEntry | None:
        """Return the entry of a file, or None if it is not known or changed."""
        kept = self._known.get(str(path))
        if kept is None or kept[:3] != (size, modified, around):
            return None
        return FileEntry.from_json(json.loads(kept[3]))

    def put(self, found: Iterable[tuple[Path, int, int, str, FileEntry]]) -> None:
        """Keep entries: path, size, time of change [ns], what lies around it, entry."""
        if self._base is None:
            return
        rows = [
            (str(path), size, modified, around, json.dumps(entry.as_json()))
            for path, size, modified, around, entry in found
        ]
        try:
            with self._base:
                self._base.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)
        except (sqlite3.Error, UnicodeEncodeError) as error:
            _LOG.warning("What the scan found is not kept: %s", error)

    def close(self) -> None:
        """Close the database."""
        if self._base is not None:
            with contextlib.suppress(sqlite3.Error):
                self._base.close()
