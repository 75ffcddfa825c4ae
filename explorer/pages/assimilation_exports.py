"""The tab Runs & export of the page Assimilation: pinned runs side by side, and files to take away."""

import html
from collections.abc import Callable
from dataclasses import replace

import panel as pn
import panel_material_ui as pmui

from explorer import export
from explorer.assimilation import export as files
from explorer.assimilation.cell_numbers import ensemble_series
from explorer.assimilation.numbers import cell_of, key_numbers
from explorer.assimilation.presets import changes
from explorer.assimilation.runs import Outcome
from explorer.assimilation.session import AssimilationSession, RunPin
from explorer.export import LARGEST_FILE
from explorer.pages.assimilation_maps import MapsTab
from explorer.pages.page import card, heading
from explorer.pages.run_rows import run_row
from explorer.pages.take_away import OpenExperiment, PreparedNetcdf, download, map_picture
from explorer.style import number, signed
from models.experiment import Experiment

__all__ = ["NUMBERS", "RunsTab", "numbers_of"]

NUMBERS = {
    "observations": "observations used",
    "normalised_std": "normalised sd",
    "lag1": "lag-1",
    "spread_skill": "spread/error",
    "ssm": "ΔR SSM",
    "rzsm": "ΔR RZSM",
    "lai": "ΔR LAI",
}
"""Key numbers of a run, and their words."""


def numbers_of(outcome: Outcome, sensor: str) -> dict[str, float]:
    """Return the key numbers of a run, flat."""
    key = key_numbers(outcome.result, sensor)
    found = {name: float(getattr(key, name)) for name in ("observations", "normalised_std", "lag1", "spread_skill")}
    return found | key.delta_r


class RunsTab:
    """Pins and exports of one session."""

    def __init__(self, session: AssimilationSession, maps: MapsTab):
        self.session = session
        self.maps = maps
        self._outcome: Outcome | None = None
        self.pin = pmui.Button(
            label="Pin this run", icon="push_pin", size="small", variant="contained", margin=8,
            description="Pin this run: keep experiment B in this table", on_click=self._on_pin,
        )  # fmt: skip
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        self._exports()
        self.pane = pmui.Grid(
            pmui.Grid(card(heading("Runs", "key numbers of each"), self.rows, self.pin), size={"xs": 12, "lg": 7}),
            pmui.Grid(card(heading("Take away"), *self.exports), size={"xs": 12, "lg": 5}),
            container=True,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show_rows, ["pins"])
        session.param.watch(self._forget, ["b"])

    # -- pinned runs ------------------------------------------------------------------------------------------------
    def _on_pin(self, _event) -> None:
        self.session.pin(numbers_of(self._shown(), self.session.selection.sensor))

    def update(self, outcome: Outcome) -> None:
        """Show the run that is on screen, and how large its file will be."""
        self._outcome = outcome
        self._show_rows()
        done = "" if outcome.result.complete else " (a part of the period)"
        size = files.netcdf_size(outcome)
        words = f"states, updates and diagnostics{done}, about {size / 1e6:,.1f} MB before compression."
        if size > LARGEST_FILE:
            words += f" {self._too_large(size)}"
        self.netcdf_note.object = f"<div style='font-size:12px;opacity:.8'>NetCDF, Zarr: {html.escape(words)}</div>"

    def _show_rows(self, *_events) -> None:
        """Show B and every pinned run."""
        lines = []
        if self._outcome is not None:
            now = numbers_of(self._outcome, self.session.selection.sensor)
            lines.append(self._line("B", self._outcome.experiment, now, None))
        lines += [self._line(f"{pin.number}", pin.experiment, pin.numbers, pin) for pin in self.session.pins]
        self.rows[:] = lines

    def _line(self, name: str, experiment: Experiment, numbers: dict[str, float], pin: RunPin | None):
        """Lay one run out: what it is, its numbers, and for a pinned one the way back."""
        cells = []
        for key, label in NUMBERS.items():
            value = numbers.get(key, float("nan"))
            shown = signed(value) if key in ("ssm", "rzsm", "lai", "lag1") else number(value)
            cells.append(f"<span style='margin-right:10px;white-space:nowrap'>{label} <b>{shown}</b></span>")
        words = changes(self.session.baseline_of(experiment), experiment)
        choices = experiment.assimilation
        where = f"{experiment.region.name}, {experiment.grid}, {choices.members} members, {choices.time_step:g} h"
        return run_row(self.session, name, words, "open loop", where, cells, pin)

    # -- files ------------------------------------------------------------------------------------------------------
    def _exports(self) -> None:
        self.toml = download("Experiment (.toml)", "assimilation.toml", self._toml)
        self.script = download("Python script (.py)", "assimilation.py", self._script)
        self.series = download("Series of the cell (.csv)", "assimilation_series.csv", self._series)
        self.diagnostics = download("Diagnostics by cell (.csv)", "assimilation_diagnostics.csv", self._diagnostics)
        self.picture = download("Map (.png)", "assimilation_map.png", self._picture)
        self.netcdf = PreparedNetcdf(
            self.session, "assimilation.nc", lambda: self._prepare(files.netcdf_of, self.netcdf)
        )
        self.zarr = PreparedNetcdf(
            self.session, "assimilation.zarr.zip", lambda: self._prepare(files.zarr_of, self.zarr), form="Zarr"
        )
        self.netcdf_note = pn.pane.HTML("", margin=(4, 12), sizing_mode="stretch_width")
        self.open = OpenExperiment(self.session, "assimilation", self._take)
        self.exports = [
            pmui.FlexBox(self.toml, self.script, self.series, self.diagnostics, self.picture, margin=(4, 8)),
            pmui.FlexBox(self.netcdf.prepare, self.netcdf.save, self.zarr.prepare, self.zarr.save, margin=(4, 8)),
            self.netcdf_note,
            pmui.Divider(margin=4),
            pmui.FlexBox(self.open.chosen, margin=(4, 8)),
        ]

    def _shown(self) -> Outcome:
        """Return the result on screen.

        Raises
        ------
        ValueError
            If nothing has been run yet.
        """
        if self.session.answer is None:
            msg = "Nothing has been run yet; press Run and wait for the map."
            raise ValueError(msg)
        return self.session.answer

    def _toml(self) -> bytes:
        return export.experiment_toml(self.session.b).encode("utf-8")

    def _script(self) -> bytes:
        return files.script_of(self.session.b).encode("utf-8")

    def _series(self) -> bytes:
        shown, selection = self._shown(), self.session.selection
        cell = cell_of(shown.result, selection.at)
        place = float(shown.result.twin.latitude[cell]), float(shown.result.twin.longitude[cell])
        series = ensemble_series(shown.result, cell, selection.variable)
        return files.series_csv(series, shown, place).encode("utf-8")

    def _diagnostics(self) -> bytes:
        return files.diagnostics_csv(self._shown()).encode("utf-8")

    def _picture(self) -> bytes:
        shown = self._shown()
        self.maps.update(shown)  # the tab of the map may not have been open since
        return map_picture(self.maps.map.view, shown.experiment.region)

    @staticmethod
    def _too_large(size: int) -> str:
        return (
            f"Limit: {LARGEST_FILE / 1e6:.0f} MB a file through the page, this has {size / 1e6:,.0f}. Choose a smaller "
            "region, or save the experiment and run: python launch.py run assimilation.toml --out assimilation.nc"
        )

    def _prepare(self, make: Callable[[Outcome], bytes], file: PreparedNetcdf) -> None:
        """Write a file of the result on screen in a worker thread, and offer it."""
        shown = self._shown()
        size = files.netcdf_size(shown)
        if size > LARGEST_FILE:
            raise ValueError(self._too_large(size))
        self.session.slowly("Making the file", lambda progress, cancelled: make(shown), file.offer, key="file")

    def _forget(self, _event) -> None:
        """Withdraw a file that belongs to another experiment."""
        self.netcdf.forget()
        self.zarr.forget()

    def _take(self, experiment: Experiment) -> None:
        """Make an opened experiment B."""
        session = self.session
        where = {name: getattr(experiment, name) for name in session.place}
        session.edit(b=replace(experiment, dataset="reference-earth"), a=replace(session.a, **where))
