"""The tab Soil texture of the page Land: what sand and clay do to water and carbon at the selected place."""

import html

import panel as pn
import panel_material_ui as pmui

from explorer.land.address import SURFACES
from explorer.land.place import Place
from explorer.land.question import LandAnswer
from explorer.land.runs import TextureSurface, texture_surface
from explorer.land.session import LAND_REGIONS, LandSession
from explorer.pages.page import card, put, switch
from explorer.style import symbol_text, unit_text
from explorer.views.texture import TextureView
from models.land.options import LandChoices
from models.variables import VARIABLES

__all__ = ["TextureTab"]

WORDS = {"ssm": "SSM", "rzsm": "RZSM", "gpp": "GPP", "reco": "RE", "nee": "NEE"}
BY_DIFFERENCE = ("nee",)
"""Variables that may be about 0 at the reference, by which nothing can be divided."""


class TextureTab:
    """A triangle of 66 soils under the weather and the vegetation of the place."""

    def __init__(self, session: LandSession):
        self.session = session
        self.view = TextureView(height=400)
        self.surfaces: dict[str, TextureSurface] = {}
        self._asked: tuple | None = None
        self._made: tuple | None = None
        self.variable = switch("Variable", {WORDS[v]: v for v in SURFACES}, session.selection.surface)
        self.which = switch("Experiment", {"B": "B", "A": "A"}, "B")
        self.variable.param.watch(self._on_variable, "value")
        self.which.param.watch(lambda event: self._ask(), "value")
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.pane = card(pmui.FlexBox(self.variable, self.which, margin=(2, 2)), self.words, self.view.pane)

    def _on_variable(self, event) -> None:
        if event.new != self.session.selection.surface:
            self.session.select(surface=event.new)
        self._draw()

    def update(self, answer: LandAnswer) -> None:
        """Run the triangle for the place and the experiment of an answer, if it is another."""
        put(self.variable, answer.question.selection.surface)
        self._ask()

    def _choices(self, answer: LandAnswer) -> LandChoices:
        """Return how the shown experiment is run."""
        return (answer.b if self.which.value == "B" else answer.a).choices

    def _ask(self) -> None:
        answer = self.session.answer
        if answer is None:
            return
        asked = (answer.place.key, self._choices(answer))
        if asked == self._made:
            self._draw()
            return
        if asked == self._asked:
            return
        if asked[1].hydraulics != "clapp_hornberger":
            self._say("Sand and clay give Clapp and Hornberger's curve: choose it under Model options to see it.")
            return
        self._asked = asked
        self._say("Running 66 soils, from pure silt to pure sand and pure clay ...")
        place = answer.place

        def work(progress, cancelled) -> tuple:
            return asked, place, texture_surface(place, asked[1], progress=progress, cancelled=cancelled)

        self.session.slowly("Running 66 soils", work, self._take, key="texture", queue=LAND_REGIONS, ended=self._ended)

    def _ended(self) -> None:
        """Say that there is nothing to see, and let the next answer ask again."""
        self._asked = None
        self._say("Stopped. Move a slider or choose another tab and this one again to run the triangle.")

    def _take(self, result: tuple[tuple, Place, TextureSurface]) -> None:
        asked, self._place, surface = result
        self._made, self._asked, self.surface = asked, None, surface
        self._draw()
        self._ask()  # the experiment may have changed meanwhile

    def _say(self, text: str) -> None:
        self.words.object = f"<div style='font-size:13px'>{html.escape(text)}</div>"

    def _draw(self) -> None:
        """Draw the variable that is chosen."""
        if self._made is None:
            return
        name, surface, place = self.variable.value, self.surface, self._place
        quantity = VARIABLES[name]
        self._say(
            f"One year of every soil under the weather and vegetation of the place, experiment {self.which.value}; as "
            "Fig. 10 of Zhang et al. (2019). Hydraulic properties from sand and clay by Cosby et al. (1984)."
        )
        self.view.update(
            100.0 * surface.sand, 100.0 * surface.clay, surface.values[name],
            name=symbol_text(quantity.symbol), unit=unit_text(quantity.unit), relative=name not in BY_DIFFERENCE,
            place=place.texture, what="Synthetic weather, real climate." if place.synthetic else "",
        )  # fmt: skip
