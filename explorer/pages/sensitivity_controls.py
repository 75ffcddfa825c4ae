"""The left side of the page Sensitivity: where, when, on which grid, and which table and soil the model has."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.pages.carbon_controls import CHOICE_WORDS, OPTION_HELP, OPTION_LABELS
from explorer.pages.page import put
from explorer.pages.where import Period, Where
from explorer.sensitivity.session import SensitivitySession
from explorer.worlds import GRIDS
from models.l4c.bplut import BPLUTS
from models.options import L4C_CHOICES

__all__ = ["SensitivityControls"]

OFFERED = ("bplut", "spin_up", "smrz_range", "frozen_gpp", "litterfall")


class SensitivityControls:
    """Widgets on one session; they follow it, and what a hand does goes to `Session.edit`."""

    def __init__(self, session: SensitivitySession):
        self.session = session
        self._showing = False
        wide = {"size": "small", "sizing_mode": "stretch_width", "margin": (8, 8, 4, 8)}
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(8, 8, 2, 8))
        self.where = Where(session, "Maps, shares and outputs are of this region")
        self.period = Period(session, self._own_days)
        self.grid = pmui.Select(
            label="Grid", options={g.replace("km", " km"): g for g in GRIDS},
            description="The 36-km grid has eight times the cells, and takes eight times as long", **wide,
        )  # fmt: skip
        self.grid.param.watch(self._on_grid, "value")
        self.choices = {}
        for name in OFFERED:
            accepted = BPLUTS if name == "bplut" else L4C_CHOICES[name]
            select = pmui.Select(
                label=OPTION_LABELS[name], options={CHOICE_WORDS.get(c, c): c for c in accepted},
                description=OPTION_HELP[name], **wide,
            )  # fmt: skip
            select.param.watch(lambda event, name=name: self._on_choice(name, event.new), "value")
            self.choices[name] = select
        self.edited = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 8))
        self.reset = pmui.Button(
            label="Reset", icon="restart_alt", size="small", variant="outlined", margin=(2, 8),
            description="Reset: everything that is asked back to what the page opens with; region and period stay",
            on_click=lambda _event: session.reset(),
        )  # fmt: skip
        self.groups = pmui.Accordion(
            ("Selected cell: latitude, longitude", self.where.cell),
            ("Model options", pmui.Column(*self.choices.values(), self.edited, sizing_mode="stretch_width", margin=0)),
            active=[0, 1], disable_gutters=True, dynamic=True, title_variant="subtitle2", sizing_mode="stretch_width",
            margin=(2, 4), elevation=0, variant="outlined",
        )  # fmt: skip
        session.param.watch(self.show, ["b", "selection", "problem", "rescaled"])
        self.show()

    @property
    def objects(self) -> list:
        """Everything, in its order from top to bottom."""
        return [self.words, self.where.region, self.period.pane, self.grid, self.groups, self.reset]

    def _own_days(self) -> list[str]:
        """Return first and last day of the world's record."""
        world = self.session.worlds.get(self.session.b.grid)
        return ["2015-01-01", "2015-12-31"] if world is None else [str(world.time[0]), str(world.time[-1])]

    def _on_grid(self, event) -> None:
        if not self._showing:
            self.session.prepare(event.new)

    def _on_choice(self, name: str, value: str) -> None:
        if not self._showing:
            self.session.options(**{name: value})

    def show(self, *_events) -> None:
        """Set every widget to the session's state."""
        session, b = self.session, self.session.b
        self.where.show()
        self.period.show()
        self._showing = True
        try:
            put(self.grid, session.wanted)
            for name, select in self.choices.items():
                put(select, getattr(b.l4c, name))
        finally:
            self._showing = False
        scope = session.scope()
        words = session.problem or (scope.words if scope is not None else "The world is being prepared.")
        self.words.object = f"<div role='status' style='font-size:12.5px'>{html.escape(words)}</div>"
        edits = len(b.l4c.parameters)
        text = f"{edits} biome properties differ from the table." if edits else "Biome properties are the table's."
        carbon = html.escape(b.to_query())
        link = f"<a href='./carbon?{carbon}'>Carbon</a>"
        self.edited.object = (
            f"<div style='font-size:12px;opacity:.85'>{text} To edit them open {link}; the way back at the top brings "
            "them here.</div>"
        )
