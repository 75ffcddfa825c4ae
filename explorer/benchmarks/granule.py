"""One day of a run in the layout of the mission's carbon product, written from a page and read back to prove it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import CATALOG, open_dataset
from data_catalog.datasets.spl4cmdl_write import write_granules
from data_catalog.grid import EaseGrid
from explorer.granules import with_errors
from explorer.worlds import World
from models.experiment import Experiment
from models.kernel import Cancelled
from models.l4c.params import PFTS
from models.variables import VARIABLES

__all__ = ["Granule", "day_of_run", "write_granule"]

MEANS = ("gpp", "rh", "nee", "soc")
MULTIPLIERS = ("e_mult", "t_mult", "w_mult")
COMPARED = (*MEANS, "nee_std", *MULTIPLIERS)
RUN, ERRORS, WRITE = 0.1, 0.5, 0.35
"""Shares of the work; reading back is the rest."""


@dataclass(frozen=True, eq=False)
class Granule:
    """A file that was written, and what came back of it.

    Attributes
    ----------
    path : Path
        The file.
    datasets : int
        Datasets that h5py finds in it.
    cells : int
        Cells of 9 km that hold values.
    table : DataFrame
        For each variable its name in the file, unit, mean of what was read, and the largest difference between what
        was read and what the run gave.
    """

    path: Path
    datasets: int
    cells: int
    table: pd.DataFrame


def day_of_run(world: World, experiment: Experiment, day: int) -> xr.Dataset:
    """Return one day of a run as the writer of granules takes it.

    Parameters
    ----------
    world : World
        Grid.
    experiment : Experiment
        L4C; its region is cut out.
    day : int
        Index in the record; the last day has no morning after it, whose soil carbon the product would hold.

    Returns
    -------
    Dataset
        Outputs on (cell, time), of each plant type on (cell, pft, time), soil carbon at the end of the day.

    Raises
    ------
    ValueError
        If the day is not one of the record but its last, or the region holds no land.
    """
    days = len(world.time)
    if not 0 <= day < days - 1:
        msg = f"day = {day + 1} is not accepted; days 1 to {days - 1} are, since the product holds SOC at a day's end."
        raise ValueError(msg)
    mask = world.mask(experiment.region)
    cells = np.arange(world.n_cell) if mask is None else np.flatnonzero(mask)
    result = world.result(experiment.l4c)
    now, then = ("day", day), ("day", day + 1)
    ds = xr.Dataset(
        coords={
            "cell": cells,
            "time": np.asarray(world.time[day : day + 1]).astype("datetime64[ns]"),
            "pft": np.arange(1, len(PFTS) + 1),
            "latitude": ("cell", world.latitude[cells].astype(float)),
            "longitude": ("cell", world.longitude[cells].astype(float)),
        }
    )
    ds["pft_fraction"] = (("cell", "pft"), world.pft_fraction[cells])
    for name in (*MEANS, *MULTIPLIERS):
        when = then if name == "soc" else now
        ds[name] = (("cell", "time"), result.field(name, when)[cells][:, None], VARIABLES[name].cf_attrs)
    for name in MEANS:
        when = then if name == "soc" else now
        of_pft = np.stack([result.field_of(name, pft, when)[cells] for pft in PFTS], axis=1)
        ds[f"{name}_pft"] = (("cell", "pft", "time"), of_pft[..., None], VARIABLES[name].cf_attrs)
    entry = CATALOG["reference-earth"]
    source = f"L4C rerun by Land Carbon Explorer; drivers: synthetic weather, assumed fPAR; {world.soil}"
    return ds.assign_attrs(experiment.to_attrs() | {"source": source, "licence": entry.licence, "grid": world.grid})


def write_granule(
    world: World,
    experiment: Experiment,
    day: int,
    folder: Path,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    *,
    errors: bool = True,
) -> Granule:
    """Write a day as a granule and read it back.

    Parameters
    ----------
    world, experiment, day
        See `day_of_run`.
    folder : Path
        Where the file goes.
    progress, cancelled
        Told the share done; asked before each step.
    errors : bool
        Whether the error of NEE (Eq. 10) is computed, which takes the longest.

    Returns
    -------
    Granule

    Raises
    ------
    ValueError
        See `day_of_run`.
    models.kernel.Cancelled
        If the visitor took it back.
    """

    def part(first: float, size: float) -> Callable[[float], None]:
        return lambda share: progress(first + size * share)

    ds = day_of_run(world, experiment, day)
    progress(RUN)
    begin, size = RUN, WRITE + (0.0 if errors else ERRORS)
    if errors:
        ds = with_errors(ds, open_dataset("reference-earth", grid=world.grid), part(RUN, ERRORS), cancelled)
        begin += ERRORS
    paths = write_granules(ds, folder, grid=world.grid, progress=part(begin, size), cancelled=cancelled)
    if not paths:
        raise Cancelled
    return _read_back(paths[0], ds, world.grid)


def _read_back(path: Path, ds: xr.Dataset, grid: str) -> Granule:
    """Open a granule plainly and through the catalog, and compare it with the run that it holds."""
    names: list[str] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    fine, coarse = EaseGrid("9km"), EaseGrid(grid)
    ratio = round(coarse.cell_size / fine.cell_size)
    row, column = coarse.row_col(ds["latitude"].values, ds["longitude"].values)
    # The cell of 9 km just north-west of the middle of each cell.
    rows, columns = row * ratio + (ratio - 1) // 2, column * ratio + (ratio - 1) // 2
    inside = (rows < fine.shape[0]) & (columns < fine.shape[1])
    there = {"y": xr.DataArray(rows[inside], dims="cell"), "x": xr.DataArray(columns[inside], dims="cell")}
    lines = []
    with CATALOG["spl4cmdl"].load(path) as back:
        cells = int(np.isfinite(back["nee"]).sum())
        for name in COMPARED:
            if name not in ds:
                continue
            read = back[name].isel(time=0).isel(there).to_numpy().astype(float)
            run = ds[name].isel(time=0).to_numpy()[inside]
            both = np.isfinite(read) & np.isfinite(run)
            lines.append(
                {
                    "in the file": str(back[name].attrs.get("column", name)),
                    "unit": VARIABLES[name].unit,
                    "cells": int(both.sum()),
                    "mean read": float(read[both].mean()) if both.any() else np.nan,
                    "largest difference": float(np.abs(read[both] - run[both].astype(np.float32)).max(initial=0.0)),
                }
            )
    return Granule(path, len(names), cells, pd.DataFrame(lines))
