"""L4C at every eddy-covariance tower: model against observation, and what a moved parameter does to all of it."""

import functools

from explorer.pages.tabs import TabbedPage
from explorer.pages.towers_controls import TowersControls
from explorer.pages.towers_sites import SitesTab
from explorer.towers.session import TowersSession

__all__ = ["TowersPage"]

TAB_WORDS = {
    "sites": "Sites",
}
"""Tab -> what stands on it. Another tab is a line here, its name in `explorer.towers.address.TABS`, and a property."""


class TowersPage(TabbedPage):
    """L4C at the towers: one site, all sites, their scores, the error of NEE, calibration."""

    title = "Towers"
    slug = "towers"
    lead = "See L4C beside eddy-covariance towers, move a parameter, and watch one site and all sites answer."
    session_class = TowersSession
    tab_words = TAB_WORDS

    def sidebar(self) -> list:
        """Return what can be moved."""
        self.controls = TowersControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the tabs."""
        return [self._make_tabs()]

    @functools.cached_property
    def sites(self) -> SitesTab:
        """The tab Sites."""
        return SitesTab(self.session)

    def _unfinished(self) -> bool:
        return False

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Nothing is prepared for this page."""
        return None, "", False
