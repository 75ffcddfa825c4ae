"""The command that writes a run in the layout of the mission's carbon product, with the error of its NEE."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from explorer.command_line import progress_bar, say

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["granules", "with_errors"]

BLOCK = 500
"""Cells whose errors are in memory at a time."""


def with_errors(
    result: "xr.Dataset",
    drivers: "xr.Dataset",
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> "xr.Dataset":
    """Add to a daily run the error of NEE (Eq. 10) and the frozen share of its cells.

    Parameters
    ----------
    result : xr.Dataset
        Of `models.experiment.run`, which carries its experiment.
    drivers : xr.Dataset
        The run's drivers; ``cell`` of the result counts theirs.
    progress, cancelled : callable, optional
        Told the share done; asked before each block of cells.

    Returns
    -------
    xr.Dataset
        With ``nee_std`` (cell, time), ``nee_std_pft`` (cell, pft, time) and ``frozen`` (cell, time).

    Raises
    ------
    ValueError
        If the result carries no experiment.
    Cancelled
        If ``cancelled`` said yes.
    """
    import numpy as np

    from models.experiment import Experiment
    from models.kernel import Cancelled
    from models.l4c.uncertainty import budget_of

    options = Experiment.from_attrs(result.attrs).l4c
    index = drivers["cell"].values if "cell" in drivers.coords else np.arange(drivers.sizes["cell"])
    places = np.searchsorted(index, result["cell"].values)
    days = np.searchsorted(drivers["time"].values, result["time"].values)
    n = result.sizes["cell"]
    std = np.full((n, result.sizes["time"]), np.nan)
    of_pft, frozen = np.full((n, 8, result.sizes["time"]), np.nan), np.full(std.shape, np.nan)
    for first in range(0, n, BLOCK):
        if cancelled is not None and cancelled():
            raise Cancelled
        some = slice(first, first + BLOCK)
        part = drivers.isel(cell=places[some]).load()
        budget = budget_of(options, part)
        std[some] = budget["nee_std"].values[:, days]
        of_pft[some] = budget["nee_std_pft"].values[:, :, days]
        frozen[some] = part["frozen"].transpose("cell", "time").values[:, days]
        if progress is not None:
            progress(min(1.0, (first + BLOCK) / n))
    return result.assign(
        nee_std=(("cell", "time"), std, budget["nee_std"].attrs),
        nee_std_pft=(("cell", "pft", "time"), of_pft, budget["nee_std"].attrs),
        frozen=(("cell", "time"), frozen, {"units": "1"}),
    )


@click.command()
@click.argument("result", type=click.Path(exists=True), metavar="RESULT.nc")
@click.option("--out", required=True, metavar="FOLDER", help="Folder of the files, one a day.")
@click.option("--grid", type=click.Choice(["9km", "36km", "108km"]), help="Grid of the result; its own by default.")
@click.option(
    "--errors/--no-errors", default=True, show_default=True, help="Add the error of NEE; embedded world only."
)
@click.option("--debug", is_flag=True, hidden=True)
def granules(result: str, out: str, grid: str | None, errors: bool, debug: bool) -> None:
    """Write a daily run (output = "daily", per_pft = true) in the layout of SPL4CMDL, a file a day."""
    import xarray as xr

    from data_catalog import open_dataset
    from data_catalog.datasets.spl4cmdl_write import write_granules
    from models.experiment import Experiment

    with xr.open_dataset(result, engine="zarr" if Path(result).is_dir() else "h5netcdf") as ds:
        plan = Experiment.from_attrs(ds.attrs)
        if errors and plan.dataset == "reference-earth" and plan.output == "daily":
            with progress_bar("errors of NEE") as progress:
                ds = with_errors(ds, open_dataset("reference-earth", grid=plan.grid), progress)
        elif errors:
            say("note: nee_rmse stays empty: its errors are made for daily runs of the embedded world")
        with progress_bar("writing") as progress:
            paths = write_granules(ds, out, grid=grid or plan.grid, progress=progress)
    say(f"{out}: {len(paths)} files, {paths[0].name} to {paths[-1].name}; cells of {grid or plan.grid} on 9 km")
