"""The tabs Series, Balances, Day and Curves of the page Land."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui
import xarray as xr

from explorer.land.address import GROUPS
from explorer.land.place import PlaceRun, settled_words
from explorer.land.question import LandAnswer
from explorer.land.session import LandSession
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.views.curves import CurvesView
from explorer.views.lines import COMPARE, DIFFERENCE, Line, LinkedLines, Plot

__all__ = ["BalancesTab", "CurvesTab", "DayTab", "SeriesTab"]

GROUP_WORDS = {
    "water": "Soil water",
    "heat": "Heat",
    "vegetation": "Leaves",
    "snow": "Snow",
    "fluxes": "ET",
    "carbon": "Carbon",
}
MODES = {"A and B": COMPARE, "B − A": DIFFERENCE}
LAYER_WORDS = ("0–10", "10–40", "40–100", "100–200 cm")
RAIN = Plot((Line("precip", "precipitation"),), "mm d⁻¹", bars=True, share=0.55)


def _layers(name: str) -> tuple[Line, ...]:
    return tuple(Line(f"{name}_{k}", words) for k, words in enumerate(LAYER_WORDS, 1))


SERIES = {
    "water": (
        RAIN,
        Plot(_layers("soil_moisture"), "m³ m⁻³", share=1.4),
        Plot((Line("runoff", "surface runoff"), Line("drainage", "drainage")), "mm d⁻¹"),
    ),
    "heat": (
        RAIN,
        Plot(_layers("soil_temperature"), "K", share=1.2),
        Plot(
            (Line("rn", "net radiation"), Line("le", "LE"), Line("h", "H"), Line("ground_heat", "into the ground")),
            "W m⁻²", zero=True, share=1.2,
        ),
    ),
    "vegetation": (
        RAIN,
        Plot((Line("lai", "leaf area index"),), "m² m⁻²"),
        Plot((Line("fpar", "fPAR"), Line("water_stress", "water availability β")), "", limits=(-0.04, 1.04)),
    ),
    "snow": (
        RAIN,
        Plot((Line("swe", "snow water equivalent"),), "mm"),
        Plot((Line("snow_depth", "snow depth"),), "m"),
    ),
    "fluxes": (
        RAIN,
        Plot((Line("et", "evapotranspiration"), Line("transpiration", "transpiration")), "mm d⁻¹", share=1.2),
        Plot(
            (Line("soil_evaporation", "of soil and snow"), Line("interception_evaporation", "of wet leaves")), "mm d⁻¹"
        ),
    ),
    "carbon": (
        RAIN,
        Plot(
            (Line("gpp", "GPP"), Line("npp", "NPP"), Line("ra", "RA"), Line("rh", "RH")), "gC m⁻² d⁻¹", share=1.2
        ),
        Plot((Line("nee", "NEE, to the atmosphere"),), "gC m⁻² d⁻¹", zero=True),
    ),
}  # fmt: skip
BALANCES = {
    "balances": (
        Plot((Line("water", "water left over a day"),), "mm", zero=True, tiny=True),
        Plot((Line("carbon", "carbon left over, worst step of a day"),), "gC m⁻²", zero=True, tiny=True),
        Plot((Line("energy", "energy left over, mean of a day"),), "W m⁻²", zero=True, tiny=True),
    )
}
DAY = {
    "day": (
        Plot((Line("precip", "precipitation"),), "mm h⁻¹", bars=True, share=0.55),
        Plot(
            (Line("rn", "net radiation"), Line("le", "LE"), Line("h", "H"), Line("ground_heat", "into the ground")),
            "W m⁻²", zero=True, share=1.3,
        ),
        Plot(
            (Line("t_air", "air"), Line("t_canopy", "leaves"), Line("t_ground", "ground"), Line("t_soil", "0–10 cm")),
            "K", share=1.2,
        ),
        Plot((Line("gpp", "GPP"), Line("nee", "NEE")), "gC m⁻² d⁻¹", zero=True),
    )
}  # fmt: skip


def lines_of(ds: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the variables of a run by the names of the lines, with layers apart and net radiation."""
    found = {name: ds[name].values for name in ds.data_vars if ds[name].dims == ("time",)}
    for name in ("soil_moisture", "soil_temperature"):
        found |= {f"{name}_{k}": ds[name].values[k - 1] for k in (1, 2, 3, 4)}
    found["rn"] = ds["sw_net"].values + ds["lw_net"].values
    return found


def source_words(run: PlaceRun) -> str:
    """Say whose weather a run has."""
    return "synthetic weather, real climate" if run.place.synthetic else "the tower's own weather"


class SeriesTab:
    """Daily values of the place through the year."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = LinkedLines(SERIES, height=500, name="series")
        self.group = switch("Group", {GROUP_WORDS[g]: g for g in GROUPS}, session.selection.group)
        self.mode = switch("Show", MODES, COMPARE)
        self.group.param.watch(self._on_group, "value")
        self.mode.param.watch(lambda event: self.view.show(self.group.value, event.new), "value")
        self.view.show(self.group.value)
        self.pane = card(pmui.FlexBox(self.group, self.mode, margin=(2, 2)), self.view.pane)

    def _on_group(self, event) -> None:
        self.view.show(event.new)
        if event.new != self.session.selection.group:
            self.session.select(group=event.new)

    def update(self, answer: LandAnswer) -> None:
        """Draw an answer."""
        put(self.group, answer.question.selection.group)
        self.view.update(
            answer.b.days["time"].values, lines_of(answer.b.days), lines_of(answer.a.days),
            title=f"Daily means · {source_words(answer.b)}",
        )  # fmt: skip


class BalancesTab:
    """What each day leaves over of water, carbon and energy, and what the spin-up came to."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = LinkedLines(BALANCES, height=430, name="balances")
        self.text = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 12))
        self.pane = card(heading("Balances", "of B and, dashed, of A"), self.text, self.view.pane)

    def update(self, answer: LandAnswer) -> None:
        """Draw an answer."""
        b, a = answer.b, answer.a
        self.view.update(b.days["time"].values, b.residuals, a.residuals, title="What a day leaves over")
        worst = {name: float(np.abs(values).max()) for name, values in b.residuals.items()}
        water = float(b.residuals["water"].sum())
        closes = worst["water"] < 1e-6 and worst["carbon"] < 1e-6
        words = (
            f"Water and carbon {'close' if closes else 'do not close'}: the worst day of B leaves "
            f"{worst['water']:.0e} mm of water over ({abs(water):.0e} mm in the whole run) and the worst step "
            f"{worst['carbon']:.0e} gC m⁻²; energy is left over by at most {worst['energy']:.0e} W m⁻² in a day's mean."
        )
        spin = [f"B: {settled_words(b)}"]
        if a.choices != b.choices:
            spin.append(f"A: {settled_words(a)}")
        lines = "".join(f"<p style='margin:4px 0'>{html.escape(text)}</p>" for text in (words, *spin))
        self.text.object = f"<div style='font-size:13px'>{lines}</div>"


class DayTab:
    """The steps of one day."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = LinkedLines(DAY, height=520, hours=True, name="day")
        self.day = pmui.IntSlider(
            label="Day of year", start=1, end=365, value=min(session.selection.day, 365), size="small", width=260,
            margin=(4, 16),
        )  # fmt: skip
        self.mode = switch("Show", MODES, COMPARE)
        self.mode.param.watch(lambda event: self.view.show("day", event.new), "value")
        self.day.param.watch(self._on_day, "value")
        self.pane = card(pmui.FlexBox(self.day, self.mode, margin=(2, 2)), self.view.pane)

    def _on_day(self, event) -> None:
        if event.new != self.session.selection.day:
            self.session.select(day=event.new)
        if self.session.answer is not None:
            self.update(self.session.answer)

    def update(self, answer: LandAnswer) -> None:
        """Draw the chosen day of an answer."""
        put(self.day, min(self.session.selection.day, 365))
        parts = []
        for run in (answer.b, answer.a):
            weather, hours = run.of_day(self.session.selection.day - 1)
            parts.append(lines_of(hours) | {"t_air": weather[:, 0], "precip": hours["precip"].values / 24.0})
        steps = len(parts[0]["rn"])
        if len(parts[1]["rn"]) != steps:  # A has another time step: its values at the steps of B
            at = (np.arange(steps) * len(parts[1]["rn"])) // steps
            parts[1] = {name: values[at] for name, values in parts[1].items()}
        hours = (np.arange(steps) + 0.5) * 24.0 / steps
        _, shown = answer.b.of_day(self.session.selection.day - 1)
        date = np.datetime_as_string(shown["time"].values[0], "D")
        self.view.update(hours, *parts, title=f"{date} · {source_words(answer.b)}")


class CurvesTab:
    """The model's own functions with the parameters of A and B."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = CurvesView(height=175)
        self.title = heading("Equations and curves")
        self.pane = card(self.title, self.view.pane)
        self._drawn: tuple = ()

    def update(self, answer: LandAnswer) -> None:
        """Draw the curves of an answer."""
        drawn = (answer.a, answer.b)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        told = dict(answer.question.b.land.columns)
        vegetation, soil = (told.get(name) for name in ("vegetation", "soil"))
        edited = "" if not (vegetation or soil) else ", with the classes chosen"
        self.title.object = heading_html("Equations and curves", f"{answer.place.class_words}{edited}")
        genuchten = tuple(run.choices.hydraulics == "van_genuchten" for run in (answer.b, answer.a))
        self.view.update(
            answer.b.columns, answer.a.columns, genuchten=genuchten,
            note="The functions that the run itself calls; a leaf at 25 °C, 1 kPa and 120 W m⁻² where these do not "
            "vary. Numbers are those of B.",
        )  # fmt: skip
