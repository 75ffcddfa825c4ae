"""Quality without a truth: against pytesmo, closed forms, and series whose errors are known."""

import json

import numba
import numpy as np
import pytest
from scipy.signal import lfilter

from models.skill.collocation import instrumental, ivd_of_covariances, triple_collocation

slow = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="long series take half a minute uncompiled")


@pytest.fixture(scope="module")
def pytesmo(shared):
    return np.load(shared / "reference" / "assimilation" / "pytesmo_refs.npz")


@pytest.fixture(scope="module")
def closed(shared):
    return json.loads((shared / "reference" / "assimilation" / "closed_form_ivd_tc.json").read_text())["ivd"]


def test_triple_collocation_agrees_with_pytesmo(pytesmo):
    ours = triple_collocation(pytesmo["model"], pytesmo["obs"], pytesmo["third"], axis=1)
    snr, error, beta = np.moveaxis(pytesmo["tc_snr_err_beta"], 1, 0)
    # pytesmo gives errors in the unit of the first series, and the signal-to-noise ratio in dB in place of R.
    np.testing.assert_allclose(ours.error_std.T, error / beta, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.r.T, 1 / np.sqrt(1 + 10 ** (-snr / 10)), rtol=0, atol=1e-12)
    assert ours.n[0] == 1649
    assert np.isnan(ours.r[:, 7]).all()


@slow
def test_triple_collocation_finds_the_errors():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200_000)
    series = [a * truth + rng.normal(0, s, truth.size) for a, s in ((1.0, 0.5), (0.7, 0.3), (1.3, 0.8))]
    found = triple_collocation(*series)
    # Standard errors of covariances of 200,000 pairs are about 0.3 %.
    np.testing.assert_allclose(found.error_std, [0.5, 0.3, 0.8], rtol=0.02)
    np.testing.assert_allclose(found.r, [a / np.hypot(a, s) for a, s in ((1, 0.5), (0.7, 0.3), (1.3, 0.8))], rtol=0.01)


def test_covariances_give_the_closed_form(closed):
    for case in closed:
        a, b, v, rho = case["alpha_x"], case["alpha_y"], case["var_truth"], case["lag1_truth"]
        r2_x, r2_y, s = ivd_of_covariances(
            a * a * v + case["var_ex"],
            b * b * v + case["var_ey"],
            a * b * v,
            a * a * v * rho + case["err_lag1_x"] * case["var_ex"],
            b * b * v * rho + case["err_lag1_y"] * case["var_ey"],
        )
        np.testing.assert_allclose([r2_x, r2_y, s], [case["R2x_ivd"], case["R2y_ivd"], case["s_ivd"]], rtol=1e-12)


@slow
def test_series_give_the_closed_form_within_sampling(closed):
    rng = np.random.default_rng(2)

    def memory(lag1, variance, n=100_000):
        return np.sqrt(variance) * lfilter([np.sqrt(1 - lag1**2)], [1, -lag1], rng.normal(size=n + 500))[500:]

    for case in closed:
        truth = memory(case["lag1_truth"], case["var_truth"])
        x = case["alpha_x"] * truth + memory(case["err_lag1_x"], case["var_ex"])
        y = case["alpha_y"] * truth + memory(case["err_lag1_y"], case["var_ey"])
        found = instrumental(x, y)
        # 100,000 steps that remember 40 of them: 1 % in variances of the truth.
        np.testing.assert_allclose([found.r2_x, found.r2_y], [case["R2x_ivd"], case["R2y_ivd"]], atol=0.03)


def test_gaps_leave_out_a_time_and_the_one_after():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 2)).cumsum(axis=0)
    y = x + rng.normal(size=x.shape)
    x[10, 0] = y[30, 0] = np.nan
    found = instrumental(x, y)
    assert found.n.tolist() == [55, 59]
    held = np.setdiff1d(np.arange(1, 60), [10, 11, 30, 31])

    def covariance(a, b):
        return np.cov(a, b)[0, 1]

    now, ago = (x[held, 0], y[held, 0]), (x[held - 1, 0], y[held - 1, 0])
    expected = ivd_of_covariances(
        np.var(now[0], ddof=1), np.var(now[1], ddof=1), covariance(*now), covariance(now[0], ago[0]),
        covariance(now[1], ago[1]),
    )  # fmt: skip
    np.testing.assert_allclose([found.r2_x[0], found.r2_y[0], found.scaling[0]], expected, rtol=1e-12)


def test_series_without_memory_have_no_instrument():
    x = np.tile([1.0, -1.0], 50)
    found = instrumental(x, x)
    assert np.isnan([found.r2_x, found.r2_y, found.scaling]).all()


def test_bad_input_gets_one_clear_message():
    with pytest.raises(ValueError, match=r"The series have shapes \(5,\), \(4,\), \(5,\)"):
        triple_collocation(np.ones(5), np.ones(4), np.ones(5))
    with pytest.raises(ValueError, match="lag = 0; a whole number of steps from 1 on"):
        instrumental(np.ones(5), np.ones(5), lag=0)
