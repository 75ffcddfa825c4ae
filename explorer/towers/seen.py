"""What a tower saw of a flux, and what a run gives at the same days, or over the same months."""

import functools
from dataclasses import dataclass

import numpy as np

from explorer.tower_runs import TowerSite
from explorer.towers.sites import by_months
from models.skill.scores import MIN_QUALITY

__all__ = ["Seen", "seen"]


@dataclass(frozen=True, eq=False)
class Seen:
    """Values of one flux at a tower that count: of days, or of months.

    Attributes
    ----------
    flux : str
        "gpp", "reco" or "nee".
    time : (n,) datetime64[D] array
        Day, or first day of the month.
    values : (n,) float64 array
        [gC m-2 d-1].
    place : (n,) int array
        Day of the record, or number of its month.
    month_of_day : (day,) int array or None
        Month of each day of the record; None of a tower with days.
    """

    flux: str
    time: np.ndarray
    values: np.ndarray
    place: np.ndarray
    month_of_day: np.ndarray | None

    @property
    def size(self) -> float:
        """Magnitude of the flux: mean of its absolute value [gC m-2 d-1]."""
        return float(np.abs(self.values).mean()) if self.values.size else np.nan

    def simulated(self, daily: np.ndarray) -> np.ndarray:
        """Return what counts of a daily series of the tower's record: (n,) float64 array."""
        daily = np.asarray(daily, np.float64)
        if self.month_of_day is not None:
            daily = np.bincount(self.month_of_day, daily) / np.bincount(self.month_of_day)
        return daily[self.place]


@functools.lru_cache(maxsize=4096)
def seen(site: TowerSite, flux: str) -> Seen:
    """Return what a tower saw of a flux.

    Of days those count on which at least `models.skill.scores.MIN_QUALITY` of the half hours are good; where a flux has
    no flag of its own, that of NEE counts. Of months all count.
    """
    days = site.drivers["time"].values.astype("datetime64[D]")
    nothing = np.zeros(0)
    if flux not in site.observed:
        return Seen(flux, nothing.astype("datetime64[D]"), nothing, nothing.astype(int), None)
    values = np.asarray(site.observed[flux].isel(site=0).values, np.float64)
    time = site.observed["time"].values.astype("datetime64[D]")
    month_of_day = None
    if by_months(site):
        month = days.astype("datetime64[M]").astype(int)
        month_of_day = month - month[0]
        place = time.astype("datetime64[M]").astype(int) - month[0]
        last = int(month_of_day[-1])
    else:
        flag = next((f"{name}_qc" for name in (flux, "nee") if f"{name}_qc" in site.observed), "")
        if flag:
            values = np.where(site.observed[flag].isel(site=0).values >= MIN_QUALITY, values, np.nan)
        place = (time - days[0]).astype(int)
        last = days.size - 1
    good = np.isfinite(values) & (place >= 0) & (place <= last)
    return Seen(flux, time[good], values[good], place[good], month_of_day)
