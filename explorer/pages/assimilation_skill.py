"""The tabs Skill and Carbon of the page Assimilation: what the observations gained, for the land and for carbon."""

import html
from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.carbon import FLUXES, RUNS, CarbonOutcome, carbon_of, carbon_table
from explorer.assimilation.ground import Ground, compare_with_ground, sites_table
from explorer.assimilation.numbers import cell_of, name_and_unit, place_text
from explorer.assimilation.runs import Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.skill import JUDGED, REFERENCES, Gain, gains, skill_table
from explorer.assimilation.sources import label_of
from explorer.pages.assimilation_maps import CellMap
from explorer.pages.page import card, heading, heading_html, switch
from explorer.runs import SLOW, Job
from explorer.session import describe
from explorer.style import signed, symbol_text, unit_text
from explorer.views.boxes import BoxView
from explorer.views.flux_runs import FluxRunsView
from explorer.views.towers import TABLE_CSS, frame_html
from models.variables import VARIABLES

__all__ = ["CarbonTab", "SkillTab"]


REAL = "ground"
"""Key of the comparison with stations and towers of the catalog."""


class SkillTab:
    """How much nearer to the truth the analysis is than the open loop."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        options = {words: name for name, words in REFERENCES.items()} | {"Stations and towers of the catalog": REAL}
        self.reference = switch("Against", options, "truth")
        self.variable = switch("Map of", {name_and_unit(v)[0]: v for v in JUDGED}, "ssm")
        for widget in (self.reference, self.variable):
            widget.param.watch(lambda event: self._redraw(), "value")
        self.boxes = BoxView(height=300, name="delta-r")
        self.map = CellMap(session, height=300)
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self._outcome: Outcome | None = None
        self._ground: tuple[tuple, Ground] | None = None
        self._asked: tuple | None = None
        half = {"xs": 12, "lg": 6}
        self.plots = pmui.Grid(
            pmui.Grid(card(heading("ΔR of anomalies", "above 0: better"), self.boxes.pane), size=half),
            pmui.Grid(card(self.variable, self.map.view.pane, self.map.view.caption_pane), size=half),
            pmui.Grid(card(heading("Skill", "medians over cells or sites"), self.table), size={"xs": 12}),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(
            pmui.FlexBox(self.reference, margin=(0, 4)), self.note, self.plots, sizing_mode="stretch_width", margin=0
        )
        session.param.watch(lambda event: self._redraw() if self.reference.value == REAL else None, "items")

    def _redraw(self) -> None:
        if self._outcome is not None:
            self.update(self._outcome)

    def update(self, outcome: Outcome) -> None:
        """Draw a result."""
        self._outcome = outcome
        if self.reference.value == REAL:
            self._update_ground(outcome)
            return
        self.plots.visible = True
        result, reference = outcome.result, self.reference.value
        found = {variable: gains(result, variable, reference) for variable in JUDGED}
        self._draw(outcome, found, REFERENCES[reference].lower(), "cells")
        caption = (
            "Over cells where observations were used. R: correlation of the anomalies from the mean of 31 days and all "
            "years, so that of one year only changes within a month count, of which leaf area has few: see its ubRMSD, "
            "in the variable's unit, or run three years. p: Wilcoxon's signed-rank test over cells, two-sided; "
            "neighbouring cells are not independent, so it is too small."
        )
        self.table.object = frame_html(skill_table(found), caption)
        best = [name_and_unit(v)[0] for v, one in found.items() if one.better > 0.8]
        self._say(
            f"In more than 80 % of the cells the observations improve {', '.join(best)}."
            if best
            else "No variable is improved in more than 80 % of the cells."
        )

    def _say(self, words: str) -> None:
        told = f"{label_of(self._outcome.result)}. {words}"
        self.note.object = f"<div role='status' style='font-size:14px'>{html.escape(told)}</div>"

    def _update_ground(self, outcome: Outcome) -> None:
        """Compare with the sites of the catalog, off the event loop, unless that was done."""
        session, result = self.session, outcome.result
        key = (id(result), result.days_done, session.items)
        if self._ground is not None and self._ground[0] == key:
            self._draw_ground(outcome, self._ground[1])
            return
        self.plots.visible = False
        if session.items is None:
            self._say("Looking for stations and towers of the catalog …")
            session.look()
            return
        if key == self._asked:
            return
        self._asked = key
        self._say("Reading the stations and towers that stand in the cells of this run …")
        items = session.items

        def done(ground: Ground) -> None:
            self._ground = (key, ground)
            if self.reference.value == REAL and self._asked == key:
                self._redraw()

        def ended() -> None:
            self._asked = None
            self._say("Stopped: choose the reference again to go on.")

        session.slowly(
            "Reading stations and towers",
            lambda progress, cancelled: compare_with_ground(result, items, progress, cancelled),
            done, key="ground", ended=ended,
        )  # fmt: skip

    def _draw_ground(self, outcome: Outcome, ground: Ground) -> None:
        """Draw the skill against the sites of the catalog."""
        self.plots.visible = bool(ground.sites)
        silent = "; ".join(f"{name}: {why}" for name, why in ground.silent[:5])
        if not ground.sites:
            self._say(
                "No station or tower of the catalog stands in a cell of this run with daily values in its period"
                f"{f' ({silent})' if silent else ''}. Run where one is: the page Data shows them on a map."
            )
            return
        count = outcome.result.twin.cells.size
        found = {variable: ground.gain(variable, count) for variable in JUDGED}
        self._draw(outcome, found, "sites", "sites")
        caption = (
            "One line a site and variable; R of the anomalies from a 31-day mean of daily values; evapotranspiration "
            "is latent heat over 2.45 MJ kg⁻¹. p: Wilcoxon's signed-rank test over sites, two-sided. "
        )
        if silent:
            caption += f"Not compared: {silent}."
        table = frame_html(skill_table(found), "Medians over sites.")
        self.table.object = f"{table}{frame_html(sites_table(ground, outcome.result), caption)}"
        self._say(
            f"Sites: {len({site.item.key for site in ground.sites})}. The run's weather is drawn, so its open loop "
            "knows nothing of their days: R beside 0 is what it must have, and only observations of the same days "
            "can raise it."
        )

    def _draw(self, outcome: Outcome, found: dict[str, Gain], against: str, what: str) -> None:
        """Draw boxes and map of a comparison."""
        self.boxes.update(
            {name_and_unit(v)[0]: one.delta for v, one in found.items()},
            "ΔR of anomalies, analysis − open loop",
            "",
            f"against {against} · box: 25–75 % of {what}, whiskers: 5–95 %",
        )
        name = name_and_unit(self.variable.value)[0]
        self.map.update(
            outcome, found[self.variable.value].delta, unit="", signed=True,
            title=f"{name}: ΔR of anomalies, analysis − open loop · against {against}", bar="ΔR of anomalies",
        )  # fmt: skip


FLUX_WORDS = {symbol_text(VARIABLES[flux].symbol): flux for flux in FLUXES}
DIFFERENCES = {
    "Ops − Open Loop": ("ops", "open_loop"),
    "Ops − Truth": ("ops", "truth"),
    "Open Loop − Truth": ("open_loop", "truth"),
    "Calib − Truth": ("calib", "truth"),
    "Ops": ("ops", ""),
}


class CarbonTab:
    """L4C driven by the analysis, the open loop, its climatology and the truth."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.flux = switch("Flux", FLUX_WORDS, "gpp")
        self.difference = pmui.Select(
            label="Map", options=list(DIFFERENCES), value="Ops − Open Loop", size="small", width=180, margin=(6, 4)
        )
        for widget in (self.flux, self.difference):
            widget.param.watch(lambda event: self._draw(), "value")
        self.map = CellMap(session, height=320)
        self.lines = FluxRunsView()
        self.boxes = BoxView(height=280, name="carbon-boxes")
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.title = heading("Selected cell")
        self.shown: CarbonOutcome | None = None
        self._asked: tuple | None = None
        self._outcome: Outcome | None = None
        half = {"xs": 12, "lg": 6}
        self.plots = pmui.Grid(
            pmui.Grid(
                card(pmui.FlexBox(self.flux, self.difference), self.map.view.pane, self.map.view.caption_pane),
                size=half,
            ),
            pmui.Grid(card(self.title, self.lines.pane), size=half),
            pmui.Grid(card(heading("Totals and errors"), self.table), size={"xs": 12, "lg": 7}),
            pmui.Grid(card(heading("Error of each cell against the truth"), self.boxes.pane), size={"xs": 12, "lg": 5}),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(self.note, self.plots, sizing_mode="stretch_width", margin=0)

    def update(self, outcome: Outcome) -> None:
        """Run L4C with the result's land, if that was not done yet."""
        self._outcome = outcome
        result = outcome.result
        key = (id(result), result.days_done)
        if key == self._asked:
            self._draw()
            return
        self._asked, self.shown = key, None
        self.plots.visible = False
        self._say("Running L4C with the land of this run …")
        session = self.session
        SLOW.submit(
            (session.number, "carbon"),
            Job(
                work=partial(carbon_of, result, outcome.experiment.grid),
                done=partial(self._answered, key),
                post=session.post,
                failed=partial(self._failed, key),
            ),
        )

    def _say(self, words: str) -> None:
        self.note.object = f"<div role='status' style='font-size:14px'>{html.escape(words)}</div>"

    def _failed(self, key: tuple, error: Exception) -> None:
        if key == self._asked:
            self._say(describe(error))

    def _answered(self, key: tuple, outcome: CarbonOutcome) -> None:
        if key == self._asked:
            self.shown = outcome
            self.plots.visible = True
            self._draw()

    def _draw(self) -> None:
        carbon, outcome = self.shown, self._outcome
        if carbon is None or outcome is None:
            return
        flux, words = self.flux.value, self.difference.value
        run, minus = DIFFERENCES[words]
        symbol = symbol_text(VARIABLES[flux].symbol)
        self.map.update(
            outcome, carbon.field(flux, run, minus), unit="gC m⁻² yr⁻¹", signed=bool(minus) or flux == "nee",
            title=f"{symbol}: {words} · sum of the year", bar=f"{symbol}, {words}",
        )  # fmt: skip
        cell = cell_of(outcome.result, self.session.selection.at)
        twin = outcome.result.twin
        place = place_text(float(twin.latitude[cell]), float(twin.longitude[cell]))
        self.title.object = heading_html("Selected cell", place)
        of = {name: one[flux].values[cell] for name, one in carbon.runs.items()}
        self.lines.update(carbon.runs["ops"]["time"].values, of, symbol, unit_text(VARIABLES[flux].unit))
        self.table.object = frame_html(
            carbon_table(carbon),
            "Totals of the region. RMSD [gC m⁻² d⁻¹]: days of all cells against L4C driven by the true land. Ops is "
            "driven by the analysis, Open Loop by the model alone, Calib by the open loop's climatology (31-day "
            "means); all start from the open loop's soil carbon.",
        )
        groups = {}
        for name in ("open_loop", "calib", "ops"):
            gap = carbon.runs[name][flux].values - carbon.runs["truth"][flux].values
            groups[RUNS[name].partition(":")[0]] = np.sqrt(np.nanmean(np.square(gap), axis=1))
        unit = unit_text(VARIABLES[flux].unit)
        self.boxes.update(groups, f"RMSD of daily {symbol}", unit, f"{symbol}, one dot a cell")
        ops, loop = (float(np.nanmedian(groups[name])) for name in ("Ops", "Open Loop"))
        change = 100.0 * (ops / loop - 1.0) if loop > 0.0 else 0.0
        turned = "nearer to" if change < -0.5 else "farther from" if change > 0.5 else "about as far from"
        self._say(
            f"{label_of(outcome.result)}. Driven by the analysis, daily {symbol} comes {turned} the truth "
            f"({signed(change, 2)} % of the open loop's RMSD, median over cells)."
        )
