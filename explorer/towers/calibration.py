"""Calibration on the page Towers without its widgets: what is asked, the run that can be watched, what came of it."""

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from data_catalog import open_dataset
from explorer.tower_runs import GRID, TowerSite
from explorer.towers.sites import by_months, igbp_of
from models.calibration.fit import Calibration, calibrate
from models.calibration.folds import CrossValidation, ScoreRow, cross_validate, folds_of, score_sites
from models.calibration.identify import Profile, profile
from models.calibration.options import CalibrationOptions
from models.calibration.search import Progress
from models.calibration.sites import WETLAND, QualityRules, SiteDays, site_days
from models.calibration.virtual import displaced, virtual_towers
from models.kernel import Cancelled
from models.l4c.params import PFTS, L4CParams

__all__ = [
    "LEAVE_ONE_OUT",
    "Outcome",
    "Request",
    "Trace",
    "Twin",
    "fit_request",
    "held_at_first",
    "profiles_of",
    "usable",
]

LEAVE_ONE_OUT = -1
"""As many folds as sites."""

LEAST_DAYS = 365
FEWER_STARTS = 2
"""Starts of a fold: the table's values and one more."""

SHARE_OF_FIT = 0.35
"""Of the progress, where folds follow."""


@dataclass(frozen=True)
class Twin:
    """Virtual towers instead of real ones: how many, how far off the parameters start, error of a day."""

    towers: int = 6
    off: float = 0.3
    noise: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class Request:
    """What a visitor asks for.

    Attributes
    ----------
    pft : str
        Plant type.
    fitted, held : tuple of TowerSite
        Towers that are fitted, and those that only judge; none with a twin.
    options : CalibrationOptions
        Choices of the fit.
    rules : QualityRules
        Which days count.
    folds : int
        Folds of the fitted sites: `LEAVE_ONE_OUT`, 0 for none, or 2 and more.
    start : L4CParams
        Where the parameters start; the truth of a twin.
    twin : Twin, optional
        Virtual towers.

    Raises
    ------
    ValueError
        If no tower is fitted, or there are fewer towers than folds.
    """

    pft: str
    fitted: tuple[TowerSite, ...]
    held: tuple[TowerSite, ...]
    options: CalibrationOptions
    rules: QualityRules
    folds: int
    start: L4CParams
    twin: Twin | None = None

    def __post_init__(self):
        if self.twin is None and not self.fitted:
            msg = f"No tower of {self.pft} is fitted; choose one at least, or virtual towers."
            raise ValueError(msg)
        if self.folds > self.towers:
            msg = f"{self.folds} folds of {self.towers} towers; choose fewer folds or more towers."
            raise ValueError(msg)

    @property
    def towers(self) -> int:
        """Number of towers that are fitted."""
        return self.twin.towers if self.twin is not None else len(self.fitted)

    @property
    def turns(self) -> int:
        """Number of folds that are run: one tower cannot be split."""
        return 0 if self.towers < 2 or not self.folds else self.towers if self.folds < 0 else self.folds

    @property
    def words(self) -> str:
        """What is fitted, in a line."""
        if self.twin is not None:
            return f"{self.pft}, {self.twin.towers} virtual towers of the synthetic world"
        held = f", {len(self.held)} held out" if self.held else ""
        return f"{self.pft}, {len(self.fitted)} tower{'s' * (len(self.fitted) > 1)} fitted{held}"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a request.

    Attributes
    ----------
    request : Request
    calibration : Calibration
        Its ``stopped`` tells whether it was cancelled: then it is the best so far.
    sites : tuple of SiteDays
        Days of the fitted towers.
    rows : tuple of ScoreRow
        Before and after, of sites in the sample ("in") and out of it ("out": held out, or by the folds).
    validation : CrossValidation, optional
        The folds.
    truth : L4CParams, optional
        Of a twin.
    """

    request: Request
    calibration: Calibration
    sites: tuple[SiteDays, ...]
    rows: tuple[ScoreRow, ...]
    validation: CrossValidation | None = None
    truth: L4CParams | None = None


class Trace:
    """The course of a fit, written by its thread and read by the page.

    Parameters
    ----------
    changed : callable
        Called, at most every ``EVERY`` seconds, when there is more to see.
    """

    EVERY = 0.3

    def __init__(self, changed: Callable[[], None] = lambda: None):
        self.words = ""
        self._changed, self._last = changed, 0.0
        self._lock = threading.Lock()
        self._curves: dict[str, tuple[list[float], list[float]]] = {}

    def told(self, now: Progress) -> None:
        """Take in what a fit tells; while the width of a prior is chosen there is no curve."""
        if now.start < 0:
            words = f"{now.step.upper()}: trying widths of the prior on towers left out in turn"
        else:
            with self._lock:
                cost, best = self._curves.setdefault(now.step, ([], []))
                cost.append(now.rmse)
                best.append(now.best)
            words = f"{now.step.upper()}: start {now.start + 1}, cost {now.best:.3f} gC m⁻² d⁻¹"
        self.say(words)

    def say(self, words: str) -> None:
        """Put words beside the progress."""
        self.words = words
        if time.monotonic() - self._last >= self.EVERY:
            self._last = time.monotonic()
            self._changed()

    def curves(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Return step, cost and best cost of each evaluation (n,), for each step that began."""
        with self._lock:
            return [(step, np.array(cost), np.array(best)) for step, (cost, best) in self._curves.items()]


def usable(sites: Sequence[TowerSite], pft: str) -> tuple[TowerSite, ...]:
    """Return the towers of a plant type with a year of days."""
    return tuple(
        site
        for site in sites
        if PFTS[site.pft - 1] == pft and not by_months(site) and site.observed.sizes["time"] >= LEAST_DAYS
    )


def held_at_first(sites: Sequence[TowerSite]) -> tuple[str, ...]:
    """Return the codes of towers that judge rather than fit, unless a hand says otherwise: wetlands among others."""
    wet = tuple(site.site for site in sites if igbp_of(site) == WETLAND)
    return wet if len(wet) < len(sites) else ()


@functools.lru_cache(maxsize=256)
def _days_of(site: TowerSite, rules: QualityRules) -> SiteDays:
    return site_days(site.drivers, site.observed, rules)


@functools.cache
def _world() -> xr.Dataset:
    return open_dataset("reference-earth", grid=GRID)


def fit_request(
    request: Request,
    trace: Trace,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Calibrate, score before and after, and run the folds; a cancelled fit gives its best so far.

    Parameters
    ----------
    request : Request
    trace : Trace
        Written while it runs.
    progress, cancelled : callable
        Told the share done; asked at every evaluation.
    """
    twin, options, pft = request.twin, request.options, request.pft
    share = SHARE_OF_FIT if request.turns else 1.0
    truth = None
    if twin is not None:
        truth, start = request.start, displaced(request.start, _freed(options), twin.off, twin.seed)
        fitted = virtual_towers(
            _world(), pft, twin.towers, truth, noise=twin.noise, soil=_soil_of_twin(options), seed=twin.seed
        )
        held = []
    else:
        start = request.start
        fitted, held = ([_days_of(site, request.rules) for site in some] for some in (request.fitted, request.held))

    def told(now: Progress) -> None:
        trace.told(now)
        progress(share * now.share)

    table = {pft: start}
    calibration = calibrate(fitted, pft, options, table=table, told=told, cancelled=cancelled)
    rows = score_sites(fitted, calibration.before, calibration.after, options, "in")
    if held:
        rows += score_sites(held, calibration.before, calibration.after, options, "held out")
    validation = None
    if request.turns and not calibration.stopped:
        validation = _validate(request, fitted, table, trace, lambda x: progress(share + (1 - share) * x), cancelled)
    if validation is not None:
        rows += validation.rows
    return Outcome(request, calibration, tuple(fitted), tuple(rows), validation, truth)


def _validate(
    request: Request, sites: list[SiteDays], table: dict, trace: Trace, progress: Callable, cancelled: Callable
) -> CrossValidation | None:
    """Run the folds; None if they are cancelled, for half a validation says nothing."""
    options = replace(request.options, starts=min(FEWER_STARTS, request.options.starts))
    folds = folds_of(sites, min(request.turns, len(sites)), options.seed)

    def told(fold: int, now: Progress) -> None:
        trace.say(f"Fold {fold + 1} of {len(folds)}, without {', '.join(folds[fold])}")
        progress((fold + now.share) / len(folds))

    try:
        return cross_validate(sites, request.pft, folds, options, table=table, told=told, cancelled=cancelled)
    except Cancelled:
        return None


def _freed(options: CalibrationOptions) -> set[str]:
    return {name for step in options.steps for name in options.free[step]}


def _soil_of_twin(options: CalibrationOptions) -> str:
    """Return the soil that a twin obeys: a constant factor at each tower, or the whole model's pools."""
    return "steady" if options.soil == "steady" else "effective"


def profiles_of(
    outcome: Outcome,
    step: str,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
    points: int = 9,
) -> tuple[Profile, ...]:
    """Return the cost along each free parameter of a step, the others fitted anew.

    Raises
    ------
    models.kernel.Cancelled
        If ``cancelled`` said yes.
    """
    problem, params = outcome.calibration.problem(step, outcome.sites)
    made = []
    for name in problem.controls.free:
        made.append(profile(problem, params, name, points, cancelled=cancelled))
        progress(len(made) / len(problem.controls.free))
    return tuple(made)
