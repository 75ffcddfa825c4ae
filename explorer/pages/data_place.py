"""The tab Places of the page Data: a map, and what the chosen dataset holds: series, calendar, sources, ways on."""

import html
import io

import numpy as np
import panel as pn
import panel_material_ui as pmui

from data_catalog.file_maps import layers_of
from explorer.data import export as data_export
from explorer.data.links import links_of
from explorer.data.series import Channel, calendar_of
from explorer.data.session import DataSession
from explorer.pages.page import card, heading, put
from explorer.style import LINE_COLOURS, symbol_text, unit_text
from explorer.views.observed import CalendarView, ObservedView
from explorer.views.places import PlacesMap
from models.variables import VARIABLES

__all__ = ["DatasetCard", "PlacesCard"]

KIND_COLOURS = {
    "tower": LINE_COLOURS[2],
    "station": LINE_COLOURS[0],
    "satellite": LINE_COLOURS[5],
    "drivers": LINE_COLOURS[3],
}
OTHER_COLOUR = LINE_COLOURS[1]


class PlacesCard:
    """Where what passes the filters stands; a click chooses."""

    def __init__(self, session: DataSession):
        self.session = session
        self.map = PlacesMap(height=300)
        self.map.on_choose(self._on_choose)
        self._places: list = []
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        self.pane = card(
            heading("Towers and stations", "click one; circles open when clicked"), self.map.pane, self.words
        )
        session.param.watch(self._draw, "items")
        session.param.watch(self._on_selection, "selection")
        self._draw()

    def _on_choose(self, number: int) -> None:
        place = self._places[number]
        self.session.choose(place.items[0])

    def _on_selection(self, event) -> None:
        filters = ("kind", "product", "measures", "after", "before", "search")
        if any(getattr(event.old, name) != getattr(event.new, name) for name in filters):
            self._draw()
        elif event.old.item != event.new.item:
            self._mark()

    def _draw(self, *_events) -> None:
        self._places = places = self.session.places
        names = [f"{place.name} · {place.kind}" + (f" · {len(place.items)} files" if len(place.items) > 1 else "")
                 for place in places]  # fmt: skip
        colours = [KIND_COLOURS.get(place.kind, OTHER_COLOUR) for place in places]
        self.map.update(names, np.array([p.latitude for p in places]), np.array([p.longitude for p in places]), colours)
        kinds: dict[str, int] = {}
        for place in places:
            kinds[place.kind] = kinds.get(place.kind, 0) + 1
        dots = "".join(
            f"<span style='white-space:nowrap;margin-right:14px'><span style='color:"
            f"{KIND_COLOURS.get(kind, OTHER_COLOUR)}'>●</span> {html.escape(kind)} {count:,}</span>"
            for kind, count in kinds.items()
        )
        placed = sum(len(place.items) for place in places)
        without = len(self.session.passing) - placed
        note = f"{len(places):,} places; {without:,} of the list are of no single place." if places else (
            "Nothing that is listed has a place; clear the filters.")  # fmt: skip
        self.words.object = f"<div role='note' style='font-size:12px;opacity:.9'>{dots}<br>{note}</div>"
        self._mark()

    def _mark(self) -> None:
        item = self.session.item
        if item is None or not item.placed:
            self.map.select(None)
        else:
            self.map.select(item.row.latitude, item.row.longitude)


class DatasetCard:
    """What the chosen dataset is, its series and its calendar."""

    def __init__(self, session: DataSession):
        self.session = session
        self._showing = False
        small = {"size": "small", "margin": (6, 8)}
        self.facts = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 12, 2, 12))
        self.here = pmui.Select(label="File", options={}, width=330, visible=False, **small)
        self.variable = pmui.Select(label="Variable", options={}, width=270, **small)
        self.site = pmui.Select(label="Place", options={}, width=170, visible=False, **small)
        self.here.param.watch(self._on_here, "value")
        self.variable.param.watch(self._on_variable, "value")
        self.site.param.watch(self._on_site, "value")
        self.series = ObservedView(height=240)
        self.calendar = CalendarView()
        self.source = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.links = pmui.FlexBox(margin=(2, 6))
        self.csv = self._download("Series (.csv)", self._csv, "csv")
        self.netcdf = self._download("Series (.nc)", self._netcdf, "nc")
        self.drawn = pmui.Column(
            pmui.FlexBox(self.variable, self.site, margin=0),
            self.series.pane,
            heading("Gap calendar", "share of good data, day by year"),
            self.calendar.pane,
            pmui.FlexBox(self.csv, self.netcdf, margin=(2, 6)),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        self.pane = card(self.facts, self.here, self.links, self.drawn, self.source)
        session.param.watch(self._show, ["record", "series", "unread"])
        session.param.watch(self._on_selection, "selection")
        session.param.watch(self._on_selection, "items")
        self._on_selection()

    @staticmethod
    def _download(label: str, make, ending: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: io.BytesIO(make()), filename=f"series.{ending}", label=label, size="small",
            variant="outlined", margin=4, disabled=True,
        )  # fmt: skip

    # -- what is said of it before it is open -------------------------------------------------------------------
    def _on_selection(self, *events) -> None:
        if events and events[0].name == "selection" and events[0].old.item == events[0].new.item:
            return
        item = self.session.item
        if item is None:
            self.facts.object = "<div style='font-size:13px'>Choose a place on the map or a file in the list.</div>"
            self.links.objects = []
            self.here.visible = self.drawn.visible = False
            self.source.object = ""
            return
        row = item.row
        title = row.title or row.shown
        where = "" if row.latitude is None else f"{row.latitude:.3f}°, {row.longitude:.3f}°"
        facts = [
            item.origin,
            row.kind,
            row.product,
            where,
            row.detail,
            f"for {', '.join(row.feeds)}" if row.feeds else "",
        ]
        words = " · ".join(html.escape(fact) for fact in facts if fact)
        notes = html.escape(row.notes)
        problem = f"<div style='color:#c2410c'>{html.escape(row.problem)}</div>" if row.problem else ""
        self.facts.object = (
            f"<div style='font-size:15px'><b>{html.escape(title)}</b></div>"
            f"<div style='font-size:12.5px;opacity:.85'>{words}</div>"
            f"<div style='font-size:12.5px;opacity:.85'>{notes}</div>"
            f"<div style='font-size:12.5px'>{problem}</div>"
        )
        place = self.session.place_of(item)
        others = place.items if place is not None else (item,)
        self._showing = True
        try:
            options = {f"{other.row.shown or other.name}"[-60:]: other.key for other in others}
            self.here.param.update(options=options, value=item.key, visible=len(options) > 1)
        finally:
            self._showing = False
        self._draw_links()
        self._say_source()

    def _draw_links(self) -> None:
        """Offer what can run here; where a file of several places lies is known once it is open."""
        item, record = self.session.item, self.session.record
        ds = record.ds if record is not None and record.item is item else None
        self.links.objects = [
            pmui.Button(
                label=link.label, icon=link.icon, href=link.address, size="small", margin=4, description=link.note,
                variant="contained" if k == 0 else "outlined",
            )
            for k, link in enumerate(links_of(item, ds))
        ]  # fmt: skip
        if ds is not None and layers_of(ds):
            draw = pmui.Button(
                label="Draw its map", icon="map", size="small", variant="contained", margin=4,
                description="Draw its map: beside the world's same variable, with a series of each cell",
                on_click=lambda _event: self.session.select(tab="map", variable="", layer="", time="", cell=""),
            )  # fmt: skip
            self.links.objects = [draw, *self.links.objects]

    def _say_source(self) -> None:
        item, record = self.session.item, self.session.record
        if item is None:
            return
        row = item.row
        words = {"citation": row.citation, "licence": row.licence, "file": row.shown}
        if record is not None and record.item is item:
            words = data_export.source_words(record)
        made = "<b>Synthetic numbers.</b> " if row.synthetic else ""
        names = (("source", "Source"), ("citation", "Cite"), ("licence", "Licence"), ("file", "File"))
        lines = [f"<b>{title}:</b> {html.escape(words[name])}" for name, title in names if words.get(name)]
        self.source.object = f"<div style='font-size:12px;opacity:.85'>{made}{'<br>'.join(lines)}</div>"

    # -- what is drawn ------------------------------------------------------------------------------------------
    def _show(self, *_events) -> None:
        session = self.session
        record, series, item = session.record, session.series, session.item
        self.drawn.visible = series is not None
        self.csv.disabled = self.netcdf.disabled = series is None
        self._say_source()
        if record is not None and item is not None and not item.placed:
            self._draw_links()
        if series is None or record is None:
            if session.unread:
                text = html.escape(session.unread)
                self.source.object = f"<div style='font-size:13px'>{text}</div>{self.source.object}"
            return
        self._offer(record, series)
        quantity = VARIABLES[series.channel.name]
        unit = unit_text(quantity.unit) or ("1" if quantity.unit == "1" else quantity.unit)
        where = series.site or item.row.site or item.row.title
        label = series.channel.label
        title = f"{label[:1].upper()}{label[1:]} · {where} · {series.step_words}"
        self.series.update(
            series.time, series.values, series.good, axis=f"{symbol_text(quantity.symbol)} [{unit}]", title=title,
            flagged=series.flagged,
        )  # fmt: skip
        years, share = calendar_of(series.days)
        held = series.days
        words = (
            f"{held.index[0]:%Y-%m-%d} to {held.index[-1]:%Y-%m-%d}, {len(held):,} days: {100 * held.mean():.0f} % of "
            f"the values are there{' and good' if series.flagged else ''}; the longest gap: {longest_gap(held):,} days."
        )
        self.calendar.update(years, share, words)
        for ending, widget in (("csv", self.csv), ("nc", self.netcdf)):
            widget.filename = data_export.series_name(record, series, ending)

    def _offer(self, record, series) -> None:
        """Let the pickers say what is there, and what is shown."""
        self._showing = True
        try:
            options = {}
            for channel in record.channels:
                unit = unit_text(VARIABLES[channel.name].unit)
                options[f"{channel.label} [{unit}]" if unit else channel.label] = _word(channel)
            if self.variable.options != options:
                self.variable.param.update(options=options, value=_word(series.channel))
            put(self.variable, _word(series.channel))
            self.site.visible = bool(record.sites)
            sites = {name: name for name in record.sites}
            shown = series.site or (record.sites[0] if record.sites else "")
            if self.site.options != sites:
                self.site.param.update(options=sites, value=shown or None)
            elif record.sites:
                put(self.site, shown)
        finally:
            self._showing = False

    def _on_here(self, event) -> None:
        if self._showing or not event.new:
            return
        item = next((item for item in self.session.items if item.key == event.new), None)
        if item is not None:
            self.session.choose(item)

    def _on_variable(self, event) -> None:
        if not self._showing and event.new:
            name, _, layer = event.new.partition(":")
            self.session.select(variable=name, layer=layer)

    def _on_site(self, event) -> None:
        if not self._showing and event.new:
            self.session.select(site=event.new)

    # -- files to take away -------------------------------------------------------------------------------------
    def _csv(self) -> bytes:
        return data_export.series_csv(self.session.record, self.session.series).encode("utf-8")

    def _netcdf(self) -> bytes:
        return data_export.series_netcdf(self.session.record, self.session.series)


def _word(channel: Channel) -> str:
    return channel.name if channel.layer < 0 else f"{channel.name}:{channel.layer}"


def longest_gap(days) -> int:
    """Return the largest number of days in a row that hold no good value."""
    empty = (days.to_numpy() <= 0.0).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty, [0]])))
    return int(np.max(edges[1::2] - edges[::2])) if edges.size else 0
