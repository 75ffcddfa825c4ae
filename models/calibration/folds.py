"""Does a calibration hold where it was not made? Sites held out, folds of sites, and scores before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.calibration.cost import STEPS, can_judge, simulate
from models.calibration.fit import Calibration, calibrate
from models.calibration.options import CalibrationOptions
from models.calibration.search import Progress
from models.calibration.sites import SiteDays, named
from models.kernel import Cancelled
from models.l4c.params import L4CParams
from models.skill.scores import Scores, scores

__all__ = ["POOLED", "CrossValidation", "ScoreRow", "cross_validate", "folds_of", "hold_out", "score_sites"]

POOLED = "all sites"


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one flux at one site (or `POOLED`), before and after, in or out of the sample that was fitted."""

    site: str
    flux: str
    sample: str
    before: Scores
    after: Scores


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Folds of a calibration.

    Attributes
    ----------
    folds : tuple of (tuple of str, Calibration)
        Sites held out, and the calibration on the others.
    rows : tuple of ScoreRow
        Out of sample, each site by the fold that did not see it, and pooled.
    """

    folds: tuple[tuple[tuple[str, ...], Calibration], ...]
    rows: tuple[ScoreRow, ...]


def hold_out(sites: Sequence[SiteDays], names: Sequence[str]) -> tuple[list[SiteDays], list[SiteDays]]:
    """Split sites into those fitted and those held out.

    Raises
    ------
    ValueError
        If a name is no site, or none is left to fit.
    """
    unknown = [name for name in names if name not in {site.name for site in sites}]
    if unknown:
        msg = f"No site is called {', '.join(unknown)}; there are {named(sites)}."
        raise ValueError(msg)
    fitted = [site for site in sites if site.name not in names]
    if not fitted:
        msg = f"All sites ({named(sites)}) are held out; leave one at least to fit."
        raise ValueError(msg)
    return fitted, [site for site in sites if site.name in names]


def folds_of(sites: Sequence[SiteDays], k: int, seed: int = 1) -> list[tuple[str, ...]]:
    """Deal the sites into ``k`` folds, in an order drawn by ``seed``; ``k`` = number of sites leaves one out at a time.

    Raises
    ------
    ValueError
        If there are fewer than two folds, or fewer sites than folds.
    """
    if not 2 <= k <= len(sites):
        msg = f"k = {k} folds of {len(sites)} sites ({named(sites)}); 2 to the number of sites are possible."
        raise ValueError(msg)
    order = np.random.default_rng(seed).permutation(len(sites))
    return [tuple(sites[i].name for i in order[fold::k]) for fold in range(k)]


def score_sites(
    sites: Sequence[SiteDays], before: L4CParams, after: L4CParams, options: CalibrationOptions, sample: str
) -> list[ScoreRow]:
    """Score each site and all of them pooled, on the days that count.

    With an effective soil, a site's own RE sets its soil carbon, also where it was held out, as in the paper.
    """
    return _rows([(site, before, after) for site in sites], options, sample)


def _rows(
    given: Sequence[tuple[SiteDays, L4CParams, L4CParams]], options: CalibrationOptions, sample: str
) -> list[ScoreRow]:
    rows = []
    pooled: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {flux: [] for flux in STEPS}
    for site, before, after in given:
        runs = [simulate(site, np.array(p, float), options.soil, options.percentile) for p in (before, after)]
        for flux in STEPS:
            observed = site.observed[flux]
            if can_judge(site, flux, options.soil):
                one, two = (getattr(run, flux) for run in runs)
                rows.append(ScoreRow(site.name, flux, sample, scores(one, observed), scores(two, observed)))
                pooled[flux].append((one, two, observed))
    for flux, parts in pooled.items():
        if parts:
            one, two, observed = (np.concatenate([part[i] for part in parts]) for i in range(3))
            rows.append(ScoreRow(POOLED, flux, sample, scores(one, observed), scores(two, observed)))
    return rows


def cross_validate(
    sites: Sequence[SiteDays],
    pft: str,
    folds: Sequence[Sequence[str]],
    options: CalibrationOptions | None = None,
    *,
    table: Mapping[str, L4CParams] | None = None,
    told: Callable[[int, Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> CrossValidation:
    """Calibrate once a fold without its sites, and score them there.

    Parameters
    ----------
    sites, pft, options, table, cancelled
        See `models.calibration.fit.calibrate`.
    told : callable, optional
        Given the number of the fold, from 0, and a `Progress` at every evaluation.
    folds : sequence of sequences of str
        Sites held out, from `folds_of` or named.

    Raises
    ------
    ValueError
        If a fold leaves no site to fit.
    models.kernel.Cancelled
        If ``cancelled`` said yes: half a validation says nothing.
    """
    options = options or CalibrationOptions()
    done, given = [], []
    for number, held in enumerate(folds):
        fitted, out = hold_out(sites, held)
        each = partial(told, number) if told is not None else None
        calibration = calibrate(fitted, pft, options, table=table, told=each, cancelled=cancelled)
        if calibration.stopped:
            raise Cancelled
        done.append((tuple(held), calibration))
        given += [(site, calibration.before, calibration.after) for site in out]
    return CrossValidation(tuple(done), tuple(_rows(given, options, "out")))
