"""The packed world of 36 km with soil of its own: the land surface model run on every cell, block by block.

It starts from a copy of the packed world whose soil is that of 108 km, and from the state of the 108-km run around each
cell. A run that was ended goes on where it stopped: what is done is marked block by block, and the folder takes its
final name when all are.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from data_catalog.world.cache_folder import explained_errors, own_folder_of, runs_own_soil
from data_catalog.world.soil import label_of, parents_of, shipped
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, SOIL, T_SOIL
from data_catalog.world.soil_run import run_cells
from data_catalog.world.static import open_static
from data_catalog.world.store import LIMITS, build, pack_soil, scales
from data_catalog.world.surface import column_table_of
from data_catalog.world.weather import DAYS
from models.kernel import Cancelled
from models.land.columns import BARE, Columns, cold_start
from models.land.layout import STATE

try:
    import fcntl
except ImportError:  # not on this system: nobody guards against two runs at once
    fcntl = None

__all__ = ["CYCLES", "LAST_CYCLES", "build_own", "share_done", "start_of"]

CYCLES, LAST_CYCLES = 2, 1
"""Repetitions of the year before the one that is kept, with steps of 3 h and of 1 h."""

BLOCKS = 16
"""Blocks of lanes a turn: 256 cells, some three seconds of two cores, which is what an ended run loses."""

POOLS = ("leaf", "stem", "root", "wood", "soc_fast", "soc_stable")
LAYERS = (1, 2, 3, 4)


def start_of(grid: str, cells: np.ndarray) -> np.ndarray:
    """Return the state (STATE, cell) of the shipped run around each cell, brought to the cell's own soil and plants.

    Water keeps its share of the pores. Where vegetation is of another class, living carbon is that of a leaf area of
    the parent's (NaN: the first guess of the climate, where the parent has none).
    """
    run = shipped()
    part = open_static(grid).isel(cell=cells)
    parent = parents_of(part, grid)
    state = run.state[:, parent].copy()
    table = column_table_of(grid, cells)
    columns: Columns = cold_start(table)
    pores = columns.get("theta_max") / run.porosity[parent]
    for name in (f"{kind}_{k}" for kind in ("theta", "liquid") for k in LAYERS):
        state[STATE.index(name)] *= pores
    leafless = state[STATE.index("leaf")] <= 0.0
    bare = np.isin(table.vegetation, BARE)
    for name in POOLS:
        row = state[STATE.index(name)]
        row[bare] = 0.0
        row[leafless & ~bare] = np.nan
    return state


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Keep a second process out of an unfinished folder; the system frees it when this process ends."""
    with (part / "lock").open("w") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                msg = f"Another process is running the land model into {part}; let it finish, or end it first."
                raise BlockingIOError(error.errno, msg) from error
        yield


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def share_done(grid: str, *, folder: str | os.PathLike | None = None) -> float:
    """Return which share of the grid's own run is done, 0 to 1."""
    if runs_own_soil(grid, folder=folder):
        return 1.0
    marks = _part_of(own_folder_of(grid, folder)) / "done.npy"
    return float(np.load(marks).mean()) if marks.is_file() else 0.0


def _begin(source: Path, part: Path, n_block: int) -> None:
    """Copy the packed world; the marks come last, so that a folder with marks is whole."""
    part.mkdir(exist_ok=True)
    if (part / "done.npy").is_file():
        return
    for path in source.glob("*.npy"):
        if not path.name.startswith(("data-", ".")):
            shutil.copyfile(path, part / path.name)
    np.save(part / "done.tmp.npy", np.zeros(n_block, dtype=bool))
    (part / "done.tmp.npy").rename(part / "done.npy")


def build_own(
    grid: str,
    *,
    folder: str | os.PathLike | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Run the land surface model on every cell of ``grid`` and pack its soil; minutes (README).

    Parameters
    ----------
    grid : str
        "36km"; at 108 km the shipped run is the grid's own.
    folder, progress, cancelled
        As for `data_catalog.world.store.build`; what is done stays when the work is ended, and is not done again.

    Returns
    -------
    Path
        The folder, which `data_catalog.world.store.open_blocks` opens from now on.

    Raises
    ------
    BlockingIOError
        If another process is at it.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    OSError
        If the folder cannot be written or the disk is full.
    """
    source = build(grid, folder=folder)
    if runs_own_soil(grid, folder=folder):
        return source
    target = own_folder_of(grid, folder)
    part = _part_of(target)
    cell_of = np.load(source / "cell_of.npy")
    need = sum(path.stat().st_size for path in source.glob("*.npy"))
    with explained_errors(part.parent, 0 if part.is_dir() else need):
        part.mkdir(exist_ok=True)
        with _alone(part):
            _begin(source, part, len(cell_of))
            _run(grid, part, cell_of, progress or (lambda share: None), cancelled or (lambda: False))
            meta = json.loads((source / "meta.json").read_text(encoding="utf-8"))
            meta |= {"soil": label_of(grid, own=True), "version": target.name.rsplit("-", 1)[-1]}
            (part / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")
        (part / "lock").unlink(missing_ok=True)
        (part / "done.npy").unlink()
        part.rename(target)
    return target


def _run(grid: str, part: Path, cell_of: np.ndarray, progress, cancelled) -> None:
    """Run what is not marked as done, turn by turn."""
    data, done = (np.load(part / f"{name}.npy", mmap_mode="r+") for name in ("data", "done"))
    limits = {name: np.load(part / f"{name}.npy", mmap_mode="r+") for name in LIMITS}
    scale, offset = scales()
    for first in range(0, len(cell_of), BLOCKS):
        turn = slice(first, min(first + BLOCKS, len(cell_of)))
        begun, share = first / len(cell_of), (turn.stop - first) / len(cell_of)
        if done[turn].all():
            continue
        if cancelled():
            raise Cancelled
        lanes = cell_of[turn].ravel()
        cells = lanes[lanes >= 0]
        run = run_cells(
            grid,
            cells,
            start=start_of(grid, cells),
            cycles=CYCLES,
            last_cycles=LAST_CYCLES,
            progress=lambda ran, begun=begun, share=share: progress(begun + share * ran),
            cancelled=cancelled,
        )
        soil = np.zeros((lanes.size, len(SOIL), DAYS), dtype=np.float32)
        for row, values in ((SMSF, run.smsf), (SMRZ, run.smrz), (T_SOIL, run.t_soil), (FROZEN, run.frozen)):
            soil[lanes >= 0, row] = values
        ends = np.zeros((lanes.size, 2))
        pack_soil(lanes, soil, ends, scale, offset, data[turn])
        found = (*ends[lanes >= 0].T, 100.0 * run.wilting / run.porosity, run.water_drift)
        for name, values in zip(LIMITS, found, strict=True):
            limits[name][cells] = values
        for array in (data, *limits.values()):
            array.flush()
        done[turn] = True
        done.flush()
        progress(begun + share)
