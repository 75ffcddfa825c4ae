"""The tab Sites of the page Towers: where the towers stand, by plant type; a click chooses one."""

import html

import numpy as np
import panel as pn

from explorer.pages.page import card, heading
from explorer.style import PFT_COLOURS
from explorer.towers.session import TowersSession
from explorer.towers.sites import by_months
from explorer.views.places import PlacesMap
from models.l4c.params import PFTS

__all__ = ["SitesTab"]


class SitesTab:
    """A map of the towers that the list holds."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.map = PlacesMap(height=380)
        self.map.on_choose(lambda number: session.select(site=session.shown[number].site))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self.pane = card(heading("Towers", "click one; circles open when clicked"), self.map.pane, self.words)
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
        self.words.object = f"<div role='note' style='font-size:12px;opacity:.9'>{dots}<br>{note}</div>"
