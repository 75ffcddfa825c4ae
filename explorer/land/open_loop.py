"""What the map of the page Land shows until a region is run: the soil of the world's own open loop."""

import functools

import numpy as np

from data_catalog.world.soil import parents_of, shipped
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, T_SOIL
from data_catalog.world.static import open_static
from data_catalog.world.weather import DAYS, MONTH_START

__all__ = ["OPEN_LOOP", "open_loop_field"]

OPEN_LOOP = {"ssm": SMSF, "rzsm": SMRZ, "t_soil": T_SOIL, "frozen": FROZEN}
"""Variable of the map -> row of the shipped run; wetness is kept there as a share of the pores."""


@functools.lru_cache(maxsize=24)
def open_loop_field(grid: str, variable: str, when: str) -> np.ndarray:
    """Return a mean of the world's open loop at 108 km on every cell of a grid, (cell,) float32, read-only.

    Parameters
    ----------
    grid : str
        A cell of a finer grid has the soil of the 108-km cell around it.
    variable : str
        Of `OPEN_LOOP`, in the unit of `models.variables`.
    when : str
        "annual", a month "m01" to "m12", or a day of the year "d1" to "d366" (the last is that of day 365).
    """
    run = shipped()
    field = run.soil[:, OPEN_LOOP[variable], _days_of(when)].mean(axis=1)
    if variable in ("ssm", "rzsm"):
        field *= run.porosity / 100.0
    field = field[parents_of(open_static(grid), grid)]
    field.flags.writeable = False
    return field


def _days_of(when: str) -> slice:
    """Return the days of a part of a year of 365."""
    if when == "annual":
        return slice(None)
    number = int(when[1:])
    if when[0] == "d":
        day = min(number, DAYS)
        return slice(day - 1, day)
    return slice(MONTH_START[number - 1], MONTH_START[number])
