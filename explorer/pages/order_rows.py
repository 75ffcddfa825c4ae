"""Rows of a driver stack: who may give each variable, the preferred first, and what becomes of its gaps."""

import html
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
import xarray as xr

from explorer.pages.page import put, switch
from explorer.style import LINE_COLOURS, symbol_text
from explorer.views.sources import SourcesView
from models.variables import VARIABLES

__all__ = ["COLOURS", "OrderRows", "giver_of"]

COLOURS = {"tower": LINE_COLOURS[2], "file": LINE_COLOURS[0], "world": "#8c8c8c", "missing": "#c2410c"}
"""Giver -> colour; the last stands for what nobody gave."""


class OrderRows:
    """A row for each variable; a click brings a giver forward, or turns what becomes of the gaps.

    Parameters
    ----------
    names, givers : sequence of str
        Variables, and who may give them in the usual order.
    offers_file : callable
        Whether there is a file that may give something; else it is not shown.
    changed : callable
        Called when the order or the gaps were changed.
    """

    def __init__(
        self,
        names: Sequence[str],
        givers: Sequence[str],
        offers_file: Callable[[], bool],
        changed: Callable[[], None],
    ):
        self.names, self.givers = tuple(names), tuple(givers)
        self._offers_file, self._changed = offers_file, changed
        self.order, self.fill = self.usual
        self._shares: pd.DataFrame | None = None
        self._showing = False
        self.again = pmui.Button(
            label="Usual order", icon="restart_alt", size="small", variant="outlined", margin=(8, 8),
            on_click=lambda _event: self.set(*self.usual),
        )  # fmt: skip
        self.gaps = switch("Gaps", {"Gaps to the next": "filled", "Gaps left": "left"}, "filled")
        self.gaps.param.watch(self._on_gaps, "value")
        self.all = pmui.FlexBox(margin=(0, 6))
        self.rows = pmui.Column(sizing_mode="stretch_width", margin=0)
        self.calendar = SourcesView(COLOURS)
        self.calendar.pane.visible = False
        self.pane = pmui.Column(
            pmui.FlexBox(self.all, self.gaps, margin=(0, 6)), self.rows, sizing_mode="stretch_width", margin=0
        )
        self.draw()

    @property
    def usual(self) -> tuple[dict[str, tuple[str, ...]], dict[str, bool]]:
        """The usual order, and gaps that go to the next."""
        return dict.fromkeys(self.names, self.givers), dict.fromkeys(self.names, True)

    # -- what a hand does ---------------------------------------------------------------------------------------
    def set(self, order: dict[str, tuple[str, ...]], fill: dict[str, bool]) -> None:
        """Take another order and other wishes about gaps."""
        self.order, self.fill = order, fill
        self._showing = True
        try:
            put(self.gaps, "left" if not any(fill.values()) else "filled")
        finally:
            self._showing = False
        self.draw()
        self._changed()

    def forward(self, giver: str, names: tuple[str, ...]) -> None:
        """Let a giver come one place earlier for a variable; for several, first."""
        order = dict(self.order)
        for name in names:
            line = list(order[name])
            before = [other for other in self._line(name) if line.index(other) < line.index(giver)]
            if before:
                line.remove(giver)
                line.insert(0 if len(names) > 1 else line.index(before[-1]), giver)
            order[name] = tuple(line)
        self.set(order, self.fill)

    def turn(self, name: str) -> None:
        """Fill the gaps of one variable, or leave them."""
        self.set(self.order, self.fill | {name: not self.fill[name]})

    def _on_gaps(self, event) -> None:
        if not self._showing:
            self.set(self.order, dict.fromkeys(self.names, event.new == "filled"))

    def _line(self, name: str) -> list[str]:
        """Return the givers of a variable in its order; the file only if there is one."""
        return [giver for giver in self.order[name] if giver != "file" or self._offers_file()]

    # -- what is drawn ------------------------------------------------------------------------------------------
    def show(self, shares: pd.DataFrame | None, ds: xr.Dataset | None = None) -> None:
        """Show who gave which share, and which step; None takes it away."""
        self._shares = shares
        self.draw()
        self.calendar.pane.visible = ds is not None
        if ds is not None:
            given = {name: _givers_by_step(ds[f"{name}_source"]) for name in self.names}
            self.calendar.update(ds["time"].values, given, [_symbol(name) for name in self.names])

    def draw(self) -> None:
        """Draw the buttons and the shares."""
        self.all.objects = [
            pn.pane.HTML("<div style='font-size:12.5px;padding-top:6px'>Everything from</div>", margin=(4, 6)),
            *(
                pmui.Button(
                    label=f"{giver} first", size="small", variant="text", margin=2,
                    on_click=lambda _event, giver=giver: self.forward(giver, self.names),
                )
                for giver in self.givers
                if giver != "file" or self._offers_file()
            ),
        ]  # fmt: skip
        self.rows.objects = [self._row(name) for name in self.names]

    def _row(self, name: str) -> pmui.Row:
        words = VARIABLES[name].long_name
        buttons = [
            pmui.Button(
                label=f"{place + 1} {giver}", size="small", margin=2, width=86,
                variant="contained" if place == 0 else "outlined", description=f"Let the {giver} come earlier: {words}",
                on_click=lambda _event, giver=giver: self.forward(giver, (name,)),
            )
            for place, giver in enumerate(self._line(name))
        ]  # fmt: skip
        gaps = pmui.Button(
            label="gaps to next" if self.fill[name] else "gaps left", size="small", margin=2, variant="text", width=100,
            description=f"Fill the gaps from the next, or leave them: {words}",
            on_click=lambda _event: self.turn(name),
        )  # fmt: skip
        label = f"<div style='font-size:12.5px;padding-top:4px'><b>{html.escape(_symbol(name))}</b></div>"
        shares = pn.pane.HTML(self._shares_of(name), sizing_mode="stretch_width", margin=(2, 8))
        return pmui.Row(
            pn.pane.HTML(label, width=62, margin=(2, 4)), *buttons, gaps, shares, sizing_mode="stretch_width",
            margin=(0, 8), sx={"flexWrap": "wrap"},
        )  # fmt: skip

    def _shares_of(self, name: str) -> str:
        """Write the share from each giver as a bar and in words."""
        if self._shares is None:
            return ""
        rows = self._shares[self._shares["driver"] == name]
        bar = "".join(
            f"<span style='display:inline-block;height:8px;width:{100 * row.share:.2f}%;"
            f"background:{COLOURS[giver_of(row.source)]}'></span>"
            for row in rows.itertuples()
        )
        words = "; ".join(f"{100 * row.share:.0f} % {row.source}" for row in rows.itertuples())
        return (
            f"<div style='width:100%;min-width:140px;line-height:0;font-size:0'>{bar}</div>"
            f"<div style='font-size:11.5px;opacity:.85'>{html.escape(words)}</div>"
        )


def _symbol(name: str) -> str:
    return symbol_text(VARIABLES[name].symbol)


def giver_of(source: str) -> str:
    """Return whose a source is, of the words that a stack gives it.

    Examples
    --------
    >>> giver_of("tower SW_IN_F"), giver_of("reference-earth 108km, cell 59 km away")
    ('tower', 'world')
    """
    first = source.split(" ")[0]
    return first if first in COLOURS else "world"


def _givers_by_step(stored: xr.DataArray) -> np.ndarray:
    """Return the position among `COLOURS` of who gave each step, of a ``<name>_source`` with CF flags."""
    givers = list(COLOURS)
    meanings = stored.attrs["flag_meanings"].split()
    flags = np.asarray(stored.attrs["flag_values"], int)
    positions = np.array([givers.index(giver_of(meaning.replace("_", " "))) for meaning in meanings])
    order = np.argsort(flags)
    return positions[order[np.searchsorted(flags[order], np.ravel(stored.values).astype(int))]]
