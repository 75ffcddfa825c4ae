"""The tab Drought of the page Sensitivity: less rain or drier soil for some days in a region, and what carbon does."""

import html

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.pages.page import card, heading, heading_html, put, switch
from explorer.pages.sensitivity_maps import ScopeMap, note
from explorer.pages.take_away import download
from explorer.sensitivity import export
from explorer.sensitivity.address import NUMBERS
from explorer.sensitivity.drought import Drought, cell_days, drought_words, seconds_of_drought
from explorer.sensitivity.session import SensitivitySession
from explorer.sensitivity.water import MOST_CELLS
from explorer.views.lines import Line, LinkedLines, Plot
from explorer.views.totals import Kpi, KpiStrip
from models.l4c.drought import FLUXES

__all__ = ["DroughtTab"]

UNIT, YEAR = "gC m⁻² d⁻¹", "gC m⁻² yr⁻¹"

_FLUX_PLOTS = (
    Plot((Line("gpp", "GPP"), Line("rh", "RH")), UNIT),
    Plot((Line("nee", "NEE"),), UNIT, zero=True),
)
GROUPS = {
    "region": _FLUX_PLOTS,
    "soil": (*_FLUX_PLOTS, Plot((Line("smsf", "SMSF"), Line("smrz_rescaled", "SMRZ, rescaled")), "%")),
    "rain": (
        *_FLUX_PLOTS,
        Plot((Line("ssm", "SSM 0-10 cm"), Line("rzsm", "RZSM 0-100 cm")), "m³ m⁻³"),
        Plot((Line("lai", "LAI"),), "m² m⁻²", share=0.8),
    ),
}
"""What the series show: the region's mean; a cell with its water, of either kind of drought."""

WAYS = {"Soil moisture": "soil", "Rain": "rain"}


class DroughtTab:
    """Choices, maps of the change, and series with and without."""

    def __init__(self, session: SensitivitySession, draw):
        self.session = session
        self._showing = False
        self._shown: Drought | None = None
        self.way = switch("What is scaled", WAYS, session.selection.drought)
        factor = NUMBERS["factor"]
        self.factor = pmui.FloatSlider(
            label="times", start=factor.low, end=factor.high, step=0.05, size="small", width=260, margin=(6, 14),
            value=session.selection.factor, description="0: none at all; 1: as usual; more: a wet spell",
        )  # fmt: skip
        self.run = pmui.Button(
            label="Run", icon="play_arrow", size="small", variant="contained", margin=(10, 8),
            on_click=lambda _event: session.dry(),
        )  # fmt: skip
        self.estimate = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.flux = switch("Map of", {flux.upper(): flux for flux in FLUXES}, session.selection.flux)
        self.of = switch("Series of", {"the region": "region", "the selected cell": "cell"}, "region")
        self.mode = switch("Shown as", {"both": "compare", "difference": "difference"}, "compare")
        self.way.param.watch(lambda event: self._select(drought=event.new), "value")
        self.factor.param.watch(lambda event: self._select(factor=round(float(event.new), 3)), "value_throttled")
        self.flux.param.watch(lambda event: self._select(flux=event.new), "value")
        for widget in (self.of, self.mode):
            widget.param.watch(lambda _event: self._draw_series(), "value")
        self.kpis = KpiStrip(narrow=True)
        self.map = ScopeMap(session, draw, height=380)
        self.series = LinkedLines(GROUPS, height=430, name="drought")
        self.title = heading("Through the year")
        files = pmui.FlexBox(
            download("Maps and series (.nc)", "sensitivity-drought.nc", self._netcdf),
            download("Series (.csv)", "sensitivity-drought.csv", self._csv), margin=(0, 8, 8, 8),
        )  # fmt: skip
        self.results = pmui.Grid(
            pmui.Grid(card(self.flux, *self.map.objects), size={"xs": 12, "lg": 5.5}),
            pmui.Grid(
                card(self.title, pmui.FlexBox(self.of, self.mode, margin=0), self.series.pane),
                size={"xs": 12, "lg": 6.5},
            ),
            pmui.Grid(self.kpis.pane, size=12),
            pmui.Grid(files, size=12),
            container=True, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        self.pane = pmui.Column(
            card(
                pmui.FlexBox(self.way, self.factor, self.run, align_items="center", margin=(4, 4, 0, 4)),
                self.estimate, self.words,
            ),
            self.results, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def _select(self, **changed) -> None:
        if not self._showing and any(getattr(self.session.selection, n) != v for n, v in changed.items()):
            self.session.select(**changed)

    def update(self) -> None:
        """Draw what there is."""
        session, chosen, drought = self.session, self.session.selection, self.session.drought
        self._showing = True
        try:
            for widget, value in ((self.way, chosen.drought), (self.factor, chosen.factor), (self.flux, chosen.flux)):
                put(widget, value)
        finally:
            self._showing = False
        self._say_estimate()
        self.results.visible = drought is not None
        if drought is None:
            self.words.object = note(
                "Choose region and period on the left, what is scaled and by how much, and press Run. Soil moisture is "
                "scaled directly (0-10 and 0-100 cm, in % of saturation) on any region. Rain goes through the land "
                f"surface model, whose water, soil temperature and leaves then drive L4C: up to {MOST_CELLS} cells."
            )
            return
        self._shown = drought
        when = drought.scope.world.time[drought.scope.days]
        stale = ""
        now = session.scope()
        if now is not drought.scope or (chosen.drought, chosen.factor) != (
            drought.selection.drought, drought.selection.factor,
        ):  # fmt: skip
            stale = "<b>Of an earlier question; press Run for the one above.</b> "
        air = (
            "The air stays as it was: it does not know of the rain that failed."
            if drought.selection.drought == "rain"
            else "A root zone drier than its driest day of the year counts as that day."
        )
        self.words.object = note(
            f"{stale}{html.escape(drought_words(drought.selection))} from {when[0]} to {when[-1]}, "
            f"{html.escape(drought.scope.experiment.region.name)}. B: with it; A: the same year without. {air} "
            "Soil carbon starts from the year without."
        )
        self._draw_map(drought)
        self._draw_series()
        self._draw_kpis(drought)

    def _say_estimate(self) -> None:
        session = self.session
        scope = session.scope()
        text = session.problem
        if scope is not None:
            seconds = seconds_of_drought(scope, session.selection)
            text = f"{scope.words}: about {max(1, round(seconds))} s."
            if session.selection.drought == "rain" and scope.cells.size > MOST_CELLS:
                text = (
                    f"{scope.words}: too many for the land surface model, which takes up to {MOST_CELLS}. Choose a "
                    "smaller region, draw a box, or scale soil moisture."
                )
        self.estimate.object = f"<div role='status' style='font-size:12.5px'>{html.escape(text)}</div>"

    def _draw_map(self, drought: Drought) -> None:
        flux = self.session.selection.flux
        self.map.update(
            drought.scope, drought.field(flux), unit=YEAR, signed=True, bar=f"change of {flux.upper()}",
            title=f"Change of {flux.upper()} by the drought · sum of the year",
        )  # fmt: skip

    def _draw_series(self) -> None:
        drought = self._shown
        if drought is None:
            return
        contrast = drought.contrast
        group, b, a = "region", contrast.changed_days, contrast.usual_days
        where = f"mean of {drought.scope.experiment.region.name}"
        if self.of.value == "cell":
            try:
                cell, a, b = cell_days(drought, self.session.selection.at)
            except ValueError as error:
                self.session.tell(str(error), "info")
                put(self.of, "region")
                return
            world = drought.scope.world
            group = drought.selection.drought
            where = f"cell at {world.latitude[cell]:.2f}, {world.longitude[cell]:.2f}"
        self.title.object = heading_html("Through the year", "B with the drought, A without")
        self.series.update(contrast.time, b, a, title=where)
        self.series.show(group, self.mode.value)

    def _draw_kpis(self, drought: Drought) -> None:
        items = []
        for flux, (usual, changed) in drought.totals().items():
            items.append(Kpi(f"{flux.upper()} of the region", changed, "Tg C yr⁻¹", usual))
        for flux in FLUXES:
            change = drought.field(flux)
            items.append(
                Kpi(
                    f"Largest change of {flux.upper()}",
                    float(change[np.nanargmax(np.abs(change))]),
                    YEAR,
                    None,
                    "of a cell",
                )
            )
        self.kpis.update(items)

    def _made(self) -> Drought:
        if self.session.drought is None:
            msg = "There is nothing to save yet; press Run."
            raise ValueError(msg)
        return self.session.drought

    def _netcdf(self) -> bytes:
        return export.drought_netcdf(self._made(), self.session.selection)

    def _csv(self) -> bytes:
        drought = self._made()
        contrast = drought.contrast
        columns: dict[str, object] = {"date": np.datetime_as_string(contrast.time)}
        for flux in FLUXES:
            columns[f"{flux} with [{UNIT}]"] = contrast.changed_days[flux]
            columns[f"{flux} without [{UNIT}]"] = contrast.usual_days[flux]
        title = f"Daily means of the region, {drought_words(drought.selection)}"
        return export.table_csv(pd.DataFrame(columns), title, drought.scope.experiment, drought.selection)
