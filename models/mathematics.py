"""Functions that become vector code in a loop over lanes, and plain numpy in a plot.

Numba's own ``exp``, ``log`` and ``where`` of scalars are library calls or 0-d arrays, which keep LLVM from
vectorising the loop around them. Here each name is numpy for arrays, and for scalars inside a kernel a
branch-free polynomial or a select. Relative error of ``exp`` and ``log`` is below 6e-16.
"""

import llvmlite.ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic, overload

__all__ = ["arctangent", "clip", "exp", "larger", "log", "power", "smaller", "tanh", "where"]

_INLINE = {"forceinline": True, "error_model": "numpy", "fastmath": {"contract"}, "nogil": True}

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693147180369123816490
LN2_LOW = 1.90821492927058770002e-10
LN2 = 0.6931471805599453
SQRT_2 = 1.4142135623730951
MANTISSA = 0x000FFFFFFFFFFFFF
ONE_BITS = 0x3FF0000000000000
ROUND = 6755399441055744.0
TWO_52 = 4503599627370496.0
TWO_52_BITS = 0x4330000000000000


@intrinsic
def _bits_to_float(typing_context, bits):
    """Read 64 bits as a float."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], llvmlite.ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _float_to_bits(typing_context, x):
    """Read a float as 64 bits."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], llvmlite.ir.IntType(64))

    return types.int64(types.float64), generate


def where(condition, yes, no):
    """Choose ``yes`` where the condition holds, else ``no``."""
    return np.where(condition, yes, no)[()]


def smaller(a, b):
    """Return the smaller of two numbers."""
    return np.minimum(a, b)


def larger(a, b):
    """Return the larger of two numbers."""
    return np.maximum(a, b)


def clip(x, low, high):
    """Keep ``x`` within [low, high]."""
    return np.minimum(np.maximum(x, low), high)


def exp(x):
    """Exponential; the argument is kept within +-700."""
    return np.exp(np.clip(x, -700.0, 700.0))


def log(x):
    """Natural logarithm of a positive, normal number."""
    return np.log(x)


def power(x, y):
    """Raise a positive number to any power."""
    return np.exp(np.clip(y * np.log(x), -700.0, 700.0))


def tanh(x):
    """Hyperbolic tangent of a number >= 0."""
    return np.tanh(x)


def arctangent(x):
    """Arc tangent of a number from 1 to 8."""
    return np.arctan(x)


def _is_array(*kinds):
    return any(isinstance(kind, types.Array) for kind in kinds)


@overload(where, jit_options=_INLINE)
def _where(condition, yes, no):
    if _is_array(condition, yes, no):
        return lambda condition, yes, no: np.where(condition, yes, no)
    return lambda condition, yes, no: yes if condition else no


@overload(smaller, jit_options=_INLINE)
def _smaller(a, b):
    if _is_array(a, b):
        return lambda a, b: np.minimum(a, b)
    return lambda a, b: a if a < b else b


@overload(larger, jit_options=_INLINE)
def _larger(a, b):
    if _is_array(a, b):
        return lambda a, b: np.maximum(a, b)
    return lambda a, b: a if a > b else b


@overload(clip, jit_options=_INLINE)
def _clip(x, low, high):
    return lambda x, low, high: smaller(larger(x, low), high)


@overload(exp, jit_options=_INLINE)
def _exp(x):
    if _is_array(x):
        return lambda x: np.exp(smaller(larger(x, -700.0), 700.0))

    def scalar(x):
        x = smaller(larger(x, -700.0), 700.0)
        # Adding 1.5 * 2^52 rounds to a whole number, which then stands in the low bits.
        shifted = x * LOG2_E + ROUND
        n = shifted - ROUND
        r = (x - n * LN2_HIGH) - n * LN2_LOW
        # Even and odd powers apart: two short chains of multiply-adds instead of one long one.
        s = r * r
        even = 1.0 + s * (1 / 2 + s * (1 / 24 + s * (1 / 720 + s * (1 / 40320 + s * (1 / 3628800 + s / 479001600)))))
        odd = 1.0 + s * (1 / 6 + s * (1 / 120 + s * (1 / 5040 + s * (1 / 362880 + s / 39916800))))
        return (even + r * odd) * _bits_to_float((_float_to_bits(shifted) + 1023) << 52)

    return scalar


@overload(log, jit_options=_INLINE)
def _log(x):
    if _is_array(x):
        return lambda x: np.log(x)

    def scalar(x):
        bits = _float_to_bits(x)
        mantissa = _bits_to_float((bits & MANTISSA) | ONE_BITS)
        big = mantissa > SQRT_2
        m = 0.5 * mantissa if big else mantissa
        # The exponent as the low bits of a float of 2^52.
        exponent = _bits_to_float((bits >> 52) | TWO_52_BITS) - (TWO_52 + 1023.0) + (1.0 if big else 0.0)
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        y = z * z
        even = 1.0 + y * (1 / 5 + y * (1 / 9 + y * (1 / 13 + y * (1 / 17 + y / 21))))
        odd = 1 / 3 + y * (1 / 7 + y * (1 / 11 + y * (1 / 15 + y / 19)))
        return 2.0 * s * (even + z * odd) + exponent * LN2

    return scalar


@overload(power, jit_options=_INLINE)
def _power(x, y):
    return lambda x, y: exp(y * log(x))


@overload(tanh, jit_options=_INLINE)
def _tanh(x):
    if _is_array(x):
        return lambda x: np.tanh(x)

    def scalar(x):
        e = exp(-2.0 * x)
        return (1.0 - e) / (1.0 + e)

    return scalar


@overload(arctangent, jit_options=_INLINE)
def _arctangent(x):
    if _is_array(x):
        return lambda x: np.arctan(x)

    def scalar(x):
        # atan x = pi/4 + atan((x - 1) / (x + 1)); a Chebyshev fit of the latter on [0, 0.78], error 4e-10.
        t = (x - 1.0) / (x + 1.0)
        z = t * t
        y = z * z
        even = 0.9999999994745353 + y * (
            0.19999344945633515 + y * (0.11006533549395682 + y * (0.059332029960835274 + y * 0.007745111975647283))
        )
        odd = -0.3333331892043461 + y * (-0.14274122323039148 + y * (-0.0854543061194229 + y * -0.03012053013012684))
        return 0.7853981633974483 + t * (even + z * odd)

    return scalar
