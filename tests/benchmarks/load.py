"""Thirty visitors in one process, each moving a slider now and then, over plain websockets on this machine."""

import asyncio
import os
import random
import tempfile
from pathlib import Path

import numpy as np
import psutil

from tests.browser.raw import RawVisitor
from tests.browser.server import serving

VISITORS = 30
MOVES = 3
THINK = 15.0
"""Seconds between two moves of a visitor, half to one and a half times as many."""


async def act(visitor: RawVisitor, seed: int) -> list[float]:
    """Think, move, wait for the map; returns the seconds of each wait."""
    chance = random.Random(seed)
    waits = []
    values = chance.sample([round(1.0 + 0.02 * i, 2) for i in range(70)], MOVES)
    for value in values:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * THINK)
        waits.append(await visitor.move(value))
    return waits


async def crowd(url: str, count: int) -> tuple[list[RawVisitor], list[float]]:
    """Let visitors come one after the other and act all at once."""
    visitors = [await RawVisitor(url, "LUE max").open() for _ in range(count)]
    waits = await asyncio.gather(*(act(visitor, seed) for seed, visitor in enumerate(visitors)))
    return visitors, [wait for of_one in waits for wait in of_one]


def rows() -> list[tuple]:
    """Rows of the benchmark's table: name, value, target, note."""

    async def run(server) -> list[tuple]:
        process = psutil.Process(server.process.pid)
        before = process.cpu_times()
        visitors, waits = await crowd(server.url, VISITORS)
        after = process.cpu_times()
        lost = sum(bool(visitor.closed) for visitor in visitors)
        opened = [visitor.opened for visitor in visitors]
        for visitor in visitors:
            visitor.close()
        spent = after.user + after.system - before.user - before.system
        busy = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        name = f"{VISITORS} visitors"
        wait = f"{len(waits)} moves, one each {THINK:g} s; {busy}"
        return [
            (f"{name}, slider to map, p50 [s]", float(np.median(waits)), "", wait),
            (f"{name}, slider to map, p95 [s]", float(np.percentile(waits, 95)), "<= 1", f"longest {max(waits):.1f} s"),
            (f"{name}, lost sessions", lost, "0", ""),
            (f"{name}, page to document, p50 [s]", float(np.median(opened)), "", f"{spent:.0f} s CPU in all"),
        ]

    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.wait_until_ready()
        return asyncio.run(run(server))
