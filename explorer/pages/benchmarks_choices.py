"""What several tabs of the page Benchmarks let a visitor choose: nature's BPLUT, bands of latitude, a file to save."""

import html
from collections.abc import Callable

import panel_material_ui as pmui

from explorer.benchmarks.address import WIDTHS
from explorer.benchmarks.export import comparison_csv
from explorer.benchmarks.session import BenchmarkSession
from explorer.pages.page import put, switch
from explorer.pages.take_away import download
from models.l4c.bplut import BPLUTS

__all__ = ["BandChoices", "csv_button", "notes_html"]


def csv_button(session: BenchmarkSession, name: str) -> pmui.FileDownload:
    """Make the button that saves what the tab shows, as file ``name``."""
    return download("Save as .csv", name, lambda: comparison_csv(session.answer).encode("utf-8"))


def notes_html(*texts: str) -> str:
    """Write lines below a plot; each is escaped."""
    return "".join(f"<div style='font-size:12.5px;opacity:.85;margin:2px 0'>{html.escape(t)}</div>" for t in texts if t)


class BandChoices:
    """Widgets on one session: the BPLUT of the world's own truth, and the width of a band.

    Parameters
    ----------
    session : BenchmarkSession
        Is told, and followed.
    sources : callable
        Returns what is compared; nature's BPLUT is offered where the world's own truth is among it.
    """

    def __init__(self, session: BenchmarkSession, sources: Callable[[], tuple]):
        self.session, self._sources = session, sources
        self._showing = False
        self.truth = pmui.Select(
            label="BPLUT of nature", options=list(BPLUTS), width=130, size="small", margin=(4, 4),
            description="Table of the run that stands for the truth; with A's own, A is right but for the errors of "
            "the benchmark",
        )  # fmt: skip
        self.width = switch("Width of a band", {f"{width}°": str(width) for width in WIDTHS}, "5")
        self.truth.param.watch(lambda event: self._choose(truth=event.new), "value")
        self.width.param.watch(lambda event: self._choose(width=int(event.new)), "value")
        session.param.watch(self._follow, ["selection", "items"])
        self._follow()

    def _choose(self, **changed) -> None:
        if not self._showing:
            self.session.select(**changed)

    def _follow(self, *_events) -> None:
        """Set the widgets to the session's state."""
        self._showing = True
        try:
            put(self.truth, self.session.selection.truth)
            put(self.width, str(self.session.selection.width))
            self.truth.visible = any(source.of_world for source in self._sources())
        finally:
            self._showing = False
