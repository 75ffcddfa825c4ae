"""What a visitor of the page Land takes away: the place or the region as an experiment, its series, its NetCDF."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from data_catalog import open_dataset
from explorer import tower_runs
from explorer.export import LARGEST_FILE, head_lines, netcdf_bytes, table_text
from explorer.land.address import LandSelection
from explorer.land.map import cells_of
from explorer.land.place import PlaceRun
from explorer.worlds import table_of
from models.experiment import Experiment, run
from models.land.layout import LAYERS, OUTPUTS
from models.regions import Region
from models.variables import VARIABLES

__all__ = ["SERIES", "experiment_of", "land_csv", "land_netcdf", "netcdf_plan"]

SERIES = (
    *("precip", "et", "transpiration", "soil_evaporation", "interception_evaporation", "runoff", "drainage"),
    *("ssm", "rzsm", "t_soil", "frozen", "swe", "snow_depth", "lai", "fpar", "water_stress"),
    *("le", "h", "ground_heat", "sw_net", "lw_net", "gpp", "npp", "ra", "rh", "nee"),
)
"""Variables of the file of a place's series, besides moisture and temperature by layer."""

HALF = 0.01
"""Degrees around a cell's centre: a box that holds it alone."""


def experiment_of(b: Experiment, selection: LandSelection, place: bool = True) -> Experiment:
    """Return B as a run of its own, of the selected cell or tower, or of the region.

    Parameters
    ----------
    b : Experiment
        As the page has it.
    selection : LandSelection
        Whose ``at`` says which cell.
    place : bool
        Whether the run is of the place, not of the region.
    """
    if b.dataset == "tower" or not place:
        return replace(b, dataset="reference-earth", site="") if not place else b
    table = table_of(b.grid)
    cell = table.nearest(*selection.at)
    lat, lon = float(table.latitude[cell]), float(table.longitude[cell])
    west, east = max(lon - HALF, -180.0), min(lon + HALF, 180.0)
    box = Region("cell", round(west, 4), round(lat - HALF, 4), round(east, 4), round(lat + HALF, 4))
    return replace(b, region=box)


def netcdf_plan(experiment: Experiment) -> tuple[Experiment, int]:
    """Return the experiment whose result is small enough for the page, and about how many bytes it has.

    Raises
    ------
    ValueError
        If even months are too many.
    """
    cells = 1 if experiment.dataset == "tower" else cells_of(experiment.region, experiment.grid).size
    for output, steps in (("daily", 365), ("monthly", 12)):
        size = 4 * len(OUTPUTS) * steps * cells
        if size <= LARGEST_FILE:
            return replace(experiment, output=output), size
    msg = (
        f"{experiment.region.name} has {cells:,} cells, too many for a file through the page ({LARGEST_FILE / 1e6:.0f} "
        "MB). Save the experiment and run: python launch.py run land.toml --out land.nc"
    )
    raise ValueError(msg)


def land_netcdf(experiment: Experiment, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bytes:
    """Run an experiment as the command line would, and return it as a NetCDF file."""
    if experiment.dataset == "tower":
        from data_catalog.datasets.land_towers import open_land_tower

        forcing = open_land_tower(experiment.site, tower_runs.folders(), grid=experiment.grid).forcing
    else:
        how = {"region": experiment.region, "step_hours": experiment.land.time_step, "seed": experiment.seed}
        forcing = open_dataset("world-forcing", grid=experiment.grid, **how)
    result = run(experiment, forcing, progress=lambda share: progress(0.95 * share), cancelled=cancelled)
    return netcdf_bytes(result)


def land_csv(b: PlaceRun, a: PlaceRun, experiment: Experiment) -> str:
    """Return the daily series of a place, of B and of A, with a tower's observations if there are any.

    Parameters
    ----------
    b, a : PlaceRun
        Of the experiment and of the baseline.
    experiment : Experiment
        B; it stands in the head of the file.
    """
    columns: dict[str, np.ndarray] = {}
    dates = b.days["time"].values
    for name in SERIES:
        for label, days in (("B", b.days), ("A", a.days)):
            columns[f"{name} {label} [{VARIABLES[name].unit}]"] = days[name].values
    depths = np.concatenate([[0.0], 100.0 * np.cumsum(LAYERS)])
    for name in ("soil_moisture", "soil_temperature"):
        for k in range(len(LAYERS)):
            words = f"{name} {depths[k]:.0f}-{depths[k + 1]:.0f} cm"
            for label, days in (("B", b.days), ("A", a.days)):
                columns[f"{words} {label} [{VARIABLES[name].unit}]"] = days[name].values[k]
    if b.place.observed is not None:
        for name, field in b.place.observed.data_vars.items():
            if name in VARIABLES:
                columns[f"{name} tower [{VARIABLES[name].unit}]"] = field.reindex(time=dates).values
    days = np.datetime_as_string(dates.astype("datetime64[D]"))
    lat, lon = round(b.place.latitude, 4), round(b.place.longitude, 4)
    rows = ((date, lat, lon, *(values[k] for values in columns.values())) for k, date in enumerate(days))
    source = "synthetic weather on a real climate" if b.place.synthetic else "the tower's own weather"
    head = [
        f"Daily series of one place, latitude {lat:.4f}, longitude {lon:.4f}: {b.place.words}",
        *head_lines(experiment, f"Land Carbon Explorer, land surface model, {source}"),
    ]
    return table_text(rows, head, ["date", "latitude [degrees]", "longitude [degrees]", *columns])
