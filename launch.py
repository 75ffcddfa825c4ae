"""The front door: serve the app, or do its work without a screen."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from explorer.calibrations import calibrate
from explorer.command_line import open_drivers_of, open_land, progress_bar, say, tell_land_tower, tell_tower
from explorer.earthdata_command import data as earthdata
from explorer.granules import granules

ROOT = Path(__file__).resolve().parent
OURS = ("models", "data_catalog", "explorer", "launch.py")
HELP = {"help_option_names": ["-h", "--help"]}


class FrontDoor(click.Group):
    """Commands of the program; without one, ``serve``. Bad input ends with status 2 and one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``serve`` in front of options that stand alone."""
        if not args or (args[0].startswith("-") and args[0] not in {"-h", "--help", "--version"}):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; say in one line what is wrong with the user's input."""
        try:
            return super().invoke(ctx)
        except (ValueError, KeyError, OSError) as error:
            if "--debug" in sys.argv or not is_bad_input(error):
                raise
            text = error.args[0] if isinstance(error, KeyError) and error.args else error
            raise BadInput(" ".join(str(text).split())) from error


class BadInput(click.ClickException):
    """One line about the user's input; status 2, as for a wrong option."""

    exit_code = 2


def is_bad_input(error: BaseException) -> bool:
    """Whether an error was raised on purpose by our own code, and not met by surprise deep in a library."""
    if isinstance(error, OSError):
        return True
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    path = Path(frame.tb_frame.f_code.co_filename) if frame is not None else Path()
    return path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS


def read_experiment(name: str) -> Any:
    """Read an experiment from its TOML file, or from a result that carries it."""
    from models.experiment import Experiment

    path = Path(name)
    if not path.exists():
        msg = f"No experiment file {name!r}; `python launch.py run --example carbon` prints one."
        raise FileNotFoundError(msg)
    if path.suffix not in {".nc", ".zarr"}:
        return Experiment.from_toml(path.read_bytes())
    import xarray as xr

    with xr.open_dataset(path, engine="zarr" if path.is_dir() else "h5netcdf") as result:
        return Experiment.from_attrs(result.attrs)


def check_options(plan: Any, out: str, **files: Any) -> None:
    """Refuse options that the experiment's model does not take, and an output that is one of the inputs."""
    land = plan.model == "land"
    if plan.model == "assimilation":
        for name, value in files.items():
            if value:
                msg = f'--{name} is nothing for model = "assimilation", which runs on the embedded world.'
                raise ValueError(msg)
        return
    for name in ("drivers", "bplut") if land else ("forcing", "columns"):
        if files[name]:
            msg = f'--{name} is nothing for model = "{plan.model}"' + ("; give --forcing FILE." if land else ".")
            raise ValueError(msg)
    if land and files["columns"] and not files["forcing"]:
        msg = "--columns says what the columns of --forcing are: give both."
        raise ValueError(msg)
    for name in ("drivers", "forcing", "columns"):
        if files[name] and Path(files[name]).resolve() == Path(out).resolve():
            msg = f"--out {out!r} is the {name} file itself; choose another name."
            raise ValueError(msg)


def with_table(plan: Any, bplut: str) -> Any:
    """Take the biome properties of a user's table; the soils start in balance with it."""
    from models.l4c.bplut import BplutFile

    own = BplutFile.read(Path(bplut)).overrides(plan.l4c.bplut)
    say(f"note: {len(own)} values of {Path(bplut).name} differ from {plan.l4c.bplut}; soils start in balance with them")
    # What the experiment itself changes comes later, and so wins.
    return replace(plan, l4c=replace(plan.l4c, parameters=(*own, *plan.l4c.parameters), spin_up="experiment"))


def version_of_program(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and leave."""
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"Land Carbon Explorer {version('land-carbon-explorer')}")
    except PackageNotFoundError:
        click.echo("Land Carbon Explorer (not installed: run `python -m pip install -e .`)")
    ctx.exit()


@click.group(cls=FrontDoor, context_settings=HELP)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version_of_program)
def main() -> None:
    """Land Carbon Explorer: rerun land-carbon models live.

    Without a command it serves the app and opens it in the browser.
    """


@main.command()
@click.option("--port", default=5006, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free one.")
@click.option("--address", default="localhost", show_default=True, help="0.0.0.0 lets other machines in.")
@click.option("--show/--no-show", default=True, show_default=True, help="Open a tab in the browser.")
@click.option(
    "--allow-websocket-origin", "origins", multiple=True, metavar="HOST[:PORT]", help="Host under which others come."
)
@click.option("--basic-auth", metavar="PASSWORD|FILE", help="One password for all, or a JSON file {user: password}.")
@click.option(
    "--data", multiple=True, type=click.Path(exists=True, file_okay=False), help="Folder of data of your own."
)
@click.option(
    "--log-level", default="warning", type=click.Choice(["debug", "info", "warning", "error"]), show_default=True
)
@click.option("--debug", is_flag=True, hidden=True)
def serve(**options: Any) -> None:
    """Serve the app (what happens without a command)."""
    options.pop("debug")
    from explorer.app import serve as serve_app

    serve_app(**options)


@main.command()
@click.argument("experiment", required=False, metavar="EXPERIMENT.toml")
@click.option("--out", metavar="OUT.nc|OUT.zarr", help="File to write; one of that name is replaced.")
@click.option(
    "--drivers", metavar="FILE", help="Drivers: NetCDF or Zarr (cell, time), .npz climatology, FLUXNET table."
)
@click.option(
    "--data", multiple=True, type=click.Path(exists=True, file_okay=False), help="Folder of towers of your own."
)
@click.option("--forcing", metavar="FILE", help="Weather of a land run: NetCDF or Zarr (column, time), FLUXNET table.")
@click.option("--at", metavar="LAT,LON", help="Place of a land run whose --forcing is a reanalysis (file or folder).")
@click.option("--columns", metavar="FILE.nc", help="What the columns of a land run are, where --forcing doesn't say.")
@click.option("--bplut", metavar="FILE.csv", help="Biome properties of your own, in the mission's 44-column format.")
@click.option(
    "--example", metavar="NAME", help="Print a commented experiment to start from: carbon, land, assimilation."
)
@click.option(
    "--observations", multiple=True, metavar="SENSOR=FILE", help="Observations of an assimilation run, not synthetic."
)
@click.option("--carbon", metavar="FILE.nc", help="Also drive L4C with an assimilation run's land, and write it here.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Spread the cells over a dask.distributed cluster.")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
def run(
    experiment: str,
    out: str,
    drivers: str,
    data: tuple[str, ...],
    forcing: str,
    at: str,
    columns: str,
    bplut: str,
    example: str,
    observations: tuple[str, ...],
    carbon: str,
    scheduler: str,
    debug: bool,
) -> None:
    r"""Run an experiment and write its result as CF NetCDF or Zarr.

    EXPERIMENT.toml may also be the result of an earlier run, which carries its experiment.

    \b
    python launch.py run --example carbon > carbon.toml
    python launch.py run carbon.toml --out carbon.nc
    python launch.py run carbon.toml --drivers drivers.nc --out carbon.zarr
    python launch.py run land.toml --forcing forcing.nc --out land.nc
    python launch.py run land.toml --out land.nc      (dataset = "reference-earth" or "tower")
    """
    if example is not None:
        from models.examples import EXAMPLES

        if example not in EXAMPLES:
            msg = f"No example is called {example[:40]!r}; there are {', '.join(EXAMPLES)}."
            raise ValueError(msg)
        click.echo(EXAMPLES[example], nl=False)
        return
    if experiment is None:
        msg = "Which experiment? Give EXPERIMENT.toml; `run --example carbon` prints one to start from."
        raise click.UsageError(msg)
    if out is None:
        msg = "Where to? Give --out OUT.nc or --out OUT.zarr."
        raise click.UsageError(msg)

    from models.experiment import run_to_file
    from models.output import check_target

    check_target(out)
    plan = read_experiment(experiment)
    check_options(plan, out, drivers=drivers, bplut=bplut, data=data, forcing=forcing, columns=columns)
    if (observations or carbon) and plan.model != "assimilation":
        msg = f'--{"observations" if observations else "carbon"} is nothing for model = "{plan.model}".'
        raise ValueError(msg)
    if plan.model == "assimilation":
        from explorer.command_assimilation import run_twin

        run_twin(plan, out, scheduler=scheduler, observations=observations, carbon=carbon)
        return
    if bplut is not None:
        plan = with_table(plan, bplut)
    if drivers is not None:
        plan = replace(plan, dataset="file")
    if forcing is not None:
        plan = replace(plan, dataset="file")
    land = plan.model == "land"
    opened = open_land(plan, forcing, columns, data, at) if land else open_drivers_of(plan, drivers, data)
    started = time.perf_counter()
    with opened.ds, progress_bar("running") as progress:
        written = run_to_file(plan, opened.ds, out, progress=progress, scheduler=scheduler)
    for note in written.notes:
        say(f"note: {note}")
    places = "columns" if land else "cells"
    say(f"{out}: {written.cells:,} {places} x {written.steps:,} time steps in {time.perf_counter() - started:.1f} s")
    if opened.tower is not None:
        (tell_land_tower if land else tell_tower)(opened, plan, out)


main.add_command(calibrate)
main.add_command(granules)
main.add_command(earthdata)


@main.group()
def world() -> None:
    """Build the embedded world, or tell its state."""


GRIDS = click.Choice(["36km", "108km"])


@world.command()
@click.option("--grid", type=click.Choice([*GRIDS.choices, "9km"]), default="36km", show_default=True)
@click.option("--region", metavar="NAME", help="Of the 9-km grid: a named region, as Iberia.")
@click.option("--box", metavar="W,S,E,N", help="Of the 9-km grid: a box [degrees], as -10,36,4,44.")
@click.option(
    "--soil",
    type=click.Choice(["own", "coarse"]),
    default="own",
    show_default=True,
    help="Run the land surface model on every cell of 36 km (minutes), or take the soil of 108 km (seconds).",
)
@click.option("--debug", is_flag=True, hidden=True)
def build(grid: str, region: str | None, box: str | None, soil: str, debug: bool) -> None:
    """Make the drivers of the embedded world, packed in the user's cache: daily weather, and soil of the land model.

    A run of the land model, and a region of the 9-km grid, go on where they were ended.
    """
    if grid == "9km" or region or box:
        from explorer.command_line import build_fine

        build_fine(grid, region, box)
        return
    from data_catalog.world import soil_store, store

    started = time.perf_counter()
    with progress_bar(f"building {grid}") as progress:
        store.build(grid, progress=progress)
    say(f"{grid}: built in {time.perf_counter() - started:.1f} s; soil: {store.soil_of(grid)}")
    if soil == "coarse" or store.runs_own_soil(grid):
        return
    done = soil_store.share_done(grid)
    say(f"running the land surface model on every cell, {done:.0%} done before; Ctrl+C ends it, and it goes on later")
    with progress_bar(f"land model {grid}") as progress:
        soil_store.build_own(grid, progress=progress)
    say(f"{grid}: {time.perf_counter() - started:.0f} s; soil: {store.soil_of(grid)}")


@world.command()
@click.option("--debug", is_flag=True, hidden=True)
def info(debug: bool) -> None:
    """Say which grids are built, and what the world is made of."""
    import numpy as np

    from data_catalog import CATALOG
    from data_catalog.fine_region import built_regions
    from data_catalog.world import soil_store, store

    entry = CATALOG["reference-earth"]
    click.echo(f"{entry.name}: {entry.title}\nlicence: {entry.licence}\ncitation: {entry.citation}")
    for grid in GRIDS.choices:
        if not store.is_built(grid):
            click.echo(f"{grid}: not built yet: python launch.py world build --grid {grid}")
            continue
        drift = np.percentile(store.open_limits(grid)["drift"], [50, 99])
        click.echo(f"{grid}: built\n    soil: {store.soil_of(grid)}")
        click.echo(
            f"    over its year soil moisture changes by {drift[0]:.5f} m3 m-3 (median; 99 %: below {drift[1]:.4f})"
        )
        if not store.runs_own_soil(grid):
            done = soil_store.share_done(grid)
            click.echo(f"    run of its own: {done:.0%} done; python launch.py world build --grid {grid}")
    for path in built_regions():
        click.echo(f"9km: {path}")


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True), metavar="[PATH]...")
@click.option("--json", "as_json", is_flag=True, help="Print every file with all that is known, as JSON.")
@click.option("--all", "every", is_flag=True, help="Print a row for each file, also of a series of files.")
@click.option("--fresh", is_flag=True, help="Look at every file again, also at those that did not change.")
@click.option("--debug", is_flag=True, hidden=True)
def catalog(paths: tuple[str, ...], as_json: bool, every: bool, fresh: bool, debug: bool) -> None:
    """List what the catalog holds, or what PATH holds, what it can be used for and what is wrong with it."""
    if not paths:
        from data_catalog import CATALOG

        for entry in CATALOG.values():
            kind = ", synthetic" if entry.synthetic else ""
            click.echo(
                f"{entry.name}: {entry.title} ({', '.join(entry.feeds)}{kind}; {entry.licence})\n    {entry.citation}"
            )
        return
    from data_catalog.scan import scan
    from data_catalog.scan_table import scan_table

    with progress_bar("looking into files") as progress:
        rows = scan(*paths, cache=not fresh, progress=lambda done, of: progress(done / of))
    if as_json:
        import json

        click.echo(json.dumps([row.as_json() for row in rows], indent=1))
        return
    click.echo(scan_table(rows, every=every))


@main.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False), metavar="[FOLDER]...")
@click.option("--grid", type=GRIDS, default="108km", show_default=True, help="The world that fills in.")
@click.option("--csv", "target", metavar="FILE.csv", help="Write a row for each tower too.")
@click.option("--debug", is_flag=True, hidden=True)
def towers(folders: tuple[str, ...], grid: str, target: str | None, debug: bool) -> None:
    """Run L4C at the towers that ship and those of FOLDER, and compare months of GPP, RECO and NEE by plant type."""
    from explorer.tower_table import by_plant_type, tower_rows

    with progress_bar("running towers") as progress:
        rows = tower_rows(folders, grid=grid, progress=progress)
    if target is not None:
        rows.to_csv(target, index=False, float_format="%.4f")
        say(f"{target}: {len(rows)} towers")
    click.echo(by_plant_type(rows).to_string(index=False, float_format=lambda value: f"{value:.2f}"))
    for row in rows[rows["problem"] != ""].itertuples():
        say(f"{row.site}: not run: {row.problem}")
    ran = rows[rows["problem"] == ""]
    world = int((ran["driven"] == "world").sum())
    say(f"{len(ran)} towers run, {world} of them on the world's days; each tower counts once; gC m-2 d-1 by month")


if __name__ == "__main__":
    main()
