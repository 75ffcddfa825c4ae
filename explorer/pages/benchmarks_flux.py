"""The tabs GPP against SIF and NEE against CarbonTracker of the page Benchmarks: months by latitude, and agreement."""

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from bokeh.models import Range1d

from explorer.benchmarks.address import SHOWN
from explorer.benchmarks.question import BenchmarkAnswer, FluxComparison
from explorer.benchmarks.session import BenchmarkSession
from explorer.pages.benchmarks_choices import BandChoices, csv_button, notes_html
from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.style import A_COLOUR, B_COLOUR, Scale, number, scale_for, unit_text
from explorer.views.frame import set_range
from explorer.views.hovmoeller import HovmoellerView
from explorer.views.latitude_lines import LatitudeLine, LatitudeLinesView
from explorer.views.towers import TABLE_CSS, frame_html
from models.skill.zonal import LEAST_MONTHS, ZonalMonths, correlation_limits
from models.variables import VARIABLES

__all__ = ["FluxTab"]

HEIGHT, FRAME = 370, 240
"""Of a plot, and of the frame within it [pixels]."""
LATITUDE_TICKS = (-60, -40, -20, 0, 20, 40, 60, 80)
SHOWN_WORDS = {"B": "B · experiment", "A": "A · baseline"}

KNOW = {
    ("gpp", "sif"): (
        "SIF is light, not carbon: it follows GPP in time and space but in its own unit. One slope, the "
        "ratio of A's mean to its own, brings it to gC m⁻² d⁻¹ for the difference; the correlation needs none."
    ),
    ("gpp", "gpp"): (
        "GPP of a product comes from a model too, upscaled from towers or run by the mission: where both err alike, "
        "they agree."
    ),
    ("nee", "nee"): (
        "An inversion's flux also holds what L4C leaves out (harvest and trade, rivers, land use), and it resolves "
        "regions, not cells; its fire is taken out where the file has it apart. Coastal cells share their flux with "
        "the sea. Negative is uptake."
    ),
}
"""Variable of the model and of the benchmark -> what is to be known before the two are compared."""


class FluxTab:
    """Monthly zonal means of the model, of a benchmark, and their difference; correlation by latitude."""

    def __init__(self, session: BenchmarkSession, kind: str):
        self.session, self.kind = session, kind
        self._showing = False
        self._drawn: tuple = ()
        self._widgets()
        self.bands = BandChoices(session, lambda: (session.source(kind),))
        latitude = self._latitude = Range1d(-60.0, 85.0)
        self.model, self.benchmark, self.difference = (
            HovmoellerView(height=HEIGHT, months="%b", latitude=latitude, below=True, brief=True, name=f"{kind}-{name}")
            for name in ("model", "benchmark", "difference")
        )
        self.r = LatitudeLinesView(height=HEIGHT, latitude=latitude, zero=True, tips=2, name=f"{kind}-correlation")
        for view in (self.model, self.benchmark, self.difference, self.r):
            view.figure.yaxis.ticker = list(LATITUDE_TICKS)
            # One height of the frames, so that a latitude is on one line through all of them.
            view.figure.update(min_border_left=48, min_border_right=8, frame_height=FRAME)
            view.figure.xaxis.axis_label = view.figure.xaxis.axis_label or "month of the year"
        self.title = heading("Months by latitude")
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.table = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        choices = pmui.FlexBox(
            *(self.source, self.bands.truth, self.show, self.bands.width, csv_button(session, f"{kind}_benchmark.csv")),
            margin=(4, 8),
        )
        agreement = pmui.Column(self.r.pane, self.r.key, sizing_mode="stretch_width", margin=0)
        plots = pmui.Grid(
            *(
                pmui.Grid(pane, size={"xs": 12, "sm": 6, "lg": 3})
                for pane in (self.model.pane, self.benchmark.pane, self.difference.pane, agreement)
            ),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(
            card(self.title, choices, plots, self.words),
            card(heading("Agreement by latitude", "along the months of the year"), self.table),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self._follow, ["selection", "items"])
        self._follow()

    def _widgets(self) -> None:
        small = {"size": "small", "margin": (4, 4)}
        self.source = pmui.Select(
            label="Against", options=[""], width=330, **small,
            description="Products of the catalog that lie in the folders of --data, and the world's own truth",
        )  # fmt: skip
        self.show = switch("Shown", {SHOWN_WORDS[name]: name for name in SHOWN}, "B")
        self.source.param.watch(lambda event: self._choose(**{self.kind: event.new}), "value")
        self.show.param.watch(lambda event: self._choose(show=event.new), "value")

    def _choose(self, **changed) -> None:
        if not self._showing:
            self.session.select(**changed)

    def _follow(self, *_events) -> None:
        """Set the widgets to the session's state."""
        session, selection = self.session, self.session.selection
        self._showing = True
        try:
            options = {source.title: source.key for source in session.sources(self.kind)}
            chosen = session.source(self.kind)
            if self.source.options != options:
                self.source.param.update(options=options, value=chosen.key)
            put(self.source, chosen.key)
            put(self.show, selection.show)
        finally:
            self._showing = False

    def update(self, answer: BenchmarkAnswer) -> None:
        """Draw an answer."""
        shown = answer.shown
        if not isinstance(shown, FluxComparison) or shown.variable != self.kind:
            source = self.session.source(self.kind)
            self.words.object = notes_html(f"{source.title} is being read; the plots follow.")
            return
        months = shown.of(answer.question.selection.show)
        drawn = (shown, answer.question.selection.show)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._draw(answer, shown, months)

    def _draw(self, answer: BenchmarkAnswer, shown: FluxComparison, months: ZonalMonths) -> None:
        """Draw three fields and the correlations."""
        show, source, width = answer.question.selection.show, shown.source, answer.question.selection.width
        symbol = self.kind.upper()
        label = "SIF" if source.variable == "sif" else f"{symbol}, benchmark"
        label += ", synthetic" if source.synthetic else ""
        mine, theirs, difference = _scales(self.kind, source.variable, shown)
        south, north = months.latitude[0] - width / 2, months.latitude[-1] + width / 2
        year = np.datetime64("2015-01", "M") + np.arange(12)
        for view, values, scale, words in (
            (self.model, months.model, mine, f"{symbol}, L4C {show}"),
            (self.benchmark, months.benchmark, theirs, label),
            (
                self.difference,
                months.difference,
                difference,
                f"{show} − {'scaled ' if months.slope != 1 else ''}benchmark",
            ),
        ):
            view.update(_bands(values, months.latitude, width), year, south, north, scale, words)
        lines = [
            LatitudeLine("B", shown.b.r, B_COLOUR, width=2.4),
            LatitudeLine("A, baseline", shown.a.r, A_COLOUR, "dashed", 1.8),
        ]
        self.r.update(shown.b.latitude, lines, "R along the months [1]", limits=(-1.05, 1.05), title="Correlation")
        set_range(self._latitude, (float(south), float(north)))
        region = answer.question.b.region
        name = "the world" if region.whole else region.name
        self.title.object = heading_html(
            f"{symbol} by month and latitude",
            f"{name}, {answer.cells:,} cells, bands of {width}°, weighted by vegetated area",
        )
        self.words.object = notes_html(*self._words(shown, months))
        self.table.object = frame_html(_table(shown, months, show), _caption(show))

    def _words(self, shown: FluxComparison, months: ZonalMonths) -> tuple[str, ...]:
        """Say what the benchmark is, and what to know."""
        source = shown.source
        attrs = {} if source.of_world else self.session.maps.attrs(source, self.session.b.grid)
        if source.of_world:
            first = f"Synthetic benchmark. {source.title}: {source.note}. Truth: L4C with the unedited BPLUT "
            first += f"{self.session.selection.truth} on this world's own weather and wetness. Weather: synthetic."
        else:
            period = f", {attrs['period']}" if attrs.get("period") else ""
            synthetic = "Synthetic numbers. " if source.synthetic else ""
            first = (
                f"{synthetic}{source.title}{period} ({source.note}); {source.citation}; {source.licence}. The model "
            )
            first += "runs on synthetic weather on the real climate, so months of one year need not agree."
        slope = ""
        if months.slope != 1.0:
            unit = f"{unit_text(VARIABLES[shown.variable].unit)} per {unit_text(VARIABLES[source.variable].unit)}"
            slope = f"Slope: {number(months.slope)} {unit}."
        missing = int((np.isfinite(months.benchmark).sum(axis=1) == 0).sum())
        few = f"The benchmark has {12 - missing} of 12 months." if missing else ""
        if 12 - missing < LEAST_MONTHS:
            few += f" A correlation along the year takes at least {LEAST_MONTHS}; add files of other months."
        return first, KNOW[shown.variable, source.variable], slope, few


def _scales(variable: str, theirs: str, shown: FluxComparison) -> tuple[Scale, Scale, Scale]:
    """Return scales of model, benchmark and difference; the colours of the first two mean the same."""
    fields = [shown.a.model, shown.b.model, shown.a.scaled]
    mine = scale_for(variable, 0, values=fields)
    slope = shown.a.slope
    if shown.source.variable == variable or not np.isfinite(slope) or slope <= 0:
        other = mine if theirs == variable else scale_for(theirs, 0, values=shown.a.benchmark)
    else:
        unit = unit_text(VARIABLES[theirs].unit)
        other = Scale(mine.low / slope, mine.high / slope, mine.palette, unit, VARIABLES[theirs].long_name)
    difference = scale_for(variable, 0, difference=True, values=[shown.a.difference, shown.b.difference])
    return mine, other, difference


def _bands(values: np.ndarray, latitude: np.ndarray, width: float) -> np.ndarray:
    """Lay means (month, band) on evenly spaced bands (band, month); a band without land is NaN."""
    row = np.rint((latitude - latitude[0]) / width).astype(int)
    out = np.full((row[-1] + 1, values.shape[0]), np.nan)
    out[row] = values.T
    return out


def _table(shown: FluxComparison, months: ZonalMonths, show: str) -> pd.DataFrame:
    """Return a line for each band, from north to south."""
    low, high = correlation_limits(months.r, months.n)
    unit, theirs = unit_text(VARIABLES[shown.variable].unit), unit_text(VARIABLES[shown.source.variable].unit)
    mean = np.where(np.isfinite(months.benchmark), months.model, np.nan)
    frame = pd.DataFrame(
        {
            "latitude [°N]": months.latitude,
            f"L4C {show} [{unit}]": _means(mean),
            f"benchmark [{theirs}]": _means(months.benchmark),
            f"{show} − scaled [{unit}]": _means(months.difference),
            f"R {show}": months.r,
            "95 % from": low,
            "to": high,
            f"R {'A' if show == 'B' else 'B'}": (shown.a if show == "B" else shown.b).r,
            "months": months.n.astype(int),
        }
    )
    return frame.iloc[::-1]


def _means(values: np.ndarray) -> np.ndarray:
    """Average the months that are there (band,)."""
    held = np.isfinite(values)
    total = np.where(held, values, 0.0).sum(axis=0)
    return np.divide(total, held.sum(axis=0), out=np.full(total.shape, np.nan), where=held.any(axis=0))


def _caption(show: str) -> str:
    return (
        f"Means over the cells and months that both have. R: correlation of the monthly zonal means of {show} with the "
        "benchmark's; its 95 % limits take months for independent, which makes them too narrow."
    )
