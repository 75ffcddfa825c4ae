"""What is perturbed in an ensemble, and by how much: Table 2 of Heyvaert et al. (2024), each field declared once."""

import math
from dataclasses import dataclass

import numpy as np

__all__ = [
    "CENTERING",
    "FORCING_CORRELATION",
    "FORCING_PERTURBATIONS",
    "MEMBERS",
    "STATE_CORRELATION",
    "STATE_PERTURBATIONS",
    "EnsembleOptions",
    "Perturbation",
    "rotation",
]

TABLE_2 = "Heyvaert et al. 2024, Table 2"
HOUR = 3600.0
DAY = 86400.0
MEMBERS = (4, 100)
"""Smallest and largest ensemble."""
LARGEST_SCALE = 1e4

CENTERING = ("lis", "rescaled", "none")
"""Normals of the members made to sum to 0 (as LIS and GEOSldas do, which shrinks their sd by sqrt((N - 1) / N)),
centred and rescaled to sd 1, or left as drawn."""


@dataclass(frozen=True)
class Perturbation:
    """How one field is perturbed.

    Attributes
    ----------
    name, title, symbol : str
        Name in code, in words, and in print.
    kind : {"factor", "addition"}
        A lognormal factor of mean 1, or a normal addition of mean 0.
    sd : float
        Standard deviation, before the cut at ``cap``, in ``unit``.
    unit : str
        Unit of the perturbation: 1 for a factor.
    tau : float
        Time scale of its first-order autoregression [s]; 0 is white noise.
    cap : float
        Normals are cut at so many standard deviations.
    low, high : float
        Limits of the perturbed field that LIS's example settings name; see `models.assimilation.weather.keep_within`.
    source : str
        Where the numbers are printed.
    """

    name: str
    title: str
    symbol: str
    kind: str
    sd: float
    unit: str
    tau: float
    cap: float = 2.5
    low: float = -math.inf
    high: float = math.inf
    source: str = TABLE_2


FORCING_PERTURBATIONS = (
    Perturbation("sw_down", "shortwave", "SW", "factor", 0.3, "1", DAY, low=0.0, high=1300.0),
    Perturbation("lw_down", "longwave", "LW", "addition", 50.0, "W m-2", DAY),
    Perturbation("precip_rate", "precipitation", "P", "factor", 0.5, "1", DAY, low=0.0, high=0.001),
)
"""In the order in which `models.land.run.advance` takes them."""

FORCING_CORRELATION = ((1.0, -0.5, -0.8), (-0.5, 1.0, 0.5), (-0.8, 0.5, 1.0))
"""Correlation of the normals behind the factors; the factors themselves are less correlated."""

STATE_PERTURBATIONS = (
    Perturbation("sm1", "soil moisture, 0-10 cm", "theta_1", "addition", 4e-3, "m3 m-3", 0.0),
    Perturbation("sm2", "soil moisture, 10-40 cm", "theta_2", "addition", 7e-5, "m3 m-3", 0.0),
    Perturbation("sm3", "soil moisture, 40-100 cm", "theta_3", "addition", 4e-5, "m3 m-3", 0.0),
    Perturbation("sm4", "soil moisture, 100-200 cm", "theta_4", "addition", 2e-5, "m3 m-3", 0.0),
    Perturbation("lai", "leaf area index", "LAI", "addition", 0.01, "m2 m-2", 0.0),
)
"""In the order of the filter's state."""

STATE_CORRELATION = (
    (1.0, 0.6, 0.4, 0.2, 0.08),
    (0.6, 1.0, 0.6, 0.4, 0.13),
    (0.4, 0.6, 1.0, 0.6, 0.19),
    (0.2, 0.4, 0.6, 1.0, 0.1),
    (0.08, 0.13, 0.19, 0.1, 1.0),
)

NAMES = tuple(p.name for p in (*FORCING_PERTURBATIONS, *STATE_PERTURBATIONS))


def rotation(correlation: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Return S with S S' = C, from the eigenvectors of C times the roots of its eigenvalues, as LIS does.

    Raises
    ------
    ValueError
        If C is not symmetric with ones on its diagonal, or has a negative eigenvalue.

    Examples
    --------
    >>> s = rotation(((1.0, 0.5), (0.5, 1.0)))
    >>> np.round(s @ s.T, 12).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    c = np.asarray(correlation, float)
    if (
        c.ndim != 2
        or c.shape[0] != c.shape[1]
        or not np.array_equal(c, c.T)
        or not np.array_equal(np.diag(c), [1] * len(c))
    ):
        msg = f"correlation = {c.tolist()} is not a symmetric matrix with ones on its diagonal."
        raise ValueError(msg)
    values, vectors = np.linalg.eigh(c)
    if values[0] < -1e-12:
        msg = f"correlation = {c.tolist()} has the negative eigenvalue {values[0]:.3g}: no numbers are correlated so."
        raise ValueError(msg)
    # The sign of an eigenvector is the library's whim: fix it, so that a seed means the same numbers everywhere.
    largest = np.argmax(np.abs(vectors) > np.abs(vectors).max(axis=0) - 1e-9, axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(c))])
    return np.ascontiguousarray(vectors * np.sqrt(np.maximum(values, 0.0)))


@dataclass(frozen=True)
class EnsembleOptions:
    """How the ensemble is made, checked when made.

    Attributes
    ----------
    members : int
        Ensemble size, 4 to 100, the control included.
    seed : int
        Names the noise; equal seeds share it.
    forcing_interval, state_interval : float
        Seconds between two draws; a draw is held until the next. Table 2 does not give them: LIS's examples have
        1 h for the forcing and 3 h for the state. An interval shorter than the time step counts as one step.
    control : bool
        Keep the last member unperturbed and remove from the others what their mean differs from it (Ryu et al. 2009).
    centering : str
        One of `CENTERING`.
    scales : tuple of (str, float)
        Factors on standard deviations by name of the field, where not 1; 0 switches a field's perturbation off.
    tau, cap : float or None
        Time scale of the forcing's perturbations [s] and number of standard deviations at which all are cut, other
        than those of the fields.

    Raises
    ------
    ValueError
        If a value is not accepted.
    """

    members: int = 24
    seed: int = 1
    forcing_interval: float = HOUR
    state_interval: float = 3.0 * HOUR
    control: bool = True
    centering: str = "lis"
    scales: tuple[tuple[str, float], ...] = ()
    tau: float | None = None
    cap: float | None = None

    def __post_init__(self) -> None:
        low, high = MEMBERS
        if not isinstance(self.members, (int, np.integer)) or not low <= self.members <= high:
            msg = f"members = {self.members!r} is not accepted: an ensemble has {low} to {high} members."
            raise ValueError(msg)
        if not isinstance(self.seed, (int, np.integer)) or not 0 <= self.seed < 2**32:
            msg = f"seed = {self.seed!r} is not accepted: give a whole number from 0 to {2**32 - 1}."
            raise ValueError(msg)
        for name in ("forcing_interval", "state_interval"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 900.0 <= value <= DAY:
                msg = f"{name} = {value!r} s is not accepted: give 900 to {DAY:g} s."
                raise ValueError(msg)
        for name, most in (("tau", 100.0 * DAY), ("cap", 10.0)):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and 0.0 <= value <= most):
                msg = f"{name} = {value!r} is not accepted: give 0 to {most:g}, or nothing for the fields' own."
                raise ValueError(msg)
        if self.centering not in CENTERING:
            msg = f"centering = {self.centering!r} is not accepted; it may be {', '.join(map(repr, CENTERING))}."
            raise ValueError(msg)
        scales = dict(self.scales)
        for name, value in scales.items():
            if name not in NAMES:
                msg = f"scales holds {name!r}, which is not perturbed; there are {', '.join(NAMES)}."
                raise ValueError(msg)
            if not isinstance(value, (int, float)) or not 0.0 <= value <= LARGEST_SCALE:
                msg = f"The scale of {name} is {value!r}: give a factor from 0 to {LARGEST_SCALE:g}."
                raise ValueError(msg)
        kept = tuple((name, float(scales[name])) for name in NAMES if scales.get(name, 1.0) != 1.0)
        object.__setattr__(self, "scales", kept)

    @property
    def perturbed(self) -> int:
        """Members that are perturbed: all, or all but the control."""
        return self.members - 1 if self.control else self.members

    def hold(self, which: str, dt: float) -> int:
        """Return the number of time steps of ``dt`` seconds for which a draw of "forcing" or "state" is held.

        Raises
        ------
        ValueError
            If the interval is longer than the time step but not a multiple of it.
        """
        interval = getattr(self, f"{which}_interval")
        steps = interval / dt
        if steps > 1.0 and abs(steps - round(steps)) > 1e-9:
            msg = f"{which}_interval = {interval:g} s is not a multiple of the time step, {dt:g} s."
            raise ValueError(msg)
        return max(1, round(steps))
