"""What an assimilation run gives: fields, series and diagnostics of truth, open loop and analysis."""

from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.bounds import EVENTS
from models.assimilation.record import Record, UpdateLog

if TYPE_CHECKING:
    import xarray as xr

    from models.assimilation.diagnostics import Diagnostics
    from models.assimilation.filter import Filter
    from models.assimilation.options import AssimilationChoices
    from models.assimilation.record import CellSeries
    from models.assimilation.run_ensemble import Ensemble
    from models.assimilation.twin import Twin

__all__ = ["EXPERIMENTS", "STATISTICS", "AssimilationResult"]

EXPERIMENTS = ("truth", "open_loop", "analysis")
"""The runs that a result holds: the truth, the ensemble without observations, the ensemble with them."""

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


class AssimilationResult:
    """Result of a run, whole or as far as it has come; a view of arrays that the run fills.

    Attributes
    ----------
    twin : Twin
        Truth and weather, and where the cells are.
    choices : AssimilationChoices
        What was chosen.
    days : (day,) datetime64[D] array
        Days of the period.
    days_done : int
        Days of the analysis that are there; fewer than ``days`` while it runs or after a cancel.
    open_loop, analysis : Record
        Daily fields (cell, day) of the two ensembles, NaN beyond what is done; the truth's are ``twin.truth``.
    logs : dict of str to UpdateLog
        What every sensor did at every overpass, on (cell, slot).
    events : (cell, 3) int array
        How often bounds interfered, see `models.assimilation.bounds.EVENTS`.
    parts : dict of str to float
        Seconds of work (of all threads together) that model, draws and updates took, open loop and analysis.
    """

    def __init__(
        self,
        twin: "Twin",
        choices: "AssimilationChoices",
        loop: "Ensemble",
        analysis: "Ensemble | None",
        filter_: "Filter | None",
    ) -> None:
        self.twin, self.choices, self.days = twin, choices, twin.days
        self.open_loop_run, self.analysis_run, self.filter = loop, analysis, filter_
        self.open_loop = loop.record
        self.open_loop_days = max(0, loop.day - twin.warm_up)
        self.days_done = 0 if analysis is None else max(0, analysis.day - twin.warm_up)
        if analysis is None:
            self.analysis = Record.empty(twin.cells.size, twin.days.size)
        else:
            self.analysis = analysis.record
        self.logs: dict[str, UpdateLog] = {} if filter_ is None else filter_.logs
        self.events = np.zeros((twin.cells.size, len(EVENTS)), int) if filter_ is None else filter_.events.copy()
        runs = [loop] if analysis is None else [loop, analysis]
        self.parts = {name: sum(run.parts[name] for run in runs) for name in loop.parts}

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
