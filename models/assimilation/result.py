"""What an assimilation run gives: fields, series and diagnostics of truth, open loop and analysis."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from models.assimilation.diagnostics import Diagnostics
    from models.assimilation.options import AssimilationChoices
    from models.assimilation.record import CellSeries, Record, UpdateLog
    from models.assimilation.twin import Twin

__all__ = ["EXPERIMENTS", "STATISTICS", "VARIABLES_KEPT", "AssimilationResult"]

EXPERIMENTS = ("truth", "open_loop", "analysis")
"""The runs that a result holds: the truth, the ensemble without observations, the ensemble with them."""

VARIABLES_KEPT = ("ssm", "rzsm", "sm1", "sm2", "sm3", "sm4", "lai", "t_soil", "swe", "frozen", "gpp", "et")
"""Daily means that are kept of every cell and run."""

STATISTICS = {
    "mean": "mean of the ensemble mean",
    "spread": "sd over members, mean in time",
    "range": "largest less smallest member, mean in time (ssm, rzsm, lai)",
    "bias": "ensemble mean less truth",
    "rmsd": "root-mean-square difference to the truth",
    "r": "correlation with the truth",
    "r_anom": "correlation of the anomalies (31-day mean taken off) with the truth's",
    "impact": "root-mean-square difference of analysis and open loop (Heyvaert et al. 2024, Eq. 3)",
    "spread_skill": "root-mean-square spread over root-mean-square error of the ensemble mean",
}
"""Statistics of `AssimilationResult.field`."""


@dataclass(eq=False)
class AssimilationResult:
    """Result of a run, whole or as far as it has come.

    Attributes
    ----------
    twin : Twin
        Truth, experimenter's forcing and observations, and where the cells are.
    choices : AssimilationChoices
        What was chosen.
    days : (day,) datetime64[D] array
        Days of the period.
    days_done : int
        Days that are there; fewer than ``days`` while it runs or after a cancel. All below is cut to them.
    open_loop, analysis : Record
        Daily fields (cell, day) of the two ensembles; the truth's are ``twin.truth``.
    logs : dict of str to UpdateLog
        What every sensor did at every overpass, on (cell, slot).
    parts : dict of str to float
        Seconds (of all threads together) that model, draws, updates and diagnostics took.
    """

    twin: "Twin"
    choices: "AssimilationChoices"
    days: np.ndarray
    days_done: int
    open_loop: "Record"
    analysis: "Record"
    logs: dict[str, "UpdateLog"]
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self.days_done == self.days.size

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the sensors that were assimilated or monitored."""
        return tuple(self.logs)

    def daily(self, variable: str, experiment: str = "analysis", statistic: str = "mean") -> np.ndarray:
        """Return a daily series of every cell.

        Parameters
        ----------
        variable : str
            One of `VARIABLES_KEPT`.
        experiment : str
            One of `EXPERIMENTS`.
        statistic : {"mean", "spread", "range"}
            Of the ensemble.

        Returns
        -------
        (cell, day) float32 array
        """
        raise NotImplementedError

    def field(
        self, variable: str, statistic: str = "mean", experiment: str = "analysis", month: int | str = "all"
    ) -> np.ndarray:
        """Return one number of every cell.

        Parameters
        ----------
        variable : str
            One of `VARIABLES_KEPT`; or of a sensor, as "ssm:innovation", see ``diagnostic``.
        statistic : str
            One of `STATISTICS`.
        experiment : str
            One of `EXPERIMENTS`, or "difference" (analysis less open loop).
        month : int or str
            1 to 12, "DJF", "MAM", "JJA", "SON" or "all".

        Returns
        -------
        (cell,) array
            In the variable's unit; NaN where it does not exist.
        """
        raise NotImplementedError

    def diagnostic(self, sensor: str, name: str, month: int | str = "all", experiment: str = "analysis") -> np.ndarray:
        """Return one diagnostic of a sensor for every cell, from the monthly sums.

        Parameters
        ----------
        sensor : str
            One of `sensors`.
        name : str
            One of `models.assimilation.diagnostics.CELL_DIAGNOSTICS`: "count", "innovation_mean", "innovation_std",
            "normalised_std", "lag1", "desroziers_r", "desroziers_hpht", "residual_std", "increment_std:sm1", ...,
            "rejected:frozen", ...
        month : int or str
            1 to 12, a season or "all".
        experiment : {"analysis", "open_loop"}
            Whose forecast the observation is compared with.

        Returns
        -------
        (cell,) array
        """
        raise NotImplementedError

    def diagnostics(self, sensor: str, cells: np.ndarray | None = None, month: int | str = "all") -> "Diagnostics":
        """Return the diagnostics of a sensor over cells (all by default) and months, with one sentence: ``verdict``."""
        raise NotImplementedError

    def series(self, cell: int) -> "CellSeries":
        """Return everything of one cell: every member, observation, forecast, analysis and gain at every update.

        Cells that were not kept are run again, alone, which gives the same numbers (a second or less for a year).

        Parameters
        ----------
        cell : int
            Place in ``twin.cells``.
        """
        raise NotImplementedError

    def skill(self, variable: str = "ssm") -> "xr.Dataset":
        """Compare open loop and analysis with the truth on (cell): r_anom, ubrmsd, bias of each, their difference.

        The attributes hold median differences, the share of cells improved and the p-value of Wilcoxon's test.
        """
        raise NotImplementedError

    def to_dataset(self) -> "xr.Dataset":
        """Return states, updates and diagnostics as one CF data set, which carries its experiment."""
        raise NotImplementedError
