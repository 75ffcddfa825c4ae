"""The tab Increments & interannual of the page Sensitivity: Figs. 8d and 9 of Jones et al. 2017."""

import html

import numpy as np
import panel as pn
import panel_material_ui as pmui

from explorer.assimilation.numbers import name_and_unit, sensor_title
from explorer.assimilation.runs import Outcome
from explorer.pages.page import card, heading, switch
from explorer.pages.sensitivity_maps import ScopeMap, note, table_pane
from explorer.pages.take_away import download
from explorer.sensitivity import export
from explorer.sensitivity.session import SensitivitySession
from explorer.sensitivity.water import MOST_CELLS, seconds_of_land
from explorer.sensitivity.years import HOW_TO_RUN, INCREMENTS, YEARS, YearsBeside, is_whole_year, newest_run
from explorer.views.cloud import CloudView
from explorer.views.towers import frame_html
from explorer.worlds import table_of
from models.l4c.drought import FLUXES

__all__ = ["YearsTab"]

UNIT = "gC m⁻² d⁻¹"


class YearsTab:
    """What the analysis adds to soil moisture, and whether that moves carbon more than the weather of years does."""

    def __init__(self, session: SensitivitySession, draw):
        self.session = session
        self._outcome: Outcome | None = None
        self.found = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 12))
        self.look = pmui.Button(
            label="Look again", icon="refresh", size="small", variant="outlined", margin=8,
            description="Look again: for the newest assimilation run of this process",
            on_click=lambda _event: self.update(),
        )  # fmt: skip
        self.layer = switch("Increment of", {name_and_unit(row)[0]: row for row in INCREMENTS}, "sm1")
        self.sensor = pmui.Select(label="Sensor", options={"–": ""}, value="", size="small", width=150, margin=(6, 8))
        self.flux = switch("Flux", {flux.upper(): flux for flux in FLUXES}, "gpp")
        for widget in (self.layer, self.sensor, self.flux):
            widget.param.watch(lambda _event: self._draw(), "value")
        self.increments = ScopeMap(session, draw)
        self.run = pmui.Button(
            label="Run", icon="play_arrow", size="small", variant="contained", margin=8,
            description="Run: land surface model and L4C through several years",
            on_click=lambda _event: session.run_years(),
        )  # fmt: skip
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12, 8, 12))
        self.std, self.rmsd = ScopeMap(session, draw), ScopeMap(session, draw)
        self.cloud = CloudView(height=320, name="interannual")
        self.table = table_pane()
        half = {"xs": 12, "lg": 6}
        self.increment_card = card(
            heading("Standard deviation of the analysis increments", "Fig. 8d"),
            pmui.FlexBox(self.sensor, self.layer, margin=0, align_items="center"), *self.increments.objects,
        )  # fmt: skip
        self.rmsd_card = card(heading("Ops less Open Loop, RMSD"), *self.rmsd.objects)
        self.cloud_card = card(heading("Each cell", "line: least squares"), self.cloud.pane)
        self.results = pmui.Grid(
            pmui.Grid(card(heading("Interannual standard deviation"), *self.std.objects), size=half),
            pmui.Grid(self.rmsd_card, size=half),
            pmui.Grid(self.cloud_card, size=half),
            pmui.Grid(
                card(
                    heading("In numbers"), self.table,
                    download("Maps (.nc)", "sensitivity-years.nc", self._netcdf),
                ),
                size=half,
            ),
            container=True, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        self.pane = pmui.Column(
            card(pmui.Row(self.found, self.look, sizing_mode="stretch_width", margin=0)), self.increment_card,
            card(
                heading("Years beside what assimilation changes", "Fig. 9"),
                pmui.FlexBox(self.run, self.flux, margin=0, align_items="center"), self.words,
            ),
            self.results, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def update(self) -> None:
        """Look for an assimilation run, and draw what there is."""
        self._outcome = outcome = newest_run()
        self.increment_card.visible = outcome is not None
        if outcome is None:
            self.found.object = note(f"{HOW_TO_RUN} <a href='./assimilation'>Open the page Assimilation</a>.")
        else:
            result = outcome.result
            options = {sensor_title(name): name for name in result.sensors}
            if self.sensor.options != options:
                self.sensor.param.update(options=options, value=next(iter(options.values())))
            whole = "" if is_whole_year(outcome) else " It does not hold a whole year, so that Fig. 9 lacks its half."
            self.found.object = note(
                f"The newest assimilation run of this process: {html.escape(outcome.experiment.region.name)}, "
                f"{result.twin.cells.size:,} cells of the {outcome.experiment.grid} grid, "
                f"{', '.join(html.escape(sensor_title(name)) for name in result.sensors)}, {result.days[0]} to "
                f"{result.days[-1]}. A synthetic twin.{whole}"
            )
        self._draw()

    def _draw(self) -> None:
        if self._outcome is not None:
            self._draw_increments(self._outcome)
        years = self.session.years
        self.results.visible = years is not None
        if years is None:
            self._say_idle()
        else:
            self._draw_years(years)

    def _draw_increments(self, outcome: Outcome) -> None:
        result, row = outcome.result, self.layer.value
        sensor = self.sensor.value if self.sensor.value in result.sensors else result.sensors[0]
        name, unit = name_and_unit(row)
        values = result.diagnostic(sensor, f"increment_std:{row}", "all")
        table = table_of(outcome.experiment.grid)
        field = np.full(table.n_cell, np.nan, np.float32)
        field[result.twin.cells] = values
        self.increments.draw(
            table, field, np.append(values, np.zeros(values.size)), unit=unit, signed=False,
            bar=f"increment of {name}, sd", title=f"{name}: sd of the increments, {sensor_title(sensor)}",
        )  # fmt: skip

    def _say_idle(self) -> None:
        scope = self.session.scope()
        count = self._outcome.result.twin.cells.size if self._outcome is not None else 0
        if not count and scope is not None:
            count = scope.cells.size
        where = "the assimilation run's cells" if self._outcome is not None else "the region on the left"
        text = (
            f"Press Run: {YEARS} years of the world's weather, one after the other, through the land surface model "
            f"and L4C, on {where} ({count:,} cells: about {max(1, round(seconds_of_land(max(count, 1), YEARS)))} s). "
        )
        if count > MOST_CELLS:
            text = (
                f"Of {where}, {count:,} cells: more than the {MOST_CELLS} that the land surface model takes here. "
                "Choose a smaller region on the left, or run a smaller assimilation. "
            )
        self.words.object = note(html.escape(text + _used()))

    def _draw_years(self, years: YearsBeside) -> None:
        flux = self.flux.value
        title, made = flux.upper(), years.years
        std, rmsd = made.interannual_std(flux), years.rmsd(flux)
        table = table_of(years.grid)
        self.rmsd_card.visible = self.cloud_card.visible = years.carbon is not None
        for view, values, words in (
            (self.std, std, "interannual sd of monthly means"), (self.rmsd, rmsd, "Ops − Open Loop, RMSD"),
        ):  # fmt: skip
            if np.isfinite(values).any():
                field = np.full(table.n_cell, np.nan, np.float32)
                field[made.cells] = values
                view.draw(
                    table,
                    field,
                    values,
                    unit=UNIT,
                    signed=False,
                    bar=f"{title}: {words}",
                    title=f"{title}: {words}",
                )
        self.cloud.update(
            std, rmsd, (f"{title}: interannual sd", UNIT), (f"{title}: Ops − Open Loop RMSD", UNIT),
            "no assimilation run of a whole year",
        )  # fmt: skip
        self.table.object = frame_html(years.table(), f"{UNIT}, of monthly means, over {made.cells.size:,} cells")
        part = "" if years.carbon is not None else f"Without an assimilation run there is no other half. {HOW_TO_RUN} "
        first, last = made.years[0], made.years[-1]
        self.words.object = note(html.escape(f"{part}{first} to {last}. {_used()}"))

    def _netcdf(self) -> bytes:
        years, scope = self.session.years, self.session.scope()
        if years is None or scope is None:
            msg = "There is nothing to save yet; press Run."
            raise ValueError(msg)
        return export.years_netcdf(years, scope, self.session.selection)


def _used() -> str:
    """Say what the years are."""
    return (
        "What is used: the world's generator gives any year of one climate, so that years differ by chance and not by "
        "trend; fPAR is the same season every year but for what the land model's leaves change of it; every year of "
        "L4C starts from the first one's soil carbon. RMSD and standard deviation are of monthly means, the paper's "
        "are of years of the product's record."
    )
