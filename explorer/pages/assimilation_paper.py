"""The tab As in the paper of the page Assimilation: the six experiments of Heyvaert et al. 2024, here and in print."""

import html
from dataclasses import replace

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation import runs
from explorer.assimilation.presets import PRESETS
from explorer.assimilation.runs import ASSIMILATION, Outcome
from explorer.assimilation.session import AssimilationSession
from explorer.assimilation.skill import gains
from explorer.pages.page import card, heading, heading_html
from explorer.runs import Job
from explorer.session import describe
from explorer.style import unit_text
from explorer.views.towers import TABLE_CSS, frame_html
from models.assimilation.result import AssimilationResult
from models.experiment import Experiment
from models.kernel import Cancelled
from models.observation import sensor_named
from models.studies import heyvaert2024

__all__ = ["PaperTab", "row_of", "settings_table"]

COMPARED = ("ssm", "rzsm", "lai", "gpp")


class PaperTab:
    """The paper's settings and printed numbers beside this run's, and its six experiments run here."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self.printed = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.settings = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.six = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.title = heading("The six experiments, run here")
        self.button = pmui.Button(
            label="Run the six experiments", icon="play_arrow", size="small", variant="contained", margin=8,
            description="With this region, period, time step and ensemble size; the open loop is run once",
            on_click=lambda _event: self.run(),
        )  # fmt: skip
        why = "".join(f"<li>{html.escape(reason[:1].upper() + reason[1:])}.</li>" for reason in heyvaert2024.WHY)
        self.why = pn.pane.HTML(f"<ul style='font-size:13px;margin:2px 0;padding-left:20px'>{why}</ul>", margin=(4, 12))
        self.rows: dict[str, dict] = {}
        self._of: Experiment | None = None
        self.pane = pmui.Grid(
            pmui.Grid(card(heading("Printed and here", heyvaert2024.CITATION), self.printed), size={"xs": 12, "lg": 7}),
            pmui.Grid(card(heading("Why they need not agree"), self.why), size={"xs": 12, "lg": 5}),
            pmui.Grid(card(self.title, self.button, self.six), size={"xs": 12}),
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
            "Numbers of the paper that could be checked. Its Tables 3 and 4 and Figures 4 to 11 are not on board: "
            "what stands below is this world's answer to the same questions."
        )
        self.printed.object = frame_html(frame, caption)
        self.settings.object = settings_table(self.session.b)
        if self._of != self._place(outcome.experiment):
            self._of, self.rows = self._place(outcome.experiment), {}
        self._draw()

    @staticmethod
    def _place(experiment: Experiment) -> Experiment:
        """Return what the six experiments share."""
        return replace(experiment, assimilation=next(iter(PRESETS.values()))(experiment.assimilation))

    def run(self) -> None:
        """Run the six experiments, one after the other, in the line of the assimilation runs.

        Raises
        ------
        ValueError
            If one of them is too large for the page.
        """
        session = self.session
        experiments = {
            title: replace(session.b, assimilation=choose(session.b.assimilation)) for title, choose in PRESETS.items()
        }
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
        """Show what has been run of the six."""
        note = "not run yet" if not self.rows else f"{len(self.rows)} of {len(PRESETS)}"
        self.title.object = heading_html("The six experiments, run here", f"synthetic twin, truth known · {note}")
        if not self.rows:
            self.six.object = ""
            return
        frame = pd.DataFrame([{"experiment": title, **row} for title, row in self.rows.items()])
        caption = (
            "R: correlation of anomalies with the truth, median over cells: the open loop's, and each run's gain. "
            "Range: largest less smallest member, analysis over open loop. Better: share of cells improved."
        )
        self.six.object = frame_html(frame, caption)


def row_of(result: AssimilationResult) -> dict[str, float]:
    """Return one line of the table of experiments, of the kind of the paper's Tables 3 and 4."""
    row: dict[str, float] = {}
    for variable in COMPARED:
        gain = gains(result, variable)
        row[f"R {variable.upper()} OL"] = float(np.nanmedian(gain.before))
        row[f"ΔR {variable.upper()}"] = float(np.nanmedian(gain.delta))
        row[f"better {variable.upper()} [%]"] = 100.0 * float(gain.better)
    for variable in ("ssm", "rzsm", "lai"):
        ratio = result.field(variable, "range", "analysis") / result.field(variable, "range", "open_loop")
        row[f"range {variable.upper()}"] = float(np.nanmedian(ratio))
    return row


def settings_table(experiment: Experiment) -> str:
    """Write the settings of the paper's sensors beside those of this run."""
    rows = []
    paper = heyvaert2024.EXPERIMENTS
    for name, printed in (("ssm", "SSM"), ("lai", "LAI"), ("vod", "VOD")):
        sensor, theirs, ours = sensor_named(name), paper[printed].sensor(name), experiment.assimilation.sensor(name)
        here = ours.use != "off"
        error = sensor.error_std if ours.error_std is None else ours.error_std
        updates = sensor.updates if ours.updates is None else ours.updates
        rescale = sensor.rescale if ours.rescale == "default" else ours.rescale
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
