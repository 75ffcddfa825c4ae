"""Assimilation from the command line: observations from files, the run, carbon, and what came of it in words."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.command_line import open_world, progress_bar, say

__all__ = ["open_observations", "run_twin", "save_carbon"]


def open_observations(given: tuple[str, ...], grid: str) -> dict[str, Any]:
    """Open the files of --observations SENSOR=FILE: our own form on (time, column), or any product of the catalog."""
    from data_catalog.observations import open_observations as open_product
    from models.assimilation.given import PLACES
    from models.observation import SENSORS

    observed = {sensor.name: sensor.observes for sensor in SENSORS}
    opened = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not equals or name not in observed or not Path(path).exists():
            known = ", ".join(observed)
            msg = f"--observations {one!r}: give SENSOR=FILE, as ssm=smap.nc, a file that is there and one of {known}."
            raise ValueError(msg)
        ours = _own_form(Path(path), (observed[name], f"{observed[name]}_obs"), PLACES)
        opened[name] = open_product(path, name, grid=grid) if ours is None else ours
    return opened


def _own_form(path: Path, names: tuple[str, str], places: tuple[str, ...]) -> Any:
    """Return a data set that already has a sensor's variable by cell or column; None if a product has to be read."""
    import xarray as xr

    if path.suffix not in {".nc", ".zarr"}:
        return None
    ds = xr.open_dataset(path, engine="zarr" if path.is_dir() else "h5netcdf")
    if any(name in ds and set(places) & set(ds[name].dims) for name in names):
        return ds
    ds.close()
    return None


def run_twin(plan: Any, out: str, *, scheduler: str | None, observations: tuple[str, ...], carbon: str | None) -> None:
    """Run an assimilation experiment on the embedded world; say how long it will take, and what came of it."""
    from data_catalog.world.twin_world import twin_world
    from models.assimilation.command import assimilate, save
    from models.assimilation.run import estimate
    from models.coupling import check_year
    from models.output import check_target

    if scheduler:
        msg = "--scheduler spreads the cells of L4C; an assimilation run takes every core of this machine."
        raise ValueError(msg)
    world = twin_world(plan.grid)
    cells, days = world.cells_in(plan.region).size, world.days_of(plan.period)[0]
    if carbon is not None:
        check_target(carbon)
        check_year(days)
    size = estimate(plan.assimilation, cells, days.size)
    say(f"{cells:,} cells x {days.size} days: about {size.seconds:.0f} s, {size.nbytes / 1e6:,.0f} MB")
    files = open_observations(observations, plan.grid)
    started = time.perf_counter()
    with progress_bar("running") as progress:
        result = assimilate(plan, world, progress=progress, observations=files)
    written = save(result, plan, out)
    for note in written.notes:
        say(f"note: {note}")
    say(f"{out}: {written.cells:,} cells x {written.steps:,} days in {time.perf_counter() - started:.1f} s")
    if carbon is not None:
        save_carbon(result, plan, carbon)


def save_carbon(result: Any, plan: Any, carbon: str) -> None:
    """Drive L4C with the land of an assimilation run, and write its fluxes."""
    from models.coupling import CARBON_RUNS, drive_carbon, stack_carbon
    from models.output import check_target, write_dataset

    path = check_target(carbon)
    # The weather of the drivers is one for all seeds; the seed here is that of the noise.
    with open_world(replace(plan, seed=type(plan)().seed)) as drivers, progress_bar("carbon") as progress:
        runs = drive_carbon(result, drivers.isel(cell=result.twin.cells).load(), progress=progress)
    write_dataset(stack_carbon(runs).assign_attrs(plan.to_attrs()), path)
    truth = runs["truth"]
    for name, title in CARBON_RUNS.items():
        if name != "truth":
            gaps = (
                (flux, float(((runs[name][flux] - truth[flux]) ** 2).mean() ** 0.5)) for flux in ("gpp", "rh", "nee")
            )
            said = ", ".join(f"{flux} {gap:.3f}" for flux, gap in gaps)
            say(f"note: {title}; RMSD to the truth's [gC m-2 d-1]: {said}")
