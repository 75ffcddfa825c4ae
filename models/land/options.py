"""What may be chosen in a run of the land surface model, as a value that travels as text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np

from models.land.params import SOIL_CLASSES, VEGETATION_CLASSES, check_overrides
from models.provenance import check_keys

__all__ = ["COLUMN_SETTINGS", "LAND_CHOICES", "LandChoices"]

LAND_CHOICES = {
    "hydraulics": ("clapp_hornberger", "van_genuchten"),
    "drainage": ("free", "groundwater"),
    "soil_carbon": ("given", "balanced"),
    "output": ("daily", "native"),
    "stamp": ("auto", "end", "start"),
}
"""What each option of `LandChoices` that is a word accepts, its default first."""

TIME_STEPS = (0.5, 1.0, 3.0)
"""Time steps [h]."""

COLUMN_SETTINGS = {
    "vegetation": (1, len(VEGETATION_CLASSES)),
    "soil": (1, len(SOIL_CLASSES)),
    "vegetation_fraction": (0.0, 1.0),
    "t_bottom": (200.0, 320.0),
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 360.0),
    "forcing_height": (1.0, 200.0),
    "soil_colour": (1, 8),
    "climate": (0, 10**9),
    "sand": (0.0, 1.0),
    "clay": (0.0, 0.75),  # beyond it there are no soils behind the regression
}
"""What a column is made of: name -> lowest and highest value."""

_OTHER_NAMES = {"veg": "vegetation", "shdmax": "vegetation_fraction", "tbot": "t_bottom", "site": "climate"}
_CLASSES = {"vegetation": VEGETATION_CLASSES, "soil": SOIL_CLASSES}
_WHOLE = ("vegetation", "soil", "soil_colour", "climate")
_NUMBERS = {
    "soil_moisture": (0.0, 1.0, "m3 m-3"),
    "lai": (0.0, 12.0, "m2 m-2"),
    "utc_offset": (-14.0, 14.0, "h"),
    "record_step": (0.01, 3.0, "h"),
}
_MOST_CYCLES = 10_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class LandChoices:
    """Choices of a run of the land surface model, checked when made.

    Attributes
    ----------
    time_step : float
        0.5, 1 or 3 [h].
    hydraulics : str
        "clapp_hornberger" or "van_genuchten".
    drainage : str
        "free", or into a "groundwater" aquifer.
    cycles : int
        Passes through the forcing from a cold start; the last is reported, so 1 is without spin-up.
    stop_when_settled : bool
        Go on to the last pass as soon as soil water and leaf area repeat (`models.land.spinup`).
    soil_carbon : str
        "given": as the spin-up left it; "balanced": fast soil carbon where a further pass leaves it unchanged.
    soil_moisture, lai : float
        State of the cold start [m3 m-3, m2 m-2].
    output : str
        "daily" means, or every step ("native").
    start : str
        Time of the first record, as 1998-01-01T00:00, for a forcing without times.
    record_step : float
        Time between records [h], for a forcing without times.
    stamp : str
        Which "end" of its interval the time of a record is, or its "start"; "auto" is the forcing's own attribute
        ``stamp``, else the end.
    utc_offset : float
        Hours by which the clock of the forcing is ahead of UTC. 0 is UTC, or what the forcing itself says.
    parameters : tuple of (str, float)
        Parameters of all columns that differ from the tables; a mapping is accepted too.
    columns : tuple of (str, value)
        What the columns are, see `COLUMN_SETTINGS`; it stands above what the files say. ``sand`` and ``clay`` [1]
        give the hydraulic parameters by `models.land.texture` instead of the table. A value holds for all
        columns, a tuple has one for each, a tuple of (class, value) pairs one for each vegetation class. A mapping,
        names of classes, and ``veg``, ``shdmax`` [%], ``tbot``, ``site`` are accepted too.

    Raises
    ------
    ValueError
        If an option, parameter or class is unknown, or a value out of bounds.
    """

    time_step: float = 1.0
    hydraulics: str = "clapp_hornberger"
    drainage: str = "free"
    cycles: int = 10
    stop_when_settled: bool = False
    soil_carbon: str = "given"
    soil_moisture: float = 0.28
    lai: float = 2.0
    output: str = "daily"
    start: str = ""
    record_step: float = 0.5
    stamp: str = "auto"
    utc_offset: float = 0.0
    parameters: tuple[tuple[str, float], ...] = ()
    columns: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name, accepted in LAND_CHOICES.items():
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in accepted:
                words = ", ".join(repr(word) for word in accepted)
                msg = f"land.{name} = {_shown(getattr(self, name))} is not accepted; it may be {words}."
                raise ValueError(msg)
        if not _is_number(self.time_step) or self.time_step not in TIME_STEPS:
            msg = f"land.time_step = {_shown(self.time_step)} is not accepted; it may be 0.5, 1.0 or 3.0 h."
            raise ValueError(msg)
        object.__setattr__(self, "time_step", float(self.time_step))
        for name, (low, high, unit) in _NUMBERS.items():
            value = getattr(self, name)
            if not (_is_number(value) and low <= value <= high):
                msg = f"land.{name} = {_shown(value)} is not a number within [{low:g}, {high:g}] {unit}."
                raise ValueError(msg)
            object.__setattr__(self, name, float(value))
        if isinstance(self.cycles, bool) or not isinstance(self.cycles, int) or not 1 <= self.cycles <= _MOST_CYCLES:
            msg = f"land.cycles = {_shown(self.cycles)} is not a whole number within [1, {_MOST_CYCLES}]."
            raise ValueError(msg)
        if not isinstance(self.stop_when_settled, bool):
            msg = f"land.stop_when_settled = {_shown(self.stop_when_settled)} must be true or false."
            raise ValueError(msg)
        object.__setattr__(self, "start", _checked_time(self.start))
        object.__setattr__(self, "parameters", _checked_parameters(self.parameters))
        object.__setattr__(self, "columns", _checked_columns(self.columns))

    # -- text ---------------------------------------------------------------------------------------------------
    def to_mapping(self) -> dict[str, Any]:
        """Return the choices as nested tables of plain values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("parameters", "columns")}
        return plain | {"parameters": dict(self.parameters), "columns": self.column_settings()}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "LandChoices":
        """Make choices of nested tables; what is left out takes its default."""
        check_keys("land", mapping, [f.name for f in fields(cls)])
        return cls(**mapping)

    def to_query(self) -> dict[str, str]:
        """Return what differs from the defaults as fields of a URL: ``land.time_step``, ``land.parameters.k_sat``."""
        query = {}
        plain = LandChoices().to_mapping()
        for name, value in self.to_mapping().items():
            if isinstance(value, dict):
                query.update({f"land.{name}.{key}": _write(entry) for key, entry in value.items()})
            elif value != plain[name]:
                query[f"land.{name}"] = str(value).lower() if isinstance(value, bool) else str(value)
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "LandChoices":
        """Make choices of the fields of a URL, without their ``land.``."""
        mapping: dict[str, Any] = {"parameters": {}, "columns": {}}
        for name, text in query.items():
            group, dot, key = name.partition(".")
            if dot:
                check_keys("land", {group: ""}, ["parameters", "columns"])
                mapping[group][key] = _read(text)
            elif name in ("stop_when_settled",):
                mapping[name] = {"true": True, "false": False}.get(text, text)
            elif name in LAND_CHOICES or name == "start":
                mapping[name] = text
            else:
                mapping[name] = _read(text)
        return cls.from_mapping(mapping)

    def column_settings(self) -> dict[str, Any]:
        """Return what the columns are: name -> value, list of values, or table of values by vegetation class."""
        return {
            name: value if not isinstance(value, tuple) else dict(value) if _is_by_class(value) else list(value)
            for name, value in self.columns
        }


def _shown(value: Any) -> str:
    """Show a value in a message, however long it is."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_number(value: Any) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(np.isfinite(value))


def _is_by_class(value: tuple) -> bool:
    """Say whether a column setting has a value for each vegetation class."""
    return bool(value) and isinstance(value[0], tuple)


def _checked_time(text: Any) -> str:
    """Return the time of the first record in ISO form."""
    if isinstance(text, datetime):  # TOML has times of its own
        text = text.isoformat()
    if text == "":
        return ""
    try:
        return datetime.fromisoformat(str(text)[:40]).replace(tzinfo=None).isoformat(timespec="minutes")
    except ValueError as error:
        msg = f"land.start = {_shown(text)} is not a time written as 1998-01-01T00:00."
        raise ValueError(msg) from error


def _checked_parameters(given: Any) -> tuple[tuple[str, float], ...]:
    """Return the parameters sorted and checked against their declarations."""
    pairs = given.items() if isinstance(given, Mapping) else given
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        msg = f"land.parameters = {_shown(given)} is not a table of parameters."
        raise ValueError(msg)
    values = {}
    for entry in pairs:
        if isinstance(entry, str) or not isinstance(entry, Iterable) or len(entry := tuple(entry)) != 2:
            msg = f"land.parameters holds {_shown(entry)}, not (parameter, value)."
            raise ValueError(msg)
        name, value = entry
        if not isinstance(name, str) or not _is_number(value):
            msg = f"land.parameters: {_shown(name)} = {_shown(value)} is not a number."
            raise ValueError(msg)
        values[name] = float(value)
    try:
        check_overrides(values)
    except KeyError as error:
        raise ValueError(error.args[0]) from error
    return tuple(sorted(values.items()))


def _checked_columns(given: Any) -> tuple[tuple[str, Any], ...]:
    """Return the settings of the columns under our names, each value checked."""
    pairs = given.items() if isinstance(given, Mapping) else given
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        msg = f"land.columns = {_shown(given)} is not a table of what the columns are."
        raise ValueError(msg)
    settings = {}
    for entry in pairs:
        if isinstance(entry, str) or not isinstance(entry, Iterable) or len(entry := tuple(entry)) != 2:
            msg = f"land.columns holds {_shown(entry)}, not (name, value)."
            raise ValueError(msg)
        name, value = entry
        check_keys("land.columns", {name: value}, [*COLUMN_SETTINGS, *_OTHER_NAMES])
        ours = _OTHER_NAMES.get(name, name)
        if ours in settings:
            msg = f"land.columns has {ours} twice, once as {name!r}: keep one."
            raise ValueError(msg)
        settings[ours] = _checked_setting(name, ours, value)
    return tuple(sorted(settings.items()))


def _checked_setting(name: str, ours: str, value: Any) -> Any:
    """Return one setting: a value, a tuple of values, or a tuple of (vegetation class, value)."""
    if isinstance(value, tuple) and _is_by_class(value):
        value = dict(value)
    if isinstance(value, Mapping):
        if ours in ("vegetation", "climate"):
            msg = f"land.columns.{name}: a table by vegetation class is no answer here; give a value or a list."
            raise ValueError(msg)
        by_class = {
            str(_checked_value("class", "vegetation", k)): _checked_value(name, ours, v) for k, v in value.items()
        }
        return tuple(sorted(by_class.items(), key=lambda pair: int(pair[0])))
    if isinstance(value, (list, tuple, np.ndarray)):
        if len(value) == 0:
            msg = f"land.columns.{name} is an empty list: give a value for each column."
            raise ValueError(msg)
        return tuple(_checked_value(name, ours, one) for one in value)
    return _checked_value(name, ours, value)


def _checked_value(name: str, ours: str, value: Any) -> Any:
    """Return one value of a setting of the columns."""
    names = _CLASSES.get(ours)
    if isinstance(value, str) and ours == "climate" and _NAME.fullmatch(value):
        return value
    if isinstance(value, str) and names is not None and value in names:
        return names.index(value) + 1
    if isinstance(value, str) and names is not None and value.isdigit():  # a key of a TOML table is text
        value = int(value[:9])
    low, high = COLUMN_SETTINGS[ours]
    low, high = (low, 100.0 * high) if name == "shdmax" else (low, high)
    good = _is_number(value) and low <= value <= high
    if not good or (ours in _WHOLE and value != int(value)):
        kind = "class" if names is not None or ours == "soil_colour" else "number"
        what = f"a {kind} within [{low:g}, {high:g}]" + (f" or its name, as {names[3]!r}" if names else "")
        msg = f"land.columns.{name} = {_shown(value)} is not {what}."
        raise ValueError(msg)
    return int(value) if ours in _WHOLE else float(value) / (100.0 if name == "shdmax" else 1.0)


def _write(value: Any) -> str:
    """Write a setting into a URL: ``0.9``, ``12,10``, ``10:0.9,12:0.96``."""
    if isinstance(value, dict):
        return ",".join(f"{key}:{entry}" for key, entry in value.items())
    if isinstance(value, list):
        return ",".join(str(entry) for entry in value) + ("," if len(value) == 1 else "")
    return str(value)


def _read(text: str) -> Any:
    """Read what `_write` wrote; what is no number stays text, and is refused where it is checked."""
    if "," in text or ":" in text:
        parts = [part for part in text.split(",") if part]
        if parts and all(":" in part for part in parts):
            return {key: _read(value) for key, _, value in (part.partition(":") for part in parts)}
        return [part if ":" in part else _read(part) for part in parts]
    if re.fullmatch(r"[-+]?[0-9]{1,10}", text):
        return int(text)
    try:
        return float(text) if len(text) <= 40 and re.fullmatch(r"[-+0-9.eE]+", text) else text
    except ValueError:
        return text
