"""The drought experiment: which of the two ways it takes, what it needs, and the daily series of its cells."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_catalog.world.store import open_limits
from explorer.sensitivity.address import SensitivitySelection
from explorer.sensitivity.scope import Scope
from explorer.sensitivity.water import DryYear, check_cells, rain_drought, seconds_of_land
from models.l4c.changed import dried, within
from models.l4c.drought import FLUXES, Contrast, daily_fluxes, run_drought
from models.l4c.live import LiveRun
from models.packing import DRIVERS

__all__ = ["Drought", "cell_days", "drought_of", "drought_words", "seconds_of_drought"]


@dataclass(frozen=True, eq=False)
class Drought:
    """A finished drought.

    Attributes
    ----------
    scope : Scope
        Where, and on which days.
    selection : SensitivitySelection
        Rain or soil moisture, by what it was multiplied.
    contrast : Contrast
    land : DryYear, optional
        Of a drought of rain: water and leaves too.
    """

    scope: Scope
    selection: SensitivitySelection
    contrast: Contrast
    land: DryYear | None = None

    def field(self, flux: str) -> np.ndarray:
        """Return the change of a flux over the year in each cell of the scope [gC m-2 yr-1]."""
        values = np.full(self.scope.world.n_cell, np.nan, np.float32)
        values[self.contrast.cells] = self.contrast.change(flux)
        return values[self.scope.cells]

    def totals(self) -> dict[str, tuple[float, float]]:
        """Return flux -> sums of the region over the year, usual and changed [Tg C yr-1]."""
        area = np.zeros(self.scope.world.n_cell)
        area[self.scope.cells] = self.scope.area
        weight = area[self.contrast.cells]
        return {
            flux: tuple(
                float(np.nansum(side[flux].sum(axis=1) * weight)) / 1e12
                for side in (self.contrast.usual, self.contrast.changed)
            )
            for flux in FLUXES
        }


def drought_words(selection: SensitivitySelection) -> str:
    """Say what is done."""
    what = "Rain" if selection.drought == "rain" else "Soil moisture (0-10 and 0-100 cm)"
    return f"{what} × {selection.factor:g}"


def drought_of(
    scope: Scope,
    selection: SensitivitySelection,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Drought:
    """Run the drought of a selection.

    Raises
    ------
    ValueError
        If the region has too many cells for the land surface model, or nothing grows in it.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    if selection.drought == "rain":
        check_cells(scope.cells, scope.world.grid, scope.experiment.region.name)
        land = rain_drought(
            scope.world.grid, scope.cells, scope.area, selection.factor, scope.days, scope.options, progress, cancelled
        )
        return Drought(scope, selection, land.contrast, land)
    mask = np.zeros(scope.world.n_cell, bool)
    mask[scope.cells] = True
    live = _live(scope)
    contrast = run_drought(
        live.blocks, selection.factor, scope.days, mask, _limits(scope), _area(scope), scope.options,
        progress=progress, cancelled=cancelled,
    )  # fmt: skip
    return Drought(scope, selection, contrast)


def seconds_of_drought(scope: Scope, selection: SensitivitySelection) -> float:
    """Say about how long a drought takes [s]."""
    if selection.drought == "rain":
        return seconds_of_land(scope.cells.size, 2)
    return 0.2 + 8e-4 * scope.blocks.n_tile


def cell_days(drought: Drought, at: tuple[float, float]) -> tuple[int, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the cell of a place and its days, usual and changed: ``gpp rh nee`` and its water.

    The water is ``smsf``, ``smrz_rescaled`` [%] of a drought of soil moisture, ``ssm``, ``rzsm`` [m3 m-3] and ``lai``
    of one of rain.

    Raises
    ------
    ValueError
        If the cell is not of the drought.
    """
    scope = drought.scope
    cell = scope.world.table.nearest(*at)
    where = np.flatnonzero(drought.contrast.cells == cell)
    if not where.size:
        msg = "The selected cell lies outside the region of this drought; click a coloured one."
        raise ValueError(msg)
    if drought.land is not None:
        return cell, *(
            {name: values[where[0]] for name, values in side.items()}
            for side in (drought.land.usual, drought.land.changed)
        )
    mask = np.zeros(scope.world.n_cell, bool)
    mask[cell] = True
    one, cells = within(_live(scope).blocks, mask)
    limits = tuple(limit[cells] for limit in _limits(scope))
    dry = dried(one, drought.selection.factor, scope.days, np.ones(1, bool), limits)
    sides = []
    for blocks in (one, dry):
        days = {name: values[0] for name, values in daily_fluxes(blocks, scope.options, before=one).items()}
        wide = blocks.as_float(np.float32)
        block, lane = np.argwhere(wide.cell_of == 0)[0]
        water = {n: wide.data[block, :, DRIVERS.index(n), lane] for n in ("smsf", "smrz_rescaled")}
        sides.append(days | water)
    return cell, *sides


def _live(scope: Scope) -> LiveRun:
    return scope.world.run(scope.options.smrz_range)[0]


def _area(scope: Scope) -> np.ndarray:
    area = np.zeros(scope.world.n_cell)
    area[scope.cells] = scope.area
    return area


def _limits(scope: Scope) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest root-zone wetness of each cell [%] between which the world rescales it."""
    known = open_limits(scope.world.grid)
    low, high = known["smrz_min"], known["smrz_max"]
    if scope.options.smrz_range == "wilting_point":
        low = known["smrz_wilting"]
    elif scope.options.smrz_range == "minimum_100":
        high = np.full_like(high, 100.0)
    return low, high
