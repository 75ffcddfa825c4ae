"""The packed drivers with root-zone wetness rescaled between other limits than its observed ones."""

import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from data_catalog.world.store import folder_of, open_blocks, open_limits
from models.kernel import inline_kernel, kernel, spread
from models.packing import DRIVERS, LANES, Blocks
from models.wetness import rescale_smrz, restore_smrz

__all__ = ["RANGES", "open_rescaled"]

RANGES = ("observed", "wilting_point", "minimum_100")
SATURATED = 100.0  # %
SMRZ = DRIVERS.index("smrz_rescaled")
restore = inline_kernel(restore_smrz)


@kernel
def rescale_blocks(data, limits, scale, out):
    """Copy ``data`` (block, day, driver, lane) into ``out`` with wetness rescaled anew.

    ``limits`` (block, lane, 4): the lowest and highest wetness it was rescaled between, and the new ones [%].
    """
    for block in range(data.shape[0]):
        for lane in range(LANES):
            low, high, new_low, new_high = limits[block, lane]
            for day in range(data.shape[1]):
                for v in range(data.shape[2]):
                    out[block, day, v, lane] = data[block, day, v, lane]
                smrz = restore(data[block, day, SMRZ, lane] * scale, low, high)
                out[block, day, SMRZ, lane] = np.uint16(rescale_smrz(smrz, new_low, new_high) / scale + 0.5)


def open_rescaled(
    grid: str,
    smrz_range: str,
    *,
    folder: str | os.PathLike | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Blocks:
    """Map the packed drivers of ``grid`` rescaled as ``smrz_range`` says; they are made when first asked for.

    Parameters
    ----------
    grid : str
        "36km" or "108km", built before; see `data_catalog.world.store.build`.
    smrz_range : str
        "observed" long-term limits, "wilting_point" to the observed maximum, or "minimum_100": the observed minimum to
        saturation.
    folder, progress, cancelled
        As in `data_catalog.world.store.build`.

    Raises
    ------
    ValueError
        If the range is unknown.
    FileNotFoundError
        If the grid has not been built.
    models.kernel.Cancelled
        If ``cancelled`` said yes; nothing is left behind.
    OSError
        If the file cannot be written.
    """
    if smrz_range not in RANGES:
        msg = f"smrz_range = {smrz_range!r} is unknown; {', '.join(RANGES)} are accepted."
        raise ValueError(msg)
    place = folder_of(grid, folder)
    blocks = open_blocks(grid, folder=folder, name=place.name)
    if smrz_range == "observed":
        return blocks
    path = place / f"data-{smrz_range}.npy"
    if not path.is_file():
        limits = _limits(open_limits(grid, folder=folder, name=place.name), blocks, smrz_range)
        _write(path, blocks, limits, progress, cancelled)
    return replace(blocks, data=np.load(path, mmap_mode="r", allow_pickle=False))


def _limits(known: dict[str, np.ndarray], blocks: Blocks, smrz_range: str) -> np.ndarray:
    """Return old and new limits of each lane (block, lane, 4) [%]."""
    low, high = known["smrz_min"], known["smrz_max"]
    new = (known["smrz_wilting"], high) if smrz_range == "wilting_point" else (low, np.full_like(low, SATURATED))
    of_cell = np.stack([low, high, *new], axis=-1).astype(np.float64)
    return np.where(blocks.cell_of[..., None] >= 0, of_cell[blocks.cell_of], (0.0, 1.0, 0.0, 1.0))


def _write(path: Path, blocks: Blocks, limits: np.ndarray, progress, cancelled) -> None:
    """Write the file under another name and rename it when it is whole."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.{uuid.uuid4().hex[:8]}.npy")
    scale = float(blocks.scale[SMRZ])
    try:
        out = np.lib.format.open_memmap(temporary, mode="w+", dtype=blocks.data.dtype, shape=blocks.data.shape)

        def work(first: int, last: int) -> None:
            rescale_blocks(blocks.data[first:last], limits[first:last], scale, out[first:last])

        spread(work, len(out), chunk=16, progress=progress, cancelled=cancelled)
        out.flush()
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
