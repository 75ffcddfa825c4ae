"""Choose sensors, errors and masks, run an ensemble filter around the land model, and see what it does and why."""

import functools
import html

import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.address import TABS
from explorer.assimilation.numbers import key_numbers, sensor_title, why_none
from explorer.assimilation.runs import Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.sources import label_of, real_sources, truth_known
from explorer.pages.assimilation_cell import CellTab
from explorer.pages.assimilation_controls import AssimilationControls
from explorer.pages.assimilation_exports import RunsTab
from explorer.pages.assimilation_maps import MapsTab
from explorer.pages.assimilation_paper import PaperTab
from explorer.pages.assimilation_skill import CarbonTab, SkillTab
from explorer.pages.assimilation_views import InnovationsTab, VerdictTab
from explorer.pages.page import card
from explorer.pages.tabs import TabbedPage
from explorer.views.totals import Kpi, KpiStrip

__all__ = ["AssimilationPage"]

HINTS = {
    "innovations": "the innovations and increments of every sensor: as series of a cell, by latitude and time, as "
    "histogram, and one against the other",
    "verdict": "whether the assumed errors are right, in one plain sentence a sensor, and the four pictures behind it",
    "skill": "how much nearer to the truth, to stations and to files of the catalog the observations bring the model",
    "carbon": "what the observations do to GPP, RH and NEE: L4C driven by the analysis, the open loop and the truth",
    "cell": "every member of one cell at every update: forecast, observation, gain and analysis, with the arrow keys",
}
"""Tab -> what it will show, said before there is a run."""

TAB_WORDS = {
    "maps": "Maps",
    "innovations": "Innovations & increments",
    "verdict": "Is the filter right?",
    "skill": "Skill",
    "carbon": "Carbon",
    "cell": "One cell",
    "paper": "As in the paper",
    "runs": "Runs & export",
}


class AssimilationPage(TabbedPage):
    """An ensemble Kalman filter around the land model, in a twin whose truth is known."""

    title = "Assimilation"
    slug = "assimilation"
    lead = "Choose sensors, their errors and masks; an ensemble filter around the land model shows what they are worth."
    session_class = AssimilationSession
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be chosen."""
        self.controls = AssimilationControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the key numbers and the tabs."""
        session = self.session
        self.kpis = KpiStrip(narrow=True)
        self._hinted: set[str] = set()
        self.label = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 0, 12))
        self._make_tabs()
        session.param.watch(self._on_answer, "answer")
        self._draw_kpis(None)
        return [self.label, self.kpis.pane, self.tabs]

    @functools.cached_property
    def maps(self) -> MapsTab:
        """The tab Maps."""
        return MapsTab(self.session, self.controls.draw)

    @functools.cached_property
    def innovations(self) -> InnovationsTab:
        """The tab Innovations & increments."""
        return InnovationsTab(self.session)

    @functools.cached_property
    def verdict(self) -> VerdictTab:
        """The tab Is the filter right?."""
        return VerdictTab(self.session)

    @functools.cached_property
    def skill(self) -> SkillTab:
        """The tab Skill."""
        return SkillTab(self.session)

    @functools.cached_property
    def carbon(self) -> CarbonTab:
        """The tab Carbon."""
        return CarbonTab(self.session)

    @functools.cached_property
    def cell(self) -> CellTab:
        """The tab One cell."""
        return CellTab(self.session)

    @functools.cached_property
    def paper(self) -> PaperTab:
        """The tab As in the paper."""
        return PaperTab(self.session)

    @functools.cached_property
    def runs(self) -> RunsTab:
        """The tab Runs & export."""
        return RunsTab(self.session, self.maps)

    def _open(self, name: str) -> None:
        """Put what belongs on a tab there; before there is a run, what it will show and how to begin."""
        if self.session.answer is None and name in HINTS:
            self.tab_places[name][:] = [self._hint(name)]
        elif not len(self.tab_places[name]) or name in self._hinted:
            self.tab_places[name][:] = [getattr(self, name).pane]
            self._hinted.discard(name)

    def _hint(self, name: str) -> pmui.Paper:
        """Say what a tab will show, and let a visitor begin."""
        self._hinted.add(name)
        begin = pmui.Button(
            label="Run the preview", icon="bolt", variant="contained", size="small", margin=(4, 14, 14, 14),
            on_click=lambda _event: self.session.preview(),
        )  # fmt: skip
        words = f"Here stands, as soon as the first month of a run is done, {HINTS[name]}. Choose sensors on the left "
        words += "and press Run; the preview (3-hour steps, at most 12 members) takes seconds."
        text = f"<div role='status' style='font-size:14px;max-width:75ch'>{html.escape(words)}</div>"
        return card(pn.pane.HTML(text, sizing_mode="stretch_width", margin=14), begin)

    def _unfinished(self) -> bool:
        return self.session.engine.stage.busy

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Say what the server prepares that this page waits for."""
        stage = self.session.engine.stage
        if stage.busy:
            return stage.share, f"{stage.text}; the run begins when it is done", False
        if stage.failed:
            return None, f"The land surface model could not be compiled: {stage.failed}", False
        return None, "", False

    def _on_tab(self, event) -> None:
        """Remember the tab, and draw what stands on it."""
        name = self.tab
        self._open(name)
        if name != self.session.selection.tab:
            self.session.select(tab=name)
        else:
            self._draw_tab(name, self.session.answer)

    def _on_selection(self, event) -> None:
        """Turn to the tab that is selected, and draw it; One cell follows its own update."""
        active = TABS.index(event.new.tab)
        if self.tabs.active != active:
            self._open(event.new.tab)
            self.tabs.active = active
        if event.new.tab == "cell" and event.old.tab == "cell" and event.old.at == event.new.at:
            return
        if event.old.sensor != event.new.sensor:
            self._draw_kpis(self.session.answer)
        self._draw_tab(event.new.tab, self.session.answer)

    def _on_answer(self, event) -> None:
        """Draw new numbers on the tab that is shown."""
        if event.new is not None:
            self._draw_kpis(event.new)
            self._open(self.tab)
            self._draw_tab(self.tab, event.new)

    def _draw_tab(self, name: str, outcome: Outcome | None) -> None:
        """Draw one tab; the others are drawn when they are opened."""
        if outcome is not None:
            getattr(self, name).update(outcome)

    def _draw_kpis(self, outcome: Outcome | None) -> None:
        """Show the key numbers of the run, and how much of it there is."""
        if outcome is None:
            self.label.object = _label("No run yet: choose sensors on the left and press Run, or Preview.")
            return
        result, sensor = outcome.result, self.session.selection.sensor
        shown = sensor if sensor in result.sensors else next(iter(result.sensors), "")
        key = key_numbers(result, sensor)
        before = None if outcome.baseline is None else key_numbers(outcome.baseline, sensor)
        days = result.days
        span = f"{days[0]} to {days[max(result.days_done - 1, 0)]}"
        part = "" if result.complete else f" — as far as it has come, {result.days_done} of {days.size} days"
        where = f"{outcome.experiment.region.name}, {result.twin.cells.size:,} cells"
        real = "; ".join(f"{sensor_title(name)}: {text}" for name, text in real_sources(result).items())
        told = f" Observations of {real}." if real else ""
        if result.choices.assimilated and not key.observations:
            told += f" No observation was used: {why_none(result)}; the sensor's settings on the left have its masks."
        self.label.object = _label(f"{label_of(result)}: {where}, {span}{part}.{told}")
        title = sensor_title(shown) if shown else ""

        def of(name: str):
            return None if before is None else float(getattr(before, name))

        right = "1: errors are right"
        items = [
            Kpi("Observations used", float(key.observations), "", of("observations"), "by all sensors"),
            Kpi(f"Norm. sd {title}", key.normalised_std, "", of("normalised_std"), right),
            Kpi(f"Lag-1 {title}", key.lag1, "", of("lag1"), "0: the gain is right"),
            Kpi(f"Spread/error {title}", key.spread_skill, "", of("spread_skill"), "1: spread is right"),
        ]
        judged = "no truth for files: see Skill" if not truth_known(result) else "> 0: better than OL"
        for name in ("ssm", "rzsm", "lai"):
            a = None if before is None else before.delta_r[name]
            items.append(Kpi(f"ΔR anom. {name.upper()}", key.delta_r[name], "", a, judged))
        self.kpis.update(items)


def _label(words: str) -> str:
    """Write the line above the key numbers."""
    return f"<div style='font-size:12.5px;opacity:.85'>{html.escape(words)}</div>"
