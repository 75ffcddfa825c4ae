"""The page as a visitor meets it, in a headless Chromium: start, slider to repainted map, click to series.

A case is timed inside the browser, from the event of the key or pointer to the second frame after the new data came,
which is when they are on screen. Chromium draws in software here: a real graphics card is faster.
"""

import os
import shutil
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data_catalog.world import static, store
from explorer.views.projection import PROJECTIONS
from models.l4c.live import LiveRun
from models.options import L4COptions
from models.regions import Region
from tests.browser.driver import Visitor, chromium_browser, sync_playwright
from tests.browser.server import serving
from tests.conftest import CHROMIUM

__all__ = ["rows"]

MOVES = 30
REST = 400
"""Milliseconds between two moves: the address has followed, nothing of the last one runs on."""

# Notes when a key or button went down, and when a frame with newer data was on screen.
CLOCK = """
([column, kind]) => {
  const source = column ? spy.source(column) : spy.image().data_source
  window.clock = {down: 0, sent: 0, data: 0, painted: 0, bytes: 0}
  if (!window.clocked) {
    window.clocked = new Set()
    addEventListener(kind, () => { if (!clock.down) clock.down = performance.now() }, true)
  }
  if (!clocked.has(source)) {
    clocked.add(source)
    source.connect(source.properties.data.change, () => {
      if (!clock.down || clock.data) return
      clock.data = performance.now()
      requestAnimationFrame(() => requestAnimationFrame(() => { clock.painted = performance.now() }))
    })
  }
}
"""
WATCH = """
(() => {
  const Plain = WebSocket
  window.WebSocket = class extends Plain {
    constructor(...all) {
      super(...all)
      this.addEventListener('message', (m) => {
        if (window.clock && clock.down && !clock.data) {
          const size = typeof m.data === 'string' ? m.data.length : m.data.byteLength ?? m.data.size ?? 0
          clock.bytes += size
          if (size > 20000 && !clock.came) clock.came = performance.now()
        }
      })
    }
    send(what) {
      if (window.clock && clock.down && !clock.sent) clock.sent = performance.now()
      return super.send(what)
    }
  }
})()
"""


def percentile(values: list[float], q: float) -> float:
    return float(np.percentile(values, q))


def load() -> str:
    """How busy the machine was."""
    return f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def timed(visitor: Visitor, act, column: str = "", kind: str = "keydown", moves: int = MOVES) -> list[dict]:
    """Do something ``moves`` times; returns the clock of each [ms]."""
    seen = []
    for move in range(moves):
        visitor.page.evaluate(CLOCK, [column, kind])
        act(move)
        visitor.page.wait_for_function("clock.painted", polling=10)
        seen.append(visitor.page.evaluate("clock"))
        visitor.page.wait_for_timeout(REST)
    return seen


def summary(name: str, clocks: list[dict], p50: str, p95: str) -> list[tuple[str, float, str, str]]:
    """Two rows of the table, and where the time went."""
    total = [c["painted"] - c["down"] for c in clocks]
    middle = {
        "to server": [c["sent"] - c["down"] for c in clocks],
        "server": [c.get("came", c["data"]) - c["sent"] for c in clocks],
        "decode": [c["data"] - c.get("came", c["data"]) for c in clocks],
        "paint": [c["painted"] - c["data"] for c in clocks],
    }
    note = ", ".join(f"{part} {statistics.median(times):.0f}" for part, times in middle.items())
    size = statistics.median(c["bytes"] for c in clocks) / 1e3
    rows = [(f"{name}, p95 [ms]", percentile(total, 95), p95, f"{len(clocks)} moves; {load()}")]
    return [(f"{name}, p50 [ms]", percentile(total, 50), p50, f"{note} ms; {size:.0f} kB"), *rows]


def first_page(cache: Path, folder: Path) -> tuple[float, float, float]:
    """Seconds from the command to the first page, to the first numbers possible, to the 36-km world."""
    begun = time.perf_counter()
    with serving(folder, cache) as server:
        while True:
            try:
                with urllib.request.urlopen(f"{server.url}/carbon", timeout=60) as page:
                    page.read()
                break
            except OSError:
                time.sleep(0.02)
        page_seen = time.perf_counter() - begun
        server.wait_until_ready(("108km",))
        coarse = time.perf_counter() - begun
        server.wait_until_ready()
        return page_seen, coarse, time.perf_counter() - begun


def start() -> Iterator[tuple]:
    """First start ever, and a later one."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        for name, target in (("first start ever", "<= 12"), ("later start", "<= 4")):
            seen, coarse, fine = first_page(cache, Path(folder))
            note = f"108-km world after {coarse:.1f} s, 36-km after {fine:.1f} s; {load()}"
            yield f"{name} to first page [s]", seen, target, note


def engine() -> list[tuple]:
    """The engine's share of a moved slider: run, field, totals at 36 km, best of the moves of each kind."""
    grid = "36km"
    if not store.is_built(grid):
        store.build(grid)
    places = static.open_static(grid)
    area = places["area"].values.astype(float)
    live = LiveRun(store.open_blocks(grid))
    kinds = {
        "lue_max": [("GRS", "lue_max", 1.5 + 0.02 * i) for i in range(10)],
        "vpd_high": [("GRS", "vpd_high", 3000.0 + 50.0 * i) for i in range(10)],
        "smsf_high": [("GRS", "smsf_high", 30.0 + 0.5 * i) for i in range(10)],
        "tsoil_beta": [("GRS", "tsoil_beta", 260.0 + 4.0 * i) for i in range(10)],
    }
    table = []
    for name, moves in kinds.items():
        spent = []
        for move in moves:
            before = time.perf_counter()
            result = live.result(L4COptions(parameters=(move,)))
            result.field("gpp" if name in ("lue_max", "vpd_high") else "rh")
            result.total(None, area)
            spent.append(1000 * (time.perf_counter() - before))
        note = f"run, map and totals; slowest of {len(spent)}: {max(spent):.0f} ms; {load()}"
        table.append((f"engine, GRS {name}, p50 [ms]", statistics.median(spent), "<= 40", note))
    return table


def box_of_cells(wanted: int) -> tuple[Region, int]:
    """A box over Europe that holds about so many land cells of the 36-km grid."""
    places = static.open_static("36km")
    latitude, longitude = places["latitude"].values, places["longitude"].values
    for half in np.arange(3.0, 30.0, 0.25):
        box = Region("drawn", 25 - half, 50 - half / 1.6, 25 + half, 50 + half / 1.6)
        cells = int(box.contains(latitude, longitude).sum())
        if cells >= wanted:
            break
    return box, cells


def moves(visitor: Visitor, label: str):
    """Return what moves a slider by one step, eight to the right, eight to the left."""
    visitor.page.locator(f"input[type=range][aria-label*='{label}']").last.focus()

    def move(number: int) -> None:
        visitor.page.keyboard.press("ArrowRight" if (number // 8) % 2 == 0 else "ArrowLeft")

    return move


def clicks(visitor: Visitor):
    """Return what clicks one cell of Africa after the other."""
    forward = PROJECTIONS["equal_earth"].forward
    places = [(lon, lat) for lat in (-14.0, 0.0, 10.0) for lon in range(14, 34, 2)]

    def click(number: int) -> None:
        lon, lat = places[number % len(places)]
        x, y = forward(lon, lat)
        visitor.page.mouse.click(*visitor.pixel("map", float(x), float(y)))

    return click


def visits() -> Iterator[tuple]:
    """Slider, drag and click in a browser, on the 36-km world and on a region."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        yield "slider to repainted map", "not run", "", "no Chromium is installed"
        return
    from models.experiment import Experiment

    box, cells = box_of_cells(1000)
    region = Experiment(grid="36km", region=box).to_query()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        server.wait_until_ready()
        browser = chromium_browser(playwright, chromium)

        def visitor(query: str) -> Visitor:
            come = Visitor(browser, server.url, width=1440, height=1000)
            come.page.add_init_script(WATCH)
            come.open(query)
            come.page.wait_for_timeout(1500)
            return come

        opened = []
        for _ in range(4):
            before = time.perf_counter()
            guest = visitor("grid=36km")
            opened.append(time.perf_counter() - before - 1.5)
            guest.close()
        yield "open the page, map drawn [s]", min(opened), "", f"first {opened[0]:.1f} s; {load()}"
        for name, query, label, p50, p95 in (
            ("world 36 km, LUE max", "grid=36km", "LUE max", "<= 200", "<= 300"),
            ("world 36 km, VPD ramp", "grid=36km", "VPD ramp", "<= 200", "<= 300"),
            (f"region of {cells} cells, LUE max", region, "LUE max", "", "<= 200"),
            (f"region of {cells} cells, VPD ramp", region, "VPD ramp", "", "<= 200"),
        ):
            guest = visitor(query)
            move = moves(guest, label)
            timed(guest, move, moves=3)
            yield from summary(f"slider to map: {name}", timed(guest, move), p50, p95)
            guest.close()
        guest = visitor("grid=36km")
        click = clicks(guest)
        timed(guest, click, "gpp_b", "pointerdown", moves=2)
        found = timed(guest, lambda number: click(number + 2), "gpp_b", "pointerdown")
        yield from summary("click to series: world 36 km", found, "", "<= 150")
        guest.close()
        browser.close()


def rows() -> Iterator[tuple]:
    """Rows of the benchmark's table as they are found: name, value, target, note."""
    yield from engine()
    yield from visits()
    yield from start()
