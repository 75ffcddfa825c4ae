"""Memory of the server with the 36-km world: alone, for each further visitor, and after they have gone."""

import asyncio
import tempfile
import time
from pathlib import Path

import psutil

from tests.browser.raw import RawVisitor
from tests.browser.server import serving

VISITORS = 10
ROUNDS = 3
MIB = 2**20


def memory(pid: int) -> tuple[float, float, float]:
    """Resident, proportional and own memory of a process [MiB].

    Own memory leaves out the pages of files (the packed drivers), which the system takes back when it needs them; where
    it does not tell them apart, it is what no other process shares.
    """
    full = psutil.Process(pid).memory_full_info()
    own = full.rss - full.shared if hasattr(full, "shared") else full.uss
    return full.rss / MIB, getattr(full, "pss", full.rss) / MIB, own / MIB


async def come_and_go(server) -> tuple[float, float]:
    """Own memory [MiB] while visitors are there who have moved a slider, and after they have gone."""
    visitors = [await RawVisitor(server.url, "LUE max").open() for _ in range(VISITORS)]
    for number, visitor in enumerate(visitors):
        await visitor.move(1.2 + 0.02 * number)
    there = memory(server.process.pid)[2]
    for visitor in visitors:
        visitor.close()
    await asyncio.to_thread(server.wait_until_alone, 0, 90)
    await asyncio.sleep(6)
    return there, memory(server.process.pid)[2]


def rows() -> list[tuple]:
    """Rows of the benchmark's table: name, value, target, note."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        server.wait_until_ready()
        time.sleep(2)

        async def first() -> None:
            visitor = await RawVisitor(server.url, "LUE max").open()
            await visitor.move(1.5)
            visitor.close()
            await asyncio.to_thread(server.wait_until_alone, 0, 90)

        empty = memory(server.process.pid)
        asyncio.run(first())
        alone = memory(server.process.pid)
        rounds = [asyncio.run(come_and_go(server)) for _ in range(ROUNDS)]
    there, left = rounds[0][0], [after for _, after in rounds]
    each = (there - alone[2]) / VISITORS
    kept = (left[-1] - left[0]) / VISITORS / (ROUNDS - 1)
    history = ", ".join(f"{value:.0f}" for value in left)
    return [
        ("server, both worlds open, resident [MiB]", empty[0], "<= 1536", _note(empty)),
        ("after the first visitor, resident [MiB]", alone[0], "<= 1536", _note(alone)),
        ("each further visitor, own [MiB]", each, "<= 60", f"{VISITORS} visitors, each has moved a slider"),
        ("left of each closed tab, own [MiB]", kept, "about 0", f"after rounds of {VISITORS}: {history}"),
    ]


def _note(sizes: tuple[float, float, float]) -> str:
    return f"PSS {sizes[1]:.0f}, own {sizes[2]:.0f}"
