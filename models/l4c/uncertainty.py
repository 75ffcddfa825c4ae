r"""Uncertainty of NEE from the errors of a day's inputs (Jones et al. 2017, Eq. 10).

.. math:: \sigma_{NEE}^2 = J E J^T, \quad J_i = \partial NEE / \partial x_i, \quad E = \mathrm{diag}(\sigma_i^2)

J comes of the model's own equations on dual numbers (`models.l4c.derivatives`), E of the quality columns of the BPLUT
(`models.l4c.input_errors`). Plant types of a cell, and days of a period, join by the mean of their squares, as the
ubRMSE of a tower joins its days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from models.kernel import spread
from models.l4c.derivatives import ROWS, jacobian_kernel, stored_errors, variance_kernel
from models.l4c.forward import CHUNK, Start, daily_bins, row_of_tiles, start_of_year, to_cells, to_pfts
from models.l4c.input_errors import MIDDLE_RANK, RELATIVE, SOURCES, InputErrors, input_errors, source_errors
from models.l4c.litter import litter_schedule
from models.l4c.params import PFTS
from models.l4c.rows import pft_rows
from models.l4c.run import blocks_of_run, prepare
from models.options import L4COptions
from models.packing import DRIVERS, LANES, Blocks
from models.variables import VARIABLES

__all__ = [
    "MISSION_LIMIT",
    "Budget",
    "Shares",
    "UnitBudget",
    "budget_of",
    "error_budget",
    "jacobian",
    "shares_of_area",
    "unit_budget",
    "world_budget",
    "world_unit_budget",
]

MISSION_LIMIT = 1.6
"""Accuracy asked of the mission's NEE [gC m-2 d-1]."""


@dataclass(frozen=True, eq=False)
class Budget:
    """Squared NEE errors of a run by input, summed into bins of days, and its fluxes.

    Attributes
    ----------
    blocks : Blocks
        Drivers.
    squares : (tile, bin, 7, lane) array
        Sum over the days of the bin of each input's share of the variance [(gC m-2 d-1)2], in the order of `SOURCES`.
    gpp, rh, ra : (tile, bin, lane) array
        Sums [gC m-2].
    days : (bin,) int array
        Days of each bin.
    """

    blocks: Blocks
    squares: np.ndarray
    gpp: np.ndarray
    rh: np.ndarray
    ra: np.ndarray
    days: np.ndarray

    def of_cells(self) -> np.ndarray:
        """NEE error of each cell and bin (cell, bin) [gC m-2 d-1]: root of the mean square of plant types and days."""
        return np.sqrt(to_cells(self.blocks, self.squares.sum(axis=2)) / self.days)

    def by_source(self) -> np.ndarray:
        """Share of each input in the variance of a cell (cell, bin, 7) [1]; NaN where the variance is 0."""
        parts = to_cells(self.blocks, self.squares)
        total = parts.sum(axis=2, keepdims=True)
        return np.divide(parts, total, out=np.full_like(parts, np.nan), where=total > 0)

    def flux_of_cells(self) -> np.ndarray:
        """Mean of GPP + RE of each cell and bin (cell, bin) [gC m-2 d-1]: what an error is compared with."""
        return to_cells(self.blocks, self.gpp + self.ra + self.rh) / self.days


@dataclass(frozen=True, eq=False)
class UnitBudget:
    """The budget of inputs whose errors are all 1: what every choice of errors has in common.

    Eq. 10 is linear in the squared errors, so that any of them can be changed without another run.

    Attributes
    ----------
    unit : Budget
        Its ``squares`` are those of errors of 1, relative or in the unit of the input (`RELATIVE`).
    """

    unit: Budget

    def budget(self, errors: Mapping[str, InputErrors] | None = None, fpar_rank: float = MIDDLE_RANK) -> Budget:
        """Return the budget of these errors; see `error_budget`."""
        rows = source_errors(errors or input_errors(), fpar_rank)
        squares = (rows**2)[self.unit.blocks.pft - 1].astype(self.unit.squares.dtype)
        return replace(self.unit, squares=self.unit.squares * squares[:, None, :, None])


class Shares(NamedTuple):
    """Shares of the vegetated area [1]: within the mission's limit, in the north, and by relative error."""

    world: float
    north: float
    relative: float


def _places(blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Scale and offset (7,) of `SOURCES` as they are stored."""
    scale = [float(blocks.fpar_scale) if n == "fpar" else float(blocks.scale[DRIVERS.index(n)]) for n in SOURCES]
    offset = [0.0 if n == "fpar" else float(blocks.offset[DRIVERS.index(n)]) for n in SOURCES]
    return np.array(scale), np.array(offset)


def _state(start: Start, kind: np.dtype) -> np.ndarray:
    state = np.zeros((len(start.soc), 5, LANES), kind)
    state[:, :3], state[:, 4] = start.soc, start.litterfall
    return state.reshape(len(state), -1)


def jacobian(
    blocks: Blocks,
    rows: np.ndarray,
    start: Start,
    f_aut: np.ndarray,
    *,
    litterfall: str = "constant",
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Differentiate NEE of each day by that day's inputs.

    Parameters
    ----------
    blocks, rows, start, litterfall, cancelled
        See `models.l4c.forward.integrate`.
    f_aut : (tile, lane) array
        Fraction of GPP that plants respire.

    Returns
    -------
    (tile, day, 7, lane) array
        In the order of `SOURCES`: [gC m-2 d-1] per MJ m-2 d-1 (PAR), 1 (fPAR), K, Pa, %.
    """
    n, kind, days = blocks.n_tile, blocks.float_type, len(blocks.time)
    tiles, row_of = np.arange(n, dtype=np.int32), row_of_tiles(blocks, rows)
    data = blocks.data.reshape(*blocks.data.shape[:2], -1)
    share, step = litter_schedule(blocks, litterfall)
    out, state = np.empty((n, days, len(SOURCES) * LANES), kind), _state(start, kind)
    npp_share = np.ascontiguousarray((1 - f_aut).astype(kind))

    def work(first: int, last: int) -> None:
        jacobian_kernel(
            first, last, tiles, blocks.block_of, data, blocks.fpar, blocks.fpar_step, share, step, rows, row_of,
            npp_share, state[first:last], out[first:last],
        )  # fmt: skip

    spread(work, n, chunk=CHUNK, cancelled=cancelled)
    scale, _ = _places(blocks)
    return out.reshape(n, days, len(SOURCES), LANES) / scale.astype(kind)[:, None]


def unit_budget(
    blocks: Blocks,
    rows: np.ndarray,
    start: Start,
    f_aut: np.ndarray,
    bins: np.ndarray,
    *,
    litterfall: str = "constant",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> UnitBudget:
    """Propagate errors of 1 through a run; arguments as for `error_budget`."""
    shape = len(PFTS), len(SOURCES)
    ones = np.broadcast_to(np.where(RELATIVE, 0.0, 1.0), shape), np.broadcast_to(np.where(RELATIVE, 1.0, 0.0), shape)
    absolute, relative = stored_errors(*ones, *_places(blocks))
    n, kind = blocks.n_tile, blocks.float_type
    of_tile = (blocks.pft - 1).astype(int)
    absolute, relative = (np.ascontiguousarray(x[of_tile].astype(kind)) for x in (absolute, relative))
    tiles, row_of = np.arange(n, dtype=np.int32), row_of_tiles(blocks, rows)
    data = blocks.data.reshape(*blocks.data.shape[:2], -1)
    share, step = litter_schedule(blocks, litterfall)
    n_bin = int(bins.max(initial=-1)) + 1
    out, state = np.zeros((n, n_bin + 1, ROWS * LANES), kind), _state(start, kind)
    npp_share = np.ascontiguousarray((1 - f_aut).astype(kind))

    def work(first: int, last: int) -> None:
        variance_kernel(
            first, last, tiles, blocks.block_of, data, blocks.fpar, blocks.fpar_step, share, step, rows, row_of, bins,
            npp_share, absolute, relative, state[first:last], out[first:last],
        )  # fmt: skip

    spread(work, n, chunk=CHUNK, progress=progress, cancelled=cancelled)
    out = out.reshape(n, n_bin + 1, ROWS, LANES)[:, :-1]
    gpp, rh = out[:, :, 7], out[:, :, 8]
    days = np.bincount(bins[bins >= 0], minlength=n_bin)
    return UnitBudget(Budget(blocks, out[:, :, :7], gpp, rh, gpp * f_aut[:, None], days))


def error_budget(
    blocks: Blocks,
    rows: np.ndarray,
    start: Start,
    f_aut: np.ndarray,
    bins: np.ndarray,
    errors: Mapping[str, InputErrors] | None = None,
    *,
    fpar_rank: float = MIDDLE_RANK,
    litterfall: str = "constant",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Budget:
    """Propagate the errors of the inputs through a run (Eq. 10).

    Parameters
    ----------
    blocks, rows, start, bins, litterfall, progress, cancelled
        See `models.l4c.forward.integrate`.
    f_aut : (tile, lane) array
        Fraction of GPP that plants respire.
    errors : mapping, optional
        Plant type -> errors; by default those of BPLUT V7.
    fpar_rank : float
        Quality of fPAR, see `models.l4c.input_errors.FPAR_RANK`.

    Returns
    -------
    Budget

    Raises
    ------
    ValueError
        If errors are missing or out of bounds.
    """
    source_errors(errors or input_errors(), fpar_rank)  # what is wrong with them is said before the run
    made = unit_budget(
        blocks, rows, start, f_aut, bins, litterfall=litterfall, progress=progress, cancelled=cancelled
    )  # fmt: skip
    return made.budget(errors, fpar_rank)


def world_unit_budget(
    blocks: Blocks,
    options: L4COptions | None = None,
    *,
    bins: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> UnitBudget:
    """Propagate errors of 1 over the cells of drivers of a year; arguments as for `world_budget`."""
    options = options or L4COptions()
    plain = options.baseline()

    def made(chosen: L4COptions) -> tuple[np.ndarray, np.ndarray]:
        values = chosen.table()
        f_aut = np.array([values[p].f_aut for p in PFTS])[blocks.pft - 1][:, None].repeat(LANES, 1)
        return pft_rows(values, blocks, chosen.without, chosen.frozen_gpp), f_aut.astype(blocks.float_type)

    how = "analytical" if options.soc_start == "analytical" else "periodic"
    start = start_of_year(blocks, *made(plain), how=how, litterfall=options.litterfall, cancelled=cancelled)
    rows, f_aut = made(options)
    bins = np.zeros(len(blocks.time), np.int32) if bins is None else bins
    return unit_budget(
        blocks, rows, start, f_aut, bins, litterfall=options.litterfall, progress=progress, cancelled=cancelled
    )  # fmt: skip


def world_budget(
    blocks: Blocks,
    options: L4COptions | None = None,
    errors: Mapping[str, InputErrors] | None = None,
    *,
    bins: np.ndarray | None = None,
    fpar_rank: float = MIDDLE_RANK,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Budget:
    """Propagate the errors over the cells of packed drivers of a year; the soil starts in its steady state.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    options : L4COptions, optional
        What is run.
    errors, fpar_rank, progress, cancelled
        See `error_budget`.
    bins : (day,) int32 array, optional
        Output bin of each day, -1 for none; by default the whole year is one.

    Returns
    -------
    Budget
    """
    source_errors(errors or input_errors(), fpar_rank)
    made = world_unit_budget(blocks, options, bins=bins, progress=progress, cancelled=cancelled)
    return made.budget(errors, fpar_rank)


def budget_of(
    options: L4COptions,
    ds: xr.Dataset,
    errors: Mapping[str, InputErrors] | None = None,
    *,
    fpar_rank: float = MIDDLE_RANK,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Propagate the errors of the inputs at the cells of a dataset, day by day: a tower, a region.

    Parameters
    ----------
    options : L4COptions
        What is run.
    ds : xr.Dataset
        Drivers on (cell, time), see `models.l4c.run.prepare`.
    errors, fpar_rank
        See `error_budget`.

    Returns
    -------
    xr.Dataset
        ``nee_std`` (cell, time) and ``nee_std_pft`` (cell, pft, time) [gC m-2 d-1]; ``share`` (cell, time, source) of
        the variance [1]; ``jacobian`` (cell, time, source), the derivative of the cell's NEE; ``ubrmse`` (cell), the
        error of the whole record.
    """
    setup = prepare(options, ds)
    blocks, rows, f_aut, start = blocks_of_run(setup, ds, cancelled)
    given = {"litterfall": options.litterfall, "cancelled": cancelled}
    budget = error_budget(blocks, rows, start, f_aut, daily_bins(blocks), errors, fpar_rank=fpar_rank, **given)
    slopes = to_cells(blocks, jacobian(blocks, rows, start, f_aut, **given))
    std = budget.of_cells()
    of_pft = np.sqrt(to_pfts(blocks, budget.squares.sum(axis=2)))
    units = {"par": "MJ m-2 d-1", "fpar": "1", "tmin": "K", "vpd": "Pa", "t_soil": "K"}
    per = ", ".join(f"{name} [{units.get(name, '%')}]" for name in SOURCES)
    out = xr.Dataset(
        {
            "nee_std": (("cell", "time"), std, VARIABLES["nee_std"].cf_attrs),
            "nee_std_pft": (("cell", "pft", "time"), of_pft, VARIABLES["nee_std"].cf_attrs),
            "share": (("cell", "time", "source"), budget.by_source(), {"units": "1"}),
            "jacobian": (("cell", "time", "source"), slopes, {"long_name": f"dNEE/dx [gC m-2 d-1] by {per}"}),
            "ubrmse": ("cell", np.sqrt(np.nanmean(std**2, axis=1)), VARIABLES["nee_std"].cf_attrs),
        },
        {"time": ds["time"].values, "source": list(SOURCES)},
        {"errors": "quality columns of the BPLUT" if errors is None else "the user's own", "fpar_rank": fpar_rank},
    )
    return out.assign_coords({name: ds[name] for name in ("cell", "latitude", "longitude") if name in ds.coords})


def shares_of_area(
    std: np.ndarray,
    flux: np.ndarray,
    area: np.ndarray,
    latitude: np.ndarray,
    *,
    limit: float = MISSION_LIMIT,
    north: float = 45.0,
    relative: float = 0.3,
) -> Shares:
    """Compute what share of the vegetated area meets the mission's accuracy.

    Parameters
    ----------
    std : (cell,) array
        NEE error [gC m-2 d-1]; NaN without plants.
    flux : (cell,) array
        What the error is compared with [gC m-2 d-1], GPP + RE: the reading of the paper's relative error that is taken.
    area : (cell,) array
        Vegetated area of each cell, in any unit.
    latitude : (cell,) array
        Degrees.
    limit, north, relative : float
        Accuracy [gC m-2 d-1], southern edge of the north [degrees], relative accuracy [1].

    Returns
    -------
    Shares
        The paper's global numbers: 0.66, 0.83, 0.82.
    """
    there = np.isfinite(std) & (area > 0)
    weight = np.where(there, area, 0.0)

    def share(good: np.ndarray, where: np.ndarray) -> float:
        total = weight[where].sum()
        return float(weight[where & good].sum() / total) if total > 0 else np.nan

    good = np.where(there, std, np.inf) <= limit
    close = np.where(there, std, np.inf) <= relative * np.where(there, flux, 0.0)
    return Shares(share(good, there), share(good, there & (latitude >= north)), share(close, there))
