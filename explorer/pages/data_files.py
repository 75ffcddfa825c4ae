"""The tabs Files and Products of the page Data: what is listed, and what the catalog knows."""

import html
import math

import panel as pn
import panel_material_ui as pmui

from data_catalog import CATALOG
from explorer.data.library import Item, counts
from explorer.data.session import DataSession
from explorer.pages.page import card, heading
from explorer.views.rows import Row, RowsView
from models.variables import VARIABLES

__all__ = ["FilesTab", "ProductsTab"]

PAGE = 25
"""Rows shown at once."""

COLUMNS = ("Dataset", "Kind", "Product", "From", "To", "Steps", "Good")

CARD_CSS = """
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:10px;padding:6px}
.cards article{border:1px solid rgba(128,128,128,.3);border-radius:8px;padding:10px 12px;font-size:12.5px}
.cards h3{font-size:14px;margin:0 0 2px 0;overflow-wrap:anywhere}
.cards p{margin:4px 0;overflow-wrap:anywhere}
.cards .tag{display:inline-block;border-radius:8px;padding:0 7px;margin:0 4px 3px 0;background:rgba(128,128,128,.18)}
.cards .has{background:rgba(0,158,115,.28)}
.cards .dim{opacity:.75}
"""


class FilesTab:
    """Every file that passes the filters; one that is chosen is drawn beside it."""

    def __init__(self, session: DataSession):
        self.session = session
        self.table = RowsView(COLUMNS, "Files and datasets")
        self.table.on_choose(self._on_choose)
        self.table.on_sort(self._on_sort)
        self._order: tuple[int, bool] | None = None
        self.pages = pmui.Pagination(count=1, value=0, size="small", margin=(4, 12))
        self.pages.param.watch(self._draw, "value")
        self.pane = card(heading("Files", "click a row to look at it; a heading sorts"), self.table.pane, self.pages)
        session.param.watch(self._refill, ["items", "selection"])
        self._draw()

    def _on_choose(self, key: str) -> None:
        item = next((item for item in self.session.items if item.key == key), None)
        if item is not None:
            self.session.choose(item)

    def _on_sort(self, column: int) -> None:
        falls = self._order is not None and self._order == (column, False)
        self._order = (column, falls)
        self._draw()

    def _refill(self, *_events) -> None:
        self._draw()

    def _draw(self, *_events) -> None:
        items = self.session.passing
        if self._order is not None:
            column, falls = self._order
            items = sorted(items, key=lambda item: _sortable(item, column), reverse=falls)
        count = max(1, math.ceil(len(items) / PAGE))
        page = min(self.pages.value, count - 1)
        self.pages.param.update(count=count, value=page, visible=count > 1)
        first = PAGE * page
        chosen = self.session.item
        rows = [_row(item) for item in items[first : first + PAGE]]
        self.table.update(
            rows, selected=chosen.key if chosen is not None else "", order=self._order,
            empty="Nothing passes the filters; clear them on the left.",
        )  # fmt: skip


def _good(item: Item) -> str:
    """Return the share of good values, the lowest of the variables; else of values that are there."""
    row = item.row
    if row.quality:
        return f"{100 * min(row.quality.values()):.0f} %"
    return f"{100 * (1 - max(row.gaps.values())):.0f} %" if row.gaps else ""


def _sortable(item: Item, column: int) -> tuple:
    row = item.row
    if COLUMNS[column] == "Steps":
        return (row.steps,)
    if COLUMNS[column] == "Good":
        return (float(_good(item).removesuffix(" %") or -1),)
    return (_cells(item)[column].lower() or "~",)


def _cells(item: Item) -> tuple[str, ...]:
    row = item.row
    steps = f"{row.steps:,}" if row.steps else ""
    return item.name, row.kind, row.product or "–", *row.period, steps, _good(item)


def _row(item: Item) -> Row:
    row = item.row
    uses = f"for {', '.join(row.feeds)}" if row.feeds else ""
    file = row.shown if row.shown != item.name else ""
    names = ", ".join(row.variables)
    note = " · ".join(part for part in (row.title, uses, file, row.grid, names, row.notes, item.origin) if part)
    return Row(item.key, _cells(item), note, row.problem)


class ProductsTab:
    """A card for each product that the catalog knows: what it is, whose, what it feeds, and what is here of it."""

    def __init__(self, session: DataSession):
        self.session = session
        self.words = pn.pane.HTML("", stylesheets=[CARD_CSS], sizing_mode="stretch_width", margin=(0, 6))
        self.pane = card(heading("Products", "what can be read; those in your folders first"), self.words)
        session.param.watch(self._draw, ["items", "selection"])
        self._draw()

    def _draw(self, *_events) -> None:
        chosen = self.session.selection
        here = counts(self.session.items, "product")
        variables: dict[str, list[str]] = {}
        for item in self.session.items:
            held = variables.setdefault(item.row.product, [])
            held += [name for name in item.row.variables if name not in held]
        cards = []
        for name, entry in sorted(CATALOG.items(), key=lambda pair: pair[0] not in here):
            text = " ".join((name, entry.title, entry.kind, " ".join(entry.feeds))).lower()
            if (chosen.kind and entry.kind != chosen.kind) or (chosen.product and name != chosen.product):
                continue
            if not all(word in text for word in chosen.search.lower().split()):
                continue
            if chosen.measures and chosen.measures not in variables.get(name, ()):
                continue
            cards.append(_card(name, entry, here.get(name, 0), variables.get(name, [])))
        self.words.object = f"<div class='cards'>{''.join(cards)}</div>" if cards else (
            "<p>No product passes the filters; clear them on the left.</p>")  # fmt: skip


def _card(name: str, entry, count: int, variables: list[str]) -> str:
    has = f"<span class='tag has'>{count:,} here</span>" if count else ""
    made = "<span class='tag'>synthetic</span>" if entry.synthetic else ""
    feeds = "".join(f"<span class='tag'>{html.escape(use)}</span>" for use in entry.feeds)
    words = ", ".join(VARIABLES[v].long_name for v in variables[:8] if v in VARIABLES)
    holds = f"<p>{html.escape(words)}{' …' if len(variables) > 8 else ''}</p>" if words else ""
    return (
        f"<article><h3>{html.escape(entry.title)}</h3>"
        f"<p class='dim'>{html.escape(name)} · {html.escape(entry.kind)}</p>"
        f"<p>{has}{made}{feeds}</p>{holds}<p class='dim'>{html.escape(entry.citation)}</p>"
        f"<p class='dim'><b>Licence:</b> {html.escape(entry.licence)}</p></article>"
    )
