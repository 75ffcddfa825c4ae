"""Arrays that a run fills: daily fields of an ensemble, the log of a sensor's updates, one cell in full."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from models.assimilation.sensor_choice import STATE_ROWS
from models.land.layout import OUTPUTS
from models.observation.masks import MASKS

if TYPE_CHECKING:
    from models.assimilation.observe import Observations

__all__ = [
    "DAILY",
    "OUTPUT_ROWS",
    "REASONS",
    "SPREAD_KEPT",
    "VARIABLES_KEPT",
    "CellSeries",
    "CellUpdate",
    "Record",
    "UpdateLog",
    "daily_increments",
]

DAY = 86400.0
_SUMS = {
    "ssm": {"soil_moisture_1": 1.0},
    "rzsm": {"soil_moisture_1": 0.1, "soil_moisture_2": 0.3, "soil_moisture_3": 0.6},
    "sm1": {"soil_moisture_1": 1.0},
    "sm2": {"soil_moisture_2": 1.0},
    "sm3": {"soil_moisture_3": 1.0},
    "sm4": {"soil_moisture_4": 1.0},
    "lai": {"lai_mean": 1.0},
    "t_soil": {"soil_temperature_1": 1.0},
    "swe": {"swe_mean": 1.0},
    "frozen": {"frozen": 1.0},
    "gpp": {"gpp": DAY},
    "et": {"transpiration": DAY, "evap_soil": DAY, "evap_interception": DAY},
}
_ROWS = tuple(dict.fromkeys(name for parts in _SUMS.values() for name in parts))

VARIABLES_KEPT = tuple(_SUMS)
"""Daily means that are kept of every cell and run; sm1 to sm4 are the layers, ssm the first, rzsm the upper metre."""

SPREAD_KEPT = ("ssm", "rzsm", "lai")
"""Variables whose spread over members is kept."""

OUTPUT_ROWS = tuple(OUTPUTS.index(name) for name in _ROWS)
"""Outputs of the land model that the daily means are made of."""

DAILY = {name: np.array([parts.get(row, 0.0) for row in _ROWS]) for name, parts in _SUMS.items()}
"""Weights of `OUTPUT_ROWS` that make each variable of `VARIABLES_KEPT`."""

REASONS = ("used", "monitored", "none", "rescaling", "taken_back", *(mask.name for mask in MASKS))
"""What became of an observation; its place is the code in `UpdateLog.reason`.

"none": no overpass; "rescaling": not robust enough to be used; "taken_back": most members would have left their bounds;
the rest are masks.
"""


@dataclass(eq=False)
class Record:
    """Daily fields of an ensemble on (cell, day), float32; NaN for days not yet run.

    Attributes
    ----------
    mean : dict of str to (cell, day) array
        Mean over members of `VARIABLES_KEPT`.
    spread : dict of str to (cell, day) array
        sd over members at the end of the day, of ssm, rzsm, lai.
    range : dict of str to (cell, day) array
        Largest less smallest member, of the same.
    control : dict of str to (cell, day) array
        Control member less ensemble mean, of the same; empty without bias correction.
    """

    mean: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    range: dict[str, np.ndarray]
    control: dict[str, np.ndarray]

    @classmethod
    def empty(cls, n_cell: int, n_day: int, *, control: bool = False) -> "Record":
        """Make room for a run."""

        def room(names: tuple[str, ...]) -> dict[str, np.ndarray]:
            return {name: np.full((n_cell, n_day), np.nan, np.float32) for name in names}

        return cls(room(VARIABLES_KEPT), room(SPREAD_KEPT), room(SPREAD_KEPT), room(SPREAD_KEPT if control else ()))


@dataclass(eq=False)
class UpdateLog:
    """What one sensor did, on (cell, slot); a slot is one overpass hour of one day. float32, NaN where no observation.

    Attributes
    ----------
    name, unit : str
        Of the sensor.
    day : (slot,) int array
        Day of the period.
    hour : (slot,) float array
        Local solar time [h].
    raw, observed : (cell, slot) array
        Observation before and after rescaling.
    truth, open_loop : (cell, slot) array
        The observation without error, and what the open loop's mean predicts.
    open_loop_hpht : (cell, slot) array
        Variance of the open loop's prediction, its rows taken as independent.
    forecast, analysis : (cell, slot) array
        Mean of the predicted observation before and after the update.
    hpht, r : (cell, slot) array
        Variance of the predicted observation over members, and of the observation's error.
    increment, gain : (cell, slot, 5) array
        Change of the ensemble mean, and Kalman gain, of `models.assimilation.sensor_choice.STATE_ROWS`.
    rank : (cell, slot) int8 array
        Members with observation error added that lie below the observation, 0 to N; -1 without.
    reason : (cell, slot) int8 array
        What became of it, see `REASONS`; "none" for days that have not been run.
    expected : (cell, slot) int8 array
        What becomes of it when it is run.
    """

    name: str
    unit: str
    day: np.ndarray
    hour: np.ndarray
    raw: np.ndarray
    observed: np.ndarray
    truth: np.ndarray
    open_loop: np.ndarray
    open_loop_hpht: np.ndarray
    forecast: np.ndarray
    analysis: np.ndarray
    hpht: np.ndarray
    r: np.ndarray
    increment: np.ndarray
    gain: np.ndarray
    rank: np.ndarray
    reason: np.ndarray
    expected: np.ndarray

    @classmethod
    def empty(cls, found: "Observations", n_cell: int) -> "UpdateLog":
        """Make room for a sensor's updates."""
        shape = (n_cell, found.day.size)
        rooms = [np.full(shape, np.nan, np.float32) for _ in range(5)]
        rows = [np.full((*shape, 5), np.nan, np.float32) for _ in range(2)]
        given = (found.raw, found.truth, found.open_loop, found.open_loop_hpht)
        raw, truth, open_loop, variance = (values.astype(np.float32) for values in given)
        return cls(
            *(found.sensor.name, found.sensor.unit, found.day, found.hour),
            *(raw, rooms[0], truth, open_loop, variance, *rooms[1:], *rows),
            rank=np.full(shape, -1, np.int8),
            reason=np.full(shape, REASONS.index("none"), np.int8),
            expected=found.reason,
        )

    def finish(self, days_done: int) -> None:
        """Write down why observations of the days that are done were not used."""
        done = self.day < days_done
        passed = done & (self.reason == REASONS.index("none"))
        self.reason[passed] = self.expected[passed]


def daily_increments(log: UpdateLog, n_day: int, row: str) -> np.ndarray:
    """Return the sum of a sensor's increments of one row of the state on each day, (cell, day); NaN without one."""
    per_day = log.day.size // n_day
    used = (log.reason == REASONS.index("used"))[:, :, None]
    values = np.where(used, log.increment, np.nan)[:, :, STATE_ROWS.index(row)].reshape(-1, n_day, per_day)
    there = np.isfinite(values)
    return np.where(there.any(axis=2), np.where(there, values, 0.0).sum(axis=2), np.nan)


class CellUpdate(TypedDict):
    """One observation of one cell: what came in, what was expected, what was made of it.

    ``time`` is local solar time; ``y`` and ``y_raw`` are the observation after and before rescaling, ``truth`` without
    error, ``r`` its assumed error variance; ``HE``, ``HA`` (member,) the predicted observations and ``E``, ``A``
    (row, member) the state before and after; ``gain``, ``increment`` (row,).
    """

    time: np.datetime64
    sensor: str
    reason: str
    y: float
    y_raw: float
    truth: float
    r: float
    HE: np.ndarray
    HA: np.ndarray
    E: np.ndarray
    A: np.ndarray
    gain: np.ndarray
    increment: np.ndarray
    hpht: float
    innovation: float


@dataclass(frozen=True, eq=False)
class CellSeries:
    """One cell in full.

    Attributes
    ----------
    cell : int
        Place in the twin's cells.
    time : (time,) datetime64[s] array
        Overpass hours of every day, local solar time.
    rows : tuple of str
        sm1, sm2, sm3, sm4, lai.
    truth : (time, row) array
    open_loop, analysis : (time, row, member) array
        Every member, after the update if there was one.
    updates : tuple of CellUpdate
        In order of time.
    """

    cell: int
    time: np.ndarray
    rows: tuple[str, ...]
    truth: np.ndarray
    open_loop: np.ndarray
    analysis: np.ndarray
    updates: tuple[CellUpdate, ...]
