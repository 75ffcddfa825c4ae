"""What a calibration is asked for: steps, free parameters, bounds, soil, loss, prior, starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.calibration.cost import SOILS, STEPS

__all__ = ["FREE", "LOSSES", "CalibrationOptions", "with_free"]

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
        "effective", "fitted" or "steady"; see `models.calibration.cost`.
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
        Standard error of the table's values, as a share of the bounds; 0 for none. Few towers need one: without it,
        what they do not identify goes anywhere.
    prior_by_sites : bool
        Whether each step takes, instead of ``prior``, that width of `WIDTHS` which serves sites best that are left out
        of its fit in turn, and stays where it starts if none serves them better; a single site takes ``prior``.
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
    prior_by_sites: bool = False
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


def with_free(options: CalibrationOptions, **free: Sequence[str]) -> CalibrationOptions:
    """Return the options with other free parameters: ``with_free(options, gpp=("lue_max",))``."""
    return replace(options, free={**options.free, **{step: tuple(names) for step, names in free.items()}})
