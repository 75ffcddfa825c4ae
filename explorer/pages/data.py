"""See what data there are: towers, stations, satellites; look into them, add your own, and run a model there."""

import functools

import panel as pn
import panel_material_ui as pmui
from bokeh.models import CustomJS

from explorer.data.session import DataSession
from explorer.pages.data_controls import DROP_JS, HOW_TO, DataControls
from explorer.pages.data_files import FilesTab, ProductsTab
from explorer.pages.data_get import GetTab
from explorer.pages.data_map import MapTab
from explorer.pages.data_place import DatasetCard, PlacesCard
from explorer.pages.data_scores import ScoresTab
from explorer.pages.data_stack import StackTab
from explorer.pages.data_worlds import WorldsTab
from explorer.pages.page import card
from explorer.pages.tabs import TabbedPage
from explorer.views.totals import Kpi, KpiStrip

__all__ = ["DataPage"]

TAB_WORDS = {
    "places": "Places",
    "files": "Files",
    "map": "Map",
    "products": "Products",
    "stack": "Drivers",
    "scores": "All towers",
    "get": "Get data",
    "worlds": "Worlds",
}


WIDE = {"& > :first-of-type": {"width": "100% !important", "maxWidth": "100% !important", "flexBasis": "100%"}}
"""Style of the body while the tab Map is open: two maps side by side take its whole width."""


class DataPage(TabbedPage):
    """The catalog: what ships with the app, what lies in the folders of --data, and what a visitor adds."""

    title = "Data"
    slug = "data"
    lead = "Towers, stations and satellites: see what is there, add your own, and run a model with it."
    session_class = DataSession
    tab_words = TAB_WORDS

    def __init__(self, *arguments, **params):
        super().__init__(*arguments, **params)
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            document.js_on_event("document_ready", CustomJS(code=DROP_JS))

    def sidebar(self) -> list:
        """Return the filters, and the way in for a file."""
        self.controls = DataControls(self.session)
        return self.controls.objects

    def main(self) -> list:
        """Return the numbers of the catalog, and the tabs."""
        session = self.session
        self.kpis = KpiStrip()
        self.dataset = DatasetCard(session)
        self._make_tabs()
        session.param.watch(self._draw_kpis, ["items", "scanned"])
        self._draw_kpis()
        self.body = pmui.Grid(
            pmui.Grid(self.tabs, size={"xs": 12, "lg": 6.5}),
            pmui.Grid(self.dataset.pane, size={"xs": 12, "lg": 5.5}),
            container=True,
            sizing_mode="stretch_width",
        )
        self._show_tab(self.tab)
        objects = [self.kpis.pane, self.body]
        if not session.library.folders:
            text = f"<div style='font-size:13px;padding:4px 6px'><b>Your own data.</b> {HOW_TO}</div>"
            objects.insert(1, card(pn.pane.HTML(text, sizing_mode="stretch_width", margin=(4, 8))))
        return objects

    @functools.cached_property
    def places(self) -> PlacesCard:
        """The map of the tab Places."""
        return PlacesCard(self.session)

    @functools.cached_property
    def files(self) -> FilesTab:
        """The tab Files."""
        return FilesTab(self.session)

    @functools.cached_property
    def map(self) -> MapTab:
        """The tab Map."""
        return MapTab(self.session)

    @functools.cached_property
    def products(self) -> ProductsTab:
        """The tab Products."""
        return ProductsTab(self.session)

    @functools.cached_property
    def stack(self) -> StackTab:
        """The tab Drivers."""
        return StackTab(self.session)

    @functools.cached_property
    def scores(self) -> ScoresTab:
        """The tab All towers."""
        return ScoresTab(self.session)

    @functools.cached_property
    def get(self) -> GetTab:
        """The tab Get data."""
        return GetTab(self.session)

    @functools.cached_property
    def worlds(self) -> WorldsTab:
        """The tab Worlds."""
        return WorldsTab(self.session)

    def _show_tab(self, name: str) -> None:
        """Give two maps side by side the whole width; the card of the dataset goes below."""
        self.body.sx = WIDE if name == "map" else {}

    def _unfinished(self) -> bool:
        """Wait for no world unless the visitor asked to have one built."""
        return self.session.waiting and self.session.worlds.stage.busy

    def _preparing(self) -> tuple[float | None, str, bool]:
        """Show what is prepared only to who asked for it."""
        return super()._preparing() if self.session.waiting else (None, "", False)

    def _draw_kpis(self, *_events) -> None:
        """Count what is listed."""
        items = self.session.items
        kinds = [item.row.kind for item in items]
        unknown = [item for item in items if not item.row.product]
        towers = {item.row.site for item in items if item.row.kind == "tower" and item.row.site}
        stations = {item.name for item in items if item.row.kind == "station"}
        files = sum(bool(item.row.product) for item in items)
        products = {item.row.product for item in items if item.row.product}
        shown = [
            Kpi("Datasets", float(files), "", None, "files and worlds that can be read"),
            Kpi("Towers", float(len(towers)), "", None, "eddy-covariance sites"),
            Kpi("Stations", float(len(stations)), "", None, "soil moisture, weather, CO₂"),
            Kpi("Maps", float(sum(kind in ("satellite", "reanalysis", "map") for kind in kinds)), "", None,
                "satellites and reanalyses"),
            Kpi("Products", float(len(products)), "", None, "that are here"),
            Kpi("Not read", float(len(unknown)), "", None, "documents, lists, unknown files"),
        ]  # fmt: skip
        self.kpis.update(shown)
