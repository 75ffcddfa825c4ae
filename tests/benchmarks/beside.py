"""A slider of the page Carbon while an assimilation run of another visitor works, against the same slider without."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from explorer.assimilation.address import read_assimilation
from explorer.assimilation.runs import size_of
from tests.browser.raw import RawVisitor
from tests.browser.server import serving

RUN = "assimilation.time_step=1.0&assimilation.members=20&assimilation.spin_up=1&seed="
"""A run that starts by itself, as long as such a run may be."""

REST = 0.4
"""Seconds between two moves."""

MOVES = 20


async def slide(visitor: RawVisitor, first: float, until: float = np.inf) -> list[float]:
    """Move the slider again and again, and wait for the map each time."""
    waits = []
    for step in range(MOVES):
        waits.append(await visitor.move(round(first + 0.02 * step, 2)))
        await asyncio.sleep(REST)
        if time.monotonic() > until:
            break
    return waits


async def measure(url: str) -> list[tuple]:
    """Slide alone, then beside a run."""
    query = f"{RUN}{int(time.time()) % 1_000_000}"
    seconds = size_of(read_assimilation(query)[1]).seconds
    visitor = await RawVisitor(url, "LUE max").open()
    await slide(visitor, 1.0)
    alone = await slide(visitor, 1.5)
    lab = await RawVisitor(url, "", "assimilation").open(query)
    await asyncio.sleep(2.0)
    beside = await slide(visitor, 2.0, time.monotonic() + 0.8 * seconds)
    for one in (visitor, lab):
        one.close()
    busy = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    note = f"{len(beside)} moves beside a run of about {seconds:.0f} s; {busy}"
    p50, p95 = (float(np.percentile(beside, share)) for share in (50, 95))
    return [
        ("slider to map alone, p50 [s]", float(np.median(alone)), "", f"36-km Earth, no browser; {busy}"),
        ("slider to map beside an assimilation run, p50 [s]", p50, "<= 0.5", note),
        ("slider to map beside an assimilation run, p95 [s]", p95, "", ""),
        ("the same, as a multiple of alone, p50", p50 / float(np.median(alone)), "<= 2.5", ""),
    ]


def rows() -> list[tuple]:
    """Rows of the benchmark's table: name, value, target, note."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.wait_until_ready()
        server.wait_for_land()
        return asyncio.run(measure(server.url))
