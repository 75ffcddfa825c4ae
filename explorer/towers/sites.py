"""The towers of the page: those that ship and those of the user's folders, opened once for every visitor.

Of a site with several files the one with days is taken, before half hours, before months. A tower that measured weather
by day or finer drives its run; one with months alone is run on the world's synthetic days and judged by its months.
"""

import threading
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import xarray as xr

from data_catalog import open_dataset
from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.drivers import tower_drivers
from data_catalog.tower_months import days_of_months, monthly
from explorer.data.library import Item
from explorer.data.series import open_record
from explorer.tower_runs import GRID, TowerSite
from explorer.towers.address import FLUXES
from models.l4c.start import covers_a_year

__all__ = ["TOWER_SET", "TowerSet", "by_months", "candidates", "igbp_of", "open_item", "world"]

MIN_MONTHS = 6
"""Months with a value below which a tower says nothing."""


def by_months(site: TowerSite) -> bool:
    """Whether a tower is judged by its months; else by its days."""
    return site.observed.attrs.get("resolution") == "MM"


def igbp_of(site: TowerSite) -> str:
    """Return the land cover class that the tower's file names, or ""."""
    return str(np.ravel(site.observed["igbp"].values)[0]) if "igbp" in site.observed.coords else ""


def candidates(items: Iterable[Item]) -> dict[str, Item]:
    """Return the file of each site that serves best: one that can drive a run first, the longest of those.

    Files of several sites or without a flux are left out.
    """
    best: dict[str, tuple[tuple, Item]] = {}
    for item in items:
        row = item.row
        if row.kind != "tower" or not row.site or "towers" not in row.feeds or not set(FLUXES) & set(row.variables):
            continue
        first, last = (np.datetime64(day or "1900-01-01", "D") for day in row.period)
        year = last - first >= np.timedelta64(360, "D")
        rank = (year and "drivers" in row.feeds, row.product.startswith("fluxnet") or row.product == "towers",
                int(last - first != 0) and (last - first).astype(int))  # fmt: skip
        if row.site not in best or rank > best[row.site][0]:
            best[row.site] = rank, item
    return {site: best[site][1] for site in sorted(best)}


@cache
def world() -> xr.Dataset:
    """Return the embedded world, which gives what a tower did not measure."""
    return open_dataset("reference-earth", grid=GRID)


def open_item(item: Item) -> TowerSite:
    """Open a tower and put its drivers together.

    Raises
    ------
    ValueError
        The file is broken, the tower does not say where it stands or what grows there, or its record is too short.
    """
    tower = open_record(item).ds
    step = tower.attrs.get("resolution")
    if step in ("HH", "HR"):
        tower = to_daily(tower)
    days = step in ("HH", "HR", "DD") and covers_a_year(tower["time"].values)
    if days:
        drivers, sources = tower_drivers(tower, world())
        kept = [name for flux in FLUXES for name in (flux, f"{flux}_qc") if name in tower]
        observed = tower[kept]
    else:
        observed = monthly(tower).assign_attrs(tower.attrs | {"resolution": "MM"})
        months = max((int(np.isfinite(observed[name]).sum()) for name in observed.data_vars), default=0)
        if months < MIN_MONTHS:
            msg = f"{item.row.site} has {months} months with a flux; {MIN_MONTHS} are needed."
            raise ValueError(msg)
        drivers, sources = tower_drivers(days_of_months(observed), world())
    title = str(tower.attrs.get("title") or item.row.title or item.row.site)
    return TowerSite(item.row.site, title, observed.load(), drivers.load(), sources)


class TowerSet:
    """Towers that are open, for every visitor of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], TowerSite] = {}
        self.problems: dict[str, str] = {}
        """Site -> why it can't be run."""

    def open(
        self,
        items: Iterable[Item],
        progress: Callable[[float], None] = lambda share: None,
        cancelled: Callable[[], bool] = lambda: False,
        found: Callable[[tuple[TowerSite, ...]], None] = lambda sites: None,
        first: str = "",
        every: int = 25,
    ) -> tuple[TowerSite, ...]:
        """Open the towers among some items.

        Parameters
        ----------
        items : iterable of Item
            What the catalog lists.
        progress, cancelled : callable
            Told the share done; asked before each tower. After a cancel the result is what was opened until then.
        found : callable
            Told of the towers after each ``every`` that are opened newly, and of the one that is wanted ``first``.

        Returns
        -------
        tuple of TowerSite
            In the order of their codes.
        """
        wanted = candidates(items)
        sites: list[TowerSite] = []
        fresh = 0
        order = sorted(wanted, key=lambda code: code != first)
        for number, code in enumerate(order):
            item = wanted[code]
            if cancelled():
                break
            key = (code, item.key)
            with self._lock:
                known, failed = self._open.get(key), code in self.problems
            if known is None and not failed:
                try:
                    known = open_item(item)
                except (ValueError, KeyError, OSError) as error:
                    why = str(error.args[0] if error.args else error)
                    with self._lock:
                        self.problems[code] = " ".join(why.split())
                else:
                    fresh += 1
                    with self._lock:
                        self._open[key] = known
            if known is not None:
                sites.append(known)
                if (fresh and fresh % every == 0) or code == first:
                    found(tuple(sites))
            progress((number + 1) / len(wanted))
        return tuple(sorted(sites, key=lambda site: site.site))


TOWER_SET = TowerSet()
