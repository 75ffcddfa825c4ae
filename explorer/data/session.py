"""One visitor of the page Data: what is listed, what is chosen of it, and the files brought along."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import param

from explorer.data.address import DataSelection, read_data, write_data
from explorer.data.library import LIBRARY, Item, Library, Place, added, embedded, passing, places_of
from explorer.data.maps import CellSeries, FileMap, MapWish, cell_series, draw, open_sheet
from explorer.data.series import Channel, Record, Series, open_record, series_of
from explorer.runs import RunQueue
from explorer.session import Session
from models.experiment import Experiment

__all__ = ["BUILDS", "FETCHES", "FILES", "DataSession"]

FILES = RunQueue("files")
"""Opening a file: moments, so it must not wait behind a scan."""

BUILDS = RunQueue("builds")
"""Regions of the 9-km grid: up to minutes."""

FETCHES = RunQueue("fetches")
"""Search and download at NASA Earthdata: up to hours."""

SCANS = RunQueue("scans")
"""Looking through folders: up to minutes the first time."""


class DataSession(Session):
    """The state of one visitor's page Data."""

    selection = param.ClassSelector(class_=DataSelection, doc="What is looked at.")
    items = param.ClassSelector(class_=tuple, default=(), doc="Everything that is listed.")
    record = param.ClassSelector(class_=Record, default=None, doc="The dataset that is open.")
    series = param.ClassSelector(class_=Series, default=None, doc="What is drawn of it.")
    drawn = param.ClassSelector(class_=FileMap, default=None, doc="The map that is shown.")
    undrawn = param.String(default="", doc="Why the chosen dataset shows no map.")
    cell = param.ClassSelector(class_=CellSeries, default=None, doc="The series of the cell that was clicked.")
    unread = param.String(default="", doc="Why the chosen dataset shows no series.")
    scanned = param.Boolean(default=False, doc="Whether the folders were looked through.")

    read = staticmethod(read_data)
    baseline_of = staticmethod(lambda experiment: experiment)

    def __init__(self, address: str = "", *arguments, library: Library = LIBRARY, **options):
        super().__init__(address, *arguments, **options)
        self.param.update(a=Experiment(), b=Experiment())
        self.library = library
        self._own: tuple[Item, ...] = ()
        self._folder: Path | None = None
        self._wanted: tuple = ()
        self._wanted_map: tuple = ()
        self._wanted_cell: tuple = ()
        self.items = library.found or ()
        self.scanned = library.found is not None

    def write(self, a: Experiment, b: Experiment) -> str:
        """Return the address of what is looked at."""
        return write_data(self.selection)

    @property
    def query(self) -> str:
        """The address's query that reopens this state."""
        return write_data(self.selection)

    @property
    def world(self):
        """Nothing: the page waits for no world."""
        return None

    def follow(self) -> bool:
        """Nothing is prepared for this page."""
        return False

    def ask(self) -> None:
        """Open what is chosen; nothing is computed."""
        self.show()

    def load(self) -> None:
        """Start: look through the folders, and open what is chosen."""
        super().load()
        if self.scanned:
            self.show()
            return

        def shipped(items: tuple[Item, ...]) -> None:
            """Show what ships while the folders are looked through."""
            self._list(items)
            self.look()
            self.show()

        self.slowly("Opening the towers that ship", lambda progress, cancelled: embedded(), shipped, key="embedded",
                    queue=FILES)  # fmt: skip

    # -- what is listed -------------------------------------------------------------------------------------------
    def look(self, again: bool = False) -> None:
        """Look through the folders of --data, off the event loop."""

        def done(items: tuple[Item, ...]) -> None:
            self.scanned = True
            self._list(items)
            if self.library.found is None:
                self.tell(f"Stopped after {len(items):,} files; look again for the rest.", "info")
            self.show()

        folders = ", ".join(folder.name for folder in self.library.folders)
        self.slowly(
            f"Looking into {folders or 'the catalog'}",
            lambda progress, cancelled: self.library.look(progress, cancelled, again=again),
            done, key="scan", queue=SCANS,
        )  # fmt: skip

    def _list(self, found: tuple[Item, ...]) -> None:
        self.items = self._own + found

    def add(self, data: bytes, name: str) -> None:
        """Take a visitor's file for this session alone."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="land-carbon-"))
        folder = self._folder

        def done(item: Item) -> None:
            self._own = (item, *self._own)
            self.items = (item, *self.items)
            problem = f" {item.row.problem}." if item.row.problem else ""
            self.tell(f"{item.row.shown} is {item.row.product}; it stays in this tab.{problem}", "success")
            self.choose(item)

        self.slowly(
            "Reading the file", lambda progress, cancelled: added(data, name, folder), done, key="upload", queue=FILES
        )

    @property
    def passing(self) -> list[Item]:
        """What the filters let pass."""
        return passing(self.items, self.selection)

    @property
    def places(self) -> list[Place]:
        """Where what passes stands."""
        return places_of(self.passing)

    # -- what is chosen -------------------------------------------------------------------------------------------
    @property
    def item(self) -> Item | None:
        """The chosen dataset; the first tower if none is."""
        wanted = self.selection.item
        if not wanted:
            return next((item for item in self.items if item.placed), None)
        return next((item for item in self.items if item.key == wanted), None)

    def place_of(self, item: Item) -> Place | None:
        """Return the place of an item with all that stands there, whatever the filters."""
        return next((place for place in places_of(self.items) if item in place.items), None)

    def choose(self, item: Item, **more: str) -> None:
        """Look at another dataset; the variable stays if it has it."""
        self.select(item=item.key, **({"site": "", "layer": ""} | more))

    def select(self, **changed) -> None:
        """Change what is looked at, and open it if need be."""
        self.selection = replace(self.selection, **changed)
        self.show()

    def show(self) -> None:
        """Open what is chosen and take its series, off the event loop."""
        item = self.item
        if self.closed or not self.loaded:
            return
        if item is None:
            if self.scanned and self.selection.item:
                self.tell(f"{self.selection.item[:40]!r} is not listed here any more; choose another.", "warning")
                self.select(item="")
            return
        if self.selection.tab == "map":
            self._show_map(item)
        chosen = self.selection
        wanted = (item, chosen.variable, chosen.layer, chosen.site)
        if wanted == self._wanted:
            return
        self._wanted = wanted

        def work(_progress, _cancelled) -> tuple:
            try:
                record = open_record(item)
                if record.why_none:
                    return wanted, record, None, record.why_none
                site = chosen.site if chosen.site in record.sites else ""
                return wanted, record, series_of(record, _channel(record, chosen), site), ""
            except (ValueError, KeyError, OSError, ImportError) as error:
                return wanted, None, None, str(error.args[0] if error.args else error)

        self.slowly(f"Opening {item.name[:60]}", work, self._opened, key="open", queue=FILES)

    def _opened(self, result: tuple) -> None:
        wanted, record, series, why = result
        if wanted == self._wanted:
            self.param.update(record=record, series=series, unread=why)

    # -- maps -----------------------------------------------------------------------------------------------------
    def _show_map(self, item: Item) -> None:
        """Draw the map of what is chosen, off the event loop; only the newest wish counts."""
        chosen, items, worlds = self.selection, self.items, self.worlds
        layer = int(chosen.layer) if chosen.layer else 0
        wish = MapWish(chosen.variable, layer, chosen.time, chosen.grid, chosen.values == "good")
        wanted = (item, wish)
        if wanted == self._wanted_map:
            self._show_cell()
            return
        self._wanted_map = wanted
        sheet = self.drawn.sheet if self.drawn is not None and self.drawn.sheet.item is item else None

        def work(progress, cancelled) -> tuple:
            try:
                return wanted, draw(sheet or open_sheet(item, items), wish, worlds, progress, cancelled), ""
            except (ValueError, KeyError, OSError, ImportError) as error:
                return wanted, None, str(error.args[0] if error.args else error)

        def done(result: tuple) -> None:
            asked, drawn, why = result
            if asked == self._wanted_map:
                self.param.update(drawn=drawn, undrawn=why, cell=None)
                self._show_cell()

        def forget() -> None:
            self._wanted_map = ()

        self.slowly(f"Drawing {item.name[:60]}", work, done, key="map", queue=FILES, ended=forget)

    def _show_cell(self) -> None:
        """Follow the cell that was clicked through time, off the event loop."""
        drawn, at = self.drawn, self.selection.cell
        wanted = (drawn, at)
        if drawn is None or wanted == self._wanted_cell:
            return
        self._wanted_cell = wanted
        if not at:
            self.cell = None
            return
        latitude, longitude = map(float, at.split(","))

        def done(found: CellSeries | None) -> None:
            if self._wanted_cell == wanted:
                self.cell = found

        def forget() -> None:
            self._wanted_cell = ()

        self.slowly(
            "Reading the cell through time",
            lambda progress, cancelled: cell_series(drawn, latitude, longitude, progress, cancelled),
            done, key="cell", queue=FILES, ended=forget,
        )  # fmt: skip

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays, neither in memory nor on the disk."""
        super().close()
        with param.parameterized.discard_events(self):
            self.param.update(items=(), record=None, series=None, drawn=None, cell=None)
        self._own = ()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


PREFERRED = ("gpp", "nee", "ssm", "soil_moisture", "lai", "fpar", "co2", "t_air")


def _channel(record: Record, chosen: DataSelection) -> Channel:
    """Return what is to be drawn: the variable that is chosen, else what most people ask for."""
    layer = int(chosen.layer) if chosen.layer else None
    named = [c for c in record.channels if c.name == chosen.variable]
    exact = [c for c in named if layer is None or c.layer == layer]
    if exact or named:
        return (exact or named)[0]
    names = [c.name for c in record.channels]
    best = next((name for name in PREFERRED if name in names), names[0])
    return record.channels[names.index(best)]
