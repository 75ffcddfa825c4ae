"""Drivers of L4C that are changed on purpose: scaled or shifted everywhere, or dried where and when a drought is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from models.kernel import inline_kernel, kernel
from models.packing import DRIVERS, Blocks
from models.quantity import Column, parameter, parameters_of
from models.wetness import rescale_smrz, restore_smrz

__all__ = ["NEUTRAL", "InputChange", "changed_inputs", "dried", "within"]

ASSUMED = "range assumed"
SMSF, SMRZ = DRIVERS.index("smsf"), DRIVERS.index("smrz_rescaled")
restore = inline_kernel(restore_smrz)


class InputChange(NamedTuple):
    """What is done to an input on every day, in the order of `models.l4c.input_errors.SOURCES`."""

    par: Column = parameter("1", 0.5, 1.5, "PAR, times", "× PAR", ASSUMED)
    fpar: Column = parameter("1", 0.5, 1.5, "fPAR, times (at most 1)", "× fPAR", ASSUMED)
    tmin: Column = parameter("K", -10.0, 10.0, "Tmin, plus", "+ Tmin", ASSUMED)
    vpd: Column = parameter("1", 0.5, 1.5, "VPD, times", "× VPD", ASSUMED)
    smrz_rescaled: Column = parameter("1", 0.5, 1.5, "rescaled root-zone wetness, times", "× SMRZ", ASSUMED)
    t_soil: Column = parameter("K", -10.0, 10.0, "soil temperature, plus", "+ Tsoil", ASSUMED)
    smsf: Column = parameter("1", 0.5, 1.5, "surface wetness, times", "× SMSF", ASSUMED)


NEUTRAL = InputChange(1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)
"""What changes nothing."""


def changed_inputs(blocks: Blocks, changes: Mapping[str, float]) -> Blocks:
    """Return drivers with some inputs scaled or shifted; freezing stays as it was.

    Packed drivers keep their numbers and change what a number stands for, so that nothing is copied.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    changes : mapping
        Field of `InputChange` -> its value; the rest is `NEUTRAL`.

    Raises
    ------
    ValueError
        If an input is unknown, or a value lies out of bounds.
    """
    declared = parameters_of(InputChange)
    scale, offset = np.array(blocks.scale, float), np.array(blocks.offset, float)
    data, fpar, fpar_scale = blocks.data, blocks.fpar, float(blocks.fpar_scale)
    for name, value in changes.items():
        if name not in declared:
            msg = f"{str(name)[:40]!r} is no input that can be changed; {', '.join(declared)} can."
            raise ValueError(msg)
        declared[name].check(f"change of {name}", value)
        if value == getattr(NEUTRAL, name):
            continue
        times, plus = (1.0, value) if declared[name].unit == "K" else (value, 0.0)
        if name == "fpar":
            most = 1.0 / (fpar_scale * times)  # no leaf absorbs more light than there is
            fpar = np.minimum(fpar, np.asarray(most).astype(fpar.dtype))
            if blocks.packed:
                fpar_scale *= times
            else:
                fpar = fpar * np.asarray(times, fpar.dtype)
            continue
        place = DRIVERS.index(name)
        if blocks.packed:
            scale[place], offset[place] = times * scale[place], times * offset[place] + plus
        else:
            data = data.copy() if data is blocks.data else data
            data[:, :, place] = times * data[:, :, place] + plus
    return replace(blocks, data=data, scale=scale, offset=offset, fpar=fpar, fpar_scale=fpar_scale)


def within(blocks: Blocks, mask: np.ndarray) -> tuple[Blocks, np.ndarray]:
    """Return the drivers of the cells of a mask alone, numbered anew.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    mask : (cell,) bool array
        Cells wanted; those without any plant type have no place in the result unless ``blocks`` has one for them.

    Returns
    -------
    Blocks
        Blocks that hold a wanted cell, and tiles of them; the other cells of these are gone.
    cells : (n,) int array
        Place in ``blocks`` of each cell of the result.
    """
    cells = np.flatnonzero(mask)
    number = np.full(blocks.n_cell, -1, np.int32)
    number[cells] = np.arange(cells.size)
    cell_of = np.where(blocks.cell_of >= 0, number[blocks.cell_of], -1).astype(np.int32)
    chosen = replace(blocks, cell_of=cell_of, fraction=np.where(cell_of[blocks.block_of] >= 0, blocks.fraction, 0))
    part = chosen.of(np.flatnonzero((cell_of >= 0).any(axis=1)))
    used = (part.fraction > 0).any(axis=1)
    kept = {name: getattr(part, name)[used] for name in ("fpar", "block_of", "pft", "fraction")}
    return replace(part, n_cell=int(cells.size), **kept), cells


def dried(
    blocks: Blocks, factor: float, days: np.ndarray, cells: np.ndarray, limits: tuple[np.ndarray, np.ndarray]
) -> Blocks:
    """Return drivers whose soil is drier (or wetter) on some days in some cells.

    Surface wetness and root-zone wetness, both in % of saturation, are multiplied by ``factor``; the root zone is then
    rescaled anew between the limits it had, so that what is drier than its driest day counts as that day.

    Parameters
    ----------
    blocks : Blocks
        Drivers; few, since their data are copied.
    factor : float
        0 or more.
    days : (day,) bool array
        When.
    cells : (cell,) bool array
        Where.
    limits : (cell,) array, (cell,) array
        Lowest and highest root-zone wetness [%], between which it was rescaled.

    Raises
    ------
    ValueError
        If the factor is negative or not a number.
    """
    if not 0.0 <= factor < np.inf:
        msg = f"factor = {factor:g}; soil moisture can be multiplied by 0 or more."
        raise ValueError(msg)
    block, lane = np.nonzero((blocks.cell_of >= 0) & np.asarray(cells, bool)[blocks.cell_of])
    of_lane = blocks.cell_of[block, lane]
    low, high = (np.asarray(limit, float)[of_lane] for limit in limits)
    data = blocks.data.copy()
    scale, offset = np.asarray(blocks.scale, float), np.asarray(blocks.offset, float)
    half = 0.5 if blocks.packed else 0.0  # to round when floats become whole numbers
    dry_lanes(data, block, lane, low, high, np.flatnonzero(days), float(factor), scale, offset, half)
    return replace(blocks, data=data)


@kernel
def dry_lanes(data, block, lane, low, high, days, factor, scale, offset, half):
    """Multiply surface and root-zone wetness of some lanes (n,) on some days by a factor, in place.

    ``data`` (block, day, driver, lane) as stored, with ``scale`` and ``offset`` (driver,); ``low``, ``high`` (n,) [%].
    """
    for i in range(block.shape[0]):
        for day in days:
            d = data[block[i], day]
            wet = factor * (d[SMSF, lane[i]] * scale[SMSF] + offset[SMSF])
            d[SMSF, lane[i]] = (min(wet, 100.0) - offset[SMSF]) / scale[SMSF] + half
            root = factor * restore(d[SMRZ, lane[i]] * scale[SMRZ] + offset[SMRZ], low[i], high[i])
            d[SMRZ, lane[i]] = (rescale_smrz(root, low[i], high[i]) - offset[SMRZ]) / scale[SMRZ] + half
