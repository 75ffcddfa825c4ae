"""Where a sensor's observations come from, on the left side of the page Assimilation: the truth, or a file."""

import html
from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.sources import Offer, offers
from explorer.data.library import LARGEST_UPLOAD
from explorer.pages.page import put
from models.assimilation.sensor_choice import MOST_YEARS, SensorChoice

__all__ = ["OwnFile", "SourcePicker"]

SYNTHETIC = "synthetic: sampled from the truth"
NONE = "no file of the catalog holds it here; add one below, or start the app with --data FOLDER"


class SourcePicker:
    """The list of what a sensor may take its observations from.

    Parameters
    ----------
    sensor : str
        Name of the sensor.
    tell : callable
        Takes settings of the sensor that a hand has changed.
    """

    def __init__(self, sensor: str, tell: Callable[..., None]):
        self.sensor = sensor
        self._offers: dict[str, Offer] = {}
        self._showing = False
        self.picker = pmui.Select(
            label="Observations from", options={SYNTHETIC: ""}, value="", size="small", sizing_mode="stretch_width",
            margin=(8, 8, 4, 8), description="The sampler of the twin, or a file of the catalog that holds them",
        )  # fmt: skip
        self.picker.param.watch(lambda event: self._on_source(event.new, tell), "value")
        self.years = pmui.IntInput(
            label="Move its dates by [years]", value=0, start=-MOST_YEARS, end=MOST_YEARS, size="small", width=175,
            margin=(6, 8), visible=False, description="The world's weather is drawn: its years are no real ones",
        )  # fmt: skip
        self.years.param.watch(
            lambda event: None if self._showing or event.new is None else tell(years=event.new), "value"
        )
        self.there = pmui.Button(
            label="Its place and days", icon="my_location", size="small", variant="outlined", margin=(10, 4),
            visible=False, description="Its place and days: run this sensor alone where and when the file is",
        )  # fmt: skip
        self.about = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10, 4, 10))

    @property
    def objects(self) -> list:
        """Everything, from top to bottom."""
        return [self.picker, self.about, pmui.Row(self.years, self.there, margin=0)]

    def on_there(self, call: Callable[[Offer], None]) -> None:
        """Call with the chosen file when its place and days are asked for."""
        self.there.on_click(lambda _event: call(self._offers[self.picker.value]))

    def _on_source(self, key: str, tell: Callable[..., None]) -> None:
        if not self._showing:
            tell(source=key, years=0)

    def offer(self, session: AssimilationSession) -> None:
        """List what the catalog holds for this sensor in the region of the run."""
        found = offers(session.items or (), self.sensor, session.b.region)
        chosen = session.b.assimilation.sensor(self.sensor).source
        kept = [one for one in (session.items or ()) if one.key == chosen and chosen not in {o.item.key for o in found}]
        found += [Offer(one, f"{one.name[-46:]} · elsewhere", "observations" in one.row.feeds) for one in kept]
        self._offers = {one.item.key: one for one in found}
        options = {SYNTHETIC: ""} | {one.label: one.item.key for one in found}
        if chosen and chosen not in self._offers:
            options[f"file {chosen}"] = chosen
        self._showing = True
        try:
            if self.picker.options != options:
                self.picker.param.update(options=options, value=chosen)
        finally:
            self._showing = False
        self._say(chosen, looked=session.items is not None)

    def _say(self, chosen: str, *, looked: bool) -> None:
        """Say what the chosen file is, and whose."""
        one = self._offers.get(chosen)
        words = ""
        if one is not None:
            row = one.item.row
            held = f"{row.detail}. {row.citation} Licence: {row.licence or 'unknown'}."
            told = "" if one.independent else " <b>A model made it: better monitored than assimilated.</b>"
            words = f"{html.escape(held)}{told}"
        elif looked and not self._offers:
            words = html.escape(NONE)
        self.about.object = f"<div style='font-size:11.5px;opacity:.8'>{words}</div>" if words else ""

    def show(self, choice: SensorChoice) -> None:
        """Set the widgets to a choice."""
        self._showing = True
        try:
            if choice.source not in self.picker.options.values():
                self.picker.options = {**self.picker.options, f"file {choice.source}": choice.source}
            put(self.picker, choice.source)
            put(self.years, choice.years)
        finally:
            self._showing = False
        self.years.visible = bool(choice.source)
        self.there.visible = choice.source in self._offers


class OwnFile:
    """A way to bring a file of observations.

    Parameters
    ----------
    session : AssimilationSession
        Which reads it.
    """

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.input = pmui.FileInput(
            label="Add a file of observations", multiple=False, size="small", margin=(6, 8),
            description=f"Any product of the catalog, up to {LARGEST_UPLOAD / 2**20:.0f} MB; it stays in this tab",
        )  # fmt: skip
        self.input.param.watch(self._on_file, "value")

    def _on_file(self, event) -> None:
        if event.new:
            name = self.input.filename
            self.session.attempt(self.session.add, event.new, name if isinstance(name, str) else "file")
            self.input.value = None  # so that the same file can be chosen again
