"""The part of a sidebar that says where and when: a region, by its name or as a box, a cell, first and last day."""

import datetime as dt
from collections.abc import Callable, Sequence

import pandas as pd
import panel_material_ui as pmui

from explorer.pages.page import put
from explorer.session import Session
from models.regions import REGIONS, Region

__all__ = ["DRAWN", "Period", "Where"]

DRAWN = "Drawn box"


class Where:
    """Region and cell of a session.

    Parameters
    ----------
    session : Session
        Whose experiments share a region, and whose selection has a place ``at``.
    description : str
        What the region is for.
    first : sequence of str
        Names of regions that the list begins with.
    """

    def __init__(self, session: Session, description: str, *, first: Sequence[str] = ()):
        self.session = session
        self._showing = False
        names = [*first, *(name for name in REGIONS if name not in first)]
        self.region = pmui.Select(
            label="Region", options=[*names, DRAWN], value=names[0], size="small", sizing_mode="stretch_width",
            margin=(8, 8, 4, 8), description=f"{description}; draw a box with the map's box tool",
        )  # fmt: skip
        self.region.param.watch(self._on_region, "value")
        place = {"size": "small", "width": 145, "margin": 4, "step": 0.5}
        self.latitude = pmui.FloatInput(label="Latitude [°N]", start=-90, end=90, **place)
        self.longitude = pmui.FloatInput(label="Longitude [°E]", start=-180, end=180, **place)
        for widget in (self.latitude, self.longitude):
            widget.param.watch(self._on_place, "value")
        self.cell = pmui.Row(self.latitude, self.longitude, margin=0)

    def _on_region(self, event) -> None:
        if self._showing:
            return
        if event.new == DRAWN:
            self.show()
        else:
            self.session.where(region=REGIONS[event.new])

    def draw(self, west: float, south: float, east: float, north: float) -> None:
        """Restrict the region to a box that was drawn on the map [degrees]."""
        sides = (round(v, 2) for v in (west, max(south, -90.0), east, min(north, 90.0)))
        region = Region("drawn", *sides)
        if self.session.world is not None:
            self.session.world.mask(region)  # says so if it holds no land
        self.session.where(region=region)

    def _on_place(self, _event) -> None:
        if self._showing or self.latitude.value is None or self.longitude.value is None:
            return
        at = (float(self.latitude.value), float(self.longitude.value))
        if at != self.session.selection.at:
            self.session.select(at=at)

    def show(self) -> None:
        """Set the widgets to the session's state."""
        region, at = self.session.b.region, self.session.selection.at
        self._showing = True
        try:
            put(self.region, region.name if REGIONS.get(region.name) == region else DRAWN)
            put(self.latitude, round(at[0], 3))
            put(self.longitude, round(at[1], 3))
        finally:
            self._showing = False


class Period:
    """First and last day of a session's experiments.

    Parameters
    ----------
    session : Session
        Whose experiments share a period.
    whole : callable
        Gives first and last day of the record, "YYYY-MM-DD"; in an experiment they are "", which keeps addresses short.
    """

    def __init__(self, session: Session, whole: Callable[[], Sequence[str]]):
        self.session = session
        self._whole = whole
        self._showing = False
        self.days = [
            pmui.DatePicker(label=label, size="small", width=145, margin=4) for label in ("First day", "Last day")
        ]
        for picker in self.days:
            picker.param.watch(self._on_day, "value")
        self.pane = pmui.Row(*self.days, margin=0)

    def _on_day(self, _event) -> None:
        """Take both days; what is refused goes back."""
        if self._showing or any(picker.value is None for picker in self.days):
            return
        chosen = [str(pd.Timestamp(picker.value).date()) for picker in self.days]
        try:
            ends = zip(chosen, self._whole(), strict=True)
            self.session.where(period=tuple("" if day == end else day for day, end in ends))
        except ValueError:
            self.show()
            raise

    def show(self) -> None:
        """Set the pickers to the session's period."""
        self._showing = True
        try:
            for picker, day, end in zip(self.days, self.session.b.period, self._whole(), strict=True):
                value = dt.date.fromisoformat(day or end)
                if picker.value is None or pd.Timestamp(picker.value).date() != value:
                    picker.value = value
        finally:
            self._showing = False
