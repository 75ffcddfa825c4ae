"""What of a run hangs on which parameter, piece by piece of one plant type: a slider remakes only its own.

GPP is proportional to lue_max, and with litterfall L the whole of RH and SOC is proportional to L. So for each plant
type three pieces are kept, none of which knows lue_max or f_aut: `Light` (ramps of GPP), `Pools` (steady state of a
unit of litterfall) and `Decay` (RH and SOC of a unit of litterfall). A run is a product of them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from models.kernel import spread
from models.l4c.cache import ByteCache
from models.l4c.column import (
    FROZEN,
    FULL,
    PARAMETERS,
    SMRZ,
    TMIN,
    VPD,
    decompose,
    equilibrium,
    factor_out,
    light_use,
    move_ramp,
    run_full,
    temperature,
)
from models.l4c.litter import litter_schedule
from models.l4c.rows import DECAY_ROWS, LIGHT_ROWS
from models.l4c.spinup import analytical_state, mean_litterfall, periodic_state
from models.packing import LANES, Blocks

__all__ = ["MONTHS", "Decay", "Ladder", "Light"]

MONTHS = 12
CHUNK = 16  # tiles a task, about a millisecond of work
TEMPERATURE_ROWS = tuple(PARAMETERS.index(name) for name in ("beta0", "inverse_beta1", "t_scale", "t_offset"))
FACTORS = {
    # driver of a factor of GPP -> its two rows, and their values that say "no limit"
    VPD: ("vpd_high", "vpd_slope", 1e9, 1.0),
    TMIN: ("tmin_low", "tmin_slope", -1e9, 1.0),
    SMRZ: ("smrz_low", "smrz_slope", -1e9, 1.0),
    FROZEN: ("ft_min", "ft_max", 1.0, 1.0),
}
MOST_SEEN = 512


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
    months : (2, tile, 12, lane) array
        Sums over the days of each calendar month, of RH and of SOC at the start of the day.
    all : (2, tile, lane) array
        Sums over all days.
    """

    months: np.ndarray
    all: np.ndarray


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
        self._lock = threading.Lock()
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def litter(self, how: str) -> tuple[np.ndarray, np.ndarray]:
        """Share and step of litterfall; see `models.l4c.litter.litter_schedule`."""
        share, step = self.pieces.get(
            ("litter", how), lambda: litter_schedule(self.blocks, how), lambda pair: pair[0].nbytes + pair[1].nbytes
        )
        return share, step

    def _zeros(self, pft: int, *shape: int) -> np.ndarray:
        return np.zeros((len(self.tiles[pft]), *shape), self.blocks.float_type)

    def _spread(self, pft: int, work: Callable[[int, int], None], cancelled: Callable[[], bool] | None) -> None:
        spread(work, len(self.tiles[pft]), chunk=CHUNK, cancelled=cancelled)

    def light(self, pft: int, row: np.ndarray, cancelled: Callable[[], bool] | None = None) -> Light:
        """GPP of a plant type for an efficiency of 1.

        Parameters
        ----------
        pft : int
            Plant type, 1-8.
        row : (parameter * lane,) array
            Its parameters, with the efficiency of 1.
        cancelled : callable, optional
            See `models.kernel.spread`.
        """
        b, tiles = self.blocks, self.tiles[pft]

        def make() -> Light:
            out, year = self._zeros(pft, MONTHS + 1, LANES), self._zeros(pft, 2 * LANES)
            moving = self._moving(pft, row, cancelled)

            def work(first: int, last: int) -> None:
                if moving is None:
                    light_use(
                        first, last, tiles, b.block_of, self.data, b.fpar, b.fpar_step, row[None], self._row_of,
                        self.month_of_day, out[first:last], year[first:last],
                    )  # fmt: skip
                else:
                    pair, scale, slope, at_zero = moving
                    move_ramp(
                        first, last, pair[first:last], scale[first:last], slope, at_zero, self.month_of_day,
                        out[first:last], year[first:last],
                    )  # fmt: skip

            self._spread(pft, work, cancelled)
            mean = mean_litterfall(year[:, :LANES], year[:, LANES:], 0)
            return Light(_closed(out[:, :-1]), _closed(out[:, :-1].sum(axis=1)), _closed(mean))

        return self.pieces.get(("light", pft, _part(row, LIGHT_ROWS)), make, _bytes)

    def _moving(self, pft: int, row: np.ndarray, cancelled: Callable[[], bool] | None) -> tuple | None:
        """GPP by the factors that stay, if only one has moved since an earlier call: then it is worth keeping."""
        if not self.blocks.packed:
            return None
        found = None
        for driver, (one, two, *_) in FACTORS.items():
            places = tuple(i for i in LIGHT_ROWS if PARAMETERS[i] not in (one, two))
            key = ("others", pft, driver, _part(row, places))
            # Every factor is noted, so that the next call knows whichever moved.
            if self._again(key) and (found is None or key in self.pieces):
                found = driver, key
        if found is None:
            return None
        driver, key = found
        one, two, free_one, free_two = FACTORS[driver]
        first, second = (PARAMETERS.index(name) * LANES for name in (one, two))
        free = row.copy()
        free[first : first + LANES], free[second : second + LANES] = free_one, free_two
        pair, scale = self.pieces.get(
            key, lambda: self._factor_out(pft, free, driver, cancelled), lambda made: made[0].nbytes + made[1].nbytes
        )
        x, y = row[first : first + LANES], row[second : second + LANES]
        if driver == FROZEN:
            return pair, scale, x - y, y
        return (pair, scale, -y, x * y) if driver == VPD else (pair, scale, y, -x * y)

    def _factor_out(self, pft: int, free: np.ndarray, driver: int, cancelled) -> tuple[np.ndarray, np.ndarray]:
        b, tiles, days = self.blocks, self.tiles[pft], len(self.month_of_day)
        pair, scale = np.empty((len(tiles), days, 2 * LANES), np.uint16), self._zeros(pft, LANES)

        def work(first: int, last: int) -> None:
            scratch = np.empty((days, LANES), b.float_type)
            factor_out(
                first, last, tiles, b.block_of, self.data, b.fpar, b.fpar_step, free[None], self._row_of, driver,
                scratch, pair[first:last], scale[first:last],
            )  # fmt: skip

        self._spread(pft, work, cancelled)
        return pair, scale

    def _again(self, key: Hashable) -> bool:
        """Whether this key was asked about before."""
        with self._lock:
            known = key in self._seen
            self._seen[key] = None
            self._seen.move_to_end(key)
            while len(self._seen) > MOST_SEEN:
                self._seen.popitem(last=False)
        return known

    def _temperature(self, pft: int, row: np.ndarray, asks: str, cancelled) -> Callable[[int, int], np.ndarray]:
        """Give the pairs of some tiles that decomposition needs; kept from the second time on, when a slider moves."""
        b, tiles, days = self.blocks, self.tiles[pft], len(self.month_of_day)

        def fill(first: int, last: int) -> np.ndarray:
            pair = np.empty((last - first, days, 2 * LANES), np.uint16 if b.packed else b.float_type)
            temperature(first, last, tiles, b.block_of, self.data, row[None], self._row_of, pair)
            return pair

        key = ("temperature", pft, _part(row, TEMPERATURE_ROWS))
        if not b.packed or not (self._again((asks, *key)) or key in self.pieces):
            return fill

        def make() -> np.ndarray:
            pairs = np.empty((len(tiles), days, 2 * LANES), np.uint16)

            def work(first: int, last: int) -> None:
                temperature(first, last, tiles, b.block_of, self.data, row[None], self._row_of, pairs[first:last])

            self._spread(pft, work, cancelled)
            return pairs

        kept = self.pieces.get(key, make, _bytes)
        return lambda first, last: kept[first:last]

    def pools(
        self, pft: int, row: np.ndarray, how: str, litterfall: str, cancelled: Callable[[], bool] | None = None
    ) -> np.ndarray:
        """Pools (tile, 3, lane) at the start of the record for a mean litterfall of 1 gC m-2 d-1.

        Parameters
        ----------
        pft, row, cancelled
            See `light`.
        how : str
            "periodic" or "analytical".
        litterfall : str
            "constant" or "schedule".
        """
        b, tiles = self.blocks, self.tiles[pft]

        def make() -> np.ndarray:
            share, step = self.litter(litterfall)
            year = self._zeros(pft, 8 * LANES)
            pairs = self._temperature(pft, row, "pools", cancelled)

            def work(first: int, last: int) -> None:
                equilibrium(
                    first, last, tiles, pairs(first, last), share, step, row[None], self._row_of, year[first:last]
                )

            self._spread(pft, work, cancelled)
            year = year.reshape(len(tiles), 8, LANES)
            if how == "periodic":
                return _closed(periodic_state(year))
            return _closed(analytical_state(year, np.broadcast_to(row, (len(tiles), len(row))), len(b.time)))

        return self.pieces.get(("pools", pft, _part(row, DECAY_ROWS), how, litterfall), make, _bytes)

    def decay(
        self,
        pft: int,
        row: np.ndarray,
        start: np.ndarray,
        how: str,
        litterfall: str,
        cancelled: Callable[[], bool] | None = None,
    ) -> Decay:
        """RH and SOC of a plant type for a mean litterfall of 1.

        Parameters
        ----------
        pft, row, how, litterfall, cancelled
            See `pools`.
        start : (parameter * lane,) array
            Parameters whose steady state the pools start from.
        """
        _b, tiles = self.blocks, self.tiles[pft]

        def make() -> Decay:
            state = self._state(pft, start, how, litterfall, cancelled)
            share, step = self.litter(litterfall)
            out = self._zeros(pft, MONTHS + 1, 2 * LANES)
            pairs = self._temperature(pft, row, "decay", cancelled)

            def work(first: int, last: int) -> None:
                decompose(
                    first, last, tiles, pairs(first, last), share, step, row[None], self._row_of,
                    self.month_of_day, state[first:last], out[first:last],
                )  # fmt: skip

            self._spread(pft, work, cancelled)
            months = _closed(out[:, :-1].reshape(len(tiles), MONTHS, 2, LANES).transpose(2, 0, 1, 3))
            return Decay(months, _closed(months.sum(axis=2)))

        key = ("decay", pft, _part(row, DECAY_ROWS), _part(start, DECAY_ROWS), how, litterfall)
        return self.pieces.get(key, make, _bytes)

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
            state = self._state(pft, start, how, litterfall, cancelled)
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
            ("full", pft, row.tobytes(), _part(start, DECAY_ROWS), how, litterfall, when), make, _bytes
        )

    def bins(self, when: tuple[str, int]) -> np.ndarray:
        """Bin of each day: 0 within ``when``, -1 outside; as long as the run must be."""
        kind, place = when
        if kind == "year":
            return np.zeros(len(self.month_of_day), np.int32)
        if kind == "month":
            return np.where(self.month_of_day == place, 0, -1).astype(np.int32)
        return np.where(np.arange(place + 1) == place, 0, -1).astype(np.int32)

    def _state(self, pft: int, start: np.ndarray, how: str, litterfall: str, cancelled) -> np.ndarray:
        state = self._zeros(pft, 5, LANES)
        state[:, :3] = self.pools(pft, start, how, litterfall, cancelled)
        state[:, 4] = 1
        return state.reshape(len(state), -1)


def _part(row: np.ndarray, places: tuple[int, ...]) -> bytes:
    """Return some parameters of a row, as a key."""
    return np.ascontiguousarray(row.reshape(-1, LANES)[list(places), 0]).tobytes()


def _closed(array: np.ndarray) -> np.ndarray:
    """Return a compact copy that nobody can write to."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
