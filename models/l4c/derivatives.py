"""Kernels of L4C on dual numbers: the derivatives of a day's NEE by that day's inputs, summed as they come.

Arguments are those of `models.l4c.column`. The seven inputs come in the order of `models.l4c.input_errors.SOURCES`, in
the units in which they are stored. Soil carbon is the run's own, and does not answer: it is the sum of years, whose
errors the day's inputs do not make.
"""

import numpy as np

from models.kernel import kernel, plain_equation
from models.l4c.column import (
    F_MED,
    FAST,
    FROZEN,
    K_FAST,
    K_MED,
    K_SLOW,
    MED,
    PAR,
    SLOW,
    SMRZ,
    SMSF,
    T_SOIL,
    TMIN,
    VPD,
    decay,
    gpp_from,
    kmult_from,
    number,
    set_litter,
)
from models.l4c.dual import seed, tangent, value
from models.l4c.physics import ONE
from models.packing import LANES

__all__ = ["ROWS", "jacobian_kernel", "rh_of_one", "stored_errors", "variance_kernel"]

L = LANES
ROWS = 9
"""Outputs of `variance_kernel`: seven squared errors, GPP, RH."""


@plain_equation
def _gpp(k, d, f, p):
    """GPP as a dual of PAR (0), fPAR (1), Tmin (2), VPD (3) and SMRZ (4)."""
    par, fpar = seed(number(p, d[PAR + k]), 0), seed(number(p, f[k]), 1)
    tmin, vpd, smrz = (
        seed(number(p, d[TMIN + k]), 2),
        seed(number(p, d[VPD + k]), 3),
        seed(number(p, d[SMRZ + k]), 4),
    )
    return gpp_from(k, par, fpar, vpd, tmin, smrz, number(p, d[FROZEN + k]), p)


@plain_equation
def _kmult(k, d, p):
    """Kmult as a dual of Tsoil (5) and SMSF (6)."""
    return kmult_from(k, seed(number(p, d[T_SOIL + k]), 5), seed(number(p, d[SMSF + k]), 6), p)


@plain_equation
def rh_of_one(k, p, s):
    """RH [gC m-2 d-1] for Kmult = 1: RH is proportional to it (Eq. 6-8)."""
    return (
        p[K_FAST + k] * s[FAST + k] + (ONE - p[F_MED + k]) * (p[K_MED + k] * s[MED + k]) + p[K_SLOW + k] * s[SLOW + k]
    )


@kernel
def jacobian_kernel(
    first, last, tiles, block_of, data, fpar, fpar_step, litter, litter_step, rows, row_of, npp_share, state, out
):
    """Write d(NEE)/d(input) of every day: ``out`` (n, day, 7 * lane); ``npp_share`` (tile, lane) is 1 - f_aut."""
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        s = state[i - first]
        share = npp_share[tile]
        weights = litter[min(tile, litter.shape[0] - 1)]
        step = -1
        for day in range(out.shape[1]):
            if litter_step[day] != step:
                step = litter_step[day]
                set_litter(s, weights[step])
            d = data[block_of[tile], day]
            f = fpar[tile, fpar_step[day]]
            o = out[i - first, day]
            for k in range(L):
                gpp, km, rate = _gpp(k, d, f, p), _kmult(k, d, p), rh_of_one(k, p, s)
                o[k] = -share[k] * tangent(gpp, 0)
                o[L + k] = -share[k] * tangent(gpp, 1)
                o[2 * L + k] = -share[k] * tangent(gpp, 2)
                o[3 * L + k] = -share[k] * tangent(gpp, 3)
                o[4 * L + k] = -share[k] * tangent(gpp, 4)
                o[5 * L + k] = rate * tangent(km, 5)
                o[6 * L + k] = rate * tangent(km, 6)
                there = value(km) == value(km)
                decay(k, value(km), there, p, s)


@kernel
def variance_kernel(
    first, last, tiles, block_of, data, fpar, fpar_step, litter, litter_step, rows, row_of, bin_of_day, npp_share,
    absolute, relative, state, out,
):  # fmt: skip
    """Sum the squared NEE error of each input (Eq. 10, diagonal) into bins, and GPP and RH.

    ``absolute``, ``relative`` (row, 7): error of an input as stored = absolute + relative * input. ``out`` (n, bin + 1,
    9 * lane) [(gC m-2 d-1)2, gC m-2].
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        a, r = absolute[tile], relative[tile]
        s = state[i - first]
        share = npp_share[tile]
        weights = litter[min(tile, litter.shape[0] - 1)]
        step = -1
        for day in range(bin_of_day.shape[0]):
            if litter_step[day] != step:
                step = litter_step[day]
                set_litter(s, weights[step])
            d = data[block_of[tile], day]
            f = fpar[tile, fpar_step[day]]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                gpp, km, rate = _gpp(k, d, f, p), _kmult(k, d, p), rh_of_one(k, p, s)
                there = value(km) == value(km)
                fast, med, slow = decay(k, value(km), there, p, s)
                e0 = share[k] * tangent(gpp, 0) * (r[0] * number(p, d[PAR + k]))
                e1 = share[k] * tangent(gpp, 1) * (r[1] * number(p, f[k]))
                e2 = share[k] * tangent(gpp, 2) * a[2]
                e3 = share[k] * tangent(gpp, 3) * (a[3] + r[3] * number(p, d[VPD + k]))
                e4 = share[k] * tangent(gpp, 4) * a[4]
                e5 = rate * tangent(km, 5) * a[5]
                e6 = rate * tangent(km, 6) * a[6]
                o[k] += e0 * e0
                o[L + k] += e1 * e1
                o[2 * L + k] += e2 * e2
                o[3 * L + k] += e3 * e3
                o[4 * L + k] += e4 * e4
                o[5 * L + k] += e5 * e5
                o[6 * L + k] += e6 * e6
                o[7 * L + k] += value(gpp)
                o[8 * L + k] += fast + med + slow


def stored_errors(
    absolute: np.ndarray, relative: np.ndarray, scale: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn errors (row, 7) of physical inputs into errors of stored ones: sigma = abs/scale + rel * (x + offset/scale).

    ``scale``, ``offset`` (7,): physical = stored * scale + offset.
    """
    return absolute / scale + relative * (offset / scale), relative
