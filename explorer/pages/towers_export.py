"""The tab Take away of the page Towers: tables, series and the experiment."""

import html
from dataclasses import replace

import panel as pn
import panel_material_ui as pmui

from explorer import export
from explorer.pages.page import card, heading
from explorer.pages.take_away import PreparedNetcdf, download
from explorer.towers import export as files
from explorer.towers.answer import SiteAnswer, TablePair
from explorer.towers.session import TowersSession
from models.experiment import Experiment

__all__ = ["ExportTab"]


class ExportTab:
    """What a visitor takes home."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.table = download("Scores of every tower (.csv)", "towers.csv", self._table)
        self.series = download("Days of this tower (.csv)", "tower.csv", self._series)
        self.netcdf = download("Days of this tower (.nc)", "tower.nc", self._netcdf)
        self.toml = download("Experiment (.toml)", "tower.toml", self._toml)
        self.all = PreparedNetcdf(
            session, "towers.nc", self._prepare, "Daily fluxes of every tower that is listed, of A, B and the tower"
        )
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.pane = card(
            heading("Take away", "with sources, licences and the experiment"),
            pmui.FlexBox(self.series, self.netcdf, self.toml, margin=(4, 8)),
            pmui.FlexBox(self.table, self.all.prepare, self.all.save, margin=(4, 8)),
            self.words,
        )
        session.param.watch(lambda _event: self.all.forget(), ["a", "b", "sites", "selection"])

    def update(self) -> None:
        """Say what the files hold."""
        session = self.session
        site = session.site
        if site is None:
            return
        code = html.escape(site.site.lower())
        for widget, ending in ((self.series, "csv"), (self.netcdf, "nc"), (self.toml, "toml")):
            widget.filename = f"{site.site.lower()}.{ending}"
        self.words.object = (
            f"<div style='font-size:12px;opacity:.85'>This tower: {html.escape(site.site)}. Every tower: the "
            f"{len(session.shown)} that are listed on the left. A tower that ships runs from its experiment file too: "
            f"<code>python launch.py run {code}.toml --out {code}.nc</code></div>"
        )

    def _answer(self) -> SiteAnswer:
        answer = self.session.answer
        if answer is None or answer.site is not self.session.site:
            msg = "The tower is not run yet; wait a moment."
            raise ValueError(msg)
        return answer

    def _tables(self) -> TablePair:
        if self.session.table is None:
            msg = "The towers are not run yet; wait a moment."
            raise ValueError(msg)
        return self.session.table

    def _experiment(self) -> Experiment:
        site = self.session.site
        return replace(self.session.b, dataset="tower", site=site.site, per_pft=False, output="daily")

    def _table(self) -> bytes:
        return files.table_csv(self._tables(), self._listed(), self.session.b).encode("utf-8")

    def _series(self) -> bytes:
        return files.site_csv(self._answer(), self._experiment()).encode("utf-8")

    def _netcdf(self) -> bytes:
        return export.netcdf_bytes(files.site_dataset(self._answer(), self._experiment()))

    def _toml(self) -> bytes:
        return export.experiment_toml(self._experiment()).encode("utf-8")

    def _listed(self) -> tuple:
        there = set(self._tables().b.sites)
        return tuple(site for site in self.session.shown if site in there)

    def _prepare(self) -> None:
        """Write the file of every tower in a worker thread, and offer it."""
        tables, sites, experiment = self._tables(), self._listed(), self.session.b
        if not sites:
            msg = "No tower is listed; clear the search on the left."
            raise ValueError(msg)
        self.session.slowly(
            "Making the NetCDF file",
            lambda progress, cancelled: export.netcdf_bytes(files.sites_dataset(tables, sites, experiment)),
            self.all.offer, key="netcdf",
        )  # fmt: skip
