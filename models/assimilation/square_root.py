r"""Deterministic analysis steps: no noise is drawn, the ensemble's departures are transformed instead.

All take the forecast E (cell, state, member), predicted observations HE (cell, obs, member), y (cell, obs) and R
(cell, obs, obs), already checked, and return the analysis ensemble. Primes are departures from the ensemble mean.
"""

import numpy as np

__all__ = ["denkf", "ensrf", "etkf"]


def _departures(values):
    mean = values.mean(axis=2, keepdims=True)
    return mean, values - mean


def _whitened(H, d, R):
    """Departures H and innovation d in units where R is 1: multiplied by the inverse symmetric root of R."""
    values, vectors = np.linalg.eigh(R)
    root = np.matmul(vectors / np.sqrt(values)[:, None, :], vectors.swapaxes(1, 2))
    return np.matmul(root, H), np.matmul(root, d)


def etkf(E, HE, y, R) -> np.ndarray:
    r"""Transform with the symmetric square root (ETKF; Bishop et al. 2001, Hunt et al. 2007 Eqs. 20 to 24).

    .. math::
        P &= \left[H'^T R^{-1} H' + (N - 1) I\right]^{-1}, \quad w = P H'^T R^{-1} (y - \bar h) \\
        x_n &= \bar x + X' \left(w + \left[(N - 1) P\right]^{1/2}_n\right)

    Source: Hunt et al. 2007, Physica D, doi 10.1016/j.physd.2006.11.008.
    """
    _, X = _departures(E)
    h, H = _departures(HE)
    Y, d = _whitened(H, y[:, :, None] - h, R)
    less_one = E.shape[2] - 1
    # Y' = U s V': only the directions that are observed change, and the transform is I + V (...) V'.
    U, s, V = np.linalg.svd(Y, full_matrices=False)
    V = V.swapaxes(1, 2)
    shrunk = np.sqrt(less_one / (s**2 + less_one)) - 1.0
    seen = np.matmul(X, V)
    shift = np.matmul(seen, np.matmul(U.swapaxes(1, 2), d) * (s / (s**2 + less_one))[:, :, None])
    return E + shift + np.matmul(seen * shrunk[:, None, :], V.swapaxes(1, 2))


def denkf(E, HE, y, R) -> np.ndarray:
    r"""Move departures by half the gain (DEnKF; Sakov and Oke 2008, Eq. 15).

    .. math:: x_n = x_n + K \left[(y - \bar h) - \tfrac{1}{2} h'_n\right]

    Source: Sakov and Oke 2008, Tellus A, doi 10.1111/j.1600-0870.2007.00299.x.
    """
    _, X = _departures(E)
    h, H = _departures(HE)
    W = np.matmul(H, H.swapaxes(1, 2)) + (E.shape[2] - 1) * R
    gain = np.linalg.solve(W, np.matmul(H, X.swapaxes(1, 2))).swapaxes(1, 2)
    return E + np.matmul(gain, y[:, :, None] - h - 0.5 * H)


def ensrf(E, HE, y, R) -> np.ndarray:
    r"""Take observations one after another, each by the square root of Potter (EnSRF; Whitaker and Hamill 2002).

    Errors are decorrelated first. Predicted observations are carried along as if they were states.

    .. math::
        x_n \leftarrow x_n + k \left[d - \alpha h'_n\right], \quad
        k = \frac{X' h'^T}{h' h'^T + N - 1}, \quad \alpha = \frac{1}{1 + \sqrt{(N - 1) / (h' h'^T + N - 1)}}

    Source: Whitaker and Hamill 2002, Mon. Weather Rev., Eqs. 10 and 13.
    """
    mean, X = _departures(E)
    h, H = _departures(HE)
    Y, d = _whitened(H, y[:, :, None] - h, R)
    less_one, obs = E.shape[2] - 1, HE.shape[1]
    for k in range(obs):
        one, gap = Y[:, k].copy(), d[:, k].copy()
        total = (one**2).sum(axis=1)[:, None, None] + less_one
        alpha = 1.0 / (1.0 + np.sqrt(less_one / total))
        gain_x, gain_y = (np.matmul(z, one[:, :, None]) / total for z in (X, Y))
        mean = mean + gain_x * gap[:, :, None]
        d = d - gain_y * gap[:, :, None]
        X = X - alpha * gain_x * one[:, None, :]
        Y = Y - alpha * gain_y * one[:, None, :]
    return mean + X
