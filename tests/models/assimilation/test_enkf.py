"""One analysis: against another program, against the Kalman filter in closed form, and against itself."""

import json

import numba
import numpy as np
import pytest

from models.assimilation.enkf import METHODS, perturbations, update

slow = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="many draws take long uncompiled")

STORED = {"PertObs": "stochastic", "ETKF": "etkf", "DEnKF": "denkf", "EnSRF_serial": "ensrf"}


@pytest.fixture(scope="module")
def stored(shared):
    return np.load(shared / "reference" / "assimilation" / "single_updates.npz")


@pytest.fixture(scope="module")
def closed(shared):
    return json.loads((shared / "reference" / "assimilation" / "closed_form_kf.json").read_text())


def ensemble_with(mean, covariance, members, rng):
    """An ensemble whose sample mean and covariance are exactly these."""
    z = rng.normal(size=(len(mean), members))
    z -= z.mean(axis=1, keepdims=True)
    z = np.linalg.solve(np.linalg.cholesky(np.cov(z)), z)
    return np.asarray(mean)[:, None] + np.linalg.cholesky(covariance) @ z


def noise_with(R, E, rng):
    """Perturbations of mean 0, covariance exactly R and none with the ensemble."""
    rows = len(E) + len(R)
    z = rng.normal(size=(len(R), E.shape[1]))
    base = np.vstack([E - E.mean(axis=1, keepdims=True), np.ones(E.shape[1])])
    z -= z @ np.linalg.pinv(base) @ base
    assert E.shape[1] > rows
    return np.linalg.cholesky(R) @ np.linalg.solve(np.linalg.cholesky(np.cov(z).reshape(len(R), len(R))), z)


def case(rng, states=5, obs=1, members=24, cells=None):
    lead = () if cells is None else (cells,)
    E = rng.normal(0.25, 0.03, (*lead, states, members))
    H = rng.normal(size=(obs, states))
    root = rng.normal(size=(obs, obs)) * 0.02
    R = root @ root.T + 1e-4 * np.eye(obs)
    y = rng.normal(0.25, 0.05, (*lead, obs))
    return E, H @ E, y, R, rng.normal(0, 0.02, (*lead, obs, members))


@pytest.mark.parametrize(("name", "method"), STORED.items())
def test_single_updates_agree_with_dapper(stored, name, method):
    numbers = sorted({key.split("_")[0] for key in stored.files if key.startswith("c")})
    assert len(numbers) == 18
    for number in numbers:
        E, H, R, y, D = (stored[f"{number}_{letter}"] for letter in "EHRyD")
        D = D.T if method == "stochastic" else None
        new = update(E.T, H @ E.T, y, R, D, method=method)
        np.testing.assert_allclose(new, stored[f"{number}_{name}"].T, rtol=0, atol=1e-10)


@pytest.mark.parametrize("obs", [1, 2, 3, 7])
def test_correlated_errors_follow_the_formula(obs):
    E, HE, y, R, D = case(np.random.default_rng(obs), obs=obs)
    X, Y = E - E.mean(1, keepdims=True), HE - HE.mean(1, keepdims=True)
    K = X @ Y.T @ np.linalg.inv(Y @ Y.T + 23 * R)
    np.testing.assert_allclose(update(E, HE, y, R, D), E + K @ (y[:, None] + D - HE), rtol=0, atol=1e-12)


def kalman_cases(closed):
    return {name: {k: np.array(v) for k, v in kf.items()} for name, kf in closed["kf_cases"].items()}


@pytest.mark.parametrize("method", ["stochastic", "etkf", "ensrf"])
def test_an_ensemble_with_the_prior_moments_gets_the_closed_posterior(closed, method):
    rng = np.random.default_rng(4)
    for kf in kalman_cases(closed).values():
        E = ensemble_with(kf["prior_mean"], kf["B"], 40, rng)
        D = noise_with(kf["R"], E, rng) if method == "stochastic" else None
        new = update(E, kf["H"] @ E, kf["y"], kf["R"], D, method=method)
        np.testing.assert_allclose(new.mean(axis=1), kf["posterior_mean"], rtol=0, atol=1e-10)
        np.testing.assert_allclose(np.cov(new), kf["posterior_cov"], rtol=0, atol=1e-10)


def test_denkf_gets_the_mean_and_a_little_more_spread(closed):
    rng = np.random.default_rng(4)
    for kf in kalman_cases(closed).values():
        E = ensemble_with(kf["prior_mean"], kf["B"], 40, rng)
        new = update(E, kf["H"] @ E, kf["y"], kf["R"], method="denkf")
        np.testing.assert_allclose(new.mean(axis=1), kf["posterior_mean"], rtol=0, atol=1e-10)
        # (I - KH/2) B (I - KH/2)' = posterior + KHBH'K'/4 (Sakov and Oke 2008, Eq. 13).
        KH = kf["K"] @ kf["H"]
        wider = kf["posterior_cov"] + KH @ kf["B"] @ KH.T / 4
        np.testing.assert_allclose(np.cov(new), wider, rtol=0, atol=1e-10)


@slow
def test_the_sampling_error_falls_with_the_root_of_the_members(closed):
    kf = kalman_cases(closed)["B_4layer_SSM_realistic"]
    root = np.linalg.cholesky(kf["B"])
    rng = np.random.default_rng(2)
    members = np.array([64, 256, 1024, 4096])
    error = []
    for n in members:
        E = kf["prior_mean"][:, None] + root @ rng.normal(size=(100, 4, n))
        new = update(E, E[:, :1], np.full((100, 1), kf["y"][0]), kf["R"], seed=int(n))
        error.append(np.sqrt(((new.mean(axis=2) - kf["posterior_mean"]) ** 2).mean()))
    slope = np.polyfit(np.log(members), np.log(error), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.06)  # 100 repeats leave 5 % on each of four points


def test_scalar_square_root_filters_are_one():
    E, HE, y, R, _ = case(np.random.default_rng(1))
    np.testing.assert_allclose(update(E, HE, y, R, method="etkf"), update(E, HE, y, R, method="ensrf"), atol=1e-14)


@pytest.mark.parametrize("obs", [1, 2, 4])
@pytest.mark.parametrize("method", METHODS)
def test_many_cells_at_once_are_one_after_another(obs, method):
    E, HE, y, R, D = case(np.random.default_rng(3), obs=obs, cells=17)
    D = D if method == "stochastic" else None
    whole = update(E, HE, y, R, D, method=method)
    for c in range(17):
        alone = update(E[c], HE[c], y[c], R, None if D is None else D[c], method=method)
        np.testing.assert_allclose(whole[c], alone, rtol=0, atol=1e-14)


@pytest.mark.parametrize("obs", [1, 2, 4])
@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_members_does_not_matter(obs, method):
    rng = np.random.default_rng(5)
    E, HE, y, R, D = case(rng, obs=obs)
    D = D if method == "stochastic" else None
    order = rng.permutation(E.shape[1])
    shuffled = update(E[:, order], HE[:, order], y, R, None if D is None else D[:, order], method=method)
    np.testing.assert_allclose(shuffled, update(E, HE, y, R, D, method=method)[:, order], rtol=0, atol=1e-13)


@pytest.mark.parametrize("obs", [1, 2, 4])
def test_variances_alone_are_a_diagonal_matrix(obs):
    rng = np.random.default_rng(6)
    E, HE, y, _, D = case(rng, obs=obs, cells=3)
    r = rng.uniform(1e-4, 1e-3, (3, obs))
    R = r[:, :, None] * np.eye(obs)
    full = update(E, HE, y, R, D)
    np.testing.assert_array_equal(update(E, HE, y, r, D), full)
    np.testing.assert_array_equal(update(E[0], HE[0], y[0], r[0], D[0]), full[0])
    np.testing.assert_array_equal(update(E, HE, y, r[0], D), update(E, HE, y, R[0], D))


@pytest.mark.parametrize("obs", [1, 2, 4])
@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_not_updated_stay(obs, method):
    E, HE, y, R, D = case(np.random.default_rng(7), obs=obs)
    rows = np.array([True, False, True, True, False])
    D = D if method == "stochastic" else None
    all_rows = update(E, HE, y, R, D, method=method)
    some = update(E, HE, y, R, D, method=method, rows=rows)
    np.testing.assert_array_equal(some[~rows], E[~rows])
    np.testing.assert_allclose(some[rows], all_rows[rows], rtol=0, atol=1e-15)


@pytest.mark.parametrize("obs", [2, 4])
def test_each_observation_may_have_rows_of_its_own(obs):
    E, HE, y, R, D = case(np.random.default_rng(8), obs=obs)
    rows = np.zeros((obs, 5), bool)
    rows[0, :4] = rows[1:, 4] = True
    X, Y = E - E.mean(1, keepdims=True), HE - HE.mean(1, keepdims=True)
    K = np.where(rows.T, X @ Y.T @ np.linalg.inv(Y @ Y.T + 23 * R), 0.0)
    np.testing.assert_allclose(update(E, HE, y, R, D, rows=rows), E + K @ (y[:, None] + D - HE), rtol=0, atol=1e-12)


def test_the_forecast_is_not_changed():
    E, HE, y, R, D = case(np.random.default_rng(9))
    before = E.copy()
    for method in METHODS:
        update(E, HE, y, R, D if method == "stochastic" else None, method=method)
    np.testing.assert_array_equal(E, before)


def test_a_state_without_spread_does_not_move():
    E, HE, y, R, D = case(np.random.default_rng(10))
    E[2] = 300.0
    np.testing.assert_array_equal(update(E, HE, y, R, D)[2], 300.0)


@slow
def test_draws_have_mean_0_and_squares_of_r():
    R = np.array([[4.0, 1.5], [1.5, 1.0]])
    D = perturbations(np.broadcast_to(R, (4000, 2, 2)), 24, seed=3)
    np.testing.assert_allclose(D.mean(axis=2), 0.0, atol=1e-14)
    # The mean square of 4000 x 23 normals has a standard error of 0.5 %; five of them.
    np.testing.assert_allclose(np.mean([d @ d.T / 24 for d in D], axis=0), R, atol=0.025 * 4)
    lis = perturbations(np.broadcast_to(R, (4000, 2, 2)), 24, seed=3, convention="lis")
    # Centring loses (N - 1) / N of the variance about zero, clipping at 2.5 sd another 2.2 %.
    assert (lis[:, 0] ** 2).mean() / 4.0 == pytest.approx(23 / 24 * 0.98872**2, abs=0.02)


def test_draws_are_named_by_seed_step_and_cell():
    E, HE, y, R, _ = case(np.random.default_rng(11), obs=2, cells=5)
    whole = update(E, HE, y, R, seed=4, step=9)
    np.testing.assert_array_equal(whole, update(E, HE, y, R, seed=4, step=9))
    part = update(E[3:], HE[3:], y[3:], R, seed=4, step=9, cells=[3, 4])
    np.testing.assert_allclose(part, whole[3:], rtol=0, atol=1e-15)
    assert not np.array_equal(whole, update(E, HE, y, R, seed=5, step=9))
    assert not np.array_equal(whole, update(E, HE, y, R, seed=4, step=10))


def broken(**changes):
    E, HE, y, R, D = case(np.random.default_rng(12), obs=2)
    given = {"E": E, "HE": HE, "y": y, "R": R, "D": D} | changes
    return [given.pop(name) for name in ("E", "HE", "y", "R", "D")], given


NAN = np.full((5, 24), np.nan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"E": np.ones((5, 1)), "HE": np.ones((2, 1))}, "E has 1 member.s.; an ensemble needs at least 2"),
        ({"E": np.ones(5)}, r"E has shape \(5,\)"),
        ({"E": NAN}, r"E holds 120 value.s. that are NaN or infinite, the first at \(0, 0\)"),
        ({"HE": np.ones((2, 23))}, r"HE has shape \(2, 23\).*HE of shape \(obs, 24\)"),
        ({"y": np.ones(3)}, r"y has shape \(3,\)"),
        ({"y": np.array([0.2, np.nan])}, r"y holds 1 value.s. that are NaN or infinite, the first at \(1,\)"),
        ({"R": np.eye(3)}, r"R has shape \(3, 3\)"),
        ({"R": np.diag([1.0, -1.0])}, "R is not positive definite .its smallest eigenvalue is -1"),
        ({"R": np.array([[1.0, 0.5], [0.2, 1.0]])}, "R is not symmetric"),
        ({"R": np.zeros(2)}, "R is not positive definite"),
        ({"D": np.ones((2, 3))}, r"D has shape \(2, 3\)"),
        ({"method": "kalman"}, "method = 'kalman' is not known; choose one of stochastic"),
        ({"method": "etkf"}, "D is given, but method = 'etkf' perturbs no observation"),
        ({"D": None, "convention": "mine"}, "convention = 'mine' is not known"),
        ({"rows": np.ones(4, bool)}, r"rows has shape \(4,\)"),
        ({"rows": np.ones(5)}, "type float64; a bool array"),
    ],
)
def test_bad_input_gets_one_clear_message(changes, message):
    args, settings = broken(**changes)
    with pytest.raises(ValueError, match=message):
        update(*args, **settings)
