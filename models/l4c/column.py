"""Loops of L4C over days and lanes: a tile is one plant functional type over a block of 16 cells.

Every kernel takes ``first, last`` (positions in ``tiles``) so that `models.kernel.spread` can hand it to several
cores, and plain arrays with the lanes in the last axis flattened into it, because one flat row a day is what the
compiler turns into vectors:

``tiles`` (n,) tile numbers to run, ``block_of`` (tile,), ``data`` (block, day, variable * lane),
``fpar`` (tile, step, lane), ``fpar_step`` (day,), ``rows`` (row, parameter * lane) in the order of `PARAMETERS`,
``row_of`` (tile,) the row of ``rows`` a tile takes, ``bin_of_day`` (day,) output bin of a day or -1, ``litter``
(tile or 1, step, lane) share of the mean daily litterfall that falls on a day of a step, ``litter_step`` (day,).
Results and states have ``last - first`` tiles, ``n`` below.

Outputs are sums over the days of a bin. They have one bin more than asked for: days outside all bins fall there.
"""

import numpy as np

from models.kernel import inline_kernel, kernel, plain_equation
from models.l4c.coding import decode, encode, known
from models.l4c.exponential import at_least, at_most
from models.l4c.physics import ONE, ZERO, arrhenius_above, fall, freeze_thaw, gross_production, rise
from models.packing import LANES

__all__ = [
    "FULL",
    "LIVE",
    "PARAMETERS",
    "decompose",
    "equilibrium",
    "factor_out",
    "light_use",
    "move_ramp",
    "run_full",
    "run_live",
    "settle",
    "sum_bins",
    "temperature",
]

PARAMETERS = (
    "light",  # lue_max, times the units of par and fpar
    "vpd_high",
    "vpd_slope",
    "tmin_low",
    "tmin_slope",
    "smrz_low",
    "smrz_slope",
    "ft_min",
    "ft_max",
    "beta0",
    "inverse_beta1",
    "t_scale",  # t_above = t_soil as stored * t_scale + t_offset
    "t_offset",
    "smsf_low",
    "smsf_slope",
    "k_fast",
    "k_med",
    "k_slow",
    "f_fast",
    "f_med",
)
"""Rows of the parameter table of a kernel, in the units in which the drivers are stored."""

L = LANES
STEPS, HALF, LEAST = np.float32(65535), np.float32(0.5), np.float32(1e-30)
# Where each driver and parameter starts in a flat row.
PAR, TMIN, VPD, SMRZ, SMSF, T_SOIL, FROZEN = (v * LANES for v in range(7))
LIGHT, VPD_HIGH, VPD_SLOPE, TMIN_LOW, TMIN_SLOPE, SMRZ_LOW, SMRZ_SLOPE = (v * LANES for v in range(7))
FT_MIN, FT_MAX, BETA0, INVERSE_BETA1, T_SCALE, T_OFFSET = (v * LANES for v in range(7, 13))
SMSF_LOW, SMSF_SLOPE, K_FAST, K_MED, K_SLOW, F_FAST, F_MED = (v * LANES for v in range(13, 20))
FAST, MED, SLOW, LITTER, MEAN_LITTER = (v * LANES for v in range(5))
"""The state of a tile: three pools [gC m-2], the day's litterfall and its mean over the year [gC m-2 d-1]."""

LIVE = ("gpp", "rh", "soc")
FULL = (
    "gpp", "rh_fast", "rh_med", "rh_slow", "soc_fast", "soc_med", "soc_slow",
    "e_mult", "f_vpd", "f_tmin", "f_smrz", "f_ft", "t_mult", "w_mult",
)  # fmt: skip
"""Outputs of `run_full`; pools are those at the start of a day, rh_med is what leaves the soil."""


@inline_kernel
def number(like, raw):
    """Turn a stored number into the float type of the parameters."""
    return like.dtype.type(raw)


# The next ones are functions of their own: pasted into a loop by `inline_kernel`, their arrays keep it from vectors.
@plain_equation
def gpp_from(k, par, fpar, vpd, tmin, smrz, frozen, p):
    """GPP [gC m-2 d-1] of lane ``k`` from drivers, as numbers or duals, and the parameters (Eq. 3-5)."""
    return gross_production(
        p[LIGHT + k],
        par * fpar,
        fall(vpd, p[VPD_HIGH + k], p[VPD_SLOPE + k]),
        rise(tmin, p[TMIN_LOW + k], p[TMIN_SLOPE + k]),
        rise(smrz, p[SMRZ_LOW + k], p[SMRZ_SLOPE + k]),
        freeze_thaw(frozen, p[FT_MIN + k], p[FT_MAX + k]),
    )


@kernel
def gpp_of(k, d, f, p):
    """GPP [gC m-2 d-1] of lane ``k`` from a day's drivers, fPAR and the parameters (Eq. 3-5)."""
    par, vpd, tmin = number(p, d[PAR + k]), number(p, d[VPD + k]), number(p, d[TMIN + k])
    return gpp_from(k, par, number(p, f[k]), vpd, tmin, number(p, d[SMRZ + k]), number(p, d[FROZEN + k]), p)


@plain_equation
def kmult_from(k, t_soil, smsf, p):
    """Multiplier of decomposition [1] of lane ``k`` from drivers, as numbers or duals (Eq. 5, 9)."""
    above = t_soil * p[T_SCALE + k] + p[T_OFFSET + k]
    return arrhenius_above(above, p[BETA0 + k], p[INVERSE_BETA1 + k]) * rise(smsf, p[SMSF_LOW + k], p[SMSF_SLOPE + k])


@kernel
def set_litter(s, share):
    """Set the litterfall of the days to come to their share of the mean."""
    for k in range(L):
        s[LITTER + k] = s[MEAN_LITTER + k] * share[k]


@kernel
def light_use(first, last, tiles, block_of, data, fpar, fpar_step, rows, row_of, bin_of_day, out, year):
    """Sum GPP (Eq. 3-5) into bins, and what litterfall needs.

    ``out`` (n, bin + 1, lane) GPP [gC m-2]; ``year`` (n, 2 * lane): sum over the days that have a value, and
    their number.
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        y = year[i - first]
        for day in range(bin_of_day.shape[0]):
            d = data[block_of[tile], day]
            f = fpar[tile, fpar_step[day]]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                gpp = gpp_of(k, d, f, p)
                o[k] += gpp
                there = known(d[PAR + k], gpp)
                y[k] += gpp if there else ZERO
                y[L + k] += ONE if there else ZERO


@kernel
def temperature(first, last, tiles, block_of, data, rows, row_of, pair):
    """Put what decomposition needs in one cache line a day: ``pair`` (n, day, 2 * lane).

    Its first half is the temperature multiplier (Eq. 9), coded as `models.l4c.coding` says, the second SMSF as stored.
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        for day in range(pair.shape[1]):
            d = data[block_of[tile], day]
            o = pair[i - first, day]
            for k in range(L):
                above = number(p, d[T_SOIL + k]) * p[T_SCALE + k] + p[T_OFFSET + k]
                o[k] = encode(pair, arrhenius_above(above, p[BETA0 + k], p[INVERSE_BETA1 + k]))
                o[L + k] = d[SMSF + k]


@kernel
def equilibrium(first, last, tiles, pair, litter, litter_step, rows, row_of, year):
    """Compose the recurrence of the pools over a year: an affine map of the pools at its start.

    With a unit of mean daily litterfall, C1 -> (1 - u1) C1 + b1, C2 -> (1 - u2) C2 + b2 and
    C3 -> (1 - u3) C3 + v C2 + e: ``year`` (n, 8 * lane) receives u1, b1, u2, b2, u3, v, e (u instead of 1 - u, which
    float32 would round to 1) and the sum of Kmult. ``pair`` is that of `temperature`.
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        w = year[i - first]
        weights = litter[min(tile, litter.shape[0] - 1)]
        for day in range(pair.shape[1]):
            d = pair[i - first, day]
            share = weights[litter_step[day]]
            for k in range(L):
                km = decode(d[k]) * rise(number(p, d[L + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k])
                there = known(d[L + k], km)
                km = km if there else ZERO
                fall_in = share[k] if there else ZERO
                k1, k2, k3 = km * p[K_FAST + k], km * p[K_MED + k], km * p[K_SLOW + k]
                source = p[F_MED + k] * k2
                w[5 * L + k] += source * (ONE - w[2 * L + k]) - k3 * w[5 * L + k]
                w[6 * L + k] += source * w[3 * L + k] - k3 * w[6 * L + k]
                w[4 * L + k] += k3 * (ONE - w[4 * L + k])
                w[k] += k1 * (ONE - w[k])
                w[L + k] += fall_in * p[F_FAST + k] - k1 * w[L + k]
                w[2 * L + k] += k2 * (ONE - w[2 * L + k])
                w[3 * L + k] += fall_in * (ONE - p[F_FAST + k]) - k2 * w[3 * L + k]
                w[7 * L + k] += km


@kernel
def decay(k, km, there, p, s):
    """Run the pools of lane ``k`` for a day (Eq. 6-8, explicit): returns what leaves each, NaN if Kmult is not there.

    A day without Kmult (missing soil moisture or temperature) leaves the pools as they were, and brings no litter.
    """
    still = km if there else ZERO
    fall_in = s[LITTER + k] if there else ZERO
    out_fast = still * p[K_FAST + k] * s[FAST + k]
    out_med = still * p[K_MED + k] * s[MED + k]
    out_slow = still * p[K_SLOW + k] * s[SLOW + k]
    to_slow = p[F_MED + k] * out_med
    to_fast = p[F_FAST + k] * fall_in
    s[FAST + k] += to_fast - out_fast
    s[MED + k] += (fall_in - to_fast) - out_med
    s[SLOW + k] += to_slow - out_slow
    return out_fast if there else km, out_med - to_slow if there else km, out_slow if there else km


@kernel
def settle(first, last, year, pools):
    """Solve the map of `equilibrium` for the ``pools`` (n, 3 * lane) that a year leaves as it found them.

    A pool that never decays has no steady state and gets 0.
    """
    for i in range(last - first):
        w, c = year[i], pools[i]
        for k in range(L):
            c[FAST + k] = w[L + k] / w[k] if w[k] > ZERO else ZERO
            c[MED + k] = w[3 * L + k] / w[2 * L + k] if w[2 * L + k] > ZERO else ZERO
            source = w[5 * L + k] * c[MED + k] + w[6 * L + k]
            c[SLOW + k] = source / w[4 * L + k] if w[4 * L + k] > ZERO else ZERO


@kernel
def sum_bins(first, last, bins, whole):
    """Add up the bins of each tile: ``bins`` (n, bin, x) into ``whole`` (n, x)."""
    for i in range(last - first):
        for one in range(bins.shape[1]):
            for k in range(bins.shape[2]):
                whole[i, k] += bins[i, one, k]


@kernel
def decompose(first, last, tiles, pair, litter, litter_step, rows, row_of, bin_of_day, state, out):
    """Sum RH and SOC (Eq. 6-9) into bins, from the ``pair`` of `temperature`.

    ``state`` (n, 5 * lane): the pools, the day's litterfall (set here) and the mean daily litterfall; left at the
    end of the last day. ``out`` (n, bin + 1, 2 * lane): RH [gC m-2], SOC at the start of the day [gC m-2].
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        s = state[i - first]
        weights = litter[min(tile, litter.shape[0] - 1)]
        step = -1
        for day in range(bin_of_day.shape[0]):
            if litter_step[day] != step:
                step = litter_step[day]
                set_litter(s, weights[step])
            d = pair[i - first, day]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                km = decode(d[k]) * rise(number(p, d[L + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k])
                soc = s[FAST + k] + s[MED + k] + s[SLOW + k]
                fast, med, slow = decay(k, km, known(d[L + k], km), p, s)
                o[k] += fast + med + slow
                o[L + k] += soc


@kernel
def factor_out(first, last, tiles, block_of, data, fpar, fpar_step, rows, row_of, driver, scratch, pair, scale):
    """Put what GPP needs while one ramp moves in one cache line a day: ``pair`` (n, day, 2 * lane) uint16.

    Its first half is GPP by the other factors (the rows of the moving one must say "no limit") over ``scale``
    (n, lane), the second ``driver`` (its place times `LANES`) as stored. ``scratch`` (day, lane) is room to work in.
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        top = scale[i - first]
        for day in range(pair.shape[1]):
            d = data[block_of[tile], day]
            f = fpar[tile, fpar_step[day]]
            g = scratch[day]
            for k in range(L):
                g[k] = gpp_of(k, d, f, p)
                top[k] = max(top[k], g[k])
        for day in range(pair.shape[1]):
            x = data[block_of[tile], day, driver : driver + L]
            g = scratch[day]
            o = pair[i - first, day]
            for k in range(L):
                o[k] = np.uint16(g[k] / max(top[k], LEAST) * STEPS + HALF)
                o[L + k] = x[k]
        for k in range(L):
            top[k] = top[k] / STEPS


@kernel
def move_ramp(first, last, pair, scale, slope, at_zero, bin_of_day, out):
    """Sum GPP into bins while one ramp moves, as `light_use` does, from the pair of `factor_out`.

    The moving factor is ``at_zero + slope * driver`` (lane,), cut off at 0 and 1.
    """
    for i in range(first, last):
        top = scale[i - first]
        for day in range(bin_of_day.shape[0]):
            d = pair[i - first, day]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                gpp = (
                    number(slope, d[k])
                    * top[k]
                    * at_most(at_least(number(slope, d[L + k]) * slope[k] + at_zero[k], ZERO), ONE)
                )
                o[k] += gpp


@kernel
def run_live(
    first, last, tiles, block_of, data, fpar, fpar_step, litter, litter_step, rows, row_of, bin_of_day, state, out
):
    """Sum the outputs `LIVE` of the whole model into bins; arguments as in `light_use` and `decompose`."""
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        s = state[i - first]
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
                gpp = gpp_of(k, d, f, p)
                km = kmult_from(k, number(p, d[T_SOIL + k]), number(p, d[SMSF + k]), p)
                soc = s[FAST + k] + s[MED + k] + s[SLOW + k]
                fast, med, slow = decay(k, km, known(d[SMSF + k], km), p, s)
                o[k] += gpp
                o[L + k] += fast + med + slow
                o[2 * L + k] += soc


@kernel
def run_full(
    first, last, tiles, block_of, data, fpar, fpar_step, litter, litter_step, rows, row_of, bin_of_day, state, out
):
    """Sum the outputs `FULL` of the whole model into bins; arguments as in `light_use` and `decompose`."""
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        s = state[i - first]
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
                f_vpd = fall(number(p, d[VPD + k]), p[VPD_HIGH + k], p[VPD_SLOPE + k])
                f_tmin = rise(number(p, d[TMIN + k]), p[TMIN_LOW + k], p[TMIN_SLOPE + k])
                f_smrz = rise(number(p, d[SMRZ + k]), p[SMRZ_LOW + k], p[SMRZ_SLOPE + k])
                f_ft = freeze_thaw(number(p, d[FROZEN + k]), p[FT_MIN + k], p[FT_MAX + k])
                e_mult = f_vpd * f_tmin * f_smrz * f_ft
                above = number(p, d[T_SOIL + k]) * p[T_SCALE + k] + p[T_OFFSET + k]
                t_mult = arrhenius_above(above, p[BETA0 + k], p[INVERSE_BETA1 + k])
                w_mult = rise(number(p, d[SMSF + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k])
                km = t_mult * w_mult
                o[4 * L + k] += s[FAST + k]
                o[5 * L + k] += s[MED + k]
                o[6 * L + k] += s[SLOW + k]
                fast, med, slow = decay(k, km, known(d[SMSF + k], km), p, s)
                o[k] += p[LIGHT + k] * (number(p, d[PAR + k]) * number(p, f[k])) * e_mult
                o[L + k] += fast
                o[2 * L + k] += med
                o[3 * L + k] += slow
                o[7 * L + k] += e_mult
                o[8 * L + k] += f_vpd
                o[9 * L + k] += f_tmin
                o[10 * L + k] += f_smrz
                o[11 * L + k] += f_ft
                o[12 * L + k] += t_mult
                o[13 * L + k] += w_mult
