"""The tab SOC of the page Benchmarks: soil carbon by latitude against inventories, and totals."""

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.benchmarks.question import BenchmarkAnswer
from explorer.benchmarks.session import BenchmarkSession
from explorer.benchmarks.stocks import Profile, Stocks
from explorer.pages.benchmarks_choices import BandChoices, csv_button, notes_html
from explorer.pages.page import card, heading, heading_html
from explorer.style import A_COLOUR, B_COLOUR, LINE_COLOURS
from explorer.views.latitude_lines import LatitudeLine, LatitudeLinesView
from explorer.views.towers import TABLE_CSS, frame_html

__all__ = ["StockTab"]

HEIGHT = 400

KNOW = (
    "L4C's soil carbon is what decomposes near the surface (the mission speaks of the top 10 cm); it follows from "
    "litter, temperature and moisture alone, without peat, permafrost or waterlogging. Inventories of 0-100 cm hold "
    "more, above all in the north, so shapes are compared, not sizes."
)


class StockTab:
    """Zonal profiles of soil carbon of A, B and every inventory; totals."""

    def __init__(self, session: BenchmarkSession):
        self.session = session
        self.density = LatitudeLinesView(height=HEIGHT, name="soc-density", tips=2)
        self.shape = LatitudeLinesView(height=HEIGHT, name="soc-shape", tips=2)
        self.stock = LatitudeLinesView(height=HEIGHT, name="soc-stock", tips=2)
        self.title = heading("Soil carbon by latitude")
        self.bands = BandChoices(session, lambda: session.sources("soc"))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        plots = pmui.Grid(
            *(pmui.Grid(view.pane, size={"xs": 12, "md": 4}) for view in (self.density, self.shape, self.stock)),
            pmui.Grid(self.density.key, size={"xs": 12}),
            container=True,
            sizing_mode="stretch_width",
        )
        choices = pmui.FlexBox(
            *(self.bands.truth, self.bands.width, csv_button(session, "soc_benchmark.csv")), margin=(4, 8)
        )
        self.pane = pmui.Column(
            card(self.title, choices, plots, self.words),
            card(heading("Totals"), self.table),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(self, answer: BenchmarkAnswer) -> None:
        """Draw an answer."""
        stocks = answer.shown
        if not isinstance(stocks, Stocks):
            return
        density = [_line(k, p, p.density / 1000.0) for k, p in enumerate(stocks.profiles)]
        shape = [_line(k, p, p.shape) for k, p in enumerate(stocks.profiles)]
        stock = [_line(k, p, p.stock) for k, p in enumerate(stocks.profiles)]
        width = answer.question.selection.width
        self.density.update(stocks.latitude, density, "SOC, mean of a band [kg C m⁻²]")
        self.shape.update(stocks.latitude, shape, "SOC, mean of each map = 1 [1]")
        self.stock.update(stocks.latitude, stock, f"SOC of a band of {width}° [Pg C]")
        region = answer.question.b.region
        name = "the world" if region.whole else region.name
        self.title.object = heading_html("Soil carbon by latitude", f"{name}, the model's vegetated area")
        notes = [
            f"{'Synthetic. ' if p.source.synthetic else ''}{p.label}: {p.source.note}"
            + (f"; {p.source.citation}" if p.source.citation else "")
            + "."
            for p in stocks.profiles
            if p.source is not None
        ]
        self.words.object = notes_html(KNOW, *notes)
        self.table.object = frame_html(_table(stocks), _CAPTION)


_CAPTION = (
    "Over the model's vegetated area: the map's sum, and B's over the cells that the map covers. All land: the map's "
    "own sum over every land cell it covers. R: correlation with B from cell to cell."
)


def _line(number: int, profile: Profile, values: np.ndarray) -> LatitudeLine:
    if number == 0:
        return LatitudeLine(profile.label, values, B_COLOUR, width=2.4)
    if number == 1:
        return LatitudeLine(profile.label, values, A_COLOUR, "dashed", 1.8)
    # The first colour is B's.
    return LatitudeLine(profile.label, values, LINE_COLOURS[1 + (number - 2) % (len(LINE_COLOURS) - 1)])


def _table(stocks: Stocks) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "map": [p.label for p in stocks.profiles],
            "vegetated [Pg C]": [p.total for p in stocks.profiles],
            "L4C, B there [Pg C]": [p.model_there for p in stocks.profiles],
            "all land [Pg C]": [p.all_land for p in stocks.profiles],
            "R with B": [p.r for p in stocks.profiles],
        }
    )
