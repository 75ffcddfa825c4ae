"""Increments of the analysis (Jones et al. 2017, Fig. 8d), and years beside what assimilation changes (Fig. 9)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.assimilation.carbon import CarbonOutcome, carbon_of
from explorer.assimilation.runs import Outcome, finished
from explorer.sensitivity.scope import Scope
from explorer.sensitivity.water import Years, check_cells, run_years
from models.coupling import FLUXES, check_year
from models.options import L4COptions

__all__ = ["HOW_TO_RUN", "INCREMENTS", "YEARS", "YearsBeside", "newest_run", "years_beside"]

YEARS = 5
"""Years of the world's weather that are run."""

INCREMENTS = ("sm1", "sm2", "sm3")
"""Layers of the soil whose increments are mapped: 0-10, 10-40, 40-100 cm."""

HOW_TO_RUN = (
    "No assimilation run is kept in this process. Open the page Assimilation, choose sensors and press Run; "
    "a run of the whole year (January to December) also gives Fig. 9. Then come back here."
)


@dataclass(frozen=True, eq=False)
class YearsBeside:
    """Interannual variability of a region, and what assimilation changes there if it was run.

    Attributes
    ----------
    years : Years
    carbon : CarbonOutcome or None
        L4C driven by the analysis and its open loop; None without an assimilation run of a whole year.
    outcome : Outcome or None
        The assimilation run.
    grid : str
    """

    years: Years
    carbon: CarbonOutcome | None
    outcome: Outcome | None
    grid: str

    def rmsd(self, flux: str) -> np.ndarray:
        """Return the RMSD of monthly means, Ops less Open Loop, of each cell [gC m-2 d-1]; NaN without a run."""
        if self.carbon is None:
            return np.full(self.years.cells.size, np.nan)
        ops, loop = (self.carbon.runs[name][flux].values for name in ("ops", "open_loop"))
        month = self.carbon.runs["ops"]["time"].values.astype("datetime64[M]").astype(int) % 12
        gaps = [(ops - loop)[:, month == m].mean(axis=1) for m in range(12)]
        return np.sqrt(np.mean(np.square(gaps), axis=0))

    def table(self) -> pd.DataFrame:
        """Return medians over cells of both, and the share of cells where assimilation changes more than years do."""
        rows = []
        for flux in FLUXES:
            std, rmsd = self.years.interannual_std(flux), self.rmsd(flux)
            good = np.isfinite(std) & np.isfinite(rmsd)
            rows.append(
                {
                    "Flux": flux.upper(),
                    "interannual sd, median": float(np.nanmedian(std)),
                    "Ops − Open Loop RMSD, median": float(np.median(rmsd[good])) if good.any() else np.nan,
                    "RMSD > sd [% of cells]": round(100 * float(np.mean(rmsd[good] > std[good])), 1)
                    if good.any()
                    else np.nan,
                }
            )
        return pd.DataFrame(rows)


def newest_run() -> Outcome | None:
    """Return the newest assimilation run that assimilated something, of whoever made it."""
    for experiment, result in finished():
        if experiment.assimilation.assimilated:
            return Outcome(experiment, result)
    return None


def years_beside(
    scope: Scope,
    outcome: Outcome | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> YearsBeside:
    """Run years for the cells of an assimilation run, or of the scope without one.

    Raises
    ------
    ValueError
        If there are too many cells for the land surface model.
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    if outcome is None:
        grid, cells, region = scope.world.grid, scope.cells, scope.experiment.region.name
    else:
        grid, cells, region = outcome.experiment.grid, outcome.result.twin.cells, outcome.experiment.region.name
    check_cells(cells, grid, region)
    carbon = None
    if outcome is not None and is_whole_year(outcome):
        carbon = carbon_of(outcome.result, grid, lambda s: progress(0.2 * s), cancelled)
    l4c = L4COptions() if outcome is not None else scope.options
    years = run_years(grid, cells, YEARS, l4c, lambda s: progress(0.2 + 0.8 * s), cancelled)
    return YearsBeside(years, carbon, outcome, grid)


def is_whole_year(outcome: Outcome) -> bool:
    """Say whether a run holds the whole year that carbon needs."""
    try:
        check_year(outcome.result.days[: outcome.result.days_done])
    except ValueError:
        return False
    return True
