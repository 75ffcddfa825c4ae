"""The loops of the cycle: in place, over cells, with what the diagnostics need."""

import numba
import numpy as np
import pytest

from models.assimilation.enkf import update
from models.assimilation.enkf_kernels import DENKF, SQUARE_ROOT, STOCHASTIC, update_cells, update_pairs
from models.assimilation.perturbed_observations import observation_noise
from models.kernel import spread

slow = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="many draws take long uncompiled")

CELLS, STATES, MEMBERS = 40, 5, 24
ROWS = np.array([True, True, True, True, False])


class One:
    """One observation in each cell."""

    def __init__(self, variant=STOCHASTIC):
        rng = np.random.default_rng(1)
        self.E = rng.normal(0.25, 0.03, (CELLS, STATES, MEMBERS))
        self.HE = self.E[:, 0] + 0.1 * self.E[:, 1]
        self.y, self.r = rng.normal(0.27, 0.03, CELLS), rng.uniform(1e-4, 1e-3, CELLS)
        self.D = rng.normal(0, 0.02, (CELLS, MEMBERS)) * (variant == STOCHASTIC)
        self.used = rng.random(CELLS) < 0.6
        self.y[:3], self.used[:3] = np.nan, True
        self.variant, self.before = variant, self.E.copy()
        self.increment, self.gain = np.full((CELLS, STATES), 9.0), np.full((CELLS, STATES), 9.0)
        self.hph, self.innovation = np.empty(CELLS), np.empty(CELLS)

    def run(self, first=0, last=CELLS):
        update_cells(
            first, last, self.E, self.HE, self.y, self.r, self.D, ROWS, self.used, self.variant,
            self.increment, self.gain, self.hph, self.innovation,
        )  # fmt: skip
        return self


@pytest.mark.parametrize(("variant", "method"), [(STOCHASTIC, "stochastic"), (SQUARE_ROOT, "ensrf"), (DENKF, "denkf")])
def test_the_loop_is_the_public_update_where_it_is_used(variant, method):
    one = One(variant).run()
    touched = one.used & np.isfinite(one.y)
    assert 5 < touched.sum() < CELLS
    new = update(
        one.before[touched], one.HE[touched, None], one.y[touched, None], one.r[touched, None],
        one.D[touched, None] if method == "stochastic" else None, method=method, rows=ROWS,
    )  # fmt: skip
    np.testing.assert_allclose(one.E[touched], new, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(one.E[~touched], one.before[~touched])


@pytest.mark.parametrize("variant", [STOCHASTIC, SQUARE_ROOT, DENKF])
def test_increment_gain_and_innovation_are_those_of_the_ensemble(variant):
    one = One(variant).run()
    X = one.before - one.before.mean(axis=2, keepdims=True)
    Y = one.HE - one.HE.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(one.hph, (Y**2).sum(axis=1) / (MEMBERS - 1), rtol=1e-12)
    np.testing.assert_allclose(one.innovation, one.y - one.HE.mean(axis=1), rtol=0, atol=1e-15)
    K = (X * Y[:, None]).sum(axis=2) / (MEMBERS - 1) / (one.hph + one.r)[:, None] * ROWS
    np.testing.assert_allclose(one.gain, K, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(one.increment, (one.E - one.before).mean(axis=2), rtol=0, atol=1e-15)


def test_a_sensor_that_is_only_watched_gives_innovations_and_moves_nothing():
    one = One()
    one.used[:] = False
    one.run()
    np.testing.assert_array_equal(one.E, one.before)
    np.testing.assert_array_equal(one.increment, 0.0)
    assert np.isfinite(one.innovation[3:]).all()
    assert (one.hph > 0).all()
    assert (one.gain[:, 0] > 0).all()


def test_a_missing_observation_moves_nothing():
    one = One().run()
    assert np.isnan(one.innovation[:3]).all()
    np.testing.assert_array_equal(one.E[:3], one.before[:3])
    np.testing.assert_array_equal(one.increment[:3], 0.0)


@pytest.mark.parametrize("chunk", [1, 7, CELLS])
def test_any_split_over_threads_gives_the_same_bits(chunk):
    whole, split = One().run(), One()
    spread(split.run, CELLS, chunk=chunk)
    for name in ("E", "increment", "gain", "hph", "innovation"):
        np.testing.assert_array_equal(getattr(split, name), getattr(whole, name))


def pair(rng):
    E = rng.normal(0.25, 0.03, (CELLS, STATES, MEMBERS))
    HE = np.stack([E[:, 0], E[:, 4] + 0.2 * E[:, 1]], axis=1)
    y = rng.normal(0.27, 0.03, (CELLS, 2))
    R = np.broadcast_to([[4e-4, 1e-4], [1e-4, 9e-4]], (CELLS, 2, 2)).copy()
    return E, HE, y, R, rng.normal(0, 0.02, (CELLS, 2, MEMBERS))


def test_two_observations_of_which_one_may_be_missing():
    E, HE, y, R, D = pair(np.random.default_rng(2))
    used = np.ones((CELLS, 2), bool)
    used[:10, 1] = False
    used[10:15, 0] = False
    y[15:18, 0] = np.nan
    used[18:20] = False
    rows, before = np.ones((2, STATES), bool), E.copy()
    rows[0, 4] = False
    increment, gain = np.empty((CELLS, STATES)), np.empty((CELLS, STATES, 2))
    hph, innovation = np.empty((CELLS, 3)), np.empty((CELLS, 2))
    update_pairs(0, CELLS, E, HE, y, R, D, rows, used, increment, gain, hph, innovation)
    for c in range(CELLS):
        held = np.flatnonzero(used[c] & np.isfinite(y[c]))
        if not held.size:
            np.testing.assert_array_equal(E[c], before[c])
            continue
        expected = update(before[c], HE[c, held], y[c, held], R[c][np.ix_(held, held)], D[c, held], rows=rows[held])
        np.testing.assert_allclose(E[c], expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(increment, (E - before).mean(axis=2), rtol=0, atol=1e-15)
    covariance = np.array([np.cov(h) for h in HE])
    np.testing.assert_allclose(hph, covariance[:, [0, 0, 1], [0, 1, 1]], rtol=1e-10, atol=1e-18)
    assert (gain[:10, :, 1] == 0).all()


def noise(cells, members, lis=False, control=False, seed=1, stream=0, step=5):
    out = np.empty((len(cells), members))
    sd = np.full(len(cells), 0.02)
    observation_noise(0, len(cells), np.asarray(cells), seed, stream, step, sd, lis, control, out)
    return out


@slow
def test_noise_is_centred_and_has_the_standard_deviation_asked_for():
    drawn = noise(np.arange(5000), MEMBERS)
    np.testing.assert_allclose(drawn.mean(axis=1), 0.0, atol=1e-16)
    # The mean square of 5000 x 23 normals is known to 0.42 %; four of them.
    assert np.mean(drawn**2) == pytest.approx(4e-4, rel=0.017)
    assert np.abs(noise(np.arange(5000), MEMBERS, lis=True)).max() < 0.02 * 2.5 * 1.5


def test_the_control_member_sees_the_observation_as_it_is():
    for lis in (False, True):
        drawn = noise(np.arange(50), MEMBERS, lis=lis, control=True)
        np.testing.assert_array_equal(drawn[:, -1], 0.0)
        np.testing.assert_allclose(drawn[:, :-1].mean(axis=1), 0.0, atol=1e-16)


def test_noise_is_named_by_cell_sensor_and_step():
    whole = noise(np.arange(20), MEMBERS)
    np.testing.assert_array_equal(noise(np.arange(7, 12), MEMBERS), whole[7:12])
    for other in ({"seed": 2}, {"stream": 1}, {"step": 6}):
        assert abs(np.corrcoef(noise(np.arange(20), MEMBERS, **other).ravel(), whole.ravel())[0, 1]) < 0.2
