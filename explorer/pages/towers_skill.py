"""The tab All sites of the page Towers: every tower from the smallest flux to the largest, diagrams, days of all."""

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading, put, switch
from explorer.pages.towers_site import SCORE_WORDS, flux_axis, flux_unit
from explorer.runs import LIVE, Job
from explorer.session import describe
from explorer.style import PFT_COLOURS, number
from explorer.towers.session import TowersSession
from explorer.towers.table import intervals_of, mean_row, table_frame
from explorer.views.rows import Row, RowsView
from explorer.views.scatter import PairsView
from explorer.views.site_ladder import LadderView
from explorer.views.taylor import TargetView, TaylorView
from explorer.views.towers import ScoresView
from models.l4c.params import PFTS
from models.l4c.uncertainty import MISSION_LIMIT

__all__ = ["SkillTab", "limit_of"]

COLUMNS = ("Tower", "PFT", "IGBP", "step", "flux", "R", "RMSE", "ubRMSE", "bias", "A ubRMSE", "n")
KEYS = ("site", "PFT", "IGBP", "step", "size", "r", "rmse", "ubrmse", "bias", "ubrmse_a", "n")


def limit_of(flux: str, score: str) -> float | None:
    """Return the mission's limit where it applies to a score: RMSE of NEE."""
    return MISSION_LIMIT if flux == "nee" and score in ("rmse", "ubrmse") else None


class SkillTab:
    """Scores of every tower that the list holds, with A's and with B's parameters."""

    def __init__(self, session: TowersSession):
        self.session = session
        self._order = (4, False)
        self._ends: tuple | None = None
        self._showing = False
        self.score = switch("Score", {words: name for name, words in SCORE_WORDS.items()}, "ubrmse")
        self.score.param.watch(self._on_score, "value")
        self.ladder = LadderView(height=330)
        self.taylor, self.target, self.pairs = TaylorView(height=330), TargetView(height=330), PairsView(height=330)
        self.means = ScoresView(
            "Mean over the towers of a plant type, each once [gC m⁻² d⁻¹]; A: baseline, B: experiment."
        )
        self.table = RowsView(COLUMNS, "Scores of every tower")
        self.table.on_sort(self._on_sort)
        for view in (self.ladder, self.table):
            view.on_choose(lambda site: session.select(site=site))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12))
        narrow, wide = {"xs": 12, "md": 6, "lg": 3.6}, {"xs": 12, "md": 12, "lg": 4.8}
        self.pane = pmui.Column(
            card(
                heading("Towers by the size of their flux", "as Fig. 3 of Jones et al. 2017; click one to look at it"),
                self.score, self.ladder.pane, self.words,
            ),
            pmui.Grid(
                pmui.Grid(card(heading("Taylor diagram", "star: the tower"), self.taylor.pane), size=narrow),
                pmui.Grid(card(heading("Target diagram", "circle: the tower's spread"), self.target.pane), size=narrow),
                pmui.Grid(card(heading("All pairs", "of the towers listed"), self.pairs.pane), size=wide),
                container=True, sizing_mode="stretch_width",
            ),
            card(heading("By plant type"), self.means.pane),
            card(heading("Every tower", "click a heading to sort, a row to look at it"), self.table.pane),
            sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip

    def _on_score(self, event) -> None:
        if not self._showing:
            self.session.select(score=event.new)

    def _on_sort(self, column: int) -> None:
        self._order = (column, self._order == (column, False))
        self.update()

    def update(self) -> None:
        """Draw the newest scores."""
        tables, chosen = self.session.table, self.session.selection
        self._showing = True
        put(self.score, chosen.score)
        self._showing = False
        if tables is None:
            return
        there = set(tables.b.sites)
        shown = tuple(site for site in self.session.shown if site in there)
        b, a = (table_frame(table, chosen.flux, shown) for table in (tables.b, tables.a))
        b["ubrmse_a"], b["score_a"] = a["ubrmse"], a[chosen.score]
        self._draw_ladder(b, tables.b, shown)
        self._draw_diagrams(b, a, tables, shown)
        self.means.update(_by_type(b, a))
        self._draw_rows(b)

    # -- parts --------------------------------------------------------------------------------------------------
    def _draw_ladder(self, frame: pd.DataFrame, table, shown: tuple) -> None:
        """Draw the towers in a row; the intervals come when they are computed."""
        chosen = self.session.selection
        key = (table, chosen.flux, shown)
        nothing = np.full(len(frame), np.nan)
        low = high = nothing
        if self._ends is not None and self._ends[0] == key:
            low, high = (self._ends[1][side][chosen.score].reindex(frame["site"]).to_numpy() for side in (0, 1))
        else:
            self._ask_intervals(key)
        columns = {
            "site": list(frame["site"]), "group": list(frame["PFT"]), "size": frame["size"], "n": frame["n"],
            "colour": [PFT_COLOURS[pft] for pft in frame["PFT"]], "score": frame[chosen.score],
            "before": frame["score_a"], "low": low, "high": high,
        }  # fmt: skip
        limit = limit_of(chosen.flux, chosen.score)
        unit = "" if chosen.score == "r" else flux_unit(chosen.flux)
        site = self.session.site
        self.ladder.update(
            columns, f"{SCORE_WORDS[chosen.score]} of {chosen.flux.upper()}", unit, line=limit,
            selected=site.site if site is not None else "",
        )  # fmt: skip
        words = (
            f"{len(frame)} towers have {chosen.flux.upper()}. Whiskers: 95 % interval by blocks of 30 days or 6 months."
        )
        if limit is not None:
            within = int((frame[chosen.score] <= limit).sum())
            words += f" Dashed: {limit:g} {unit}, the mission's accuracy; {within} of {len(frame)} towers meet it."
        months = int((frame["step"] == "month").sum())
        if months:
            words += f" {months} are judged by months, whose errors are smaller than those of days."
        self.words.object = f"<div role='note' style='font-size:12px;opacity:.9'>{words}</div>"

    def _ask_intervals(self, key: tuple) -> None:
        """Have the intervals made after what a hand waits for."""
        session = self.session
        table, flux, shown = key

        def work(_progress, _cancelled) -> tuple:
            ends = intervals_of(table, flux, shown)
            sites = [site.site for site in shown]
            return key, [pd.DataFrame(side._asdict(), index=sites) for side in ends]

        def done(result: tuple) -> None:
            self._ends = result
            if session.table is not None and session.table.b is result[0][0] and session.selection.tab == "skill":
                self.update()

        LIVE.submit(
            (session.number, "intervals"),
            Job(work=work, done=done, post=session.post, failed=lambda error: session.tell(describe(error), "error")),
        )

    def _draw_diagrams(self, b: pd.DataFrame, a: pd.DataFrame, tables, shown: tuple) -> None:
        """Draw Taylor and target diagrams, and the pairs of all towers."""
        flux, site = self.session.selection.flux, self.session.site
        place = {one.site: k for k, one in enumerate(tables.b.sites)}
        at = [place[code] for code in b["site"]]

        def relative(frame: pd.DataFrame, table) -> dict[str, np.ndarray]:
            model, tower = table.spread[flux][:, at]
            return {
                "r": frame["r"].to_numpy(),
                "spread": model / tower,
                "bias": frame["bias"].to_numpy() / tower,
                "ubrmse": frame["ubrmse"].to_numpy() / tower,
            }

        words = {"site": list(b["site"]), "group": list(b["PFT"]), "colour": [PFT_COLOURS[pft] for pft in b["PFT"]]}
        of_b, of_a = relative(b, tables.b), relative(a, tables.a)
        for view in (self.taylor, self.target):
            view.update(of_b, of_a, words, site.site if site is not None else "")
        pairs, before = tables.b.pairs(flux, shown), tables.a.pairs(flux, shown)
        model, tower = (np.concatenate([pair[k] for pair in pairs] or [np.zeros(0)]) for k in (0, 1))
        old = np.concatenate([pair[0] for pair in before] or [np.zeros(0)])
        self.pairs.update(tower, model, old, flux_axis(flux))

    def _draw_rows(self, frame: pd.DataFrame) -> None:
        """Write the table."""
        column, falls = self._order
        key = KEYS[column]
        ordered = frame.sort_values(key, ascending=not falls, kind="stable")
        rows = []
        for row in ordered.itertuples(index=False):
            numbers = (
                number(float(getattr(row, name)), 3) for name in ("size", "r", "rmse", "ubrmse", "bias", "ubrmse_a")
            )
            rows.append(Row(row.site, (row.site, row.PFT, row.IGBP, row.step, *numbers, f"{row.n:,}"), row.name))
        site = self.session.site
        self.table.update(
            rows, selected=site.site if site is not None else "", order=self._order,
            empty=f"No tower that is listed has {self.session.selection.flux.upper()}.",
        )  # fmt: skip


def _by_type(b: pd.DataFrame, a: pd.DataFrame) -> pd.DataFrame:
    """Return the mean scores of the towers of each plant type and of all."""
    rows = []
    for pft in (*PFTS, "all"):
        some_b, some_a = (frame if pft == "all" else frame[frame["PFT"] == pft] for frame in (b, a))
        if not len(some_b):
            continue
        of_b, of_a = mean_row(some_b), mean_row(some_a)
        row: dict[str, object] = {"PFT": pft, "towers": len(some_b)}
        for name, words in SCORE_WORDS.items():
            row[f"{words} A"], row[f"{words} B"] = of_a[name], of_b[name]
        rows.append(row)
    return pd.DataFrame(rows)
