"""The error of NEE by drawing: the model's equations over many perturbed days, to hold Eq. 10 against.

Eq. 10 is linear. Where an input's error carries a ramp over one of its limits it fails, and on cold soils, where Tmult
(Eq. 9) bends within the error of the soil temperature, it falls short; the draws do not, and `Sampled.inside` says
where no ramp stands between the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.draws import normal_pair
from models.kernel import kernel, spread
from models.l4c.column import FROZEN, PAR, PARAMETERS, SMRZ, SMSF, T_SOIL, TMIN, VPD, gpp_from, kmult_from
from models.l4c.derivatives import rh_of_one
from models.l4c.forward import Start, daily_bins, integrate, row_of_tiles
from models.l4c.input_errors import MIDDLE_RANK, SOURCES, InputErrors, error_rows, input_errors
from models.packing import DRIVERS, LANES, Blocks

__all__ = ["LARGEST", "Sampled", "sampled_error"]

LARGEST = 200_000_000
"""Days x lanes x members of one call."""

L = LANES
STREAM = 4096  # of the counter-based draws, and the next three
REACH = 2.0
"""Standard deviations by which a ramp must stay away from its limits to count as inside.

Of a Gaussian input, 1 in 44 draws lies farther out on one side; a limit there takes less than 2 % off the error.
"""


@dataclass(frozen=True, eq=False)
class Sampled:
    """What the draws gave.

    Attributes
    ----------
    std : (tile, day, lane) array
        Standard deviation of NEE [gC m-2 d-1].
    inside : (tile, day, lane) bool array
        Whether no ramp, and not the clip of Tmult, has a limit within `REACH` standard deviations of its input.
    members : int
        Draws; the standard deviation has a sampling error of 1 / sqrt(2 members).
    """

    std: np.ndarray
    inside: np.ndarray
    members: int


def sampled_error(
    blocks: Blocks,
    rows: np.ndarray,
    start: Start,
    f_aut: np.ndarray,
    days: np.ndarray,
    errors: Mapping[str, InputErrors] | None = None,
    *,
    fpar_rank: float = MIDDLE_RANK,
    members: int = 500,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sampled:
    """Draw the inputs of some days about their values, Gaussian and independent, and look how NEE spreads.

    Soil carbon is the run's own, as in Eq. 10.

    Parameters
    ----------
    blocks : Blocks
        Drivers in float64; a few blocks: `Blocks.of`.
    rows, start, f_aut, errors, fpar_rank
        See `models.l4c.uncertainty.error_budget`.
    days : int array
        Places of the days.
    members : int
        Draws a day.
    seed : int
        Of the draws.
    progress, cancelled
        See `models.kernel.spread`.

    Returns
    -------
    Sampled

    Raises
    ------
    ValueError
        If the drivers are packed, or the work exceeds `LARGEST`.
    """
    if blocks.packed:  # the kernel draws in the inputs' own units
        msg = "The drivers are packed in 16 bits; draws need floats: blocks.of(...).as_float(np.float64)."
        raise ValueError(msg)
    days = np.asarray(days)
    size = blocks.n_tile * days.size * LANES * members
    if size > LARGEST:
        msg = f"{size:,} draws of NEE are wanted, at most {LARGEST:,} are made: take fewer blocks, days or members."
        raise ValueError(msg)
    absolute, relative = error_rows(errors or input_errors(), fpar_rank)
    absolute, relative = (x[blocks.pft - 1] for x in (absolute, relative))
    run = integrate(blocks, rows, start, daily_bins(blocks))
    places = [run.names.index(f"soc_{name}") for name in ("fast", "med", "slow")]
    pools = np.ascontiguousarray(run.out[:, days][:, :, places]).reshape(blocks.n_tile, days.size, -1)
    row_of = row_of_tiles(blocks, rows)
    data, npp_share = blocks.data.reshape(*blocks.data.shape[:2], -1), np.ascontiguousarray(1 - f_aut)
    std = np.empty((blocks.n_tile, days.size, LANES))

    def work(first: int, last: int) -> None:
        _sample(
            first, last, blocks.block_of, data, blocks.fpar, blocks.fpar_step, rows, row_of, days, npp_share,
            absolute, relative, pools, members, seed, std,
        )  # fmt: skip

    spread(work, blocks.n_tile, chunk=1, progress=progress, cancelled=cancelled)
    inside = np.empty(std.shape, bool)
    for tile in range(blocks.n_tile):
        p = dict(zip(PARAMETERS, rows[row_of[tile]].reshape(-1, LANES), strict=True))
        day = blocks.data[blocks.block_of[tile]][days]
        x = {name: day[:, place] for place, name in enumerate(DRIVERS)}
        x["fpar"] = blocks.fpar[tile, blocks.fpar_step[days]]
        sigma = {name: absolute[tile, i] + relative[tile, i] * x[name] for i, name in enumerate(SOURCES)}
        inside[tile] = _inside(p, x, sigma)
    return Sampled(std, inside, members)


@kernel
def _sample(
    first, last, block_of, data, fpar, fpar_step, rows, row_of, days, npp_share, absolute, relative, pools, members,
    seed, std,
):  # fmt: skip
    """Write the standard deviation of NEE over the draws of each day and lane, tiles ``first`` to ``last``."""
    for tile in range(first, last):
        p, a, r = rows[row_of[tile]], absolute[tile], relative[tile]
        for t in range(days.shape[0]):
            d, f, c = data[block_of[tile], days[t]], fpar[tile, fpar_step[days[t]]], pools[tile, t]
            for k in range(L):
                rate = rh_of_one(k, p, c)
                total, square, origin = 0.0, 0.0, 0.0
                for m in range(members):
                    lane, step = tile * L + k, days[t] * 65536 + m
                    z0, z1 = normal_pair(seed, STREAM, lane, step)
                    z2, z3 = normal_pair(seed, STREAM + 1, lane, step)
                    z4, z5 = normal_pair(seed, STREAM + 2, lane, step)
                    z6, _ = normal_pair(seed, STREAM + 3, lane, step)
                    gpp = gpp_from(
                        k, d[PAR + k] * (1.0 + r[0] * z0), f[k] * (1.0 + r[1] * z1),
                        d[VPD + k] + (a[3] + r[3] * d[VPD + k]) * z3, d[TMIN + k] + a[2] * z2,
                        d[SMRZ + k] + a[4] * z4, d[FROZEN + k], p,
                    )  # fmt: skip
                    km = kmult_from(k, d[T_SOIL + k] + a[5] * z5, d[SMSF + k] + a[6] * z6, p)
                    nee = rate * km - npp_share[tile, k] * gpp
                    origin = nee if m == 0 else origin
                    total += nee - origin
                    square += (nee - origin) * (nee - origin)
                mean = total / members
                std[tile, t, k] = np.sqrt(max(square / members - mean * mean, 0.0))


def _inside(p: dict, x: dict, sigma: dict) -> np.ndarray:
    """Say where no ramp has a limit within `REACH` standard deviations of its input."""
    good = np.ones(np.broadcast_shapes(x["fpar"].shape), bool)
    ramps = (
        ("vpd", (p["vpd_high"] - x["vpd"]) * p["vpd_slope"], p["vpd_slope"]),
        ("tmin", (x["tmin"] - p["tmin_low"]) * p["tmin_slope"], p["tmin_slope"]),
        ("smrz_rescaled", (x["smrz_rescaled"] - p["smrz_low"]) * p["smrz_slope"], p["smrz_slope"]),
        ("smsf", (x["smsf"] - p["smsf_low"]) * p["smsf_slope"], p["smsf_slope"]),
    )
    for name, place, slope in ramps:
        width = REACH * np.abs(sigma[name] * slope)
        good &= (np.abs(place) > width) & (np.abs(place - 1) > width)
    above = x["t_soil"] * p["t_scale"] + p["t_offset"]
    return good & (np.abs(above - 1 / p["inverse_beta1"]) > REACH * sigma["t_soil"] * p["t_scale"])
