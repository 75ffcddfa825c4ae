"""What assimilation does to carbon: L4C driven by analysis, open loop, its climatology, and the truth."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog import open_dataset
from models.assimilation.result import AssimilationResult
from models.coupling import CARBON_RUNS, FLUXES, drive_carbon

__all__ = ["FLUXES", "RUNS", "CarbonOutcome", "carbon_of", "carbon_table"]

RUNS = CARBON_RUNS


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


@functools.lru_cache(maxsize=2)
def _drivers(grid: str) -> xr.Dataset:
    """Return the embedded world's drivers of L4C, lazily."""
    return open_dataset("reference-earth", grid=grid)


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
    world = _drivers(grid).isel(cell=result.twin.cells).load()
    runs = drive_carbon(result, world, progress=progress, cancelled=cancelled)
    area = np.asarray(world["area"].values, dtype=float) * np.asarray(world["pft_fraction"].sum("pft").values)
    return CarbonOutcome(result, runs, area)


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
