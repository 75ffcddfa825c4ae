"""The tab Runs & export of the page Carbon: pinned runs side by side, and files to take away."""

import html
from dataclasses import replace

import panel as pn
import panel_material_ui as pmui

from data_catalog import open_dataset
from explorer import export
from explorer.export import LARGEST_FILE
from explorer.pages.carbon_views import MapCard
from explorer.pages.page import card, heading
from explorer.pages.run_rows import run_row
from explorer.pages.take_away import OpenExperiment, PreparedNetcdf, download, map_picture
from explorer.question import Answer, changes
from explorer.session import Pin, Session
from explorer.style import number, signed
from explorer.views.totals import totals_table
from explorer.worlds import World
from models.experiment import Experiment, run

__all__ = ["RunsTab"]

COLUMNS = (("gpp", "GPP"), ("ra", "RA"), ("rh", "RH"), ("nee", "NEE"), ("soc", "SOC"))


class RunsTab:
    """Pins and exports of one session."""

    def __init__(self, session: Session, map_card: MapCard):
        self.session = session
        self.map = map_card
        self.pin = pmui.Button(
            label="Pin this run", icon="push_pin", size="small", variant="contained", margin=8,
            description="Pin this run: keep experiment B in this table", on_click=lambda _event: session.pin(),
        )  # fmt: skip
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._exports()
        self.pane = pmui.Grid(
            pmui.Grid(
                card(heading("Runs", "totals of a year: Pg C yr⁻¹; SOC: Pg C"), self.rows, self.pin),
                size={"xs": 12, "lg": 7},
            ),
            pmui.Grid(card(heading("Take away"), *self.exports), size={"xs": 12, "lg": 5}),
            container=True,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show_rows, ["pins", "answer"])
        session.param.watch(self._forget, ["b"])
        self._show_rows()

    # -- pinned runs --------------------------------------------------------------------------------------------
    def _show_rows(self, *_events) -> None:
        """Show A, B and every pinned run, each with its difference to A."""
        answer = self.session.answer
        lines = []
        if answer is not None:
            lines.append(self._line("A", answer.question.a, answer.totals_a, answer, None))
            lines.append(self._line("B", answer.question.b, answer.totals_b, answer, None))
        lines += [self._line(f"{pin.number}", pin.experiment, pin.totals, answer, pin) for pin in self.session.pins]
        self.rows[:] = lines

    def _line(self, name: str, experiment: Experiment, totals: dict, answer: Answer | None, pin: Pin | None):
        """Lay one run out: what it is, its totals, and for a pinned one the way back."""
        base = answer.totals_a["all"] if answer is not None and name != "A" else None
        cells = []
        for key, label in COLUMNS:
            value = totals["all"][key]
            change = f" <small>({signed(value - base[key])})</small>" if base is not None else ""
            cells.append(f"<span style='margin-right:14px'>{label} <b>{number(value)}</b>{change}</span>")
        words = changes(answer.question.a, experiment) if answer is not None else []
        where = experiment.grid if experiment.region.whole else f"{experiment.grid}, {experiment.region.name}"
        return run_row(self.session, name, words, "the baseline" if name == "A" else "as A", where, cells, pin)

    # -- files --------------------------------------------------------------------------------------------------
    def _exports(self) -> None:
        self.toml = download("Experiment (.toml)", "carbon.toml", self._toml)
        self.script = download("Python script (.py)", "carbon.py", self._script)
        self.series = download("Series of the cell (.csv)", "carbon_series.csv", self._series)
        self.totals = download("Totals (.csv)", "carbon_totals.csv", self._totals)
        self.picture = download("Map (.png)", "carbon_map.png", self._picture)
        self.netcdf = PreparedNetcdf(self.session, "carbon.nc", self._prepare)
        self.netcdf_note = pn.pane.HTML("", margin=(4, 12), sizing_mode="stretch_width")
        self.open = OpenExperiment(self.session, "l4c", self._take)
        self.exports = [
            pmui.FlexBox(self.toml, self.script, self.series, self.totals, self.picture, margin=(4, 8)),
            pmui.FlexBox(self.netcdf.prepare, self.netcdf.save, margin=(4, 8)),
            self.netcdf_note,
            pmui.Divider(margin=4),
            pmui.FlexBox(self.open.chosen, margin=(4, 8)),
        ]

    def _shown(self) -> Answer:
        """Return the numbers on screen.

        Raises
        ------
        ValueError
            If nothing has been computed yet.
        """
        if self.session.answer is None:
            msg = "Nothing has been computed yet; wait until the map is drawn."
            raise ValueError(msg)
        return self.session.answer

    def _toml(self) -> bytes:
        return export.experiment_toml(self.session.b).encode("utf-8")

    def _script(self) -> bytes:
        return export.script(self.session.b).encode("utf-8")

    def _series(self) -> bytes:
        shown = self._shown()
        world, cell = shown.world, shown.cell
        text = export.series_csv(
            shown.series_b,
            shown.series_a,
            lat=float(world.latitude[cell]),
            lon=float(world.longitude[cell]),
            experiment=shown.question.b,
            source=_source(world),
        )
        return text.encode("utf-8")

    def _totals(self) -> bytes:
        shown = self._shown()
        frame = totals_table(shown.totals_a, shown.totals_b)
        return export.totals_csv(frame, shown.question.b, _source(shown.world)).encode("utf-8")

    def _picture(self) -> bytes:
        shown = self._shown()
        self.map.update(shown)  # the tab of the map may not have been open since
        return map_picture(self.map.view, shown.question.b.region)

    # -- NetCDF: seconds of work, so with progress ----------------------------------------------------------------
    def update(self, answer: Answer) -> None:
        """State what a NetCDF of this region will hold."""
        days = len(answer.world.time)
        output = export.output_for(answer.cells, days)
        size = export.netcdf_size(self._experiment(answer), answer.cells, days)
        words = f"{answer.cells:,} cells, {output} values, about {size / 1e6:,.1f} MB."
        if size > LARGEST_FILE:
            words += f" {self._too_large(size)}"
        self.netcdf_note.object = f"<div style='font-size:12px;opacity:.8'>NetCDF: {html.escape(words)}</div>"

    def _experiment(self, answer: Answer) -> Experiment:
        output = export.output_for(answer.cells, len(answer.world.time))
        return replace(answer.question.b, output=output, precision="float32")

    @staticmethod
    def _too_large(size: int) -> str:
        return (
            f"Limit: {LARGEST_FILE / 1e6:.0f} MB a file through the page, this has {size / 1e6:,.0f}. Choose a smaller "
            "region, or save the experiment and run: python launch.py run carbon.toml --out carbon.nc"
        )

    def _prepare(self) -> None:
        """Run the experiment on the region, as the command line would, and offer the file."""
        shown = self._shown()
        days = len(shown.world.time)
        experiment = self._experiment(shown)
        size = export.netcdf_size(experiment, shown.cells, days)
        if size > LARGEST_FILE:
            raise ValueError(self._too_large(size))

        def work(progress, cancelled) -> bytes:
            drivers = open_dataset(experiment.dataset, grid=experiment.grid)
            result = run(experiment, drivers, progress=lambda share: progress(0.9 * share), cancelled=cancelled)
            return export.netcdf_bytes(result)

        self.session.slowly("Making the NetCDF file", work, self.netcdf.offer)

    def _forget(self, _event) -> None:
        """Withdraw a file that belongs to another experiment."""
        self.netcdf.forget()

    def _take(self, experiment: Experiment) -> None:
        """Make an opened experiment B."""
        session = self.session
        if session.worlds.get(experiment.grid) is None:
            msg = f"The experiment runs on {experiment.grid}, which is not ready yet; wait for it, or change its grid."
            raise ValueError(msg)
        session.wanted = experiment.grid
        baseline = replace(session.a, grid=experiment.grid, region=experiment.region)
        session.edit(b=replace(experiment, dataset="reference-earth"), a=baseline)


SOURCE = "Land Carbon Explorer, reference-earth: synthetic daily weather on a real climate"


def _source(world: World) -> str:
    """Say where the drivers of a world come from."""
    return f"{SOURCE}; soil: {world.soil}" if world.soil else SOURCE
