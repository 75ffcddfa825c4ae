"""The tab Towers of the page Carbon: L4C with a tower's own weather, against what the tower saw."""

import html
from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading, switch
from explorer.question import Answer
from explorer.runs import LIVE, Job
from explorer.session import Session, describe
from explorer.tower_runs import Comparison, TowerSite, compare, offered, open_site, read_upload, scores_frame
from explorer.views.towers import DriverSourcesView, ScoresView, TowerScatterView, TowerSeriesView
from models.l4c.params import PFT_NAMES, PFTS
from models.skill.scores import MIN_QUALITY

__all__ = ["TowersTab"]

FLUXES = {"GPP": "gpp", "RECO": "reco", "NEE": "nee"}
UPLOADED = "uploaded"


class TowersTab:
    """A tower, runs of A and B there, series, scatter, scores, and the source of every driver."""

    def __init__(self, session: Session):
        self.session = session
        self.tower: TowerSite | None = None
        self.comparison: Comparison | None = None
        self._own: TowerSite | None = None
        self._loading = ""
        self._showing = False
        self._shown: tuple | None = None
        self._widgets()
        self.series, self.scatter = TowerSeriesView(height=270), TowerScatterView(height=300)
        self.scores, self.sources = ScoresView(), DriverSourcesView()
        self.facts = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.pane = self._lay_out()
        session.param.watch(self._follow, ["a", "b"])

    def _widgets(self) -> None:
        self.options = offered()
        default = next(iter(self.options.values()), "")
        self.site = pmui.Select(
            label="Tower", options=self.options, value=self.session.selection.site or default, size="small", width=330,
            margin=8,
        )  # fmt: skip
        if self.site.value not in self.options.values():
            known = ", ".join(self.options.values())
            problem = f"tower = {self.session.selection.site[:40]!r} is not here; there are {known}."
            if self.session.loaded:
                self.session.tell(problem, "warning")
            else:
                self.session.problems.append(problem)
            self.site.value = default
        self.flux = switch("Flux", FLUXES, "gpp", margin=8)
        self.upload = pmui.FileInput(
            label="Your tower file (FLUXNET .csv or .zip)", accept=".csv,.zip", multiple=False, size="small", margin=8,
            description="FLUXNET2015, ONEFlux, ICOS or AmeriFlux FULLSET or SUBSET; up to 50 MB; it stays in this tab",
        )  # fmt: skip
        self.pft = pmui.Select(
            label="Plant type",
            options={"as the file says": 0, **{f"{c} · {PFT_NAMES[c]}": i + 1 for i, c in enumerate(PFTS)}},
            value=0, size="small", width=230, margin=8,
        )  # fmt: skip
        self.latitude = pmui.FloatInput(
            label="Latitude [°N]", value=None, start=-90, end=90, size="small", width=130, margin=8
        )
        self.longitude = pmui.FloatInput(
            label="Longitude [°E]", value=None, start=-180, end=180, size="small", width=130, margin=8
        )
        self.site.param.watch(self._on_site, "value")
        self.flux.param.watch(lambda event: self._draw(), "value")
        self.upload.param.watch(self._on_upload, "value")

    def _lay_out(self) -> pmui.Column:
        own = pmui.Accordion(
            ("Your own tower", pmui.FlexBox(self.pft, self.latitude, self.longitude, self.upload, margin=0)),
            active=[], dynamic=True, disable_gutters=True, title_variant="subtitle2", margin=(0, 6), elevation=0,
            variant="outlined", sizing_mode="stretch_width",
        )  # fmt: skip
        return pmui.Column(
            pmui.Row(self.site, self.flux, self.facts, sizing_mode="stretch_width", margin=0),
            pmui.Grid(
                pmui.Grid(
                    pmui.Column(
                        card(self.series.pane),
                        card(heading("Scores", "A: baseline, B: experiment"), self.scores.pane),
                        sizing_mode="stretch_width",
                        margin=0,
                    ),
                    size={"xs": 12, "lg": 7.5},
                ),
                pmui.Grid(
                    pmui.Column(
                        card(self.scatter.pane),
                        card(heading("Where each driver came from"), self.sources.pane),
                        sizing_mode="stretch_width",
                        margin=0,
                    ),
                    size={"xs": 12, "lg": 4.5},
                ),
                container=True,
                sizing_mode="stretch_width",
            ),
            own,
            sizing_mode="stretch_width",
            margin=0,
        )

    # -- which tower --------------------------------------------------------------------------------------------
    def _on_site(self, event) -> None:
        if self._showing or not event.new:
            return
        if event.new == UPLOADED:
            self._take(self._own)
        else:
            self._open(event.new)

    def _open(self, site: str) -> None:
        """Open a tower of the server in the line of slow work."""
        if self._loading == site:
            return
        self._loading = site
        self.session.slowly(f"Opening {site}", lambda progress, cancelled: open_site(site), self._take)

    def _on_upload(self, event) -> None:
        """Read a visitor's file with the checked reader."""
        if not event.new:
            return
        known = {"pft": self.pft.value or None, "latitude": self.latitude.value, "longitude": self.longitude.value}
        name = str(self.upload.filename or "tower.csv")
        data = bytes(event.new)
        self.session.slowly(
            "Reading the tower file", lambda progress, cancelled: read_upload(data, name, **known), self._take_own
        )

    def _take_own(self, tower: TowerSite) -> None:
        self._own = tower
        self._showing = True
        try:
            self.site.options = {f"{tower.site} · uploaded": UPLOADED, **self.options}
            self.site.value = UPLOADED
        finally:
            self._showing = False
        self._take(tower)

    def _take(self, tower: TowerSite) -> None:
        """Show another tower; the sliders turn to what grows there."""
        self._loading = ""
        self.tower, self.comparison, self._shown = tower, None, None
        self.sources.update(self._sources_frame(tower))
        attrs = tower.observed.attrs
        words = [tower.title, attrs.get("citation", ""), attrs.get("licence", "")]
        text = " · ".join(html.escape(str(word)[:300]) for word in words if word)
        self.facts.object = f"<div style='font-size:12px;opacity:.85'>{text}</div>"
        changed = {"pft": PFTS[tower.pft - 1]}
        if tower is not self._own:
            changed["site"] = tower.site
        self.session.select(**changed)
        self._ask()

    @staticmethod
    def _sources_frame(tower: TowerSite):
        frame = tower.sources.copy()
        frame["share"] = [f"{100 * share:.0f} %" for share in frame["share"]]
        return frame.rename(columns={"driver": "driver", "source": "source", "share": "days"})

    # -- runs ---------------------------------------------------------------------------------------------------
    def update(self, _answer: Answer | None = None) -> None:
        """Open the tower and run it, when the tab is first shown; afterwards follow A and B."""
        if self.tower is None:
            if self.site.value and self.site.value != UPLOADED:
                self._open(self.site.value)
        elif self._shown is None or self._shown[1:3] != (self.session.a.l4c, self.session.b.l4c):
            self._ask()

    def _follow(self, *_events) -> None:
        if self.session.selection.tab == "towers":
            self.update()

    def _ask(self) -> None:
        """Ask for the runs of A and B at the tower; only the newest wish counts."""
        session, tower = self.session, self.tower
        if tower is None or session.closed:
            return
        work = partial(self._work, tower, session.a, session.b, self.comparison)
        LIVE.submit(
            (session.number, "tower"),
            Job(
                work=work,
                done=self._answered,
                post=session.post,
                failed=self._failed,
                progressed=partial(session.progressed, f"Running A and B at {tower.site}"),
                taken_back=session.idle,
            ),
        )

    @staticmethod
    def _work(tower, a, b, last, progress, cancelled) -> tuple:
        return a.l4c, b.l4c, compare(tower, a, b, progress, cancelled, last)

    def _failed(self, error: Exception) -> None:
        self.session.idle()
        self.session.tell(describe(error), "error")

    def _answered(self, result: tuple) -> None:
        self.session.idle()
        a, b, comparison = result
        if comparison.tower is self.tower:
            self.comparison, self._shown = comparison, (self.tower, a, b)
            self._draw()

    def _draw(self) -> None:
        """Draw the flux that is chosen."""
        comparison, flux = self.comparison, self.flux.value
        if comparison is None:
            return
        tower, observed = comparison.tower, comparison.tower.observed
        a, b = comparison.a.isel(cell=0), comparison.b.isel(cell=0)
        self.series.update(observed, b, a, flux, title=f"{tower.site}: daily {flux.upper()}, tower and model")
        pairs = (np.zeros(0), np.zeros(0))
        if flux in observed:
            seen = observed[flux].isel(site=0).reindex(time=b["time"])
            if f"{flux}_qc" in observed:
                seen = seen.where(observed[f"{flux}_qc"].isel(site=0).reindex(time=b["time"]) >= MIN_QUALITY)
            pairs = (seen.values, b[flux].values)
        self.scatter.update(*pairs, flux)
        if comparison.scores_b is not None:
            self.scores.update(scores_frame(comparison, flux))
