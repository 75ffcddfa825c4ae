"""The tabs Zonal & totals and Equations of the page Carbon."""

import panel_material_ui as pmui

from explorer.pages.page import card, heading, heading_html
from explorer.question import Answer
from explorer.session import Session
from explorer.style import scale_for
from explorer.views.equations import equations
from explorer.views.totals import TotalsView
from explorer.views.zonal import ZonalView
from models.l4c.params import PFT_NAMES

__all__ = ["EquationsTab", "TotalsTab"]

GROUPS = ("Light use", "Plant respiration", "Decomposition", "Soil pools")


class TotalsTab:
    """Means by latitude and totals by plant type, for A, B and their difference."""

    def __init__(self, session: Session):
        self.session = session
        self.zonal = ZonalView()
        self.totals = TotalsView()
        self.zonal_title, self.totals_title = heading("Zonal mean"), heading("Totals")
        self.pane = pmui.Grid(
            pmui.Grid(card(self.zonal_title, self.zonal.pane), size={"xs": 12, "lg": 4}),
            pmui.Grid(card(self.totals_title, self.totals.pane), size={"xs": 12, "lg": 8}),
            container=True,
            sizing_mode="stretch_width",
        )

    def update(self, answer: Answer) -> None:
        """Draw an answer."""
        world, question = answer.world, answer.question
        selection, region = question.selection, question.b.region
        when = (
            "annual"
            if selection.when == "annual"
            else (selection.month if selection.month is not None else selection.day)
        )
        mask = world.mask(region)
        inside = answer.field_a if mask is None else answer.field_a[mask]
        scale = scale_for(selection.variable, when, values=inside)
        self.zonal.update(answer.field_b, answer.field_a, world.latitude, world.area, scale, mask=mask)
        self.totals.update(answer.totals_a, answer.totals_b)
        name = "the world" if region.whole else region.name
        self.zonal_title.object = heading_html("Zonal mean", f"{scale.title}, {name}")
        self.totals_title.object = heading_html("Totals of a year", f"{name}, {answer.cells:,} cells")


class EquationsTab:
    """The model's equations, with the numbers of the chosen plant type."""

    def __init__(self, session: Session):
        self.session = session
        self.title = heading("Equations")
        self.columns = [pmui.Column(sizing_mode="stretch_width", margin=0) for _ in GROUPS]
        grid = pmui.Grid(
            *(pmui.Grid(card(column), size={"xs": 12, "lg": 6}) for column in self.columns),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(self.title, grid, sizing_mode="stretch_width", margin=0)
        self._shown = None

    def update(self, _answer: Answer | None = None) -> None:
        """Fill in the numbers of B."""
        pft = self.session.selection.pft
        params = self.session.b.l4c.table()[pft]
        if self._shown == (pft, params):
            return
        self._shown = (pft, params)
        self.title.object = heading_html("Equations", f"with the numbers of {pft}, {PFT_NAMES[pft]}, in experiment B")
        for group, column in zip(GROUPS, self.columns, strict=True):
            column[:] = [equations(group, params)]
