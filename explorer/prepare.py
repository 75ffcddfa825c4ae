"""Make the world's drivers and compile the engine in processes of their own, so that pages stay alive meanwhile.

``python -m explorer.prepare 108km 36km`` writes one JSON object a line: ``{"grid": ..., "stage": ..., "share": ...}``.
``python -m explorer.prepare soil 36km`` runs the land surface model on each cell, and goes on where it was ended.
What it leaves behind are files: the packed drivers and the compiled kernels in the user's cache. Ending the process
ends the work; a grid that was not finished is made again next time.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba

from data_catalog.towers import TOWERS
from data_catalog.world import soil_store, store
from explorer import tower_runs
from explorer.data.library import embedded
from explorer.towers.answer import answer_site, answer_tables
from explorer.towers.sites import TOWER_SET
from models.experiment import Experiment
from models.l4c.warm import warm
from models.options import L4COptions

__all__ = ["compile_engine", "is_compiled", "main"]

NICENESS = 10
"""The pages come first, once there is something to show."""

COMPILE = "compile"
"""Instead of a grid: compile the kernels of the live run, and nothing else."""

LAND = "land"
"""Instead of a grid: compile the land surface model."""

SOIL = "soil"
"""Before a grid that is there: run the land surface model on each of its cells."""


def _mark() -> Path:
    """Return the file that says that the kernels beside it are complete; their folder is named after their sources."""
    return Path(numba.config.CACHE_DIR) / "complete"


def is_compiled() -> bool:
    """Whether every kernel that a page may call is found compiled."""
    return _mark().is_file()


def say(grid: str, stage: str, share: float) -> None:
    """Write one line of progress."""
    sys.stdout.write(json.dumps({"grid": grid, "stage": stage, "share": round(share, 4)}) + "\n")
    sys.stdout.flush()


def compile_engine() -> None:
    """Call what else a page may call: runs at towers, with the coarse world's drivers where they measured none."""
    at_tower = tower_runs.open_site(next(iter(TOWERS)))
    tower_runs.compare(at_tower, Experiment(), Experiment(), lambda share: None, lambda: False)
    sites, options = TOWER_SET.open(embedded()[:1]), L4COptions()
    answer_site(sites[0], options, options)
    answer_tables(sites, options, options, None, lambda share: None, lambda: False)
    _mark().touch()


def teller(grid: str, stage: str) -> Callable[[float], None]:
    """Return what is to be told of the share done; it says so now and then."""
    told = 0.0

    def progress(share: float) -> None:
        nonlocal told
        if time.monotonic() - told > 0.2:
            told = time.monotonic()
            say(grid, stage, share)

    return progress


def make(grid: str) -> None:
    """Make a grid that is not there yet."""
    if not store.is_built(grid):
        say(grid, "building", 0.0)
        store.build(grid, progress=teller(grid, "building"))


def make_soil(grid: str) -> None:
    """Run the land surface model on every cell of a grid."""
    os.nice(NICENESS) if hasattr(os, "nice") else None
    say(grid, "soil", soil_store.share_done(grid))
    soil_store.build_own(grid, progress=teller(grid, "soil"))
    say(grid, "ready", 1.0)


def main(grids: list[str]) -> int:
    """Make each grid, and compile the engine on another core beside the first, which is the smallest."""
    if grids == [COMPILE]:
        warm()
        return 0
    if grids == [LAND]:
        from explorer.land.engine import compile_land  # which knows of the worlds, and they of this module

        os.nice(NICENESS) if hasattr(os, "nice") else None
        compile_land()
        return 0
    if grids[0] == SOIL:
        make_soil(grids[1])
        return 0
    # Without the pipe of progress: who reads it waits until nobody can write, and this one may outlive its parent.
    command = [sys.executable, "-m", "explorer.prepare", COMPILE]
    helper = None if is_compiled() else subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for order, grid in enumerate(grids):
            make(grid)
            if helper is not None and not order:
                say(grid, "compiling", 0.5)
                if helper.wait():
                    msg = "The kernels could not be compiled; see the lines above."
                    raise RuntimeError(msg)
            say(grid, "ready", 1.0)
            if not order:
                if helper is not None:
                    compile_engine()
                os.nice(NICENESS) if hasattr(os, "nice") else None
    finally:
        if helper is not None and helper.poll() is None:
            helper.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
