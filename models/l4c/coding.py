"""How a multiplier between 0 and 1 is kept: as it is in float runs, as a 16-bit code of its root in packed ones.

The square root keeps small multipliers (a tundra's decomposition) to a per mille of their value and those near 1 to
1.5e-5, at half the memory of float32. One source serves both: the type of the array chooses.
"""

import numpy as np
from numba import types
from numba.extending import overload

__all__ = ["decode", "encode", "known"]

STEPS = np.float32(65535)
STEP = np.float32(1 / 65535)
HALF = np.float32(0.5)


def decode(raw):
    """Return the multiplier [1] of a stored number."""
    if np.asarray(raw).dtype == np.uint16:
        return np.square(np.asarray(raw, np.float32) * STEP)
    return raw


def encode(store, value):
    """Return the number that stands for the multiplier ``value`` [1] in an array like ``store``."""
    if store.dtype == np.uint16:
        return np.uint16(np.sqrt(value) * STEPS + HALF)
    return value


def known(raw, value):
    """Tell whether ``value``, made of the stored number ``raw``, is there: integers have no missing values."""
    del raw
    return value == value  # NaN is not


@overload(known)
def _known(raw, value):
    if isinstance(raw, types.Integer):
        return lambda raw, value: True
    return lambda raw, value: value == value


@overload(decode)
def _decode(raw):
    if raw == types.uint16:

        def code(raw):
            root = np.float32(raw) * STEP
            return root * root

        return code
    return lambda raw: raw


@overload(encode)
def _encode(store, value):
    if store.dtype == types.uint16:
        return lambda store, value: np.uint16(np.sqrt(value) * STEPS + HALF)
    return lambda store, value: value
