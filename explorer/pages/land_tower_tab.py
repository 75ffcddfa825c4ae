"""The tab Tower of the page Land: soil moisture, heat and carbon fluxes against what a tower measured."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.land.question import LandAnswer
from explorer.land.session import LandSession
from explorer.land.tower import COMPARED, measured, pairs_of, scores_table
from explorer.pages.page import card, heading, put
from explorer.style import symbol_text, unit_text
from explorer.views.lines import Line, LinkedLines, Plot
from explorer.views.scatter import PairsView
from explorer.views.towers import ScoresView
from models.variables import VARIABLES

__all__ = ["TowerTab"]

RAIN = Plot((Line("precip", "precipitation"),), "mm d⁻¹", bars=True, share=0.4)
PLOTS = {
    name: (RAIN, Plot((Line(name, "model"),), unit_text(VARIABLES[name].unit), observed=True)) for name in COMPARED
}


class TowerTab:
    """Series, scatter and scores of A and B at the selected tower."""

    def __init__(self, session: LandSession):
        self.session = session
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 12))
        options = {f"{symbol_text(VARIABLES[v].symbol)} · {VARIABLES[v].long_name}": v for v in COMPARED}
        self._all = options
        self.variable = pmui.Select(label="Compared", options=options, value="ssm", size="small", width=330, margin=8)
        self.variable.param.watch(lambda event: self._draw(), "value")
        self.series = LinkedLines(PLOTS, height=250, name="tower")
        self.pairs = PairsView(height=250)
        self.scores = ScoresView("r, RMSE, ubRMSE and bias of daily means; n: days that the tower measured.")
        self.go = pmui.Button(
            label="Go to a tower", icon="cell_tower", variant="contained", size="small", margin=(4, 12),
            on_click=lambda _event: session.to_tower(),
        )  # fmt: skip
        self.shown = pmui.Column(
            self.variable, self.series.pane, self.pairs.pane, heading("Scores", "A: baseline, B: experiment"),
            self.scores.pane, sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.pane = card(self.words, self.go, self.shown)
        self._drawn: tuple = ()

    def update(self, answer: LandAnswer) -> None:
        """Draw an answer."""
        names = measured(answer.place)
        if answer.question.b.dataset != "tower":
            words = "Choose Tower under Place: the model then runs with the tower's weather and is compared with it."
        elif not names:
            words = f"{answer.question.b.site} measured nothing that this page compares; choose another tower."
        else:
            words = answer.place.words
        self.words.object = f"<div style='font-size:13px'>{html.escape(words)}</div>"
        self.go.visible = answer.question.b.dataset != "tower"
        self.shown.visible = bool(names)
        if not names:
            self._drawn = ()
            return
        options = {text: name for text, name in self._all.items() if name in names}
        if options != self.variable.options:
            chosen = self.variable.value if self.variable.value in names else names[0]
            self.variable.param.update(options=options, value=chosen)
        if self._drawn[:2] != (answer.a, answer.b):
            self.scores.update(scores_table(answer.a, answer.b))
        self._draw()

    def _draw(self) -> None:
        """Draw the quantity that is chosen."""
        answer, name = self.session.answer, self.variable.value
        if answer is None or name not in measured(answer.place) or self._drawn == (answer.a, answer.b, name):
            return
        self._drawn = (answer.a, answer.b, name)
        pairs = pairs_of(answer.a, answer.b, name)
        quantity = VARIABLES[name]
        rain = answer.b.days["precip"].values
        put(self.variable, name)
        self.series.show(name)
        self.series.update(
            pairs.time, {name: pairs.b, "precip": rain}, {name: pairs.a}, {name: pairs.observed},
            title=f"{quantity.long_name[:1].upper()}{quantity.long_name[1:]}, daily",
        )  # fmt: skip
        self.pairs.update(
            pairs.observed, pairs.b, pairs.a, f"{symbol_text(quantity.symbol)} [{unit_text(quantity.unit)}]"
        )
