"""What of a run hangs on which parameter, piece by piece of one plant type: a slider remakes only its own.

GPP is proportional to lue_max, and with litterfall L the whole of RH and SOC is proportional to L. So for each plant
type three pieces are kept, none of which knows lue_max or f_aut: `Light` (ramps of GPP), `Pools` (steady state of a
unit of litterfall) and `Decay` (RH and SOC of a unit of litterfall). A run is a product of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.kernel import spread
from models.l4c.cache import ByteCache
from models.l4c.column import (
    FULL,
    PARAMETERS,
    decompose,
    equilibrium,
    light_use,
    run_full,
    temperature,
)
from models.l4c.litter import litter_schedule
from models.l4c.rows import DECAY_ROWS, LIGHT_ROWS
from models.l4c.spinup import analytical_state, periodic_state
from models.packing import LANES, Blocks

__all__ = ["MONTHS", "Decay", "Ladder", "Light"]

MONTHS = 12
CHUNK = 16  # tiles a task, about a millisecond of work
TEMPERATURE_ROWS = tuple(PARAMETERS.index(name) for name in ("beta0", "inverse_beta1", "t_scale", "t_offset"))


@dataclass(frozen=True, eq=False)
class Light:
    """GPP of one plant type for a light-use efficiency of 1 gC MJ-1.

    Attributes
    ----------
    months : (tile, 12, lane) array
        Sum over the days of each calendar month.
    year : (tile, lane) array
        Sum over all days that have a value.
    days : (tile, lane) array
        Number of these days.
    """

    months: np.ndarray
    year: np.ndarray
    days: np.ndarray


@dataclass(frozen=True, eq=False)
class Decay:
    """RH and SOC of one plant type for a mean litterfall of 1 gC m-2 d-1.

    Attributes
    ----------
    months : (tile, 12, 2, lane) array
        Sums over the days of each calendar month, of RH and of SOC at the start of the day.
    """

    months: np.ndarray


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

            def work(first: int, last: int) -> None:
                light_use(
                    first, last, tiles, b.block_of, self.data, b.fpar, b.fpar_step, row[None], self._row_of,
                    self.month_of_day, out[first:last], year[first:last],
                )  # fmt: skip

            self._spread(pft, work, cancelled)
            return Light(_closed(out[:, :-1]), _closed(year[:, :LANES]), _closed(year[:, LANES:]))

        return self.pieces.get(("light", pft, _part(row, LIGHT_ROWS)), make, _bytes)

    def _temperature(self, pft: int, first: int, last: int, row: np.ndarray) -> np.ndarray:
        b = self.blocks
        out = np.empty((last - first, len(b.time), LANES), np.uint16 if b.packed else b.float_type)
        temperature(first, last, self.tiles[pft], b.block_of, self.data, row[None], self._row_of, out)
        return out

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

            def work(first: int, last: int) -> None:
                t = self._temperature(pft, first, last, row)
                equilibrium(
                    first, last, tiles, b.block_of, self.data, t, share, step, row[None], self._row_of, year[first:last]
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
        b, tiles = self.blocks, self.tiles[pft]

        def make() -> Decay:
            state = self._state(pft, start, how, litterfall, cancelled)
            share, step = self.litter(litterfall)
            out = self._zeros(pft, MONTHS + 1, 2 * LANES)

            def work(first: int, last: int) -> None:
                t = self._temperature(pft, first, last, row)
                decompose(
                    first, last, tiles, b.block_of, self.data, t, share, step, row[None], self._row_of,
                    self.month_of_day, state[first:last], out[first:last],
                )  # fmt: skip

            self._spread(pft, work, cancelled)
            return Decay(_closed(out[:, :-1].reshape(len(tiles), MONTHS, 2, LANES)))

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
    """Some parameters of a row, as a key."""
    return np.ascontiguousarray(row.reshape(-1, LANES)[list(places), 0]).tobytes()


def _closed(array: np.ndarray) -> np.ndarray:
    """A compact copy that nobody can write to."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
