"""Spin-up: repeat the forcing until soil water and leaf area return to where they started."""

from typing import NamedTuple

import numpy as np

from models.land.columns import Columns

__all__ = ["SpinUp", "balance_soil_carbon", "drift"]

WATER_TOLERANCE = 0.001
"""Largest change of soil moisture from cycle to cycle [m3 m-3]."""

LAI_TOLERANCE = 0.01
"""Largest change of leaf area from cycle to cycle [m2 m-2]."""


class SpinUp(NamedTuple):
    """What a spin-up came to."""

    cycles: int
    water_drift: float
    lai_drift: float

    @property
    def done(self) -> bool:
        """Whether water and leaf area repeat within the tolerances."""
        return self.water_drift <= WATER_TOLERANCE and self.lai_drift <= LAI_TOLERANCE


def drift(before: Columns, after: Columns) -> tuple[float, float]:
    """Return the largest change of soil moisture [m3 m-3] and of leaf area [m2 m-2] between two states."""
    water = np.abs(after.get("soil_moisture") - before.get("soil_moisture")).max()
    leaf = np.abs(after.get("leaf") - before.get("leaf")) * after.get("sla") * 1e-3
    return float(water), float(leaf.max())


def balance_soil_carbon(columns: Columns) -> None:
    r"""Put fast soil carbon where a repeated cycle of the forcing leaves it unchanged.

    Over a cycle the pool obeys :math:`C' = (1 - u) C + B`, with the fraction lost ``u`` and the litter still there
    ``B`` kept by the run, so the repeating pool is ``B / u``. The stable pool only gains and has no such state.
    """
    lost, gained = columns.get("soc_lost"), columns.get("soc_gained")
    columns.set("soc_fast", np.where(lost > 0.0, gained / np.where(lost > 0.0, lost, 1.0), columns.get("soc_fast")))
