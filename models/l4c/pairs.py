"""What a dragged slider leaves alone, in one cache line a day: kept from the second time on that it is asked for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping

import numpy as np

from models.kernel import spread
from models.l4c.cache import ByteCache
from models.l4c.column import FROZEN, PARAMETERS, SMRZ, TMIN, VPD, factor_out, temperature
from models.l4c.rows import LIGHT_ROWS
from models.packing import LANES, Blocks

__all__ = ["Pairs", "part_of_row"]

CHUNK = 32  # tiles a task
TEMPERATURE_ROWS = tuple(PARAMETERS.index(name) for name in ("beta0", "inverse_beta1", "t_scale", "t_offset"))
FACTORS = {
    # driver of a factor of GPP -> its two rows, and their values that say "no limit"
    VPD: ("vpd_high", "vpd_slope", 1e9, 1.0),
    TMIN: ("tmin_low", "tmin_slope", -1e9, 1.0),
    SMRZ: ("smrz_low", "smrz_slope", -1e9, 1.0),
    FROZEN: ("ft_min", "ft_max", 1.0, 1.0),
}
MOST_SEEN = 512


def part_of_row(row: np.ndarray, places: tuple[int, ...]) -> bytes:
    """Return some parameters of a row, as a key."""
    return np.ascontiguousarray(row.reshape(-1, LANES)[list(places), 0]).tobytes()


class Pairs:
    """Pairs of 16-bit numbers, for each tile, day and lane, that stand for everything but the ramp that moves.

    Parameters
    ----------
    blocks : Blocks
        Drivers; pairs are kept of packed ones alone.
    pieces : ByteCache
        Where they are kept.
    tiles : mapping
        Plant type -> its tiles.
    """

    def __init__(self, blocks: Blocks, pieces: ByteCache, tiles: Mapping[int, np.ndarray]):
        self._blocks, self._pieces, self._tiles = blocks, pieces, tiles
        self._data = blocks.data.reshape(*blocks.data.shape[:2], -1)
        self._row_of = np.zeros(blocks.n_tile, np.int32)
        self._lock = threading.Lock()
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def moving(self, pft: int, row: np.ndarray, cancelled: Callable[[], bool] | None) -> tuple | None:
        """Return GPP by the factors that stay, if only one has moved since an earlier call: then it is worth keeping.

        Parameters
        ----------
        pft : int
            Plant type, 1-8.
        row : (parameter * lane,) array
            Its parameters.
        cancelled : callable, optional
            See `models.kernel.spread`.

        Returns
        -------
        tuple or None
            Pair, scale, slope and value at zero of the moving factor, as `models.l4c.column.move_ramp` takes them.
        """
        if not self._blocks.packed:
            return None
        found = None
        for driver, (one, two, *_) in FACTORS.items():
            places = tuple(i for i in LIGHT_ROWS if PARAMETERS[i] not in (one, two))
            key = ("others", pft, driver, part_of_row(row, places))
            # Every factor is noted, so that the next call knows whichever moved.
            if self._again(key) and (found is None or key in self._pieces):
                found = driver, key
        if found is None:
            return None
        driver, key = found
        one, two, free_one, free_two = FACTORS[driver]
        first, second = (PARAMETERS.index(name) * LANES for name in (one, two))
        free = row.copy()
        free[first : first + LANES], free[second : second + LANES] = free_one, free_two
        pair, scale = self._pieces.get(
            key, lambda: self._factor_out(pft, free, driver, cancelled), lambda made: made[0].nbytes + made[1].nbytes
        )
        x, y = row[first : first + LANES], row[second : second + LANES]
        if driver == FROZEN:
            return pair, scale, x - y, y
        return (pair, scale, -y, x * y) if driver == VPD else (pair, scale, y, -x * y)

    def _factor_out(self, pft: int, free: np.ndarray, driver: int, cancelled) -> tuple[np.ndarray, np.ndarray]:
        b, tiles = self._blocks, self._tiles[pft]
        days = len(b.time)
        pair, scale = np.empty((len(tiles), days, 2 * LANES), np.uint16), np.zeros((len(tiles), LANES), b.float_type)

        def work(first: int, last: int) -> None:
            scratch = np.empty((days, LANES), b.float_type)
            factor_out(
                first, last, tiles, b.block_of, self._data, b.fpar, b.fpar_step, free[None], self._row_of, driver,
                scratch, pair[first:last], scale[first:last],
            )  # fmt: skip

        spread(work, len(tiles), chunk=CHUNK, cancelled=cancelled)
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

    def temperature(self, pft: int, row: np.ndarray, cancelled) -> Callable[[int, int], np.ndarray]:
        """Return a function that gives the pairs of temperature multiplier and SMSF of some tiles.

        They are made chunk by chunk the first time, and kept from the second time on, when a slider moves.

        Parameters
        ----------
        pft, row, cancelled
            See `moving`.

        Returns
        -------
        callable
            (first, last) -> (last - first, day, 2 * lane) array.
        """
        b, tiles = self._blocks, self._tiles[pft]
        days = len(b.time)

        def fill(first: int, last: int) -> np.ndarray:
            pair = np.empty((last - first, days, 2 * LANES), np.uint16 if b.packed else b.float_type)
            temperature(first, last, tiles, b.block_of, self._data, row[None], self._row_of, pair)
            return pair

        key = ("temperature", pft, part_of_row(row, TEMPERATURE_ROWS))
        if not b.packed or not self._again(key):
            return fill

        def make() -> np.ndarray:
            pairs = np.empty((len(tiles), days, 2 * LANES), np.uint16)

            def work(first: int, last: int) -> None:
                temperature(first, last, tiles, b.block_of, self._data, row[None], self._row_of, pairs[first:last])

            spread(work, len(tiles), chunk=CHUNK, cancelled=cancelled)
            return pairs

        kept = self._pieces.get(key, make, lambda pairs: pairs.nbytes)
        return lambda first, last: kept[first:last]
