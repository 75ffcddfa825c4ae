"""What came of a calibration on the page Towers: parameters, what the towers identify, scores, a version to use."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading, put, switch
from explorer.pages.take_away import download
from explorer.runs import RunQueue
from explorer.style import number, signed, unit_text
from explorer.towers.calibration import Outcome, profiles_of
from explorer.towers.calibration_tables import bplut_text, parameter_frame, report_csv, sample_words, score_frame
from explorer.towers.session import TowersSession
from explorer.views.calibration import STEP_WORDS, CorrelationView, DumbbellView, ProfilesView
from models.calibration.folds import POOLED
from models.calibration.identify import Profile
from models.calibration.search import StepFit

__all__ = ["CalibrationResults"]

PROFILING = RunQueue("profiles of a cost")
SCORE_WORDS = {"rmse": "RMSE", "ubrmse": "ubRMSE", "r": "R", "bias": "bias"}
FLUX_UNIT = unit_text("gC m-2 d-1")
STRONG = 0.8
"""Correlation from which two parameters are said to stand in for each other."""

_CSS = """
table.calibration{border-collapse:collapse;width:100%;font-size:12px;font-variant-numeric:tabular-nums}
.calibration th,.calibration td{padding:4px 8px;text-align:right;border-bottom:1px solid rgba(128,128,128,.22)}
.calibration th{opacity:.8;white-space:nowrap}
.calibration .t{text-align:left}
.calibration tr.pooled td{font-weight:600}
.calibration .open{color:#c2410c}
.wide{overflow-x:auto}
"""


def _table(heads: list[str], rows: list[tuple[str, list[str]]], text: int) -> str:
    """Write a table; ``rows`` hold a class and cells of HTML, the first ``text`` and the last columns are words."""

    def kind(k: int) -> str:
        return " class=t" if k < text or k == len(heads) - 1 else ""

    head = "".join(f"<th{kind(k)} scope=col>{html.escape(name)}</th>" for k, name in enumerate(heads))
    body = "".join(
        f"<tr class='{name}'>{''.join(f'<td{kind(k)}>{cell}</td>' for k, cell in enumerate(cells))}</tr>"
        for name, cells in rows
    )
    return f"<div class=wide><table class=calibration><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


class CalibrationResults:
    """Tables and plots of the newest outcome."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.outcome: Outcome | None = None
        self._profiles: dict[str, tuple[Profile, ...]] = {}
        self._buttons()
        self._identified()
        self._scored()
        self.pane = pmui.Column(
            card(heading("What came of it"), self.headline, self.actions, self.parameters),
            card(
                heading("What the towers identify", "errors of parameters that go together; the cost along each"),
                pmui.FlexBox(self.step, self.profile, margin=(2, 4)), self.fit_words,
                pmui.Column(self.correlation.pane, sizing_mode="stretch_width", max_width=680, margin=0),
                self.profile_words, self.profiles.pane,
            ),
            card(
                heading("Before and after, in and out of the sample", "filled: fitted; hollow: left out of the fit"),
                pmui.FlexBox(self.flux, self.score, margin=(2, 4)), self.dumbbells.pane, self.scores,
            ),
            visible=False, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _buttons(self) -> None:
        wide = {"sizing_mode": "stretch_width", "stylesheets": [_CSS]}
        self.headline = pn.pane.HTML("", margin=(2, 12), **wide)
        self.parameters = pn.pane.HTML("", margin=(4, 12, 8, 12), **wide)
        self.use = pmui.Button(
            label="Use these parameters", icon="check", size="small", variant="contained", margin=4,
            description="Use these parameters: they become experiment B of this page, and Calib of the three runs",
            on_click=lambda _event: self._use(),
        )  # fmt: skip
        self.carbon = pn.pane.HTML("", margin=(10, 8))
        self.actions = pmui.FlexBox(
            self.use, download("BPLUT (.csv)", "bplut_calibrated.csv", self._bplut),
            download("Tables (.csv)", "calibration.csv", self._report), self.carbon, margin=(2, 8),
        )  # fmt: skip

    def _identified(self) -> None:
        self.step = switch("Step", {words: step for step, words in STEP_WORDS.items()}, "gpp")
        self.step.param.watch(lambda _event: self._draw_step(), "value")
        self.profile = pmui.Button(
            label="Profiles of the cost", icon="show_chart", size="small", variant="outlined", margin=4,
            description="Profiles of the cost: fix each parameter at nine values, and fit the others anew",
            on_click=lambda _event: self._ask_profiles(),
        )  # fmt: skip
        self.fit_words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.profile_words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.correlation, self.profiles = CorrelationView(), ProfilesView()

    def _scored(self) -> None:
        self.flux = switch("Flux", {words: flux for flux, words in STEP_WORDS.items()}, "gpp")
        self.score = switch("Score", {words: score for score, words in SCORE_WORDS.items()}, "rmse")
        for widget in (self.flux, self.score):
            widget.param.watch(lambda _event: self._draw_scores(), "value")
        self.dumbbells = DumbbellView()
        self.scores = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12, 8, 12), stylesheets=[_CSS])

    # -- the outcome ----------------------------------------------------------------------------------------------
    def update(self, outcome: Outcome) -> None:
        """Show another outcome."""
        self.outcome, self._profiles = outcome, {}
        steps = [fit.step for fit in outcome.calibration.steps]
        for widget in (self.step, self.flux):
            widget.options = {STEP_WORDS[step]: step for step in (steps if widget is self.step else STEP_WORDS)}
            put(widget, steps[0])
        self._draw_headline()
        self._draw_parameters()
        self._draw_step()
        self._draw_scores()
        self.pane.visible = True

    def _draw_headline(self) -> None:
        outcome = self.outcome
        frame = score_frame(outcome)
        pooled = frame[frame["site"] == POOLED]
        lines = []
        if outcome.request.twin is not None:
            lines.append("<b>Synthetic</b>: virtual towers of the model's own fluxes, whose parameters are known.")
        else:
            lines.append("fPAR is the embedded world's assumed season where a tower brings none of its own.")
        for sample in ("in", "out", "held out"):
            some = pooled[pooled["sample"] == sample]
            parts = [
                f"{STEP_WORDS[row.flux]} {row.rmse_before:.2f} → <b>{row.rmse_after:.2f}</b>"
                for row in some.itertuples()
            ]
            if parts:
                lines.append(f"RMSE of all towers {sample_words(sample)}: {', '.join(parts)} {FLUX_UNIT}.")
        judge = pooled[pooled["sample"] != "in"]
        worse = judge[judge["rmse_after"] > judge["rmse_before"]]
        fluxes = list(dict.fromkeys(STEP_WORDS[flux] for flux in worse["flux"]))
        if fluxes:
            lines.append(
                f"<span class=open>{' and '.join(fluxes)} of towers outside the fit became worse: these towers say too "
                "little, or differ too much, for parameters that hold elsewhere.</span>"
            )
        if outcome.calibration.stopped:
            lines.append("<span class=open>Stopped: the best so far, without folds.</span>")
        self.headline.object = "<div style='font-size:13px;line-height:1.6'>" + "<br>".join(lines) + "</div>"
        b = self.session.b.with_parameters(outcome.request.pft, **self._fitted())
        link = html.escape(f"./carbon?{b.to_query()}", quote=True)
        self.carbon.object = f"<a href='{link}' target='_blank' style='font-size:13px'>Open them on the page Carbon</a>"

    def _fitted(self) -> dict[str, float]:
        """Return every fitted parameter with its value."""
        after = self.outcome.calibration.after
        return {n: getattr(after, n) for fit in self.outcome.calibration.steps for n in fit.identified.names}

    def _draw_parameters(self) -> None:
        frame = parameter_frame(self.outcome)
        twin = self.outcome.truth is not None
        heads = ["step", "parameter", "unit", "bounds", "before", "after"]
        heads += ["truth", "off by"] if twin else []
        heads += ["error by days", "error by sites", "verdict"]
        rows = []
        for row in frame.itertuples(index=False):
            cells = [
                STEP_WORDS[row.step], html.escape(row.parameter), unit_text(row.unit) or "1",
                f"{number(row.low)} to {number(row.high)}",
                number(row.before, 4, 4), f"<b>{number(row.after, 4, 4)}</b>",
            ]  # fmt: skip
            if twin:
                cells += [number(row.truth, 4, 4), _off(row.after, row.truth, row.high - row.low)]
            by_sites = "–" if np.isnan(row.site_error) else number(row.site_error, 2, 4)
            cells += [number(row.std_error, 2, 4) if np.isfinite(row.std_error) else "∞", by_sites]
            cells.append(f"<span class=open>{html.escape(row.verdict)}</span>" if row.verdict else "identified")
            rows.append(("", cells))
        self.parameters.object = _table(heads, rows, 2)

    # -- one step -------------------------------------------------------------------------------------------------
    def _fit(self) -> StepFit:
        return next(fit for fit in self.outcome.calibration.steps if fit.step == self.step.value)

    def _draw_step(self) -> None:
        if self.outcome is None:
            return
        fit = self._fit()
        text = [f"{fit.days:,} days of {html.escape(', '.join(fit.sites))}."]
        if fit.choice:
            tried = ", ".join(f"{_width(one.width)} {one.cost:.3f}" for one in fit.choice)
            text.append(f"Cost at towers left out in turn, by the width of the prior: {tried} {FLUX_UNIT}.")
        if fit.kept:
            text.append("No width served them, so this step stays where it starts.")
        elif fit.costs:
            prior = f" with a prior of {fit.prior:.0%} of the bounds" if fit.prior else " without a prior"
            text.append(
                f"Cost {fit.before:.3f} → {fit.after:.3f} {FLUX_UNIT}{prior}; {fit.agreed} of {len(fit.costs)} starts "
                f"end there; {fit.evaluations} evaluations."
            )
        pairs = fit.identified.strongest_pairs(STRONG)[:4]
        if pairs:
            text.append("Go together: " + ", ".join(f"{a} and {b} ({signed(r, 2)})" for a, b, r in pairs) + ".")
        self.fit_words.object = f"<div style='font-size:12.5px'>{' '.join(text)}</div>"
        self.correlation.update(fit.identified.names, fit.identified.correlation)
        self._draw_profiles()

    def _ask_profiles(self) -> None:
        outcome, step = self.outcome, self.step.value
        if outcome is None:
            return

        def done(made: tuple[Profile, ...]) -> None:
            if outcome is self.outcome:
                self._profiles[step] = made
                self._draw_profiles()

        self.session.slowly(
            f"Profiles of the cost of {STEP_WORDS[step]}",
            lambda progress, cancelled: profiles_of(outcome, step, progress, cancelled), done,
            key="profiles", queue=PROFILING,
        )  # fmt: skip

    def _draw_profiles(self) -> None:
        made = self._profiles.get(self.step.value, ())
        text = "Press Profiles of the cost: a flat one means that the towers do not tell."
        if made:
            text = "Line: the fit. Dashed: before. " + ("Dotted: the truth." if self.outcome.truth is not None else "")
        self.profile_words.object = f"<div style='font-size:12px;opacity:.85'>{text}</div>"
        frame = parameter_frame(self.outcome)
        frame = frame[frame["step"] == self.step.value].set_index("parameter")
        curves = [(one.name, unit_text(frame.loc[one.name, "unit"]), one.values, one.rmse) for one in made]
        marks = [tuple(frame.loc[one.name, ["before", "after", "truth"]].astype(float)) for one in made]
        self.profiles.update(curves, marks)

    # -- scores ---------------------------------------------------------------------------------------------------
    def _draw_scores(self) -> None:
        if self.outcome is None:
            return
        flux, score = self.flux.value, self.score.value
        frame = score_frame(self.outcome)
        frame = frame[frame["flux"] == flux]
        unit = "1" if score == "r" else FLUX_UNIT
        points = []
        for row in frame.itertuples():
            before, after = getattr(row, f"{score}_before"), getattr(row, f"{score}_after")
            if score == "bias":
                before, after = abs(before), abs(after)
            points.append((f"{row.site} · {sample_words(row.sample)}", before, after, row.sample == "in"))
        words = f"{'size of the bias' if score == 'bias' else SCORE_WORDS[score]} of {STEP_WORDS[flux]} [{unit}]"
        self.dumbbells.update(
            points, words, falls=score != "r", title="grey: before; blue: better after, orange: worse"
        )
        self.scores.object = _score_table(frame)

    # -- to take away ---------------------------------------------------------------------------------------------
    def _use(self) -> None:
        if self.outcome is not None:
            pft = self.outcome.request.pft
            self.session.take_calibrated({pft: self.outcome.calibration.after})
            self.session.tell(
                f"The parameters of {pft} are experiment B now; every tab and the link follow.", "success"
            )

    def _bplut(self) -> bytes:
        options = self.session.b.l4c
        return bplut_text(self.outcome, options.bplut, options.table()).encode()

    def _report(self) -> bytes:
        return report_csv(self.outcome).encode()


def _off(value: float, truth: float, span: float) -> str:
    """Say how far a value is off the truth, in percent of it; near 0, of the bounds."""
    if abs(truth) > 0.01 * span:
        return f"{100 * abs(value / truth - 1):.2f} %"
    return f"{100 * abs(value - truth) / span:.2f} % of the bounds"


def _width(width: float) -> str:
    """Say how wide a prior is; NaN is the step's start itself."""
    return "as it starts" if np.isnan(width) else f"{width:.0%}" if width else "no prior"


def _score_table(frame: pd.DataFrame) -> str:
    """Write the scores of a flux, each before and after."""
    heads = ["site", "days", *(f"{words} before → after" for words in SCORE_WORDS.values()), "sample"]
    rows = []
    for row in frame.itertuples():
        # Adding 0 leaves no "-0.00".
        ends = (
            [round(getattr(row, f"{name}_{when}"), 2) + 0.0 for when in ("before", "after")] for name in SCORE_WORDS
        )
        pairs = (f"{before:.2f} → <b>{after:.2f}</b>" for before, after in ends)
        cells = [
            html.escape(row.site),
            f"{row.n:,}",
            *(pair.replace("-", "−") for pair in pairs),
            sample_words(row.sample),
        ]
        rows.append(("pooled" if row.site == POOLED else "", cells))
    return _table(heads, rows, 1)
