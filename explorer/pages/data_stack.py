"""The tab Drivers of the page Data: who gives each driver of L4C at a tower, and what comes of the order."""

import html
import io
from functools import partial

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from data_catalog.drivers import GIVERS, L4C_DRIVERS
from explorer.data import export as data_export
from explorer.data.session import DataSession
from explorer.pages.data_forcing import ForcingCard
from explorer.pages.order_rows import OrderRows
from explorer.pages.page import card, heading
from explorer.tower_stack import FILLED, USUAL, StackRun, beside, run_stack, stacked
from explorer.views.towers import ScoresView

__all__ = ["StackTab"]

NONE = ""


class StackTab:
    """Rows of drivers with their order of preference; every change runs L4C at the tower again."""

    def __init__(self, session: DataSession):
        self.session = session
        self.shown: StackRun | None = None
        self.usual: StackRun | None = None
        self._asked: tuple = ()
        self._showing = False
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.file = pmui.Select(
            label="File at this place", options={"none": NONE}, value=NONE, size="small", width=330, margin=(6, 8),
            description="Another record that may give drivers, as a satellite's fPAR; it must lie within 0.1°",
        )  # fmt: skip
        self.file.param.watch(self._on_file, "value")
        self.rows = OrderRows(L4C_DRIVERS, GIVERS, lambda: bool(self.file.value), self._ask)
        self.scores = ScoresView("R, RMSE, ubRMSE and bias of daily fluxes [gC m⁻² d⁻¹] over the tower's good days n.")
        self.netcdf = self._download("Drivers and run (.nc)", self._netcdf, "stack.nc")
        self.csv = self._download("Sources (.csv)", self._csv, "sources.csv")
        self.forcing = ForcingCard(session)
        stack = card(
            heading("Driver stack", "who gives each driver, the preferred first; a click brings one forward"),
            self.words,
            pmui.FlexBox(self.file, self.rows.again, margin=0),
            self.rows.pane,
            heading("Who gave which day"),
            self.rows.calendar.pane,
            pmui.FlexBox(self.netcdf, self.csv, margin=(2, 6)),
            heading("Skill of L4C with this order", "against the tower's own fluxes, published parameters"),
            self.scores.pane,
        )
        self.pane = pmui.Column(stack, self.forcing.pane, sizing_mode="stretch_width", margin=0)
        # A record comes once the page is loaded: a page that opens on this tab asks then.
        session.param.watch(self._on_selection, ["selection", "items", "record"])
        self._on_selection()

    # -- what is chosen -----------------------------------------------------------------------------------------
    def _on_selection(self, *_events) -> None:
        item = self.session.item
        if not stacked(item):
            self.words.object = (
                "<div style='font-size:13px'>Choose a tower with days or half hours (it serves as <i>drivers</i>) on "
                "the map or in the list; its drivers are put together here.</div>"
            )
            return
        row = item.row
        self.words.object = (
            f"<div style='font-size:13px'><b>{html.escape(row.title or item.name)}</b>. What the tower did not measure "
            "comes from the next in line; the world's weather is synthetic.</div>"
        )
        options = {"none": NONE} | {f"{o.name} · {o.row.product}"[:60]: o.key for o in beside(self.session.items, item)}
        self._showing = True
        try:
            if self.file.options != options:
                value = self.file.value if self.file.value in options.values() else NONE
                self.file.param.update(options=options, value=value)
                self.rows.draw()
        finally:
            self._showing = False
        if self.shown is not None and self.shown.item is not item:
            self.rows.show(None)
        self._ask()

    def _on_file(self, _event) -> None:
        if not self._showing:
            self.rows.draw()
            self._ask()

    # -- runs ---------------------------------------------------------------------------------------------------
    def _ask(self) -> None:
        """Run L4C with this order, off the event loop; only the newest wish counts."""
        session, item = self.session, self.session.item
        if session.closed or not session.loaded or not stacked(item) or session.selection.tab != "stack":
            return
        file = next((other for other in session.items if other.key == self.file.value), None)
        wish = (dict(self.rows.order), dict(self.rows.fill))
        asked = (item, file, wish)
        if asked == self._asked:
            return
        self._asked = asked
        usual = self.usual if self.usual is not None and self.usual.item is item else None
        work = partial(self._work, item, file, wish, session.a, usual)
        session.slowly(f"Running L4C at {item.name}", work, self._take, key="stack", ended=self._forget)

    @staticmethod
    def _work(item, file, wish, experiment, usual, progress, cancelled) -> tuple[StackRun, StackRun]:
        order, fill = wish
        if usual is None:
            usual = run_stack(item, None, USUAL, experiment, lambda done: progress(done / 2), cancelled)
        if file is None and (order, fill) == (USUAL, FILLED):
            return usual, usual
        return usual, run_stack(item, file, order, experiment, lambda done: progress(0.5 + done / 2), cancelled, fill)

    def _forget(self) -> None:
        self._asked = ()

    def _take(self, runs: tuple[StackRun, StackRun]) -> None:
        if runs[1].item is not self.session.item or (runs[1].order, runs[1].fill) != (self.rows.order, self.rows.fill):
            return  # a newer wish follows
        self.usual, self.shown = runs
        self.rows.show(self.shown.shares, self.shown.drivers)
        self.netcdf.disabled = self.csv.disabled = False
        self._draw_scores()

    # -- what is drawn ------------------------------------------------------------------------------------------
    def _draw_scores(self) -> None:
        run, usual = self.shown, self.usual
        if run is None or usual is None:
            return
        if run.scores.empty:
            self.scores.pane.object = "<div style='font-size:13px'>The tower has no flux to compare with.</div>"
            return
        parts = []
        for words, one in (("this order", run), ("usual order", usual)):
            frame = one.scores.copy()
            frame.insert(1, "drivers", words)
            parts.append(frame)
            if run is usual:
                break
        self.scores.update(pd.concat(parts).sort_values("flux", kind="stable"))

    # -- files to take away -------------------------------------------------------------------------------------
    @staticmethod
    def _download(label: str, make, name: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: io.BytesIO(make()), filename=name, label=label, size="small", variant="outlined", margin=4,
            disabled=True,
        )  # fmt: skip

    def _netcdf(self) -> bytes:
        return data_export.stack_netcdf(self.shown)

    def _csv(self) -> bytes:
        return data_export.stack_csv(self.shown).encode("utf-8")
