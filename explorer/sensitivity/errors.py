"""The uncertainty of NEE (Jones et al. 2017, Eq. 10): one run a scope, any errors of the inputs at once; and draws."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.sensitivity.address import SensitivitySelection, errors_of
from explorer.sensitivity.scope import Scope
from models.l4c.cache import ByteCache
from models.l4c.changed import within
from models.l4c.forward import daily_bins, start_of_year, to_cells, to_pfts
from models.l4c.input_errors import RANKS, SOURCES, source_errors
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.sampled import sampled_error
from models.l4c.uncertainty import (
    MISSION_LIMIT,
    Shares,
    error_budget,
    shares_of_area,
    world_unit_budget,
)
from models.packing import LANES
from models.studies.jones2017 import PRINTED

__all__ = [
    "LIMIT_WORDS",
    "SOURCE_WORDS",
    "CellUnits",
    "DrawnErrors",
    "NeeErrors",
    "compare_draws",
    "errors_seen",
    "units_of",
]

SOURCE_WORDS = dict(zip(SOURCES, ("PAR", "fPAR", "Tmin", "VPD", "SMRZ", "Tsoil", "SMSF"), strict=True))

LIMIT_WORDS = (
    f"ubRMSE ≤ {MISSION_LIMIT:g} gC m⁻² d⁻¹",
    "the same north of 45° N",
    "relative error ≤ 30 % of GPP + RE",
)
"""The three shares of area that the paper prints, in its order."""

KEPT = ByteCache(96 * 2**20)
"""Budgets of this process: a 36-km world has 23 MB."""

DRAWN_BLOCKS, DRAWN_DAYS = 24, 24
"""Blocks of cells and days of the year on which draws are compared with the linear error."""


@dataclass(frozen=True, eq=False)
class NeeErrors:
    """NEE errors of a scope for one choice of errors of the inputs.

    Attributes
    ----------
    scope : Scope
    std : (n,) array
        ubRMSE of NEE of each cell [gC m-2 d-1].
    flux : (n,) array
        Mean of GPP + RE [gC m-2 d-1].
    by_source : (n, 7) array
        Share of each input in the variance [1], in the order of `SOURCES`.
    shares : dict of float to Shares
        Rank of fPAR -> shares of the vegetated area; the chosen rank is one of them.
    """

    scope: Scope
    std: np.ndarray
    flux: np.ndarray
    by_source: np.ndarray
    shares: dict[float, Shares]

    def field(self, shown: str) -> np.ndarray:
        """Return what the map shows: "ubrmse", "relative" [%], or a source's share of the variance [%]."""
        if shown == "ubrmse":
            return self.std
        if shown == "relative":
            there = self.flux > 0
            return 100 * np.divide(self.std, self.flux, out=np.full_like(self.std, np.nan), where=there)
        return 100 * self.by_source[:, SOURCES.index(shown)]

    def mean_shares(self) -> np.ndarray:
        """Return each input's share [1] in the variance of the area, (7,)."""
        variance = np.where(np.isfinite(self.std), self.std**2, 0.0) * self.scope.area
        total = variance.sum()
        parts = np.nansum(self.by_source * variance[:, None], axis=0)
        return parts / total if total > 0 else np.full(len(SOURCES), np.nan)

    def table(self, rank: float) -> pd.DataFrame:
        """Return the paper's three shares of area [%] beside those of each rank, the chosen one first."""
        rows = []
        for place, (words, printed) in enumerate(zip(LIMIT_WORDS, PRINTED, strict=True)):
            row: dict[str, object] = {"Share of the vegetated area [%]": words}
            row["paper"] = 100 * printed.value
            row[f"here, rank {rank:g}"] = round(100 * self.shares[rank][place], 1)
            row |= {f"rank {r:g}": round(100 * self.shares[r][place], 1) for r in RANKS if r != rank}
            rows.append(row)
        return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class CellUnits:
    """What errors of 1 of the inputs do to each cell, from which any errors follow in milliseconds.

    Attributes
    ----------
    squares : (n, 8, 7) float32 array
        Mean over the days of the squared NEE error by plant type and input, times the type's share of the cell.
    flux : (n,) array
        Mean of GPP + RE [gC m-2 d-1].
    """

    squares: np.ndarray
    flux: np.ndarray

    def by_source(self, errors: np.ndarray) -> np.ndarray:
        """Return the squared NEE error of each cell by input (n, 7) for errors (8, 7) of `source_errors`."""
        return np.einsum("cps,ps->cs", self.squares, (errors**2).astype(self.squares.dtype))


def units_of(scope: Scope, progress, cancelled) -> CellUnits:
    """Propagate errors of 1 through a run of the scope, or return what somebody asked for before.

    Raises
    ------
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    experiment = scope.experiment
    key = (scope.world, experiment.region, experiment.period, experiment.l4c)

    def make() -> CellUnits:
        unit = world_unit_budget(
            scope.blocks, scope.options, bins=scope.bins, progress=progress, cancelled=cancelled
        ).unit
        fraction = np.nan_to_num(to_pfts(unit.blocks, np.asarray(unit.blocks.fraction, np.float32)))
        total = fraction.sum(axis=1, keepdims=True)
        share = np.divide(fraction, total, out=np.full_like(fraction, np.nan), where=total > 0)
        of_pft = np.nan_to_num(to_pfts(unit.blocks, unit.squares[:, 0])) / np.float32(unit.days[0])
        squares = share[:, :, None] * of_pft
        return CellUnits(squares[scope.index], unit.flux_of_cells()[scope.index, 0])

    return KEPT.get(key, make, lambda units: units.squares.nbytes + units.flux.nbytes)


def errors_seen(scope: Scope, units: CellUnits, selection: SensitivitySelection) -> NeeErrors:
    """Return the errors of NEE for the selection's errors of the inputs."""
    errors, shares = errors_of(selection), {}
    parts = units.by_source(source_errors(errors, selection.rank))
    variance = parts.sum(axis=1)
    fpar = SOURCES.index("fpar")
    for rank in sorted({*RANKS, selection.rank}):
        of_fpar = (source_errors(errors, rank)[:, fpar] ** 2).astype(parts.dtype)
        std = np.sqrt(variance - parts[:, fpar] + units.squares[:, :, fpar] @ of_fpar)
        shares[rank] = shares_of_area(std, units.flux, scope.area, scope.latitude)
    there = variance[:, None] > 0
    by_source = np.divide(parts, variance[:, None], out=np.full_like(parts, np.nan), where=there)
    return NeeErrors(scope, np.sqrt(variance), units.flux, by_source, shares)


@dataclass(frozen=True, eq=False)
class DrawnErrors:
    """The linear error beside draws of the model with perturbed inputs.

    Attributes
    ----------
    linear, drawn : (point,) array
        NEE error of days of plant types in cells [gC m-2 d-1].
    inside : (point,) bool array
        Whether no ramp has a limit within two standard deviations of its input.
    time : (day,) datetime64[D]
        Days of the selected cell.
    cell_linear, cell_drawn : (day,) array
        Error of the cell's NEE on these days [gC m-2 d-1].
    cell_inside : (day,) array
        Share of the cell's plants whose ramps all are away from their limits [1].
    members : int
        Draws a day.
    """

    linear: np.ndarray
    drawn: np.ndarray
    inside: np.ndarray
    time: np.ndarray
    cell_linear: np.ndarray
    cell_drawn: np.ndarray
    cell_inside: np.ndarray
    members: int

    def table(self) -> pd.DataFrame:
        """Return how the two agree, where ramps are away from their limits, where they are not, and everywhere."""
        rows = []
        for words, chosen in (
            ("no ramp at a limit", self.inside),
            ("a ramp at a limit", ~self.inside),
            ("all", np.ones(self.inside.size, bool)),
        ):
            linear, drawn = self.linear[chosen], self.drawn[chosen]
            ratio = drawn / linear
            ok = bool(chosen.any())
            rows.append(
                {
                    "Days": words,
                    "n": int(chosen.sum()),
                    "ubRMSE, Eq. 10": float(np.sqrt(np.mean(linear**2))) if ok else np.nan,
                    "ubRMSE, draws": float(np.sqrt(np.mean(drawn**2))) if ok else np.nan,
                    "draws / Eq. 10": float(np.sqrt(np.mean(drawn**2) / np.mean(linear**2))) if ok else np.nan,
                    "single days within 10 % [%]": round(100 * float(np.mean(np.abs(ratio - 1) <= self.tolerance)), 1)
                    if ok
                    else np.nan,
                }
            )
        return pd.DataFrame(rows)

    @property
    def tolerance(self) -> float:
        """A tenth, and what two standard deviations of the draws' own sampling error add."""
        return 0.1 + 2 / np.sqrt(2 * self.members)


LEAST = 0.01
"""NEE error [gC m-2 d-1] below which a ratio says nothing."""


def compare_draws(scope: Scope, cell: int, selection: SensitivitySelection, progress, cancelled) -> DrawnErrors:
    """Draw perturbed inputs on days of the selected cell, and on some days in blocks of cells over the scope.

    Parameters
    ----------
    scope : Scope
    cell : int
        Place of the cell in the scope's world.
    selection : SensitivitySelection
        Errors of the inputs, rank of fPAR, draws.

    Raises
    ------
    ValueError
        If nothing grows in the cell.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    errors, mine = errors_of(selection), np.isin(scope.blocks.cell_of, scope.index)
    there = np.flatnonzero(mine.any(axis=1))
    chosen = there[np.unique(np.linspace(0, there.size - 1, DRAWN_BLOCKS).astype(int))]
    counted = np.flatnonzero(scope.days)
    days = counted[np.unique(np.linspace(0, counted.size - 1, DRAWN_DAYS).astype(int))]
    spread = scope.blocks.of(chosen)
    linear, drawn, inside = _both(spread, scope, days, errors, selection, lambda s: progress(0.8 * s), cancelled)
    grows = (spread.fraction > 0) & mine[chosen][spread.block_of]
    used = grows[:, None] & (linear > LEAST)
    mask = np.zeros(scope.world.n_cell, bool)
    mask[cell] = True
    live, _ = scope.world.run(scope.options.smrz_range)
    one, _ = within(live.blocks, mask)
    if not one.n_tile:
        msg = "Nothing grows in the selected cell; click a coloured one."
        raise ValueError(msg)
    every = np.arange(0, one.time.size, 5)
    own = _both(one, scope, every, errors, selection, lambda s: progress(0.8 + 0.2 * s), cancelled)
    of_cell = [to_cells(one, values.astype(float))[0] for values in (own[0] ** 2, own[1] ** 2, own[2])]
    return DrawnErrors(
        linear[used], drawn[used], inside[used], one.time[every], np.sqrt(of_cell[0]), np.sqrt(of_cell[1]), of_cell[2],
        selection.members,
    )  # fmt: skip


def _both(blocks, scope: Scope, days, errors, selection, progress, cancelled):
    """Return linear and drawn errors (tile, day, lane) and where no ramp is at a limit."""
    wide, table = blocks.as_float(np.float64), scope.options.table()
    rows = pft_rows(table, wide, scope.options.without, scope.options.frozen_gpp)
    f_aut = np.array([table[p].f_aut for p in PFTS])[wide.pft - 1][:, None].repeat(LANES, 1)
    start = start_of_year(wide, rows, f_aut, cancelled=cancelled)
    rank = {"fpar_rank": selection.rank, "cancelled": cancelled}
    budget = error_budget(wide, rows, start, f_aut, daily_bins(wide), errors, **rank)
    drawn = sampled_error(
        wide, rows, start, f_aut, days, errors, members=selection.members, progress=progress, **rank
    )  # fmt: skip
    return np.sqrt(budget.squares.sum(axis=2))[:, days], drawn.std, drawn.inside
