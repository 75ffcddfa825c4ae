"""Weather of the land surface model on the tab Drivers of the page Data: who gives each variable, and a run on it."""

import html
import io
from functools import partial

import panel as pn
import panel_material_ui as pmui

from data_catalog.forcing_stack import GIVERS, WEATHER
from explorer.data import export as data_export
from explorer.data.forcing import ForcingRun, grids_over, put_together, run_on
from explorer.data.session import DataSession
from explorer.pages.order_rows import OrderRows
from explorer.pages.page import card, heading
from explorer.views.towers import ScoresView

__all__ = ["ForcingCard"]

NONE = ""


class ForcingCard:
    """Rows of weather with their order of preference; put together, and run, when asked for."""

    def __init__(self, session: DataSession):
        self.session = session
        self.shown: ForcingRun | None = None
        small = {"size": "small", "margin": (6, 8)}
        self.words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(4, 12))
        self.grid = pmui.Select(
            label="Reanalysis", options={"none": NONE}, value=NONE, width=330,
            description="A file of ERA5, MERRA-2, GEOS-FP, GLDAS, IMERG or SPL4SMGP, and all listed files of its kind",
            **small,
        )  # fmt: skip
        self.rows = OrderRows(WEATHER, GIVERS, lambda: bool(self.grid.value), self._forget)
        self.grid.param.watch(lambda _event: (self.rows.draw(), self._forget()), "value")
        self.ask = pmui.Button(
            label="Put together", icon="layers", variant="contained", on_click=lambda _event: self._ask(), **small
        )
        self.run = pmui.Button(
            label="Run the land model on it", icon="play_arrow", variant="outlined", disabled=True,
            on_click=lambda _event: self._run(), **small,
        )  # fmt: skip
        self.scores = ScoresView("Days of the land surface model against what the tower observed.")
        self.weather = self._download("Weather (.nc)", lambda: data_export.forcing_netcdf(self.shown), "weather.nc")
        self.days = self._download("Run (.nc)", lambda: data_export.land_run_netcdf(self.shown), "land.nc")
        self.pane = card(
            heading("Weather of the land surface model", "who gives each variable at the chosen place"),
            self.words,
            pmui.FlexBox(self.grid, self.rows.again, margin=0),
            self.rows.pane,
            pmui.FlexBox(self.ask, self.run, self.weather, self.days, margin=0),
            self.rows.calendar.pane,
            self.scores.pane,
        )
        session.param.watch(self._on_selection, ["selection", "items"])
        self._on_selection()

    @staticmethod
    def _download(label: str, make, name: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: io.BytesIO(make()), filename=name, label=label, size="small", variant="outlined",
            margin=(6, 4), disabled=True,
        )  # fmt: skip

    def _on_selection(self, *_events) -> None:
        item = self.session.item
        placed = item is not None and item.placed
        self.ask.disabled = not placed
        if not placed:
            text = "Choose a tower or a station on the map: its weather is put together here."
        else:
            text = (
                f"<b>{html.escape(item.name)}</b>. Half hours or hours of the place come first where the file has "
                "them; a reanalysis' steps are brought to the place's clock; the world's weather is synthetic. The "
                "model takes no gaps."
            )
        self.words.object = f"<div style='font-size:13px'>{text}</div>"
        offered = grids_over(self.session.items)
        options = {"none": NONE} | {f"{one.row.product} · {one.row.shown}"[-60:]: one.key for one in offered}
        if self.grid.options != options:
            value = self.grid.value if self.grid.value in options.values() else NONE
            self.grid.param.update(options=options, value=value)
        if self.shown is not None and self.shown.item is not item:
            self._forget()

    def _forget(self) -> None:
        """Take away what does not belong to the order that is asked for."""
        self.shown = None
        self.rows.show(None)
        self.run.disabled = self.weather.disabled = self.days.disabled = True
        self.scores.pane.object = ""

    # -- runs ---------------------------------------------------------------------------------------------------
    def _ask(self) -> None:
        session, item = self.session, self.session.item
        grid = next((one for one in session.items if one.key == self.grid.value), None)
        order, fill, items = dict(self.rows.order), dict(self.rows.fill), session.items

        def work(progress, cancelled) -> ForcingRun:
            progress(0.1)
            return put_together(item, grid, items, order, fill)

        session.slowly(f"Putting the weather at {item.name} together", work, self._take, key="forcing")

    def _run(self) -> None:
        forcing = self.shown
        self.run.disabled = True

        def ended() -> None:
            self.run.disabled = False

        self.session.slowly(
            f"Running the land model at {forcing.item.name}", partial(run_on, forcing), self._take, key="forcing",
            ended=ended,
        )  # fmt: skip

    def _take(self, run: ForcingRun) -> None:
        if run.item is not self.session.item or (run.order, run.fill) != (self.rows.order, self.rows.fill):
            return  # a newer wish follows
        self.shown = run
        self.rows.show(run.shares, run.drivers)
        self.run.disabled = self.weather.disabled = False
        self.days.disabled = run.result is None
        if run.scores is not None and len(run.scores):
            self.scores.update(run.scores)
        elif run.result is not None:
            self.scores.pane.object = "<div style='font-size:13px'>It observed nothing that the model gives.</div>"
