"""A run of L4C over blocks: start, integrate, and gather the lanes back into cells."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.kernel import spread
from models.l4c.column import FULL, LIVE, equilibrium, light_use, run_full, run_live, temperature
from models.l4c.litter import litter_schedule
from models.l4c.spinup import analytical_state, mean_litterfall, periodic_state
from models.packing import LANES, Blocks

__all__ = ["Forward", "Start", "daily_bins", "integrate", "monthly_bins", "start_of_year", "to_cells", "to_pfts"]

CHUNK = 16  # tiles a task: their temperature multipliers stay in the cache of a core


@dataclass(frozen=True, eq=False)
class Start:
    """Where the soil starts, and what falls on it.

    Attributes
    ----------
    soc : (tile, 3, lane) array
        Fast, medium, slow pool [gC m-2] at the start of the first day.
    litterfall : (tile, lane) array
        Mean daily litterfall [gC m-2 d-1].
    missing_days : (tile, lane) int array
        Days without GPP, which litterfall leaves out.
    never_decays : (tile, lane) bool array
        Where Kmult is 0 all year: the pools have no steady state and start at 0.
    """

    soc: np.ndarray
    litterfall: np.ndarray
    missing_days: np.ndarray
    never_decays: np.ndarray


@dataclass(frozen=True, eq=False)
class Forward:
    """Outputs of a run, summed into bins.

    Attributes
    ----------
    names : tuple of str
        Variables, `models.l4c.column.FULL` or ``LIVE``.
    out : (tile, bin, variable, lane) array
        Sum over the days of the bin.
    days : (bin,) int array
        Days of each bin.
    start : Start
        Where it started.
    soc_final : (tile, 3, lane) array
        Pools [gC m-2] at the end of the last day.
    """

    names: tuple[str, ...]
    out: np.ndarray
    days: np.ndarray
    start: Start
    soc_final: np.ndarray


def daily_bins(blocks: Blocks) -> np.ndarray:
    """Give each day a bin of its own."""
    return np.arange(len(blocks.time), dtype=np.int32)


def monthly_bins(blocks: Blocks) -> np.ndarray:
    """Give each calendar month of the record a bin."""
    month = blocks.time.astype("datetime64[M]").astype(int)
    return (month - month[0]).astype(np.int32)


def row_of_tiles(blocks: Blocks, rows: np.ndarray) -> np.ndarray:
    """Row of each tile: one a tile, or one a plant type."""
    if len(rows) == 8:
        return (blocks.pft - 1).astype(np.int32)
    if len(rows) != blocks.n_tile:
        msg = (
            f"{len(rows)} rows of parameters for {blocks.n_tile} tiles; eight (plant types) or one a tile are accepted."
        )
        raise ValueError(msg)
    return np.arange(blocks.n_tile, dtype=np.int32)


def start_of_year(
    blocks: Blocks,
    rows: np.ndarray,
    f_aut: np.ndarray,
    *,
    how: str = "periodic",
    soc: np.ndarray | None = None,
    litterfall: str = "constant",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Start:
    """Find the soil carbon to start from and the litterfall.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    rows : (8 or tile, parameter * lane) array
        Parameters, from `models.l4c.rows`.
    f_aut : (tile, lane) array
        Fraction of GPP that plants respire.
    how : str
        "periodic", "analytical" or "given".
    soc : (tile, 3, lane) array, optional
        Pools, for "given".
    litterfall : str
        "constant" or "schedule"; see `models.l4c.litter.litter_schedule`.
    progress, cancelled
        See `models.kernel.spread`.

    Returns
    -------
    Start
    """
    if how not in ("periodic", "analytical", "given"):
        msg = f"soc_start = {how!r} is unknown; 'periodic', 'analytical' and 'given' are accepted."
        raise ValueError(msg)
    if (how == "given") != (soc is not None):
        came = "no" if soc is None else "a"
        msg = f"soc_start = {how!r} and {came} SOC came; only 'given' takes one, and it needs one."
        raise ValueError(msg)
    n, days, kind = blocks.n_tile, len(blocks.time), blocks.float_type
    tiles, row_of = np.arange(n, dtype=np.int32), row_of_tiles(blocks, rows)
    data = blocks.data.reshape(*blocks.data.shape[:2], -1)
    share, step = litter_schedule(blocks, litterfall)
    light = np.zeros((n, 2 * LANES), kind)
    year = np.zeros((n, 8 * LANES), kind)
    none = np.full(days, -1, np.int32)

    def work(first: int, last: int) -> None:
        spill = np.zeros((last - first, 1, LANES), kind)
        light_use(
            first,
            last,
            tiles,
            blocks.block_of,
            data,
            blocks.fpar,
            blocks.fpar_step,
            rows,
            row_of,
            none,
            spill,
            light[first:last],
        )
        pair = np.empty((last - first, days, 2 * LANES), np.uint16 if blocks.packed else kind)
        temperature(first, last, tiles, blocks.block_of, data, rows, row_of, pair)
        equilibrium(first, last, tiles, pair, share, step, rows, row_of, year[first:last])

    spread(work, n, chunk=CHUNK, progress=progress, cancelled=cancelled)
    gpp_sum, gpp_days = light.reshape(n, 2, LANES).transpose(1, 0, 2)
    litter = mean_litterfall(gpp_sum, gpp_days, f_aut).astype(kind)
    map_of_year = year.reshape(n, 8, LANES)
    if how == "given":
        pools = np.array(soc, kind)
    else:
        unit = periodic_state(map_of_year) if how == "periodic" else analytical_state(map_of_year, rows[row_of], days)
        pools = (unit * litter[:, None]).astype(kind)
    used = blocks.fraction > 0
    return Start(pools, litter, np.where(used, days - gpp_days, 0).astype(np.int64), used & (map_of_year[:, 7] <= 0))


def integrate(
    blocks: Blocks,
    rows: np.ndarray,
    start: Start,
    bins: np.ndarray,
    *,
    outputs: str = "full",
    litterfall: str = "constant",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Forward:
    """Run every tile from ``start`` through all days.

    Parameters
    ----------
    blocks, rows, litterfall, progress, cancelled
        See `start_of_year`.
    start : Start
        Pools and litterfall; not written to.
    bins : (day,) int32 array
        Output bin of each day, -1 for none.
    outputs : str
        "full" for `models.l4c.column.FULL`, "live" for ``LIVE``.

    Returns
    -------
    Forward
    """
    names, run = (FULL, run_full) if outputs == "full" else (LIVE, run_live)
    n, kind = blocks.n_tile, blocks.float_type
    tiles, row_of = np.arange(n, dtype=np.int32), row_of_tiles(blocks, rows)
    data = blocks.data.reshape(*blocks.data.shape[:2], -1)
    share, step = litter_schedule(blocks, litterfall)
    state = np.zeros((n, 5, LANES), kind)
    state[:, :3], state[:, 4] = start.soc, start.litterfall
    n_bin = int(bins.max(initial=-1)) + 1
    out = np.zeros((n, n_bin + 1, len(names) * LANES), kind)
    flat = state.reshape(n, -1)

    def work(first: int, last: int) -> None:
        run(
            first, last, tiles, blocks.block_of, data, blocks.fpar, blocks.fpar_step, share, step, rows, row_of,
            bins, flat[first:last], out[first:last],
        )  # fmt: skip

    spread(work, n, chunk=CHUNK, progress=progress, cancelled=cancelled)
    days = np.bincount(bins[bins >= 0], minlength=n_bin)
    out = out.reshape(n, n_bin + 1, len(names), LANES)[:, :-1]
    return Forward(names, out, days, start, state[:, :3])


def to_pfts(blocks: Blocks, values: np.ndarray) -> np.ndarray:
    """Spread values of lanes (tile, ..., lane) out to (cell, 8, ...), NaN where a cell has no such plant type."""
    middle = values.shape[1:-1]
    out = np.full((blocks.n_cell, 8, *middle), np.nan, values.dtype)
    tile, lane = np.nonzero(blocks.fraction > 0)
    out[blocks.cell_of[blocks.block_of[tile], lane], blocks.pft[tile] - 1] = values[tile, ..., lane]
    return out


def to_cells(blocks: Blocks, values: np.ndarray) -> np.ndarray:
    """Mean of a cell's plant types, weighted by their fractions: (tile, ..., lane) to (cell, ...), NaN without any."""
    middle = values.shape[1:-1]
    tile, lane = np.nonzero(blocks.fraction > 0)
    cell = blocks.cell_of[blocks.block_of[tile], lane]
    fraction = blocks.fraction[tile, lane].astype(values.dtype)
    total = np.zeros(blocks.n_cell, values.dtype)
    np.add.at(total, cell, fraction)
    out = np.zeros((blocks.n_cell, *middle), values.dtype)
    weight = (fraction / total[cell]).reshape(-1, *(1 for _ in middle))
    kind = blocks.pft[tile]
    for pft in np.unique(kind):  # a cell has a plant type once, so no addition is lost
        some = kind == pft
        out[cell[some]] += weight[some] * values[tile[some], ..., lane[some]]
    out[total == 0] = np.nan
    return out
