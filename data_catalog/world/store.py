"""The world's daily drivers in packed files of the user's cache: made once, then mapped into memory.

Arrays are those of `models.packing.Blocks`, one ``.npy`` file each, in a folder named after the grid and a hash of
everything that decides a number. A folder is filled under another name and renamed when complete, so what is found
under its name is whole, and two processes may build at once.
"""

import json
import os
import shutil
import threading
import uuid
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data_catalog.world.cache_folder import (
    explained_errors,
    folder_of,
    is_built,
    publish,
    root_of,
    runs_own_soil,
    sweep,
    version,
)
from data_catalog.world.phenology import fpar
from data_catalog.world.soil import SoilDays
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, T_SOIL
from data_catalog.world.static import open_static
from data_catalog.world.weather import DAYS, SW_DOWN, TMIN, VPD, WEATHER, draw_weather, make_tables
from models.kernel import kernel, spread
from models.packing import DRIVERS, LANES, Blocks, order_cells, tiles_of_blocks
from models.wetness import rescale_smrz

__all__ = ["build", "folder_of", "is_built", "open_blocks", "open_limits", "runs_own_soil", "soil_of", "version"]

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
LIMITS = ("smrz_min", "smrz_max", "smrz_wilting", "drift")
SMALL = ("cell_of", "block_of", "pft", "fraction", *LIMITS)
MAPPED = ("data", "fpar")

_ROOM = 1.05  # free space asked for, as a multiple of what is written


@kernel
def pack_weather(cells, weather, scale, offset, out):
    """Pack par, tmin and vpd of ``cells`` (n = block * LANES) into ``out`` (block, day, driver, lane); 0 where -1."""
    row = np.zeros(3)
    for i in range(cells.shape[0]):
        block, lane = i // LANES, i % LANES
        for day in range(DAYS):
            row[0] = 0.45 * 0.0864 * weather[i, SW_DOWN, day]
            row[1] = weather[i, TMIN, day]
            row[2] = weather[i, VPD, day]
            for v in range(3):
                step = (row[v] - offset[v]) / scale[v] + 0.5
                out[block, day, v, lane] = np.uint16(min(65535.0, max(0.0, step))) if cells[i] >= 0 else 0


@kernel
def pack_soil(cells, soil, limits, scale, offset, out):
    """Pack what the land surface model gives: root-zone and surface wetness, soil temperature, frozen ground.

    Parameters
    ----------
    cells : (n = block * LANES,) int array
        -1 is passed over.
    soil : (n, row of SOIL, day) float32
    limits : (n, 2) float64
        Receives the lowest and highest root-zone wetness [%].
    scale, offset : (driver,) float64
    out : (block, day, driver, lane) uint16
        Receives the drivers from the fourth on.
    """
    row = np.zeros(4)
    for i in range(cells.shape[0]):
        block, lane = i // LANES, i % LANES
        low, high = np.inf, -np.inf
        for day in range(DAYS):
            low, high = min(low, soil[i, SMRZ, day]), max(high, soil[i, SMRZ, day])
        # One year does not show how wet a dry soil can be.
        high = max(high, low + LEAST_RANGE)
        limits[i, 0], limits[i, 1] = low, high
        for day in range(DAYS):
            row[0] = rescale_smrz(soil[i, SMRZ, day], low, high)
            row[1] = soil[i, SMSF, day]
            row[2] = soil[i, T_SOIL, day]
            row[3] = soil[i, FROZEN, day]
            for k in range(4):
                v = 3 + k
                step = (row[k] - offset[v]) / scale[v] + 0.5
                out[block, day, v, lane] = np.uint16(min(65535.0, max(0.0, step))) if cells[i] >= 0 else 0


def scales() -> tuple[np.ndarray, np.ndarray]:
    """Return scale and offset of each of `models.packing.DRIVERS`."""
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
    """Draw a year of weather, join the days of soil and write the packed drivers of ``grid``.

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
        with explained_errors(target.parent, need):
            sweep(target)
            temporary.mkdir()
            soil = SoilDays(static, grid)
            limits = _write_data(temporary / "data.npy", shape, static, soil, cell_of, progress, cancelled)
            lanes = np.moveaxis(leaves[cell_of[block_of], pft[:, None] - 1], 1, 2)  # (tile, step, lane)
            lanes = np.where(fraction[:, None, :] > 0, lanes, 0)
            of_soil = (np.float32(x) for x in (*limits.T, soil.wilting, soil.drift))
            small = (cell_of, block_of, pft, fraction, *of_soil)
            for name, array in zip((*SMALL, "fpar"), (*small, lanes.astype(np.uint8)), strict=True):
                np.save(temporary / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
            scale, offset = scales()
            meta = {
                "grid": grid, "version": version(), "seed": SEED, "year": YEAR, "n_cell": int(static.sizes["cell"]),
                "drivers": list(DRIVERS), "scale": scale.tolist(), "offset": offset.tolist(),
                "fpar_scale": FPAR_SCALE, "soil": soil.label,
            }  # fmt: skip
            (temporary / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
            publish(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _with_bare(cell_of: np.ndarray, pft_fraction: np.ndarray) -> np.ndarray:
    """Add blocks for the cells without vegetation, upon which no tile will stand, so that every cell has drivers."""
    bare = np.flatnonzero(~(pft_fraction > 0).any(axis=1)).astype(np.int32)
    rest = np.full((-(-len(bare) // LANES), LANES), -1, dtype=np.int32)
    rest.ravel()[: len(bare)] = bare
    return np.concatenate([cell_of, rest])


def draw_days(cells: np.ndarray, tables) -> np.ndarray:
    """Draw the weather (n, row of WEATHER, day) of cells (n,); rows of -1 are 0."""
    weather = np.zeros((len(cells), len(WEATHER), DAYS))
    draw_weather(cells, tables, np.zeros((2, DAYS), dtype=np.float32), np.zeros((2, 12)), weather)
    return weather


def _write_data(path, shape, static, soil, cell_of, progress, cancelled) -> np.ndarray:
    """Write the packed drivers, return the lowest and highest root-zone wetness of each cell (cell, 2)."""
    tables = make_tables(static, seed=SEED, year=YEAR)
    scale, offset = scales()
    limits = np.full((static.sizes["cell"], 2), np.nan)
    head = _header(np.uint16, shape)
    size = 2 * int(np.prod(shape[1:]))
    lock = threading.Lock()
    with path.open("wb") as file:
        file.write(head)

        def work(first: int, last: int) -> None:
            cells = cell_of[first:last].ravel()
            ends = np.zeros((len(cells), 2))
            out = np.empty((last - first, *shape[1:]), dtype=np.uint16)
            pack_weather(cells, draw_days(cells, tables), scale, offset, out)
            pack_soil(cells, soil.days(cells), ends, scale, offset, out)
            used = cells >= 0
            limits[cells[used]] = ends[used]
            with lock:
                file.seek(len(head) + first * size)
                file.write(memoryview(out).cast("B"))

        # Chunks of 8 blocks stay in the cache of a core, and a cancelled build stops within a tenth of a second.
        spread(work, shape[0], chunk=8, progress=progress, cancelled=cancelled)
    return limits


_MAPPED: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def _map(path: Path) -> np.ndarray:
    """Map an array once for all who use it now: half a gigabyte mapped twice counts twice in a server's memory."""
    key = (str(path), path.stat().st_ino)
    array = _MAPPED.get(key)
    if array is None:
        array = _MAPPED[key] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _open(grid: str, folder: str | os.PathLike | None, name: str = "") -> tuple[dict, dict[str, np.ndarray]]:
    place = root_of(folder) / name if name else folder_of(grid, folder)
    if not (place / "meta.json").is_file():
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


def open_blocks(grid: str, *, folder: str | os.PathLike | None = None, name: str = "") -> Blocks:
    """Map the packed drivers of ``grid`` into memory, read-only.

    Parameters
    ----------
    grid, folder
        As for `build`.
    name : str, optional
        Name of the folder that was opened before, where another one may have become the best since.

    Raises
    ------
    FileNotFoundError
        If they have not been made; see `build`.
    ValueError
        If a file is damaged.
    """
    meta, arrays = _open(grid, folder, name)
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


def open_limits(grid: str, *, folder: str | os.PathLike | None = None, name: str = "") -> dict[str, np.ndarray]:
    """Return what the soil of each cell (cell,) is known by; arguments as for `open_blocks`.

    ``smrz_min``, ``smrz_max``: lowest and highest root-zone wetness [%]; ``smrz_wilting``: at the wilting point [%];
    ``drift``: largest change of a layer's soil moisture over the year [m3 m-3].
    """
    _, arrays = _open(grid, folder, name)
    return {limit: arrays[limit] for limit in LIMITS}


def soil_of(grid: str, *, folder: str | os.PathLike | None = None, name: str = "") -> str:
    """Say where the soil of a packed world comes from; arguments as for `open_blocks`."""
    return _open(grid, folder, name)[0]["soil"]
