"""What the command line opens for a run and says of it afterwards, on the error stream."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

__all__ = [
    "Opened",
    "build_fine",
    "open_drivers_of",
    "open_land",
    "progress_bar",
    "say",
    "tell_land_tower",
    "tell_tower",
]


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None]]:
    """Show the share done on the error stream; yields the function that is told of it.

    The bar appears when it is first told, so that input refused before leaves one line alone.
    """
    with ExitStack() as stack:
        bars: list[Any] = []

        def told(share: float) -> None:
            if not bars:
                bars.append(stack.enter_context(click.progressbar(length=1000, label=label, file=sys.stderr)))
            bars[0].update(max(0, int(1000 * min(1.0, share)) - bars[0].pos))

        yield told


def say(text: str) -> None:
    """Tell the user something that is no result."""
    click.echo(text, err=True)


class Opened(NamedTuple):
    """Drivers of a run, and the tower that judges it if they are a tower's."""

    ds: Any
    tower: Any = None
    sources: Any = None


def open_land(
    plan: Any, forcing: str | None, columns: str | None, data: tuple[str, ...], at: str | None = None
) -> Opened:
    """Open weather for the land surface model: a file's, a tower's or the embedded world's."""
    if forcing is not None:
        from data_catalog.forcing_stack import open_grids, tower_product

        grids = open_grids(forcing)
        if grids:
            return Opened(weather_of_grids(grids, at, plan))
        if Path(forcing).is_file() and tower_product(forcing):
            from data_catalog.datasets.land_towers import read_land_tower

            tower = read_land_tower(forcing, grid=plan.grid)
            return Opened(tower.forcing, tower.observed)
        from data_catalog.datasets.land_forcing import open_forcing
        from data_catalog.datasets.land_towers import observed_in

        return Opened(open_forcing(forcing, columns), observed_in(forcing))
    if plan.dataset == "tower":
        from data_catalog.datasets.land_towers import named_land_tower

        tower = named_land_tower(plan.site, data, grid=plan.grid, seed=plan.seed)
        return Opened(tower.forcing, tower.observed)
    if plan.dataset == "file":
        msg = (
            "The land surface model needs weather: give --forcing FILE, as `run --example land` says, or put"
            ' dataset = "reference-earth" or "tower" into the experiment.'
        )
        raise ValueError(msg)
    from data_catalog import open_dataset

    how = {"region": plan.region, "step_hours": plan.land.time_step, "seed": plan.seed}
    return Opened(open_dataset("world-forcing", grid=plan.grid, **how))


def weather_of_grids(grids: list[Any], at: str | None, plan: Any) -> Any:
    """Put a reanalysis' weather together at a place; the world gives what the files lack, and the land."""
    from data_catalog.datasets.land_towers import with_land
    from data_catalog.forcing_stack import stacked_forcing

    try:
        latitude, longitude = (float(part) for part in (at or "").split(","))
    except ValueError as error:
        said = at or "is missing"
        msg = f"--at {said}: a reanalysis covers many places; give one, as --at 41.5,-93.5 (latitude,longitude)."
        raise ValueError(msg) from error
    forcing, sources = stacked_forcing(latitude, longitude, files=grids, grid=plan.grid, seed=plan.seed)
    say("forcing      share  source")
    for row in sources.itertuples():
        say(f"{row.driver:<12} {row.share:5.0%}  {row.source}")
    return with_land(forcing, plan.grid)


def open_drivers_of(plan: Any, drivers: str | None, data: tuple[str, ...]) -> Opened:
    """Open the dataset that an experiment asks for; a file is recognised by its content."""
    if plan.dataset == "file":
        if drivers is None:
            msg = 'The experiment says dataset = "file": give it with --drivers FILE.'
            raise ValueError(msg)
        from data_catalog.datasets.climatology_npz import is_climatology

        path = Path(drivers)
        if path.is_file() and is_climatology(path):
            from data_catalog.datasets.climatology_npz import load

            return Opened(load(path))
        if path.suffix.lower() in {".csv", ".gz", ".zip"}:
            from data_catalog.datasets.fluxnet import read_fluxnet
            from data_catalog.datasets.fluxnet_daily import to_daily

            return at_tower(to_daily(read_fluxnet(path, need="drivers")), plan)
        from data_catalog.datasets.driver_file import open_drivers

        return Opened(open_drivers(path))
    if plan.dataset == "tower":
        from data_catalog.towers import TOWERS, open_tower, towers_in

        if not plan.site:
            known = ", ".join(dict.fromkeys([*towers_in(data), *TOWERS]))
            msg = f'The experiment says dataset = "tower": name it with site, of {known}.'
            raise ValueError(msg)
        return at_tower(open_tower(plan.site, data), plan)
    return Opened(open_world(plan))


def open_world(plan: Any) -> Any:
    """Open the embedded world, made first if need be."""
    from data_catalog import open_dataset
    from data_catalog.world import store

    if not store.is_built(plan.grid):
        with progress_bar(f"building {plan.grid}") as progress:
            store.build(plan.grid, progress=progress)
    ds = open_dataset("reference-earth", grid=plan.grid)
    if plan.seed != ds.attrs.get("seed", plan.seed):
        msg = f"seed = {plan.seed}: the weather of the embedded world exists for seed = {ds.attrs['seed']} alone."
        raise ValueError(msg)
    return ds


def at_tower(tower: Any, plan: Any) -> Opened:
    """Put a tower's drivers together with the world's where it measured nothing."""
    from data_catalog.drivers import tower_drivers

    ds, sources = tower_drivers(tower, open_world(plan), grid=plan.grid)
    return Opened(ds, tower, sources)


def tell_tower(opened: Opened, plan: Any, out: str) -> None:
    """Say where each driver came from, and how the run agrees with the tower's own fluxes."""
    say("driver    share  source")
    for row in opened.sources.itertuples():
        say(f"{row.driver:<9} {row.share:5.0%}  {row.source}")
    if plan.output != "daily" or not {"gpp", "reco", "nee"} & set(opened.tower.variables):
        return
    import xarray as xr

    from models.skill.scores import compare_with_tower

    with xr.open_dataset(out, engine="zarr" if out.endswith(".zarr") else "h5netcdf") as result:
        scores = compare_with_tower(result, opened.tower)
    say("\nagainst the tower [gC m-2 d-1]\nflux  season     r   RMSE  ubRMSE   bias      n")
    for flux in scores["variable"].values:
        for season in scores["season"].values:
            s = scores.sel(variable=flux, season=season)
            say(
                f"{flux:<5} {season:<6} {float(s['r']):6.2f} {float(s['rmse']):6.2f} {float(s['ubrmse']):7.2f}"
                f" {float(s['bias']):6.2f} {int(s['n']):6d}"
            )


def tell_land_tower(opened: Opened, plan: Any, out: str) -> None:
    """Say how a land run agrees, day by day, with what the tower observed."""
    if plan.output != "daily" or plan.land.output != "daily":
        return
    import xarray as xr

    from models.skill.land import compare_days, score_lines
    from models.variables import VARIABLES

    with xr.open_dataset(out, engine="zarr" if out.endswith(".zarr") else "h5netcdf") as result:
        if result.sizes["column"] == 1:
            table = compare_days(result, opened.tower)
            for line in score_lines(table, {name: VARIABLES[name].unit for name in table}):
                say(line)


def build_fine(grid: str, name: str | None, box: str | None) -> None:
    """Build a region of the 9-km grid into the user's cache, and say how to run on it."""
    from data_catalog.fine_region import build_region, share_done
    from models.regions import region_named, region_of_box

    if grid != "9km" or bool(name) == bool(box):
        msg = (
            "A region is one of the 9-km grid: give --grid 9km with --region NAME, or with --box WEST,SOUTH,EAST,NORTH."
        )
        raise ValueError(msg)
    region = region_named(name) if name else region_of_box(box)
    done = share_done(region)
    if 0.0 < done < 1.0:
        say(f"{done:.0%} were built before; the rest follows")
    with progress_bar(f"building {region.name}, 9 km") as progress:
        path = build_region(region, progress=progress)
    say(f"{path}\nrun on it with: python launch.py run carbon.toml --drivers {path} --out carbon.nc")
