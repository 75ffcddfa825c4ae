"""From a parameter table to widgets: the only place where the two meet.

A table of `models.quantity.Parameter` lines becomes a `Parameterized` with one bounded number for each line, or one
range for the two limits of a ramp, and each of those a slider with an exact number entry. Step and decimals come from
the bounds; a value that the table gives is kept to its last digit, whatever the slider's step.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import panel_material_ui as pmui
import param

from explorer.style import symbol_text, unit_text
from models.quantity import Parameter, parameters_of

__all__ = [
    "NARROW",
    "Control",
    "TableControls",
    "class_of",
    "controls_class",
    "controls_of",
    "decimals",
    "nice_step",
    "parameter_row",
]

STEPS = 200
"""A slider has about so many positions."""

# The arrow keys step a number entry; without its two buttons the number has room.
NARROW = {
    "& .MuiInputAdornment-root": {"display": "none"},
    "& .MuiInput-input": {"fontSize": "13px"},
    "& .MuiFormLabel-root": {"maxWidth": "100%"},
}

LONG = 24
"""Letters from which a label is set smaller."""


@dataclass(frozen=True)
class Control:
    """One slider: a parameter, or the two limits of a ramp.

    Attributes
    ----------
    name, fields, declarations
        Of the control, and of what it moves.
    scale : float
        What one unit on the slider stands for, in the parameter's unit: 1e-6 for a conductivity in m s-1.
    reach : (float, float), optional
        Where the slider runs, in the parameter's unit, if that is less than its bounds; an entry takes all of them.
    """

    name: str
    fields: tuple[str, ...]
    declarations: tuple[Parameter, ...]
    scale: float = 1.0
    reach: tuple[float, float] | None = None

    @property
    def low(self) -> float:
        """Lowest number that the entry takes."""
        return self.shown((min(p.low for p in self.declarations),))[0]

    @property
    def high(self) -> float:
        """Highest number that the entry takes."""
        return self.shown((max(p.high for p in self.declarations),))[0]

    @property
    def ends(self) -> tuple[float, float]:
        """Numbers at the two ends of the slider."""
        return (self.low, self.high) if self.reach is None else self.shown(self.reach)

    @property
    def step(self) -> float:
        """Distance of two positions of the slider: 1, 2 or 5 times a power of ten."""
        start, end = self.ends
        return nice_step((end - start) / STEPS)

    @property
    def group(self) -> str:
        """Heading under which the control stands."""
        return self.declarations[0].group

    @property
    def format(self) -> str:
        """Number format that tells two neighbouring positions apart."""
        places = decimals(self.step)
        return "0." + "0" * places if places else "0"

    @property
    def label(self) -> str:
        """Symbol and unit; a ramp is named after its driver."""
        symbols = [p.symbol or f for p, f in zip(self.declarations, self.fields, strict=True)]
        symbol = symbol_text(symbols[0]) if len(symbols) == 1 else symbols[0].rsplit(" ", 1)[0] + " ramp"
        unit = unit_text(self.declarations[0].unit)
        return f"{symbol} [{unit}]" if unit else symbol

    @property
    def help(self) -> str:
        """What each field means, its bounds and its source."""
        parts = []
        for field, p in zip(self.fields, self.declarations, strict=True):
            unit = f" {unit_text(p.unit)}" if p.unit != "1" else ""
            parts.append(f"{field}: {p.long_name}, {p.low:g} to {p.high:g}{unit}.")
        return " ".join([*parts, f"Source: {self.declarations[0].source}"])

    def shown(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Return the slider's numbers for values of the parameters."""
        return tuple(values) if self.scale == 1.0 else tuple(float(f"{v / self.scale:.12g}") for v in values)

    def held(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """Bring the slider's numbers within the declared bounds, and keep a ramp's limits apart by a step."""
        # Ten digits: a slider's steps add up to 1.9176136000000001.
        numbers = (float(f"{v * self.scale:.10g}") for v in values)
        kept = [min(max(v, p.low), p.high) for v, p in zip(numbers, self.declarations, strict=True)]
        if len(kept) == 2 and kept[1] - kept[0] < self.step:
            kept[1] = min(kept[0] + self.step, self.declarations[1].high)
            kept[0] = min(kept[0], kept[1] - self.step)
        return tuple(kept)


def nice_step(size: float) -> float:
    """Round a step up to 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> nice_step(0.02), nice_step(0.3), nice_step(7.0)
    (0.02, 0.5, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(size) + 1e-9)
    factor = next(f for f in (1, 2, 5, 10) if f * power >= size * (1 - 1e-9))
    return float(f"{factor * power:.12g}")


def decimals(step: float) -> int:
    """Count the decimals that tell two neighbouring slider positions apart."""
    return max(0, math.ceil(-math.log10(step) - 1e-9))


def controls_of(table: type, ramps: Mapping[str, tuple[str, str]]) -> tuple[Control, ...]:
    """List the controls of a parameter table in its order; the two limits of a ramp make one control."""
    declared = parameters_of(table)
    partner = {low: (driver, (low, high)) for driver, (low, high) in ramps.items()}
    upper = {high for _, high in ramps.values()}
    controls = []
    for field in table._fields:
        if field in partner:
            driver, fields = partner[field]
            controls.append(Control(driver, fields, tuple(declared[f] for f in fields)))
        elif field not in upper:
            controls.append(Control(field, (field,), (declared[field],)))
    return tuple(controls)


class TableControls(param.Parameterized):
    """What stands on the sliders. `show` sets them; a hand that moves one calls back."""

    controls: ClassVar[tuple[Control, ...]]
    edited = param.ListSelector(default=[], objects=[], check_on_set=False, doc="Names of the controls off the table.")

    def __init__(self, moved: Callable[[dict[str, float]], None] = lambda fields: None, **params):
        super().__init__(**params)
        self._moved = moved
        self._showing = False
        self.param.watch(self._on_move, [control.name for control in self.controls])

    def show(self, values: tuple, reference: tuple) -> None:
        """Set every slider to ``values`` and mark what differs from ``reference`` (two rows of the table)."""
        update, edited = {}, []
        for control in self.controls:
            now = tuple(float(getattr(values, f)) for f in control.fields)
            if now != tuple(float(getattr(reference, f)) for f in control.fields):
                edited.append(control.name)
            now = control.shown(now)
            value = now[0] if len(now) == 1 else now
            if getattr(self, control.name) != value:
                update[control.name] = value
        self._showing = True
        try:
            self.param.update(**update)
        finally:
            self._showing = False
        if self.edited != edited:
            self.edited = edited

    def _on_move(self, *events: param.parameterized.Event) -> None:
        """Report the fields that a hand has moved, within their bounds."""
        if self._showing:
            return
        fields = {}
        for event in events:
            control = next(c for c in self.controls if c.name == event.name)
            value = event.new if isinstance(event.new, tuple) else (event.new,)
            if any(v is None for v in value):  # an emptied number entry
                value = event.old if isinstance(event.old, tuple) else (event.old,)
            fields.update(zip(control.fields, control.held(value), strict=True))
        self._moved(fields)


def controls_class(table: type, ramps: Mapping[str, tuple[str, str]]) -> type[TableControls]:
    """Build the `TableControls` of a parameter table."""
    return class_of(table.__name__, controls_of(table, ramps))


def class_of(name: str, controls: tuple[Control, ...]) -> type[TableControls]:
    """Build the `TableControls` of these controls."""
    numbers: dict[str, object] = {}
    for c in controls:
        options = {"bounds": (c.low, c.high), "step": c.step, "label": c.label, "doc": c.help}
        if len(c.fields) == 1:
            numbers[c.name] = param.Number(c.low, allow_None=True, **options)
        else:
            numbers[c.name] = param.Range((c.low, c.high), **options)
    return type(f"{name}Controls", (TableControls,), {"controls": controls, **numbers})


def parameter_row(table: TableControls, control: Control, reset: Callable[[Control], None]) -> pmui.Row:
    """Lay one control out: slider, exact entry, tooltip, a mark when edited and a button that takes the edit back."""
    kind = pmui.EditableFloatSlider if len(control.fields) == 1 else pmui.EditableRangeSlider
    look = NARROW
    if len(control.label) > LONG:
        look = {**NARROW, "& .MuiFormLabel-root": {"maxWidth": "100%", "fontSize": "12.5px", "lineHeight": 1.25}}
    slider = kind.from_param(
        table.param[control.name],
        format=control.format,
        start=control.ends[0],
        end=control.ends[1],
        fixed_start=control.low,
        fixed_end=control.high,
        size="small",
        inline_layout=True,
        sx=look,
        description=control.help,
        margin=(2, 0, 4, 8),
        width=None,
        sizing_mode="stretch_width",
    )
    back = pmui.IconButton(
        icon="undo",
        size="small",
        icon_size="18px",
        disabled=True,
        margin=(2, 0, 0, 0),
        label=f"Reset {control.label}",
        description=f"Put {control.label} back to the table's value",
        width=30,
    )
    back.on_click(lambda _event: reset(control))

    def mark(event: param.parameterized.Event) -> None:
        edited = control.name in event.new
        if back.disabled == edited:
            back.disabled = not edited
            slider.label = f"● {control.label}" if edited else control.label
            slider.color = "warning" if edited else "primary"

    table.param.watch(mark, "edited")
    return pmui.Row(slider, back, sizing_mode="stretch_width", margin=0)
