"""The tab Budgets of the page Benchmarks: GPP, RA, RH, NEE and SOC of regions, beside published numbers."""

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.benchmarks.address import PARTS
from explorer.benchmarks.budgets import QUANTITIES, BudgetRow, Budgets
from explorer.benchmarks.question import BenchmarkAnswer
from explorer.benchmarks.session import BenchmarkSession
from explorer.pages.benchmarks_choices import csv_button, notes_html
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.style import number
from explorer.views.towers import TABLE_CSS, frame_html
from models.partitions import PARTITIONS
from models.skill.published_budgets import PUBLISHED, Published

__all__ = ["BudgetTab"]

PART_WORDS = {**{key: partition.title for key, partition in PARTITIONS.items()}, "biomes": "Biomes"}
PLACES = 4
"""Decimals of a budget: what is smaller is the round-off of totals that balance."""

SYMBOLS = {"gpp": "GPP", "ra": "RA", "rh": "RH", "nee": "NEE", "soc": "SOC"}

UNBALANCED = (
    "What is not balanced: L4C has neither fire nor land use, harvest, trade or rivers, and its soils start in balance "
    "with the climatology, so the NEE of an unedited run sums to nothing over the year. Published NEE does not: it is "
    "the sink that CO₂, nitrogen, climate and management make.",
    "Where B's parameters differ from those that made its soil (Spin-up with: unedited table), the NEE that appears is "
    "that soil out of balance with its new litter and decay: it fades as the soil adjusts, and is no sink of nature.",
)


class BudgetTab:
    """Budgets of regions that add up, and what others print of them."""

    def __init__(self, session: BenchmarkSession):
        self.session = session
        self._showing = False
        self.parts = switch("Regions", {PART_WORDS[name]: name for name in PARTS}, "transcom")
        self.parts.param.watch(lambda event: self._choose(event.new), "value")
        self.title = heading("Budgets")
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.printed = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        choices = pmui.FlexBox(self.parts, csv_button(session, "budgets.csv"), margin=(4, 8))
        self.pane = pmui.Column(
            card(self.title, choices, self.table, self.words),
            card(heading("Published numbers", "with B's beside them"), self.printed),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self._follow, "selection")
        self._follow()

    def _choose(self, parts: str) -> None:
        if not self._showing:
            self.session.select(parts=parts)

    def _follow(self, *_events) -> None:
        self._showing = True
        try:
            put(self.parts, self.session.selection.parts)
        finally:
            self._showing = False

    def update(self, answer: BenchmarkAnswer) -> None:
        """Show the budgets of an answer."""
        budgets = answer.shown
        if not isinstance(budgets, Budgets):
            return
        region = answer.question.b.region
        name = "the world" if region.whole else region.name
        self.title.object = heading_html(
            f"Budgets of a year, {budgets.title}", f"{name}; fluxes in Pg C yr⁻¹, SOC in Pg C"
        )
        self.table.object = frame_html(_table(budgets), "Published: the first number of the table below and its range.")
        closure = max(abs(budgets.closure(q)) for q in ("gpp", "ra", "rh", "nee"))
        texts = (
            f"{budgets.title}: {budgets.note}.",
            f"The parts and the rest add up to the whole to {number(closure, 2)} Pg C yr⁻¹.",
            *UNBALANCED,
        )
        self.words.object = notes_html(*texts)
        self.printed.object = frame_html(_printed(budgets), "± is one standard deviation where the source gives one.")


def _table(budgets: Budgets) -> pd.DataFrame:
    """Return a line for each part, the rest and the whole."""
    lines, edited = [], budgets.world.a is not budgets.world.b
    for row in (*budgets.rows, budgets.rest, budgets.world):
        line: dict[str, object] = {"region": row.name, "vegetated [10⁶ km²]": row.area / 1e12}
        for quantity in QUANTITIES:
            line[f"{SYMBOLS[quantity]} B"] = round(row.b[quantity], PLACES)
            if edited:
                line[f"{SYMBOLS[quantity]} B − A"] = round(row.b[quantity] - row.a[quantity], PLACES)
        line["published"] = "; ".join(_first(row, quantity) for quantity in QUANTITIES if _first(row, quantity))
        lines.append(line)
    return pd.DataFrame(lines)


def _first(row: BudgetRow, quantity: str) -> str:
    found = next((p for p in row.published if p.quantity == quantity), None)
    return "" if found is None else f"{SYMBOLS[quantity]} {_value(found)}"


def _value(row: Published) -> str:
    """Write a number with its range."""
    text = number(row.value, 4)
    return text if row.low != row.low else f"{text} ({number(row.low, 4)} to {number(row.high, 4)})"


def _printed(budgets: Budgets) -> pd.DataFrame:
    """Return every published number; B's own where this partition has the region."""
    ours = {row.name: row for row in (*budgets.rows, budgets.world)}
    return pd.DataFrame(
        {
            "region": [p.region for p in PUBLISHED],
            "quantity": [SYMBOLS[p.quantity] for p in PUBLISHED],
            "published": [_value(p) for p in PUBLISHED],
            "B": [round(ours[p.region].b[p.quantity], PLACES) if p.region in ours else float("nan") for p in PUBLISHED],
            "years": [p.years for p in PUBLISHED],
            "how": [p.method for p in PUBLISHED],
            "source": [p.source for p in PUBLISHED],
        }
    )
