"""One update of one cell, taken apart: every member before and after, the observation, the gain, and why."""

import html
from dataclasses import dataclass

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, CustomJS, FactorRange, HoverTool, Span, Whisker

from explorer.style import A_COLOUR, B_COLOUR, DIFFERENCE_COLOUR, MARK_COLOUR, OBSERVED_COLOUR, number, signed, tooltip
from explorer.views.events import Listeners, push
from explorer.views.frame import axis_text, frame, legend, reach, set_range

__all__ = ["ROW_WORDS", "Update", "UpdateView", "update_words"]

ROW_WORDS = {
    "sm1": "0–10 cm",
    "sm2": "10–40 cm",
    "sm3": "40–100 cm",
    "sm4": "100–200 cm",
    "lai": "leaf area",
}
"""Row of the filter's state -> words."""

# Arrow keys step through the updates wherever the focus is, unless something that uses them itself has it.
_KEYS_JS = """
const act = (event) => {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
  const busy = event.composedPath().some((e) => e instanceof HTMLElement &&
    (e.matches('input, textarea, select, [role=slider], [role=tab], [role=combobox], [role=radio], [role=option]')))
  const view = Bokeh.index.find_one(plot)
  if (busy || view == null || !view.el.checkVisibility()) return
  event.preventDefault()
  turn.data = {step: [event.key === 'ArrowLeft' ? -1 : 1], turn: [Date.now()]}
}
if (!plot._listens) { plot._listens = true; document.addEventListener('keydown', act) }
"""


@dataclass(frozen=True, eq=False)
class Update:
    """What happened when one observation came.

    Attributes
    ----------
    time : str
        When, in local solar time.
    sensor, unit : str
        Title of the sensor, unit of what it sees, as on screen.
    used : bool
        Whether the state was changed.
    reason : str
        Why not, in words; "" if used.
    y, r, hpht : float
        Observation, variance of its error, variance of the members' predicted observations.
    predicted, fitted : (member,) array
        Predicted observation of each member before and after.
    rows : tuple of str
        Rows of the state: keys of `ROW_WORDS`.
    forecast, analysis : (row, member) array
        Every member's state before and after.
    gain : (row,) array
        Kalman gain: change of the row for a unit of innovation.
    truth : float
        What the sensor would have seen without error; NaN if unknown.
    """

    time: str
    sensor: str
    unit: str
    used: bool
    reason: str
    y: float
    r: float
    hpht: float
    predicted: np.ndarray
    fitted: np.ndarray
    rows: tuple[str, ...]
    forecast: np.ndarray
    analysis: np.ndarray
    gain: np.ndarray
    truth: float = float("nan")

    @property
    def innovation(self) -> float:
        """Observation less mean forecast."""
        return float(self.y - np.mean(self.predicted))

    @property
    def weight(self) -> float:
        """HPH' / (HPH' + R): share of the innovation that the predicted observation takes over."""
        total = self.hpht + self.r
        return float(self.hpht / total) if total > 0.0 else float("nan")

    @property
    def increment(self) -> np.ndarray:
        """(row,) change of the ensemble mean."""
        return np.mean(self.analysis, axis=1) - np.mean(self.forecast, axis=1)


def update_words(update: Update) -> str:
    """Say in one or two plain sentences what happened and why the correction has the size it has."""
    unit = f" {update.unit}" if update.unit else ""
    seen = (
        f"{update.sensor} saw {number(update.y)}{unit}, the members expected {number(float(np.mean(update.predicted)))}"
    )
    if not update.used:
        return f"{seen}. Nothing was changed: {update.reason}."
    percent = 100.0 * update.weight
    size = np.sqrt([update.hpht, update.r])
    if update.hpht < 0.25 * update.r:
        why = "the members differ much less than the observation may be wrong, so it is hardly believed"
    elif update.hpht > 4.0 * update.r:
        why = "the members differ much more than the observation may be wrong, so it is believed"
    else:
        why = "members and observation are about equally uncertain, so the answer lies between them"
    return (
        f"{seen}: an innovation of {signed(update.innovation)}{unit}. The members' sd is {number(float(size[0]), 3)}, "
        f"the observation's {number(float(size[1]), 3)}{unit}: {why}. The expected observation moves {percent:.0f} % "
        f"of the way."
    )


TABLE_CSS = """
.terms{display:flex;flex-wrap:wrap;gap:6px 18px;font-size:13px;font-variant-numeric:tabular-nums}
.terms b{font-weight:600}.terms span{white-space:nowrap}.terms i{font-style:normal;opacity:.7}
"""


class UpdateView:
    """Three plots of one update: predicted observation, state by layer, gain by layer; its numbers beneath.

    Parameters
    ----------
    height : int
        Of the plots [pixels].
    """

    def __init__(self, *, height: int = 300):
        self._stepped = Listeners()
        self._predicted(height)
        self._states(height)
        self._gains(height)
        self.sentence = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.terms = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        plots = (self.observed, self.states, self.gains)
        self.pane = pmui.Column(
            self.sentence,
            pmui.Grid(
                *(
                    pmui.Grid(
                        pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0),
                        size={"xs": 12, "md": size},
                    )
                    for fig, size in zip(plots, (3.6, 4.8, 3.6), strict=True)
                ),
                container=True,
                sizing_mode="stretch_width",
            ),
            self.terms,
            sizing_mode="stretch_width",
            margin=0,
        )

    def on_step(self, callback) -> None:
        """Call ``callback(-1 or 1)`` when an arrow key asks for the update before or after."""
        self._stepped.add(callback)

    # -- how it is made -------------------------------------------------------------------------------------------
    def _predicted(self, height: int) -> None:
        """Draw each member's predicted observation before and after, with the observation between."""
        self._when = FactorRange(factors=["forecast", "observation", "analysis"])
        fig = self.observed = frame(height=height, x_range=self._when, name="update-observation")
        self.members = ColumnDataSource({k: [] for k in ("x0", "x1", "before", "after", "member")})
        self.mean = ColumnDataSource({k: [] for k in ("x", "y")})
        self.seen = ColumnDataSource({k: [] for k in ("x", "y", "low", "high")})
        self._true = Span(location=0, dimension="width", line_color="#009e73", line_width=1.4, visible=False)
        fig.add_layout(self._true)
        fig.segment("x0", "before", "x1", "after", source=self.members, color="#808080", alpha=0.25)
        first = fig.scatter("x0", "before", source=self.members, size=7, color=A_COLOUR, alpha=0.75, line_color=None)
        last = fig.scatter("x1", "after", source=self.members, size=7, color=B_COLOUR, alpha=0.75, line_color=None)
        fig.scatter("x", "y", source=self.mean, marker="dash", size=26, color=MARK_COLOUR, line_width=3)
        fig.scatter("x", "y", source=self.seen, size=11, color=OBSERVED_COLOUR, marker="diamond")
        fig.add_layout(
            Whisker(base="x", lower="low", upper="high", source=self.seen, line_color=OBSERVED_COLOUR, line_width=2)
        )
        fig.add_tools(
            HoverTool(
                renderers=[first, last],
                tooltips=tooltip(
                    ("member", "@member"), ("forecast", "@before{0.0000}"), ("analysis", "@after{0.0000}")
                ),
            )
        )
        fig.title.text = "Expected · bar: mean, green: truth"
        # The keys are listened to once the plot is there.
        self._turn = ColumnDataSource({"step": [], "turn": []}, name="update-turn")
        listen = CustomJS(args={"plot": fig, "turn": self._turn}, code=_KEYS_JS)
        fig.js_on_change("inner_width", listen)
        self._turn.on_change("data", self._on_turn)

    def _on_turn(self, attr: str, old: object, new: dict) -> None:
        if len(new["step"]):
            self._stepped.tell(int(new["step"][0]))

    def _states(self, height: int) -> None:
        """Draw every member's state by layer, before and after, less the mean forecast."""
        self._rows = FactorRange(factors=[" "])
        fig = self.states = frame(height=height, y_range=self._rows, name="update-states", min_border_left=80)
        self.before = ColumnDataSource({k: [] for k in ("row", "value", "raw", "member")})
        self.after = ColumnDataSource({k: [] for k in ("row", "value", "raw", "member")})
        a = fig.scatter("value", "row", source=self.before, size=7, color=A_COLOUR, alpha=0.6, line_color=None)
        b = fig.scatter("value", "row", source=self.after, size=7, color=B_COLOUR, alpha=0.6, line_color=None)
        self._centre = ColumnDataSource({k: [] for k in ("row", "mean_before", "mean_after")})
        for column, colour in (("mean_before", A_COLOUR), ("mean_after", B_COLOUR)):
            fig.scatter(
                column, "row", source=self._centre, marker="dash", angle=np.pi / 2, size=24, color=colour, line_width=4
            )
        legend(fig, [("forecast", [a]), ("analysis (bars: means)", [b])])
        fig.add_tools(
            HoverTool(
                renderers=[a, b],
                tooltips=tooltip(("", "@row"), ("member", "@member"), ("value", "@raw{0.00000}")),
            )
        )
        fig.xaxis.axis_label = "less the mean forecast, over its sd [1]"

    def _gains(self, height: int) -> None:
        """Draw the increment of each layer."""
        fig = self.gains = frame(height=height, y_range=self._rows, name="update-gains", min_border_left=80)
        self.bars = ColumnDataSource({k: [] for k in ("row", "relative", "gain", "increment", "unit")})
        bars = fig.hbar("row", right="relative", height=0.55, source=self.bars, color=DIFFERENCE_COLOUR, alpha=0.75)
        fig.add_layout(Span(location=0, dimension="height", line_color="#808080"))
        fig.add_tools(
            HoverTool(
                renderers=[bars],
                tooltips=tooltip(
                    ("", "@row"), ("gain K", "@gain{0.00000}"), ("increment", "@increment{+0.00000} @unit")
                ),
            )
        )
        fig.xaxis.axis_label = "increment over forecast sd [1]"
        fig.title.text = "Increment: K × innovation"

    # -- what is shown --------------------------------------------------------------------------------------------
    def update(self, update: Update | None, units: dict[str, str] | None = None, note: str = "") -> None:
        """Show an update; ``units`` of the rows, ``note`` is where it stands in the line of updates."""
        if update is None:
            self.sentence.object = f"<div role='status' style='font-size:14px'>{html.escape(note)}</div>"
            self.terms.object = ""
            push(self.observed, self._clear)
            return
        units = units or {}
        members = update.predicted.size
        rows = [ROW_WORDS.get(row, row) for row in update.rows][::-1]
        order = slice(None, None, -1)
        forecast, analysis = update.forecast[order], update.analysis[order]
        middle, sd = forecast.mean(axis=1), forecast.std(axis=1, ddof=1)
        scale = np.where(sd > 0.0, sd, 1.0)[:, None]
        before, after = (forecast - middle[:, None]) / scale, (analysis - middle[:, None]) / scale
        names = np.repeat(rows, members)
        number_ = np.tile(np.arange(1, members + 1), len(rows))
        increment = update.increment[order]
        bars = {
            "row": rows,
            "relative": increment / scale[:, 0],
            "gain": update.gain[order],
            "increment": increment,
            "unit": [units.get(row, "") for row in update.rows][order],
        }
        y_sd = float(np.sqrt(update.r))
        seen = {"x": ["observation"], "y": [update.y], "low": [update.y - y_sd], "high": [update.y + y_sd]}
        ends = reach(update.predicted, update.fitted, [update.y - y_sd, update.y + y_sd], least=1e-4, share=0.08)

        def write() -> None:
            self._rows.factors = rows
            self.members.data = {
                "x0": ["forecast"] * members,
                "x1": ["analysis"] * members,
                "before": update.predicted,
                "after": update.fitted,
                "member": np.arange(1, members + 1),
            }
            self.mean.data = {
                "x": ["forecast", "analysis"],
                "y": [float(np.mean(update.predicted)), float(np.mean(update.fitted))],
            }
            self.seen.data = seen
            self._true.update(
                visible=bool(np.isfinite(update.truth)), location=update.truth if np.isfinite(update.truth) else 0
            )
            self.before.data = {"row": names, "value": before.ravel(), "raw": forecast.ravel(), "member": number_}
            self.after.data = {"row": names, "value": after.ravel(), "raw": analysis.ravel(), "member": number_}
            self._centre.data = {
                "row": rows, "mean_before": before.mean(axis=1), "mean_after": after.mean(axis=1),
            }  # fmt: skip
            self.bars.data = bars
            set_range(self.observed.y_range, ends)
            set_range(self.states.x_range, reach(before, after))
            set_range(self.gains.x_range, reach(bars["relative"], [-1.0, 1.0]))
            self.observed.yaxis.axis_label = axis_text(update.sensor, update.unit)

        push(self.observed, write)
        words = f"<b>{html.escape(note)}</b> {html.escape(update_words(update))}"
        self.sentence.object = f"<div role='status' style='font-size:14px'>{words}</div>"
        self.terms.object = _terms(update, units)

    def _clear(self) -> None:
        for source in (self.members, self.mean, self.seen, self.before, self.after, self._centre, self.bars):
            source.data = {name: [] for name in source.data}
        self._true.visible = False


def _terms(update: Update, units: dict[str, str]) -> str:
    """Write every number of the update equation; all text is escaped."""
    unit = f" {update.unit}" if update.unit else ""
    squared = f" ({update.unit})²" if update.unit else ""
    terms = [
        ("y", number(update.y, 4) + unit, "observation"),
        ("mean H x", number(float(np.mean(update.predicted)), 4) + unit, "expected before"),
        ("y − H x", signed(update.innovation, 3) + unit, "innovation"),
        ("HPHᵀ", f"{number(update.hpht)}{squared}", "variance of the members"),
        ("R", f"{number(update.r)}{squared}", "variance of the observation's error"),
        ("HPHᵀ/(HPHᵀ+R)", number(update.weight, 3), "weight of the observation"),
    ]
    for row, gain, change in zip(update.rows, update.gain, update.increment, strict=True):
        words = ROW_WORDS.get(row, row)
        terms.append(
            (f"K {words}", number(float(gain)), f"gain; moved by {signed(float(change))} {units.get(row, '')}".strip())
        )
    cells = "".join(
        f"<span><b>{html.escape(name)}</b> = {html.escape(value)} <i>{html.escape(what)}</i></span>"
        for name, value, what in terms
    )
    return f'<div class="terms">{cells}</div>'
