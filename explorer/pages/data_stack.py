"""The tab Drivers of the page Data: who gives each driver of L4C at a tower, and what comes of the order."""

import html
import io
from functools import partial

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from data_catalog.drivers import GIVERS, L4C_DRIVERS
from explorer.data import export as data_export
from explorer.data.session import DataSession
from explorer.pages.page import card, heading, put, switch
from explorer.style import LINE_COLOURS, symbol_text
from explorer.tower_stack import FILLED, USUAL, StackRun, beside, run_stack, stacked
from explorer.views.sources import SourcesView
from explorer.views.towers import ScoresView
from models.variables import VARIABLES

__all__ = ["StackTab"]

WORDS = {"tower": "tower", "file": "file", "world": "world"}
COLOURS = {"tower": LINE_COLOURS[2], "file": LINE_COLOURS[0], "world": "#8c8c8c", "missing": "#c2410c"}
NONE = ""


class StackTab:
    """Rows of drivers with their order of preference; every change runs L4C at the tower again."""

    def __init__(self, session: DataSession):
        self.session = session
        self.order = dict(USUAL)
        self.fill = dict(FILLED)
        self.shown: StackRun | None = None
        self.usual: StackRun | None = None
        self._asked: tuple = ()
        self._showing = False
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.file = pmui.Select(
            label="File at this place", options={"none": NONE}, value=NONE, size="small", width=330, margin=(6, 8),
            description="Another record that may give drivers, as a satellite's fPAR; it must lie within 0.1°",
        )  # fmt: skip
        self.file.param.watch(self._on_file, "value")
        self.again = pmui.Button(
            label="Usual order", icon="restart_alt", size="small", variant="outlined", margin=(8, 8),
            on_click=lambda _event: self._set(dict(USUAL), dict(FILLED)),
        )  # fmt: skip
        self.gaps = switch("Gaps", {"Gaps to the next": "filled", "Gaps left": "left"}, "filled")
        self.gaps.param.watch(self._on_gaps, "value")
        self.all = pmui.FlexBox(margin=(0, 6))
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.scores = ScoresView("R, RMSE, ubRMSE and bias of daily fluxes [gC m⁻² d⁻¹] over the tower's good days n.")
        self.calendar = SourcesView(COLOURS)
        self.netcdf = self._download("Drivers and run (.nc)", self._netcdf, "stack.nc")
        self.csv = self._download("Sources (.csv)", self._csv, "sources.csv")
        self.pane = card(
            heading("Driver stack", "who gives each driver, the preferred first; a click brings one forward"),
            self.words,
            pmui.FlexBox(self.file, self.again, margin=0),
            pmui.FlexBox(self.all, self.gaps, margin=(0, 6)),
            self.rows,
            heading("Who gave which day"),
            self.calendar.pane,
            pmui.FlexBox(self.netcdf, self.csv, margin=(2, 6)),
            heading("Skill of L4C with this order", "against the tower's own fluxes, published parameters"),
            self.scores.pane,
        )
        session.param.watch(self._on_selection, ["selection", "items"])
        self._draw()
        self._on_selection()

    # -- what is chosen -----------------------------------------------------------------------------------------
    def _on_selection(self, *_events) -> None:
        item = self.session.item
        if not stacked(item):
            self.words.object = (
                "<div style='font-size:13px'>Choose a tower with days or half hours (it serves as <i>drivers</i>) on "
                "the map or in the list; its drivers are put together here.</div>"
            )
            return
        row = item.row
        self.words.object = (
            f"<div style='font-size:13px'><b>{html.escape(row.title or item.name)}</b>. What the tower did not measure "
            "comes from the next in line; the world's weather is synthetic.</div>"
        )
        options = {"none": NONE} | {f"{o.name} · {o.row.product}"[:60]: o.key for o in beside(self.session.items, item)}
        self._showing = True
        try:
            if self.file.options != options:
                value = self.file.value if self.file.value in options.values() else NONE
                self.file.param.update(options=options, value=value)
                self._draw()
        finally:
            self._showing = False
        self._ask()

    def _on_file(self, _event) -> None:
        if not self._showing:
            self._draw()
            self._ask()

    def _on_gaps(self, event) -> None:
        if not self._showing:
            self._set(self.order, dict.fromkeys(L4C_DRIVERS, event.new == "filled"))

    def _turn(self, name: str) -> None:
        """Fill the gaps of one driver, or leave them."""
        self._set(self.order, self.fill | {name: not self.fill[name]})

    def _set(self, order: dict[str, tuple[str, ...]], fill: dict[str, bool]) -> None:
        self.order, self.fill = order, fill
        self._showing = True
        try:
            put(self.gaps, "left" if not any(fill.values()) else "filled")
        finally:
            self._showing = False
        self._draw()
        self._ask()

    def _shown_of(self, name: str, line: tuple[str, ...] = ()) -> list[str]:
        """Return the givers in the line of a driver; the file only if one is chosen."""
        return [giver for giver in line or self.order[name] if giver != "file" or self.file.value]

    def _forward(self, giver: str, drivers: tuple[str, ...]) -> None:
        """Let a giver come one place earlier for these drivers."""
        order = dict(self.order)
        for name in drivers:
            line = list(order[name])
            before = [other for other in self._shown_of(name) if line.index(other) < line.index(giver)]
            if before:
                line.remove(giver)
                line.insert(0 if len(drivers) > 1 else line.index(before[-1]), giver)
            order[name] = tuple(line)
        self._set(order, self.fill)

    # -- runs ---------------------------------------------------------------------------------------------------
    def _ask(self) -> None:
        """Run L4C with this order, off the event loop; only the newest wish counts."""
        session, item = self.session, self.session.item
        if session.closed or not session.loaded or not stacked(item) or session.selection.tab != "stack":
            return
        file = next((other for other in session.items if other.key == self.file.value), None)
        asked = (item, file, tuple(self.order.items()), tuple(self.fill.items()))
        if asked == self._asked:
            return
        self._asked = asked
        usual = self.usual if self.usual is not None and self.usual.item is item else None
        wish = (dict(self.order), dict(self.fill))
        work = partial(self._work, item, file, wish, session.a, usual)
        session.slowly(f"Running L4C at {item.name}", work, self._take, key="stack", ended=self._forget)

    @staticmethod
    def _work(item, file, wish, experiment, usual, progress, cancelled) -> tuple[StackRun, StackRun]:
        order, fill = wish
        if usual is None:
            usual = run_stack(item, None, USUAL, experiment, lambda done: progress(done / 2), cancelled)
        if file is None and (order, fill) == (USUAL, FILLED):
            return usual, usual
        return usual, run_stack(item, file, order, experiment, lambda done: progress(0.5 + done / 2), cancelled, fill)

    def _forget(self) -> None:
        self._asked = ()

    def _take(self, runs: tuple[StackRun, StackRun]) -> None:
        if runs[1].item is not self.session.item or (runs[1].order, runs[1].fill) != (self.order, self.fill):
            return  # a newer wish follows
        self.usual, self.shown = runs
        self._draw()
        self._draw_calendar()
        self._draw_scores()

    # -- what is drawn ------------------------------------------------------------------------------------------
    def _draw(self) -> None:
        self.all.objects = [
            pn.pane.HTML("<div style='font-size:12.5px;padding-top:6px'>Every driver from</div>", margin=(4, 6)),
            *(
                pmui.Button(
                    label=f"{WORDS[giver]} first", size="small", variant="text", margin=2,
                    on_click=lambda _event, giver=giver: self._forward(giver, L4C_DRIVERS),
                )
                for giver in self._shown_of(L4C_DRIVERS[0], GIVERS)
            ),
        ]  # fmt: skip
        lines = []
        for name in L4C_DRIVERS:
            buttons = [
                pmui.Button(
                    label=f"{place + 1} {WORDS[giver]}", size="small", margin=2,
                    variant="contained" if place == 0 else "outlined", width=86,
                    description=f"Let the {WORDS[giver]} come earlier for {VARIABLES[name].long_name}",
                    on_click=lambda _event, giver=giver, name=name: self._forward(giver, (name,)),
                )
                for place, giver in enumerate(self._shown_of(name))
            ]  # fmt: skip
            buttons.append(
                pmui.Button(
                    label="gaps to next" if self.fill[name] else "gaps left", size="small", margin=2, variant="text",
                    width=100, description=f"Fill the gaps of {VARIABLES[name].long_name} from the next, or leave them",
                    on_click=lambda _event, name=name: self._turn(name),
                )
            )  # fmt: skip
            label = f"<div style='font-size:12.5px;padding-top:4px'><b>{html.escape(_symbol(name))}</b></div>"
            text = pn.pane.HTML(self._shares(name), sizing_mode="stretch_width", margin=(2, 8))
            lines.append(
                pmui.Row(
                    pn.pane.HTML(label, width=62, margin=(2, 4)), *buttons, text, sizing_mode="stretch_width",
                    margin=(0, 8), sx={"flexWrap": "wrap"},
                )
            )  # fmt: skip
        self.rows.objects = lines

    def _shares(self, name: str) -> str:
        """Write the share of days from each as a bar and in words."""
        run = self.shown
        if run is None or run.item is not self.session.item:
            return ""
        rows = run.shares[run.shares["driver"] == name]
        bar = "".join(
            f"<span style='display:inline-block;height:8px;width:{100 * row.share:.2f}%;"
            f"background:{COLOURS[_giver(row.source)]}'></span>"
            for row in rows.itertuples()
        )
        words = "; ".join(f"{100 * row.share:.0f} % {row.source}" for row in rows.itertuples())
        return (
            f"<div style='width:100%;min-width:140px;line-height:0;font-size:0'>{bar}</div>"
            f"<div style='font-size:11.5px;opacity:.85'>{html.escape(words)}</div>"
        )

    def _draw_calendar(self) -> None:
        """Show who gave each driver on each day."""
        drivers = self.shown.drivers
        givers = list(COLOURS)
        given = {}
        for name in L4C_DRIVERS:
            stored = drivers[f"{name}_source"]
            values, meanings = stored.attrs["flag_values"], stored.attrs["flag_meanings"].split()
            table = np.zeros(256, int)
            for value, meaning in zip(values, meanings, strict=True):
                table[int(value) % 256] = givers.index(_giver(meaning.replace("_", " ")))
            given[name] = table[stored.values[0].astype(int) % 256]
        self.calendar.update(drivers["time"].values, given, [_symbol(name) for name in L4C_DRIVERS])
        self.netcdf.disabled = self.csv.disabled = False

    def _draw_scores(self) -> None:
        run, usual = self.shown, self.usual
        if run is None or usual is None:
            return
        if run.scores.empty:
            self.scores.pane.object = "<div style='font-size:13px'>The tower has no flux to compare with.</div>"
            return
        parts = []
        for words, one in (("this order", run), ("usual order", usual)):
            frame = one.scores.copy()
            frame.insert(1, "drivers", words)
            parts.append(frame)
            if run is usual:
                break
        self.scores.update(pd.concat(parts).sort_values("flux", kind="stable"))

    # -- files to take away -------------------------------------------------------------------------------------
    @staticmethod
    def _download(label: str, make, name: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: io.BytesIO(make()), filename=name, label=label, size="small", variant="outlined", margin=4,
            disabled=True,
        )  # fmt: skip

    def _netcdf(self) -> bytes:
        return data_export.stack_netcdf(self.shown)

    def _csv(self) -> bytes:
        return data_export.stack_csv(self.shown).encode("utf-8")


def _symbol(name: str) -> str:
    return symbol_text(VARIABLES[name].symbol)


def _giver(source: str) -> str:
    first = source.split(" ")[0]
    return first if first in COLOURS else "world"
