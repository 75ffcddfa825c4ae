"""The tab Runs & export of the page Land: files to take away, and experiments to bring back."""

from dataclasses import replace

import panel as pn
import panel_material_ui as pmui

from explorer import export
from explorer.land import export as land_export
from explorer.land.question import LandAnswer, key_numbers
from explorer.land.session import LAND_REGIONS, LandSession, land_changes, place_words
from explorer.pages.land_views import LandMapCard
from explorer.pages.page import card, heading, switch
from explorer.pages.run_rows import run_row
from explorer.pages.take_away import OpenExperiment, PreparedNetcdf, download, map_picture
from explorer.session import Pin
from explorer.style import number, signed
from models.experiment import Experiment

__all__ = ["ExportTab"]

COLUMNS = {
    "et": ("ET", "mm yr⁻¹"),
    "runoff": ("runoff", "mm yr⁻¹"),
    "gpp": ("GPP", "gC m⁻² yr⁻¹"),
    "nee": ("NEE", "gC m⁻² yr⁻¹"),
    "ssm": ("SSM", "m³ m⁻³"),
    "lai": ("LAI max", "m² m⁻²"),
}


class ExportTab:
    """What a visitor takes home."""

    def __init__(self, session: LandSession, map_card: LandMapCard):
        self.session = session
        self.map = map_card
        self.pin = pmui.Button(
            label="Pin this run", icon="push_pin", size="small", variant="contained", margin=8,
            description="Pin this run: keep experiment B at this place", on_click=lambda _event: session.pin(),
        )  # fmt: skip
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._exports()
        self.pane = pmui.Column(
            card(heading("Runs", "of a year; A: baseline, B: experiment"), self.rows, self.pin),
            card(heading("Take away"), *self.exports),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self._forget, ["b", "selection"])
        session.param.watch(self._show_rows, "pins")

    def _exports(self) -> None:
        self.toml = download("Experiment (.toml)", "land.toml", self._toml)
        self.script = download("Python script (.py)", "land.py", self._script)
        self.series = download("Series of the place (.csv)", "land_series.csv", self._series)
        self.picture = download("Map (.png)", "land_map.png", self._picture)
        self.netcdf = PreparedNetcdf(
            self.session,
            "land.nc",
            self._prepare,
            "Run it as the command line does: days of a place, days or months of a region",
        )
        self.of = switch("Of", {"The place": "place", "The region": "region"}, "place", margin=(4, 8))
        self.of.param.watch(self._forget, "value")
        self.note = pn.pane.HTML(
            "<div style='font-size:12px;opacity:.8'>Larger runs: save the experiment, then "
            "<code>python launch.py run land.toml --out land.nc</code></div>",
            margin=(4, 12),
            sizing_mode="stretch_width",
        )
        self.open = OpenExperiment(self.session, "land", self._take)
        self.exports = [
            self.of,
            pmui.FlexBox(self.toml, self.script, self.netcdf.prepare, self.netcdf.save, margin=(4, 8)),
            pmui.FlexBox(self.series, self.picture, margin=(4, 8)),
            self.note,
            pmui.Divider(margin=4),
            pmui.FlexBox(self.open.chosen, margin=(4, 8)),
        ]

    def update(self, _answer: LandAnswer) -> None:
        """Show what A and B came to."""
        self._show_rows()

    def _show_rows(self, *_events) -> None:
        """Show A, B and every pinned run, those of B and of the pins with their difference to A."""
        answer, lines = self.session.answer, []
        base = None
        if answer is not None:
            base, where = key_numbers(answer.a), place_words(answer)
            changes = land_changes(answer.question.a, answer.question.b) or ["as A"]
            lines.append(self._line("A", ["the baseline"], where, base, None, None))
            lines.append(self._line("B", changes, where, key_numbers(answer.b), base, None))
        for pin in self.session.pins:
            changes = land_changes(self.session.a, pin.experiment) or ["as A"]
            lines.append(self._line(f"{pin.number}", changes, pin.totals["place"], pin.totals["numbers"], base, pin))
        self.rows[:] = lines

    def _line(self, name: str, changes: list[str], where: str, numbers: dict, base: dict | None, pin: Pin | None):
        """Lay one run out: what it is, its numbers, and for a pinned one the way back."""
        cells = []
        for key, (label, unit) in COLUMNS.items():
            change = "" if base is None else f" <small>({signed(numbers[key] - base[key])})</small>"
            value = f"<b>{number(numbers[key])}</b> {unit}{change}"
            cells.append(f"<span style='margin-right:14px;white-space:nowrap'>{label} {value}</span>")
        return run_row(self.session, name, changes, "as A", where, cells, pin)

    def _shown(self) -> LandAnswer:
        """Return the numbers on screen.

        Raises
        ------
        ValueError
            If nothing has been computed yet.
        """
        if self.session.answer is None:
            msg = "Nothing has been computed yet; wait until the series are drawn."
            raise ValueError(msg)
        return self.session.answer

    def _experiment(self) -> Experiment:
        """Return B as a run of its own, of the selected place or of the region."""
        return land_export.experiment_of(self.session.b, self.session.selection, place=self.of.value == "place")

    def _toml(self) -> bytes:
        return export.experiment_toml(self._experiment()).encode("utf-8")

    def _script(self) -> bytes:
        return export.script(self._experiment()).encode("utf-8")

    def _series(self) -> bytes:
        shown = self._shown()
        return land_export.land_csv(shown.b, shown.a, self._experiment()).encode("utf-8")

    def _picture(self) -> bytes:
        self.map.update()
        return map_picture(self.map.view, self.session.b.region, synthetic=self.map.synthetic)

    def _prepare(self) -> None:
        """Make a NetCDF file as the command line would."""
        experiment, _ = land_export.netcdf_plan(self._experiment())

        def work(progress, cancelled) -> bytes:
            return land_export.land_netcdf(experiment, progress, cancelled)

        self.session.slowly("Making the NetCDF file", work, self.netcdf.offer, key="netcdf", queue=LAND_REGIONS)

    def _forget(self, *events) -> None:
        """Withdraw a file that belongs to another experiment or place."""
        if any(event.name != "selection" or event.new.at != event.old.at for event in events):
            self.netcdf.forget()

    def _take(self, experiment: Experiment) -> None:
        """Make an opened experiment B."""
        if experiment.dataset == "file":
            msg = 'The experiment runs on a file; this page has dataset = "reference-earth" or "tower".'
            raise ValueError(msg)
        session = self.session
        where = {name: getattr(experiment, name) for name in session.place}
        session.edit(b=experiment, a=replace(session.a, **where))
