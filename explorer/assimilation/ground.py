"""Open loop and analysis against what stood on the ground: stations of soil moisture and flux towers of the catalog."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.assimilation.numbers import daily, name_and_unit, place_text
from explorer.assimilation.skill import FEWEST_DAYS, JUDGED, Gain
from explorer.data.library import Item
from explorer.data.series import Channel, open_record, series_of
from models.assimilation.result import AssimilationResult
from models.kernel import Cancelled
from models.skill.anomalies import anomalies
from models.skill.scores import correlation, unbiased_rmse
from models.skill.significance import wilcoxon_over_sites

__all__ = ["GROUND", "Ground", "Site", "compare_with_ground", "sites_in", "sites_table"]

GROUND = ("station", "tower", "observations")
"""Kinds of data that stand at a place."""

FARTHEST = 80.0
"""Distance [km] up to which a site belongs to the nearest cell, as for observations that are assimilated."""

GOOD = 0.5
"""Share of good values that a day needs."""

DAY = np.timedelta64(1, "D")
EARTH = 6371.0
LATENT_HEAT = 2.45e6
"""Of vaporisation at 20 degrees Celsius [J kg-1] (Allen et al. 1998, FAO 56): evapotranspiration from latent heat."""

FROM = {"et": ("le", 86400.0 / LATENT_HEAT)}
"""Variable -> another of which it can be made, and the factor."""


@dataclass(frozen=True)
class Site:
    """How open loop and analysis agree with one site.

    Attributes
    ----------
    item : Item
        The site's file.
    variable : str
        Of `explorer.assimilation.skill.JUDGED`.
    cell : int
        Place in the cells of the run.
    days : int
        Days that both have.
    before, after : float
        Correlation of the anomalies from a 31-day mean, of open loop and analysis.
    ubrmsd_before, ubrmsd_after : float
        Unbiased root-mean-square difference [unit of the variable].
    """

    item: Item
    variable: str
    cell: int
    days: int
    before: float
    after: float
    ubrmsd_before: float
    ubrmsd_after: float


@dataclass(frozen=True, eq=False)
class Ground:
    """What was compared with which sites, and which of those that were there said nothing.

    Attributes
    ----------
    sites : tuple of Site
    silent : tuple of (str, str)
        Name of a file and why it could not be compared.
    """

    sites: tuple[Site, ...]
    silent: tuple[tuple[str, str], ...]

    def gain(self, variable: str, n_cell: int) -> Gain:
        """Return the skill by cell, the mean of its sites, with the test over sites."""
        mine = [site for site in self.sites if site.variable == variable]
        names = ("before", "after", "ubrmsd_before", "ubrmsd_after")
        cell = np.array([site.cell for site in mine], int)
        count = np.bincount(cell, minlength=n_cell).astype(float)
        fields = []
        for name in names:
            total = np.bincount(cell, [getattr(site, name) for site in mine], n_cell)
            fields.append(np.divide(total, count, out=np.full(n_cell, np.nan), where=count > 0))
        test = None
        if mine:
            test = wilcoxon_over_sites(np.array([one.after for one in mine]), np.array([one.before for one in mine]))
        return Gain(*fields, test)


def _held(item: Item) -> dict[str, tuple[str, float]]:
    """Return what a file holds of what is judged: variable -> its name in the file and the factor."""
    names = item.row.variables
    direct = {variable: (variable, 1.0) for variable in JUDGED if variable in names}
    return {variable: FROM[variable] for variable in FROM if FROM[variable][0] in names} | direct


def sites_in(items: Iterable[Item], result: AssimilationResult) -> list[tuple[Item, int]]:
    """Return the sites that stand in a cell of a run and hold something that is judged, with the cell's place."""
    found = []
    latitude, longitude = np.radians(result.twin.latitude), np.radians(result.twin.longitude)
    for item in items:
        if not item.placed or item.row.kind not in GROUND or not item.row.period[0] or not _held(item):
            continue
        here = np.radians([item.row.latitude, item.row.longitude])
        near = np.sin(latitude) * np.sin(here[0]) + np.cos(latitude) * np.cos(here[0]) * np.cos(longitude - here[1])
        cell = int(np.argmax(near))
        if EARTH * np.arccos(np.clip(near[cell], -1.0, 1.0)) <= FARTHEST:
            found.append((item, cell))
    return found


def compare_with_ground(
    result: AssimilationResult,
    items: Iterable[Item],
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Ground:
    """Compare the daily means of open loop and analysis with every site that stands in a cell of the run.

    Parameters
    ----------
    result : AssimilationResult
    items : iterable of Item
        Of the catalog.
    progress, cancelled : callable
        Told the share done; asked before each file.

    Raises
    ------
    Cancelled
        If ``cancelled`` said yes.
    """
    # Where the assimilated file's dates are moved, those of the sites move with them.
    years = next((one.years for one in result.choices.assimilated if one.source), 0)
    sites, silent = [], []
    there = sites_in(items, result)
    for number, (item, cell) in enumerate(there):
        if cancelled():
            raise Cancelled
        progress(number / len(there))
        try:
            held = {variable: _days_of(item, *how, result.days, years) for variable, how in _held(item).items()}
        except (ValueError, KeyError, OSError, ImportError) as error:
            silent.append((item.name, str(error.args[0] if error.args else error)))
            continue
        judged = [_site(result, item, variable, cell, seen) for variable, seen in held.items() if seen is not None]
        sites += [site for site in judged if site is not None]
        if not any(judged):
            silent.append((item.name, f"fewer than {FEWEST_DAYS} good days in the period of the run"))
    return Ground(tuple(sites), tuple(silent))


def _days_of(item: Item, name: str, factor: float, days: np.ndarray, years: int) -> np.ndarray | None:
    """Return daily means of a file's variable on the days of a run; None if it is of longer steps or not along time."""
    record = open_record(item)
    channel = next((one for one in record.channels if one.name == name), None)
    if channel is None:
        return None
    series = series_of(record, Channel(channel.name, channel.layer))
    if series.step > DAY:
        return None
    time = pd.DatetimeIndex(series.time) + pd.DateOffset(years=years)
    good = pd.Series(np.where(series.good >= GOOD, series.values, np.nan), index=time.floor("D"))
    return factor * good.groupby(level=0).mean().reindex(pd.DatetimeIndex(days.astype("datetime64[ns]"))).to_numpy()


def _site(result: AssimilationResult, item: Item, variable: str, cell: int, seen: np.ndarray) -> Site | None:
    """Compare both runs with one site; None where too few days are shared."""
    done = result.days_done
    days, seen = result.days[:done], seen[None, :done]
    of_site = anomalies(seen, days, axis=1)
    scores = []
    for experiment in ("open_loop", "analysis"):
        values = daily(result, variable, experiment)[cell][None]
        of_run = anomalies(values, days, axis=1)
        shared = int((np.isfinite(of_run) & np.isfinite(of_site)).sum())
        if shared < FEWEST_DAYS:
            return None
        scores.append((float(correlation(of_run, of_site, axis=1)[0]), float(unbiased_rmse(values, seen, axis=1)[0])))
    (before, ub_before), (after, ub_after) = scores
    if not np.isfinite([before, after]).all():
        return None
    return Site(item, variable, cell, shared, before, after, ub_before, ub_after)


def sites_table(ground: Ground, result: AssimilationResult) -> pd.DataFrame:
    """Return one line a site and variable, ready to be shown, with source and licence."""
    rows: list[Mapping[str, object]] = []
    for site in ground.sites:
        name, unit = name_and_unit(site.variable)
        twin, row = result.twin, site.item.row
        rows.append(
            {
                "site": site.item.name,
                "variable": f"{name} [{unit or '1'}]",
                "cell": place_text(float(twin.latitude[site.cell]), float(twin.longitude[site.cell])),
                "days": site.days,
                "R anom. open loop": site.before,
                "R anom. analysis": site.after,
                "ΔR": site.after - site.before,
                "ubRMSD open loop": site.ubrmsd_before,
                "ubRMSD analysis": site.ubrmsd_after,
                "source, licence": f"{row.title[:60]}; {row.licence[:60] or 'licence unknown'}",
            }
        )
    return pd.DataFrame(rows)
