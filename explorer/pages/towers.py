"""L4C at every eddy-covariance tower: model against observation, and what a moved parameter does to all of it."""

import functools

import panel_material_ui as pmui

from explorer.pages.page import put, switch
from explorer.pages.tabs import TabbedPage
from explorer.pages.towers_calibration import CalibrationTab
from explorer.pages.towers_controls import TowersControls
from explorer.pages.towers_drivers import DriversTab
from explorer.pages.towers_export import ExportTab
from explorer.pages.towers_site import SCORE_WORDS, SiteTab, flux_unit
from explorer.pages.towers_sites import SitesTab
from explorer.pages.towers_skill import SkillTab
from explorer.pages.towers_trio import TrioTab
from explorer.pages.towers_uncertainty import UncertaintyTab
from explorer.towers.session import TowersSession
from explorer.towers.table import mean_row, table_frame
from explorer.views.totals import Kpi, KpiStrip
from models.l4c.params import PFTS

__all__ = ["TowersPage"]

TAB_WORDS = {
    "site": "One site",
    "drivers": "Multipliers & residuals",
    "sites": "Map",
    "skill": "All sites",
    "uncertainty": "NEE error",
    "trio": "Ops, Open Loop, Calib",
    "calibration": "Calibration",
    "export": "Take away",
}
"""Tab -> what stands on it. Another tab is a line here, its name in `explorer.towers.address.TABS`, and a property."""


class TowersPage(TabbedPage):
    """L4C at the towers: one site, all sites, their scores, the error of NEE, calibration."""

    title = "Towers"
    slug = "towers"
    takes = "l4c"
    lead = "See L4C beside eddy-covariance towers, move a parameter, and watch one site and all sites answer."
    session_class = TowersSession
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be moved."""
        self.controls = TowersControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the numbers of the tower that is looked at, and the tabs."""
        session = self.session
        self.kpis = KpiStrip(narrow=True)
        self.flux = switch("Flux", {"GPP": "gpp", "RECO": "reco", "NEE": "nee"}, session.selection.flux, margin=(6, 12))
        self.flux.param.watch(lambda event: session.select(flux=event.new), "value")
        self._make_tabs()
        session.param.watch(self._on_answer, "answer")
        session.param.watch(self._on_table, "table")
        session.param.watch(self._on_choice, "selection")
        return [self.kpis.pane, pmui.Row(self.flux, margin=0), self.tabs]

    @functools.cached_property
    def site(self) -> SiteTab:
        """The tab One site."""
        return SiteTab(self.session)

    @functools.cached_property
    def drivers(self) -> DriversTab:
        """The tab Multipliers & residuals."""
        return DriversTab(self.session)

    @functools.cached_property
    def sites(self) -> SitesTab:
        """The tab Map."""
        return SitesTab(self.session)

    @functools.cached_property
    def skill(self) -> SkillTab:
        """The tab All sites."""
        return SkillTab(self.session)

    @functools.cached_property
    def uncertainty(self) -> UncertaintyTab:
        """The tab NEE error."""
        return UncertaintyTab(self.session)

    @functools.cached_property
    def trio(self) -> TrioTab:
        """The tab Ops, Open Loop, Calib."""
        return TrioTab(self.session)

    @functools.cached_property
    def export(self) -> ExportTab:
        """The tab Take away."""
        return ExportTab(self.session)

    @functools.cached_property
    def calibration(self) -> CalibrationTab:
        """The tab Calibration."""
        return CalibrationTab(self.session)

    # -- what is drawn ------------------------------------------------------------------------------------------
    def _show_tab(self, name: str) -> None:
        """Draw what stands on a tab; each draws the newest numbers."""
        getattr(self, name).update()

    def _on_answer(self, _event) -> None:
        """Draw the tower that is looked at."""
        self._draw_kpis()
        if self.tab in ("site", "drivers", "export"):
            self._show_tab(self.tab)

    def _on_table(self, _event) -> None:
        """Draw every tower."""
        self._draw_kpis()
        if self.tab in ("skill", "uncertainty"):
            self._show_tab(self.tab)

    def _on_choice(self, event) -> None:
        """Draw another flux, score or list from the numbers that are there; another tower's are on their way."""
        put(self.flux, event.new.flux)
        if event.old.tab == event.new.tab and event.old != event.new:
            self._draw_kpis()
            if self.tab != "sites" and not (self.tab in ("site", "drivers") and event.old.site != event.new.site):
                self._show_tab(self.tab)

    def _draw_kpis(self) -> None:
        """Show the scores of the tower, and the mean of its plant type."""
        session, flux = self.session, self.session.selection.flux
        answer, tables = session.answer, session.table
        items = []
        if answer is not None and (flux, "b") in answer.scores:
            b, low, high = answer.scores[flux, "b"]
            a = answer.scores[flux, "a"][0]
            for name, words in SCORE_WORDS.items():
                unit = "" if name == "r" else flux_unit(flux)
                ends = f"95 %: {float(getattr(low, name)):.2f} to {float(getattr(high, name)):.2f}"
                title = f"{answer.site.site} {words}"
                items.append(Kpi(title, float(getattr(b, name)), unit, float(getattr(a, name)), ends))
            items.append(Kpi("pairs", float(b.n), "", None, "days or months that count"))
        elif answer is not None:
            items.append(Kpi(answer.site.site, float("nan"), "", None, f"no {flux.upper()} measured"))
        if tables is not None:
            pft = session.pft
            some = tuple(site for site in tables.b.sites if PFTS[site.pft - 1] == pft)
            b, a = (table_frame(table, flux, some) for table in (tables.b, tables.a))
            words = f"mean over the {len(b)} towers of {pft}"
            for name in ("r", "ubrmse"):
                unit = "" if name == "r" else flux_unit(flux)
                label = f"{SCORE_WORDS[name]}, {len(b)} {pft}"
                items.append(Kpi(label, mean_row(b)[name], unit, mean_row(a)[name], words))
        self.kpis.update(items)

    def _unfinished(self) -> bool:
        return False

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Nothing is prepared for this page."""
        return None, "", False
