"""The sensors on the left side of the page Assimilation: off, monitored or assimilated, each with its settings."""

import html
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.numbers import sensor_title
from explorer.controls import Control, class_of, parameter_row
from explorer.pages.assimilation_sources import SourcePicker
from explorer.pages.page import COMPACT, switch
from explorer.views.one_cell import ROW_WORDS
from models.assimilation.sensor_choice import SENSOR_CHOICES, SENSOR_NUMBERS, STATE_ROWS, SensorChoice
from models.observation import Sensor
from models.observation.masks import MASKS

__all__ = ["MASK_WORDS", "RESCALE_WORDS", "SensorBlock"]

USE_WORDS = {"Off": "off", "Monitor": "monitor", "Use": "assimilate"}
USE_HELP = "Monitor: compared with the forecast but never used, which makes it an independent check"

RESCALE_WORDS = {
    "default": "as the sensor does by default",
    "none": "none",
    "cdf": "monthly CDF matching",
    "seasonal": "seasonal mean and sd",
    "mean": "seasonal mean",
    "anomaly": "anomalies only",
}

MASK_WORDS = {mask.name: mask.title for mask in MASKS}
"""Mask -> the reason in words."""


class SensorBlock:
    """One sensor: three switches, and its settings in a drawer.

    Parameters
    ----------
    sensor : Sensor
        What it is.
    changed : callable
        ``changed(name, moved, settings)`` takes the settings that a hand has changed; ``moved`` names a dragged slider.
    """

    def __init__(self, sensor: Sensor, changed: Callable[[str, tuple, dict], None]):
        self.sensor = sensor
        self._changed = changed
        self._showing = False
        self.use = switch(f"{sensor.title}: use", USE_WORDS, "off", margin=(2, 2), description=USE_HELP)
        self.use.param.watch(lambda event: self._tell(use=event.new), "value")
        self.table = self._numbers()(moved=self._moved)
        rows = [parameter_row(self.table, control, self._reset) for control in self.table.controls]
        self.updates = self._group(
            "Variables that it updates", {ROW_WORDS[row]: row for row in STATE_ROWS}, sensor.updates
        )
        self.masks = self._group(
            "Observations left out where there is",
            {MASK_WORDS.get(mask, mask.replace("_", " ")): mask for mask in sensor.masks},
            sensor.masks,
        )
        self.updates.param.watch(lambda event: self._tell(updates=self._or_default(event.new, "updates")), "value")
        self.masks.param.watch(lambda event: self._tell(masks=self._or_default(event.new, "masks")), "value")
        self.rescale = pmui.Select(
            label="Rescaled to the model's climatology", size="small", sizing_mode="stretch_width",
            options={self._rescale_words(name): name for name in SENSOR_CHOICES["rescale"]}, value="default",
            margin=(8, 8, 4, 8),
            description="Sensor and model differ in mean and amplitude, which is no error that a filter may correct",
        )  # fmt: skip
        self.rescale.param.watch(lambda event: self._tell(rescale=event.new), "value")
        self.source = SourcePicker(sensor.name, self._tell)
        self._of_twin = [row for row, one in zip(rows, self.table.controls, strict=True) if one.name != "error_std"]
        self.sees = switch(
            "What a synthetic observation sees",
            {"Its cell": "cell", f"Its footprint, {sensor.footprint:g} km": "footprint"},
            "cell",
            description="A footprint wider than the grid blurs neighbours together: an error that R does not know of",
        )
        self.sees.param.watch(lambda event: self._tell(sees=event.new), "value")
        self._of_twin.append(self.sees)
        settings = (*self.source.objects, *rows, self.sees, self.updates, self.masks, self.rescale)
        self.drawer = pmui.Accordion(
            ("Source, errors, masks, what it updates", pmui.Column(*settings, margin=0)),
            active=[], dynamic=True, disable_gutters=True, title_variant="caption", margin=(0, 8, 4, 8), elevation=0,
            variant="outlined", sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        title = pn.pane.HTML(
            f"<div style='font-size:13px;line-height:1.2' title='{html.escape(sensor.comment, quote=True)}'>"
            f"<b>{html.escape(sensor_title(sensor.name))}</b><br><span style='opacity:.7;font-size:11px'>"
            f"{html.escape(sensor.title)}</span></div>",
            margin=(2, 2, 0, 8),
            width=150,
        )
        self.pane = pmui.Column(
            pmui.Row(title, self.use, margin=0), self.drawer, sizing_mode="stretch_width", margin=(0, 0, 2, 0)
        )

    def _rescale_words(self, name: str) -> str:
        if name == "default":
            return f"default: {RESCALE_WORDS.get(self.sensor.rescale, self.sensor.rescale)}"
        return RESCALE_WORDS[name]

    def _numbers(self) -> type:
        """Declare the sliders: the sensor's own error bounds stand for those of every sensor."""
        error = self.sensor.error
        declared = {
            "error_std": replace(error, long_name=f"{SENSOR_NUMBERS['error_std'].long_name} ({error.long_name})"),
            "true_error_std": replace(
                error, long_name=SENSOR_NUMBERS["true_error_std"].long_name, symbol="true error sd", low=0.0
            ),
            "repeat_days": replace(SENSOR_NUMBERS["repeat_days"], symbol="repeat"),
            "retrieved": replace(SENSOR_NUMBERS["retrieved"], symbol="retrieved"),
            "error_days": replace(SENSOR_NUMBERS["error_days"], symbol="error memory"),
            "bias_std": replace(error, long_name=SENSOR_NUMBERS["bias_std"].long_name, symbol="bias sd", low=0.0),
            "gain_std": replace(SENSOR_NUMBERS["gain_std"], symbol="gain sd"),
        }
        declared["error_std"] = replace(declared["error_std"], symbol="error sd")
        controls = tuple(Control(name, (name,), (line,)) for name, line in declared.items())
        return class_of(f"{self.sensor.name.title()}Sensor", controls)

    @staticmethod
    def _group(label: str, options: dict[str, str], value: tuple) -> pmui.CheckButtonGroup:
        return pmui.CheckButtonGroup(
            label=label, options=options, value=list(value), size="small", sx={**COMPACT, "flexWrap": "wrap"},
            margin=(6, 8), sizing_mode="stretch_width",
        )  # fmt: skip

    def _or_default(self, chosen: list, name: str) -> tuple | None:
        """Return None where what is chosen is the sensor's own."""
        return None if set(chosen) == set(getattr(self.sensor, name)) else tuple(chosen)

    def _own(self) -> dict[str, float]:
        """Return the sensor's own numbers."""
        return {
            "error_std": self.sensor.error_std,
            "true_error_std": self.sensor.error_std,
            "repeat_days": self.sensor.repeat_days,
            "retrieved": 1.0,
            "error_days": 0.0,
            "bias_std": 0.0,
            "gain_std": 0.0,
        }

    def _tell(self, moved: tuple = (), **settings) -> None:
        if not self._showing:
            self._changed(self.sensor.name, moved, settings)

    def _moved(self, fields: dict[str, float]) -> None:
        own = self._own()
        self._tell(
            moved=(self.sensor.name, *fields),
            **{name: None if value == own[name] else value for name, value in fields.items()},
        )

    def _reset(self, control: Control) -> None:
        self._tell(**{control.name: None})

    def show(self, choice: SensorChoice) -> None:
        """Set every widget to a choice."""
        own = self._own()
        now = {name: value if getattr(choice, name) is None else getattr(choice, name) for name, value in own.items()}
        self._showing = True
        try:
            for widget, value in (
                (self.use, choice.use),
                (self.rescale, choice.rescale),
                (self.sees, choice.sees),
                (self.updates, list(self.sensor.updates if choice.updates is None else choice.updates)),
                (self.masks, list(self.sensor.masks if choice.masks is None else choice.masks)),
            ):
                if (set(widget.value) != set(value)) if isinstance(value, list) else (widget.value != value):
                    widget.value = value
        finally:
            self._showing = False
        self.table.show(SimpleNamespace(**now), SimpleNamespace(**own))
        self.source.show(choice)
        for row in self._of_twin:
            row.visible = not choice.source
        self.drawer.visible = choice.use != "off"
