"""Where packed worlds are kept: folders of the user's cache named after a hash of all that decides a number."""

import errno
import functools
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from data_catalog.world.soil import SHIPPED_GRID

__all__ = ["explained_errors", "folder_of", "is_built", "own_folder_of", "publish", "root_of", "runs_own_soil", "sweep"]

KEPT_DAYS = 14  # an unused folder of an older version is deleted after this time
STALE_MINUTES = 30  # an unfinished folder that nobody writes to is deleted after this time

_HERE = Path(__file__).parent


def _sources() -> list[Path]:
    """Return every file that decides a number of the packed world."""
    models = _HERE.parents[1] / "models"
    # What reads it, or derives more.
    beside = {
        "daily.py",
        "ranges.py",
        "hours.py",
        "hourly.py",
        "surface.py",
        "soil_run.py",
        "soil_store.py",
        "twin_world.py",
    }
    code = sorted(p for p in _HERE.glob("*.py") if not p.name.startswith("build") and p.name not in beside)
    shared = [_HERE.parent / "grid.py", *(models / n for n in ("draws.py", "wetness.py", "packing.py"))]
    data = sorted(p for p in _HERE.iterdir() if p.suffix in {".nc", ".npz", ".zip", ".json"})
    return [*code, *shared, *data]


def _model_sources() -> list[Path]:
    """Return every further file that decides a number of a run of the land surface model."""
    model = _HERE.parents[1] / "models" / "land"
    beside = ("hours.py", "hourly.py", "surface.py", "soil_run.py", "soil_store.py")
    return [*(_HERE / name for name in beside), *sorted(model.rglob("*.py")), *sorted(model.rglob("*.csv"))]


@functools.cache
def version(*, model: bool = False) -> str:
    """Return twelve digits that change when a packed world would; with ``model``, one whose soil is run anew."""
    digest = hashlib.sha256()
    for path in [*_sources(), *(_model_sources() if model else [])]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def root_of(folder: str | os.PathLike | None) -> Path:
    """Return the folder of packed worlds: ``folder``, or one in the user's cache directory."""
    return Path(folder) if folder is not None else Path(platformdirs.user_cache_dir("land-carbon-explorer")) / "world"


def own_folder_of(grid: str, folder: str | os.PathLike | None = None) -> Path:
    """Return where the packed world is kept whose soil the land surface model made on ``grid`` itself."""
    return root_of(folder) / f"{grid}-land-{version(model=True)}"


def runs_own_soil(grid: str, *, folder: str | os.PathLike | None = None) -> bool:
    """Tell whether the soil of ``grid`` is that of a run on this grid: shipped, or made here."""
    return grid == SHIPPED_GRID or (own_folder_of(grid, folder) / "meta.json").is_file()


def folder_of(grid: str, folder: str | os.PathLike | None = None) -> Path:
    """Return where the packed world of ``grid`` is kept: under ``folder``, or in the user's cache directory.

    It is the one with the model's own soil once that is made; see `data_catalog.world.soil_store`.
    """
    if grid != SHIPPED_GRID and runs_own_soil(grid, folder=folder):
        return own_folder_of(grid, folder)
    return root_of(folder) / f"{grid}-{version()}"


def is_built(grid: str, *, folder: str | os.PathLike | None = None) -> bool:
    """Tell whether the packed world of ``grid`` is there, in this version."""
    return (folder_of(grid, folder) / "meta.json").is_file()


@contextmanager
def explained_errors(parent: Path, need: int) -> Iterator[None]:
    """Ask for ``need`` bytes of room in ``parent``, and let errors of files inside say what to do.

    Raises
    ------
    OSError
        If there is no room, or nothing can be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(parent).free < need:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(parent))
        yield
    except BlockingIOError:
        raise  # somebody else is at it, which says so itself
    except OSError as error:
        if error.errno == errno.ENOSPC:
            text = f"{parent} has no room for the packed world ({need / 1e6:.0f} MB)"
        else:
            text = f"The packed world cannot be written to {parent} ({error.strerror or error})"
        msg = f"{text}; free some space, or set XDG_CACHE_HOME or the folder option to a directory that can hold it."
        raise OSError(error.errno, msg) from error


def publish(temporary: Path, target: Path) -> None:
    """Give the finished folder its name; another process may have been faster."""
    try:
        temporary.rename(target)
    except OSError:
        if not (target / "meta.json").is_file():
            raise


def sweep(target: Path) -> None:
    """Delete unfinished folders that nobody writes to, and older versions that nobody opened lately."""
    grid, now = target.name.split("-")[0], time.time()
    for path in target.parent.iterdir():
        unfinished = path.name.startswith(f".{grid}-")
        if path == target or not (unfinished or path.name.startswith(f"{grid}-")) or not path.is_dir():
            continue
        touched = max((f.stat().st_mtime for f in [path, *path.iterdir()]), default=now)
        if now - touched > (60 * STALE_MINUTES if unfinished else 86400 * KEPT_DAYS):
            shutil.rmtree(path, ignore_errors=True)
