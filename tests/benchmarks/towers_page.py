"""The page Towers as a visitor meets it: a parameter moved to the plots of one tower, and to the scores of all towers.

Timed in the browser as `tests.benchmarks.page` does; the engine's share is the time of its own thread, which a busy
machine does not lengthen.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from explorer import tower_runs
from explorer.data.library import Library
from explorer.tower_runs import TowerSite
from explorer.towers.answer import answer_site, answer_tables
from explorer.towers.sites import TOWER_SET
from models.l4c.params import PFTS
from models.options import L4COptions
from tests.benchmarks.page import CHROMIUM, WATCH, load, moves, summary, timed
from tests.browser.driver import Visitor, chromium_browser, sync_playwright
from tests.browser.server import serving

__all__ = ["engine", "rows", "visits"]

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "fluxnet2015"
"""Towers beside those that ship, when they are there."""

LONGEST = "US-ARM"
"""The tower whose record is longest of those that ship: 16 years."""

ONE, ALL = "<= 150", "<= 1000"


def towers() -> tuple[TowerSite, ...]:
    """Open every tower that can be had."""
    tower_runs.offer([REFERENCE] if REFERENCE.is_dir() else [])
    return TOWER_SET.open(Library().look())


def _spent(act, times: int = 8) -> list[float]:
    """Milliseconds of this thread's work, of each of several calls."""
    spent = []
    for number in range(times):
        before = time.thread_time()
        act(number)
        spent.append(1000 * (time.thread_time() - before))
    return spent


def engine() -> Iterator[tuple]:
    """Runs and scores after a move, without a page."""
    sites, plain = towers(), L4COptions()
    site = next(site for site in sites if site.site == LONGEST)
    pft = PFTS[site.pft - 1]

    def moved(kind: str, number: int) -> L4COptions:
        return L4COptions(parameters=((kind, "lue_max", 1.5 + 0.01 * number),))

    one = answer_site(site, plain, plain)
    spent = _spent(lambda number: answer_site(site, plain, moved(pft, number), one))
    note = (
        f"{site.drivers.sizes['time']:,} days: every output, scores of 3 fluxes and intervals of 1,000 draws; {load()}"
    )
    yield f"engine: one tower, {LONGEST}, CPU p50 [ms]", statistics.median(spent), ONE, note
    table = answer_tables(sites, plain, plain, None, lambda share: None, lambda: False)
    most = max(PFTS, key=lambda kind: sum(PFTS[site.pft - 1] == kind for site in sites))
    count = sum(PFTS[site.pft - 1] == most for site in sites)
    for words, make in (
        (f"engine: {count} {most} of {len(sites)} towers, CPU p50 [ms]", lambda number: moved(most, number)),
        (
            f"engine: all {len(sites)} towers anew, CPU p50 [ms]",
            lambda number: L4COptions(without=(("vpd",), ("tmin",))[number % 2]),
        ),
    ):
        spent = _spent(
            lambda number, make=make: answer_tables(
                sites, plain, make(number), table, lambda share: None, lambda: False
            )
        )
        days = sum(site.drivers.sizes["time"] for site in sites)
        yield words, statistics.median(spent), ALL, f"scores of 3 fluxes at each; {days:,} tower-days in all; {load()}"


def visits() -> Iterator[tuple]:
    """Key press to repainted plots, in a browser."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        yield "parameter to plots of a tower", "not run", "", "no Chromium is installed"
        return
    data = ("--data", str(REFERENCE)) if REFERENCE.is_dir() else ()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), None, *data) as server,
        sync_playwright() as playwright,
    ):
        server.wait_until_ready(("108km",))
        browser = chromium_browser(playwright, chromium)

        def visitor(query: str, column: str, towers_there: int) -> Visitor:
            come = Visitor(browser, server.url, width=1440, height=1000)
            come.page.set_default_timeout(120_000)
            come.page.add_init_script(WATCH)
            come.open(query, page="towers", drawn=False)
            come.page.wait_for_function(
                "([name, least]) => (spy.source(name)?.data[name]?.length ?? 0) >= least", arg=[column, towers_there],
                timeout=600_000,
            )  # fmt: skip
            come.page.wait_for_timeout(2000)
            return come

        for words, query, column, least, p50, p95 in (
            (f"parameter to the plots of {LONGEST}, 16 years", f"tower={LONGEST}", "mean", 12, "", ONE),
            ("parameter to the scores of all towers", f"tower={LONGEST}&tab=skill", "score", 4, "", ALL),
        ):
            guest = visitor(query, column, least)
            if data:
                guest.until(lambda guest=guest: "Opening" not in guest.page.inner_text("body"), "every tower", 600.0)
            move = moves(guest, "LUE max")
            timed(guest, move, column, moves=3)
            yield from summary(words, timed(guest, move, column), p50, p95)
            guest.close()
        browser.close()


def rows() -> Iterator[tuple]:
    """Rows of the benchmark's table as they are found: name, value, target, note."""
    yield from engine()
    yield from visits()
