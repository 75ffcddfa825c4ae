"""Making the embedded world: how long it takes, cold and warm, how much memory, how large it is."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from models.kernel import THREADS

ROOT = Path(__file__).resolve().parents[2]

# In a process of its own: a fresh cache compiles everything, and the peak of its memory is its own.
BUILD = """
import json, resource, sys, time
start = time.perf_counter()
from data_catalog.world import static, store
imported = time.perf_counter()
place = store.build(sys.argv[1])
done = time.perf_counter()
blocks = store.open_blocks(sys.argv[1])
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "import": imported - start, "wall": done - imported, "cpu": use.ru_utime + use.ru_stime,
    "open": time.perf_counter() - done, "memory": use.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2),
    "size": sum(p.stat().st_size for p in place.iterdir()) / 1e6, "cells": int((blocks.cell_of >= 0).sum()),
    "tiles": blocks.n_tile / len(blocks.cell_of), "lanes": blocks.lanes_used,
}))
"""


def _build(grid: str, cache: str) -> dict:
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, grid], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _on_idle(made: dict) -> str:
    """Say what wall time the CPU time would be on idle cores: the box may be busy."""
    idle = made["cpu"] / THREADS
    return f"{made['cells']} cells, {made['cpu']:.1f} s CPU with imports: {idle:.1f} s on {THREADS} idle cores"


def _forget_world(cache: str) -> None:
    for path in Path(cache).glob("land-carbon-explorer/world/*/meta.json"):
        path.unlink()
        path.with_name("data.npy").unlink()
        for rest in path.parent.iterdir():
            rest.unlink()
        path.parent.rmdir()


def rows() -> list[tuple[str, float | str, str, str]]:
    """Build 108 km with an empty cache, then 108 km and 36 km with compiled kernels."""
    with tempfile.TemporaryDirectory() as cache:
        cold = _build("108km", cache)
        _forget_world(cache)
        coarse = _build("108km", cache)
        fine = _build("36km", cache)
        opened = _build("36km", cache)
    found = [
        (
            "108 km, first start of all (compiles) [s]",
            cold["wall"],
            "",
            f"{cold['cpu']:.1f} s CPU, compiling is on one core",
        ),
        ("108 km, kernels in the cache [s]", coarse["wall"], "about 1", _on_idle(coarse)),
        ("36 km, kernels in the cache [s]", fine["wall"], "< 15", _on_idle(fine)),
        ("36 km, already there: open [s]", opened["wall"] + opened["open"], "", f"import {opened['import']:.1f} s"),
    ]
    for name, made in (("108", coarse), ("36", fine)):
        found.append((f"{name} km, peak memory of the build [MiB]", made["memory"], "", ""))
        found.append((f"{name} km, packed [MB]", made["size"], "", f"{made['tiles']:.2f} tiles a block"))
        found.append((f"{name} km, lanes of tiles in use [1]", made["lanes"], "", ""))
    return found
