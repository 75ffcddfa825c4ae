"""What an output hangs on: tornado, indices with their intervals, Morris' effects, and how they settle."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, LabelSet, Span, Whisker

from explorer.style import B_COLOUR, DIFFERENCE_COLOUR, LINE_COLOURS, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["EffectsView", "IndexView", "SettlingView", "TornadoView"]

MOST_LINES = 6
"""Factors whose settling is drawn: the ones that matter most."""

ROW = 24
"""Pixels of a factor's row."""

LEAST_HEIGHT, MOST_HEIGHT = 240, 900
LABEL_ROOM = 1.3


def _height(rows: int) -> int:
    """Return the height of a plot with a row for each factor [pixels]."""
    return int(min(max(LEAST_HEIGHT, 90 + ROW * rows), MOST_HEIGHT))


class TornadoView:
    """The output at both ends of each factor's range, the factor that moves it most on top."""

    def __init__(self):
        self._rows = FactorRange(factors=[" "])
        columns = ("factor", "at_low", "at_high", "base", "low", "high", "unit", "meaning")
        self.source = ColumnDataSource({name: [] for name in columns})
        fig = self.figure = frame(height=LEAST_HEIGHT, y_range=self._rows, name="tornado")
        low = fig.hbar(
            "factor", left="base", right="at_low", height=0.7, source=self.source, color=B_COLOUR, fill_alpha=0.8
        )
        high = fig.hbar(
            "factor", left="base", right="at_high", height=0.7, source=self.source, color=DIFFERENCE_COLOUR,
            fill_alpha=0.8,
        )  # fmt: skip
        self._base = Span(location=0, dimension="height", line_color="#808080", line_width=1.5)
        fig.add_layout(self._base)
        legend(fig, [("factor at its low end", [low]), ("factor at its high end", [high])])
        tips = tooltip(
            ("", "@factor: @meaning"), ("low", "@low{0,0.[0000]} @unit → @at_low{0,0.00}"),
            ("high", "@high{0,0.[0000]} @unit → @at_high{0,0.00}"), ("all at their values", "@base{0,0.00}"),
        )  # fmt: skip
        fig.add_tools(HoverTool(renderers=[low, high], tooltips=tips))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=LEAST_HEIGHT, margin=0)

    def update(self, columns: dict[str, Sequence], base: float, axis: str) -> None:
        """Show bars.

        Parameters
        ----------
        columns : dict
            ``factor meaning unit`` (text), ``low high`` (values of the factor), ``at_low at_high`` (output), the
            factor that matters most first.
        base : float
            Output with every factor at its value.
        axis : str
            Name and unit of the output.
        """
        count = len(columns["factor"])
        data = {name: list(values) for name, values in columns.items()} | {"base": [base] * count}

        def write() -> None:
            self.figure.height = self.pane.height = _height(count)
            self._rows.factors = data["factor"][::-1] or [" "]
            self.source.data = data
            self._base.location = base
            set_range(self.figure.x_range, reach(data["at_low"], data["at_high"], [base], least=1e-3))
            self.figure.xaxis.axis_label = axis

        push(self.figure, write)


class IndexView:
    """Sobol's indices of each factor with their 95 % intervals: alone (first order) and with interactions (total)."""

    def __init__(self):
        self._rows = FactorRange(factors=[" "])
        columns = ("factor", "total", "total_low", "total_high", "first", "first_low", "first_high")
        self.source = ColumnDataSource({name: [] for name in (*columns, "above", "below")})
        fig = self.figure = frame(height=LEAST_HEIGHT, y_range=self._rows, name="indices")
        fig.xaxis.axis_label = axis_text("share of the output's variance", "")
        fig.add_layout(Span(location=0, dimension="height", line_color="#808080", line_width=1))
        shown = []
        for name, colour, row, words in (
            ("total", DIFFERENCE_COLOUR, "above", "total"), ("first", B_COLOUR, "below", "first order"),
        ):  # fmt: skip
            fig.segment(f"{name}_low", row, f"{name}_high", row, source=self.source, color=colour, line_width=2)
            dot = fig.scatter(name, row, source=self.source, color=colour, size=8)
            shown.append((words, [dot]))
        legend(fig, shown)
        tips = tooltip(
            ("", "@factor"), ("total", "@total{0.000} (@total_low{0.000} … @total_high{0.000})"),
            ("first order", "@first{0.000} (@first_low{0.000} … @first_high{0.000})"),
        )  # fmt: skip
        fig.add_tools(HoverTool(renderers=[dot for _, (dot,) in shown], tooltips=tips))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=LEAST_HEIGHT, margin=0)

    def update(self, columns: dict[str, Sequence]) -> None:
        """Show indices: ``factor total total_low total_high first first_low first_high``, the largest total first."""
        names = list(columns["factor"])
        data = {name: list(values) for name, values in columns.items()}
        data |= {"above": [(n, 0.14) for n in names], "below": [(n, -0.14) for n in names]}
        ends = reach(*(data[name] for name in data if name.startswith(("total", "first"))), [0.0, 1.0])

        def write() -> None:
            self.figure.height = self.pane.height = _height(len(names))
            self._rows.factors = names[::-1] or [" "]
            self.source.data = data
            set_range(self.figure.x_range, ends)

        push(self.figure, write)


class EffectsView:
    """Morris' elementary effects: how much each factor moves the output, against how unevenly it does."""

    def __init__(self, *, height: int = 380):
        self.source = ColumnDataSource({name: [] for name in ("factor", "mu", "sigma", "low", "high")})
        fig = self.figure = frame(height=height, name="effects")
        dot = fig.scatter("mu", "sigma", source=self.source, size=9, color=B_COLOUR, fill_alpha=0.8)
        fig.add_layout(
            Whisker(source=self.source, base="sigma", lower="low", upper="high", dimension="width", line_color=B_COLOUR)
        )
        fig.add_layout(
            LabelSet(
                x="mu", y="sigma", text="factor", source=self.source, x_offset=7, y_offset=4, text_font_size="11px",
                text_color="#808080",
            )
        )  # fmt: skip
        self._line = fig.line([0, 1], [0, 1], color="#808080", line_dash="dashed", line_width=1)
        fig.add_tools(
            HoverTool(
                renderers=[dot],
                tooltips=tooltip(("", "@factor"), ("μ*", "@mu{0,0.00} (@low{0,0.00} … @high{0,0.00})"),
                                 ("σ", "@sigma{0,0.00}")),
            )
        )  # fmt: skip
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self, factors: Sequence[str], mu: np.ndarray, half: np.ndarray, sigma: np.ndarray, output: str, unit: str
    ) -> None:
        """Show mu* (with its 95 % half-width) and sigma of each factor, both over its whole range."""
        data = {"factor": list(factors), "mu": mu, "sigma": sigma, "low": mu - half, "high": mu + half}
        most = float(np.nanmax(np.maximum(mu, sigma), initial=1e-6))
        x_ends = 0.0, LABEL_ROOM * float(np.nanmax(mu + half, initial=1e-6))  # room for names at the right
        y_ends = reach([0.0], sigma, share=0.12)

        def write() -> None:
            self.source.data = data
            self._line.data_source.data = {"x": [0, most], "y": [0, most]}
            set_range(self.figure.x_range, x_ends)
            set_range(self.figure.y_range, y_ends)
            self.figure.xaxis.axis_label = axis_text(f"μ*: mean size of the effect on {output}", unit)
            self.figure.yaxis.axis_label = axis_text("σ: its spread", unit)
            self.figure.title.text = "On the dashed line σ = μ*: above it a factor acts unevenly or with others"

        push(self.figure, write)


class SettlingView:
    """How indices settle as the sample grows, with their 95 % intervals, for the factors that matter most."""

    def __init__(self, *, height: int = 300):
        self._sources = [
            ColumnDataSource({name: [] for name in ("size", "value", "low", "high")}) for _ in range(MOST_LINES)
        ]
        fig = self.figure = frame(height=height, x_axis_type="log", name="settling")
        items = []
        for source, colour in zip(self._sources, LINE_COLOURS, strict=True):
            band = fig.varea("size", "low", "high", source=source, color=colour, fill_alpha=0.15)
            line = fig.line("size", "value", source=source, color=colour, line_width=2)
            dots = fig.scatter("size", "value", source=source, color=colour, size=5)
            items.append((" ", [line, dots, band]))
        self._items = legend(fig, items, "right")
        self._items[0].renderers[0].glyph.line_width = 2
        fig.legend.orientation = "vertical"
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self,
        factors: Sequence[str],
        sizes: np.ndarray,
        value: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        x_axis: str,
        y_axis: str,
    ) -> None:
        """Show values (size, factor) with their intervals; the factors that matter most are picked by the last size."""
        order = np.argsort(-np.nan_to_num(value[-1]), kind="stable")[:MOST_LINES]
        ends = reach(value[:, order], low[:, order], high[:, order], [0.0])
        x_ends = (0.9 * float(sizes[0]), 1.15 * float(max(sizes[-1], sizes[0] + 1)))

        def write() -> None:
            for place, (source, item) in enumerate(zip(self._sources, self._items, strict=True)):
                there = place < order.size
                k = order[place] if there else 0
                columns = (sizes, value[:, k], low[:, k], high[:, k]) if there else ([], [], [], [])
                source.data = dict(zip(("size", "value", "low", "high"), columns, strict=True))
                item.label = {"value": factors[k]} if there else {"value": " "}
                item.visible = there
            set_range(self.figure.x_range, x_ends)
            set_range(self.figure.y_range, ends)
            self.figure.xaxis.ticker = [int(size) for size in sizes]
            self.figure.xaxis.major_label_overrides = {int(size): f"{int(size):,}" for size in sizes}
            self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = x_axis, y_axis

        push(self.figure, write)
