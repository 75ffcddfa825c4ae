"""Spin-up: repeat the forcing until soil water and leaf area return to where they started."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from models.land.columns import Columns
from models.land.layout import PARAMETERS, STATE

__all__ = ["SpinUp", "balance_soil_carbon", "repeat_until_settled"]

WATER_TOLERANCE = 0.001
"""Largest change of soil moisture from cycle to cycle [m3 m-3]."""

LAI_TOLERANCE = 0.01
"""Largest change of leaf area from cycle to cycle [m2 m-2]."""


class SpinUp(NamedTuple):
    """What a spin-up came to; every field has shape (column,)."""

    cycles: np.ndarray
    water_drift: np.ndarray
    lai_drift: np.ndarray

    @property
    def done(self) -> np.ndarray:
        """Which columns repeat their water and leaf area within the tolerances."""
        return (self.water_drift <= WATER_TOLERANCE) & (self.lai_drift <= LAI_TOLERANCE)


def _drift(before: np.ndarray, after: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the change of soil moisture (its largest layer) and leaf area of each lane, (block, LANES)."""
    theta = [STATE.index(f"theta_{k}") for k in (1, 2, 3, 4)]
    leaf, sla = STATE.index("leaf"), PARAMETERS.index("sla")
    water = np.abs(after[:, theta] - before[:, theta]).max(axis=1)
    return water, np.abs(after[:, leaf] - before[:, leaf]) * parameters[:, sla] * 1e-3


def repeat_until_settled(
    columns: Columns, cycle: Callable[[Columns, int], None], most: int, stop: bool = True
) -> SpinUp:
    """Run cycles until every column's water and leaf area repeat.

    A column that has settled keeps the state in which it did, so that it does not depend on its neighbours; a block
    whose columns have all settled is run no more.

    Parameters
    ----------
    columns : Columns
        Changed in place.
    cycle : callable
        ``cycle(columns, number)`` runs one cycle of the forcing in place.
    most : int
        Most cycles; 0 runs none.
    stop : bool
        Whether to stop at all, or run ``most`` cycles whatever comes.

    Returns
    -------
    SpinUp
        NaN drifts where no cycle ran.
    """
    blocks, _, lanes = columns.state.shape
    cycles = np.zeros((blocks, lanes), int)
    water, leaf = np.full((blocks, lanes), np.nan), np.full((blocks, lanes), np.nan)
    open_ = np.ones((blocks, lanes), bool)
    for number in range(most):
        at = np.flatnonzero(open_.any(axis=1))
        some = Columns(
            columns.table,
            *(array[at] for array in (columns.source, columns.parameters, columns.state)),
            np.zeros_like(columns.balance[at]),
        )
        before = some.state.copy()
        cycle(some, number)
        change = _drift(before, some.state, some.parameters)
        for array, values in zip((water, leaf, cycles), (*change, number + 1), strict=True):
            array[at] = np.where(open_[at], values, array[at])
        for array, new in ((columns.state, some.state), (columns.balance, some.balance)):
            array[at] = np.where(open_[at][:, None], new, array[at])
        if stop:
            open_ &= ~((water <= WATER_TOLERANCE) & (leaf <= LAI_TOLERANCE))
            if not open_.any():
                break
    return SpinUp(*(array.reshape(-1)[: columns.count] for array in (cycles, water, leaf)))


def balance_soil_carbon(columns: Columns) -> None:
    r"""Put fast soil carbon where a repeated cycle of the forcing leaves it unchanged.

    Over a cycle the pool obeys :math:`C' = (1 - u) C + B`, with the fraction lost ``u`` and the litter still there
    ``B`` kept by the run, so the repeating pool is ``B / u``. The stable pool only gains and has no such state.
    """
    lost, gained = columns.get("soc_lost"), columns.get("soc_gained")
    columns.set("soc_fast", np.where(lost > 0.0, gained / np.where(lost > 0.0, lost, 1.0), columns.get("soc_fast")))
