"""What of a run hangs on which parameter, piece by piece of one plant type: a slider remakes only its own.

GPP is proportional to lue_max, and with litterfall L the whole of RH and SOC is proportional to L. So for each plant
type two pieces are kept, neither of which knows lue_max or f_aut: `Light` (ramps of GPP) and `Decay` (RH and SOC of a
unit of litterfall). A run is a product of them.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from models.kernel import spread
from models.l4c.cache import ByteCache
from models.l4c.column import (
    FULL,
    decompose,
    equilibrium,
    light_use,
    move_ramp,
    run_full,
    settle,
    sum_bins,
)
from models.l4c.litter import litter_schedule
from models.l4c.pairs import Pairs, part_of_row
from models.l4c.rows import DECAY_ROWS, LIGHT_ROWS
from models.l4c.spinup import analytical_state, mean_litterfall
from models.packing import LANES, Blocks

__all__ = ["MONTHS", "Ahead", "Decay", "Ladder", "Light"]

MONTHS = 12
CHUNK = 32  # tiles a task: about a millisecond of work, on what fits a core's own cache


@dataclass(frozen=True, eq=False)
class Light:
    """GPP of one plant type for a light-use efficiency of 1 gC MJ-1.

    Attributes
    ----------
    months : (tile, 12, lane) array
        Sum over the days of each calendar month, NaN if one is missing.
    all : (tile, lane) array
        Sum over all days, NaN if one is missing.
    mean : (tile, lane) array
        Mean of the days that have a value.
    """

    months: np.ndarray
    all: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True, eq=False)
class Decay:
    """RH and SOC of one plant type for a mean litterfall of 1 gC m-2 d-1.

    Attributes
    ----------
    months : (tile, 12, 2, lane) array
        Sums over the days of each calendar month, of RH and of SOC at the start of the day.
    all : (tile, 2, lane) array
        Sums over all days.
    pools : (tile, 3, lane) array
        Pools at the start of the first day.
    """

    months: np.ndarray
    all: np.ndarray
    pools: np.ndarray


@dataclass(frozen=True, eq=False)
class Ahead:
    """What is in view, and who wants to see it before the rest is done.

    Attributes
    ----------
    blocks : (block,) bool array
        Blocks in view: tiles on them run first.
    show : callable
        Called with a copy of the piece when they are done; outside the view it still holds zeros.
    """

    blocks: np.ndarray
    show: Callable[[object], None]


def _bytes(value: object) -> int:
    arrays = [value] if isinstance(value, np.ndarray) else vars(value).values()
    return sum(a.nbytes for a in arrays)


class Ladder:
    """Makes and keeps the pieces of runs over one set of blocks. Safe for many threads.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    limit : int
        Bytes of pieces kept.
    """

    def __init__(self, blocks: Blocks, limit: int):
        self.blocks = blocks
        self.pieces = ByteCache(limit)
        self.tiles = {p: np.flatnonzero(blocks.pft == p).astype(np.int32) for p in range(1, 9)}
        self.data = blocks.data.reshape(*blocks.data.shape[:2], -1)
        self.month_of_day = (blocks.time.astype("datetime64[M]").astype(int) % MONTHS).astype(np.int32)
        self._row_of = np.zeros(blocks.n_tile, np.int32)
        self._pairs = Pairs(blocks, self.pieces, self.tiles)

    def litter(self, how: str) -> tuple[np.ndarray, np.ndarray]:
        """Share and step of litterfall; see `models.l4c.litter.litter_schedule`."""
        share, step = self.pieces.get(
            ("litter", how), lambda: litter_schedule(self.blocks, how), lambda pair: pair[0].nbytes + pair[1].nbytes
        )
        return share, step

    def _zeros(self, pft: int, *shape: int) -> np.ndarray:
        return np.zeros((len(self.tiles[pft]), *shape), self.blocks.float_type)

    def _spread(
        self,
        pft: int,
        work: Callable[[int, int], None],
        cancelled: Callable[[], bool] | None,
        ahead: Ahead | None = None,
        piece: Callable[[], object] | None = None,
    ) -> None:
        """Work on all tiles of a plant type, those in view first."""
        tiles = self.tiles[pft]
        if ahead is None:
            spread(work, len(tiles), chunk=CHUNK, cancelled=cancelled)
            return
        starts = np.arange(0, len(tiles), CHUNK)
        in_view = np.logical_or.reduceat(ahead.blocks[self.blocks.block_of[tiles]], starts)
        order = np.concatenate([starts[in_view], starts[~in_view]])
        visible = int(in_view.sum())

        def some(first: int, last: int) -> None:
            for start in order[first:last]:
                work(int(start), min(int(start) + CHUNK, len(tiles)))

        spread(some, visible, chunk=1, cancelled=cancelled)
        ahead.show(piece())
        spread(
            lambda first, last: some(first + visible, last + visible),
            len(order) - visible,
            chunk=1,
            cancelled=cancelled,
        )

    def light(
        self,
        pft: int,
        row: np.ndarray,
        cancelled: Callable[[], bool] | None = None,
        ahead: Ahead | None = None,
    ) -> Light:
        """GPP of a plant type for an efficiency of 1.

        Parameters
        ----------
        pft : int
            Plant type, 1-8.
        row : (parameter * lane,) array
            Its parameters, with the efficiency of 1.
        cancelled : callable, optional
            See `models.kernel.spread`.
        ahead : Ahead, optional
            What runs first, if the piece is not kept already.
        """
        b, tiles = self.blocks, self.tiles[pft]

        def make() -> Light:
            months, year = self._zeros(pft, MONTHS, LANES), self._zeros(pft, 2 * LANES)
            whole = self._zeros(pft, LANES)
            moving = self._pairs.moving(pft, row, cancelled)

            def work(first: int, last: int) -> None:
                some = slice(first, last)
                if moving is None:
                    light_use(
                        first, last, tiles, b.block_of, self.data, b.fpar, b.fpar_step, row[None], self._row_of,
                        self.month_of_day, months[some], year[some],
                    )  # fmt: skip
                else:
                    pair, scale, slope, at_zero = moving
                    move_ramp(first, last, pair[some], scale[some], slope, at_zero, self.month_of_day, months[some])
                sum_bins(first, last, months[some], whole[some])

            def piece() -> Light:
                days = np.float32(len(self.month_of_day))
                mean = whole / days if b.packed else mean_litterfall(year[:, :LANES], year[:, LANES:], 0)
                return Light(_closed(months.copy()), _closed(whole.copy()), _closed(mean))

            self._spread(pft, work, cancelled, ahead, piece)
            return piece()

        return self.pieces.get(self.light_key(pft, row), make, _bytes)

    def light_key(self, pft: int, row: np.ndarray) -> Hashable:
        """Key of a `Light`."""
        return "light", pft, part_of_row(row, LIGHT_ROWS)

    def decay_key(self, pft: int, row: np.ndarray, start: np.ndarray, how: str, litterfall: str) -> Hashable:
        """Key of a `Decay`."""
        return "decay", pft, part_of_row(row, DECAY_ROWS), part_of_row(start, DECAY_ROWS), how, litterfall

    def decay(
        self,
        pft: int,
        row: np.ndarray,
        start: np.ndarray,
        how: str,
        litterfall: str,
        cancelled: Callable[[], bool] | None = None,
        ahead: Ahead | None = None,
    ) -> Decay:
        """RH and SOC of a plant type for a mean litterfall of 1.

        Parameters
        ----------
        pft, row, cancelled, ahead
            See `light`.
        start : (parameter * lane,) array
            Parameters whose steady state the pools start from.
        how : str
            "periodic" or "analytical".
        litterfall : str
            "constant" or "schedule".
        """
        own, other = part_of_row(row, DECAY_ROWS), part_of_row(start, DECAY_ROWS)

        def make() -> Decay:
            n, days = len(self.tiles[pft]), len(self.month_of_day)
            share, step = self.litter(litterfall)
            pairs = self._pairs.temperature(pft, row, cancelled)
            months, whole = self._zeros(pft, MONTHS, 2, LANES), self._zeros(pft, 2, LANES)
            flat_months, flat_whole = months.reshape(n, MONTHS, -1), whole.reshape(n, -1)
            if own == other:
                pools = self._zeros(pft, 3, LANES)
            else:
                pools = self.decay(pft, start, start, how, litterfall, cancelled).pools
            flat_pools = pools.reshape(n, -1)
            state = _state(pools)
            year = np.zeros((n, 8 * LANES), pools.dtype) if own == other else None

            def work(first: int, last: int) -> None:
                some, given = slice(first, last), (share, step, row[None], self._row_of)
                pair, tiles = pairs(first, last), self.tiles[pft]
                if year is not None:
                    equilibrium(first, last, tiles, pair, *given, year[some])
                    if how == "periodic":
                        settle(first, last, year[some], flat_pools[some])
                    else:
                        pools[some] = analytical_state(year[some].reshape(-1, 8, LANES), row[None], days)
                    state[some, : 3 * LANES] = flat_pools[some]
                decompose(first, last, tiles, pair, *given, self.month_of_day, state[some], flat_months[some])
                sum_bins(first, last, flat_months[some], flat_whole[some])

            def piece() -> Decay:
                return Decay(_closed(months.copy()), _closed(whole.copy()), _closed(pools.copy()))

            self._spread(pft, work, cancelled, ahead, piece)
            return piece()

        return self.pieces.get(self.decay_key(pft, row, start, how, litterfall), make, _bytes)

    def full(
        self,
        pft: int,
        row: np.ndarray,
        start: np.ndarray,
        how: str,
        litterfall: str,
        when: tuple[str, int],
        cancelled: Callable[[], bool] | None = None,
    ) -> np.ndarray:
        """Mean over one bin of every output `FULL` (tile, variable, lane), for an efficiency and a litterfall of 1.

        Parameters
        ----------
        pft, row, start, how, litterfall, cancelled
            See `decay`.
        when : tuple
            ("year", 0), ("month", 0-11) or ("day", index).
        """
        b, tiles = self.blocks, self.tiles[pft]

        def make() -> np.ndarray:
            state = _state(self.decay(pft, start, start, how, litterfall, cancelled).pools)
            share, step = self.litter(litterfall)
            bins = self.bins(when)
            out = self._zeros(pft, 2, len(FULL) * LANES)

            def work(first: int, last: int) -> None:
                run_full(
                    first, last, tiles, b.block_of, self.data, b.fpar, b.fpar_step, share, step, row[None],
                    self._row_of, bins, state[first:last], out[first:last],
                )  # fmt: skip

            self._spread(pft, work, cancelled)
            mean = out[:, 0] / max(1, int((bins == 0).sum()))
            return _closed(mean.reshape(len(tiles), len(FULL), LANES))

        return self.pieces.get(
            ("full", pft, row.tobytes(), part_of_row(start, DECAY_ROWS), how, litterfall, when), make, _bytes
        )

    def bins(self, when: tuple[str, int]) -> np.ndarray:
        """Bin of each day: 0 within ``when``, -1 outside; as long as the run must be."""
        kind, place = when
        if kind == "year":
            return np.zeros(len(self.month_of_day), np.int32)
        if kind == "month":
            return np.where(self.month_of_day == place, 0, -1).astype(np.int32)
        return np.where(np.arange(place + 1) == place, 0, -1).astype(np.int32)


def _state(pools: np.ndarray) -> np.ndarray:
    """State of tiles (tile, 5 * lane) with some pools and a mean litterfall of 1."""
    state = np.zeros((len(pools), 5, LANES), pools.dtype)
    state[:, :3], state[:, 4] = pools, 1
    return state.reshape(len(pools), -1)


def _closed(array: np.ndarray) -> np.ndarray:
    """Return a compact copy that nobody can write to."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
