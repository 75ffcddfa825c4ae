"""The tabs Innovations & increments and Is the filter right? of the page Assimilation."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.cell_numbers import observed_series
from explorer.assimilation.numbers import (
    cell_of,
    histograms,
    hovmoeller,
    innovation_increment,
    level_gain,
    name_and_unit,
    places,
    ranks,
    rejected,
    sensor_pairs,
    sensor_title,
    spread_skill,
)
from explorer.assimilation.runs import Outcome
from explorer.assimilation.scales import WHEN_WORDS, scale_of
from explorer.assimilation.session import AssimilationSession
from explorer.pages.assimilation_maps import CellMap
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.style import unit_text
from explorer.views.cloud import CloudView
from explorer.views.ensemble_series import EnsembleSeriesView
from explorer.views.hovmoeller import HovmoellerView
from explorer.views.innovations import HistogramView
from explorer.views.towers import TABLE_CSS, frame_html
from explorer.views.verdict import DesroziersView, LevelGainView, RankView, SpreadSkillView
from models.assimilation.sensor_choice import STATE_ROWS

__all__ = ["NOTHING", "InnovationsTab", "VerdictTab", "offer", "sensor_picker"]

NOTHING = "This run observes nothing: it is an open loop. Switch a sensor to Monitor or Assimilate on the left."

FIELDS = {"Innovation": "innovation", "Normalised": "normalised", "Increment": "increment", "Number": "count"}


def sensor_picker(session: AssimilationSession, label: str = "Sensor", **more) -> pmui.Select:
    """Make a picker of the sensors of a run that is the selection's."""
    look = {"size": "small", "width": 130, "margin": (6, 4)}
    picker = pmui.Select(label=label, options={"SSM": "ssm"}, value="ssm", **{**look, **more})
    picker.param.watch(
        lambda event: session.select(sensor=event.new) if event.new != session.selection.sensor else None, "value"
    )
    return picker


def offer(picker: pmui.Select, sensors: tuple[str, ...], wanted: str) -> str:
    """Let a picker offer the sensors of a run; returns the one that is shown: the wanted one, or the first."""
    shown = wanted if wanted in sensors else sensors[0]
    options = {sensor_title(name): name for name in sensors}
    if picker.options != options:
        picker.param.update(options=options, value=shown)
    put(picker, shown)
    return shown


class InnovationsTab:
    """What the observations said, by cell, latitude, time and layer."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.sensor = sensor_picker(session)
        self.row = pmui.Select(
            label="Increment of", options={name_and_unit(row)[0]: row for row in STATE_ROWS}, value="sm1", size="small",
            width=215, margin=(6, 4),
        )  # fmt: skip
        self.other = pmui.Select(label="Against", options={"–": ""}, value="", size="small", width=130, margin=(6, 4))
        self.what = switch("Shown by latitude and time", FIELDS, "innovation")
        for widget in (self.row, self.other, self.what):
            widget.param.watch(lambda event: self._redraw(), "value")
        self.map = CellMap(session, height=290)
        self.series = EnsembleSeriesView(height=330)
        self.histogram = HistogramView()
        self.hovmoeller = HovmoellerView(height=270)
        self.increments = CloudView(height=300, name="innovation-increment")
        self.pairs = CloudView(height=300, name="sensor-sensor")
        self.title = heading("Selected cell")
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self._outcome: Outcome | None = None
        half = {"xs": 12, "lg": 6}
        self.plots = pmui.Grid(
            pmui.Grid(card(self.map.view.pane, self.map.view.caption_pane), size={"xs": 12, "lg": 5}),
            pmui.Grid(card(self.title, self.series.pane), size={"xs": 12, "lg": 7}),
            pmui.Grid(card(heading("Normalised innovations"), self.histogram.pane), size=half),
            pmui.Grid(card(heading("By latitude and time"), self.what, self.hovmoeller.pane), size=half),
            pmui.Grid(card(heading("Innovation and increment"), self.increments.pane), size=half),
            pmui.Grid(card(heading("One sensor against another"), self.other, self.pairs.pane), size=half),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(
            pmui.FlexBox(self.sensor, self.row, margin=(6, 4, 0, 4)),
            self.note,
            self.plots,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _redraw(self) -> None:
        if self._outcome is not None:
            self.update(self._outcome)

    def update(self, outcome: Outcome) -> None:
        """Draw a result."""
        self._outcome = outcome
        result, selection = outcome.result, self.session.selection
        self.plots.visible = bool(result.sensors)
        if not result.sensors:
            self.note.object = f"<div style='font-size:14px'>{html.escape(NOTHING)}</div>"
            return
        sensor = offer(self.sensor, result.sensors, selection.sensor)
        log = result.logs[sensor]
        unit = unit_text(log.unit)
        self.note.object = _reasons_html(rejected(result, sensor), sensor_title(sensor))
        self.map.update(
            outcome, result.diagnostic(sensor, "innovation_std", selection.month), unit=unit, signed=False,
            title=f"{sensor_title(sensor)}: sd of innovations · {WHEN_WORDS[selection.when]} · click a cell",
            bar="innovation, sd",
        )  # fmt: skip
        cell = cell_of(result, selection.at)
        self.title.object = heading_html("Selected cell", f"{places(result)[cell]} · as {sensor_title(sensor)} sees it")
        self.series.update(observed_series(result, cell, sensor))
        self.histogram.update(histograms(result))
        self._draw_hovmoeller(result, sensor, unit)
        row_name, row_unit = name_and_unit(self.row.value)
        x, y = innovation_increment(result, sensor, self.row.value)
        self.increments.update(
            x, y, (f"{sensor_title(sensor)} innovation O − F", unit), (f"increment of {row_name}", row_unit)
        )
        self._draw_pairs(result, sensor)

    def _draw_hovmoeller(self, result, sensor: str, unit: str) -> None:
        what = self.what.value
        row = f"increment:{self.row.value}" if what == "increment" else what
        field, time, south, north = hovmoeller(result, sensor, row)
        units = {"innovation": unit, "normalised": "", "count": "", "increment": name_and_unit(self.row.value)[1]}
        words = next(label for label, name in FIELDS.items() if name == what)
        scale = scale_of(field, unit=units[what], title=words, signed=what != "count")
        self.hovmoeller.update(field, time, south, north, scale, f"{sensor_title(sensor)} {words.lower()}, 5-day means")

    def _draw_pairs(self, result, sensor: str) -> None:
        others = {sensor_title(name): name for name in result.sensors if name != sensor}
        if self.other.options != (others or {"–": ""}):
            self.other.options = others or {"–": ""}
        other = self.other.value if self.other.value in others.values() else next(iter(others.values()), "")
        put(self.other, other)
        x, y = sensor_pairs(result, sensor, other) if other else (np.zeros(0), np.zeros(0))
        name = sensor_title(other) if other else "another sensor"
        unit = unit_text(result.logs[other].unit) if other else ""
        self.pairs.update(
            x, y, (f"{sensor_title(sensor)} innovation", unit_text(result.logs[sensor].unit)),
            (f"{name} innovation, same day", unit),
            "no pairs yet" if other else "Switch a second sensor on: to monitor it is enough.",
        )  # fmt: skip


def _reasons_html(counts: dict[str, int], title: str) -> str:
    """Say how many observations there were, and what became of them."""
    total = sum(counts.values())
    if not total:
        return f"<div style='font-size:13px'>{html.escape(title)}: no observation yet.</div>"
    words = [
        f"{html.escape(reason.replace('_', ' '))} {count:,} ({100 * count / total:.0f} %)"
        for reason, count in sorted(counts.items(), key=lambda item: -item[1])
        if count
    ]
    return f"<div style='font-size:13px'><b>{html.escape(title)}</b>: {total:,} overpasses — {', '.join(words)}</div>"


SKILL_VARIABLES = ("ssm", "rzsm", "lai")


class VerdictTab:
    """Whether the assumed errors are right, in one sentence a sensor and four plots."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.sentences = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 12))
        self.sensor = sensor_picker(session)
        self.variable = switch("Spread against error of", {name_and_unit(v)[0]: v for v in SKILL_VARIABLES}, "ssm")
        self.variable.param.watch(lambda event: self._redraw(), "value")
        self.level, self.ranks = LevelGainView(), RankView()
        self.spread, self.desroziers = SpreadSkillView(), DesroziersView()
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self._outcome: Outcome | None = None
        half = {"xs": 12, "lg": 6}
        self.plots = pmui.Grid(
            pmui.Grid(
                card(heading("Level and gain", "each dot a cell, ◆ their median; green box: right"), self.level.pane),
                size={"xs": 12, "lg": 7},
            ),
            pmui.Grid(
                card(
                    heading("In numbers"),
                    self.table,
                    heading("Error sds that the innovations imply"),
                    self.desroziers.pane,
                ),
                size={"xs": 12, "lg": 5},
            ),
            pmui.Grid(card(heading("Rank histogram"), self.sensor, self.ranks.pane), size=half),
            pmui.Grid(card(heading("Spread and error", "truth known"), self.variable, self.spread.pane), size=half),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(card(self.sentences), self.plots, sizing_mode="stretch_width", margin=0)

    def _redraw(self) -> None:
        if self._outcome is not None:
            self.update(self._outcome)

    def update(self, outcome: Outcome) -> None:
        """Draw a result."""
        self._outcome = outcome
        result, selection = outcome.result, self.session.selection
        self.plots.visible = bool(result.sensors)
        if not result.sensors:
            self.sentences.object = f"<div role='status' style='font-size:15px'>{html.escape(NOTHING)}</div>"
            return
        sensor = offer(self.sensor, result.sensors, selection.sensor)
        found = {name: result.diagnostics(name, month=selection.month) for name in result.sensors}
        self.sentences.object = "".join(
            f"<div role='status' style='font-size:15px;margin:2px 0'><b>{html.escape(sensor_title(name))}</b>: "
            f"{html.escape(one.verdict)}</div>"
            for name, one in found.items()
        )
        self.level.update(level_gain(result, selection.month))
        self.desroziers.update(
            {
                sensor_title(name): (
                    _root_ratio(one.desroziers_r, one.r),
                    _root_ratio(one.desroziers_hpht, one.hpht),
                )
                for name, one in found.items()
            }
        )
        self.table.object = _numbers_html(found)
        self.ranks.update(ranks(result, sensor, selection.month), sensor_title(sensor))
        name, unit = name_and_unit(self.variable.value)
        before, after = spread_skill(result, self.variable.value)
        self.spread.update(before, after, places(result), name, unit)


def _root_ratio(diagnosed: float, assumed: float) -> float:
    """Return the ratio of two sds from their variances; NaN if one is not positive."""
    return float(np.sqrt(diagnosed / assumed)) if diagnosed > 0.0 and assumed > 0.0 else float("nan")


def _numbers_html(found: dict) -> str:
    """Write the diagnostics of each sensor as a table."""
    rows = []
    for name, one in found.items():
        lags = np.asarray(one.autocorrelation, dtype=float)
        rows.append(
            {
                "sensor": sensor_title(name),
                "n": int(one.count),
                "O − F mean": float(one.innovation_mean),
                "O − F sd": float(one.innovation_std),
                "norm. sd (1)": float(one.normalised_std),
                "lag-1 (0)": float(lags[0]) if lags.size else np.nan,
                "spread/error (1)": float(one.spread_skill),
            }
        )
    return frame_html(pd.DataFrame(rows), "In brackets: what a filter that is right gives. O − F in the sensor's unit.")
