r"""One step of a calibration: bounded least squares from several starts, and how much of its prior a table keeps.

A biome property table was made on many more towers than a visitor has. Whether a few of them know better is asked of
the towers themselves: each is left out in turn, the others are fitted with priors of several widths, and the width that
serves the one left out best is taken for all. Where none does better than the table, the table stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from models.calibration.controls import NAMES, Controls
from models.calibration.cost import Problem, can_judge
from models.calibration.identify import Identified, identify
from models.calibration.options import FREE, CalibrationOptions
from models.calibration.sites import SiteDays
from models.kernel import Cancelled
from models.l4c.params import RAMPS

__all__ = ["WIDTHS", "Choice", "Progress", "Search", "StepFit"]

WIDTHS = (0.03, 0.1, 0.3, 0.0)
"""Standard errors of a table's values that are tried, as shares of the bounds; 0 is no prior."""


@dataclass(frozen=True)
class Choice:
    """What a width of the prior did for sites left out: root mean square over them [gC m-2 d-1]."""

    width: float
    cost: float


@dataclass(frozen=True, eq=False)
class Progress:
    """What a running fit tells: where it is, how well it does, and with which parameters.

    While the width of the prior is chosen, ``start`` is -1 and ``best`` is of the site that is left out.
    """

    share: float
    step: str
    start: int
    evaluations: int
    rmse: float
    best: float
    params: np.ndarray


@dataclass(frozen=True, eq=False)
class StepFit:
    """Result of one step.

    Attributes
    ----------
    step : str
    before, after : float
        Root of the mean weighted square [gC m-2 d-1] at the start and at the fit, without a prior.
    values_before, values_after : tuple of float
        Free parameters, in the order of ``identified.names``.
    costs : tuple of float
        The cost at each start's own end, with the prior's part, sorted.
    prior : float
        The width that was taken; 0 for none.
    choice : tuple of Choice
        What the widths did for sites left out, if the width was chosen by them.
    kept : bool
        Whether the step stayed at its start, since no width served sites left out.
    identified : Identified
        What the data say of the free parameters.
    evaluations, days : int
    sites : tuple of str
    """

    step: str
    before: float
    after: float
    values_before: tuple[float, ...]
    values_after: tuple[float, ...]
    costs: tuple[float, ...]
    prior: float
    choice: tuple[Choice, ...]
    kept: bool
    identified: Identified
    evaluations: int
    days: int
    sites: tuple[str, ...]

    @property
    def agreed(self) -> int:
        """How many starts ended at the lowest cost."""
        return sum(cost <= self.costs[0] * 1.001 + 1e-4 for cost in self.costs)


def _wide_start(controls: Controls, random: np.random.Generator) -> np.ndarray:
    """Draw a start whose ramps are wide: beyond the limits of a narrow one no day has a gradient."""
    x = random.uniform(0.05, 0.95, len(controls.free))
    for k, name in enumerate(controls.free):
        for low, high in RAMPS.values():
            x[k] = 0.5 * x[k] if name == low else 0.5 + 0.5 * x[k] if name == high else x[k]
    return x


def _loss(options: CalibrationOptions, residuals: np.ndarray, size: int) -> float:
    """Root of the sum of squares over ``size`` days, by the chosen loss."""
    z = (residuals / options.loss_scale) ** 2
    rho = {
        "linear": lambda z: z,
        "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
        "huber": lambda z: np.where(z <= 1, z, 2 * np.sqrt(z) - 1),
        "cauchy": np.log1p,
        "arctan": np.arctan,
    }[options.loss](z)
    return float(np.sqrt(rho.sum() / size) * options.loss_scale)


class Search:
    """One step's search.

    Parameters
    ----------
    step : str
        "gpp", "reco" or "nee".
    sites : sequence of SiteDays
        Towers.
    options : CalibrationOptions
        Choices.
    table : (20,) array
        What a prior holds to.
    done : float
        Share of the calibration that is done when the step begins.
    told, cancelled
        See `models.calibration.fit.calibrate`.
    """

    def __init__(
        self,
        step: str,
        sites: Sequence[SiteDays],
        options: CalibrationOptions,
        table: np.ndarray,
        done: float = 0.0,
        told: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ):
        self.step, self.options, self.table, self.told, self.cancelled = step, options, table, told, cancelled
        self.sites = [site for site in sites if can_judge(site, step, options.soil)]
        self.done, self.evaluations, self.stopped = done, 0, False
        self._unit, self._units, self._start = 0, 1, 0
        self.best, self.best_params = np.inf, table

    def problem(self, sites: Sequence[SiteDays], params: np.ndarray, prior: float) -> Problem:
        """Return what is made small on these sites, with a prior of this width."""
        options = self.options
        free = options.free.get(self.step, FREE[self.step])
        controls = Controls(free, params, {n: b for n, b in options.bounds.items() if n in free})
        return Problem(
            self.step, sites, controls, soil=options.soil, percentile=options.percentile, weights=options.weights,
            prior=prior, table=self.table, keep_reco=options.keep_reco,
        )  # fmt: skip

    def _tell(self, cost: float, params: np.ndarray) -> None:
        self.evaluations += 1
        if self.told is not None:
            share = self.done + self._unit / self._units / len(self.options.steps)
            self.told(Progress(share, self.step, self._start, self.evaluations, cost, self.best, params))

    def _fit(self, problem: Problem, x: np.ndarray, *, record: bool) -> np.ndarray:
        """Return where least squares end; a recorded fit leaves its best in ``best`` at every evaluation."""

        def residuals(x: np.ndarray) -> np.ndarray:
            if self.cancelled is not None and self.cancelled():
                raise Cancelled
            r = problem.residuals(x)
            cost, params = _loss(self.options, r, problem.size), problem.controls.params(x)
            if record and cost < self.best:
                self.best, self.best_params = cost, params
            self._tell(cost, params)
            return r

        return least_squares(
            residuals,
            np.clip(x, 1e-6, 1 - 1e-6),
            lambda x: problem.jacobian(x),
            bounds=(0.0, 1.0),
            loss=self.options.loss,
            f_scale=self.options.loss_scale,
            x_scale=1.0,
            tr_solver="lsmr",  # an SVD of all days spends its time waiting for threads
            xtol=1e-8,
            ftol=1e-8,
            gtol=1e-8,
            max_nfev=self.options.max_evaluations,
        ).x

    def _choose(self, start: np.ndarray) -> tuple[Choice, ...]:
        """Leave each site out in turn; return what each width did for them, the start's own cost last."""
        costs = np.zeros((len(self.sites), len(WIDTHS) + 1))
        sizes = np.zeros(len(self.sites))
        self._start = -1
        for k, site in enumerate(self.sites):
            self._unit = k
            others = [other for other in self.sites if other is not site]
            alone = self.problem([site], start, 0.0)
            sizes[k] = alone.size if self.options.weights == "days" else 1.0
            params = start
            costs[k, -1] = self.best = _loss(self.options, alone.at(start)[0], alone.size)
            for i, width in enumerate(WIDTHS):
                problem = self.problem(others, start, width)
                params = problem.controls.params(self._fit(problem, problem.controls.of(params), record=False))
                costs[k, i] = self.best = _loss(self.options, alone.at(params)[0], alone.size)
        of_all = np.sqrt((sizes[:, None] * costs**2).sum(axis=0) / sizes.sum())
        widths = (*WIDTHS, np.nan)
        return tuple(Choice(width, float(cost)) for width, cost in zip(widths, of_all, strict=True))

    def _put_back(self, problem: Problem, start: np.ndarray) -> None:
        """Let parameters that no day answers to stay where they were: a random start has carried them off."""
        best = _loss(self.options, problem.at(self.best_params)[0], problem.size)
        judged = identify(problem, self.best_params)
        for name in np.array(judged.names)[~np.isfinite(judged.std_error)]:
            trial = self.best_params.copy()
            trial[NAMES.index(name)] = start[NAMES.index(name)]
            ordered = all(trial[NAMES.index(low)] < trial[NAMES.index(high)] for low, high in RAMPS.values())
            if ordered and _loss(self.options, problem.at(trial)[0], problem.size) <= best * (1 + 1e-9) + 1e-12:
                self.best_params = trial

    def run(self, start: np.ndarray) -> tuple[np.ndarray, StepFit]:
        """Run every start; return the best parameters, never worse than ``start``, and the step's result."""
        options = self.options
        choosing = options.prior_by_sites and len(self.sites) > 1
        self._units = options.starts + len(self.sites) * choosing
        prior, choice, kept, costs = options.prior, (), False, []
        try:
            if choosing:
                choice = self._choose(start)
                best = min(choice, key=lambda one: one.cost)
                kept, prior = bool(np.isnan(best.width)), 0.0 if np.isnan(best.width) else best.width
        except Cancelled:
            self.stopped = kept = True  # nothing is fitted after a cancel
        problem = self.problem(self.sites, start, prior)
        controls = problem.controls
        self.best = _loss(options, problem.residuals(controls.of(start)), problem.size)
        self.best_params = np.array(start, float)
        random = np.random.default_rng(options.seed)
        for self._start in range(0 if kept else options.starts):
            self._unit = self._units - options.starts + self._start
            x = controls.of(start) if self._start == 0 else _wide_start(controls, random)
            try:
                end = self._fit(problem, x, record=True)
            except Cancelled:
                self.stopped = True
                break
            costs.append(_loss(options, problem.residuals(end), problem.size))
        if not kept:
            self._put_back(problem, start)
        before, after = (_loss(options, problem.at(p)[0], problem.size) for p in (start, self.best_params))
        values = (tuple(float(v) for v in p[controls.places]) for p in (start, self.best_params))
        result = StepFit(
            self.step, before, after, *values, tuple(sorted(costs)), prior, choice,
            kept and not self.stopped,
            identify(problem, self.best_params), self.evaluations, problem.size,
            tuple(site.name for site in problem.sites),
        )  # fmt: skip
        return self.best_params, result
