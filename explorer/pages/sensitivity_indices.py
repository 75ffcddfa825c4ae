"""The tabs One at a time and Global of the page Sensitivity: a tornado, Sobol's and Morris' indices of any output."""

import html
from dataclasses import replace

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading, put, switch
from explorer.pages.sensitivity_maps import note, table_pane
from explorer.pages.take_away import download
from explorer.sensitivity import export
from explorer.sensitivity.address import NUMBERS, factors_named
from explorer.sensitivity.indices import (
    LONGEST,
    OUTPUT_WORDS,
    PRESETS,
    QUICK,
    Analysis,
    factor_options,
    method_of,
    seconds_of,
    unit_of,
)
from explorer.sensitivity.session import SensitivitySession
from explorer.style import unit_text
from explorer.views.indices import EffectsView, IndexView, SettlingView, TornadoView
from explorer.views.towers import frame_html
from models.l4c.params import PFT_NAMES, PFTS
from models.skill.sensitivity import Morris

__all__ = ["GlobalTab", "TornadoTab"]

METHODS = {"Sobol": "sobol", "Morris": "morris"}


class _AnalysisTab:
    """What both tabs have: output, scope, factors, their range, and the button that runs."""

    outcome: str
    """Attribute of the session that holds the result."""

    def __init__(self, session: SensitivitySession):
        self.session = session
        self._showing = False
        self._shown: Analysis | None = None
        small = {"size": "small", "margin": (6, 8)}
        self.output = pmui.Select(
            label="Output", options={f"{w} [{unit_of(n)}]": n for n, w in OUTPUT_WORDS.items()}, width=170, **small
        )
        self.scope = switch("Of", {"the region": "region", "the selected cell": "cell"}, "region")
        share = NUMBERS["share"]
        self.share = pmui.FloatInput(
            label="± range [% of bounds]", start=share.low, end=share.high, step=1.0, width=150,
            description=f"{share.long_name}; the limits of a ramp stay apart", **small,
        )  # fmt: skip
        self.factors = pmui.MultiChoice(
            label="What varies", options=factor_options(), searchable=True, chip=True,
            sizing_mode="stretch_width", margin=(6, 8),
        )  # fmt: skip
        self.pft = pmui.Select(
            label="Plant type", options={f"{code} · {PFT_NAMES[code]}": code for code in PFTS}, width=240, **small
        )
        self.preset = pmui.Select(
            label="A set of factors", options=["choose…", *PRESETS], value="choose…", width=330,
            description="Takes the place of what varies; the plant type is the one beside", **small,
        )  # fmt: skip
        for widget, name in (
            (self.output, "output"), (self.scope, "scope"), (self.share, "share"), (self.pft, "pft"),
        ):  # fmt: skip
            widget.param.watch(lambda event, name=name: self._select(**{name: event.new}), "value")
        self.factors.param.watch(lambda event: self._select(factors=",".join(event.new)), "value")
        self.preset.param.watch(self._on_preset, "value")
        self.run = pmui.Button(
            label="Run", icon="play_arrow", size="small", variant="contained", margin=(12, 8),
            on_click=lambda _event: session.analyse(),
        )  # fmt: skip
        self.estimate = pn.pane.HTML("", margin=(14, 8), sizing_mode="stretch_width")
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.table = table_pane()
        self.csv = download("Table (.csv)", f"sensitivity-{self.outcome}.csv", self._csv)

    def _choices(self, *more) -> list:
        """Lay the choices out."""
        return [
            pmui.FlexBox(self.output, self.scope, self.share, *more, align_items="center", margin=(4, 4, 0, 4)),
            pmui.FlexBox(self.pft, self.preset, margin=(0, 4)),
            self.factors,
            pmui.Row(self.run, self.estimate, sizing_mode="stretch_width", margin=(0, 4)),
        ]

    def _select(self, **changed) -> None:
        if self._showing or any(value is None for value in changed.values()):
            return
        if any(getattr(self.session.selection, name) != value for name, value in changed.items()):
            try:
                self.session.select(**changed)
            except ValueError:
                self.update()
                raise

    def _on_preset(self, event) -> None:
        if self._showing or event.new not in PRESETS:
            return
        chosen = PRESETS[event.new](self.session.selection.pft)
        self.preset.value = "choose…"
        self.session.select(factors=",".join(f"{pft}.{name}" for pft, name in chosen))

    def _follow(self) -> None:
        """Set the widgets to the session's state."""
        chosen = self.session.selection
        self._showing = True
        try:
            for widget, value in (
                (self.output, chosen.output), (self.scope, chosen.scope), (self.share, chosen.share),
                (self.pft, chosen.pft), *self._more(),
            ):  # fmt: skip
                put(widget, value)
            put(self.factors, [f"{pft}.{name}" for pft, name in factors_named(chosen.factors)])
        finally:
            self._showing = False
        self._say_estimate()

    def _more(self) -> list[tuple]:
        """Return further widgets and their values."""
        return []

    def _say_estimate(self) -> None:
        session, chosen = self.session, self.session.selection
        scope = session.factor_scope
        if scope is None:
            text = session.problem or "The world is being prepared."
        elif not chosen.factors:
            text = "Nothing varies yet: choose factors, or one of the sets."
        else:
            runs, seconds = seconds_of(scope, chosen, method_of(chosen))
            time = f"{max(1, round(seconds))} s" if seconds < 90 else f"{seconds / 60:.0f} min"
            text = f"{runs:,} runs of {scope.cells.size:,} cells: about {time}."
            if seconds > LONGEST:
                text += f" The page runs up to {LONGEST / 60:.0f} min: take fewer, a smaller region, or one cell."
        self.estimate.object = f"<div role='status' style='font-size:12.5px'>{html.escape(text)}</div>"

    def update(self) -> None:
        """Draw what there is."""
        self._follow()
        analysis = getattr(self.session, self.outcome)
        if analysis is None:
            self.words.object = note(self._idle)
            return
        if analysis is not self._shown:
            self._shown = analysis
            self._draw(analysis)
        stale = ""
        wanted = replace(self.session.selection, tab=analysis.selection.tab, at=analysis.selection.at)
        names = ("output", "factors", "share", "scope")
        if any(getattr(wanted, name) != getattr(analysis.selection, name) for name in names):
            stale = "<b>Of an earlier question; press Run for the one above.</b> "
        self.words.object = note(f"{stale}{html.escape(analysis.words)}.")

    _idle = ""

    def _draw(self, analysis: Analysis) -> None:
        raise NotImplementedError

    def _csv(self) -> bytes:
        analysis = getattr(self.session, self.outcome)
        if analysis is None:
            msg = "There is nothing to save yet; press Run."
            raise ValueError(msg)
        return export.table_csv(analysis.table(), analysis.words, analysis.scope.experiment, analysis.selection)


class TornadoTab(_AnalysisTab):
    """One factor at a time, from one end of its range to the other."""

    outcome = "tornado"
    _idle = f"The plot appears by itself if it takes less than {QUICK:.0f} s; else press Run."

    def __init__(self, session: SensitivitySession):
        super().__init__(session)
        self.view = TornadoView()
        self.pane = pmui.Column(
            card(*self._choices()),
            card(heading("One at a time", "the other factors at their values"), self.words, self.view.pane),
            card(heading("In numbers"), self.table, self.csv),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _draw(self, analysis: Analysis) -> None:
        result, factors = analysis.result, analysis.factors
        order = [k for k in result.order if np.isfinite(result.low[k])]
        columns = {
            "factor": [analysis.labels[k] for k in order],
            "meaning": [factors[k].declared.long_name for k in order],
            "unit": [unit_text(factors[k].declared.unit) for k in order],
            "low": [factors[k].low for k in order],
            "high": [factors[k].high for k in order],
            "at_low": result.low[order],
            "at_high": result.high[order],
        }
        self.view.update(columns, result.base, analysis.output)
        self.table.object = frame_html(analysis.table())


class GlobalTab(_AnalysisTab):
    """All factors at once: Sobol's shares of the variance, or Morris' effects."""

    outcome = "indices"
    _idle = (
        "Press Run. Indices appear while it runs, and settle as the sample doubles; Cancel keeps what is done. Sobol: "
        "shares of the output's variance, each factor alone and with its interactions. Morris: a screening that takes "
        "fewer runs."
    )

    def __init__(self, session: SensitivitySession):
        super().__init__(session)
        small = {"size": "small", "margin": (6, 8), "width": 130}
        self.method = switch("Method", METHODS, "sobol")
        self.samples = pmui.Select(label="Rows", options=[2**k for k in range(3, 11)], **small)
        trajectories, seed = NUMBERS["trajectories"], NUMBERS["seed"]
        self.trajectories = pmui.IntInput(
            label="Trajectories", start=int(trajectories.low), end=int(trajectories.high), step=5, **small
        )
        self.seed = pmui.IntInput(
            label="Seed", start=int(seed.low), end=int(seed.high), step=1, size="small", margin=(6, 8), width=90,
            description="Of the sample: the same seed gives the same numbers",
        )  # fmt: skip
        for name in ("method", "samples", "trajectories", "seed"):
            getattr(self, name).param.watch(lambda event, name=name: self._select(**{name: event.new}), "value")
        self.view, self.effects, self.settling = IndexView(), EffectsView(), SettlingView()
        half = {"xs": 12, "lg": 6}
        self.plots = pmui.Grid(
            pmui.Grid(
                card(
                    heading("How much each factor matters", "bars: 95 % interval"), self.view.pane, self.effects.pane
                ),
                size=half,
            ),
            pmui.Grid(
                card(heading("Convergence", "the factors that matter most; shaded: 95 %"), self.settling.pane),
                size=half,
            ),
            pmui.Grid(card(heading("In numbers"), self.table, self.csv), size=12),
            container=True, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        self.pane = pmui.Column(
            card(*self._choices(self.method, self.samples, self.trajectories, self.seed)),
            card(self.words), self.plots, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _more(self) -> list[tuple]:
        chosen = self.session.selection
        self.samples.visible = chosen.method == "sobol"
        self.trajectories.visible = chosen.method == "morris"
        names = ("method", "samples", "trajectories", "seed")
        return [(getattr(self, name), getattr(chosen, name)) for name in names]

    def _draw(self, analysis: Analysis) -> None:
        result, labels = analysis.result, analysis.labels
        screening = isinstance(result, Morris)
        self.plots.visible = True
        self.view.pane.visible, self.effects.pane.visible = not screening, screening
        self.table.object = frame_html(analysis.table())
        output, unit = OUTPUT_WORDS[analysis.selection.output], unit_of(analysis.selection.output)
        if screening:
            self.effects.update(labels, result.mean_abs, result.confidence, result.std, output, unit)
            half = result.confidence_by_size
            self.settling.update(
                labels, result.sizes, result.mean_abs_by_size, result.mean_abs_by_size - half,
                result.mean_abs_by_size + half, "trajectories", f"μ* [{unit}]",
            )  # fmt: skip
            return
        order = np.argsort(-result.total, kind="stable")
        names = ("total", "total_low", "total_high", "first", "first_low", "first_high")
        columns = {name: getattr(result, name)[order] for name in names}
        self.view.update({"factor": [labels[k] for k in order], **columns})
        self.settling.update(
            labels, result.sizes, result.total_by_size, result.total_low_by_size, result.total_high_by_size,
            "rows of the sample", "total index [1]",
        )  # fmt: skip
