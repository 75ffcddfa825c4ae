r"""Functions that compile to vector instructions, in the float type they are given: exp, and limits that keep NaN.

``np.minimum`` spends three instructions on NaN where the order of one comparison does it. For ``math.exp`` the
compiler calls the C library, one number at a time, which costs a kernel more than half its speed. Here
exp(x) = 2^n exp(r) with \|r\| <= ln(2)/2 and a polynomial for exp(r): Cephes' for float32 (relative error 8e-8),
Taylor's to the 13th power for float64 (error of the last digit).
"""

import numpy as np
from numba import types
from numba.extending import overload

__all__ = ["at_least", "at_most", "exp"]

LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
LOWEST, HIGHEST = np.float32(-89.0), np.float32(88.0)
C7, C6, C5, C4, C3, C2 = (
    np.float32(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
ONE = np.float32(1)
BIAS, LEAST, SHIFT = np.int32(127), np.int32(-127), np.int32(23)

LOG2_E64 = 1.4426950408889634
LN2_HIGH64, LN2_LOW64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOWEST64, HIGHEST64 = -710.0, 709.0
D13, D12, D11, D10 = 1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08, 2.755731922398589e-07
D9, D8, D7, D6 = 2.7557319223985893e-06, 2.48015873015873e-05, 1.984126984126984e-04, 1.3888888888888889e-03
D5, D4, D3 = 8.333333333333333e-03, 4.1666666666666664e-02, 1.6666666666666666e-01
BIAS64, LEAST64, SHIFT64 = np.int64(1023), np.int32(-1023), np.int64(52)

_NUMPY = (types.Number, types.Array)
"""What numpy's own functions take; other types bring rules of their own (`models.l4c.dual`)."""


def at_least(x, low):
    """Return ``x``, or ``low`` where ``x`` is below it; NaN stays NaN."""
    return np.maximum(low, x)


def at_most(x, high):
    """Return ``x``, or ``high`` where ``x`` is above it; NaN stays NaN."""
    return np.minimum(high, x)


def exp(x):
    """Return e to the power of ``x``; 0 below -88 in float32 and -709 in float64, NaN of NaN."""
    return np.exp(x)


def _exp32(x):
    clipped = at_most(at_least(x, LOWEST), HIGHEST)
    n = np.rint(clipped * LOG2_E)
    r = clipped - n * LN2_HIGH - n * LN2_LOW
    p = ((((C7 * r + C6) * r + C5) * r + C4) * r + C3) * r + C2
    p = p * r * r + r + ONE
    # An exponent field of 0 is the number 0: exactly nothing is left far below the pole.
    exponent = max(np.int32(n), LEAST) + BIAS
    return p * np.int32(exponent << SHIFT).view(np.float32)


def _exp64(x):
    clipped = at_most(at_least(x, LOWEST64), HIGHEST64)
    n = np.rint(clipped * LOG2_E64)
    r = clipped - n * LN2_HIGH64 - n * LN2_LOW64
    p = ((((D13 * r + D12) * r + D11) * r + D10) * r + D9) * r + D8
    p = ((((p * r + D7) * r + D6) * r + D5) * r + D4) * r + D3
    p = (p * r + 0.5) * r * r + r + 1.0
    exponent = np.int64(max(np.int32(n), LEAST64)) + BIAS64
    return p * np.int64(exponent << SHIFT64).view(np.float64)


@overload(at_least)
def _at_least(x, low):
    if isinstance(x, types.Float):
        return lambda x, low: max(x, low)
    return (lambda x, low: np.maximum(low, x)) if isinstance(x, _NUMPY) else None


@overload(at_most)
def _at_most(x, high):
    if isinstance(x, types.Float):
        return lambda x, high: min(x, high)
    return (lambda x, high: np.minimum(high, x)) if isinstance(x, _NUMPY) else None


@overload(exp)
def _exp_of_type(x):
    if x == types.float32:
        return _exp32
    if x == types.float64:
        return _exp64
    return (lambda x: np.exp(x)) if isinstance(x, _NUMPY) else None
