"""The tab One site of the page Towers: days, mean year and scatter of a tower, its scores, and who gave each driver."""

import html

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading
from explorer.style import number, symbol_text, unit_text
from explorer.towers.address import FLUXES
from explorer.towers.answer import SiteAnswer, run_dataset, season_of
from explorer.towers.session import TowersSession
from explorer.towers.sites import by_months
from explorer.views.scatter import PairsView
from explorer.views.season import SeasonView
from explorer.views.towers import DriverSourcesView, ScoresView, TowerSeriesView
from models.variables import VARIABLES

__all__ = ["SCORE_WORDS", "SiteTab", "flux_axis", "flux_unit"]

SCORE_WORDS = {"r": "R", "rmse": "RMSE", "ubrmse": "ubRMSE", "bias": "bias"}


def flux_unit(flux: str) -> str:
    """Return a flux's unit as shown."""
    return unit_text(VARIABLES[flux].unit)


def flux_axis(flux: str) -> str:
    """Return symbol and unit of a flux, as beside an axis."""
    return f"{symbol_text(VARIABLES[flux].symbol)} [{flux_unit(flux)}]"


class SiteTab:
    """One tower with A's and with B's parameters."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.series = TowerSeriesView(height=280)
        self.season, self.pairs = SeasonView(height=280), PairsView(height=280)
        self.scores = ScoresView(
            "B, and the ends of its 95 % interval; A beside it. RMSE, ubRMSE and bias in gC m⁻² d⁻¹."
        )
        self.sources = DriverSourcesView()
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self._sourced = None
        half = {"xs": 12, "lg": 6}
        self.pane = pmui.Column(
            card(self.series.pane, self.note),
            pmui.Grid(
                pmui.Grid(card(heading("Mean year", "months; where the tower saw"), self.season.pane), size=half),
                pmui.Grid(card(heading("Model against tower"), self.pairs.pane), size=half),
                pmui.Grid(card(heading("Scores", "intervals: bootstrap of blocks"), self.scores.pane), size=half),
                pmui.Grid(card(heading("Where each driver came from"), self.sources.pane), size=half),
                container=True,
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip

    def update(self) -> None:
        """Draw the flux that is chosen of the newest answer."""
        answer, flux = self.session.answer, self.session.selection.flux
        if answer is None:
            return
        site = answer.site
        what, b, a = answer.pairs(flux)
        step = "monthly" if by_months(site) else "daily"
        title = f"{site.site}: {step} {flux.upper()} of the tower, daily of the model"
        self.series.update(site.observed, run_dataset(answer.b, site), run_dataset(answer.a, site), flux, title)
        self.season.update(season_of(what, b, a), flux_axis(flux))
        self.pairs.update(what.values, b, a, flux_axis(flux))
        self.scores.update(_scores_frame(answer))
        self.note.object = f"<div style='font-size:12px;opacity:.85'>{_note(answer, flux)}</div>"
        if self._sourced is not site:
            self._sourced = site
            frame = site.sources.copy()
            frame["share"] = [f"{100 * share:.0f} %" for share in frame["share"]]
            self.sources.update(frame.rename(columns={"share": "days"}))


def _note(answer: SiteAnswer, flux: str) -> str:
    """Say which values of the tower count, and what of the run is synthetic."""
    site, words = answer.site, []
    if flux not in site.observed:
        words.append(f"{site.site} has no {flux.upper()}; choose another flux.")
    if by_months(site):
        words.append(
            "The tower gives months alone: the world's synthetic days drive the run, and its months are compared."
        )
    else:
        words.append("Scores take days with at least 70 % good half hours.")
        made = site.sources[site.sources["source"].str.startswith("reference-earth")]
        names = ", ".join(dict.fromkeys(made["driver"]))
        if names:
            words.append(f"Synthetic, from the embedded world, at least in part: {names}.")
    return html.escape(" ".join(words))


def _scores_frame(answer: SiteAnswer) -> pd.DataFrame:
    """Return a row for each score of each flux that the tower measured."""
    rows = []
    for flux in FLUXES:
        if (flux, "b") not in answer.scores:
            continue
        b, low, high = answer.scores[flux, "b"]
        a = answer.scores[flux, "a"][0]
        for name, words in SCORE_WORDS.items():
            ends = f"{number(float(getattr(low, name)), 3)} … {number(float(getattr(high, name)), 3)}"
            rows.append(
                {
                    "flux": flux.upper() if name == "r" else "",
                    "score": words,
                    "B": float(getattr(b, name)),
                    "95 % interval": ends,
                    "A": float(getattr(a, name)),
                    "B − A": float(getattr(b, name)) - float(getattr(a, name)),
                    "n": f"{int(b.n):,}" if name == "r" else "",
                }
            )
    return pd.DataFrame(rows)
