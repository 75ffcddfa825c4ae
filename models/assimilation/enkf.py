r"""The analysis step of an ensemble Kalman filter: one call for one cell or for many at once.

`update` checks what it is given and returns a new ensemble. The loops of the assimilation cycle, which write in place,
are in `models.assimilation.enkf_kernels`.
"""

import numpy as np

from models.assimilation.enkf_kernels import STOCHASTIC, update_cells, update_pairs
from models.assimilation.perturbed_observations import CONVENTIONS, observation_noise
from models.assimilation.square_root import denkf, ensrf, etkf
from models.kernel import spread

__all__ = ["METHODS", "perturbations", "update"]

METHODS = {
    "stochastic": "perturbed observations (Burgers et al. 1998)",
    "etkf": "symmetric square root (Hunt et al. 2007)",
    "denkf": "deterministic EnKF (Sakov and Oke 2008)",
    "ensrf": "serial square root (Whitaker and Hamill 2002)",
}
"""What ``method`` may be; all but the first draw no noise."""

DETERMINISTIC = {"etkf": etkf, "denkf": denkf, "ensrf": ensrf}


def update(E, HE, y, R, D=None, *, method="stochastic", rows=None, seed=0, step=0, cells=None, convention="rescaled"):
    r"""Return the analysis ensemble.

    With perturbed observations (`METHODS` names the others), primes for departures from the ensemble mean,

    .. math::
        K &= X' H'^T \left[H' H'^T + (N - 1) R\right]^{-1} \\
        x_n &\leftarrow x_n + K (y + \epsilon_n - h_n)

    Parameters
    ----------
    E : (state, member) or (cell, state, member) array
        Forecast ensemble, at least two members; it is not changed.
    HE : (obs, member) or (cell, obs, member) array
        Predicted observation of each member, in the unit of y.
    y : (obs,) or (cell, obs) array
        Observations.
    R : (obs, obs) or (obs,), with or without a leading cell axis
        Error covariance, or its diagonal (variances). With cells, two axes mean (obs, obs) for all of them if that is
        the shape, (cell, obs) otherwise.
    D : (obs, member) or (cell, obs, member) array, optional
        Perturbations that are added to y. Drawn by `perturbations` if None. Deterministic methods use none.
    method : str
        One of `METHODS`.
    rows : (state,) or (obs, state) bool array, optional
        State variables that are updated, by all or by each of the observations; all if None. Deterministic methods
        take (state,) only.
    seed, step : int
        Name the draws if D is None: equal names, equal numbers.
    cells : (cell,) int array, optional
        Numbers that name the draws of each cell; 0, 1, ... if None.
    convention : str
        How drawn perturbations are centred: one of `CONVENTIONS`.

    Returns
    -------
    array
        Analysis ensemble, float64, of the shape of E.

    Raises
    ------
    ValueError
        Shapes that do not agree, fewer than two members, a value that is NaN or infinite, R that is not symmetric or
        not positive definite, a name that is unknown.

    Examples
    --------
    >>> E = np.array([[0.20, 0.30], [0.25, 0.27]])
    >>> update(E, E[:1], [0.28], [[0.005]], np.zeros((1, 2))).round(4)
    array([[0.24 , 0.29 ],
           [0.258, 0.268]])
    """
    if method not in METHODS:
        msg = f"method = {method!r} is not known; choose one of {', '.join(METHODS)}."
        raise ValueError(msg)
    E, HE, y, R, many = _checked(E, HE, y, R)
    cell, obs, members = HE.shape
    rows = _checked_rows(rows, obs, E.shape[1])
    if method != "stochastic":
        if rows.ndim == 2 and (rows != rows[0]).any():
            msg = f"rows differs between observations, which method = {method!r} cannot do; give one row of (state,)."
            raise ValueError(msg)
        if D is not None:
            msg = f"D is given, but method = {method!r} perturbs no observation; leave it out."
            raise ValueError(msg)
        new = DETERMINISTIC[method](E, HE, y, R)
        analysis = np.where((rows if rows.ndim == 1 else rows[0])[None, :, None], new, E)
        return analysis if many else analysis[0]
    if D is None:
        names = np.arange(cell) if cells is None else np.asarray(cells)
        D = perturbations(R, members, seed=seed, step=step, cells=names, convention=convention)
    else:
        D = _finite("D", np.asarray(D, float))
        D = D if many else D[None]
        if D.shape != HE.shape:
            msg = (
                f"D has shape {D.shape if many else D.shape[1:]}, HE has {HE.shape if many else HE.shape[1:]}; "
                "one perturbation for each predicted observation is accepted."
            )
            raise ValueError(msg)
    analysis = _stochastic(E, HE, y, R, D, rows)
    return analysis if many else analysis[0]


def perturbations(R, members, *, seed=0, step=0, cells=None, convention="rescaled") -> np.ndarray:
    """Draw perturbations of observations: mean 0 over members, each with covariance R.

    Parameters
    ----------
    R : (obs, obs) or (cell, obs, obs) array
        Error covariance, positive definite.
    members : int
        Ensemble size.
    seed, step : int
        Name the draws.
    cells : (cell,) int array, optional
        Numbers that name the cells; 0, 1, ... if None.
    convention : str
        One of `CONVENTIONS`.

    Returns
    -------
    (obs, member) or (cell, obs, member) array

    Raises
    ------
    ValueError
        The convention is unknown, or R is not positive definite.
    """
    if convention not in CONVENTIONS:
        msg = f"convention = {convention!r} is not known; choose one of {', '.join(CONVENTIONS)}."
        raise ValueError(msg)
    R = np.asarray(R, float)
    stack = R if R.ndim == 3 else R[None]
    names = np.arange(len(stack)) if cells is None else np.asarray(cells)
    z = np.empty((len(stack), stack.shape[-1], members))
    unit, one = np.ones(len(stack)), np.empty((len(stack), members))
    for k in range(z.shape[1]):
        observation_noise(0, len(stack), names, seed, k, step, unit, convention == "lis", False, one)
        z[:, k] = one
    drawn = np.matmul(_root(stack), z)
    return drawn if R.ndim == 3 else drawn[0]


def _stochastic(E, HE, y, R, D, rows) -> np.ndarray:
    cell, obs, members = HE.shape
    analysis, states = E.copy(), E.shape[1]
    of_each = np.broadcast_to(rows, (obs, states)).copy()
    increment, used = np.empty((cell, states)), np.ones((cell, obs), bool)
    if obs == 1:
        work = (analysis, HE[:, 0], y[:, 0], R[:, 0, 0], D[:, 0], of_each[0], used[:, 0], STOCHASTIC)
        out = (increment, np.empty((cell, states)), np.empty(cell), np.empty(cell))
        work = tuple(np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in work)
        spread(lambda first, last: update_cells(first, last, *work, *out), cell)
        return work[0]
    if obs == 2:
        work = (analysis, HE, y, np.ascontiguousarray(R), np.ascontiguousarray(D), of_each, used)
        out = (increment, np.empty((cell, states, 2)), np.empty((cell, 3)), np.empty((cell, 2)))
        spread(lambda first, last: update_pairs(first, last, *work, *out), cell)
        return analysis
    H = HE - HE.mean(axis=2, keepdims=True)
    X = E - E.mean(axis=2, keepdims=True)
    factor = np.linalg.cholesky(np.matmul(H, H.swapaxes(1, 2)) / (members - 1) + R)
    # W = L L': two triangular systems; the gain is (W^-1 H X')' / (N - 1).
    gain = np.linalg.solve(factor.swapaxes(1, 2), np.linalg.solve(factor, np.matmul(H, X.swapaxes(1, 2))))
    gain = np.where(of_each, gain, 0.0).swapaxes(1, 2) / (members - 1)
    return analysis + np.matmul(gain, y[:, :, None] + D - HE)


def _finite(name: str, values: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(values)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        msg = (
            f"{name} holds {int(bad.sum())} value(s) that are NaN or infinite, the first at {place}; "
            "leave missing observations and failed members out before the update."
        )
        raise ValueError(msg)
    return values


def _checked(E, HE, y, R):
    """Bring everything to a leading cell axis: E, HE, y (cell, obs), R (cell, obs, obs), and whether it had one."""
    E, HE, y, R = (np.asarray(a, float) for a in (E, HE, y, R))
    if E.ndim not in (2, 3):
        msg = f"E has shape {E.shape}; (state, member) or (cell, state, member) is accepted."
        raise ValueError(msg)
    many = E.ndim == 3
    lead = E.shape[:1] if many else ()
    members = E.shape[-1]
    if members < 2:
        msg = f"E has {members} member(s); an ensemble needs at least 2 to have a covariance."
        raise ValueError(msg)
    if HE.ndim != E.ndim or HE.shape[:-2] != lead or HE.shape[-1] != members:
        wanted = f"({lead[0]}, obs, {members})" if many else f"(obs, {members})"
        msg = f"HE has shape {HE.shape}, E has {E.shape}; HE of shape {wanted} is accepted."
        raise ValueError(msg)
    obs = HE.shape[-2]
    if y.shape != (*lead, obs):
        msg = f"y has shape {y.shape}, HE has {HE.shape}; y of shape {(*lead, obs)} is accepted."
        raise ValueError(msg)
    for name, values in (("E", E), ("HE", HE), ("y", y), ("R", R)):
        _finite(name, values)
    matrices, diagonals = {(obs, obs), (*lead, obs, obs)}, {(obs,), (*lead, obs)}
    if R.shape not in matrices | diagonals:
        accepted = " or ".join(str(shape) for shape in sorted(matrices | diagonals, key=len))
        msg = f"R has shape {R.shape}; with {obs} observation(s) {accepted} is accepted."
        raise ValueError(msg)
    if R.shape not in matrices:
        R = R[..., None] * np.eye(obs)
    _check_covariance(R)
    cell = lead[0] if many else 1
    R = np.broadcast_to(R, (cell, obs, obs))
    if not many:
        E, HE, y = E[None], HE[None], y[None]
    return np.ascontiguousarray(E), np.ascontiguousarray(HE), np.ascontiguousarray(y), R, many


def _check_covariance(R) -> None:
    if not np.allclose(R, R.swapaxes(-1, -2), rtol=1e-10, atol=0.0):
        msg = "R is not symmetric; give the covariance of the observation errors, or its diagonal (variances)."
        raise ValueError(msg)
    _root(R)


def _root(R) -> np.ndarray:
    """Cholesky factor of R; numpy reads the lower triangle and refuses what is not positive definite."""
    try:
        return np.linalg.cholesky(R)
    except np.linalg.LinAlgError as error:
        least = float(np.linalg.eigvalsh(R).min())
        msg = (
            f"R is not positive definite (its smallest eigenvalue is {least:g}); give variances above 0, the square of "
            "the error standard deviation, and correlations between -1 and 1."
        )
        raise ValueError(msg) from error


def _checked_rows(rows, obs, states) -> np.ndarray:
    if rows is None:
        return np.ones(states, bool)
    rows = np.asarray(rows)
    if rows.dtype != bool or rows.shape not in ((states,), (obs, states)):
        msg = (
            f"rows has shape {rows.shape} and type {rows.dtype}; a bool array of shape {(states,)} or {(obs, states)} "
            "is accepted: which state variables are updated."
        )
        raise ValueError(msg)
    return rows
