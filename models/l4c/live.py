"""L4C kept warm: a run that answers a moved slider by remaking only what hangs on it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr

from models.kernel import Cancelled
from models.l4c.column import FULL, PARAMETERS
from models.l4c.ladder import MONTHS, Ahead, Decay, Ladder, Light
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.series import cell_series
from models.l4c.spinup import DAYS_OF_YEAR
from models.options import L4COptions
from models.packing import LANES, Blocks

__all__ = ["FIELDS", "LiveResult", "LiveRun"]

MIB = 2**20
FLUXES = ("gpp", "npp", "ra", "rh", "rh_fast", "rh_med", "rh_slow", "reco", "nee")
QUICK = ("gpp", "npp", "ra", "rh", "reco", "nee", "soc")
FIELDS = (*QUICK, *(name for name in FULL if name != "gpp"))
"""Variables a result can be asked for."""

G_PER_PG = 1e15
MOST_SHARES = 4


class LiveRun:
    """Runs of L4C over one set of packed drivers, shared by every visitor.

    Parameters
    ----------
    blocks : Blocks
        Drivers, read only.
    smrz_range : str
        How the root-zone wetness of ``blocks`` was rescaled; other choices are refused.
    limit : int
        Bytes of results kept.
    """

    def __init__(
        self,
        blocks: Blocks,
        *,
        smrz_range: str = "observed",
        limit: int = 180 * MIB,
    ):
        self.blocks = blocks
        self.smrz_range = smrz_range
        self.ladder = Ladder(blocks, limit)
        self._unit_light = float(blocks.scale[0]) * float(blocks.fpar_scale)
        self.vegetated = np.zeros((len(blocks.cell_of), LANES), np.float32)
        np.add.at(self.vegetated, blocks.block_of, blocks.fraction)
        self.divisor = np.where(self.vegetated > 0, self.vegetated, 1)
        self.has_cell = (blocks.cell_of >= 0) & (self.vegetated > 0)
        self.cells = blocks.cell_of[self.has_cell]
        tiles = {pft: tiles for pft, tiles in self.ladder.tiles.items() if len(tiles)}
        self.block_of = {pft: blocks.block_of[of_pft] for pft, of_pft in tiles.items()}
        self.fraction = {pft: blocks.fraction[of_pft] for pft, of_pft in tiles.items()}
        self._shares: OrderedDict[tuple[int, int], tuple] = OrderedDict()
        self._lock = threading.Lock()

    def result(
        self,
        options: L4COptions,
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        first: np.ndarray | None = None,
        partial: Callable[["LiveResult"], None] | None = None,
    ) -> "LiveResult":
        """Run with some options; what earlier runs have in common with this one is taken from them.

        Parameters
        ----------
        options : L4COptions
            What is run.
        progress : callable, optional
            Called with the share done, 0-1.
        cancelled : callable, optional
            Asked every millisecond of work; when it says yes the run ends.
        first : (cell,) int array, optional
            Cells in view, whose tiles run first.
        partial : callable, optional
            Called once with a result that holds for the cells in ``first`` alone, before the rest is done. Not called
            if nothing had to be remade.

        Returns
        -------
        LiveResult

        Raises
        ------
        ValueError
            If the options ask for what these drivers cannot give.
        models.kernel.Cancelled
            If ``cancelled`` said yes.
        """
        if options.smrz_range != self.smrz_range:
            msg = (
                f"smrz_range = {options.smrz_range!r}, but these drivers are rescaled by {self.smrz_range!r};"
                " run it on the unpacked drivers (python launch.py run)."
            )
            raise ValueError(msg)
        if options.soc_start == "given":
            msg = "soc_start = 'given' needs a dataset with a starting SOC; 'periodic' and 'analytical' are accepted."
            raise ValueError(msg)
        b, base = self.blocks, options.baseline()
        table, own = options.table(), pft_rows(options.table(), b, options.without, options.frozen_gpp)
        base_table, start = base.table(), pft_rows(base.table(), b, base.without, base.frozen_gpp)
        how = "analytical" if options.soc_start == "analytical" else "periodic"
        pieces: dict[int, tuple[Light, Decay, np.ndarray]] = {}
        unit = self._unit_rows(own), self._unit_rows(start)
        ladder = self.ladder

        def missing(pft: int) -> bool:
            row, start_row = unit[0][pft - 1], unit[1][pft - 1]
            keys = ladder.light_key(pft, row), ladder.decay_key(pft, row, start_row, how, options.litterfall)
            return not all(key in ladder.pieces for key in keys)

        # Types that have nothing to do come first, so that the last one's first tiles complete the view.
        present = sorted(self.block_of, key=missing)
        for done, pft in enumerate(present):
            if cancelled is not None and cancelled():
                raise Cancelled
            row, start_row = unit[0][pft - 1], unit[1][pft - 1]
            before = ladder.light(pft, start_row, cancelled)
            p = base_table[PFTS[pft - 1]]
            litter = np.float32((1 - p.f_aut) * p.lue_max) * before.mean
            ahead_light = ahead_decay = None
            if partial is not None and first is not None and pft == present[-1]:
                in_view = np.isin(self.blocks.cell_of, first).any(axis=1)
                known = dict(pieces)

                def show(light: Light, decay: Decay, pft: int = pft, known: dict = known, litter=litter) -> None:
                    partial(LiveResult(self, options, table, unit, how, {**known, pft: (light, decay, litter)}))

                if ladder.decay_key(pft, row, start_row, how, options.litterfall) in ladder.pieces:
                    old = ladder.decay(pft, row, start_row, how, options.litterfall)
                    ahead_light = Ahead(in_view, lambda new, old=old: show(new, old))
                else:
                    ahead_decay = in_view
            light = ladder.light(pft, row, cancelled, ahead_light)
            if ahead_decay is not None:
                ahead_decay = Ahead(ahead_decay, lambda new, light=light: show(light, new))
            decay = ladder.decay(pft, row, start_row, how, options.litterfall, cancelled, ahead_decay)
            pieces[pft] = light, decay, litter
            if progress is not None:
                progress((done + 1) / len(present))
        return LiveResult(self, options, table, unit, how, pieces)

    def weighted(self, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Multiply values of lanes by weights; a lane without weight adds nothing, whatever its value."""
        return weight * values if self.blocks.packed else np.where(weight > 0, weight * values, 0)

    def shares(self, mask: np.ndarray | None, area: np.ndarray) -> dict[int, np.ndarray]:
        """Area [m2] of each lane of each plant type within a mask of cells; the last few masks are remembered."""
        key = id(mask), id(area)
        with self._lock:
            if key in self._shares:
                self._shares.move_to_end(key)
                return self._shares[key][2]
        weight = np.asarray(area, np.float64) if mask is None else np.where(mask, area, 0.0)
        of_lane = np.where(self.blocks.cell_of >= 0, weight[self.blocks.cell_of], 0.0)
        made = {
            pft: (of_lane[self.block_of[pft]] * fraction).astype(np.float32) for pft, fraction in self.fraction.items()
        }
        with self._lock:
            # The arrays are kept with their shares, so that no other array takes their number.
            self._shares[key] = mask, area, made
            while len(self._shares) > MOST_SHARES:
                self._shares.popitem(last=False)
        return made

    def _unit_rows(self, rows: np.ndarray) -> np.ndarray:
        """Rows with a light-use efficiency of 1."""
        rows = rows.copy()
        rows[:, PARAMETERS.index("light") * LANES :][:, :LANES] = self._unit_light
        rows.flags.writeable = False
        return rows


class LiveResult:
    """Answers of one run. Read only; made by `LiveRun.result`."""

    def __init__(self, run: LiveRun, options: L4COptions, table: Mapping, unit: tuple, how: str, pieces: Mapping):
        self.run, self.options = run, options
        self._table, self._unit, self._how, self._pieces = table, unit, how, pieces

    def field(self, variable: str, when: str | tuple[str, int] = "annual") -> np.ndarray:
        """Map a variable: the mean of each cell's plant types, weighted by their fractions.

        Parameters
        ----------
        variable : str
            One of `FIELDS`.
        when : str or tuple
            "annual", ("month", 0-11) or ("day", index).

        Returns
        -------
        (cell,) float32 array
            Annual fluxes [gC m-2 yr-1]; else the mean over the days, in the variable's unit. NaN where nothing grows.

        Raises
        ------
        KeyError, ValueError
            If there is no such variable or time.
        """
        run = self.run
        total = np.zeros_like(run.vegetated)
        for pft in self._pieces:
            # A block has one tile of a plant type, so no place is added to twice.
            total[run.block_of[pft]] += run.weighted(run.fraction[pft], self._lanes(variable, pft, when))
        out = np.full(run.blocks.n_cell, np.nan, np.float32)
        out[run.cells] = (total / run.divisor)[run.has_cell]
        return out

    def field_of(self, variable: str, pft: int | str, when: str | tuple[str, int] = "annual") -> np.ndarray:
        """Map a variable of one plant type; see `field`. NaN where it does not grow."""
        pft = PFTS.index(pft) + 1 if isinstance(pft, str) else int(pft)
        b = self.run.blocks
        out = np.full(b.n_cell, np.nan, np.float32)
        if pft not in self._pieces:
            return out
        tiles = self.run.ladder.tiles[pft]
        used = b.fraction[tiles] > 0
        out[b.cell_of[b.block_of[tiles]][used]] = self._lanes(variable, pft, when)[used]
        return out

    def _lanes(self, variable: str, pft: int, when: str | tuple[str, int]) -> np.ndarray:
        """Values (tile, lane) of one plant type."""
        kind, place = self._when(when)
        if variable not in FIELDS:
            msg = f"No field is named {variable!r}; there are {', '.join(FIELDS)}."
            raise KeyError(msg)
        light, decay, litter = self._pieces[pft]
        p = self._table[PFTS[pft - 1]]
        times = np.float32(DAYS_OF_YEAR if kind == "year" and variable in FLUXES else 1.0)
        if variable in QUICK and kind != "day":
            month = self.run.ladder.month_of_day
            days = np.float32(len(month) if kind == "year" else max(1, int((month == place).sum())))

            def mean(of: Light | Decay) -> np.ndarray:
                return (of.all if kind == "year" else of.months[:, place]) / days

            if variable == "soc":
                return mean(decay)[:, 1] * litter
            gpp = mean(light) * np.float32(p.lue_max) if variable != "rh" else None
            rh = mean(decay)[:, 0] * litter if variable in ("rh", "reco", "nee") else None
        else:
            full = self.run.ladder.full(
                pft, self._unit[0][pft - 1], self._unit[1][pft - 1], self._how, self.options.litterfall, (kind, place)
            )
            if variable not in QUICK:
                linear = variable.startswith(("rh_", "soc_"))
                return full[:, FULL.index(variable)] * (litter if linear else 1) * times
            if variable == "soc":
                return full[:, FULL.index("soc_fast") : FULL.index("soc_slow") + 1].sum(axis=1) * litter
            gpp = full[:, 0] * np.float32(p.lue_max)
            rh = full[:, 1:4].sum(axis=1) * litter
        f_aut = np.float32(p.f_aut)
        value = {
            "gpp": lambda: gpp,
            "npp": lambda: (1 - f_aut) * gpp,
            "ra": lambda: f_aut * gpp,
            "rh": lambda: rh,
            "reco": lambda: f_aut * gpp + rh,
            "nee": lambda: f_aut * gpp + rh - gpp,
        }[variable]()
        return value * times

    def _when(self, when: str | tuple[str, int]) -> tuple[str, int]:
        days = len(self.run.blocks.time)
        if when == "annual":
            return "year", 0
        if isinstance(when, tuple) and len(when) == 2:
            kind, place = when
            if kind in ("month", "day") and 0 <= int(place) < (MONTHS if kind == "month" else days):
                return kind, int(place)
        msg = f"when = {when!r} is not accepted; 'annual', ('month', 0-11) or ('day', 0-{days - 1}) are."
        raise ValueError(msg)

    def total(self, mask: np.ndarray | None, area: np.ndarray) -> dict[str, dict[str, float]]:
        """Sum a region.

        Parameters
        ----------
        mask : (cell,) bool array or None
            Cells of the region; None is all.
        area : (cell,) array
            Area of the cells [m2].

        Returns
        -------
        dict
            Plant type (and "all") -> gpp, npp, ra, rh, nee [Pg C yr-1], soc [Pg C].
        """
        names = ("gpp", "npp", "ra", "rh", "nee", "soc")
        out = {}
        for pft, share in self.run.shares(mask, area).items():
            gpp, rh, soc = (
                float(np.sum(self.run.weighted(share, self._lanes(name, pft, "annual")), dtype=np.float64)) / G_PER_PG
                for name in ("gpp", "rh", "soc")
            )
            ra = float(self._table[PFTS[pft - 1]].f_aut) * gpp
            out[PFTS[pft - 1]] = dict(zip(names, (gpp, gpp - ra, ra, rh, ra + rh - gpp, soc), strict=True))
        out["all"] = {name: sum(of_pft[name] for of_pft in out.values()) for name in names}
        return out

    def series(self, cell: int) -> xr.Dataset:
        """Run one cell day by day in float64.

        Parameters
        ----------
        cell : int
            Place of the cell in the dataset.

        Returns
        -------
        xr.Dataset
            Outputs and drivers on (time), the mean of the plant types; outputs again on (pft, time) with "_pft" behind
            their name. ``pft`` holds the types that grow there, empty if none does.
        """
        return cell_series(self.run.blocks, self.options, cell)
