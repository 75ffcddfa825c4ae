"""Ask what L4C hangs on: drivers removed, errors of the inputs, parameters one by one and all at once, a drought."""

import functools

from explorer.pages.sensitivity_controls import SensitivityControls
from explorer.pages.sensitivity_drought import DroughtTab
from explorer.pages.sensitivity_errors import UncertaintyTab
from explorer.pages.sensitivity_indices import GlobalTab, TornadoTab
from explorer.pages.sensitivity_maps import RemoveTab
from explorer.pages.sensitivity_years import YearsTab
from explorer.pages.tabs import TabbedPage
from explorer.sensitivity.session import SensitivitySession

__all__ = ["SensitivityPage"]

DRAWN_BY = {
    "removal": "remove",
    "errors": "uncertainty",
    "drawn": "uncertainty",
    "tornado": "tornado",
    "indices": "indices",
    "drought": "drought",
    "years": "years",
}
"""What a session computes -> the tab that draws it."""


class SensitivityPage(TabbedPage):
    """Sensitivity and uncertainty of L4C over any region, period and grid."""

    title = "Sensitivity"
    slug = "sensitivity"
    takes = "l4c"
    lead = "What carbon hangs on: remove a driver, propagate errors, vary parameters one by one or all, let it be dry."
    session_class = SensitivitySession
    tab_words = {  # noqa: RUF012  (declared by the class above)
        "remove": "Remove a driver",
        "years": "Increments & interannual",
        "uncertainty": "Uncertainty",
        "tornado": "One at a time",
        "indices": "Global",
        "drought": "Drought",
    }

    def sidebar(self) -> list:
        """Return what can be chosen."""
        self.controls = SensitivityControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the tabs."""
        session = self.session
        self._make_tabs()
        session.param.watch(self._on_outcome, list(DRAWN_BY))
        session.param.watch(lambda _event: self._show_tab(self.tab), ["b", "selection", "rescaled"])
        self._show_tab(self.tab)
        return [self.tabs]

    @functools.cached_property
    def remove(self) -> RemoveTab:
        """The tab Remove a driver."""
        return RemoveTab(self.session, self.controls.where.draw)

    @functools.cached_property
    def years(self) -> YearsTab:
        """The tab Increments & interannual."""
        return YearsTab(self.session, self.controls.where.draw)

    @functools.cached_property
    def uncertainty(self) -> UncertaintyTab:
        """The tab Uncertainty."""
        return UncertaintyTab(self.session, self.controls.where.draw)

    @functools.cached_property
    def tornado(self) -> TornadoTab:
        """The tab One at a time."""
        return TornadoTab(self.session)

    @functools.cached_property
    def indices(self) -> GlobalTab:
        """The tab Global."""
        return GlobalTab(self.session)

    @functools.cached_property
    def drought(self) -> DroughtTab:
        """The tab Drought."""
        return DroughtTab(self.session, self.controls.where.draw)

    def _on_outcome(self, event) -> None:
        """Draw new numbers if their tab is shown."""
        if event.new is not None and DRAWN_BY[event.name] == self.tab:
            self._show_tab(self.tab)

    def _show_tab(self, name: str) -> None:
        getattr(self, name).update()
