"""The tab Calibration of the page Towers: what is asked, the cost as it falls, and what came of it."""

import html
from functools import partial

import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading
from explorer.pages.towers_calibration_results import CalibrationResults
from explorer.pages.towers_calibration_setup import CalibrationSetup
from explorer.runs import RunQueue
from explorer.towers.calibration import Outcome, Trace, fit_request
from explorer.towers.session import TowersSession
from explorer.views.calibration import CostView

__all__ = ["CALIBRATING", "CalibrationTab"]

CALIBRATING = RunQueue("calibrations")
"""Fits take minutes; they stand in a line of their own."""

KEY = "calibration"
IDLE = (
    "Choose a plant type and towers, then press Calibrate. It fits GPP, then RE, then NEE without each site's bias "
    "(Jones et al. 2017), judges the towers left out, and shows which parameters the towers identify."
)


class CalibrationTab:
    """A request, its run and its outcome."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.setup = CalibrationSetup(session)
        self.cost = CostView()
        self.results = CalibrationResults(session)
        self.outcome: Outcome | None = None
        self._trace: Trace | None = None
        self.start = pmui.Button(
            label="Calibrate", icon="tune", size="small", variant="contained", margin=(6, 4, 6, 12),
            on_click=lambda _event: self.run(),
        )  # fmt: skip
        self.stop = pmui.Button(
            label="Stop, keep the best so far", icon="stop", size="small", variant="outlined", margin=(6, 4),
            disabled=True, on_click=lambda _event: CALIBRATING.withdraw((session.number, KEY)),
        )  # fmt: skip
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 12))
        self._say(IDLE)
        self.live = card(
            heading("Cost", "thick: the best so far; thin: each evaluation"), self.cost.pane, visible=False
        )
        self.pane = pmui.Column(
            card(
                heading("Calibration", "biome properties of one plant type, fitted to towers"), self.setup.pane,
                pmui.Row(self.start, self.stop, self.words, sizing_mode="stretch_width", margin=0),
            ),
            self.live, self.results.pane, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _say(self, text: str) -> None:
        self.words.object = f"<div role='status' style='font-size:13px'>{html.escape(text)}</div>"

    def update(self) -> None:
        """Offer the towers that are open now."""
        self.setup.show_towers()

    def run(self) -> None:
        """Start what the widgets ask for."""
        self.session.attempt(self._run)

    def _run(self) -> None:
        session, request = self.session, self.setup.request()
        trace = Trace(lambda: session.post(lambda: self._draw(trace)))
        self._trace = trace
        self.start.disabled, self.stop.disabled = True, False
        self.live.visible = True
        self._say(f"Waiting for {request.words} ...")
        session.slowly(
            f"Calibrating {request.words}", partial(fit_request, request, trace), partial(self._take, trace),
            key=KEY, queue=CALIBRATING, ended=lambda: self._ended("Stopped before anything was fitted."),
        )  # fmt: skip

    def _draw(self, trace: Trace) -> None:
        """Show the cost as it falls, of the newest run alone."""
        if trace is self._trace:
            self.cost.update(trace.curves())
            self._say(trace.words)

    def _ended(self, text: str) -> None:
        self.start.disabled, self.stop.disabled = False, True
        self._say(text)

    def _take(self, trace: Trace, outcome: Outcome) -> None:
        """Show what came of a run."""
        self._draw(trace)
        self.outcome = outcome
        stopped = outcome.calibration.stopped
        self._ended("Stopped: the best so far is kept." if stopped else f"Done: {outcome.request.words}.")
        self.results.update(outcome)
