"""Is the filter right? Level against gain by cell, ranks, spread against error, and Desroziers' estimates."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.core.properties import value
from bokeh.models import BoxAnnotation, ColumnDataSource, FixedTicker, HoverTool, Span
from bokeh.transform import dodge

from explorer.style import B_COLOUR, tooltip
from explorer.views.events import push
from explorer.views.frame import axis_text, frame, legend, log_reach, reach, set_range
from explorer.views.innovations import SENSOR_COLOURS

__all__ = ["DesroziersView", "LevelGainView", "RankView", "SpreadSkillView"]

TARGET = (0.9, 1.1, -0.1, 0.1)
"""Normalised sd and lag-1 autocorrelation of a filter that is right."""

TICKS = (0.25, 0.5, 0.7, 0.9, 1.1, 1.5, 2, 4)

CORNERS = (
    ("left", "observation error assumed too large"),
    ("right", "members too much alike"),
    ("left", "members spread too far"),
    ("right", "observation error assumed too small"),
)
"""Where a cell lies if one thing is wrong: top left, top right, bottom left, bottom right."""


class LevelGainView:
    """Each cell by the size of its normalised innovations and by their memory: the best single view of a filter.

    The sd of normalised innovations judges the level of the assumed errors, their lag-1 autocorrelation judges the
    gain. Either alone can look perfect while the filter is wrong.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 360):
        fig = self.figure = frame(
            height=height,
            x="sd of normalised innovations [1]   ← errors assumed too large · too small →",
            y="lag-1 autocorrelation of innovations [1]",
            x_axis_type="log",
            name="level-gain",
        )
        fig.xaxis.ticker = FixedTicker(ticks=list(TICKS))
        fig.xaxis.major_label_overrides = {tick: f"{tick:g}" for tick in TICKS}
        low, high, bottom, top = TARGET
        fig.add_layout(
            BoxAnnotation(
                left=low, right=high, bottom=bottom, top=top, fill_color="#009e73", fill_alpha=0.16,
                line_color="#009e73",
            )
        )  # fmt: skip
        fig.add_layout(Span(location=1.0, dimension="height", line_color="#808080", line_dash="dotted"))
        fig.add_layout(Span(location=0.0, dimension="width", line_color="#808080", line_dash="dotted"))
        self._words = ColumnDataSource({"x": [], "y": [], "text": [], "align": [], "base": []})
        fig.text(
            "x", "y", "text", source=self._words, text_align="align", text_baseline="base", text_font_size="11px",
            text_color="#808080",
        )  # fmt: skip
        self.sources = [ColumnDataSource({k: [] for k in ("sd", "lag", "place")}) for _ in SENSOR_COLOURS]
        self.centres = [ColumnDataSource({k: [] for k in ("sd", "lag", "place")}) for _ in SENSOR_COLOURS]
        groups, dots = [], []
        for cells, centre, colour in zip(self.sources, self.centres, SENSOR_COLOURS, strict=True):
            dots.append(fig.scatter("sd", "lag", source=cells, size=5, color=colour, alpha=0.45, line_color=None))
            middle = fig.scatter(
                "sd", "lag", source=centre, size=15, marker="diamond", color=colour, line_color="white", line_width=1.5
            )
            groups.append([dots[-1], middle])
        self._items = legend(fig, [(" ", group) for group in groups])
        fig.add_tools(
            HoverTool(
                renderers=dots,
                tooltips=tooltip(("", "@place"), ("normalised sd", "@sd{0.00}"), ("lag-1", "@lag{+0.00}")),
            )
        )
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, cells: Mapping[str, tuple[np.ndarray, np.ndarray, list[str]]]) -> None:
        """Show cells.

        Parameters
        ----------
        cells : mapping
            Title of a sensor -> normalised sd, lag-1 autocorrelation, place, each one a cell.
        """
        shown = []
        for title, (sd, lag, places) in list(cells.items())[: len(SENSOR_COLOURS)]:
            sd, lag = np.asarray(sd, dtype=float), np.asarray(lag, dtype=float)
            good = np.isfinite(sd) & np.isfinite(lag) & (sd > 0.0)
            if good.any():
                named = [place for place, keep in zip(places, good, strict=True) if keep]
                shown.append((title, sd[good], lag[good], named))
        x_ends = log_reach(*(sd for _, sd, _, _ in shown), low=0.45, high=2.2)
        y_ends = reach(*(lag for _, _, lag, _ in shown), [-0.45, 0.55])
        left, right = x_ends[0] * 1.03, x_ends[1] / 1.03
        height = y_ends[1] - y_ends[0]
        words = {
            "x": [left, right, left, right],
            "y": [y_ends[1] - 0.02 * height] * 2 + [y_ends[0] + 0.02 * height] * 2,
            "text": [words for _, words in CORNERS],
            "align": [side for side, _ in CORNERS],
            "base": ["top", "top", "bottom", "bottom"],
        }

        def write() -> None:
            self._words.data = words
            set_range(self.figure.x_range, x_ends)
            set_range(self.figure.y_range, y_ends)
            for order, (source, centre) in enumerate(zip(self.sources, self.centres, strict=True)):
                there = order < len(shown)
                title, sd, lag, named = shown[order] if there else (" ", [], [], [])
                source.data = {"sd": sd, "lag": lag, "place": named}
                centre.data = {
                    "sd": [float(np.median(sd))] if there else [],
                    "lag": [float(np.median(lag))] if there else [],
                    "place": ["median"] if there else [],
                }
                self._items[order].update(visible=there, label=value(title))

        push(self.figure, write)


class RankView:
    """How often the observation takes which place among the members: flat if the spread is right.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 240):
        fig = self.figure = frame(
            height=height,
            x="rank of the observation among the members, whose observation error is added [1]",
            y="frequency over expectation [1]",
            name="ranks",
        )
        self.source = ColumnDataSource({"rank": [], "share": []})
        fig.vbar("rank", top="share", width=0.9, source=self.source, color=B_COLOUR, alpha=0.7, line_color=None)
        fig.add_layout(Span(location=1.0, dimension="width", line_color="#009e73", line_width=2, line_dash="dashed"))
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, counts: np.ndarray, title: str = "") -> None:
        """Show (member + 1,) counts of ranks."""
        counts = np.asarray(counts, dtype=float)
        total = counts.sum()
        share = counts * counts.size / total if total > 0.0 else np.zeros(counts.size)
        top = max(1.6, 1.08 * float(share.max())) if share.size else 1.6
        words = title
        if total > 0.0 and counts.size > 2:
            ends = (share[0] + share[-1]) / 2.0
            middle = float(np.median(share[1:-1]))
            shape = (
                "U: members too much alike"
                if ends > 1.25 * max(middle, 1e-9)
                else "dome: members too far apart"
                if share[len(share) // 4 : -len(share) // 4].mean() > 1.15
                else "about flat: spread is right"
            )
            words = f"{title} · {int(total):,} observations · {shape}".strip(" ·")

        def write() -> None:
            self.source.data = {"rank": np.arange(counts.size), "share": share}
            set_range(self.figure.x_range, (-0.6, counts.size - 0.4))
            set_range(self.figure.y_range, (0.0, top))
            self.figure.title.text = words or " "

        push(self.figure, write)


class SpreadSkillView:
    """Spread of the ensemble against its error, one point a cell: on the line if the spread says how wrong it is.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 280):
        fig = self.figure = frame(height=height, name="spread-skill")
        self.before = ColumnDataSource({k: [] for k in ("spread", "error", "place")})
        self.after = ColumnDataSource({k: [] for k in ("spread", "error", "place")})
        self._line = ColumnDataSource({"x": [], "y": []})
        fig.line("x", "y", source=self._line, color="#009e73", line_width=2, line_dash="dashed")
        a = fig.scatter("spread", "error", source=self.before, size=5, color="#8c8c8c", alpha=0.5, line_color=None)
        b = fig.scatter("spread", "error", source=self.after, size=6, color=B_COLOUR, alpha=0.6, line_color=None)
        legend(fig, [("open loop", [a]), ("analysis", [b])])
        fig.add_tools(
            HoverTool(
                renderers=[a, b],
                tooltips=tooltip(("", "@place"), ("spread", "@spread{0.0000}"), ("error", "@error{0.0000}")),
            )
        )
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(
        self,
        before: tuple[np.ndarray, np.ndarray],
        after: tuple[np.ndarray, np.ndarray],
        places: list[str],
        name: str,
        unit: str,
    ) -> None:
        """Show root mean square spread and error of each cell, of the open loop and of the analysis."""
        columns = []
        for spread, error in (before, after):
            spread, error = np.asarray(spread, dtype=float), np.asarray(error, dtype=float)
            good = np.isfinite(spread) & np.isfinite(error)
            named = [place for place, keep in zip(places, good, strict=True) if keep]
            columns.append({"spread": spread[good], "error": error[good], "place": named})
        ends = reach(*(c[key] for c in columns for key in ("spread", "error")), [0.0], least=1e-5)
        ratio = []
        for c in columns:
            error = float(np.sum(np.square(c["error"])))
            ratio.append(np.sqrt(np.sum(np.square(c["spread"])) / error) if error > 0.0 else np.nan)
        words = f"{name}: spread / error {ratio[0]:.2f} open loop, {ratio[1]:.2f} analysis (1 is right)"

        def write() -> None:
            self.before.data, self.after.data = columns
            self._line.data = {"x": list(ends), "y": list(ends)}
            set_range(self.figure.x_range, ends)
            set_range(self.figure.y_range, ends)
            self.figure.xaxis.axis_label = axis_text("spread: rms sd of the members", unit)
            self.figure.yaxis.axis_label = axis_text("rms error against the truth", unit)
            self.figure.title.text = words.replace("nan", "–")

        push(self.figure, write)


class DesroziersView:
    """Error sds as the innovations imply them over those that the filter assumes, by sensor.

    Parameters
    ----------
    height : int
        Of the plot [pixels].
    """

    def __init__(self, *, height: int = 240):
        fig = self.figure = frame(
            height=height,
            x="sd diagnosed (Desroziers et al. 2005) / sd assumed [1]",
            x_axis_type="log",
            y_range=[" "],
            name="desroziers",
        )
        fig.xaxis.ticker = FixedTicker(ticks=list(TICKS))
        fig.xaxis.major_label_overrides = {tick: f"{tick:g}" for tick in TICKS}
        self.source = ColumnDataSource({k: [] for k in ("sensor", "r", "hph")})
        r = fig.scatter("r", dodge("sensor", 0.12, range=fig.y_range), source=self.source, size=13, color="#d0860b")
        hph = fig.scatter(
            "hph", dodge("sensor", -0.12, range=fig.y_range), source=self.source, size=13, marker="square",
            color=B_COLOUR,
        )  # fmt: skip
        fig.add_layout(Span(location=1.0, dimension="height", line_color="#009e73", line_width=2, line_dash="dashed"))
        legend(fig, [("observation error √R", [r]), ("forecast error √HPHᵀ", [hph])])
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0)

    def update(self, ratios: Mapping[str, tuple[float, float]]) -> None:
        """Show, by title of a sensor, the ratios of sds of R and of HPH'."""
        sensors = list(ratios)
        r, hph = (np.array([ratios[s][which] for s in sensors], dtype=float) for which in (0, 1))
        ends = log_reach(r, hph, low=0.45, high=2.2)

        def write() -> None:
            self.figure.y_range.factors = sensors or [" "]
            self.source.data = {"sensor": sensors, "r": r, "hph": hph}
            set_range(self.figure.x_range, ends)

        push(self.figure, write)
