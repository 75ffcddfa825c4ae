"""The tab Map of the page Towers: where the towers stand, and their list by plant type; a click chooses one."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading
from explorer.style import PFT_COLOURS
from explorer.tower_runs import TowerSite
from explorer.towers.session import TowersSession
from explorer.towers.sites import by_months, igbp_of
from explorer.views.places import PlacesMap
from explorer.views.rows import Row, RowsView
from models.l4c.params import PFT_NAMES, PFTS

__all__ = ["SitesTab"]

MOST_PROBLEMS = 5
"""Towers that can't be run whose reasons are told."""


class SitesTab:
    """A map and a table of the towers that pass the search."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.map = PlacesMap(height=380)
        self.map.on_choose(lambda number: session.select(site=session.shown[number].site))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self.table = RowsView(("Tower", "plant type", "IGBP", "judged by", "first day", "last day"), "Towers by type")
        self.table.on_choose(lambda site: session.select(site=site))
        self.pane = pmui.Column(
            card(heading("Towers", "click one; circles open when clicked"), self.map.pane, self.words),
            card(heading("By plant type", "click a row to look at it"), self.table.pane),
            sizing_mode="stretch_width",
            margin=0,
        )
        session.param.watch(self.update, ["sites", "selection"])
        self.update()

    def update(self, *_events) -> None:
        """Draw the towers that the list holds, and mark the one that is looked at."""
        shown = self.session.shown
        places = [site.drivers for site in shown]
        latitude = np.array([float(ds["latitude"].values[0]) for ds in places])
        longitude = np.array([float(ds["longitude"].values[0]) for ds in places])
        names = [f"{site.site} · {PFTS[site.pft - 1]}" for site in shown]
        colours = [PFT_COLOURS[PFTS[site.pft - 1]] for site in shown]
        self.map.update(names, latitude, longitude, colours)
        site = self.session.site
        if site is None or site not in shown:
            self.map.select(None)
        else:
            self.map.select(latitude[shown.index(site)], longitude[shown.index(site)])
        dots = "".join(
            f"<span style='white-space:nowrap;margin-right:14px'><span style='color:{PFT_COLOURS[pft]}'>●</span> "
            f"{html.escape(pft)} {n}</span>"
            for k, pft in enumerate(PFTS)
            if (n := sum(one.pft == k + 1 for one in shown))
        )
        months = sum(map(by_months, shown))
        note = f"{len(shown) - months} towers with days of their own, {months} with months alone."
        problems = self.session.towers.problems
        if problems:
            said = "; ".join(f"{code}: {why}" for code, why in list(problems.items())[:MOST_PROBLEMS])
            more = len(problems) - MOST_PROBLEMS
            note += f" {len(problems)} can't be run: {html.escape(said)}{f'; and {more} more' if more > 0 else ''}"
        self.words.object = f"<div role='note' style='font-size:12px;opacity:.9'>{dots}<br>{note}</div>"
        self._draw_rows(shown)

    def _draw_rows(self, shown: tuple[TowerSite, ...]) -> None:
        """Write the list, plant type by plant type."""
        rows = []
        for one in sorted(shown, key=lambda one: (one.pft, one.site)):
            first, last = (np.datetime_as_string(one.drivers["time"].values[k], "D") for k in (0, -1))
            pft = PFTS[one.pft - 1]
            step = "months" if by_months(one) else "days"
            cells = (one.site, f"{pft} · {PFT_NAMES[pft]}", igbp_of(one), step, first, last)
            rows.append(Row(one.site, cells, one.title))
        site = self.session.site
        self.table.update(
            rows, selected=site.site if site is not None else "", empty="No tower passes the search on the left."
        )
