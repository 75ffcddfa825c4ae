"""A drought: L4C with drier soil for some days in a region, beside the same without."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.l4c.changed import dried, within
from models.l4c.forward import daily_bins, integrate, start_of_year, to_cells
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.options import L4COptions
from models.packing import LANES, Blocks

__all__ = ["FLUXES", "Contrast", "ContrastSums", "daily_fluxes", "run_drought"]

FLUXES = ("gpp", "rh", "nee")

CHUNK = 64
"""Blocks whose days are in memory at a time: 1,024 cells."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """Fluxes of two runs that differ in their water: the usual one, and the changed one.

    Attributes
    ----------
    cells : (n,) int array
        Places of the cells in the drivers.
    time : (day,) datetime64[D]
    month : (day,) int array
        Month of each day, from 0.
    usual, changed : dict of str to (n, 12) array
        Flux -> sum over a month [gC m-2]; NaN where nothing grows.
    usual_days, changed_days : dict of str to (day,) array
        Flux -> mean over the area [gC m-2 d-1].
    """

    cells: np.ndarray
    time: np.ndarray
    month: np.ndarray
    usual: dict[str, np.ndarray]
    changed: dict[str, np.ndarray]
    usual_days: dict[str, np.ndarray]
    changed_days: dict[str, np.ndarray]

    def change(self, flux: str, month: int | None = None) -> np.ndarray:
        """Return the changed run less the usual one (n,) [gC m-2], over the record or a month (0-11)."""
        apart = self.changed[flux] - self.usual[flux]
        return apart.sum(axis=1) if month is None else apart[:, month]


class ContrastSums:
    """Builds a `Contrast` from the days of one batch of cells after the other.

    Parameters
    ----------
    time : (day,) datetime64 array
    """

    def __init__(self, time: np.ndarray):
        self.time = np.asarray(time).astype("datetime64[D]")
        self.month = self.time.astype("datetime64[M]").astype(int) % 12
        self._cells: list[np.ndarray] = []
        self._months: dict[str, tuple[list, list]] = {flux: ([], []) for flux in FLUXES}
        self._days = {flux: np.zeros((2, self.time.size)) for flux in FLUXES}
        self._area = 0.0

    def add(
        self,
        cells: np.ndarray,
        area: np.ndarray,
        usual: Mapping[str, np.ndarray],
        changed: Mapping[str, np.ndarray],
    ) -> None:
        """Take cells (n,), their area (n,) and their daily fluxes, flux -> (n, day) [gC m-2 d-1], of both runs."""
        grows = np.isfinite(usual[FLUXES[0]]).all(axis=1)
        weight = np.where(grows, area, 0.0)
        for flux in FLUXES:
            for side, days in enumerate((usual[flux], changed[flux])):
                sums = np.stack([days[:, self.month == m].sum(axis=1, dtype=float) for m in range(12)], axis=1)
                self._months[flux][side].append(sums.astype(np.float32))
                self._days[flux][side] += weight @ np.where(grows[:, None], days, 0.0)
        self._cells.append(np.asarray(cells))
        self._area += float(weight.sum())

    def result(self) -> Contrast:
        """Return what was added.

        Raises
        ------
        ValueError
            If nothing grows in any of the cells.
        """
        if not self._area > 0:
            msg = "Nothing grows in this region: choose one with vegetated cells."
            raise ValueError(msg)
        months = {flux: [np.concatenate(side) for side in sides] for flux, sides in self._months.items()}
        days = {flux: sums / self._area for flux, sums in self._days.items()}
        return Contrast(
            np.concatenate(self._cells), self.time, self.month,
            {flux: sides[0] for flux, sides in months.items()}, {flux: sides[1] for flux, sides in months.items()},
            {flux: sides[0] for flux, sides in days.items()}, {flux: sides[1] for flux, sides in days.items()},
        )  # fmt: skip


def daily_fluxes(
    blocks: Blocks,
    options: L4COptions,
    *,
    before: Blocks | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, np.ndarray]:
    """Run drivers and return flux -> (cell, day) [gC m-2 d-1], NaN where nothing grows.

    Parameters
    ----------
    blocks : Blocks
        Drivers of a year.
    options : L4COptions
        What is run.
    before : Blocks, optional
        Drivers in balance with which the soil carbon starts; those of the run if not given.
    cancelled : callable, optional
        See `models.kernel.spread`.
    """

    def parts(chosen: L4COptions, of: Blocks) -> tuple[np.ndarray, np.ndarray]:
        table = chosen.table()
        f_aut = np.array([table[p].f_aut for p in PFTS])[of.pft - 1][:, None].repeat(LANES, 1)
        return pft_rows(table, of, chosen.without, chosen.frozen_gpp), f_aut.astype(of.float_type)

    how = "analytical" if options.soc_start == "analytical" else "periodic"
    origin = blocks if before is None else before
    start = start_of_year(
        origin, *parts(options.baseline(), origin), how=how, litterfall=options.litterfall, cancelled=cancelled
    )
    rows, f_aut = parts(options, blocks)
    run = integrate(
        blocks, rows, start, daily_bins(blocks), outputs="live", litterfall=options.litterfall, cancelled=cancelled
    )
    gpp, rh = run.out[:, :, 0], run.out[:, :, 1]
    nee = rh - (1 - f_aut[:, None]) * gpp
    return {name: to_cells(blocks, values) for name, values in zip(FLUXES, (gpp, rh, nee), strict=True)}


def run_drought(
    blocks: Blocks,
    factor: float,
    days: np.ndarray,
    mask: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    area: np.ndarray,
    options: L4COptions | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Contrast:
    """Multiply the soil moisture of a region by a factor for some days, and run a year with and without.

    Soil carbon and litterfall are those of the year without: a drought comes to an ecosystem that does not know it.

    Parameters
    ----------
    blocks : Blocks
        Drivers of a year.
    factor, days, limits
        See `models.l4c.changed.dried`.
    mask : (cell,) bool array
        Cells of the region.
    area : (cell,) array
        Vegetated area, in any unit.
    options : L4COptions, optional
        What is run.
    progress, cancelled : callable, optional
        Told the share done; asked now and then.

    Raises
    ------
    ValueError
        If the factor is negative, or nothing grows in the region.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    options = options or L4COptions()
    low, high, area = (np.asarray(x) for x in (*limits, area))
    inside = (blocks.cell_of >= 0) & np.asarray(mask, bool)[blocks.cell_of]
    sums, holding = ContrastSums(blocks.time), np.flatnonzero(inside.any(axis=1))
    for first in range(0, holding.size, CHUNK):
        chosen = holding[first : first + CHUNK]
        there = np.zeros(blocks.n_cell, bool)
        there[blocks.cell_of[chosen][inside[chosen]]] = True
        some, cells = within(blocks.of(chosen), there)
        dry = dried(some, factor, days, np.ones(some.n_cell, bool), (low[cells], high[cells]))
        usual = daily_fluxes(some, options, cancelled=cancelled)
        changed = daily_fluxes(dry, options, before=some, cancelled=cancelled)
        sums.add(cells, area[cells], usual, changed)
        if progress is not None:
            progress(min(1.0, (first + CHUNK) / holding.size))
    return sums.result()
