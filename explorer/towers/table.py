"""Every tower's scores at once: all towers of a plant type in one call of the kernel, what did not change kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.tower_runs import TowerSite
from explorer.towers.address import FLUXES
from explorer.towers.batch import Batch, BatchRun, batches_of, of_type
from explorer.towers.seen import seen
from explorer.towers.sites import by_months, igbp_of
from models.kernel import Cancelled
from models.l4c.params import PFTS
from models.options import L4COptions
from models.skill.intervals import Interval, score_intervals
from models.skill.scores import Scores, scores

__all__ = ["BLOCKS", "Table", "intervals_of", "mean_row", "score_table", "table_frame"]

BLOCKS = {"day": 30, "month": 6}
"""Pairs of a block of the bootstrap: 30 days, or 6 months."""

DRAWS = 400
UNIT = "gC m⁻² d⁻¹"


@dataclass(frozen=True, eq=False)
class Table:
    """Scores of every tower with some options.

    Attributes
    ----------
    options : L4COptions
    sites : tuple of TowerSite
    scores : dict of str to Scores
        Flux -> (site,) arrays; NaN and n = 0 where a tower has none.
    size : dict of str to (site,) array
        Flux -> magnitude: mean of the absolute observed flux [gC m-2 d-1].
    spread : dict of str to (2, site) array
        Flux -> standard deviation of model and of tower [gC m-2 d-1].
    runs : dict of Batch to BatchRun
    parts : dict
        Scores by batch, for the next table.
    """

    options: L4COptions
    sites: tuple[TowerSite, ...]
    scores: dict[str, Scores]
    size: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    runs: dict[Batch, BatchRun]
    parts: dict[Batch, dict[str, np.ndarray]]

    def daily(self, site: TowerSite, flux: str) -> np.ndarray:
        """Return a daily flux of a tower over its record."""
        for batch, run in self.runs.items():
            if site in batch.sites:
                return run.of_site(batch.sites.index(site), flux)
        msg = f"{site.site} is not in this table."
        raise KeyError(msg)

    def pairs(self, flux: str, sites: Sequence[TowerSite] | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return model and tower values of each site, in order; empty arrays where it has none."""
        out = []
        for site in self.sites if sites is None else sites:
            what = seen(site, flux)
            out.append((what.simulated(self.daily(site, flux)) if what.values.size else np.zeros(0), what.values))
        return out


def _scores_of(run: BatchRun) -> dict[str, np.ndarray]:
    """Score the towers of a batch: flux -> (7, site), the five scores and the spread of model and tower."""
    found = {}
    for flux in FLUXES:
        columns = np.full((len(Scores._fields) + 2, len(run.batch.sites)), np.nan)
        for k, site in enumerate(run.batch.sites):
            what = seen(site, flux)
            if what.values.size:
                model = what.simulated(run.of_site(k, flux))
                columns[:, k] = *scores(model, what.values), np.nanstd(model), np.std(what.values)
        found[flux] = columns
    return found


def score_table(
    sites: tuple[TowerSite, ...],
    options: L4COptions,
    last: Table | None = None,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Table:
    """Run and score every tower.

    Parameters
    ----------
    sites : tuple of TowerSite
    options : L4COptions
        What is run.
    last : Table, optional
        What it has in common with this one is taken over: a moved parameter is of one plant type.
    progress, cancelled : callable
        Told the share done; asked before each batch.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    batches = batches_of(sites, options)
    known = last.runs if last is not None else {}
    runs, parts = {}, {}
    for k, batch in enumerate(batches):
        if cancelled():
            raise Cancelled
        run = known.get(batch)
        if run is not None and run.options == of_type(options, batch.pft):
            runs[batch], parts[batch] = run, last.parts[batch]
        else:
            runs[batch] = batch.run(options)
            parts[batch] = _scores_of(runs[batch])
        progress((k + 1) / len(batches))
    place = {site: k for k, site in enumerate(sites)}
    found, size, spread = {}, {}, {}
    for flux in FLUXES:
        columns = np.full((len(Scores._fields) + 2, len(sites)), np.nan)
        for batch, part in parts.items():
            columns[:, [place[site] for site in batch.sites]] = part[flux]
        found[flux] = Scores(*columns[:4], np.nan_to_num(columns[4]).astype(int))
        size[flux], spread[flux] = np.array([seen(site, flux).size for site in sites]), columns[5:]
    return Table(options, sites, found, size, spread, runs, parts)


def intervals_of(table: Table, flux: str, sites: Sequence[TowerSite]) -> Interval:
    """Return 95 % confidence intervals of the scores of some towers, by blocks of 30 days or 6 months."""
    pairs = table.pairs(flux, sites)
    months = np.array([by_months(site) for site in sites], bool)
    ends = np.full((2, len(Scores._fields), len(sites)), np.nan)
    for some, block in ((~months, BLOCKS["day"]), (months, BLOCKS["month"])):
        chosen = np.flatnonzero(some)
        if chosen.size:
            made = score_intervals([pairs[k] for k in chosen], block=block, draws=DRAWS)
            for side in (0, 1):
                ends[side][:, chosen] = np.array(made[side], float)
    return Interval(Scores(*ends[0]), Scores(*ends[1]))


def table_frame(table: Table, flux: str, sites: Sequence[TowerSite] | None = None) -> pd.DataFrame:
    """Return a row for each tower that has the flux, the smallest flux first.

    Returns
    -------
    DataFrame
        Columns site, name, IGBP, PFT, step, size, r, rmse, ubrmse, bias [gC m-2 d-1], n.
    """
    wanted = table.sites if sites is None else sites
    place = {site: k for k, site in enumerate(table.sites)}
    rows = []
    for site in wanted:
        k = place.get(site)
        if k is None or not table.scores[flux].n[k]:
            continue
        values = {name: float(getattr(table.scores[flux], name)[k]) for name in ("r", "rmse", "ubrmse", "bias")}
        rows.append(
            {
                "site": site.site,
                "name": site.title,
                "IGBP": igbp_of(site),
                "PFT": PFTS[site.pft - 1],
                "step": "month" if by_months(site) else "day",
                "size": float(table.size[flux][k]),
                **values,
                "n": int(table.scores[flux].n[k]),
            }
        )
    columns = ["site", "name", "IGBP", "PFT", "step", "size", "r", "rmse", "ubrmse", "bias", "n"]
    return pd.DataFrame(rows, columns=columns).sort_values("size", ignore_index=True)


def mean_row(frame: pd.DataFrame) -> dict[str, float]:
    """Return the mean of each score over the towers of a frame, each tower once; NaN without any."""
    return {name: float(frame[name].mean()) if len(frame) else np.nan for name in ("r", "rmse", "ubrmse", "bias")}
