"""The world's daily drivers in packed files of the user's cache: made once, then mapped into memory.

Arrays are those of `models.packing.Blocks`, one ``.npy`` file each, in a folder named after the grid and a hash of
everything that decides a number. A folder is filled under another name and renamed when complete, so what is found
under its name is whole, and two processes may build at once.
"""

import errno
import hashlib
import json
import os
import shutil
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs

from data_catalog.world.phenology import fpar
from data_catalog.world.static import open_static
from data_catalog.world.water import BALANCE, FROZEN, SMRZ, SMSF, T_SOIL, days_of, make_soil
from data_catalog.world.weather import DAYS, SW_DOWN, TMIN, VPD, make_tables
from models.kernel import kernel, spread
from models.packing import DRIVERS, LANES, Blocks, order_cells, tiles_of_blocks
from models.wetness import rescale_smrz

__all__ = ["build", "folder_of", "is_built", "open_blocks", "open_limits"]

SEED, YEAR = 1, 2015
SCALE = {
    "par": 0.0005,
    "tmin": 0.005,
    "vpd": 0.2,
    "smrz_rescaled": 0.002,
    "smsf": 0.002,
    "t_soil": 0.005,
    "frozen": 1.0,
}
OFFSET = {"tmin": 180.0, "t_soil": 180.0}
FPAR_SCALE = 0.01
LEAST_RANGE = 2.0  # %, between the lowest and highest root-zone wetness (assumed)
KEPT_DAYS = 14  # an unused folder of an older version is deleted after this time
STALE_MINUTES = 30  # an unfinished folder that nobody writes to is deleted after this time
SMALL = ("cell_of", "block_of", "pft", "fraction", "smrz_min", "smrz_max", "residual")
MAPPED = ("data", "fpar")

_HERE = Path(__file__).parent
_ROOM = 1.05  # free space asked for, as a multiple of what is written


def _sources() -> list[Path]:
    """Return every file that decides a number of the packed world."""
    models = _HERE.parents[1] / "models"
    beside = {"daily.py", "ranges.py", "hours.py", "hourly.py", "surface.py"}  # what reads it, or derives more
    code = sorted(p for p in _HERE.glob("*.py") if not p.name.startswith("build") and p.name not in beside)
    shared = [_HERE.parent / "grid.py", *(models / n for n in ("draws.py", "wetness.py", "packing.py"))]
    data = sorted(p for p in _HERE.iterdir() if p.suffix in {".nc", ".npz", ".zip", ".json"})
    return [*code, *shared, *data]


_HASH = ""


def version() -> str:
    """Return twelve digits that change when a packed world would."""
    global _HASH
    if not _HASH:
        digest = hashlib.sha256()
        for path in _sources():
            digest.update(path.name.encode() + path.read_bytes())
        _HASH = digest.hexdigest()[:12]
    return _HASH


def folder_of(grid: str, folder: str | os.PathLike | None = None) -> Path:
    """Return where the packed world of ``grid`` is kept: under ``folder``, or in the user's cache directory."""
    root = Path(folder) if folder is not None else Path(platformdirs.user_cache_dir("land-carbon-explorer")) / "world"
    return root / f"{grid}-{version()}"


def is_built(grid: str, *, folder: str | os.PathLike | None = None) -> bool:
    """Tell whether the packed world of ``grid`` is there, in this version."""
    return (folder_of(grid, folder) / "meta.json").is_file()


@kernel
def pack_drivers(cells, weather, water, limits, scale, offset, out):
    """Pack the year of ``cells`` (n = block * LANES) into ``out`` (block, day, driver, lane).

    ``limits`` (n, 2) receives the lowest and highest root-zone wetness [%].
    """
    row = np.zeros(7)
    for i in range(cells.shape[0]):
        block, lane = i // LANES, i % LANES
        if cells[i] < 0:
            for day in range(DAYS):
                for v in range(7):
                    out[block, day, v, lane] = 0
            continue
        low, high = np.inf, -np.inf
        for day in range(DAYS):
            low, high = min(low, water[i, SMRZ, day]), max(high, water[i, SMRZ, day])
        # One year does not show how wet a dry soil can be.
        high = max(high, low + LEAST_RANGE)
        limits[i, 0], limits[i, 1] = low, high
        for day in range(DAYS):
            row[0] = 0.45 * 0.0864 * weather[i, SW_DOWN, day]
            row[1] = weather[i, TMIN, day]
            row[2] = weather[i, VPD, day]
            row[3] = rescale_smrz(water[i, SMRZ, day], low, high)
            row[4] = water[i, SMSF, day]
            row[5] = water[i, T_SOIL, day]
            row[6] = water[i, FROZEN, day]
            for v in range(7):
                step = (row[v] - offset[v]) / scale[v] + 0.5
                out[block, day, v, lane] = np.uint16(min(65535.0, max(0.0, step)))


def _scales() -> tuple[np.ndarray, np.ndarray]:
    return np.array([SCALE[v] for v in DRIVERS]), np.array([OFFSET.get(v, 0.0) for v in DRIVERS])


def _header(dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    """Return the head of an ``.npy`` file (format 1.0), so that its body can be written out of order."""
    text = repr({"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def build(
    grid: str,
    *,
    folder: str | os.PathLike | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Draw a year of weather, balance its water and write the packed drivers of ``grid``.

    Parameters
    ----------
    grid : str
        "36km" or "108km".
    folder : path, optional
        Where packed worlds are kept; the user's cache directory if not given.
    progress : callable, optional
        Called with the share done, 0 to 1.
    cancelled : callable, optional
        Asked now and then; when it says yes nothing is left behind.

    Returns
    -------
    Path
        The folder. One that is there already is kept as it is.

    Raises
    ------
    KeyError
        If no grid has this name.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    OSError
        If the folder cannot be written or the disk is full; the message says where and how much is needed.
    """
    target = folder_of(grid, folder)
    if is_built(grid, folder=folder):
        return target
    static = open_static(grid)
    pft_fraction = static["pft_fraction"].values
    cell_of = _with_bare(order_cells(static["latitude"].values, static["longitude"].values, pft_fraction), pft_fraction)
    block_of, pft, fraction = tiles_of_blocks(cell_of, pft_fraction)
    leaves = np.asarray(fpar(static))
    n_block = len(cell_of)
    shape = (n_block, DAYS, len(DRIVERS), LANES)
    need = int(_ROOM * (2 * np.prod(shape, dtype=np.int64) + len(pft) * (leaves.shape[2] + 8) * LANES))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        _ask_for_room(target.parent, need)
        temporary.mkdir()
        limits = _write_data(temporary / "data.npy", shape, static, leaves, cell_of, progress, cancelled)
        lanes = np.moveaxis(leaves[cell_of[block_of], pft[:, None] - 1], 1, 2)  # (tile, step, lane)
        lanes = np.where(fraction[:, None, :] > 0, lanes, 0)
        small = (cell_of, block_of, pft, fraction, *(np.float32(x) for x in limits.T))
        for name, array in zip((*SMALL, "fpar"), (*small, lanes.astype(np.uint8)), strict=True):
            np.save(temporary / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        scale, offset = _scales()
        meta = {
            "grid": grid, "version": version(), "seed": SEED, "year": YEAR, "n_cell": int(static.sizes["cell"]),
            "drivers": list(DRIVERS), "scale": scale.tolist(), "offset": offset.tolist(), "fpar_scale": FPAR_SCALE,
            "balance": dict(BALANCE._asdict()),
        }  # fmt: skip
        (temporary / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        _publish(temporary, target)
    except OSError as error:
        raise _explained(error, target.parent, need) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _with_bare(cell_of: np.ndarray, pft_fraction: np.ndarray) -> np.ndarray:
    """Add blocks for the cells without vegetation, upon which no tile will stand, so that every cell has drivers."""
    bare = np.flatnonzero(~(pft_fraction > 0).any(axis=1)).astype(np.int32)
    rest = np.full((-(-len(bare) // LANES), LANES), -1, dtype=np.int32)
    rest.ravel()[: len(bare)] = bare
    return np.concatenate([cell_of, rest])


def _write_data(path, shape, static, leaves, cell_of, progress, cancelled) -> np.ndarray:
    """Write the packed drivers, return per cell the lowest and highest wetness and the residual of the balance."""
    tables = make_tables(static, seed=SEED, year=YEAR)
    soil = make_soil(static, leaves, FPAR_SCALE)
    scale, offset = _scales()
    limits = np.full((static.sizes["cell"], 3), np.nan)
    head = _header(np.uint16, shape)
    size = 2 * int(np.prod(shape[1:]))
    lock = threading.Lock()
    with path.open("wb") as file:
        file.write(head)

        def work(first: int, last: int) -> None:
            cells = cell_of[first:last].ravel()
            weather, water, _, closure = days_of(cells, tables, soil)
            ends = np.zeros((len(cells), 2))
            out = np.empty((last - first, *shape[1:]), dtype=np.uint16)
            pack_drivers(cells, weather, water, ends, scale, offset, out)
            used = cells >= 0
            limits[cells[used]] = np.column_stack([ends, closure])[used]
            with lock:
                file.seek(len(head) + first * size)
                file.write(memoryview(out).cast("B"))

        # Chunks of 8 blocks stay in the cache of a core, and a cancelled build stops within a tenth of a second.
        spread(work, shape[0], chunk=8, progress=progress, cancelled=cancelled)
    return limits


def _ask_for_room(parent: Path, need: int) -> None:
    free = shutil.disk_usage(parent).free
    if free < need:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(parent))


def _explained(error: OSError, parent: Path, need: int) -> OSError:
    """Return an error of the same number that says what to do."""
    if error.errno == errno.ENOSPC:
        text = f"{parent} has no room for the packed world ({need / 1e6:.0f} MB)"
    else:
        text = f"The packed world cannot be written to {parent} ({error.strerror or error})"
    msg = f"{text}; free some space, or set XDG_CACHE_HOME or the folder option to a directory that can hold it."
    return OSError(error.errno, msg)


def _publish(temporary: Path, target: Path) -> None:
    """Give the finished folder its name; another process may have been faster."""
    try:
        temporary.rename(target)
    except OSError:
        if not (target / "meta.json").is_file():
            raise


def _sweep(target: Path) -> None:
    """Delete unfinished folders that nobody writes to, and older versions that nobody opened lately."""
    grid, now = target.name.split("-")[0], time.time()
    for path in target.parent.iterdir():
        unfinished = path.name.startswith(f".{grid}-")
        if path == target or not (unfinished or path.name.startswith(f"{grid}-")) or not path.is_dir():
            continue
        touched = max((f.stat().st_mtime for f in [path, *path.iterdir()]), default=now)
        if now - touched > (60 * STALE_MINUTES if unfinished else 86400 * KEPT_DAYS):
            shutil.rmtree(path, ignore_errors=True)


_MAPPED: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def _map(path: Path) -> np.ndarray:
    """Map an array once for all who use it now: half a gigabyte mapped twice counts twice in a server's memory."""
    key = (str(path), path.stat().st_ino)
    array = _MAPPED.get(key)
    if array is None:
        array = _MAPPED[key] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _open(grid: str, folder: str | os.PathLike | None) -> tuple[dict, dict[str, np.ndarray]]:
    place = folder_of(grid, folder)
    if not is_built(grid, folder=folder):
        msg = f"No packed {grid} world in {place.parent}; make it with `python launch.py world build --grid {grid}`."
        raise FileNotFoundError(msg)
    meta = json.loads((place / "meta.json").read_text(encoding="utf-8"))
    try:
        arrays = {n: _map(place / f"{n}.npy") for n in MAPPED}
        arrays |= {n: np.load(place / f"{n}.npy", allow_pickle=False) for n in SMALL}
    except (ValueError, EOFError, FileNotFoundError) as error:
        msg = f"{place} is damaged ({error}); delete it and run `python launch.py world build --grid {grid}`."
        raise ValueError(msg) from error
    try:
        os.utime(place / "meta.json")  # in use: not to be swept away
    except PermissionError:
        meta["read_only"] = True  # a cache that an administrator filled
    return meta, arrays


def open_blocks(grid: str, *, folder: str | os.PathLike | None = None) -> Blocks:
    """Map the packed drivers of ``grid`` into memory, read-only.

    Raises
    ------
    FileNotFoundError
        If they have not been made; see `build`.
    ValueError
        If a file is damaged.
    """
    meta, arrays = _open(grid, folder)
    start = np.datetime64(f"{meta['year']}-01-01", "D")
    return Blocks(
        data=arrays["data"],
        scale=np.array(meta["scale"]),
        offset=np.array(meta["offset"]),
        fpar=arrays["fpar"],
        fpar_scale=meta["fpar_scale"],
        fpar_step=(np.arange(DAYS) // 8).astype(np.int32),
        block_of=arrays["block_of"],
        pft=arrays["pft"],
        fraction=arrays["fraction"],
        cell_of=arrays["cell_of"],
        time=start + np.arange(DAYS),
        n_cell=meta["n_cell"],
    )


def open_limits(grid: str, *, folder: str | os.PathLike | None = None) -> dict[str, np.ndarray]:
    """Return ``smrz_min`` and ``smrz_max`` (cell,) [%] and the ``residual`` (cell,) of the balance [mm or K]."""
    _, arrays = _open(grid, folder)
    return {name: arrays[name] for name in ("smrz_min", "smrz_max", "residual")}
