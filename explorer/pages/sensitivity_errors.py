"""The tab Uncertainty of the page Sensitivity: the error of NEE by Eq. 10, its inputs, shares of area, draws."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.controls import Control, class_of, controls_of, parameter_row
from explorer.pages.page import card, heading, put
from explorer.pages.sensitivity_maps import ScopeMap, note, table_pane
from explorer.pages.take_away import download
from explorer.sensitivity import export
from explorer.sensitivity.address import NUMBERS, errors_of, with_errors
from explorer.sensitivity.errors import SOURCE_WORDS
from explorer.sensitivity.session import SensitivitySession
from explorer.views.nee_errors import DrawsView, ErrorYearView, SharesView
from explorer.views.towers import frame_html
from models.l4c.input_errors import InputErrors, input_errors
from models.l4c.params import PFT_NAMES, PFTS
from models.l4c.uncertainty import MISSION_LIMIT
from models.studies.jones2017 import WHY

__all__ = ["UncertaintyTab"]

UNIT = "gC m⁻² d⁻¹"

SHOWN = {"ubRMSE of NEE": "ubrmse", "relative to GPP + RE": "relative"} | {
    f"share of {words} in the variance": name for name, words in SOURCE_WORDS.items()
}

ErrorControls = class_of("InputErrors", controls_of(InputErrors, {}))


class UncertaintyTab:
    """The error that the inputs' errors give NEE, which follows their sliders at once."""

    def __init__(self, session: SensitivitySession, draw):
        self.session = session
        self._showing = False
        self.shown = pmui.Select(
            label="Map of", options=SHOWN, value=session.selection.shown, size="small", width=260, margin=(6, 8)
        )
        self.shown.param.watch(lambda event: self._select(shown=event.new), "value")
        self.map = ScopeMap(session, draw)
        self.inputs = SharesView()
        self.table, self.drawn_table = table_pane(), table_pane()
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self._errors()
        self._draws()
        files = pmui.FlexBox(
            download("Shares (.csv)", "sensitivity-nee-error.csv", self._csv),
            download("Map (.nc)", "sensitivity-nee-error.nc", self._netcdf),
            margin=(0, 8, 8, 8),
        )
        left = pmui.Column(
            card(self.shown, *self.map.objects),
            card(heading("Shares of area, beside the paper's"), self.table, self.words, files),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        right = pmui.Column(
            card(heading("Errors of the inputs", "quality columns of the BPLUT; yours to move"), *self.errors),
            card(heading("What the error is made of", "share of the region's variance"), self.inputs.pane),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.pane = pmui.Grid(
            pmui.Grid(left, size={"xs": 12, "lg": 7.5}),
            pmui.Grid(right, size={"xs": 12, "lg": 4.5}),
            pmui.Grid(card(heading("Monte Carlo beside Eq. 10", "where linearity fails"), *self.draws), size=12),
            container=True,
            sizing_mode="stretch_width",
        )

    def _errors(self) -> None:
        """Make the sliders: the rank of fPAR, and the errors of a plant type."""
        declared = NUMBERS["rank"]
        self.rank = pmui.FloatSlider(
            label=f"{declared.long_name[:1].upper()}{declared.long_name[1:]} (1: best retrieval, 4: climatology)",
            start=declared.low, end=declared.high, step=0.5, value=self.session.selection.rank, size="small",
            sizing_mode="stretch_width", margin=(6, 14), description=declared.source,
        )  # fmt: skip
        self.rank.param.watch(lambda event: self._select(rank=float(event.new)), "value_throttled")
        self.pft = pmui.Select(
            label="Plant functional type", options={f"{code} · {PFT_NAMES[code]}": code for code in PFTS},
            size="small", sizing_mode="stretch_width", margin=(6, 8),
        )  # fmt: skip
        self.pft.param.watch(lambda event: self._select(pft=event.new), "value")
        self.sliders = ErrorControls(moved=self._on_moved)
        rows = [parameter_row(self.sliders, control, self._on_reset) for control in self.sliders.controls]
        self.back = pmui.Button(
            label="All errors as in the table", icon="restart_alt", size="small", variant="outlined", margin=(4, 8),
            on_click=lambda _event: self.session.select(errors=""),
        )  # fmt: skip
        self.errors = [self.rank, self.pft, *rows, self.back]

    def _draws(self) -> None:
        """Make what compares draws with the linear error."""
        members = NUMBERS["members"]
        self.members = pmui.IntInput(
            label="Draws a day", start=int(members.low), end=int(members.high), step=50, size="small", width=120,
            value=self.session.selection.members, margin=(6, 8),
        )  # fmt: skip
        self.members.param.watch(
            lambda event: self._select(members=int(event.new)) if event.new is not None else None, "value"
        )
        run = pmui.Button(
            label="Draw", icon="casino", size="small", variant="contained", margin=(12, 8),
            description="Draw: run the model with perturbed inputs", on_click=lambda _event: self.session.draw(),
        )  # fmt: skip
        self.scatter, self.year = DrawsView(), ErrorYearView()
        self.drawn_words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        csv = download("Draws (.csv)", "sensitivity-draws.csv", self._draws_csv)
        self.drawn_grid = pmui.Grid(
            pmui.Grid(self.scatter.pane, size={"xs": 12, "lg": 5}),
            pmui.Grid(self.year.pane, self.drawn_table, csv, size={"xs": 12, "lg": 7}),
            container=True, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        self.draws = [pmui.FlexBox(self.members, run, margin=0), self.drawn_words, self.drawn_grid]

    # -- what a hand does ---------------------------------------------------------------------------------------------
    def _select(self, **changed) -> None:
        if not self._showing and any(getattr(self.session.selection, n) != v for n, v in changed.items()):
            self.session.select(**changed)

    def _on_moved(self, fields: dict[str, float]) -> None:
        session = self.session
        try:
            session.edit(selection=with_errors(session.selection, session.selection.pft, **fields))
        except ValueError:
            self.update()
            raise

    def _on_reset(self, control: Control) -> None:
        session = self.session
        changed = with_errors(session.selection, session.selection.pft, **dict.fromkeys(control.fields))
        session.edit(selection=changed)

    # -- what is shown ------------------------------------------------------------------------------------------------
    def update(self) -> None:
        """Draw what there is."""
        session = self.session
        chosen = session.selection
        self._showing = True
        try:
            for widget, value in (
                (self.shown, chosen.shown), (self.rank, chosen.rank), (self.pft, chosen.pft),
                (self.members, chosen.members),
            ):  # fmt: skip
                put(widget, value)
        finally:
            self._showing = False
        self.sliders.show(errors_of(chosen)[chosen.pft], input_errors()[chosen.pft])
        self._show_errors()
        self._show_draws()

    def _show_errors(self) -> None:
        errors, chosen = self.session.errors, self.session.selection
        if errors is None:
            self.words.object = note("The map appears when the run is done: it starts by itself.")
            return
        words = next(text for text, name in SHOWN.items() if name == chosen.shown)
        self.map.update(
            errors.scope, errors.field(chosen.shown), unit=UNIT if chosen.shown == "ubrmse" else "%", signed=False,
            bar=words, title=f"{words} · Eq. 10",
        )  # fmt: skip
        self.inputs.update(list(SOURCE_WORDS.values()), errors.mean_shares())
        rank = chosen.rank if chosen.rank in errors.shares else next(iter(errors.shares))
        self.table.object = frame_html(errors.table(rank))
        why = "; ".join(html.escape(reason) for reason in WHY)
        self.words.object = note(
            f"Of {html.escape(errors.scope.words)}. The rank of fPAR stands for every day, where the mission has each "
            "day's; it decides much, so every rank stands here. The usual one is the middle of the scale: an "
            "assumption, settled with the paper's shares known, so that agreement at it proves nothing. "
            f"Why ours need not be the paper's: {why}."
        )

    def _show_draws(self) -> None:
        drawn, session = self.session.drawn, self.session
        self.drawn_grid.visible = drawn is not None
        if drawn is None:
            self.drawn_words.object = note(
                "Press Draw: each input is drawn about its value with the errors above, Gaussian and independent, and "
                "the spread of NEE is laid beside Eq. 10, over the region and through the year of the selected cell."
            )
            return
        self.drawn_words.object = note(
            "Eq. 10 is linear: it holds while an input's error stays on one side of a ramp's limits (here: two "
            "standard deviations), and falls short on cold soils, where Tmult of Eq. 9 bends within the error of the "
            f"soil temperature. {drawn.members:,} draws a day; sampling error of a day: "
            f"{100 / np.sqrt(2 * drawn.members):.1f} %."
        )
        self.scatter.update(drawn.linear, drawn.drawn, drawn.inside)
        lat, lon = session.selection.at
        self.year.update(
            drawn.time, drawn.cell_linear, drawn.cell_drawn, drawn.cell_inside, MISSION_LIMIT,
            f"Cell at {lat:.2f}, {lon:.2f}",
        )  # fmt: skip
        self.drawn_table.object = frame_html(
            drawn.table(), f"ubRMSE in {UNIT}; a day is one of a plant type in a cell. "
            "Single days may be off by the draws' own sampling error beside the 10 %.",
        )  # fmt: skip

    # -- files --------------------------------------------------------------------------------------------------------
    def _made(self):
        if self.session.errors is None:
            msg = "There is nothing to save yet; wait for the map."
            raise ValueError(msg)
        return self.session.errors

    def _csv(self) -> bytes:
        errors, chosen = self._made(), self.session.selection
        parts = dict(zip(SOURCE_WORDS.values(), errors.mean_shares(), strict=True))
        table = errors.table(chosen.rank)
        extra = pd.DataFrame(
            [{table.columns[0]: f"share of {name} in the variance", table.columns[2]: round(100 * value, 2)}
             for name, value in parts.items()]
        )  # fmt: skip
        title = "Shares of the vegetated area by the error of NEE (Eq. 10), and of the inputs in its variance [%]"
        return export.table_csv(pd.concat([table, extra]), title, errors.scope.experiment, chosen)

    def _netcdf(self) -> bytes:
        return export.errors_netcdf(self._made(), self.session.selection)

    def _draws_csv(self) -> bytes:
        drawn = self.session.drawn
        if drawn is None:
            msg = "There are no draws yet; press Draw."
            raise ValueError(msg)
        frame = pd.DataFrame(
            {f"error by Eq. 10 [{UNIT}]": drawn.linear, f"error by draws [{UNIT}]": drawn.drawn,
             "no ramp at a limit": drawn.inside.astype(int)}
        )  # fmt: skip
        title = f"NEE error of days of plant types in cells, {drawn.members} draws a day"
        return export.table_csv(frame, title, self.session.b, self.session.selection)
