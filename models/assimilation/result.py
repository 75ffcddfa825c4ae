"""What an assimilation run gives: fields, series and diagnostics of truth, open loop and analysis."""

from typing import TYPE_CHECKING

import numpy as np

from models.assimilation.accumulate import Sums, accumulate
from models.assimilation.bounds import EVENTS
from models.assimilation.cell_run import run_cell
from models.assimilation.diagnostics import Diagnostics, cell_diagnostic, diagnose
from models.assimilation.export import dataset_of, skill_of
from models.assimilation.record import VARIABLES_KEPT, Record, UpdateLog, daily_increments
from models.skill.anomalies import anomalies
from models.skill.scores import SEASONS, correlation, rmse, seasons_of, unbiased_rmse

if TYPE_CHECKING:
    import xarray as xr

    from models.assimilation.filter import Filter
    from models.assimilation.options import AssimilationChoices
    from models.assimilation.record import CellSeries
    from models.assimilation.run_ensemble import Ensemble
    from models.assimilation.twin import Twin

__all__ = ["EXPERIMENTS", "STATISTICS", "VARIABLES_KEPT", "AssimilationResult", "in_month"]

EXPERIMENTS = ("truth", "open_loop", "analysis")
"""The runs that a result holds: the truth, the ensemble without observations, the ensemble with them."""

STATISTICS = {
    "mean": "mean of the ensemble mean",
    "spread": "sd over members, mean in time",
    "range": "largest less smallest member, mean in time (ssm, rzsm, lai)",
    "bias": "ensemble mean less truth",
    "rmsd": "root-mean-square difference to the truth",
    "ubrmsd": "the same without the bias",
    "r": "correlation with the truth",
    "r_anom": "correlation of the anomalies with the truth's: the mean over 31 days and all years is taken off; of one"
    " year only changes within a month are left",
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
        self._kept: dict = {}
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

    def place_of_days(self, month: int | str = "all") -> np.ndarray:
        """Return the days that are done and lie in a month or season, as numbers.

        Raises
        ------
        ValueError
            If ``month`` is neither 1 to 12, a season, nor "all".
        """
        return np.flatnonzero(in_month(self.days[: self.days_done], month))

    def daily(self, variable: str, experiment: str = "analysis", statistic: str = "mean") -> np.ndarray:
        """Return a daily series of every cell, NaN on days that are not done.

        Parameters
        ----------
        variable : str
            One of `models.assimilation.record.VARIABLES_KEPT`.
        experiment : str
            One of `EXPERIMENTS`, or "difference" (analysis less open loop).
        statistic : {"mean", "spread", "range", "control"}
            Of the ensemble; "spread" (sd), "range" and "control" (control member less mean) of `SPREAD_KEPT` alone.

        Returns
        -------
        (cell, day) float32 array
        """
        if experiment == "difference":
            return self.daily(variable, "analysis", statistic) - self.daily(variable, "open_loop", statistic)
        if experiment not in EXPERIMENTS:
            msg = f"There is no run {experiment!r}; there are {', '.join(EXPERIMENTS)} and difference."
            raise KeyError(msg)
        if experiment == "truth" and statistic == "mean":
            kept = self.twin.truth
        else:
            kept = getattr(self.analysis if experiment == "analysis" else self.open_loop, statistic, {})
        if variable not in kept or (experiment == "truth" and statistic != "mean"):
            msg = f"{variable!r} has no {statistic!r} in the run {experiment!r}; it has {', '.join(kept) or 'nothing'}."
            raise KeyError(msg)
        return kept[variable]

    def field(
        self, variable: str, statistic: str = "mean", experiment: str = "analysis", month: int | str = "all"
    ) -> np.ndarray:
        """Return one number of every cell.

        Parameters
        ----------
        variable : str
            One of `models.assimilation.record.VARIABLES_KEPT`; or a sensor and one of its diagnostics, as
            "ssm:normalised_std", see `diagnostic`.
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
        if ":" in variable:
            sensor, _, name = variable.partition(":")
            return self.diagnostic(sensor, name, month)
        if statistic not in STATISTICS:
            msg = f"There is no statistic {statistic!r}; there are {', '.join(STATISTICS)}."
            raise KeyError(msg)
        if statistic != "impact" and experiment == "difference":
            parts = (self.field(variable, statistic, one, month) for one in ("analysis", "open_loop"))
            return next(parts) - next(parts)
        days = self.place_of_days(month)
        if not days.size:
            return np.full(self.twin.cells.size, np.nan)
        if statistic in ("mean", "spread", "range"):
            return self.daily(variable, experiment, statistic)[:, days].mean(axis=1, dtype=float)
        if statistic == "impact":
            difference = self.daily(variable, "difference")[:, days].astype(float)
            return np.sqrt((difference**2).mean(axis=1))
        truth = self.daily(variable, "truth")[:, days].astype(float)
        mean = self.daily(variable, experiment)[:, days].astype(float)
        if statistic == "bias":
            return (mean - truth).mean(axis=1)
        if statistic == "rmsd":
            return rmse(mean, truth, axis=1)
        if statistic == "ubrmsd":
            return unbiased_rmse(mean, truth, axis=1)
        if statistic == "r":
            return correlation(mean, truth, axis=1)
        if statistic == "r_anom":
            return correlation(
                self._anomalies(variable, experiment)[:, days], self._anomalies(variable, "truth")[:, days], axis=1
            )
        spread = self.daily(variable, experiment, "spread")[:, days].astype(float)
        return np.sqrt((spread**2).mean(axis=1)) / rmse(mean, truth, axis=1)

    def _anomalies(self, variable: str, experiment: str) -> np.ndarray:
        """Return a series less its climatology of 31 days, of the days that are done."""
        key = (variable, experiment, self.days_done)
        if key not in self._kept:
            values = self.daily(variable, experiment)[:, : self.days_done].astype(float)
            self._kept[key] = anomalies(values, self.days[: self.days_done], "window", axis=1)
        return self._kept[key]

    def sums(self, sensor: str) -> Sums:
        """Return the monthly sums of a sensor.

        Raises
        ------
        KeyError
            If the run has no such sensor.
        """
        if sensor not in self.logs:
            msg = f"The run has no sensor {sensor!r}; it has {', '.join(self.logs) or 'none'}."
            raise KeyError(msg)
        key = ("sums", sensor, self.days_done)
        if key not in self._kept:
            self._kept[key] = accumulate(self.logs[sensor], self.days, self.choices.members)
        return self._kept[key]

    def diagnostic(self, sensor: str, name: str, month: int | str = "all") -> np.ndarray:
        """Return one diagnostic of a sensor for every cell, from the monthly sums.

        Parameters
        ----------
        sensor : str
            One of `sensors`.
        name : str
            One of `models.assimilation.diagnostics.CELL_DIAGNOSTICS`, or "increment_std:sm1", "gain:sm2",
            "rejected:frozen" and the like.
        month : int or str
            1 to 12, a season or "all".

        Returns
        -------
        (cell,) array
        """
        sums = self.sums(sensor)
        chosen = np.flatnonzero(in_month(sums.months.astype("datetime64[D]"), month))
        return cell_diagnostic(sums.over_months(chosen), name)[:, 0]

    def diagnostics(self, sensor: str, cells: np.ndarray | None = None, month: int | str = "all") -> Diagnostics:
        """Return the diagnostics of a sensor over cells (all by default) and months, with one sentence: ``verdict``.

        Parameters
        ----------
        sensor : str
        cells : (cell,) int or bool array, optional
            Places in ``twin.cells``.
        month : int or str
        """
        sums = self.sums(sensor)
        chosen = np.flatnonzero(in_month(sums.months.astype("datetime64[D]"), month))
        return diagnose(sums.total(slice(None) if cells is None else cells, chosen))

    def increment_correlation(self, one: str, other: str, row: str = "sm1") -> np.ndarray:
        """Return the correlation of the daily increments of two sensors on days with both, (cell,).

        Parameters
        ----------
        one, other : str
            Sensors.
        row : str
            Of `models.assimilation.sensor_choice.STATE_ROWS`.
        """
        daily = [daily_increments(self.logs[name], self.days.size, row) for name in (one, other)]
        return correlation(daily[0], daily[1], axis=1)

    def series(self, cell: int) -> "CellSeries":
        """Return everything of one cell: every member, observation, forecast, analysis and gain at every update.

        The cell is run again, alone or with the few that share its block, which gives the same numbers (a second or
        less for a year).

        Parameters
        ----------
        cell : int
            Place in ``twin.cells``.

        Raises
        ------
        IndexError
            If there is no such cell.
        """
        key = ("series", cell, self.days_done)
        if key not in self._kept:
            self._kept[key] = run_cell(self, cell)
        return self._kept[key]

    def skill(self, variable: str = "ssm", cells: np.ndarray | None = None) -> "xr.Dataset":
        """Compare open loop and analysis with the truth on (cell): r, r_anom, rmsd, ubrmsd, bias of each.

        Parameters
        ----------
        variable : str
            One of `models.assimilation.record.VARIABLES_KEPT`.
        cells : (cell,) int or bool array, optional
            Places in ``twin.cells``; by default those where observations were used.

        Returns
        -------
        xr.Dataset
            On (cell) and (experiment, cell). The attributes hold the median of the change of r_anom, the share of
            cells that improved, and the p-value of Wilcoxon's test over the cells (which are not independent).
        """
        return skill_of(self, variable, cells)

    def to_dataset(self) -> "xr.Dataset":
        """Return states, updates and diagnostics as one CF data set; it holds no experiment of its own."""
        return dataset_of(self)


def in_month(days: np.ndarray, month: int | str) -> np.ndarray:
    """Say which days lie in a month (1 to 12), a season or "all".

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if month == "all":
        return np.ones(days.size, bool)
    if month in SEASONS:
        return seasons_of(days) == month
    if isinstance(month, (int, np.integer)) and 1 <= month <= 12:
        return days.astype("datetime64[M]").astype(int) % 12 + 1 == month
    msg = f"month = {month!r} is not accepted: give 1 to 12, {', '.join(SEASONS)} or 'all'."
    raise ValueError(msg)
