"""Where a run starts: soil carbon and litterfall of a record of any length, from the climatology of its own days.

A record of one common year is its own climatology. Of a longer one, NPP and Kmult (not the drivers, in which they are
not linear) are averaged by calendar day, 29 February left out, so that litterfall is the mean annual NPP and the pools
are in balance with the mean year.
"""

from collections.abc import Callable

import numpy as np

from models.climatology import DAYS, climatology365, day_of_365
from models.kernel import spread
from models.l4c.column import SMSF_LOW, SMSF_SLOPE, equilibrium, light_use, temperature
from models.l4c.forward import CHUNK, Start, row_of_tiles, start_of_year
from models.l4c.litter import litter_schedule
from models.l4c.physics import rise
from models.l4c.spinup import analytical_state, mean_litterfall, periodic_state
from models.packing import LANES, Blocks

__all__ = ["covers_a_year", "start_of_record"]


ALMOST = 360
"""Calendar days that a record must have: one of 365 days lacks one if it has a 29 February."""


def covers_a_year(time: np.ndarray) -> bool:
    """Whether the record has a day for almost every one of the calendar."""
    return _calendar_days(time) >= ALMOST


def _calendar_days(time: np.ndarray) -> int:
    """Count the different days of the calendar, 29 February left out."""
    place = day_of_365(time)
    return len(np.unique(place[place >= 0]))


def start_of_record(
    blocks: Blocks,
    rows: np.ndarray,
    f_aut: np.ndarray,
    *,
    how: str,
    litterfall: str = "constant",
    cancelled: Callable[[], bool] | None = None,
) -> Start:
    """Find the soil carbon to start from and the litterfall.

    Parameters
    ----------
    blocks : Blocks
        Drivers in float32 or float64; every calendar day at least once.
    rows : (8 or tile, parameter * lane) array
        Parameters, from `models.l4c.rows`.
    f_aut : (tile, lane) array
        Fraction of GPP that plants respire.
    how : str
        "periodic" or "analytical".
    litterfall : str
        "constant" or "schedule".
    cancelled : callable, optional
        See `models.kernel.spread`.

    Returns
    -------
    Start
        Pools at the start of the record's first day.
    """
    if len(blocks.time) == DAYS == _calendar_days(blocks.time):
        return start_of_year(blocks, rows, f_aut, how=how, litterfall=litterfall, cancelled=cancelled)
    n, kind, time = blocks.n_tile, blocks.float_type, blocks.time
    tiles, row_of = np.arange(n, dtype=np.int32), row_of_tiles(blocks, rows)
    data = blocks.data.reshape(*blocks.data.shape[:2], -1)
    place = day_of_365(time)
    first_day = int(place[place >= 0][0])
    share, step = litter_schedule(blocks, litterfall)
    share = np.roll(climatology365(share[:, step], time, axis=1), -first_day, axis=1).astype(kind)
    gpp_sum, gpp_days = np.zeros((n, LANES)), np.zeros((n, LANES))
    year = np.zeros((n, 8 * LANES), kind)
    # Kmult comes ready: these rows let every wetness pass.
    open_rows = rows.copy()
    open_rows[:, SMSF_LOW : SMSF_LOW + LANES], open_rows[:, SMSF_SLOPE : SMSF_SLOPE + LANES] = -1000.0, 1.0

    def work(first: int, last: int) -> None:
        some, count = slice(first, last), last - first
        gpp = np.zeros((count, len(time) + 1, LANES), kind)
        light_use(
            0, count, tiles[some], blocks.block_of, data, blocks.fpar, blocks.fpar_step, rows, row_of,
            np.arange(len(time), dtype=np.int32), gpp, np.zeros((count, 2 * LANES), kind),
        )  # fmt: skip
        gpp = climatology365(gpp[:, :-1], time, axis=1)
        gpp_sum[some], gpp_days[some] = np.nansum(gpp, axis=1), np.isfinite(gpp).sum(axis=1)
        pair = np.empty((count, len(time), 2 * LANES), kind)  # Tmult and SMSF
        temperature(0, count, tiles[some], blocks.block_of, data, rows, row_of, pair)
        p = rows[row_of[some], None]
        low, slope = p[..., SMSF_LOW : SMSF_LOW + LANES], p[..., SMSF_SLOPE : SMSF_SLOPE + LANES]
        km = pair[..., :LANES] * rise(pair[..., LANES:], low, slope)
        km = np.roll(climatology365(km, time, axis=1), -first_day, axis=1)
        pair = np.concatenate([km, np.zeros_like(km)], axis=-1)
        equilibrium(0, count, tiles[some], pair, share, np.arange(DAYS, dtype=np.int32), open_rows, row_of, year[some])

    spread(work, n, chunk=CHUNK, cancelled=cancelled)
    map_of_year = year.reshape(n, 8, LANES)
    litter = mean_litterfall(gpp_sum, gpp_days, f_aut).astype(kind)
    unit = periodic_state(map_of_year) if how == "periodic" else analytical_state(map_of_year, rows[row_of], DAYS)
    used = blocks.fraction > 0
    return Start(
        soc=(unit * litter[:, None]).astype(kind),
        litterfall=litter,
        missing_days=np.where(used, DAYS - gpp_days, 0).astype(np.int64),
        never_decays=used & (map_of_year[:, 7] <= 0),
    )
