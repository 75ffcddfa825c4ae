"""The tab As in the paper of the page Assimilation: the six experiments of Heyvaert et al. 2024, here and in print."""

import html
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation import runs
from explorer.assimilation.presets import PRESETS
from explorer.assimilation.runs import ASSIMILATION, Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.pages.assimilation_controls import seconds_text
from explorer.pages.page import card, heading, heading_html, switch
from explorer.runs import SLOW, Job
from explorer.session import describe
from explorer.style import unit_text
from explorer.views.towers import TABLE_CSS, frame_html
from models.assimilation.observe import rescaling_of
from models.assimilation.result import AssimilationResult
from models.climatology import DAYS
from models.experiment import Experiment
from models.kernel import Cancelled
from models.observation import sensor_named
from models.studies import heyvaert2024

__all__ = ["PaperTab", "figures_table", "row_of", "settings_table"]

COMPARED = ("ssm", "rzsm", "lai", "gpp")
AS_CHOSEN, YEARS = "chosen", "years"


class PaperTab:
    """The paper's settings and printed numbers beside this run's, and its six experiments run here."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.printed = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.figures = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.settings = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.six = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.title = heading("The six experiments, run here")
        first, last = (day[:4] for day in heyvaert2024.PERIOD)
        self.period = switch(
            "Period of the six experiments", {"This period": AS_CHOSEN, f"{first} to {last}": YEARS}, AS_CHOSEN,
            description="Leaf area and deep soil change slowly: their anomalies need years",
        )  # fmt: skip
        self.period.param.watch(lambda _event: self._draw(), "value")
        self.size = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.button = pmui.Button(
            label="Run the six experiments", icon="play_arrow", size="small", variant="contained", margin=8,
            description="Run the six experiments: this region, time step and ensemble size; one open loop",
            on_click=lambda _event: self.run(),
        )  # fmt: skip
        why = "".join(f"<li>{html.escape(reason[:1].upper() + reason[1:])}.</li>" for reason in heyvaert2024.WHY)
        self.why = pn.pane.HTML(f"<ul style='font-size:13px;margin:2px 0;padding-left:20px'>{why}</ul>", margin=(4, 12))
        self.rows: dict[str, dict] = {}
        self._of: Experiment | None = None
        self._asked: tuple | None = None
        self.pane = pmui.Grid(
            pmui.Grid(card(heading("Printed and here", heyvaert2024.CITATION), self.printed), size={"xs": 12, "lg": 7}),
            pmui.Grid(card(heading("Why they need not agree"), self.why), size={"xs": 12, "lg": 5}),
            pmui.Grid(
                card(
                    heading("Its tables and figures, answered here", "no printed number of these is on board"),
                    self.figures,
                ),
                size={"xs": 12},
            ),
            pmui.Grid(card(self.title, pmui.FlexBox(self.period, self.button), self.size, self.six), size={"xs": 12}),
            pmui.Grid(
                card(heading("Settings of the sensors", "the paper's Tables 1 and 2"), self.settings), size={"xs": 12}
            ),
            container=True,
            sizing_mode="stretch_width",
        )

    def update(self, outcome: Outcome) -> None:
        """Lay the paper's numbers beside those of a result."""
        pairs = heyvaert2024.compare(outcome.result)
        frame = pd.DataFrame(
            {
                "what": [one.what for one, _ in pairs],
                "where": [f"{one.experiment}, {one.where}" for one, _ in pairs],
                "unit": [unit_text(one.unit) or "1" for one, _ in pairs],
                "printed": [float(one.value) for one, _ in pairs],
                "this run": [float(mine) for _, mine in pairs],
            }
        )
        caption = (
            f"Numbers in print that could be checked. Of the paper's {heyvaert2024.NOT_RECORDED} no number is on "
            "board: the table below puts their questions to this run. – : this run has no such sensor."
        )
        self.printed.object = frame_html(frame, caption)
        self._ask(outcome)
        self.settings.object = settings_table(self.session.b)
        if self._of != self._place(outcome.experiment):
            self._of, self.rows = self._place(outcome.experiment), {}
        self._draw()

    @staticmethod
    def _place(experiment: Experiment) -> Experiment:
        """Return what the six experiments share, but for the period, which has a switch of its own."""
        return replace(experiment, period=("", ""), assimilation=next(iter(PRESETS.values()))(experiment.assimilation))

    def _ask(self, outcome: Outcome) -> None:
        """Put the questions of the paper's figures to a result, in the line of slow work: its kernels must not wait."""
        result = outcome.result
        key = (id(result), result.days_done)
        if key == self._asked:
            return
        self._asked = key
        self.figures.object = "<div role='status' style='font-size:14px'>Answering …</div>"
        session = self.session
        SLOW.submit(
            (session.number, "paper"),
            Job(
                work=lambda progress, cancelled: heyvaert2024.answers(result),
                done=partial(self._answered, key),
                post=session.post,
                failed=lambda error: session.tell(describe(error), "error"),
            ),
        )

    def _answered(self, key: tuple, found: list) -> None:
        if key == self._asked:
            self.figures.object = figures_table(found)

    def _six(self) -> dict[str, Experiment]:
        """Return the six experiments by title, over the period that is chosen for them."""
        b = self.session.b
        if self.period.value == YEARS:
            b = replace(b, period=heyvaert2024.PERIOD)
        return {title: replace(b, assimilation=choose(b.assimilation)) for title, choose in PRESETS.items()}

    def run(self) -> None:
        """Run the six experiments, one after the other, in the line of the assimilation runs.

        Raises
        ------
        ValueError
            If one of them is too large for the page.
        """
        session, experiments = self.session, self._six()
        for experiment in experiments.values():
            refusal = runs.size_of(experiment).refusal
            if refusal:
                raise ValueError(refusal)
        self._of, self.rows = self._place(session.b), {}

        def work(progress, cancelled) -> None:
            for number, (title, experiment) in enumerate(experiments.items()):
                result = runs.run(
                    experiment,
                    progress=lambda share, words="", number=number: progress((number + share) / len(experiments)),
                    partial=lambda result: None,
                    cancelled=cancelled,
                )
                if not result.complete:
                    raise Cancelled
                row = row_of(result)
                session.post(lambda title=title, row=row: self._take(title, row))

        session.param.update(share=0.0, doing="Running the six experiments")
        ASSIMILATION.submit(
            session.number,
            Job(
                work=work,
                done=lambda _result: session.idle(),
                post=session.post,
                failed=lambda error: (session.idle(), session.tell(describe(error), "error")),
                progressed=lambda share: session.progressed("Running the six experiments", share),
                taken_back=session.idle,
            ),
        )

    def _take(self, title: str, row: dict) -> None:
        self.rows[title] = row
        self._draw()

    def _draw(self) -> None:
        """Show what has been run of the six, and what running them takes."""
        note = "not run yet" if not self.rows else f"{len(self.rows)} of {len(PRESETS)}"
        self.title.object = heading_html("The six experiments, run here", f"synthetic twin, truth known · {note}")
        self.size.object = f"<div style='font-size:13px'>{html.escape(self._takes())}</div>"
        if not self.rows:
            self.six.object = ""
            return
        frame = pd.DataFrame([{"experiment": title, **row} for title, row in self.rows.items()])
        caption = (
            "R: correlation of anomalies with the truth: the open loop's median over all cells; each run's gain and "
            "the share of cells that it improved, over cells where observations were used. "
            "Range: largest less smallest member, analysis over open loop."
        )
        self.six.object = frame_html(frame, caption)

    def _takes(self) -> str:
        """Say how long the six take, and what too short a period cannot show."""
        try:
            sizes = [runs.size_of(experiment) for experiment in self._six().values()]
        except ValueError as error:
            return str(error)
        words = f"{sizes[0].cells:,} cells, {sizes[0].days:,} days, {len(sizes)} runs: about "
        # The first is the open loop, which the others share.
        words += f"{seconds_text(sum(size.seconds for size in sizes) / 2.0)} in all."
        if sizes[0].days < heyvaert2024.FEWEST_YEARS * DAYS:
            words += (
                f" Less than {heyvaert2024.FEWEST_YEARS} years: anomalies are then changes within a month, and "
                "rescaling takes slow signals away, so leaf area, GPP and root-zone soil moisture gain little."
            )
        return words


def row_of(result: AssimilationResult) -> dict[str, float]:
    """Return one line of the table of experiments: skill and its gain, and the range of the members."""
    row: dict[str, float] = {}
    for variable in COMPARED:
        attrs = result.skill(variable).attrs if result.choices.assimilated else {}
        before = result.field(variable, "r_anom", "open_loop")
        row[f"R {variable.upper()} OL"] = float(np.nanmedian(before)) if np.isfinite(before).any() else np.nan
        row[f"ΔR {variable.upper()}"] = float(attrs.get("r_anom_median_change", np.nan))
        row[f"better {variable.upper()} [%]"] = 100.0 * float(attrs.get("r_anom_share_improved", np.nan))
    for variable in ("ssm", "rzsm", "lai"):
        before, after = (result.field(variable, "range", run) for run in ("open_loop", "analysis"))
        ratio = np.divide(after, before, out=np.full(after.shape, np.nan), where=before > 0.0)
        row[f"range {variable.upper()}"] = float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else np.nan
    return row


def figures_table(found: list[tuple[heyvaert2024.Figure, heyvaert2024.Answer]]) -> str:
    """Write this run's answers to what the paper's tables and figures ask."""
    frame = pd.DataFrame(
        {
            "where": [figure.where for figure, _ in found],
            "what": [f"{figure.title}: {answer.what}" for figure, answer in found],
            "unit": [unit_text(answer.unit) or "1" for _, answer in found],
            "in print": ["not on board" for _ in found],
            "this run": [float(answer.value) for _, answer in found],
        }
    )
    caption = (
        "What each shows follows the notes of this project; where the gain of skill stands among Table 3 and Figures 5 "
        "and 6 they do not say. – : nothing to compare."
    )
    return frame_html(frame, caption)


def settings_table(experiment: Experiment) -> str:
    """Write the settings of the paper's sensors beside those of this run."""
    rows = []
    paper = heyvaert2024.EXPERIMENTS
    for name, printed in (("ssm", "SSM"), ("lai", "LAI"), ("vod", "VOD")):
        sensor, theirs, ours = sensor_named(name), paper[printed].sensor(name), experiment.assimilation.sensor(name)
        here = ours.use != "off"
        error = sensor.error_std if ours.error_std is None else ours.error_std
        updates = sensor.updates if ours.updates is None else ours.updates
        rescale = rescaling_of(ours, experiment.assimilation, synthetic=not ours.source)
        rows.append(
            {
                "sensor": sensor.title,
                "unit": unit_text(sensor.unit) or "1",
                "error sd, paper": float(theirs.error_std),
                "error sd, here": float(error) if here else np.nan,
                "updates, paper": ", ".join(theirs.updates),
                "updates, here": ", ".join(updates) if here else "off",
                "rescaling, paper": theirs.rescale,
                "rescaling, here": rescale if here else "off",
            }
        )
    return frame_html(pd.DataFrame(rows))
