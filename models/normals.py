"""Standard normal numbers in bulk, each named by (seed, stream, cell, step, row, member).

The same name gives the same number whatever else is drawn: any chunk of cells or steps, any number of threads, and
a larger ensemble begins with the members of a smaller one. Philox4x32-10 (see `models.draws`), each four words of
32 bits turned into the normals of four members side by side (Box and Muller 1958), in vector code.
"""

import math

import numpy as np

from models.draws import philox
from models.kernel import equation, kernel, lane_kernel
from models.mathematics import log, where

__all__ = ["NORMALS_KEY", "draw_normals", "normals", "padded"]

TO_UNIT = 1.0 / 4294967296.0
QUARTER = math.pi / 4.0
NORMALS_KEY = 2
"""Second word of the key, so that these numbers are none of those drawn under keys 0 and 1."""

_scramble = equation(getattr(philox, "py_func", philox))


def padded(members: int) -> int:
    """Return the length of a row that holds ``members`` normals: four come at a time."""
    return -(-members // 4) * 4


@equation
def _sine_cosine(word):
    """Sine and cosine of a random angle: 30 bits place it in a quarter turn, two choose the quarter."""
    x = ((word >> np.uint64(2)) + 0.5) * (8.0 * QUARTER * TO_UNIT) - QUARTER
    y = x * x
    s = x * (1.0 + y * (-1 / 6 + y * (1 / 120 + y * (-1 / 5040 + y * (1 / 362880 + y * (-1 / 39916800))))))
    c = 1.0 + y * (-1 / 2 + y * (1 / 24 + y * (-1 / 720 + y * (1 / 40320 + y * (-1 / 3628800 + y / 479001600)))))
    odd, half = word & np.uint64(1), word & np.uint64(2)
    sign = 1.0 - np.float64(half)
    return sign * where(odd == np.uint64(1), c, s), sign * where(odd == np.uint64(1), -s, c)


@equation
def _box_muller(a, b):
    """Two normals from two words of 32 bits."""
    radius = np.sqrt(-2.0 * log((a + 0.5) * TO_UNIT))
    s, c = _sine_cosine(b)
    return radius * c, radius * s


@lane_kernel
def draw_normals(seed, stream, cell, step_of, name_of, out):
    """Fill ``out`` (4 * group,) for one cell: group g holds four members of step ``step_of[g]``.

    Parameters
    ----------
    seed, stream, cell : int
        First three parts of the name.
    step_of, name_of : (group,) int64 array
        Step number, and row * 65536 + (first member) / 4, of each group.
    out : (4 * group,) array
        Normals.
    """
    for g in range(step_of.shape[0]):
        a, b, c, d = _scramble(cell, step_of[g], name_of[g], stream, seed, NORMALS_KEY)
        z0, z1 = _box_muller(a, b)
        z2, z3 = _box_muller(c, d)
        out[4 * g] = z0
        out[4 * g + 1] = z1
        out[4 * g + 2] = z2
        out[4 * g + 3] = z3


@kernel
def _fill(seed, stream, cells, steps, rows, groups, step_of, name_of, out):
    """Fill ``out`` (cell, step, row, 4 * groups)."""
    for t in range(steps.shape[0]):
        for row in range(rows):
            for g in range(groups):
                at = (t * rows + row) * groups + g
                step_of[at] = steps[t]
                name_of[at] = row * 65536 + g
    for c in range(cells.shape[0]):
        draw_normals(seed, stream, cells[c], step_of, name_of, out[c])


def normals(seed: int, stream: int, cells: np.ndarray, steps: np.ndarray, rows: int, members: int) -> np.ndarray:
    """Draw standard normals by name.

    Parameters
    ----------
    seed, stream : int
        The experiment's seed; which use of it this is.
    cells, steps : int arrays
        Numbers of the cells and of the steps.
    rows, members : int
        How many rows (fields, observations) and members.

    Returns
    -------
    (cell, step, row, member) array
        Independent standard normals.
    """
    cells, steps = np.asarray(cells, np.int64), np.asarray(steps, np.int64)
    wide = padded(members)
    count = steps.size * rows * wide // 4
    out = np.empty((cells.size, 4 * count))
    _fill(seed, stream, cells, steps, rows, wide // 4, np.empty(count, np.int64), np.empty(count, np.int64), out)
    return out.reshape(cells.size, steps.size, rows, wide)[..., :members]
