"""A run from plan to result: cells of the region, days of the period, block by block through a model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from models.kernel import Cancelled
from models.l4c.drivers import pack_blocks
from models.l4c.run import Setup, prepare, run_cells
from models.output import Layout, Target, ZarrTarget, write_zarr_block
from models.result import Steps, block_of_result, layout_of, steps_of

if TYPE_CHECKING:
    from models.experiment import Experiment

__all__ = ["BLOCK_BYTES", "LARGEST_IN_MEMORY", "Plan", "Written", "plan_run", "run_blocks", "run_on_cluster"]

BLOCK_BYTES = 256 * 2**20
"""Memory that a block of cells may take, drivers, lanes and results together."""

LARGEST_IN_MEMORY = 8e9
_ARRAYS_OF_CELL = 40  # float64 arrays (cell, day) alive at once: drivers as read and packed, results of cells
_ARRAYS_OF_TILE = 60  # and of each plant type: lanes of outputs, before and after they are gathered
_SAMPLE = 16


class Written(NamedTuple):
    """What a run to a file made."""

    cells: int
    steps: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A run that was checked and can start.

    Attributes
    ----------
    ds : xr.Dataset
        Drivers, lazy or not.
    cells : (cell,) int array
        Places of the chosen cells in ``ds``.
    steps : Steps
        Output steps.
    setup : Setup
        What the model takes from where.
    layout : Layout
        Of the result.
    per_pft : bool
        Whether each plant type is reported.
    """

    ds: xr.Dataset
    cells: np.ndarray
    steps: Steps
    setup: Setup
    layout: Layout
    per_pft: bool

    def blocks(self) -> Iterator[tuple[int, xr.Dataset]]:
        """Yield the first cell and the drivers (not yet read) of each block."""
        for first in range(0, len(self.cells), self.layout.block):
            yield first, _at(self.ds, self.cells[first : first + self.layout.block])


def _at(ds: xr.Dataset, cells: np.ndarray) -> xr.Dataset:
    """Select cells; neighbours are selected as a slice, which reads faster."""
    if len(cells) and (np.diff(cells) == 1).all():
        return ds.isel(cell=slice(int(cells[0]), int(cells[-1]) + 1))
    return ds.isel(cell=cells)


def plan_run(experiment: "Experiment", ds: xr.Dataset, block: int | None = None) -> Plan:
    """Check everything that can be checked before the first number is computed.

    Names, dimensions, days, parameters and the region are checked for all; units and ranges for a sample of cells, so
    that a wrong unit stops the run at once, and again for every block when it is read.

    Raises
    ------
    ValueError, KeyError
        See `models.experiment.run`.
    """
    setup = prepare(experiment.l4c, ds, experiment.precision)
    steps = steps_of(ds["time"].values, experiment.period, experiment.output)
    cells = _cells_of(experiment, ds)
    if block is None:
        kinds = _plant_types(ds) if "pft_fraction" in ds else 1.0
        arrays = _ARRAYS_OF_CELL + _ARRAYS_OF_TILE * kinds * (2 if experiment.per_pft else 1)
        block = int(BLOCK_BYTES / (8 * ds.sizes["time"] * arrays))
    block = max(1, min(block, len(cells)))
    sample = cells[np.unique(np.linspace(0, len(cells) - 1, min(_SAMPLE, len(cells))).astype(int))]
    if len(cells) > block:
        pack_blocks(_at(ds, sample).compute(), smrz_range=setup.options.smrz_range)
    layout = layout_of(ds, cells, steps, setup, per_pft=experiment.per_pft, block=block, attrs=experiment.to_attrs())
    return Plan(ds, cells, steps, setup, layout, experiment.per_pft)


def _plant_types(ds: xr.Dataset) -> float:
    """Count the plant types of a cell, on average."""
    return float((ds["pft_fraction"] > 0).sum() / max(1, ds.sizes["cell"]))


def _cells_of(experiment: "Experiment", ds: xr.Dataset) -> np.ndarray:
    """Return the places of the cells that lie in the region."""
    region, n = experiment.region, ds.sizes["cell"]
    if region.whole:
        return np.arange(n)
    if "latitude" not in ds or "longitude" not in ds:
        msg = f"The drivers have no latitude and longitude, so region {region.name!r} cannot be cut out: use 'world'."
        raise ValueError(msg)
    latitude, longitude = np.asarray(ds["latitude"].values, float), np.asarray(ds["longitude"].values, float)
    cells = np.flatnonzero(region.contains(latitude, longitude))
    if cells.size == 0:
        msg = (
            f"Region {region.name!r} ({region.west:g} to {region.east:g} E, {region.south:g} to {region.north:g} N)"
            f" holds none of the {n:,} cells ({np.nanmin(longitude):.4g} to {np.nanmax(longitude):.4g} E,"
            f" {np.nanmin(latitude):.4g} to {np.nanmax(latitude):.4g} N): choose another."
        )
        raise ValueError(msg)
    return cells


def _run_block(
    plan: Plan,
    part: xr.Dataset,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, np.ndarray]:
    """Read a block of cells and run it."""
    out = run_cells(plan.setup, part.compute(), per_pft=plan.per_pft, progress=progress, cancelled=cancelled)
    return block_of_result(out, plan.steps, plan.layout)


def run_blocks(
    plan: Plan,
    target: Target,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Run the blocks of a plan one after the other, each on all cores; one block is in memory at a time.

    Raises
    ------
    Cancelled
        If ``cancelled`` said yes.
    """
    total = len(plan.cells)
    for first, part in plan.blocks():
        if cancelled is not None and cancelled():
            raise Cancelled
        size = part.sizes["cell"]

        def within(share: float, first: int = first, size: int = size) -> None:
            if progress is not None:
                progress((first + share * size) / total)

        target.put(first, _run_block(plan, part, within, cancelled))
        within(1.0)


def _on_worker(plan: Plan, part: xr.Dataset, first: int, store: Path) -> int:
    """Run a block on a worker and write it from there; nothing travels back but its size."""
    import dask

    with dask.config.set(scheduler="threads"):
        write_zarr_block(store, first, _run_block(plan, part))
    return part.sizes["cell"]


def run_on_cluster(
    plan: Plan,
    target: ZarrTarget,
    scheduler: str,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Spread the blocks of a plan over the workers of a cluster that sees the same files.

    Raises
    ------
    ValueError
        If the extra "cluster" is not installed, or no scheduler answers.
    Cancelled
        If ``cancelled`` said yes.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        msg = "--scheduler needs dask.distributed: python -m pip install 'land-carbon-explorer[cluster]'."
        raise ValueError(msg) from error
    from dataclasses import replace

    try:
        client = Client(scheduler, timeout=20)
    except (OSError, TimeoutError, ValueError) as error:
        msg = f"No dask scheduler answers at {scheduler!r} ({str(error)[:100]}); start one with `dask scheduler`."
        raise ValueError(msg) from error
    # The workers get their own cells alone.
    lean = replace(plan, ds=plan.ds.isel(cell=slice(0, 0)), cells=plan.cells[:0])
    store = target.part.resolve()
    with client:
        tasks = [
            client.submit(_on_worker, lean, part, first, store, retries=2, pure=False) for first, part in plan.blocks()
        ]
        done = 0
        for task in as_completed(tasks):
            done += task.result()
            if progress is not None:
                progress(done / len(plan.cells))
            if cancelled is not None and cancelled():
                client.cancel(tasks)
                raise Cancelled
