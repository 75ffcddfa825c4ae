"""How one kind of observation is used in an assimilation run."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from models.assimilation.checks import check_number, check_whole, check_word, shown
from models.provenance import check_keys
from models.quantity import Parameter, parameter

__all__ = ["SENSOR_CHOICES", "SENSOR_NUMBERS", "STATE_ROWS", "SensorChoice", "checked_sensors"]

TABLE_2 = "Heyvaert et al. 2024, Table 2"
TWIN = "a choice of this twin"

STATE_ROWS = ("sm1", "sm2", "sm3", "sm4", "lai")
"""Rows of the filter's state: soil moisture of four layers [m3 m-3], leaf area index [m2 m-2]."""

SENSOR_CHOICES = {
    "use": ("assimilate", "monitor", "off"),
    "rescale": ("default", "none", "cdf", "seasonal", "mean", "anomaly"),
    "sees": ("cell", "footprint"),
}
"""What each option of `SensorChoice` that is a word accepts, its default first."""

SENSOR_NUMBERS: dict[str, Parameter] = {
    "error_std": parameter("of the sensor", 1e-9, 1e3, "error sd that the filter assumes", "R^1/2", TABLE_2),
    "true_error_std": parameter("of the sensor", 0.0, 1e3, "error sd of the synthetic observations", "", TWIN),
    "repeat_days": parameter("d", 0.1, 60.0, "days between two overpasses", "", TWIN),
    "retrieved": parameter("1", 0.01, 1.0, "share of overpasses of which a retrieval comes, at random", "", TWIN),
    "error_days": parameter("d", 0.0, 100.0, "time scale of the synthetic error; 0 is white", "", TWIN),
    "bias_std": parameter("of the sensor", 0.0, 1e3, "sd over cells of a constant bias of the observations", "", TWIN),
    "gain_std": parameter("1", 0.0, 1.0, "sd over cells of the amplitude of the observations, less 1", "", TWIN),
}
"""Declarations of the numbers of `SensorChoice`; None takes the sensor's own, or a perfect retrieval."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
_SOURCE = re.compile(r"[A-Za-z0-9_.-]{0,40}")
MOST_YEARS = 200


@dataclass(frozen=True)
class SensorChoice:
    """How one kind of observation is used; None and "default" take what the sensor itself says.

    Attributes
    ----------
    name : str
        Of the sensor, as "ssm".
    use : str
        "assimilate", "monitor" (innovations alone, an independent check) or "off".
    error_std : float or None
        Error sd that the filter assumes, in the sensor's unit.
    true_error_std : float or None
        Error sd of the synthetic observations; None is the sensor's own, so that ``error_std`` may be wrong.
    updates : tuple of str or None
        Rows of `STATE_ROWS` that an update changes (Table 1 of the paper).
    rescale : str
        "none", "cdf" (monthly CDF matching to the open loop), "seasonal" (mean and sd by day of year), "mean",
        "anomaly", or the sensor's "default".
    masks : tuple of str or None
        Masks that are on.
    repeat_days : float or None
        Days between overpasses [d].
    retrieved : float or None
        Share of the overpasses of which a synthetic retrieval comes; None is all.
    sees : str
        "cell": a gridded product stands for its cell, as filters take it; "footprint": a synthetic observation is a
        Gaussian mean over the cells of the run, as wide as the sensor's footprint, an error that R does not know of.
    error_days : float or None
        Time scale of the synthetic error [d]; None is white noise, which is what a filter assumes.
    bias_std, gain_std : float or None
        How much a sensor's own mean [its unit] and amplitude [1] differ from cell to cell, constant in time
        (representativeness); None is not at all. What `rescale` is there to take away.
    source : str
        Name of the file whose observations are taken, as the catalog of whoever runs it calls it; "" samples the truth.
    years : int
        Whole years that the file's dates are moved: the world's weather is drawn, so its years are no real ones.

    Raises
    ------
    ValueError
        If a value is not accepted.
    """

    name: str
    use: str = "assimilate"
    error_std: float | None = None
    true_error_std: float | None = None
    updates: tuple[str, ...] | None = None
    rescale: str = "default"
    masks: tuple[str, ...] | None = None
    repeat_days: float | None = None
    retrieved: float | None = None
    error_days: float | None = None
    bias_std: float | None = None
    gain_std: float | None = None
    sees: str = "cell"
    source: str = ""
    years: int = 0

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and _NAME.fullmatch(self.name)):
            msg = f"A sensor is called {str(self.name)[:40]!r}; its name is letters and digits, as 'ssm'."
            raise ValueError(msg)
        where = f"assimilation.sensors.{self.name}"
        for name, accepted in SENSOR_CHOICES.items():
            check_word(f"{where}.{name}", getattr(self, name), accepted)
        for name, declared in SENSOR_NUMBERS.items():
            value = getattr(self, name)
            if value is None:
                continue
            check_number(f"{where}.{name}", value, declared)
            object.__setattr__(self, name, float(value))
        if not (isinstance(self.source, str) and _SOURCE.fullmatch(self.source)):
            msg = f"{where}.source = {shown(self.source)} is no name of a file; the page Assimilation lists them."
            raise ValueError(msg)
        check_whole(f"{where}.years", self.years, -MOST_YEARS, MOST_YEARS, "years that a file's dates are moved")
        for name in ("updates", "masks"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, str) or not isinstance(value, Iterable):
                msg = f"{where}.{name} = {shown(value)} is not a list of names."
                raise ValueError(msg)
            object.__setattr__(self, name, tuple(value))
        if self.updates is not None:
            for row in self.updates:
                check_word(f"{where}.updates", row, STATE_ROWS)
            object.__setattr__(self, "updates", tuple(row for row in STATE_ROWS if row in self.updates))
            if self.use == "assimilate" and not self.updates:
                msg = f"{where}.updates is empty: name some of {', '.join(STATE_ROWS)}, or use = 'monitor'."
                raise ValueError(msg)
        if self.masks is not None:
            for mask in self.masks:
                if not (isinstance(mask, str) and _NAME.fullmatch(mask)):
                    msg = f"{where}.masks: {shown(mask)} is not the name of a mask."
                    raise ValueError(msg)
            object.__setattr__(self, "masks", tuple(sorted(set(self.masks))))


def checked_sensors(given: Any) -> tuple[SensorChoice, ...]:
    """Return sensors from choices, names or tables; each may come once."""
    if isinstance(given, Mapping):
        sensors = []
        for name, settings in given.items():
            check_keys(f"assimilation.sensors.{name}", settings, [f.name for f in fields(SensorChoice)][1:])
            sensors.append(SensorChoice(name, **settings))
        given = sensors
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"assimilation.sensors = {shown(given)} is not a table of sensors."
        raise ValueError(msg)
    sensors = tuple(SensorChoice(one) if isinstance(one, str) else one for one in given)
    for one in sensors:
        if not isinstance(one, SensorChoice):
            msg = f"assimilation.sensors holds {shown(one)}, not a sensor."
            raise ValueError(msg)
        if sum(one.name == other.name for other in sensors) > 1:
            msg = f"assimilation.sensors has {one.name!r} twice: keep one."
            raise ValueError(msg)
    return sensors
