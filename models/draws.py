"""Random numbers that are a function of where they are used, not of what was drawn before.

A draw is named by (seed, stream, column, step): equal names give equal numbers, whatever the
order, the subset of columns or the number of threads, and two runs that differ in one setting
share their noise. Philox4x32 with ten rounds (Salmon et al. 2011, SC11, doi 10.1145/2063384.2063405).
"""

import numpy as np

from models.kernel import inline_kernel, kernel

__all__ = ["normal_pair", "philox", "uniform_pair", "uniforms"]

LOW = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
MULTIPLY_0 = np.uint64(0xD2511F53)
MULTIPLY_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
TO_UNIT = 1.0 / 4294967296.0


@kernel
def philox(c0, c1, c2, c3, k0, k1):
    """Scramble a counter of four 32-bit words under a key of two; returns four words as uint64."""
    x0, x1, x2, x3 = np.uint64(c0) & LOW, np.uint64(c1) & LOW, np.uint64(c2) & LOW, np.uint64(c3) & LOW
    a, b = np.uint64(k0) & LOW, np.uint64(k1) & LOW
    for _ in range(10):
        p0, p1 = MULTIPLY_0 * x0, MULTIPLY_1 * x2
        x0, x1, x2, x3 = (p1 >> SHIFT) ^ x1 ^ a, p1 & LOW, (p0 >> SHIFT) ^ x3 ^ b, p0 & LOW
        a, b = (a + WEYL_0) & LOW, (b + WEYL_1) & LOW
    return x0, x1, x2, x3


@inline_kernel
def uniform_pair(seed, stream, column, step):
    """Two independent uniforms in (0, 1) for this seed, stream, column and step."""
    x0, x1, _, _ = philox(column, step, stream, 0, seed, 0)
    return (x0 + 0.5) * TO_UNIT, (x1 + 0.5) * TO_UNIT


@inline_kernel
def normal_pair(seed, stream, column, step):
    """Two independent standard normals for this seed, stream, column and step (Box and Muller 1958)."""
    u, v = uniform_pair(seed, stream, column, step)
    radius = np.sqrt(-2.0 * np.log(u))
    return radius * np.cos(2.0 * np.pi * v), radius * np.sin(2.0 * np.pi * v)


@kernel
def uniforms(seed, stream, columns, steps, out):
    """Fill ``out`` (column, step) with the first uniform of every column and step number given."""
    for c in range(columns.shape[0]):
        for t in range(steps.shape[0]):
            u, _ = uniform_pair(seed, stream, columns[c], steps[t])
            out[c, t] = u
