"""The tab Ops, Open Loop, Calib of the page Towers: Table V of the paper, and Wilcoxon's tests."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.pages.carbon_controls import LARGEST_BPLUT
from explorer.pages.page import card, heading, switch
from explorer.runs import SLOW
from explorer.towers.address import FLUXES
from explorer.towers.session import TowersSession
from explorer.towers.trio import FEWEST, RUNS, Trio, assimilation_address, run_trio, tests_frame, trio_frame
from explorer.views.towers import ScoresView
from models.l4c.bplut import BplutFile

__all__ = ["TrioTab"]


class TrioTab:
    """Mean scores of three runs at the towers of the list."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.trio: Trio | None = None
        self.run = pmui.Button(
            label="Run the three", icon="play_arrow", variant="contained", size="small", margin=(6, 12),
            description="Run the three: L4C at every tower of the list with each soil moisture and each table",
            on_click=lambda _event: self._ask(),
        )  # fmt: skip
        self.over = switch("Over", {"Towers that every run has": "shared", "All towers of each run": "all"}, "shared")
        self.over.param.watch(lambda _event: self._draw(), "value")
        self.upload = pmui.FileInput(
            label="Load a calibrated BPLUT (.csv)", accept=".csv", multiple=False, size="small", margin=(6, 8),
            description="A table in the mission's format, as the calibration saves it; it becomes Calib",
        )  # fmt: skip
        self.upload.param.watch(lambda event: session.attempt(self._load, event.new), "value")
        self.take = pmui.Button(
            label="Take B for Calib", size="small", variant="outlined", margin=(6, 8),
            description="Take B for Calib: its parameters become the calibrated table",
            on_click=lambda _event: self._take_b(),
        )  # fmt: skip
        self.assimilate = pmui.Button(
            label="Assimilate around this tower", icon="open_in_new", size="small", variant="outlined", margin=(6, 8),
            description="Assimilate around this tower: opens the page Assimilation with a box around it; run it there",
        )  # fmt: skip
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.table = ScoresView("Means over the towers, each once; RMSE, ubRMSE and bias in gC m⁻² d⁻¹.")
        self.tests = ScoresView(
            f"Wilcoxon's signed-rank test over towers that both runs have, two-sided; with fewer than {FEWEST} towers "
            "it can't reach p < 0.05."
        )
        self.pane = card(
            heading("Ops, Open Loop, Calib", "as Table V of Jones et al. 2017"),
            pmui.FlexBox(self.run, self.over, margin=0),
            self.words,
            pmui.FlexBox(self.assimilate, self.upload, self.take, margin=(0, 4)),
            self.table.pane,
            heading("Is it more than chance?"),
            self.tests.pane,
        )
        waiting = "<div style='font-size:13px'>Press <b>Run the three</b>; it takes some seconds.</div>"
        self.table.pane.object = self.tests.pane.object = waiting
        session.param.watch(self._say, ["calibrated", "selection", "sites"])
        self._say()

    def update(self) -> None:
        """Say what there is; the runs wait until they are asked for."""
        self._say()

    def _say(self, *_events) -> None:
        """Say which of the three are there, and how to get the others."""
        session, trio = self.session, self.trio
        said = {
            "ops": "soil moisture of an analysis: of an assimilation run of this process, if one covers a tower",
            "open_loop": "soil moisture of the land model alone",
            "calib": "the towers' own drivers with a calibrated BPLUT"
            + ("" if session.calibrated is not None else ": none yet; load one, take B for it, or calibrate"),
        }
        if trio is not None:
            said |= {name: f"not here: {why}" for name, why in trio.missing.items()} | trio.words
        items = "".join(f"<li><b>{RUNS[name]}</b>: {html.escape(said[name])}.</li>" for name in RUNS)
        more = (
            "The land runs are of one year of synthetic weather: each calendar day of a tower takes the land run's "
            "day, so they can't follow its own wet and dry spells. Ops and Open Loop take the parameters of A."
        )
        self.words.object = (
            f"<div style='font-size:12.5px'><ul style='margin:2px 0;padding-left:18px'>{items}</ul>"
            f"<span style='opacity:.8'>{more}</span></div>"
        )
        site = session.site
        self.assimilate.disabled = site is None
        if site is not None:
            self.assimilate.href = assimilation_address(site)

    def _ask(self) -> None:
        session = self.session
        sites, baseline, calibrated = session.shown, session.a.l4c, session.calibrated
        if not sites:
            session.tell("No tower is listed; clear the search on the left.", "warning")
            return
        self.run.disabled = True
        session.slowly(
            f"Running the three at {len(sites)} towers",
            lambda progress, cancelled: run_trio(sites, baseline, calibrated, progress, cancelled),
            self._take, key="trio", queue=SLOW, ended=self._ended,
        )  # fmt: skip

    def _ended(self) -> None:
        self.run.disabled = False

    def _take(self, trio: Trio) -> None:
        self._ended()
        self.trio = trio
        self._say()
        self._draw()

    def _draw(self) -> None:
        if self.trio is None:
            return
        self.table.update(trio_frame(self.trio, FLUXES, shared=self.over.value == "shared"))
        self.tests.update(tests_frame(self.trio, FLUXES))

    def _take_b(self) -> None:
        self.session.calibrated = self.session.b.l4c
        self.session.tell("B's parameters are Calib now; press Run the three.", "success")

    def _load(self, data: bytes | None) -> None:
        """Take a table from a file; it is read by the checked reader."""
        if not data:
            return
        if len(data) > LARGEST_BPLUT:
            msg = f"The file has {len(data):,} bytes; a BPLUT has fewer than {LARGEST_BPLUT:,}. Choose the .csv table."
            raise ValueError(msg)
        self.session.take_calibrated(BplutFile.read(data).params())
        self.upload.value = None  # so that the same file can be chosen again
        self.session.tell("The table is Calib, and experiment B; press Run the three.", "success")
