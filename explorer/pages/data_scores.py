"""The tab Carbon at every tower of the page Data: months of GPP, RECO and NEE of L4C beside every tower's."""

import io

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.data.session import DataSession
from explorer.pages.page import card, heading
from explorer.tower_table import by_plant_type, tower_rows
from explorer.views.towers import ScoresView
from models.l4c.params import PFTS

__all__ = ["ScoresTab"]

FLUXES = ("gpp", "reco", "nee")


class ScoresTab:
    """A table by plant type and a row for each tower, run when asked for."""

    def __init__(self, session: DataSession):
        self.session = session
        self.rows: pd.DataFrame | None = None
        self.run = pmui.Button(
            label="Run all towers", icon="play_arrow", variant="contained", size="small", margin=(4, 12),
            description="Run all towers: L4C with published parameters at each tower that ships and of your folders",
            on_click=lambda _event: self._ask(),
        )  # fmt: skip
        self.csv = pmui.FileDownload(
            callback=self._csv, filename="towers.csv", label="Every tower (.csv)", size="small", variant="outlined",
            margin=(4, 4), disabled=True,
        )  # fmt: skip
        self.words = pn.pane.HTML(
            "<div style='font-size:13px'>A tower with days or half hours drives the run where it measured; one with "
            "months alone is run on the world's synthetic days. Simulated days are averaged by month and compared with "
            "the tower's monthly fluxes.</div>", sizing_mode="stretch_width", margin=(4, 12),
        )  # fmt: skip
        self.table = ScoresView("Mean scores of the towers of a plant type [gC m⁻² d⁻¹]; each tower counts once.")
        self.each = ScoresView("Every tower; driven by: whose weather; n: months; RMSE, ubRMSE, bias in gC m⁻² d⁻¹.")
        self.pane = card(
            heading("Carbon at every tower", "monthly GPP, RECO and NEE"), self.words,
            pmui.FlexBox(self.run, self.csv, margin=0), self.table.pane, self.each.pane,
        )  # fmt: skip

    def _ask(self) -> None:
        session = self.session
        self.run.disabled = True

        def work(progress, cancelled) -> tuple[pd.DataFrame, bool]:
            rows = tower_rows(session.library.folders, session.a, progress=progress, cancelled=cancelled)
            return rows, cancelled()

        session.slowly("Running L4C at every tower", work, self._take, key="every tower", ended=self._ended)

    def _ended(self) -> None:
        self.run.disabled = False

    def _take(self, result: tuple[pd.DataFrame, bool]) -> None:
        self._ended()
        self.rows, stopped = result
        if not len(self.rows):
            self.session.tell("Stopped before the first tower was run.", "info")
            return
        ran = self.rows[self.rows["problem"] == ""]
        if stopped:
            self.session.tell(f"Stopped; the table holds the {len(ran)} towers that were run.", "info")
        self.csv.disabled = False
        if len(ran):
            self.table.update(by_plant_type(self.rows))
        self.each.update(_each(self.rows))

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(self.rows.to_csv(index=False).encode("utf-8"))


def _each(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each tower, ready to be shown."""
    frame = pd.DataFrame({"site": rows["site"], "IGBP": rows["igbp"]})
    frame["PFT"] = [PFTS[pft - 1] if pft else "" for pft in rows["pft"]]
    frame["driven by"], frame["n"] = rows["driven"], rows["months"]
    for flux in FLUXES:
        for score, label in (("r", "R"), ("rmse", "RMSE"), ("ubrmse", "ubRMSE"), ("bias", "bias")):
            if f"{flux}_{score}" in rows:
                frame[f"{flux.upper()} {label}"] = rows[f"{flux}_{score}"].astype(float)
    frame["not run because"] = rows["problem"]
    return frame
