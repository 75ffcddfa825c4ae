"""The files of a folder, and by what a scan knows that one of them has changed."""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from data_catalog.look import refused

__all__ = ["STORES", "Around", "files_of", "stamp_of"]

STORES = (".zarr",)
"""Ends of the names of folders that are one dataset."""

_LOG = logging.getLogger(__name__)


def files_of(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield path, path as shown, and why it cannot be read, of every file."""
    failed: list[OSError] = []
    whole = root.resolve()
    for folder, subfolders, names in os.walk(root, followlinks=False, onerror=failed.append):
        inside = Path(folder)
        below = folder[len(str(root)) :].strip(os.sep).replace(os.sep, "/")
        prefix = f"{below}/" if below else ""
        for error in failed:
            yield Path(error.filename), _shown(Path(error.filename), root), refused(error)
        failed.clear()
        subfolders.sort()
        stores = [name for name in subfolders if name.endswith(STORES)]
        subfolders[:] = [name for name in subfolders if not name.startswith(".") and name not in stores]
        for name in sorted([*names, *stores]):
            place = inside / name
            if name.startswith(".") or (place.is_symlink() and not place.resolve().is_relative_to(whole)):
                continue
            yield place, prefix + name, ""
    for error in failed:
        yield Path(error.filename), _shown(Path(error.filename), root), refused(error)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


class Around:
    """What else a file's entry hangs on: the tables of sites in its folder and the one above."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """Return a mark that changes with them; "" without any."""
        # Of text: a scan asks for every file, and paths are slow.
        folder = os.path.dirname(path)  # noqa: PTH120
        mark = self._folder(folder) + self._folder(os.path.dirname(folder))  # noqa: PTH120
        return hashlib.sha1(mark.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:16] if mark else ""

    def _folder(self, folder: str) -> str:
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


def stamp_of(path: Path) -> tuple[int, int]:
    """Return bytes and time of change [ns]; of a Zarr store those of its files together."""
    whole = path.stat()
    if not stat.S_ISDIR(whole.st_mode):
        return whole.st_size, whole.st_mtime_ns
    stats = [inner.stat() for inner in path.rglob("*") if inner.is_file()]
    return sum(one.st_size for one in stats), max((one.st_mtime_ns for one in stats), default=0)
