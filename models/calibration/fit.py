"""Fit the parameters of a plant type to its towers, step by step, from several starts; a stopped fit keeps its best."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import least_squares

from models.calibration.controls import NAMES, Controls
from models.calibration.cost import SOILS, STEPS, Problem
from models.calibration.identify import Identified, identify
from models.calibration.sites import SiteDays, named
from models.kernel import Cancelled
from models.l4c.bplut import BplutFile, load_bplut
from models.l4c.params import PFTS, RAMPS, L4CParams

__all__ = ["FREE", "LOSSES", "Calibration", "CalibrationOptions", "Progress", "StepFit", "calibrate"]

LOSSES = ("linear", "soft_l1", "huber", "cauchy", "arctan")
FREE: dict[str, tuple[str, ...]] = {
    "gpp": ("lue_max", "tmin_low", "tmin_high", "vpd_low", "vpd_high", "smrz_low", "smrz_high", "ft_min"),
    "reco": ("f_aut", "tsoil_beta", "smsf_low", "smsf_high"),
    "nee": ("f_aut", "tsoil_beta", "smsf_low", "smsf_high"),
}
"""Parameters that are free in each step by default, as in the mission's calibration."""


@dataclass(frozen=True)
class CalibrationOptions:
    """Choices of a calibration, checked when made.

    Attributes
    ----------
    steps : tuple of str
        Of "gpp", "reco", "nee", in this order.
    free : mapping
        Step -> free parameters; others stay at the table's values or at those of the steps before.
    bounds : mapping
        Parameter -> (low, high) within the declared bounds, which are the default.
    soil : str
        "effective" or "steady"; see `models.calibration.cost`.
    percentile : float
        Of RH / Kmult that makes the effective soil carbon, 1-99.
    loss : str
        "linear", or one of the robust ones of `scipy.optimize.least_squares`.
    loss_scale : float
        Residual [gC m-2 d-1] from which a robust loss bends.
    starts : int
        Starting points: the table's values and random ones within the bounds.
    weights : str
        "sites" (each site counts the same) or "days".
    prior : float
        Standard error of the starting values, as a share of the bounds; 0 for none. Few towers need one: without it,
        what they do not identify goes anywhere.
    keep_reco : float
        Weight of RE in the step "nee"; 0 is the paper's.
    max_evaluations : int
        Of one start.
    seed : int
        Of the random starts.

    Raises
    ------
    ValueError
        If a choice is not accepted.
    """

    steps: tuple[str, ...] = STEPS
    free: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(FREE))
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    soil: str = "effective"
    percentile: float = 75.0
    loss: str = "linear"
    loss_scale: float = 1.0
    starts: int = 10
    weights: str = "sites"
    prior: float = 0.0
    keep_reco: float = 0.0
    max_evaluations: int = 300
    seed: int = 1

    def __post_init__(self) -> None:
        for name, value, accepted in (
            ("soil", self.soil, SOILS),
            ("loss", self.loss, LOSSES),
            ("weights", self.weights, ("sites", "days")),
        ):
            if value not in accepted:
                msg = f"{name} = {str(value)[:40]!r} is not accepted; it may be {', '.join(accepted)}."
                raise ValueError(msg)
        unknown = [step for step in (*self.steps, *self.free) if step not in STEPS]
        if unknown or not self.steps:
            msg = f"steps = {tuple(self.steps)}; some of {', '.join(STEPS)} are accepted."
            raise ValueError(msg)
        if not 1 <= self.percentile <= 99 or self.starts < 1 or self.max_evaluations < 1 or self.loss_scale <= 0:
            msg = (
                f"percentile = {self.percentile:g}, starts = {self.starts}, max_evaluations = {self.max_evaluations}, "
                f"loss_scale = {self.loss_scale:g}; 1 to 99, 1 or more, 1 or more and above 0 are accepted."
            )
            raise ValueError(msg)
        if not 0 <= self.prior <= 10 or not 0 <= self.keep_reco <= 100:
            msg = f"prior = {self.prior:g}, keep_reco = {self.keep_reco:g}; 0 to 10 and 0 to 100 are accepted."
            raise ValueError(msg)
        object.__setattr__(self, "steps", tuple(step for step in STEPS if step in self.steps))


@dataclass(frozen=True, eq=False)
class Progress:
    """What a running fit tells: where it is, how well it does, and with which parameters."""

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
        The cost at each start's own end, sorted.
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
    identified: Identified
    evaluations: int
    days: int
    sites: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Result of `calibrate`.

    Attributes
    ----------
    pft : str
    options : CalibrationOptions
    before, after : L4CParams
    steps : tuple of StepFit
        Those that were done.
    stopped : bool
        Whether it was cancelled; ``after`` is the best so far.
    """

    pft: str
    options: CalibrationOptions
    before: L4CParams
    after: L4CParams
    steps: tuple[StepFit, ...]
    stopped: bool

    def changed(self) -> dict[str, float]:
        """Return the parameters that moved: name -> value."""
        return {n: v for n, v, old in zip(NAMES, self.after, self.before, strict=True) if v != old}

    def table(self, base: BplutFile | str = "V7") -> BplutFile:
        """Return the biome property table with the fitted values: a version that every run takes by its file."""
        file = BplutFile.shipped(base) if isinstance(base, str) else base
        return file.with_table({self.pft: self.after})


def calibrate(
    sites: Sequence[SiteDays],
    pft: str,
    options: CalibrationOptions | None = None,
    *,
    table: Mapping[str, L4CParams] | None = None,
    told: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Calibration:
    """Calibrate one plant type on its towers.

    Parameters
    ----------
    sites : sequence of SiteDays
        Towers; those of other plant types are refused.
    pft : str
        Plant type, of `models.l4c.params.PFTS`.
    options : CalibrationOptions, optional
        Choices.
    table : mapping, optional
        Plant type -> parameters to start from; V7 by default.
    told : callable, optional
        Given a `Progress` at every evaluation.
    cancelled : callable, optional
        Asked at every evaluation; when it says yes, the best so far is returned.

    Raises
    ------
    ValueError
        If there is no site, a site is of another plant type, or no day counts.
    """
    options = options or CalibrationOptions()
    if pft not in PFTS:
        msg = f"No plant functional type is called {str(pft)[:40]!r}; there are {', '.join(PFTS)}."
        raise ValueError(msg)
    wrong = [site for site in sites if PFTS[site.pft - 1] != pft]
    if wrong or not sites:
        msg = f"Sites of {pft} are needed; of other plant types came {named(wrong)}, {len(sites)} in all."
        raise ValueError(msg)
    before = (table or load_bplut())[pft]
    params = np.array(before, float)
    done: list[StepFit] = []
    stopped = False
    for number, step in enumerate(options.steps):
        free = options.free.get(step, FREE[step])
        controls = Controls(free, params, {n: b for n, b in options.bounds.items() if n in free})
        problem = Problem(
            step, sites, controls, soil=options.soil, percentile=options.percentile, weights=options.weights,
            prior=options.prior, keep_reco=options.keep_reco,
        )  # fmt: skip
        run = _Run(problem, options, number / len(options.steps), told, cancelled)
        start = params
        params, fit = run.search(start)
        done.append(fit)
        stopped = run.stopped
        if stopped:
            break
    return Calibration(pft, options, before, L4CParams(*(float(v) for v in params)), tuple(done), stopped)


def _wide_start(controls: Controls, random: np.random.Generator) -> np.ndarray:
    """Draw a start whose ramps are wide: beyond the limits of a narrow one no day has a gradient."""
    x = random.uniform(0.05, 0.95, len(controls.free))
    for k, name in enumerate(controls.free):
        for low, high in RAMPS.values():
            x[k] = 0.5 * x[k] if name == low else 0.5 + 0.5 * x[k] if name == high else x[k]
    return x


class _Run:
    """One step's search."""

    def __init__(self, problem: Problem, options: CalibrationOptions, done: float, told, cancelled):
        self.problem, self.options, self.told, self.cancelled = problem, options, told, cancelled
        self.done, self.evaluations, self.start, self.stopped = done, 0, 0, False
        self.best, self.best_params = np.inf, problem.controls.base

    def _loss(self, residuals: np.ndarray) -> float:
        """Root of the sum of squares over the days, by the chosen loss."""
        z = (residuals / self.options.loss_scale) ** 2
        rho = {
            "linear": lambda z: z,
            "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
            "huber": lambda z: np.where(z <= 1, z, 2 * np.sqrt(z) - 1),
            "cauchy": np.log1p,
            "arctan": np.arctan,
        }[self.options.loss](z)
        return float(np.sqrt(rho.sum() / self.problem.size) * self.options.loss_scale)

    def _residuals(self, x: np.ndarray) -> np.ndarray:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        residuals = self.problem.residuals(x)
        cost = self._loss(residuals)
        self.evaluations += 1
        params = self.problem.controls.params(x)
        if cost < self.best:
            self.best, self.best_params = cost, params
        if self.told is not None:
            share = self.done + self.start / (self.options.starts * len(self.options.steps))
            self.told(Progress(share, self.problem.step, self.start, self.evaluations, cost, self.best, params))
        return residuals

    def search(self, start: np.ndarray) -> tuple[np.ndarray, StepFit]:
        """Run every start; return the best parameters, never worse than ``start``, and the step's result."""
        controls, options = self.problem.controls, self.options
        before = self._loss(self.problem.at(start)[0])
        self.best, self.best_params = before, np.array(start, float)
        random = np.random.default_rng(options.seed)
        costs = []
        for self.start in range(options.starts):
            x = controls.of(start) if self.start == 0 else _wide_start(controls, random)
            try:
                fit = least_squares(
                    self._residuals,
                    np.clip(x, 1e-6, 1 - 1e-6),
                    lambda x: self.problem.jacobian(x),
                    bounds=(0.0, 1.0),
                    loss=options.loss,
                    f_scale=options.loss_scale,
                    x_scale=1.0,
                    tr_solver="lsmr",  # an SVD of all days spends its time waiting for threads
                    xtol=1e-8,
                    ftol=1e-8,
                    gtol=1e-8,
                    max_nfev=options.max_evaluations,
                )
            except Cancelled:
                self.stopped = True
                break
            costs.append(self._loss(fit.fun))
        names = tuple(site.name for site in self.problem.sites)
        judged = identify(self.problem, self.best_params)
        values = (tuple(float(v) for v in p[controls.places]) for p in (start, self.best_params))
        after = self._loss(self.problem.at(self.best_params)[0])
        result = StepFit(
            self.problem.step, before, after, *values, tuple(sorted(costs)), judged, self.evaluations,
            self.problem.size, names,
        )  # fmt: skip
        return self.best_params, result


def with_free(options: CalibrationOptions, **free: Sequence[str]) -> CalibrationOptions:
    """Return the options with other free parameters: ``with_free(options, gpp=("lue_max",))``."""
    return replace(options, free={**options.free, **{step: tuple(names) for step, names in free.items()}})
