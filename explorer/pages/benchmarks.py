"""Hold a run of L4C against what others measured: fluorescence, inversions, soil inventories, budgets, the paper."""

import functools

from explorer.benchmarks.question import BenchmarkAnswer, FluxComparison
from explorer.benchmarks.session import BenchmarkSession
from explorer.benchmarks.stocks import Stocks
from explorer.pages.benchmarks_budgets import BudgetTab
from explorer.pages.benchmarks_controls import BenchmarkControls
from explorer.pages.benchmarks_export import ExportTab
from explorer.pages.benchmarks_flux import FluxTab
from explorer.pages.benchmarks_paper import PaperTab
from explorer.pages.benchmarks_soc import StockTab
from explorer.pages.tabs import TabbedPage
from explorer.style import unit_text
from explorer.views.totals import Kpi, KpiStrip
from models.variables import VARIABLES

__all__ = ["BenchmarksPage"]

TAB_WORDS = {
    "gpp": "GPP against SIF",
    "nee": "NEE against CarbonTracker",
    "soc": "SOC",
    "budgets": "Budgets",
    "paper": "The paper",
    "export": "Export",
}


class BenchmarksPage(TabbedPage):
    """A run of L4C beside independent products: on the user's files where there are any, else on the world's truth."""

    title = "Benchmarks"
    slug = "benchmarks"
    takes = "l4c"
    lead = "Hold a run of L4C against fluorescence, inversions, soil inventories, published budgets and its own paper."
    session_class = BenchmarkSession
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be moved."""
        self.controls = BenchmarkControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the key numbers and the tabs."""
        self.kpis = KpiStrip(narrow=True)
        self._make_tabs()
        self.session.param.watch(self._on_answer, "answer")
        return [self.kpis.pane, self.tabs]

    @functools.cached_property
    def gpp(self) -> FluxTab:
        """The tab GPP against SIF."""
        return FluxTab(self.session, "gpp")

    @functools.cached_property
    def nee(self) -> FluxTab:
        """The tab NEE against CarbonTracker."""
        return FluxTab(self.session, "nee")

    @functools.cached_property
    def soc(self) -> StockTab:
        """The tab SOC."""
        return StockTab(self.session)

    @functools.cached_property
    def budgets(self) -> BudgetTab:
        """The tab Budgets."""
        return BudgetTab(self.session)

    @functools.cached_property
    def paper(self) -> PaperTab:
        """The tab The paper."""
        return PaperTab(self.session)

    @functools.cached_property
    def export(self) -> ExportTab:
        """The tab Export."""
        return ExportTab(self.session)

    def _on_answer(self, event) -> None:
        """Draw new numbers on the tab that is shown."""
        answer = event.new
        if answer is None:
            return
        self._draw_kpis(answer)
        if answer.question.selection.tab == self.tab:
            getattr(self, self.tab).update(answer)

    def _show_tab(self, name: str) -> None:
        """Draw a tab that was opened again, if the newest numbers are its own."""
        answer = self.session.answer
        if answer is not None and answer.question.selection.tab == name:
            getattr(self, name).update(answer)

    def _draw_kpis(self, answer: BenchmarkAnswer) -> None:
        """Show how B agrees, beside A."""
        a, b = answer.totals_a["all"], answer.totals_b["all"]
        items = []
        if isinstance(answer.shown, FluxComparison):
            items = _agreement(answer.shown)
        elif isinstance(answer.shown, Stocks):
            ours, baseline, *others = answer.shown.profiles
            items = [Kpi("SOC, L4C", ours.total, "Pg C", baseline.total, "vegetated area of the region")]
            items += [
                Kpi(f"SOC, {p.source.product or 'synthetic'}", p.total, "Pg C", None, f"R with B {p.r:.2f}; {p.label}")
                for p in others
            ]
        else:
            words = (("gpp", "GPP"), ("ra", "RA"), ("rh", "RH"), ("nee", "NEE"))
            items = [Kpi(label, b[name], "Pg C yr⁻¹", a[name]) for name, label in words]
            items.append(Kpi("SOC", b["soc"], "Pg C", a["soc"]))
        items.append(
            Kpi(
                "Last run",
                max(1.0, round(1000 * answer.seconds)),
                "ms",
                None,
                f"{answer.cells:,} cells, {answer.world.grid}",
            )
        )
        self.kpis.update(items)


def _agreement(shown: FluxComparison) -> list[Kpi]:
    """Return the agreement of B, with A's beside it."""
    unit = unit_text(VARIABLES[shown.variable].unit)
    a, b = shown.a, shown.b
    return [
        Kpi("R, zonal months", float(b.of_means.r), "", float(a.of_means.r), "all bands and months"),
        Kpi("R, cells and months", float(b.of_cells.r), "", float(a.of_cells.r), "every cell and month"),
        Kpi("RMSD, zonal", float(b.of_means.rmse), unit, float(a.of_means.rmse), "against the scaled benchmark"),
        Kpi("Bias, zonal", float(b.of_means.bias), unit, float(a.of_means.bias), "model less scaled benchmark"),
        Kpi("Means compared", float(b.of_means.n), "", None, "bands x months"),
    ]
