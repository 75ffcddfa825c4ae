"""Make the world's drivers and compile the engine in a process of its own, so that pages stay alive meanwhile.

``python -m explorer.prepare 108km 36km`` writes one JSON object a line: ``{"grid": ..., "stage": ..., "share": ...}``.
What it leaves behind are files: the packed drivers and the compiled kernels in the user's cache. Ending the process
ends the work; a grid that was not finished is made again next time.
"""

import json
import os
import sys
import time

from data_catalog.towers import TOWERS
from data_catalog.world import store
from explorer import tower_runs
from models.experiment import Experiment
from models.l4c.live import LiveRun
from models.options import CONSTRAINTS, L4COptions

__all__ = ["compile_engine", "main"]

FIELDS = (("nee", "annual"), ("e_mult", "annual"), ("soc_fast", ("month", 6)), ("gpp", ("day", 0)))
"""One of each kind of map."""

NICENESS = 10
"""The pages come first."""


def say(grid: str, stage: str, share: float) -> None:
    """Write one line of progress."""
    sys.stdout.write(json.dumps({"grid": grid, "stage": stage, "share": round(share, 4)}) + "\n")
    sys.stdout.flush()


def compile_engine(grid: str) -> None:
    """Call every kernel that a page may call, so that it is found compiled in the cache."""
    live = LiveRun(store.open_blocks(grid))
    touched = (
        {"parameters": (("GRS", "lue_max", 2.0),)},
        {"parameters": (("GRS", "vpd_high", 3000.0), ("GRS", "smsf_high", 40.0), ("GRS", "tsoil_beta", 300.0))},
        {"parameters": (("GRS", "k_fast", 0.02),), "spin_up": "experiment"},
        {"frozen_gpp": "zero", "without": CONSTRAINTS},
    )
    for done, options in enumerate(({}, *touched)):
        result = live.result(L4COptions(**options))
        for variable, when in FIELDS if not done else ():
            result.field(variable, when)
        result.series(0)
        say(grid, "compiling", (done + 1) / (len(touched) + 2))
    at_tower = tower_runs.open_site(next(iter(TOWERS)))
    tower_runs.compare(at_tower, Experiment(), Experiment(), lambda share: None, lambda: False)


def main(grids: list[str]) -> int:
    """Make each grid that is not there yet; compile on the first, which is the smallest."""
    os.nice(NICENESS) if hasattr(os, "nice") else None
    for order, grid in enumerate(grids):
        if not store.is_built(grid):
            told = 0.0

            def progress(share: float, grid: str = grid) -> None:
                nonlocal told
                if time.monotonic() - told > 0.2:
                    told = time.monotonic()
                    say(grid, "building", share)

            say(grid, "building", 0.0)
            store.build(grid, progress=progress)
        if not order:
            compile_engine(grid)
        say(grid, "ready", 1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
