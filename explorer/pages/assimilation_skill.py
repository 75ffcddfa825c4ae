"""The tabs Skill and Carbon of the page Assimilation: what the observations gained, for the land and for carbon."""

import html
from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.carbon import FLUXES, RUNS, CarbonOutcome, carbon_of, carbon_table
from explorer.assimilation.numbers import cell_of, name_and_unit, place_text
from explorer.assimilation.runs import Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.skill import JUDGED, REFERENCES, gains, skill_table
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


class SkillTab:
    """How much nearer to the truth the analysis is than the open loop."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.reference = switch("Against", {words: name for name, words in REFERENCES.items()}, "truth")
        self.variable = switch("Map of", {name_and_unit(v)[0]: v for v in JUDGED}, "ssm")
        for widget in (self.reference, self.variable):
            widget.param.watch(lambda event: self._redraw(), "value")
        self.boxes = BoxView(height=300, name="delta-r")
        self.map = CellMap(session, height=300)
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self._outcome: Outcome | None = None
        half = {"xs": 12, "lg": 6}
        self.pane = pmui.Column(
            pmui.FlexBox(self.reference, margin=(0, 4)),
            self.note,
            pmui.Grid(
                pmui.Grid(card(heading("ΔR of anomalies", "above 0: better"), self.boxes.pane), size=half),
                pmui.Grid(card(self.variable, self.map.view.pane, self.map.view.caption_pane), size=half),
                pmui.Grid(card(heading("Skill", "medians over cells"), self.table), size={"xs": 12}),
                container=True,
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _redraw(self) -> None:
        if self._outcome is not None:
            self.update(self._outcome)

    def update(self, outcome: Outcome) -> None:
        """Draw a result."""
        self._outcome = outcome
        result, reference = outcome.result, self.reference.value
        found = {variable: gains(result, variable, reference) for variable in JUDGED}
        self.boxes.update(
            {name_and_unit(v)[0]: one.delta for v, one in found.items()},
            "ΔR of anomalies, analysis − open loop",
            "",
            f"against {REFERENCES[reference].lower()} · box: 25–75 % of cells, whiskers: 5–95 %",
        )
        name = name_and_unit(self.variable.value)[0]
        self.map.update(
            outcome, found[self.variable.value].delta, unit="", signed=True,
            title=f"{name}: ΔR of anomalies, analysis − open loop · against {REFERENCES[reference].lower()}",
            bar="ΔR of anomalies",
        )  # fmt: skip
        caption = (
            "R: correlation of the anomalies from a 31-day mean; ubRMSD in the variable's unit. p: Wilcoxon's "
            "signed-rank test over cells, two-sided; neighbouring cells are not independent, so it is too small."
        )
        self.table.object = frame_html(skill_table(found), caption)
        best = [name_and_unit(v)[0] for v, one in found.items() if one.better > 0.8]
        words = f"{label_of(result)}. " + (
            f"In more than 80 % of the cells the observations improve {', '.join(best)}."
            if best
            else "No variable is improved in more than 80 % of the cells."
        )
        self.note.object = f"<div role='status' style='font-size:14px'>{html.escape(words)}</div>"


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
