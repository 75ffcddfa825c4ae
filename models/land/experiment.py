"""An experiment of the land surface model from its value to its result."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.execution import LARGEST_IN_MEMORY, Written
from models.land.columns import ColumnTable
from models.land.description import describe_columns
from models.land.layout import N_OUTPUTS
from models.land.options import LandChoices
from models.land.run import LandOptions, run_land
from models.provenance import now, versions

if TYPE_CHECKING:
    from models.experiment import Experiment

__all__ = ["run_columns", "write_columns"]

HOUR = 3600.0
# Carbon pools are those at the end of a day or step.
_AT_THE_END = ("leaf_carbon", "stem_carbon", "root_carbon", "wood_carbon", "soc_fast", "soc_stable")


def run_columns(
    experiment: "Experiment",
    ds: xr.Dataset,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    """Run the columns of a forcing; everything is checked before it computes.

    Parameters
    ----------
    experiment : Experiment
        With ``model = "land"`` and ``dataset = "file"``. Its region chooses columns, its period what is reported.
    ds : xr.Dataset
        Weather and what the columns are, see `models.land.description.describe_columns`; the attributes ``stamp``,
        ``utc_offset`` [h] and ``notes`` are respected.
    progress, cancelled : callable, optional
        See `models.land.run.run_land`.

    Returns
    -------
    xr.Dataset
        On (column, time) and (column, layer, time); ``Experiment.from_attrs`` of its attributes is the experiment.

    Raises
    ------
    ValueError
        If the experiment asks for what this model does not do, or the forcing cannot run.
    """
    _check(experiment)
    choices = experiment.land
    if "time" not in ds.coords:
        ds = ds.assign_attrs(dt_seconds=ds.attrs.get("dt_seconds", HOUR * choices.record_step))
    forcing, table, names = describe_columns(ds, choices)
    if not experiment.region.whole:
        inside = np.flatnonzero(experiment.region.contains(table.latitude, table.longitude))
        if not inside.size:
            msg = f"No column lies in the region {experiment.region.name}."
            raise ValueError(msg)
        table = ColumnTable(*(values[inside] for values in table))
        names = names if names is None else names[inside]
    options = _options(choices, forcing, table)
    steps = forcing.sizes["time"] if options.output == "native" else forcing.sizes["time"] * options.dt // 86400.0
    size = 8.0 * (N_OUTPUTS * steps * table.site.size + 8 * forcing.sizes["time"] * forcing.sizes["site"])
    if size > LARGEST_IN_MEMORY:
        msg = f"The run needs {size / 1e9:.0f} GB of memory: choose a region, fewer columns or daily output."
        raise ValueError(msg)
    result = run_land(forcing, table, options, progress=progress, cancelled=cancelled)
    return _finished(result, experiment, ds, table, names)


def _check(experiment: "Experiment") -> None:
    """Raise ``ValueError`` where an experiment asks for what the land surface model does not do."""
    accepted = {"dataset": "file", "output": "daily", "precision": "float64", "per_pft": False}
    for name, value in accepted.items():
        if getattr(experiment, name) != value:
            msg = f"{name} = {getattr(experiment, name)!r} is nothing that model = 'land' does; it takes {value!r}" + (
                " (every step: land.output = 'native')." if name == "output" else "."
            )
            raise ValueError(msg)


def _options(choices: LandChoices, forcing: xr.Dataset, table: ColumnTable) -> LandOptions:
    """Translate the choices, with what the forcing says of its clock where they leave it to it."""
    offset = choices.utc_offset or float(forcing.attrs.get("utc_offset", 0.0))
    if not choices.utc_offset and forcing.attrs.get("clock") == "local standard time":
        offset = float(np.rint(((float(table.longitude[0]) + 180.0) % 360.0 - 180.0) / 15.0))
    return LandOptions(
        dt=choices.time_step * HOUR,
        van_genuchten=choices.hydraulics == "van_genuchten",
        groundwater=choices.drainage == "groundwater",
        spin_up=choices.cycles - 1,
        settle=choices.stop_when_settled,
        soil_carbon=choices.soil_carbon,
        output=choices.output,
        parameters=choices.parameters,
        soil_moisture=choices.soil_moisture,
        lai=choices.lai,
        stamp=str(forcing.attrs.get("stamp", "end")) if choices.stamp == "auto" else choices.stamp,
        start=choices.start,
        utc_offset=offset,
    )


def _finished(
    result: xr.Dataset, experiment: "Experiment", ds: xr.Dataset, table: ColumnTable, names: np.ndarray | None
) -> xr.Dataset:
    """Cut a result to the period and say where it came from."""
    first, last = experiment.period
    if first or last:
        result = result.sel(time=slice(first or None, last or None))
        if not result.sizes["time"]:
            msg = f"period = {list(experiment.period)}: the forcing has no such day."
            raise ValueError(msg)
    classes = {"vegetation_class": table.vegetation, "soil_class": table.soil, "forcing_site": table.site}
    result = result.assign_coords({name: ("column", values) for name, values in classes.items()})
    if names is not None:
        result = result.assign_coords(column_name=("column", names.astype(str)))
    daily = experiment.land.output == "daily"
    for name, variable in result.data_vars.items():
        if "time" in variable.dims:
            variable.attrs["cell_methods"] = "time: point" if name in _AT_THE_END else "time: mean"
    result["time"].attrs |= {
        "standard_name": "time",
        "long_name": "day" if daily else f"time of the first record of each step ({experiment.land.time_step:g} h)",
    }
    result["time"].encoding = {
        "units": "days since 1970-01-01" if daily else "seconds since 1970-01-01",
        "calendar": "proleptic_gregorian",
        "dtype": "int64",
    }
    result.attrs |= experiment.to_attrs() | {
        "history": f"{now()} made by {versions()}",
        "forcing": str(ds.attrs.get("source", ds.attrs.get("title", "not named"))),
        "notes": str(ds.attrs.get("notes", "")),
    }
    return result


def write_columns(result: xr.Dataset, path: Path) -> Written:
    """Write a result as NetCDF or Zarr; the file is whole or not there.

    Returns
    -------
    Written
        Columns, time steps, and what the spin-up and the balances came to.
    """
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        if path.suffix == ".nc":
            result.to_netcdf(part, engine="h5netcdf")
        else:
            result.to_zarr(part, mode="w", zarr_format=2, consolidated=True)
    except BaseException:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
        raise
    if path.is_dir():
        shutil.rmtree(path)
    part.replace(path)
    attrs = result.attrs
    notes = [note for note in attrs["notes"].split("; ") if note]
    if attrs["spin_up_cycles"]:
        notes.append(
            f"spin-up of {attrs['spin_up_cycles']} cycles: in the last, soil water changed by at most"
            f" {attrs['spin_up_water_drift']:.1e} m3 m-3, LAI by {attrs['spin_up_lai_drift']:.1e}"
            f" ({'settled' if attrs['spin_up_settled'] else 'not settled: give more cycles'})"
        )
    notes.append(
        f"balances, worst column and step: water {float(result.residual_water_worst.max()):.1e} mm,"
        f" carbon {float(result.residual_carbon_worst.max()):.1e} gC m-2,"
        f" energy {float(result.residual_energy_worst.max()):.1e} W m-2"
    )
    return Written(result.sizes["column"], result.sizes["time"], tuple(notes))
