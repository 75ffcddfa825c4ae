"""What assimilation does to carbon: L4C driven by analysis, open loop, its climatology, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import open_dataset
from models.assimilation.result import AssimilationResult
from models.chain import carbon_drivers, smoothed_year
from models.experiment import Experiment
from models.experiment import run as run_experiment
from models.l4c.run import POOLS
from models.options import L4COptions

__all__ = ["FLUXES", "RUNS", "CarbonOutcome", "carbon_of", "carbon_table"]

RUNS = {
    "ops": "Ops: driven by the analysis",
    "open_loop": "Open Loop: driven by the model alone",
    "calib": "Calib: driven by the open loop's climatology",
    "truth": "Truth: driven by the true land",
}
"""Runs of L4C (Jones et al. 2017's trio, and the truth that a twin knows), in the order on screen."""

FLUXES = ("gpp", "rh", "nee")
YEAR = 365


@dataclass(frozen=True, eq=False)
class CarbonOutcome:
    """Fluxes of the cells of an assimilation run.

    Attributes
    ----------
    result : AssimilationResult
        Whose land drove L4C.
    runs : dict of str to Dataset
        Key of `RUNS` -> ``gpp rh nee`` on (cell, time) [gC m-2 d-1].
    area : (cell,) array
        Of land under plants [m2].
    """

    result: AssimilationResult
    runs: dict[str, xr.Dataset]
    area: np.ndarray

    def field(self, flux: str, run: str, minus: str = "") -> np.ndarray:
        """Return the sum over the year of each cell, or of one run less another [gC m-2 yr-1]."""
        total = self.runs[run][flux].sum("time", skipna=False).values
        return total - self.runs[minus][flux].sum("time", skipna=False).values if minus else total


def carbon_of(
    result: AssimilationResult,
    grid: str,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CarbonOutcome:
    """Run L4C with each land run's water, soil temperature and leaves, from one common soil carbon.

    Raises
    ------
    ValueError
        If the result does not hold a whole year, which starting carbon needs.
    models.kernel.Cancelled
        If the visitor took it back.
    """
    days = result.days[: result.days_done]
    if days.size != YEAR or str(days[0])[5:] != "01-01":
        msg = (
            f"Carbon needs a whole year from January to December; the run has {days.size} days so far. Wait until it "
            "ends, or choose the whole year under Period."
        )
        raise ValueError(msg)
    cells = result.twin.cells
    world = open_dataset("reference-earth", grid=grid).isel(cell=cells).load()
    porosity = np.asarray(result.twin.start.get("theta_max"))[: cells.size]
    names = ("ssm", "rzsm", "t_soil", "frozen", "lai")
    loop = {name: result.daily(name, "open_loop") for name in names}
    wet = 100.0 * loop["rzsm"] / porosity[:, None]
    limits = (np.floor(wet.min(axis=1)) - 1.0, np.minimum(np.ceil(wet.max(axis=1)) + 1.0, 100.0))
    land = {
        "open_loop": loop,
        "ops": {name: result.daily(name, "analysis") for name in names},
        "calib": {name: smoothed_year(values) for name, values in loop.items()},
        "truth": {name: result.daily(name, "truth") for name in names},
    }
    common: dict[str, tuple] = {}
    runs = {}
    for order, (name, fields) in enumerate(land.items()):
        drivers = carbon_drivers(
            world, **fields, lai_reference=loop["lai"], porosity=porosity, smrz_limits=limits
        ).assign(common)
        how = "given" if common else "periodic"
        experiment = Experiment(
            l4c=L4COptions(soc_start=how), dataset="file", output="daily", per_pft=not common, precision="float32"
        )
        out = run_experiment(experiment, drivers, cancelled=cancelled)
        if not common:
            # Every run starts from the open loop's soil carbon; its litter follows its own growth.
            common = {
                pool: (("cell", "pft"), np.nan_to_num(out[f"{pool}_pft"].isel(time=0).values), {"units": "gC m-2"})
                for pool in POOLS
            }
        runs[name] = out[list(FLUXES)].load()
        progress((order + 1) / len(land))
    area = np.asarray(world["area"].values, dtype=float) * np.asarray(world["pft_fraction"].sum("pft").values)
    return CarbonOutcome(result, {name: runs[name] for name in RUNS}, area)


def carbon_table(outcome: CarbonOutcome) -> pd.DataFrame:
    """Return totals of the region by run, and how well each run's days follow those that the true land gives."""
    rows = []
    truth = outcome.runs["truth"]
    for name, title in RUNS.items():
        row: dict[str, object] = {"L4C": title.partition(":")[0]}
        for flux in FLUXES:
            total = np.nansum(outcome.field(flux, name) * outcome.area) / 1e12
            row[f"{flux.upper()} [Tg C yr⁻¹]"] = round(float(total), 2) + 0.0
        for flux in FLUXES:
            if name == "truth":
                row[f"RMSD {flux.upper()}"] = np.nan
                continue
            gap = outcome.runs[name][flux].values - truth[flux].values
            row[f"RMSD {flux.upper()}"] = float(np.sqrt(np.nanmean(np.square(gap))))
        rows.append(row)
    return pd.DataFrame(rows)
