"""The command that writes a run in the layout of the mission's carbon product."""

import click

from explorer.command_line import progress_bar, say

__all__ = ["granules"]


@click.command()
@click.argument("result", type=click.Path(exists=True), metavar="RESULT.nc")
@click.option("--out", required=True, metavar="FOLDER", help="Folder of the files, one a day.")
@click.option("--grid", type=click.Choice(["9km", "36km", "108km"]), help="Grid of the result; its own by default.")
@click.option("--debug", is_flag=True, hidden=True)
def granules(result: str, out: str, grid: str | None, debug: bool) -> None:
    """Write a daily run (output = "daily", per_pft = true) in the layout of SPL4CMDL, a file a day."""
    import json
    from pathlib import Path

    import xarray as xr

    from data_catalog.datasets.spl4cmdl_write import write_granules

    with xr.open_dataset(result, engine="zarr" if Path(result).is_dir() else "h5netcdf") as ds:
        grid = grid or json.loads(ds.attrs.get("experiment", "{}")).get("grid", "9km")
        with progress_bar("writing") as progress:
            paths = write_granules(ds, out, grid=grid, progress=progress)
    say(f"{out}: {len(paths)} files, {paths[0].name} to {paths[-1].name}; cells of {grid} laid out on 9 km")
