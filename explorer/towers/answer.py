"""The numbers of the page: one tower with A's and B's parameters day by day, and every tower's scores."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from explorer.tower_runs import TowerSite
from explorer.towers.address import FLUXES
from explorer.towers.batch import BatchRun, batches_of, of_type
from explorer.towers.seen import Seen, seen
from explorer.towers.sites import by_months
from explorer.towers.table import BLOCKS, Table, score_table
from models.options import L4COptions
from models.skill.intervals import Interval, score_intervals
from models.skill.scores import Scores, scores

__all__ = ["SiteAnswer", "TablePair", "answer_site", "answer_tables", "run_dataset", "season_of"]

DRAWS = 1000


@dataclass(frozen=True, eq=False)
class SiteAnswer:
    """A tower with A's and with B's parameters.

    Attributes
    ----------
    site : TowerSite
    a, b : BatchRun
        Every daily output of L4C, in float64.
    scores : dict of (str, str) to (Scores, Scores, Scores)
        (flux, "a" or "b") -> scores, lower and upper ends of their 95 % intervals; fluxes that the tower measured.
    """

    site: TowerSite
    a: BatchRun
    b: BatchRun
    scores: dict[tuple[str, str], tuple[Scores, Scores, Scores]]

    @property
    def time(self) -> np.ndarray:
        """Days of the tower's record."""
        return self.site.drivers["time"].values

    def pairs(self, flux: str) -> tuple[Seen, np.ndarray, np.ndarray]:
        """Return what the tower saw, and what B and A give then."""
        what = seen(self.site, flux)
        return what, what.simulated(self.b.of_site(0, flux)), what.simulated(self.a.of_site(0, flux))


class TablePair(NamedTuple):
    """Every tower's scores with A's and with B's parameters."""

    a: Table
    b: Table


def answer_site(site: TowerSite, a: L4COptions, b: L4COptions, last: SiteAnswer | None = None) -> SiteAnswer:
    """Run A and B at a tower and score both; a run that the last answer holds is taken over."""
    kept = last if last is not None and last.site is site else None

    def ran(options: L4COptions, known: BatchRun | None) -> BatchRun:
        if known is not None and known.options == of_type(options, site.pft):
            return known
        return batches_of((site,), options, "float64")[0].run(options, full=True)

    run_a = ran(a, kept.a if kept else None)
    run_b = run_a if of_type(a, site.pft) == of_type(b, site.pft) else ran(b, kept.b if kept else None)
    found = {}
    block = BLOCKS["month" if by_months(site) else "day"]
    names = [flux for flux in FLUXES if seen(site, flux).values.size]
    for which, run, old in (("a", run_a, kept.a if kept else None), ("b", run_b, kept.b if kept else None)):
        if kept is not None and run is old:
            found |= {key: value for key, value in kept.scores.items() if key[1] == which}
        elif which == "b" and run is run_a:
            found |= {(flux, "b"): found[flux, "a"] for flux in names}
        else:
            found |= _scored(site, run, which, names, block)
    return SiteAnswer(site, run_a, run_b, found)


def _scored(site: TowerSite, run: BatchRun, which: str, names: list[str], block: int) -> dict:
    pairs = [(seen(site, flux).simulated(run.of_site(0, flux)), seen(site, flux).values) for flux in names]
    ends: Interval = score_intervals(pairs, block=block, draws=DRAWS)
    return {
        (flux, which): (
            scores(*pairs[k]),
            *(Scores(*(float(column[k]) for column in side)) for side in (ends.low, ends.high)),
        )
        for k, flux in enumerate(names)
    }


def answer_tables(
    sites: tuple[TowerSite, ...],
    a: L4COptions,
    b: L4COptions,
    last: TablePair | None,
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> TablePair:
    """Run A and B at every tower and score both; what the last pair has in common is taken over.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    table_a = score_table(sites, a, last.a if last else None, lambda share: progress(share / 2), cancelled)
    table_b = (
        table_a
        if a == b
        else score_table(sites, b, last.b if last else table_a, lambda share: progress(0.5 + share / 2), cancelled)
    )
    return TablePair(table_a, table_b)


def run_dataset(run: BatchRun, site: TowerSite) -> xr.Dataset:
    """Return every daily output of a tower's run on (time)."""
    time = site.drivers["time"].values
    return xr.Dataset({name: ("time", run.of_site(0, name)) for name in run.fields}, {"time": time})


def season_of(what: Seen, *series: np.ndarray) -> pd.DataFrame:
    """Return the mean year by month of what a tower saw and of series on the same days.

    Returns
    -------
    DataFrame
        Index month 1-12; columns mean, low, high (one standard deviation of the months' means between years), then 0,
        1, ... of the series, all [gC m-2 d-1]; NaN where the tower saw nothing.
    """
    columns = {"mean": what.values} | {str(k): values for k, values in enumerate(series)}
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(what.time.astype("datetime64[ns]")))
    by_year = frame.groupby([frame.index.year, frame.index.month]).mean()
    month = by_year.groupby(level=1)
    out = month.mean().reindex(range(1, 13))
    spread = month["mean"].std().reindex(range(1, 13)).fillna(0.0)
    out.insert(1, "low", out["mean"] - spread)
    out.insert(2, "high", out["mean"] + spread)
    return out
