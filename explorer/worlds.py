"""The grids of the embedded world in this process: which are ready, what is being made, shared by every visitor."""

import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_catalog.world import static, store
from data_catalog.world.ranges import open_rescaled
from explorer.prepare import SOIL, is_compiled
from explorer.views.density import DensityCache
from explorer.views.lookup import CellTable, aggregate, cell_table
from explorer.views.projection import PROJECTIONS
from explorer.views.towers import count_pairs
from models.l4c.live import LiveResult, LiveRun
from models.options import L4COptions
from models.packing import Blocks
from models.regions import Region

__all__ = ["GRIDS", "WORLDS", "Stage", "World", "Worlds", "table_of"]

LOG = logging.getLogger(__name__)

GRIDS = ("108km", "36km")
"""Grids of the embedded world, the first to be ready first."""

MOST_MASKS = 64
MOST_RESULTS = 6
"""Runs kept whole, so that another variable or cell of the same run costs nothing; they share most of their arrays."""


OBSERVED = L4COptions().smrz_range

RESCALED_LIMIT = 60 * 2**20
"""Bytes of results kept for drivers rescaled otherwise, which few ask for."""


class World:
    """One grid: packed drivers, places, and the runs on them; read-only, shared between visitors.

    Parameters
    ----------
    grid : str
        Name of the grid.
    blocks : Blocks
        Packed drivers of every cell.
    places : mapping or Dataset
        ``latitude longitude area row column`` of each cell, in the order of the blocks.
    rescaled : callable, optional
        ``rescaled(smrz_range, progress=, cancelled=)`` returns the blocks with root-zone wetness rescaled otherwise.
    soil : str
        Where soil moisture, soil temperature and frozen ground come from.
    own_soil : bool
        Whether the land surface model was run on this grid; else its soil is that of a coarser one.
    """

    def __init__(
        self,
        grid: str,
        blocks: Blocks,
        places,
        rescaled: Callable[..., Blocks] | None = None,
        *,
        soil: str = "",
        own_soil: bool = True,
    ):
        self.grid = grid
        self.soil, self.own_soil = soil, own_soil
        self.blocks = blocks
        self.latitude = np.asarray(places["latitude"], dtype=np.float32)
        self.longitude = np.asarray(places["longitude"], dtype=np.float32)
        self.area = np.asarray(places["area"], dtype=np.float64)
        self.pft_fraction = np.asarray(places["pft_fraction"], dtype=np.float32)
        self.table = cell_table(grid, np.asarray(places["row"]), np.asarray(places["column"]))
        self.n_cell = blocks.n_cell
        self.time = blocks.time
        self._lock = threading.Lock()
        self._rescaled = rescaled
        self._rescaling = threading.Lock()
        self._runs = {OBSERVED: (LiveRun(blocks), DensityCache(blocks, self.area))}
        self._results: OrderedDict[L4COptions, LiveResult] = OrderedDict()
        self._masks: dict[Region, np.ndarray | None] = {}

    def run(self, smrz_range: str = OBSERVED, **how) -> tuple[LiveRun, DensityCache]:
        """Return the live run over drivers whose root-zone wetness is rescaled so, and the densities of these drivers.

        Parameters
        ----------
        smrz_range : str
            A choice of `models.options.L4C_CHOICES`.
        **how
            ``progress`` and ``cancelled``, for drivers that have to be made first.
        """
        with self._rescaling:
            if smrz_range not in self._runs and self._rescaled is not None:
                blocks = self._rescaled(smrz_range, **how)
                live = LiveRun(blocks, smrz_range=smrz_range, limit=RESCALED_LIMIT)
                self._runs[smrz_range] = live, DensityCache(blocks, self.area)
            return self._runs.get(smrz_range, self._runs[OBSERVED])

    def result(self, options: L4COptions, **how) -> LiveResult:
        """Run with some options, or return the run of whoever asked for the same a moment ago.

        Parameters
        ----------
        options : L4COptions
            What is run.
        **how
            ``progress`` and ``cancelled`` of `LiveRun.result`.
        """
        with self._lock:
            found = self._results.get(options)
            if found is not None:
                self._results.move_to_end(options)
                return found
        live, _ = self.run(options.smrz_range, **how)
        made = live.result(options, **how)
        with self._lock:
            self._results[options] = made
            while len(self._results) > MOST_RESULTS:
                self._results.popitem(last=False)
        return made

    def mask(self, region: Region) -> np.ndarray | None:
        """Say which cells lie in a region; None is all of them.

        Raises
        ------
        ValueError
            If no land cell does.
        """
        if region.whole:
            return None
        with self._lock:
            if region not in self._masks:
                mask = region.contains(self.latitude, self.longitude)
                if not mask.any():
                    msg = (
                        f"The region {region.name} ({region.west:g} to {region.east:g} °E, {region.south:g} to "
                        f"{region.north:g} °N) holds no land cell of the {self.grid} grid; draw a larger box."
                    )
                    raise ValueError(msg)
                while len(self._masks) >= MOST_MASKS:
                    self._masks.pop(next(iter(self._masks)))
                mask.flags.writeable = False
                self._masks[region] = mask
            return self._masks[region]


@dataclass(frozen=True)
class Stage:
    """What is being prepared: a grid, how far it is, and what went wrong."""

    grid: str = ""
    text: str = ""
    share: float = 0.0
    failed: str = ""

    @property
    def busy(self) -> bool:
        """Whether something is being prepared."""
        return bool(self.grid) and not self.failed


TEXTS = {
    "waiting": "Starting the {grid} world",
    "building": "Drawing a year of synthetic weather on the real climate, {grid} grid",
    "compiling": "Compiling the model (once)",
    "soil": "Running the land surface model on every cell, {grid} grid",
    "opening": "Opening the {grid} world",
}


class Worlds:
    """The worlds of this process, and the child process that makes them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._worlds: dict[str, World] = {}
        self._stage = Stage()
        self._child: subprocess.Popen | None = None
        self._stopped = False

    @property
    def stage(self) -> Stage:
        """What is being prepared now."""
        return self._stage

    @property
    def ready(self) -> tuple[str, ...]:
        """Grids that can be used, in the order of `GRIDS`."""
        return tuple(grid for grid in GRIDS if grid in self._worlds)

    def get(self, grid: str) -> World | None:
        """Return a grid, or None while it is not ready."""
        return self._worlds.get(grid)

    def add(self, world: World) -> None:
        """Make a grid known."""
        with self._lock:
            self._worlds[world.grid] = world

    def start(self, grids: tuple[str, ...] = GRIDS) -> None:
        """Prepare the grids that are not ready, in a process of their own; does nothing while one is at it."""
        with self._lock:
            wanted = [grid for grid in grids if grid not in self._worlds]
            if not wanted or self._stage.busy:
                return
            self._stopped = False
            self._stage = Stage(wanted[0], TEXTS["waiting"].format(grid=_people(wanted[0])))
        threading.Thread(target=self._prepare, args=(wanted,), name="prepare worlds", daemon=True).start()

    def run_soil(self, grid: str) -> bool:
        """Run the land surface model on every cell of a grid that is ready; says whether it could be started."""
        with self._lock:
            if self._stage.busy or grid not in self._worlds:
                return False
            self._stopped = False
            self._stage = Stage(grid, TEXTS["soil"].format(grid=_people(grid)))
        threading.Thread(target=self._prepare, args=([SOIL, grid],), name="prepare worlds", daemon=True).start()
        return True

    def stop(self) -> None:
        """End the preparation; what is ready stays ready."""
        self._stopped = True
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def _prepare(self, grids: list[str]) -> None:
        """Open what is there; run the child for the rest, and open each grid when its files are there."""
        errors = ""
        try:
            while grids and grids[0] != SOIL and is_compiled() and store.is_built(grids[0]):
                self._open_and_say(grids.pop(0))
            if not grids:
                self._stage = Stage()
                return
            environment = {**os.environ, "PYTHONPATH": search_path()}
            # A file, because a full pipe of warnings that nobody reads would stop the child.
            with tempfile.TemporaryFile("w+") as said:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "explorer.prepare", *grids],
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                    env=environment,
                )
                for line in self._child.stdout:
                    self._follow(json.loads(line))
                failed = self._child.wait() != 0
                said.seek(0)
                errors = said.read()
            if failed and not self._stopped:
                raise RuntimeError(errors.strip().rsplit("\n", 1)[-1] or "The process ended early.")
        except Exception as error:  # a thread has nobody above it: the page shows what went wrong
            LOG.exception("Preparing %s failed. %s", ", ".join(grids), errors)
            self._stage = Stage(self._stage.grid, self._stage.text, 0.0, f"{error}")
        else:
            self._stage = Stage()

    def _follow(self, message: dict) -> None:
        """Take one line of the child's progress."""
        grid, stage = message["grid"], message["stage"]
        if stage == "ready":
            self._open_and_say(grid)
        else:
            self._stage = Stage(grid, TEXTS[stage].format(grid=_people(grid)), float(message["share"]))

    def _open_and_say(self, grid: str) -> None:
        """Open a grid, and say so meanwhile."""
        self._stage = Stage(grid, TEXTS["opening"].format(grid=_people(grid)), 1.0)
        self.open(grid)

    def open(self, grid: str) -> World:
        """Open the files of a grid, and run the unedited model once so that no visitor waits for it."""
        world = World(
            grid,
            store.open_blocks(grid),
            static.open_static(grid),
            functools.partial(open_rescaled, grid),
            soil=store.soil_of(grid),
            own_soil=store.runs_own_soil(grid),
        )
        field = world.result(L4COptions()).field("gpp", "annual")
        self.add(world)
        _warm_drawing(world.table, field)
        return world


def _warm_drawing(table: CellTable, field: np.ndarray) -> None:
    """Let Datashader compile what it keeps on no disk, before a visitor opens a map or a scatter."""
    pixels = table.full(PROJECTIONS["equal_earth"], 64, 32)
    aggregate(field, pixels, PROJECTIONS["equal_earth"].extent, 64, 32)
    count_pairs(np.zeros(1), np.zeros(1), 0.0, 1.0)


@functools.cache
def table_of(grid: str) -> CellTable:
    """Return where the cells of a grid lie, which is known before its weather is made."""
    places = static.open_static(grid)
    return cell_table(grid, places["row"].values, places["column"].values)


def _people(grid: str) -> str:
    """Write a grid's name as people do."""
    return grid.replace("km", "-km")


def search_path() -> str:
    """Let the child find the packages wherever the server was started."""
    return os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))))


WORLDS = Worlds()
"""The worlds of this process."""
