"""A page of tabs: each is made when it is opened first, remembered in the selection, and drawn when it is shown."""

from typing import Any, ClassVar

import panel_material_ui as pmui

from explorer.pages.page import Page

__all__ = ["TabbedPage"]

CLOSE = {"& .MuiTab-root": {"minWidth": 0, "padding": "6px 10px", "textTransform": "none"}}
"""Style that lets eight tabs stand side by side."""


class TabbedPage(Page):
    """A page whose attribute ``NAME`` is the tab ``NAME``, with a ``pane`` and an ``update(answer)``.

    Subclasses set ``tab_words``, name -> what stands on the tab, and call `_make_tabs` in ``main``.
    """

    tab_words: ClassVar[dict[str, str]]

    def _make_tabs(self, **made: Any) -> pmui.Tabs:
        """Make the tabs and open the selected one; ``made`` is what stands on tabs that are made already."""
        names, selected = list(self.tab_words), self.session.selection.tab
        # What stands on the other tabs is made when they are opened first: half of a page's cost.
        self.tab_places = {name: pmui.Column(sizing_mode="stretch_width", margin=0) for name in names}
        for name, pane in made.items():
            self.tab_places[name].append(pane)
        self._open(selected)
        self.tabs = pmui.Tabs(
            *((words, self.tab_places[name]) for name, words in self.tab_words.items()),
            active=names.index(selected),
            dynamic=True,
            sizing_mode="stretch_width",
            margin=0,
            sx=CLOSE,
        )
        self.tabs.param.watch(self._on_tab, "active")
        self.session.param.watch(self._on_selection, "selection")
        return self.tabs

    @property
    def tab(self) -> str:
        """Name of the tab that is shown."""
        return list(self.tab_words)[self.tabs.active]

    def _open(self, name: str) -> None:
        """Put what belongs on a tab there, once."""
        if not len(self.tab_places[name]):
            self.tab_places[name].append(getattr(self, name).pane)

    def _on_tab(self, _event) -> None:
        """Remember the tab, and draw what stands on it."""
        name = self.tab
        self._open(name)
        if name != self.session.selection.tab:
            self.session.select(tab=name)
        self._show_tab(name)

    def _on_selection(self, event) -> None:
        """Turn to the tab that is selected."""
        active = list(self.tab_words).index(event.new.tab)
        if self.tabs.active != active:
            self.tabs.active = active

    def _show_tab(self, name: str) -> None:
        """Draw what stands on a tab; for pages whose tabs do not draw themselves."""
