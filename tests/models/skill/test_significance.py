"""Chance or not: against scipy, against theory, and the same draws whatever the order."""

import numba
import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from models.skill.scores import correlation
from models.skill.significance import bootstrap_correlation, bootstrap_gain, wilcoxon_over_sites

slow = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="thousands of resampled series take minutes uncompiled")


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(400, 30))
    better, worse = truth + 0.8 * rng.normal(size=truth.shape), truth + 1.2 * rng.normal(size=truth.shape)
    truth[rng.random(truth.shape) < 0.1] = np.nan
    worse[rng.random(truth.shape) < 0.1] = np.nan
    return better, worse, truth


def test_wilcoxon_is_that_of_scipy_over_sites_that_have_both():
    rng = np.random.default_rng(2)
    before = rng.uniform(0.3, 0.8, 50)
    after = before + rng.normal(0.02, 0.03, 50)
    after[3] = before[7] = np.nan
    found = wilcoxon_over_sites(after, before)
    held = np.isfinite(after) & np.isfinite(before)
    assert found.p_value == stats.wilcoxon(after[held], before[held]).pvalue
    assert found.n == 48
    assert found.median == pytest.approx(np.median((after - before)[held]))
    assert found.share_better == pytest.approx((after[held] > before[held]).mean())


def test_sites_that_do_not_change_prove_nothing():
    assert np.isnan(wilcoxon_over_sites(np.ones(4), np.ones(4)).p_value)


def test_the_value_is_the_correlation_of_days_that_all_have(runs):
    better, worse, truth = runs
    held = np.where(np.isfinite(better + worse), truth, np.nan)
    gain = bootstrap_gain(better, worse, truth, draws=10)
    np.testing.assert_allclose(gain.value, correlation(better, held) - correlation(worse, held), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(gain.n, np.isfinite(held).sum(axis=0))


@slow
def test_days_without_memory_give_the_interval_of_fisher():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1000, 40))
    y = 0.6 * x + 0.8 * rng.normal(size=x.shape)
    found = bootstrap_correlation(x, y, block=1, draws=1000)
    width = np.tanh(np.arctanh(found.value) + 1.96 / np.sqrt(997)) - np.tanh(
        np.arctanh(found.value) - 1.96 / np.sqrt(997)
    )
    # A percentile of 1000 draws is known to 4 %; over 40 series to 1 %.
    assert np.mean((found.high - found.low) / width) == pytest.approx(1.0, abs=0.04)


@slow
def test_blocks_see_the_memory_that_single_days_do_not():
    rng = np.random.default_rng(4)
    x, y = (lfilter([1], [1, -0.9], rng.normal(size=(1500, 20)), axis=0) for _ in range(2))
    days = bootstrap_correlation(x, y, block=1, draws=400)
    blocks = bootstrap_correlation(x, y, block=40, draws=400)
    # Two series of lag-1 0.9 have (1 + 0.81) / (1 - 0.81) = 9.5 times fewer independent days.
    ratio = np.mean((blocks.high - blocks.low) / (days.high - days.low))
    assert ratio == pytest.approx(np.sqrt(9.5), rel=0.2)


@slow
def test_a_real_gain_is_found_and_none_is_not(runs):
    better, worse, truth = runs
    gain = bootstrap_gain(better, worse, truth)
    assert (gain.low > 0).mean() > 0.8
    assert gain.p_value[gain.low > 0].max() < 0.06
    same = bootstrap_gain(better, better, truth)
    np.testing.assert_array_equal(same.value, 0.0)
    np.testing.assert_array_equal(same.p_value, 1.0)


def test_equal_seeds_give_equal_draws_and_no_series_depends_on_another(runs):
    better, worse, truth = runs
    whole = bootstrap_gain(better, worse, truth, draws=20)
    part = bootstrap_gain(better[:, :7], worse[:, :7], truth[:, :7], draws=20)
    np.testing.assert_array_equal(part.low, whole.low[:7])
    assert not np.array_equal(bootstrap_gain(better, worse, truth, draws=20, seed=2).low, whole.low)


def test_a_series_with_too_few_days_has_no_interval(runs):
    better, worse, truth = (r.copy() for r in runs)
    truth[2:, 0] = np.nan
    gain = bootstrap_gain(better, worse, truth, draws=20)
    assert np.isnan([gain.value[0], gain.low[0], gain.high[0], gain.p_value[0]]).all()
    assert np.isfinite(gain.low[1:]).all()


def test_bad_settings_get_one_clear_message(runs):
    with pytest.raises(ValueError, match="block = 0"):
        bootstrap_gain(*runs, block=0)
    with pytest.raises(ValueError, match="one shape is accepted"):
        bootstrap_gain(runs[0][:5], *runs[1:])
    with pytest.raises(ValueError, match="No site has a skill in both runs"):
        wilcoxon_over_sites([np.nan, 1.0], [1.0, np.nan])
    with pytest.raises(ValueError, match=r"after has shape \(2,\), before \(3,\)"):
        wilcoxon_over_sites([1.0, 2.0], [1.0, 2.0, 3.0])
