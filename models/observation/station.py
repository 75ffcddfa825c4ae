r"""Stations on the ground, sampled from a truth: what they measure is right, but a picture of more than a point.

A station's error as a picture of its cell (representativeness) hardly changes from day to day. It is an AR(1) process
with an e-folding time of ten days, and half of its variance; the other half is noise of each day, the instrument's. A
constant offset of the same size stands for the soil of the place, which correlations of anomalies do not see.
"""

from typing import NamedTuple

import numpy as np

from models.normals import normals
from models.quantity import Parameter, parameter

__all__ = ["ERRORS", "Stations", "sample_stations"]

ASSUMED = "assumed; of the order that networks of many stations in one cell show"
STREAM = 2304
"""Stream of the draws of stations: none of the ensemble's, the observations' or the bootstrap's."""

EVERY = 3
"""One cell of so many has a station."""

MEMORY = 10.0
"""e-folding time of the slow error [d]."""

ERRORS: dict[str, tuple[Parameter, float]] = {
    "ssm": (parameter("m3 m-3", 0.0, 0.2, "error sd of a station, surface soil moisture", "", ASSUMED), 0.03),
    "rzsm": (parameter("m3 m-3", 0.0, 0.2, "error sd of a station, root-zone soil moisture", "", ASSUMED), 0.02),
    "lai": (parameter("m2 m-2", 0.0, 3.0, "error sd of a station, leaf area index", "", ASSUMED), 0.3),
    "gpp": (parameter("gC m-2 d-1", 0.0, 5.0, "error sd of a flux tower, GPP", "", ASSUMED), 1.0),
    "et": (parameter("mm d-1", 0.0, 3.0, "error sd of a flux tower, evapotranspiration", "", ASSUMED), 0.5),
}
"""Variable -> declaration of its error sd, and the default."""


class Stations(NamedTuple):
    """What stations measured.

    Attributes
    ----------
    places : (station,) int array
        Places of the cells that have one, in the truth that was sampled.
    values : (station, day) array
        Measurements, in the variable's unit.
    """

    places: np.ndarray
    values: np.ndarray


def sample_stations(
    variable: str,
    truth: np.ndarray,
    cells: np.ndarray,
    *,
    seed: int,
    error_std: float | None = None,
    every: int = EVERY,
) -> Stations:
    """Measure a truth at some of its cells, each day.

    Parameters
    ----------
    variable : str
        Key of `ERRORS`.
    truth : (cell, day) array
        Daily means of the true land.
    cells : (cell,) int array
        Numbers of the cells, by which the draws are named: a cell has the same station in any run of a seed.
    seed : int
        Of the experiment.
    error_std : float, optional
        sd of the slow and of the quick error together; that of `ERRORS` if not given.
    every : int
        One cell of so many has a station.

    Raises
    ------
    KeyError
        If no station measures the variable.
    ValueError
        If the error is out of bounds or no cell has a station.
    """
    if variable not in ERRORS:
        msg = f"No station measures {variable!r}; there are {', '.join(ERRORS)}."
        raise KeyError(msg)
    declared, default = ERRORS[variable]
    sd = default if error_std is None else float(error_std)
    declared.check("error_std", sd)
    cells = np.asarray(cells)
    places = np.flatnonzero(cells % every == 0) if cells.size >= 2 * every else np.arange(cells.size)
    if not places.size:
        msg = f"None of the {cells.size} cells has a station; choose more cells, or every = 1."
        raise ValueError(msg)
    days = np.arange(truth.shape[1])
    row = list(ERRORS).index(variable)
    drawn = normals(seed, STREAM, cells[places], days, len(ERRORS), 4)[:, :, row]
    slow, phi = drawn[:, 0, 0].copy(), np.exp(-1.0 / MEMORY)
    values = np.array(truth[places], dtype=float)
    offset = drawn[:, 0, 2] * sd
    for day in days:
        if day:
            slow = phi * slow + np.sqrt(1.0 - phi**2) * drawn[:, day, 0]
        values[:, day] += offset + sd * np.sqrt(0.5) * (slow + drawn[:, day, 1])
    return Stations(places, values)
