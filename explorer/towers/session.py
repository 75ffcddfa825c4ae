"""One visitor of the page Towers: the sites that are open, the one that is looked at, and A's and B's parameters.

``b.l4c`` holds the parameters that a hand moves; `TowersSession.take_calibrated` puts a calibrated table in their
place.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import param

from explorer.data.library import LIBRARY, Library, embedded
from explorer.runs import LIVE, Job, RunQueue
from explorer.session import Session, describe
from explorer.tower_runs import TowerSite
from explorer.towers.address import TowersSelection, read_towers, write_towers
from explorer.towers.answer import SiteAnswer, TablePair, answer_site, answer_tables
from explorer.towers.sites import TOWER_SET, TowerSet
from models.experiment import Experiment
from models.l4c.bplut import load_bplut
from models.l4c.params import PFTS, L4CParams
from models.options import L4COptions

__all__ = ["OPENING", "TABLES", "TowersSession"]

OPENING = RunQueue("opening towers")
"""Reading tower files: up to a minute, so it must not stand before a slider."""

TABLES = RunQueue("tower tables")
"""Every tower at once: a moment once their drivers are packed, seconds before, so that one tower must not wait."""


class TowersSession(Session):
    """The state of one visitor's page Towers."""

    selection = param.ClassSelector(class_=TowersSelection, doc="What is looked at.")
    answer = param.ClassSelector(class_=SiteAnswer, default=None, doc="The newest numbers of the tower looked at.")
    table = param.ClassSelector(class_=TablePair, default=None, doc="The newest scores of every tower.")
    sites = param.ClassSelector(class_=tuple, default=(), doc="Towers that are open, by their codes.")
    opened = param.Boolean(default=False, doc="Whether every tower that is listed was opened.")
    calibrated = param.ClassSelector(class_=L4COptions, default=None, doc="The newest calibrated table.")

    read = staticmethod(read_towers)

    def __init__(self, address: str = "", *arguments, library: Library = LIBRARY, towers: TowerSet = TOWER_SET, **more):
        super().__init__(address, *arguments, **more)
        self.library, self.towers = library, towers
        self._wished: dict[str, tuple] = {}
        self._judged: tuple[TowerSite, ...] = ()
        grid = Experiment().grid  # the towers run on their own days
        self.wanted = grid
        self.param.update(a=replace(self.a, grid=grid), b=replace(self.b, grid=grid))

    def write(self, a: Experiment, b: Experiment) -> str:
        """Return the address of two experiments and of what is looked at."""
        return write_towers(a, b, self.selection)

    @property
    def query(self) -> str:
        """The address's query that reopens this state."""
        return self.write(self.a, self.b)

    @property
    def world(self):
        """Nothing: the towers bring their own days."""
        return None

    def follow(self) -> bool:
        """Nothing is prepared for this page."""
        return False

    # -- the towers -----------------------------------------------------------------------------------------------
    def load(self) -> None:
        """Start: open the towers that ship, then those of the folders."""
        super().load()

        def shipped(sites: tuple[TowerSite, ...]) -> None:
            self._take(sites)
            self.look()

        self.slowly(
            "Opening the towers that ship",
            lambda progress, cancelled: self.towers.open(embedded(), progress, cancelled),
            shipped, key="shipped", queue=OPENING,
        )  # fmt: skip

    def look(self) -> None:
        """Open the towers of the folders of --data, off the event loop; what is open is shown meanwhile."""
        if not self.library.folders:
            self.opened = True
            return

        wanted = self.selection.site

        def work(progress, cancelled) -> tuple[tuple[TowerSite, ...], bool]:
            items = self.library.look(lambda share: progress(share / 2), cancelled)
            sites = self.towers.open(
                items, lambda share: progress(0.5 + share / 2), cancelled,
                found=lambda sites: self.post(lambda: self._take(sites, more=True)), first=wanted,
            )  # fmt: skip
            return sites, cancelled()

        def done(result: tuple[tuple[TowerSite, ...], bool]) -> None:
            sites, stopped = result
            self.opened = not stopped
            self._take(sites)
            if stopped:
                self.tell(f"Stopped; the page shows the {len(self.sites)} towers that are open.", "info")

        names = ", ".join(folder.name for folder in self.library.folders)
        self.slowly(f"Opening the towers of {names}", work, done, key="folders", queue=OPENING)

    def _take(self, sites: tuple[TowerSite, ...], more: bool = False) -> None:
        """Show more towers; those that are shown already stay. All are judged once no ``more`` are on their way."""
        known = {site.site: site for site in self.sites} | {site.site: site for site in sites}
        self.sites = tuple(known[code] for code in sorted(known))
        if not more:
            self._judged = self.sites
        wanted = self.selection.site
        if self.opened and wanted and self.site is None:
            here = ", ".join(list(known)[:12]) + (" ..." if len(known) > 12 else "")
            self.tell(f"tower = {wanted!r} is not here; there are {here}. The page shows the first.", "warning")
            self.selection = replace(self.selection, site="")
        self.ask()

    @property
    def site(self) -> TowerSite | None:
        """The tower that is looked at; the first if none is chosen."""
        wanted = self.selection.site
        if not wanted:
            return self.sites[0] if self.sites else None
        return next((site for site in self.sites if site.site == wanted), None)

    @property
    def pft(self) -> str:
        """Plant type of the tower that is looked at: its parameters are on the sliders."""
        site = self.site
        return PFTS[site.pft - 1] if site is not None else PFTS[0]

    @property
    def shown(self) -> tuple[TowerSite, ...]:
        """The towers that the list and the plots of many sites hold: of one plant type, with the words searched for."""
        chosen = self.selection
        words = chosen.search.lower().split()
        return tuple(
            site
            for site in self.sites
            if (not chosen.group or PFTS[site.pft - 1] == chosen.group)
            and all(word in f"{site.site} {site.title} {PFTS[site.pft - 1]}".lower() for word in words)
        )

    # -- the parameters -------------------------------------------------------------------------------------------
    @property
    def parameters(self) -> L4CParams:
        """B's parameters of the plant type on the sliders."""
        return self.b.l4c.table()[self.pft]

    def move(self, fields: Mapping[str, float]) -> None:
        """Set parameters of the plant type on the sliders in B."""
        self.edit(dragged=(self.pft, *fields), b=self.b.with_parameters(self.pft, **fields))

    def take_calibrated(self, table: Mapping[str, L4CParams]) -> None:
        """Put a calibrated table in the place of B's parameters; it is also Calib of the table of the three runs.

        Parameters
        ----------
        table : mapping
            Plant type -> its parameters; types that are not in it keep B's.

        Raises
        ------
        ValueError
            If a value is out of bounds or the limits of a ramp are swapped.
        """
        whole = self.b.l4c.table() | dict(table)
        published = load_bplut(self.b.l4c.bplut)
        changed = tuple(
            (pft, name, float(getattr(whole[pft], name)))
            for pft in PFTS
            for name in L4CParams._fields
            if getattr(whole[pft], name) != getattr(published[pft], name)
        )
        self.calibrated = replace(self.b.l4c, parameters=changed)
        self.edit(b=replace(self.b, l4c=self.calibrated))

    # -- the numbers ----------------------------------------------------------------------------------------------
    def select(self, **changed) -> None:
        """Change what is looked at."""
        self.edit(selection=replace(self.selection, **changed))

    def ask(self) -> None:
        """Ask for the tower that is looked at, then for every tower; of each only the newest wish counts."""
        site, sites = self.site, self._judged
        if self.closed or not self.loaded or site is None:
            return
        a, b = self.a.l4c, self.b.l4c
        last, before = self.answer, self.table
        self._wish("answer", (site, a, b), lambda progress, cancelled: answer_site(site, a, b, last), site.site)
        self._wish(
            "table", (sites, a, b),
            lambda progress, cancelled: answer_tables(sites, a, b, before, progress, cancelled),
            f"{len(sites)} towers",
            TABLES,
        )  # fmt: skip

    def _wish(self, name: str, wish: tuple, work, words: str, queue: RunQueue = LIVE) -> None:
        """Hand a wish to a line of runs, unless it is the last one; its result becomes ``name``."""
        if wish == self._wished.get(name):
            return
        self._wished[name] = wish
        job = Job(
            work=work,
            done=lambda result: (self.idle(name), setattr(self, name, result)),
            post=self.post,
            failed=partial(self._gave_up, name, wish),
            progressed=partial(self.progressed, f"Running {words}", name=name),
            taken_back=partial(self._gave_up, name, wish, None),
        )
        queue.submit((self.number, name), job)

    def _gave_up(self, name: str, wish: tuple, error: Exception | None) -> None:
        """Say what went wrong, and let the same be asked again."""
        self.idle(name)
        if self._wished.get(name) == wish:
            del self._wished[name]
        if error is not None:
            self.tell(describe(error), "error")

    def cancel(self) -> None:
        """Stop what runs for this visitor."""
        super().cancel()
        for queue, name in ((LIVE, "answer"), (TABLES, "table")):
            queue.withdraw((self.number, name))

    def close(self) -> None:
        """End: nothing of the visitor runs on or stays in memory."""
        super().close()
        with param.parameterized.discard_events(self):
            self.param.update(sites=(), table=None, calibrated=None)
        self._wished, self._judged = {}, ()
