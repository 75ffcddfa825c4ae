"""Move a biome property of the SMAP L4 Carbon model, and watch GPP, respiration, NEE and soil carbon answer."""

import functools

import panel_material_ui as pmui

from explorer.pages.carbon_controls import CarbonControls
from explorer.pages.carbon_runs import RunsTab
from explorer.pages.carbon_tables import EquationsTab, TotalsTab
from explorer.pages.carbon_towers import TowersTab
from explorer.pages.carbon_views import CellCard, MapCard, RampCard
from explorer.pages.tabs import TabbedPage
from explorer.question import Answer
from explorer.views.totals import Kpi, KpiStrip
from explorer.worlds import GRIDS, table_of

__all__ = ["CarbonPage"]

TAB_WORDS = {
    "explore": "Explore",
    "towers": "Towers",
    "totals": "Zonal & totals",
    "equations": "Equations",
    "runs": "Runs & export",
}
FLUX_KPIS = (
    ("gpp", "GPP", "gross primary production"),
    ("ra", "RA", "plants respire"),
    ("rh", "RH", "soils respire"),
    ("nee", "NEE", "positive: to the atmosphere"),
)


class CarbonPage(TabbedPage):
    """L4C at every land cell: map, series, towers, totals, for experiment B and baseline A."""

    title = "Carbon"
    slug = "carbon"
    takes = "l4c"
    lead = "Move a biome property of the SMAP L4 Carbon model and watch the world's carbon fluxes answer."
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be moved."""
        self.controls = CarbonControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the numbers of the region, and the tabs."""
        session = self.session
        world = session.world
        table = world.table if world is not None else table_of(GRIDS[0])
        self.kpis = KpiStrip()
        self.map = MapCard(session, table, self.controls.where.draw)
        self.cell = CellCard(session)
        self.ramps = RampCard(session, self.controls.move)
        explore = pmui.Grid(
            pmui.Grid(self.map.pane, size={"xs": 12, "lg": 7.45}),
            pmui.Grid(
                pmui.Column(self.cell.pane, self.ramps.pane, sizing_mode="stretch_width", margin=0),
                size={"xs": 12, "lg": 4.55},
            ),
            container=True,
            sizing_mode="stretch_width",
        )
        self._make_tabs(explore=explore)
        session.param.watch(self._on_answer, "answer")
        return [self.kpis.pane, self.tabs]

    @functools.cached_property
    def towers(self) -> TowersTab:
        """The tab Towers."""
        return TowersTab(self.session)

    @functools.cached_property
    def totals(self) -> TotalsTab:
        """The tab Zonal & totals."""
        return TotalsTab(self.session)

    @functools.cached_property
    def equations(self) -> EquationsTab:
        """The tab Equations."""
        return EquationsTab(self.session)

    @functools.cached_property
    def runs(self) -> RunsTab:
        """The tab Runs & export."""
        return RunsTab(self.session, self.map)

    def _on_answer(self, event) -> None:
        """Draw new numbers on the tab that is shown."""
        if event.new is None:
            return
        self._draw_kpis(event.new)
        self._draw_tab(self.tab, event.new)

    def _show_tab(self, name: str) -> None:
        self._draw_tab(name, self.session.answer)

    def _draw_tab(self, name: str, answer: Answer | None) -> None:
        """Draw one tab; the others are drawn when they are opened."""
        if answer is None:
            return
        views = (self.map, self.cell, self.ramps) if name == "explore" else (getattr(self, name),)
        for view in views:
            view.update(answer)

    def _draw_kpis(self, answer: Answer) -> None:
        """Show the region's totals and their differences to A."""
        a, b = answer.totals_a["all"], answer.totals_b["all"]
        items = [Kpi(label, b[name], "Pg C yr⁻¹", a[name], note) for name, label, note in FLUX_KPIS]
        items.append(Kpi("SOC", b["soc"], "Pg C", a["soc"], "soil organic carbon"))
        days = len(answer.world.time)
        items.append(
            Kpi("Last run", max(1.0, round(1000 * answer.seconds)), "ms", None, f"{answer.cells:,} cells x {days} days")
        )
        self.kpis.update(items)
