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


from models.kernel import inline_kernel, kernel
from models.l4c.coding import decode, encode
from models.l4c.physics import ONE, ZERO, arrhenius_above, fall, freeze_thaw, rise
from models.packing import LANES

__all__ = ["FULL", "LIVE", "PARAMETERS", "decompose", "equilibrium", "light_use", "run_full", "run_live", "temperature"]

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
                gpp = (
                    p[LIGHT + k]
                    * (number(p, d[PAR + k]) * number(p, f[k]))
                    * fall(number(p, d[VPD + k]), p[VPD_HIGH + k], p[VPD_SLOPE + k])
                    * rise(number(p, d[TMIN + k]), p[TMIN_LOW + k], p[TMIN_SLOPE + k])
                    * rise(number(p, d[SMRZ + k]), p[SMRZ_LOW + k], p[SMRZ_SLOPE + k])
                    * freeze_thaw(number(p, d[FROZEN + k]), p[FT_MIN + k], p[FT_MAX + k])
                )
                o[k] += gpp
                there = gpp == gpp
                y[k] += gpp if there else ZERO
                y[L + k] += ONE if there else ZERO


@kernel
def temperature(first, last, tiles, block_of, data, rows, row_of, out):
    """Temperature multiplier of decomposition (Eq. 9), coded as `models.l4c.coding` says, into ``out`` (n, day, lane)."""
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        for day in range(out.shape[1]):
            d = data[block_of[tile], day]
            o = out[i - first, day]
            for k in range(L):
                above = number(p, d[T_SOIL + k]) * p[T_SCALE + k] + p[T_OFFSET + k]
                o[k] = encode(out, arrhenius_above(above, p[BETA0 + k], p[INVERSE_BETA1 + k]))


@kernel
def equilibrium(first, last, tiles, block_of, data, t_mult, litter, litter_step, rows, row_of, year):
    """Compose the recurrence of the pools over a year: an affine map of the pools at its start.

    With a unit of mean daily litterfall, C1 -> (1 - u1) C1 + b1, C2 -> (1 - u2) C2 + b2 and
    C3 -> (1 - u3) C3 + v C2 + e: ``year`` (n, 8 * lane) receives u1, b1, u2, b2, u3, v, e (u instead of
    1 - u, which float32 would round to 1) and the sum of Kmult.
    """
    for i in range(first, last):
        tile = tiles[i]
        p = rows[row_of[tile]]
        w = year[i - first]
        weights = litter[min(tile, litter.shape[0] - 1)]
        for day in range(t_mult.shape[1]):
            d = data[block_of[tile], day]
            t = t_mult[i - first, day]
            share = weights[litter_step[day]]
            for k in range(L):
                km = decode(t[k]) * rise(number(p, d[SMSF + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k])
                there = km == km
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


@inline_kernel
def decay(k, km, p, s):
    """One day of the pools of lane ``k`` (Eq. 6-8, explicit): returns what leaves each, writes the pools.

    A day without Kmult (missing soil moisture or temperature) leaves the pools as they were, and brings no litter.
    """
    there = km == km
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
    return out_fast, out_med - to_slow, out_slow


@kernel
def decompose(first, last, tiles, block_of, data, t_mult, litter, litter_step, rows, row_of, bin_of_day, state, out):
    """Sum RH and SOC (Eq. 6-9) into bins from a stored temperature multiplier.

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
                for k in range(L):
                    s[LITTER + k] = s[MEAN_LITTER + k] * weights[step, k]
            d = data[block_of[tile], day]
            t = t_mult[i - first, day]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                km = decode(t[k]) * rise(number(p, d[SMSF + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k])
                soc = s[FAST + k] + s[MED + k] + s[SLOW + k]
                fast, med, slow = decay(k, km, p, s)
                o[k] += fast + med + slow + ZERO * km
                o[L + k] += soc


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
                for k in range(L):
                    s[LITTER + k] = s[MEAN_LITTER + k] * weights[step, k]
            d = data[block_of[tile], day]
            f = fpar[tile, fpar_step[day]]
            o = out[i - first, bin_of_day[day]]
            for k in range(L):
                gpp = (
                    p[LIGHT + k]
                    * (number(p, d[PAR + k]) * number(p, f[k]))
                    * fall(number(p, d[VPD + k]), p[VPD_HIGH + k], p[VPD_SLOPE + k])
                    * rise(number(p, d[TMIN + k]), p[TMIN_LOW + k], p[TMIN_SLOPE + k])
                    * rise(number(p, d[SMRZ + k]), p[SMRZ_LOW + k], p[SMRZ_SLOPE + k])
                    * freeze_thaw(number(p, d[FROZEN + k]), p[FT_MIN + k], p[FT_MAX + k])
                )
                above = number(p, d[T_SOIL + k]) * p[T_SCALE + k] + p[T_OFFSET + k]
                km = arrhenius_above(above, p[BETA0 + k], p[INVERSE_BETA1 + k]) * rise(
                    number(p, d[SMSF + k]), p[SMSF_LOW + k], p[SMSF_SLOPE + k]
                )
                soc = s[FAST + k] + s[MED + k] + s[SLOW + k]
                fast, med, slow = decay(k, km, p, s)
                o[k] += gpp
                o[L + k] += fast + med + slow + ZERO * km
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
                for k in range(L):
                    s[LITTER + k] = s[MEAN_LITTER + k] * weights[step, k]
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
                fast, med, slow = decay(k, km, p, s)
                gap = ZERO * km
                o[k] += p[LIGHT + k] * (number(p, d[PAR + k]) * number(p, f[k])) * e_mult
                o[L + k] += fast + gap
                o[2 * L + k] += med + gap
                o[3 * L + k] += slow + gap
                o[7 * L + k] += e_mult
                o[8 * L + k] += f_vpd
                o[9 * L + k] += f_tmin
                o[10 * L + k] += f_smrz
                o[11 * L + k] += f_ft
                o[12 * L + k] += t_mult
                o[13 * L + k] += w_mult
