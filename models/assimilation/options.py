"""What may be chosen in an assimilation run: sensors, ensemble, filter and twin, as values that travel as text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from models.assimilation.checks import check_number, check_whole, check_word, is_number, shown
from models.assimilation.perturbations import (
    FORCING_PERTURBATIONS,
    MEMBERS,
    STATE_PERTURBATIONS,
    EnsembleOptions,
)
from models.assimilation.sensor_choice import SensorChoice, checked_sensors
from models.provenance import check_keys
from models.quantity import Parameter, parameter

__all__ = [
    "ASSIMILATION_CHOICES",
    "MEMBERS",
    "NUMBERS",
    "PRECIPITATION_QUALITY",
    "SCALES",
    "AssimilationChoices",
]

TABLE_2 = "Heyvaert et al. 2024, Table 2"
RYU = "Ryu et al. 2009, JHM 10"
LIS = "LIS 7, landpert_routines and noahmp401 setsoilm"
GEOSLDAS = "GEOSldas, adapt_type 10"
TWIN = "a choice of this twin"

ASSIMILATION_CHOICES = {
    "method": ("stochastic", "etkf", "denkf"),
    "bounds": ("lis", "clip", "none"),
    "centering": ("rescaled", "lis", "none"),
    "bias_correction": ("none", "ryu"),
    "adaptive": ("off", "geosldas"),
    "observation_draws": ("rescaled", "lis"),
    "limits": ("none", "lis"),
    "precipitation_quality": ("model", "perfect", "gauged", "satellite", "poor"),
}
"""What each option of `AssimilationChoices` that is a word accepts, its default first.

``method``: see `models.assimilation.enkf.METHODS`. ``bounds``: what happens to members that an update would put out of
bounds. ``centering``: see `models.assimilation.perturbations.CENTERING`. ``observation_draws``: see
`models.assimilation.perturbed_observations.CONVENTIONS`. ``limits``: whether perturbed sunlight and rain are cut, of
members and truth alike, at what LIS's example settings name (1300 W m-2, 3.6 mm h-1); Table 2 prints no limits, and
this one takes away 9 % of the rain of the embedded world over Europe.
"""

PRECIPITATION_QUALITY = {"perfect": 0.0, "gauged": 0.25, "model": 0.5, "satellite": 0.75, "poor": 1.0}
"""Relative error sd [1] of the experimenter's precipitation, by its quality."""

TIME_STEPS = (1.0, 3.0)
"""Time steps of a run [h]."""

SCALES: dict[str, Parameter] = {
    field.name: parameter("1", 0.0, 10.0, f"factor on the sd of {field.title}, {field.sd:g} {field.unit}", "", TABLE_2)
    for field in (*FORCING_PERTURBATIONS, *STATE_PERTURBATIONS)
}
"""Declarations of the factors on the perturbations' sds, by name of the field; 0 switches one off."""

NUMBERS: dict[str, Parameter] = {
    "correlation_time": parameter(
        "h", 0.0, 240.0, "e-folding time of the forcing's perturbations", "tau", TABLE_2, "Ensemble"
    ),
    "forcing_interval": parameter("h", 1.0, 24.0, "time between new forcing perturbations", "", LIS, "Ensemble"),
    "state_interval": parameter("h", 1.0, 24.0, "time between state perturbations", "", LIS, "Ensemble"),
    "cap": parameter("1", 1.0, 6.0, "sds at which a draw is clipped", "c", LIS, "Ensemble"),
    "warm_up": parameter("d", 0.0, 365.0, "days the ensemble runs before the period", "", TWIN, "Ensemble"),
    "forcing_error": parameter(
        "1", 0.0, 3.0, "error of the experimenter's radiation, as a share of Table 2", "", TWIN, "Twin"
    ),
    "truth_state_error": parameter(
        "1", 0.0, 3.0, "random change of the true state, as a share of Table 2", "", TWIN, "Twin"
    ),
}
"""Declarations of the numbers of `AssimilationChoices`: unit, bounds, meaning, source."""

HOUR = 3600.0
_OF_TWIN = (
    *("time_step", "precipitation_quality", "forcing_error", "truth_state_error", "truth_parameters"),
    *("state_interval", "warm_up", "spin_up", "limits"),
)
_OF_FILTER = ("sensors", "method", "bounds", "adaptive", "observation_draws", "cells")


@dataclass(frozen=True)
class AssimilationChoices:
    """Choices of an assimilation run, checked when made; the numbers are declared in `NUMBERS`.

    Attributes
    ----------
    sensors : tuple of SensorChoice
        What is observed; a name, or a table ``{name: {setting: value}}``, is accepted too. Without one that is
        assimilated the run is an open loop.
    members : int
        Size of the ensemble.
    time_step : float
        1, or 3 [h] for a preview.
    method, bounds, centering, bias_correction, adaptive, observation_draws, limits, precipitation_quality : str
        See `ASSIMILATION_CHOICES`.
    scales : tuple of (str, float)
        Factors on the sds of the perturbations, where not 1; see `SCALES`. A mapping is accepted too.
    correlation_time, forcing_interval, state_interval : float
        Of the perturbations [h].
    cap : float
        sds at which draws are clipped.
    warm_up : float
        Days of ensemble run before the period.
    forcing_error, truth_state_error : float
        How far the experimenter is from the truth.
    truth_parameters : tuple of (str, float)
        Parameters of the land model that are other in the truth.
    spin_up : int
        Years that every cell runs from a cold start before the warm-up.
    cells : tuple of int
        Cells whose every member and update is kept, by their number in the grid.

    Raises
    ------
    ValueError
        If a value is not accepted.
    """

    sensors: tuple[SensorChoice, ...] = (SensorChoice("ssm"),)
    members: int = 24
    time_step: float = 1.0
    method: str = "stochastic"
    bounds: str = "lis"
    centering: str = "rescaled"
    bias_correction: str = "none"
    adaptive: str = "off"
    observation_draws: str = "rescaled"
    limits: str = "none"
    precipitation_quality: str = "model"
    scales: tuple[tuple[str, float], ...] = ()
    correlation_time: float = 24.0
    forcing_interval: float = 1.0
    state_interval: float = 3.0
    cap: float = 2.5
    warm_up: float = 60.0
    forcing_error: float = 1.0
    truth_state_error: float = 1.0
    truth_parameters: tuple[tuple[str, float], ...] = ()
    spin_up: int = 4
    cells: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "sensors", checked_sensors(self.sensors))
        for name, accepted in ASSIMILATION_CHOICES.items():
            check_word(f"assimilation.{name}", getattr(self, name), accepted)
        for name, declared in NUMBERS.items():
            check_number(f"assimilation.{name}", getattr(self, name), declared)
            object.__setattr__(self, name, float(getattr(self, name)))
        if not is_number(self.time_step) or self.time_step not in TIME_STEPS:
            msg = f"assimilation.time_step = {shown(self.time_step)} is not accepted; it may be 1.0 or 3.0 h."
            raise ValueError(msg)
        object.__setattr__(self, "time_step", float(self.time_step))
        check_whole("assimilation.members", self.members, *MEMBERS, "members: a spread needs at least two")
        check_whole("assimilation.spin_up", self.spin_up, 0, 50, "years")
        for name in ("forcing_interval", "state_interval"):
            steps = max(getattr(self, name), self.time_step) / self.time_step
            if steps != round(steps) or 24.0 % getattr(self, name):
                msg = (
                    f"assimilation.{name} = {getattr(self, name):g} h must be whole time steps of {self.time_step:g} h"
                    " that divide the day; give 1, 3, 6, 12 or 24."
                )
                raise ValueError(msg)
        object.__setattr__(self, "truth_parameters", _checked_pairs("truth_parameters", self.truth_parameters))
        scales = _checked_pairs("scales", self.scales)
        for name, value in scales:
            check_word("assimilation.scales", name, SCALES)
            check_number(f"assimilation.scales.{name}", value, SCALES[name])
        object.__setattr__(self, "scales", tuple(pair for pair in scales if pair[1] != 1.0))
        for cell in self.cells:
            check_whole("assimilation.cells", cell, 0, 10**9, "")
        object.__setattr__(self, "cells", tuple(dict.fromkeys(int(cell) for cell in self.cells)))

    @property
    def assimilated(self) -> tuple[SensorChoice, ...]:
        """Sensors whose observations change the state."""
        return tuple(sensor for sensor in self.sensors if sensor.use == "assimilate")

    @property
    def observed(self) -> tuple[SensorChoice, ...]:
        """Sensors that are assimilated or monitored."""
        return tuple(sensor for sensor in self.sensors if sensor.use != "off")

    def sensor(self, name: str) -> SensorChoice:
        """Return a sensor's choice, one that is off if it is not named."""
        return next((one for one in self.sensors if one.name == name), SensorChoice(name, use="off"))

    def with_sensor(self, name: str, **settings: Any) -> "AssimilationChoices":
        """Return the choices with settings of one sensor changed; a sensor that is not there is added."""
        old = next((one for one in self.sensors if one.name == name), None)
        new = replace(old, **settings) if old is not None else SensorChoice(name, **settings)
        kept = tuple(new if one.name == name else one for one in self.sensors)
        return replace(self, sensors=kept if old is not None else (*kept, new))

    def ensemble_options(self, seed: int) -> EnsembleOptions:
        """Return how the ensemble's noise is made."""
        return EnsembleOptions(
            members=int(self.members),
            seed=seed,
            forcing_interval=max(self.forcing_interval, self.time_step) * HOUR,
            state_interval=max(self.state_interval, self.time_step) * HOUR,
            control=self.bias_correction == "ryu",
            centering=self.centering,
            scales=self.scales,
            tau=self.correlation_time * HOUR,
            cap=self.cap,
        )

    def twin_key(self) -> tuple:
        """Return what the truth and the experimenter's forcing depend on."""
        return tuple((name, getattr(self, name)) for name in _OF_TWIN)

    def open_loop_key(self) -> tuple:
        """Return what the open-loop ensemble depends on: everything but sensors and filter."""
        return tuple((f.name, getattr(self, f.name)) for f in fields(self) if f.name not in _OF_FILTER)

    # -- text ---------------------------------------------------------------------------------------------------
    def to_mapping(self) -> dict[str, Any]:
        """Return the choices as nested tables of plain values; what a sensor leaves to its default is left out."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        sensors = {}
        for sensor in self.sensors:
            default = SensorChoice(sensor.name)
            settings = {f.name: getattr(sensor, f.name) for f in fields(sensor) if f.name != "name"}
            kept = {k: v for k, v in settings.items() if k == "use" or v != getattr(default, k)}
            sensors[sensor.name] = {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()}
        return plain | {
            "sensors": sensors,
            "truth_parameters": dict(self.truth_parameters),
            "scales": dict(self.scales),
            "cells": list(self.cells),
        }

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "AssimilationChoices":
        """Make choices of nested tables; what is left out takes its default."""
        check_keys("assimilation", mapping, [f.name for f in fields(cls)])
        return cls(**mapping)

    def to_query(self) -> dict[str, str]:
        """Return what differs from the defaults as fields of a URL: ``assimilation.members``, ``...ssm.error_std``."""
        plain = AssimilationChoices().to_mapping()
        query = {}
        for name, value in self.to_mapping().items():
            if value == plain[name]:
                continue
            if name == "sensors":
                for sensor, settings in value.items():
                    for key, entry in settings.items():
                        text = ",".join(entry) if isinstance(entry, list) else str(entry)
                        query[f"assimilation.sensors.{sensor}.{key}"] = text
                if not value:
                    query["assimilation.sensors"] = ""
            elif name in ("truth_parameters", "scales"):
                query |= {f"assimilation.{name}.{key}": repr(entry) for key, entry in value.items()}
            elif name == "cells":
                query["assimilation.cells"] = ",".join(map(str, value))
            else:
                query[f"assimilation.{name}"] = str(value)
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "AssimilationChoices":
        """Make choices of the fields of a URL, without their ``assimilation.``."""
        mapping: dict[str, Any] = {}
        for name, text in query.items():
            group, dot, rest = name.partition(".")
            if group == "sensors" and dot:
                sensor, _, key = rest.partition(".")
                listed = key in ("updates", "masks")
                value = [part for part in text.split(",") if part] if listed else _read(text)
                mapping.setdefault("sensors", {}).setdefault(sensor, {})[key] = value
            elif group in ("truth_parameters", "scales") and dot:
                mapping.setdefault(group, {})[rest] = _read(text)
            elif name == "sensors":
                mapping[name] = {}
            elif name == "cells":
                mapping[name] = [_read(part) for part in text.split(",") if part]
            else:
                mapping[name] = text if name in ASSIMILATION_CHOICES else _read(text)
        return cls.from_mapping(mapping)


def _checked_pairs(name: str, given: Any) -> tuple[tuple[str, float], ...]:
    """Return names with their numbers, sorted."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"assimilation.{name} = {shown(given)} is not a table of numbers."
        raise ValueError(msg)
    pairs = given.items() if isinstance(given, Mapping) else given
    values = {}
    for pair in pairs:
        if (
            isinstance(pair, str)
            or len(pair := tuple(pair)) != 2
            or not (isinstance(pair[0], str) and is_number(pair[1]))
        ):
            msg = f"assimilation.{name} holds {shown(pair)}, not a name and a number."
            raise ValueError(msg)
        values[pair[0]] = float(pair[1])
    return tuple(sorted(values.items()))


def _read(text: str) -> Any:
    """Read a number of a URL; what is no number stays text, and is refused where it is checked."""
    if re.fullmatch(r"[-+]?[0-9]{1,10}", text):
        return int(text)
    try:
        return float(text) if len(text) <= 40 and re.fullmatch(r"[-+0-9.eE]+", text) else text
    except ValueError:
        return text
