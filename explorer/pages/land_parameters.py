"""The sliders of the page Land: every declared parameter, in groups, with a search, and the tables' values."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import panel_material_ui as pmui

from explorer.controls import STEPS, Control, TableControls, class_of, decimals, nice_step, parameter_row
from explorer.style import unit_text
from models.land.params import (
    SOIL_CLASSES,
    VEGETATION_CLASSES,
    SoilParams,
    VegetationParams,
    class_values,
    parameter_table,
    surface_defaults,
)
from models.quantity import Parameter, parameters_of

__all__ = ["COLOURS", "FIRST", "LandControl", "LandParameters", "table_values"]

FIRST = (*("vcmax25", "stomatal_slope", "sla", "leaf_turnover", "porosity", "b", "k_sat", "coupling", "infiltration"),)
"""Parameters that are shown first."""

COLOURS = 8
"""Classes of soil brightness."""

GROUP_WORDS = {
    "hydraulics": "Soil hydraulics",
    "runoff": "Infiltration and runoff",
    "ground": "Ground",
    "leaf gas exchange": "Leaf gas exchange",
    "growth and respiration": "Growth and respiration",
    "canopy": "Canopy",
    "radiation": "Radiation",
    "snow": "Snow",
}

# What stands for bare ground (a leaf that never opens, 1e15) is no place for a slider to reach.
_SILLY = 1e12


@dataclass(frozen=True)
class LandControl(Control):
    """A slider that says what it moves in words: many symbols of this model stand for two parameters.

    Attributes
    ----------
    typical : float
        What the table holds, in the parameter's unit, from which step and decimals follow too.
    """

    typical: float = 1.0

    @property
    def step(self) -> float:
        """Distance of two positions of the slider, small beside what the table holds."""
        start, end = self.ends
        return nice_step(min((end - start) / STEPS, self.shown((self.typical,))[0] / 20.0))

    @property
    def format(self) -> str:
        """Number format that shows three digits of what the table holds."""
        places = max(decimals(self.step), decimals(nice_step(self.shown((self.typical,))[0] / 100.0)))
        return "0." + "0" * places if places else "0"

    @property
    def label(self) -> str:
        """Meaning and unit."""
        p = self.declarations[0]
        words = p.long_name[:1].upper() + p.long_name[1:].replace("degC", "°C")
        unit = _unit(p.unit, self.scale)
        return f"{words} [{unit}]" if unit else words

    @property
    def help(self) -> str:
        """Name, symbol, bounds and source."""
        p = self.declarations[0]
        unit = f" {unit_text(p.unit)}" if p.unit != "1" else ""
        return f"{self.name} ({p.symbol}), {p.low:g} to {p.high:g}{unit}. Source: {p.source}"


def _unit(unit: str, scale: float) -> str:
    """Write a unit with the power of ten that a slider counts in."""
    factor, _, rest = unit.partition(" ")
    mantissa, e, power = factor.partition("e")
    if e:  # as 5e-7 s-1
        unit, scale = rest, scale * 10.0 ** int(power)
        lead = "" if mantissa == "1" else f"{mantissa} · "
    else:
        lead = ""
    power = round(math.log10(scale))
    ten = "" if power == 0 else "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) + " "
    return f"{lead}{ten}{unit_text(unit)}".strip()


def _published(name: str) -> np.ndarray:
    """Return the values of a parameter in its table."""
    return _TABLES[name][np.isfinite(_TABLES[name]) & (np.abs(_TABLES[name]) < _SILLY)]


def _all_values() -> dict[str, np.ndarray]:
    values = class_values("vegetation", np.arange(1, len(VEGETATION_CLASSES) + 1))
    values |= class_values("soil", np.arange(1, len(SOIL_CLASSES) + 1))
    return values | surface_defaults(np.arange(1, COLOURS + 1))


_TABLES = _all_values()


def control_of(name: str, declared: Parameter) -> LandControl:
    """Make the control of a parameter: its power of ten and reach follow from what the tables hold."""
    values = np.abs(_published(name))
    values = values[values > 0.0]
    top, least = float(values.max()), float(values.min())
    typical = max(float(np.median(values)), top / 50.0)
    scale = 1.0 if top >= 0.005 and typical < 2e4 else 10.0 ** (3 * math.floor(math.log10(typical) / 3.0))
    # Bounds far beyond the tables would leave all of them at the slider's first position.
    low, high = declared.low, declared.high if declared.high <= 3.0 * top else max(1.2 * top, 5.0 * typical)
    if low == 0.0 and least > 0.7 * high:  # as temperatures
        low = 0.75 * least
    reach = (float(f"{low:.3g}"), min(float(f"{high:.3g}"), declared.high))
    return LandControl(name, (name,), (declared,), scale, reach, typical)


CONTROLS = tuple(control_of(name, parameters_of(table)[name]) for name, table in parameter_table().items())
Controls = class_of("Land", CONTROLS)


def table_values(vegetation: int, soil: int, colour: int = 4) -> dict[str, float]:
    """Return the published value of every parameter for a vegetation class, a soil class and a soil colour."""
    found = class_values("vegetation", np.array([vegetation])) | class_values("soil", np.array([soil]))
    return {name: float(values[0]) for name, values in (found | surface_defaults(np.array([colour]))).items()}


class LandParameters:
    """All sliders: a few first, the rest in groups that are made when they are opened, and a search.

    Parameters
    ----------
    moved : callable
        Takes name and value of what a hand has moved.
    reset : callable
        Takes the name of the parameter that goes back to its table.
    """

    def __init__(self, moved: Callable[[dict[str, float]], None], reset: Callable[[str], None]):
        self._reset = reset
        self.table: TableControls = Controls(moved=moved)
        self.rows: dict[str, pmui.Row] = {}
        by_name = {control.name: control for control in CONTROLS}
        self._controls = by_name
        words = {f"{c.label} · {c.name}": c.name for c in CONTROLS}
        self.search = pmui.AutocompleteInput(
            label=f"Find one of {len(CONTROLS)} parameters", options=words, value=None, restrict=True, size="small",
            min_characters=1, case_sensitive=False, search_strategy="includes", sizing_mode="stretch_width",
            margin=(8, 8, 2, 8), placeholder="soil, vcmax, snow ...",
        )  # fmt: skip
        self.search.param.watch(self._on_search, "value")
        self.found = pmui.Column(sizing_mode="stretch_width", margin=0)
        groups: dict[str, list[str]] = {"Often moved": list(FIRST)}
        for control in CONTROLS:
            groups.setdefault(GROUP_WORDS[control.group], []).append(control.name)
        self.groups = groups
        self._places = {title: pmui.Column(sizing_mode="stretch_width", margin=0) for title in groups}
        self.accordion = pmui.Accordion(
            *((self._title(title), place) for title, place in self._places.items()),
            active=[0],
            disable_gutters=True,
            dynamic=True,
            title_variant="subtitle2",
            sizing_mode="stretch_width",
            margin=(2, 4),
            elevation=0,
            variant="outlined",
        )
        self.accordion.param.watch(self._on_open, "active")
        self._open(0)

    @property
    def objects(self) -> list:
        """Search, what it found, and the groups."""
        return [self.search, self.found, self.accordion]

    def _title(self, title: str) -> str:
        return f"{title} ({len(self.groups[title])})"

    def row(self, name: str) -> pmui.Row:
        """Return the row of a parameter, made when it is first asked for."""
        if name not in self.rows:
            made = parameter_row(self.table, self._controls[name], lambda control: self._reset(control.name))
            self.rows[name] = made
            # A row that is made late has not heard what is edited.
            self.table.param.trigger("edited")
        return self.rows[name]

    def _open(self, position: int) -> None:
        title = list(self.groups)[position]
        if not len(self._places[title]):
            self._places[title].objects = [self.row(name) for name in self.groups[title]]

    def _on_open(self, event) -> None:
        for position in event.new:
            self._open(position)

    def _on_search(self, event) -> None:
        """Bring the parameter that was chosen to the top."""
        self.found.objects = [] if event.new is None else [self.row(event.new)]

    def show(self, values: dict[str, float], published: dict[str, float]) -> None:
        """Set the sliders to ``values``, and mark those that differ from ``published``."""
        self.table.show(SimpleNamespace(**values), SimpleNamespace(**published))


# Every group has a heading; a new one in the declarations needs its words here.
_MISSING = {control.group for control in CONTROLS} - set(GROUP_WORDS)
if _MISSING:
    msg = f"No heading for the parameter groups {sorted(_MISSING)}."
    raise ValueError(msg)
_TABLE_OF = {**dict.fromkeys(VegetationParams._fields, "vegetation"), **dict.fromkeys(SoilParams._fields, "soil")}


def class_column(name: str) -> str:
    """Return by what a parameter's table is divided: "vegetation", "soil" or "" for neither."""
    return _TABLE_OF.get(name, "")
