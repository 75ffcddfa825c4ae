"""What assimilation does to carbon: L4C driven by the land of an analysis, its open loop, a climatology, the truth."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.chain import carbon_drivers, smoothed_year
from models.experiment import Experiment, run
from models.l4c.run import POOLS
from models.options import L4COptions

if TYPE_CHECKING:
    from models.assimilation.result import AssimilationResult

__all__ = ["CARBON_RUNS", "FLUXES", "LAND", "check_year", "drive_carbon", "drive_runs", "stack_carbon"]

CARBON_RUNS = {
    "ops": "Ops: driven by the analysis",
    "open_loop": "Open Loop: driven by the model alone",
    "calib": "Calib: driven by the open loop's climatology",
    "truth": "Truth: driven by the true land",
}
"""Runs of L4C (Jones et al. 2017's trio, and the truth that a twin knows), in the order on screen."""

FLUXES = ("gpp", "rh", "nee")
YEAR = 365
LAND = ("ssm", "rzsm", "t_soil", "frozen", "lai")
"""What of a land run drives L4C, each on (cell, day)."""


def check_year(days: np.ndarray) -> None:
    """Raise ``ValueError`` if days are no whole year from January to December."""
    if days.size != YEAR or str(days[0])[5:] != "01-01":
        msg = (
            f"Carbon needs a whole year from January to December; the run has {days.size} days so far. Wait until it "
            "ends, or choose the whole year as period."
        )
        raise ValueError(msg)


def drive_carbon(
    result: "AssimilationResult",
    drivers: xr.Dataset,
    *,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, xr.Dataset]:
    """Run L4C with each land run's water, soil temperature and leaves, from one common soil carbon.

    Parameters
    ----------
    result : AssimilationResult
        Of a whole year, January to December.
    drivers : xr.Dataset
        Of its cells and days, on (cell, time), in memory; soil and leaves are replaced.
    progress, cancelled : callable, optional
        Told the share done; asked now and then.

    Returns
    -------
    dict of str to xr.Dataset
        Key of `CARBON_RUNS` -> ``gpp rh nee`` on (cell, time) [gC m-2 d-1].

    Raises
    ------
    ValueError
        If the result does not hold a whole year, which starting carbon needs.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    check_year(result.days[: result.days_done])
    porosity = np.asarray(result.twin.start.get("theta_max"))[: result.twin.cells.size]
    loop = {name: result.daily(name, "open_loop") for name in LAND}
    land = {
        "open_loop": loop,
        "ops": {name: result.daily(name, "analysis") for name in LAND},
        "calib": {name: smoothed_year(values) for name, values in loop.items()},
        "truth": {name: result.daily(name, "truth") for name in LAND},
    }
    runs = drive_runs(dict.fromkeys(land, drivers), land, porosity, progress=progress, cancelled=cancelled)
    return {name: runs[name] for name in CARBON_RUNS}


def drive_runs(
    drivers: Mapping[str, xr.Dataset],
    land: Mapping[str, Mapping[str, np.ndarray]],
    porosity: np.ndarray,
    l4c: L4COptions | None = None,
    *,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, xr.Dataset]:
    """Run L4C with the land of several runs, from the soil carbon of the first, which is in steady state with it.

    The first is the reference of the others: its leaves are those of the drivers' f_PAR, and its root-zone wetness
    gives the limits of all. Litter follows each run's own growth.

    Parameters
    ----------
    drivers : mapping of str to Dataset
        Name of a run -> drivers of its cells and days, on (cell, time), in memory; soil and leaves are replaced.
    land : mapping of str to mapping
        Name of a run -> `LAND`, each (cell, day).
    porosity : (cell,) array
        Of the soil [m3 m-3].
    l4c : L4COptions, optional
        What is run; its ``soc_start`` is not used.
    progress, cancelled : callable, optional
        Told the share done; asked now and then.

    Returns
    -------
    dict of str to xr.Dataset
        Name of a run -> ``gpp rh nee`` on (cell, time) [gC m-2 d-1].

    Raises
    ------
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    first = next(iter(land.values()))
    wet = 100.0 * first["rzsm"] / porosity[:, None]
    limits = (np.floor(wet.min(axis=1)) - 1.0, np.minimum(np.ceil(wet.max(axis=1)) + 1.0, 100.0))
    common: dict[str, tuple] = {}
    runs = {}
    for order, (name, fields) in enumerate(land.items()):
        changed = carbon_drivers(
            drivers[name], **fields, lai_reference=first["lai"], porosity=porosity, smrz_limits=limits
        ).assign(common)
        experiment = Experiment(
            l4c=replace(l4c or L4COptions(), soc_start="given" if common else "periodic"),
            dataset="file",
            per_pft=not common,
            precision="float32",
        )
        out = run(experiment, changed, cancelled=cancelled)
        if not common:
            common = {
                pool: (("cell", "pft"), np.nan_to_num(out[f"{pool}_pft"].isel(time=0).values), {"units": "gC m-2"})
                for pool in POOLS
            }
        runs[name] = out[list(FLUXES)].load()
        progress((order + 1) / len(land))
    return runs


def stack_carbon(runs: dict[str, xr.Dataset]) -> xr.Dataset:
    """Return the fluxes of all runs on (carbon_run, cell, time), for a file."""
    ds = xr.concat(list(runs.values()), dim="carbon_run", combine_attrs="drop", coords="minimal", compat="override")
    for name in FLUXES:
        ds[name].attrs = dict(runs["ops"][name].attrs)
    words = "; ".join(CARBON_RUNS.values())
    return ds.assign_coords(carbon_run=("carbon_run", list(runs), {"long_name": words})).assign_attrs(
        title="L4C driven by analysis, open loop, climatology and truth", source="synthetic: see the run that drove it"
    )
