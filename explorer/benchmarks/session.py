"""One visitor of the page Benchmarks: A and B of L4C, what they are held against, the files that are read for it."""

from collections.abc import Callable
from functools import partial

import param

from explorer.benchmarks.address import BenchmarkSelection, read_benchmarks, write_benchmarks
from explorer.benchmarks.question import FLUX_TABS, BenchmarkAnswer, BenchmarkQuestion, answer
from explorer.benchmarks.sources import MAPS, Maps, Source, sources_for
from explorer.data.library import LIBRARY, Item, Library
from explorer.session import Session
from explorer.worlds import World
from models.experiment import Experiment

__all__ = ["BenchmarkSession"]


class BenchmarkSession(Session):
    """The state of one visitor's page Benchmarks."""

    selection = param.ClassSelector(class_=BenchmarkSelection, doc="What is looked at.")
    answer = param.ClassSelector(class_=BenchmarkAnswer, default=None, doc="The newest numbers.")
    items = param.ClassSelector(class_=tuple, default=(), doc="Files of the folders of --data.")

    read = staticmethod(read_benchmarks)

    def __init__(self, address: str = "", *arguments, library: Library = LIBRARY, maps: Maps = MAPS, **options):
        super().__init__(address, *arguments, **options)
        self.library, self.maps = library, maps
        self._reading: set[Source] = set()
        self._unread: set[Source] = set()
        self.items: tuple[Item, ...] = library.found or ()

    def write(self, a: Experiment, b: Experiment) -> str:
        """Return the address of two experiments and of what is looked at."""
        return write_benchmarks(a, b, self.selection)

    def load(self) -> None:
        """Start: look through the folders of --data for products that judge carbon."""
        super().load()
        if self.library.folders and self.library.found is None:
            names = ", ".join(folder.name for folder in self.library.folders)
            self.slowly(f"Looking into {names}", self.library.look, self._listed, key="scan")

    def _listed(self, items: tuple[Item, ...]) -> None:
        """Take what the folders hold; a product of the address that is not there is said."""
        self.items = items
        for kind in FLUX_TABS:
            wanted = getattr(self.selection, kind)
            if wanted and wanted not in [source.key for source in self.sources(kind)]:
                self.tell(f"No file of {wanted} is in the folders of --data; {kind.upper()} is held against "
                          f"{self.source(kind).title}.", "warning")  # fmt: skip
        self.ask()

    # -- what the runs are held against ---------------------------------------------------------------------------
    def sources(self, kind: str) -> tuple[Source, ...]:
        """Return what "gpp", "nee" or "soc" can be held against."""
        return sources_for(kind, self.items)

    def source(self, kind: str) -> Source:
        """Return what a flux is held against: the one that is chosen, else the first that is there."""
        sources, wanted = self.sources(kind), getattr(self.selection, kind)
        return next((source for source in sources if source.key == wanted), sources[0])

    @property
    def wanted_sources(self) -> tuple[Source, ...]:
        """What the tab that is shown needs."""
        tab = self.selection.tab
        if tab in FLUX_TABS:
            return (self.source(tab),)
        return self.sources("soc") if tab == "soc" else ()

    def work(self, world: World) -> Callable:
        """Return what computes the comparison of the present state, and have files read that it lacks."""
        sources = self.wanted_sources
        maps = {}
        for source in sources:
            if source.of_world:
                continue
            known = self.maps.known(source, world.grid)
            if known is not None:
                maps[source.key] = known
            elif source not in self._reading | self._unread:
                self._read(source, world)
        question = BenchmarkQuestion(self.a, self.b, self.selection, sources)
        return partial(answer, world, question, maps, self.answer)

    def _read(self, source: Source, world: World) -> None:
        """Read a benchmark's files off the event loop; they are compared when they are there."""
        self._reading.add(source)

        def done(_nothing) -> None:
            self._reading.discard(source)
            self.ask()

        def ended() -> None:
            self._reading.discard(source)
            self._unread.add(source)

        self.slowly(
            f"Reading {source.title}", partial(self.maps.read, source, world.grid), done,
            key=f"maps {source.key} {source.variable} {world.grid}", ended=ended,
        )  # fmt: skip

    def select(self, **changed) -> None:
        """Change what is looked at; files that could not be read are tried again."""
        self._unread.clear()
        super().select(**changed)
