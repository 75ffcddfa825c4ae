"""Twins on the chaotic models that filters are judged by: root-mean-square errors as published, medians over seeds.

The tables are those of DAPPER 1.8.1, with its own settings (Sakov et al. 2012 for Lorenz 1963, Sakov and Oke 2008 for
Lorenz 1996). Single runs may lose the truth for a while, so medians of five count.
"""

import json

import numba
import numpy as np
import pytest

from models.assimilation.enkf import update
from models.kernel import kernel

SEEDS = 5
FORCING = 8.0
pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="a million steps take minutes uncompiled")


@kernel
def lorenz_63(E, steps, dt):
    """Integrate the members of E (seed, 3, member) in place, fourth-order Runge-Kutta."""
    k, z = np.empty((4, 3)), np.empty(3)
    for c in range(E.shape[0]):
        for n in range(E.shape[2]):
            for _ in range(steps):
                for s in range(4):
                    ahead = dt if s == 3 else 0.5 * dt
                    for i in range(3):
                        z[i] = E[c, i, n] + (ahead * k[s - 1, i] if s > 0 else 0.0)
                    k[s, 0] = 10.0 * (z[1] - z[0])
                    k[s, 1] = 28.0 * z[0] - z[1] - z[0] * z[2]
                    k[s, 2] = z[0] * z[1] - 8.0 / 3.0 * z[2]
                for i in range(3):
                    E[c, i, n] += dt / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])


@kernel
def lorenz_96(E, steps, dt):
    """Integrate the members of E (seed, site, member) in place, fourth-order Runge-Kutta."""
    size = E.shape[1]
    k, z, x = np.empty((4, size)), np.empty(size), np.empty(size)
    for c in range(E.shape[0]):
        for n in range(E.shape[2]):
            x[:] = E[c, :, n]
            for _ in range(steps):
                for s in range(4):
                    ahead = dt if s == 3 else 0.5 * dt
                    for i in range(size):
                        z[i] = x[i] + (ahead * k[s - 1, i] if s > 0 else 0.0)
                    for i in range(size):
                        k[s, i] = (z[(i + 1) % size] - z[i - 2]) * z[i - 1] - z[i] + FORCING
                for i in range(size):
                    x[i] += dt / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])
            E[c, :, n] = x


def inflated(E, factor):
    mean = E.mean(axis=2, keepdims=True)
    return mean + factor * (E - mean)


@pytest.fixture(scope="module")
def twin_63(shared):
    return np.load(shared / "reference" / "assimilation" / "L63_seed3000_truth_obs.npz")


@pytest.mark.parametrize(
    ("members", "inflation", "expected", "tolerance"),
    [(10, 1.04, 0.62, 0.06), (24, 1.02, 0.56, 0.03), (100, 1.01, 0.53, 0.02)],
)
def test_lorenz_63_is_followed_as_well_as_dapper_does(twin_63, members, inflation, expected, tolerance):
    rng = np.random.default_rng(1)
    start = rng.normal(size=(SEEDS, 3, members)) * np.sqrt(np.diag(twin_63["x0_var"]))[:, None]
    E = twin_63["x0_mean"][:, None] + start
    error, now = [], 0
    for step, (at, y, truth) in enumerate(zip(twin_63["kko"], twin_63["obs"], twin_63["truth_at_obs"], strict=True)):
        lorenz_63(E, int(at) - now, float(twin_63["dt"]))
        now = int(at)
        E = inflated(update(E, E, np.broadcast_to(y, (SEEDS, 3)), twin_63["R"], step=step), inflation)
        error.append(np.sqrt(((E.mean(axis=2) - truth) ** 2).mean(axis=1)))
    rmse = np.mean(np.array(error)[twin_63["mask_average"].astype(bool)], axis=0)
    assert np.median(rmse) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("method", "members", "inflation", "name"),
    [
        ("stochastic", 40, 1.06, "EnKF PertObs N=40 infl=1.06"),
        ("denkf", 40, 1.01, "EnKF DEnKF N=40 infl=1.01"),
        ("ensrf", 28, 1.02, "EnKF Serial N=28 infl=1.02 rot"),
    ],
)
def test_lorenz_96_is_followed_as_well_as_dapper_does(shared, method, members, inflation, name):
    table = json.loads((shared / "reference" / "assimilation" / "dapper_L96_sakov2008_Ko1000_10seeds.json").read_text())
    published = np.median([run["rmse_a"] for run in table["results"][name]["runs"]])
    rng = np.random.default_rng(7)
    truth = rng.normal(0, 0.03, (SEEDS, 40, 1)) + (np.arange(40) == 0)[:, None]
    lorenz_96(truth, 1000, 0.05)
    E = truth + rng.normal(size=(SEEDS, 40, members))
    error = []
    for step in range(700):
        lorenz_96(truth, 1, 0.05)
        lorenz_96(E, 1, 0.05)
        y = truth[:, :, 0] + rng.normal(size=(SEEDS, 40))
        E = inflated(update(E, E, y, np.ones(40), method=method, step=step), inflation)
        error.append(np.sqrt(((E.mean(axis=2) - truth[:, :, 0]) ** 2).mean(axis=1)))
    # Its own truth and 500 cycles after the start: runs differ by 0.02, so a median of five by about 0.01.
    assert np.median(np.mean(error[200:], axis=0)) == pytest.approx(published, abs=0.02)
