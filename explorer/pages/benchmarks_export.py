"""The tab Export of the page Benchmarks: a day of a run as the mission's product, and the comparisons as CSV."""

import html
import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data_catalog.datasets.spl4cmdl import FIELDS
from data_catalog.datasets.spl4cmdl_write import file_name
from explorer import export
from explorer.benchmarks.granule import Granule, write_granule
from explorer.benchmarks.question import BenchmarkAnswer
from explorer.benchmarks.session import BenchmarkSession
from explorer.export import LARGEST_FILE
from explorer.pages.page import card, heading, put
from explorer.style import unit_text
from explorer.views.towers import TABLE_CSS, frame_html

__all__ = ["ExportTab"]

WHAT = (
    "One HDF5 file in the layout of SPL4CMDL: the mission's own groups, names, units, fill values and bit flags on the "
    "9-km EASE-Grid 2.0, so that tools made for the product read it. Each 9-km cell takes the values of the world's "
    "cell that holds it. The file says that it is this program's run on synthetic weather, release Vv0000, and no "
    "product of the mission."
)


class ExportTab:
    """Write a granule, prove it, take it away."""

    def __init__(self, session: BenchmarkSession):
        self.session = session
        self._folder: Path | None = None
        self._granule: Granule | None = None
        self._showing = False
        small = {"size": "small", "margin": 8}
        self.day = pmui.IntSlider(
            label="Day of the year", start=1, end=364, value=196, width=300, margin=(8, 16), size="small"
        )
        self.day.param.watch(self._on_day, "value_throttled")
        self.date = pn.pane.HTML("", margin=(16, 8))
        self.errors = pmui.Checkbox(
            label="With the error of NEE (Eq. 10)", value=True, size="small", margin=8,
            description="nee_rmse and the quality score of the flag; takes longest",
        )  # fmt: skip
        self.write = pmui.Button(
            label="Write the granule of B", icon="build", variant="contained", **small,
            on_click=lambda _event: self.run(),
            description="The region of the sidebar; a small one is written in seconds, the world in a minute or two",
        )  # fmt: skip
        self.download = pmui.FileDownload(
            callback=self._bytes, filename="granule.h5", label="Save the granule (.h5)", disabled=True,
            variant="outlined", **small,
        )  # fmt: skip
        self.back = pn.pane.HTML("", stylesheets=[TABLE_CSS], sizing_mode="stretch_width", margin=(4, 12))
        self.toml = pmui.FileDownload(
            callback=lambda: io.BytesIO(export.experiment_toml(session.b).encode()), filename="benchmarks.toml",
            label="Experiment B (.toml)", variant="outlined", **small,
        )  # fmt: skip
        command = "python launch.py run benchmarks.toml --out run.nc; python launch.py granules run.nc --out FOLDER"
        self.pane = pmui.Grid(
            pmui.Grid(
                card(
                    heading("A day in the layout of SPL4CMDL", f"{len(FIELDS)} datasets"),
                    pn.pane.HTML(f"<div style='font-size:13px'>{html.escape(WHAT)}</div>", margin=(4, 12)),
                    pmui.FlexBox(self.day, self.date, self.errors, margin=(4, 8)),
                    pmui.FlexBox(self.write, self.download, margin=(4, 8)),
                    self.back,
                ),
                size={"xs": 12, "lg": 8},
            ),
            pmui.Grid(
                card(
                    heading("Beyond a day"),
                    pn.pane.HTML(
                        "<div style='font-size:13px'>Many days from the command line: save the experiment, set "
                        '<code>output = "daily"</code> and <code>per_pft = true</code> in it, then<br>'
                        f"<code>{html.escape(command)}</code><br>The comparisons of the other tabs are saved as CSV "
                        "beside their plots.</div>",
                        margin=(4, 12),
                    ),
                    pmui.FlexBox(self.toml, margin=(4, 8)),
                ),
                size={"xs": 12, "lg": 4},
            ),
            container=True,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._forget, ["b", "selection"])
        document = session.document
        if document is not None and document.session_context is not None:
            document.on_session_destroyed(lambda _context: self.close())
        self._show_back()

    def update(self, answer: BenchmarkAnswer) -> None:
        """Show the days that the record has."""
        days = answer.world.time
        selected = min(answer.question.selection.day, len(days) - 1)
        self._showing = True
        try:
            if self.day.end != len(days) - 1:
                self.day.end = len(days) - 1
            put(self.day, selected)
        finally:
            self._showing = False
        self.date.object = f"<div style='font-size:13px'>{np.datetime64(days[selected - 1], 'D')}</div>"
        self.download.filename = file_name(days[selected - 1])

    def _on_day(self, event) -> None:
        if not self._showing and event.new:
            self.session.select(day=int(event.new))

    def run(self) -> None:
        """Write the file off the event loop, with progress."""
        session, world = self.session, self.session.world
        if world is None:
            session.tell("The world is still being prepared; try again when the plots are there.", "info")
            return
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="land-carbon-granule-"))
        folder, b, day, errors = self._folder, session.b, session.selection.day - 1, bool(self.errors.value)

        def work(progress, cancelled) -> Granule:
            return write_granule(world, b, day, folder, progress, cancelled, errors=errors)

        session.slowly("Writing the granule", work, self._done, key="granule")

    def _done(self, granule: Granule) -> None:
        self._granule = granule
        size = granule.path.stat().st_size
        self.download.param.update(
            disabled=size > LARGEST_FILE,
            label=f"Save the granule (.h5, {size / 1e6:.1f} MB)",
            filename=granule.path.name,
        )
        self._show_back()
        self.session.tell(f"{granule.path.name} is written and read back.", "success")

    def _show_back(self) -> None:
        """Show what came back of the file."""
        if self._granule is None:
            self.back.object = "<div style='font-size:12.5px;opacity:.8'>Nothing is written yet.</div>"
            return
        granule = self._granule
        frame = granule.table.assign(unit=[unit_text(unit) or "1" for unit in granule.table["unit"]])
        caption = (
            f"{granule.path.name}: {granule.datasets} datasets found by h5py, {granule.cells:,} cells of 9 km with "
            "values. Read back through the catalog and compared with the run, cell by cell; numbers have 4 bytes."
        )
        self.back.object = frame_html(frame, caption)

    def _bytes(self) -> io.BytesIO:
        """Return the file.

        Raises
        ------
        ValueError
            If none is written.
        """
        if self._granule is None:
            msg = "Nothing is written yet; press Write the granule of B."
            raise ValueError(msg)
        return io.BytesIO(self._granule.path.read_bytes())

    def _forget(self, event) -> None:
        """Withdraw a file that belongs to another run or day."""
        moved = event.name == "b" or event.old.day != event.new.day
        if self._granule is not None and moved:
            self._granule = None
            self.download.param.update(disabled=True, label="Save the granule (.h5)")
            self._show_back()

    def close(self) -> None:
        """Remove the file."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
