"""The tab NEE error of the page Towers: the error that Eq. 10 gives beside the ubRMSE that each tower sees (Fig. 4)."""

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading
from explorer.runs import SLOW
from explorer.style import PFT_COLOURS
from explorer.towers.error import error_frame
from explorer.towers.session import TowersSession
from explorer.views.site_pairs import SitePairsView
from explorer.views.towers import ScoresView
from models.l4c.input_errors import FPAR_RANK, MIDDLE_RANK
from models.l4c.uncertainty import MISSION_LIMIT

__all__ = ["UncertaintyTab"]

UNIT = "gC m⁻² d⁻¹"


class UncertaintyTab:
    """A point for each tower that measured NEE by day."""

    def __init__(self, session: TowersSession):
        self.session = session
        self._shown: tuple | None = None
        self._frame: pd.DataFrame | None = None
        self.rank = pmui.FloatSlider(
            label="fPAR quality rank (1: best retrieval, 4: climatology)", value=MIDDLE_RANK,
            start=FPAR_RANK.low, end=FPAR_RANK.high, step=0.5, size="small", width=330, margin=(6, 12),
        )  # fmt: skip
        self.rank.param.watch(lambda _event: self.update(), "value_throttled")
        self.view = SitePairsView(
            f"observed ubRMSE of NEE, B [{UNIT}]", f"error of NEE by Eq. 10, B [{UNIT}]", limit=MISSION_LIMIT
        )
        self.table = ScoresView(f"{UNIT}; days that the tower saw. Towers with months alone are left out.")
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.pane = pmui.Column(
            card(
                heading("QA metric against observation", "as Fig. 4 of Jones et al. 2017"),
                self.rank,
                pmui.Grid(
                    pmui.Grid(self.view.pane, size={"xs": 12, "lg": 7}),
                    pmui.Grid(self.table.pane, size={"xs": 12, "lg": 5}),
                    container=True, sizing_mode="stretch_width",
                ),
                self.words,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip

    def update(self) -> None:
        """Ask for the errors of the newest run, unless they are shown."""
        session, tables = self.session, self.session.table
        if tables is None:
            return
        rank = float(self.rank.value)
        wanted = (tables.b, session.shown, rank)
        if wanted == self._shown:
            self._draw()
            return
        self._shown = wanted
        sites, options = session.shown, tables.b.options

        def work(progress, cancelled) -> tuple:
            return wanted, error_frame(tables.b, sites, options, rank, progress, cancelled)

        session.slowly("Propagating the inputs' errors", work, self._take, key="error", queue=SLOW, ended=self._ended)

    def _ended(self) -> None:
        self._shown = None

    def _take(self, result: tuple) -> None:
        wanted, frame = result
        if wanted == self._shown:
            self._frame = frame
            self._draw()

    def _draw(self) -> None:
        """Draw what came, and mark the tower that is looked at."""
        frame = self._frame
        if frame is None:
            return
        columns = {
            "x": frame["observed"], "y": frame["error"], "site": list(frame["site"]), "group": list(frame["PFT"]),
            "colour": [PFT_COLOURS[pft] for pft in frame["PFT"]], "n": frame["n"],
        }  # fmt: skip
        site = self.session.site
        r = float(np.corrcoef(frame["observed"], frame["error"])[0, 1]) if len(frame) > 2 else np.nan
        within = int((frame["error"] <= MISSION_LIMIT).sum())
        title = f"{len(frame)} towers; dashed: 1:1 and {MISSION_LIMIT:g} {UNIT}"
        self.view.update(columns, site.site if site is not None else "", title)
        words = {"observed": "observed ubRMSE", "error": "error by Eq. 10", "n": "days"}
        self.table.update(frame.rename(columns=words))
        said = f"R between the two: {r:.2f}. " if np.isfinite(r) else ""
        self.words.object = (
            f"<div role='note' style='font-size:12px;opacity:.9'>{said}{within} of {len(frame)} towers have an error "
            f"of at most {MISSION_LIMIT:g} {UNIT} by Eq. 10. The errors of the inputs are the quality columns of the "
            "BPLUT, whose units are our reading. Observed ubRMSE holds more than the inputs' errors: those of the "
            "model, of the tower, and of what lies between a footprint and its drivers.</div>"
        )
