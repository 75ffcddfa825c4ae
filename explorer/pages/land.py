"""Run the land surface model at a place or over a region, and watch water, energy, snow and leaves answer."""

import functools

import panel_material_ui as pmui

from explorer.land.question import LandAnswer, key_numbers
from explorer.land.session import LandSession
from explorer.pages.land_controls import LandControls
from explorer.pages.land_export_tab import ExportTab
from explorer.pages.land_tabs import BalancesTab, CurvesTab, DayTab, SeriesTab
from explorer.pages.land_texture_tab import TextureTab
from explorer.pages.land_tower_tab import TowerTab
from explorer.pages.land_views import LandMapCard
from explorer.pages.tabs import TabbedPage
from explorer.views.totals import Kpi, KpiStrip

__all__ = ["LandPage"]

TAB_WORDS = {
    "series": "Series",
    "balances": "Balances",
    "day": "Day",
    "texture": "Soil texture",
    "tower": "Tower",
    "curves": "Equations",
    "runs": "Runs & export",
}
KPIS = (
    ("et", "ET per year", "mm", "evapotranspiration"),
    ("gpp", "GPP per year", "gC m⁻²", "gross primary production"),
    ("nee", "NEE per year", "gC m⁻²", "positive: to the atmosphere; read its change, soils need centuries to settle"),
    ("runoff", "Runoff per year", "mm", "surface runoff and drainage"),
    ("ssm", "SSM", "m³ m⁻³", "surface soil moisture, 0–10 cm, mean"),
    ("rzsm", "RZSM", "m³ m⁻³", "root-zone soil moisture, 0–100 cm, mean"),
    ("lai", "LAI max", "m² m⁻²", "largest leaf area index"),
    ("swe", "SWE max", "mm", "largest snow water equivalent"),
)


class LandPage(TabbedPage):
    """The land surface model: one place at once, a region when asked for, for experiment B and baseline A."""

    title = "Land"
    slug = "land"
    lead = "Water, energy, snow and leaves: run the land surface model and move what decides it."
    session_class = LandSession
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be moved."""
        self.controls = LandControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the numbers of the place, the map, and the tabs."""
        session = self.session
        self.kpis = KpiStrip(narrow=True)
        self.map = LandMapCard(session)
        self._make_tabs()
        session.param.watch(self._on_answer, "answer")
        body = pmui.Grid(
            pmui.Grid(self.map.pane, size={"xs": 12, "lg": 5.5}),
            pmui.Grid(self.tabs, size={"xs": 12, "lg": 6.5}),
            container=True,
            sizing_mode="stretch_width",
        )
        return [self.kpis.pane, body]

    @functools.cached_property
    def series(self) -> SeriesTab:
        """The tab Series."""
        return SeriesTab(self.session)

    @functools.cached_property
    def balances(self) -> BalancesTab:
        """The tab Balances."""
        return BalancesTab(self.session)

    @functools.cached_property
    def day(self) -> DayTab:
        """The tab Day."""
        return DayTab(self.session)

    @functools.cached_property
    def texture(self) -> TextureTab:
        """The tab Soil texture."""
        return TextureTab(self.session)

    @functools.cached_property
    def tower(self) -> TowerTab:
        """The tab Tower."""
        return TowerTab(self.session)

    @functools.cached_property
    def curves(self) -> CurvesTab:
        """The tab Curves."""
        return CurvesTab(self.session)

    @functools.cached_property
    def runs(self) -> ExportTab:
        """The tab Runs & export."""
        return ExportTab(self.session, self.map)

    def _on_answer(self, event) -> None:
        """Draw new numbers on the tab that is shown."""
        if event.new is None:
            return
        self._draw_kpis(event.new)
        self._draw_tab(self.tab, event.new)

    def _show_tab(self, name: str) -> None:
        self._draw_tab(name, self.session.answer)

    def _draw_tab(self, name: str, answer: LandAnswer | None) -> None:
        """Draw one tab; the others are drawn when they are opened."""
        if answer is not None:
            getattr(self, name).update(answer)

    def _draw_kpis(self, answer: LandAnswer) -> None:
        """Show what the year of B came to, and its differences to A."""
        b, a = key_numbers(answer.b), key_numbers(answer.a)
        self.kpis.update([Kpi(label, b[name], unit, a[name], note) for name, label, unit, note in KPIS])

    # -- what is prepared ---------------------------------------------------------------------------------------
    def _on_load(self) -> None:
        """Start when the browser shows the page; the map can be drawn before the engine is ready."""
        super()._on_load()
        self.map.update()

    def _unfinished(self) -> bool:
        return self.session.engine.stage.busy

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Say what the server prepares that this page waits for."""
        stage = self.session.engine.stage
        if stage.busy:
            return stage.share, f"{stage.text}; the place runs when it is done", False
        if stage.failed:
            return None, f"The land surface model could not be compiled: {stage.failed}", False
        return None, "", False
