"""The tab SOC of the page Benchmarks: soil carbon by latitude against inventories, and totals."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.benchmarks.address import WIDTHS
from explorer.benchmarks.question import BenchmarkAnswer
from explorer.benchmarks.session import BenchmarkSession
from explorer.benchmarks.stocks import Profile, Stocks
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.style import A_COLOUR, B_COLOUR, LINE_COLOURS
from explorer.views.latitude_lines import LatitudeLine, LatitudeLinesView
from explorer.views.towers import TABLE_CSS, frame_html
from models.l4c.bplut import BPLUTS

__all__ = ["StockTab"]

HEIGHT = 400
MOST = 8

KNOW = (
    "L4C's soil carbon is what decomposes near the surface (the mission speaks of the top 10 cm); it follows from "
    "litter, temperature and moisture alone, without peat, permafrost or waterlogging. Inventories of 0-100 cm hold "
    "more, above all in the north, so shapes are compared, not sizes."
)


class StockTab:
    """Zonal profiles of soil carbon of A, B and every inventory; totals."""

    def __init__(self, session: BenchmarkSession):
        self.session = session
        self._showing = False
        self.density = LatitudeLinesView(height=HEIGHT, most=MOST, name="soc-density", tips=2)
        self.stock = LatitudeLinesView(height=HEIGHT, most=MOST, name="soc-stock", tips=2)
        self.title = heading("Soil carbon by latitude")
        self.truth = pmui.Select(
            label="BPLUT of nature", options=list(BPLUTS), width=130, size="small", margin=(4, 4),
            description="Table of the run that stands for the truth of the synthetic inventory",
        )  # fmt: skip
        self.truth.param.watch(lambda event: self._choose(truth=event.new), "value")
        self.width = switch("Width of a band", {f"{width}°": str(width) for width in WIDTHS}, "5")
        self.width.param.watch(lambda event: self._choose(width=int(event.new)), "value")
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        plots = pmui.Grid(
            *(pmui.Grid(view.pane, size={"xs": 12, "md": 6}) for view in (self.density, self.stock)),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(
            card(self.title, pmui.FlexBox(self.truth, self.width, margin=(4, 8)), plots, self.words),
            card(heading("Totals"), self.table),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self._follow, "selection")
        self._follow()

    def _choose(self, **changed) -> None:
        if not self._showing:
            self.session.select(**changed)

    def _follow(self, *_events) -> None:
        """Set the widgets to the session's state."""
        self._showing = True
        try:
            put(self.truth, self.session.selection.truth)
            put(self.width, str(self.session.selection.width))
        finally:
            self._showing = False

    def update(self, answer: BenchmarkAnswer) -> None:
        """Draw an answer."""
        stocks = answer.shown
        if not isinstance(stocks, Stocks):
            return
        density = [_line(k, p, p.density / 1000.0) for k, p in enumerate(stocks.profiles)]
        stock = [_line(k, p, p.stock) for k, p in enumerate(stocks.profiles)]
        width = answer.question.selection.width
        self.density.update(stocks.latitude, density, "SOC, mean of a band [kg C m⁻²]")
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
        self.words.object = "".join(
            f"<div style='font-size:12.5px;opacity:.85;margin:2px 0'>{html.escape(text)}</div>"
            for text in (KNOW, *notes)
        )
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
    return LatitudeLine(profile.label[:48], values, LINE_COLOURS[1 + (number - 2) % (len(LINE_COLOURS) - 1)])


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
