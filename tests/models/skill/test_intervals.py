"""Confidence intervals of all scores at once: they hold the truth as often as they say, and agree with those of R."""

import numpy as np
import pytest

from models.skill.intervals import score_intervals
from models.skill.scores import scores
from models.skill.significance import bootstrap_correlation


def a_pair(seed, n=600, memory=0.0, bias=0.5):
    """Draw an observed series and a simulated one whose residuals remember the day before."""
    rng = np.random.default_rng(seed)
    obs = 3.0 + 2.0 * np.sin(np.arange(n) / 58.0) + rng.normal(0, 0.5, n)
    noise = rng.normal(0, 0.8 * np.sqrt(1 - memory**2), n)
    error = np.empty(n)
    error[0] = rng.normal(0, 0.8)
    for t in range(1, n):
        error[t] = memory * error[t - 1] + noise[t]
    return obs + bias + error, obs


def test_an_interval_holds_the_score_and_rmse_is_made_of_its_parts():
    pairs = [a_pair(seed) for seed in range(6)]
    ends = score_intervals(pairs, block=20, draws=300)
    for k, pair in enumerate(pairs):
        exact = scores(*pair)
        for name in ("r", "rmse", "ubrmse", "bias"):
            assert getattr(ends.low, name)[k] < getattr(exact, name) < getattr(ends.high, name)[k]
        assert ends.low.n[k] == exact.n


def test_the_interval_of_the_bias_holds_the_truth_about_as_often_as_it_says():
    truth = 0.5
    ends = score_intervals([a_pair(seed, memory=0.7) for seed in range(200)], block=30, draws=300)
    held = np.mean((ends.low.bias < truth) & (truth < ends.high.bias))
    assert 0.85 < held < 0.99  # 95 %, a little less with blocks of finite length; +-0.03 by chance


def test_residuals_that_remember_make_wider_intervals_with_longer_blocks():
    pairs = [a_pair(seed, memory=0.9) for seed in range(10)]
    short, long = (score_intervals(pairs, block=block, draws=300) for block in (1, 40))
    width = [np.mean(ends.high.bias - ends.low.bias) for ends in (short, long)]
    assert width[1] > 2.0 * width[0]


def test_the_interval_of_r_is_that_of_the_other_bootstrap_up_to_chance():
    sim, obs = a_pair(3, n=900, memory=0.5)
    ends = score_intervals([(sim, obs)], block=20, draws=2000)
    other = bootstrap_correlation(sim, obs, block=20, draws=2000)
    np.testing.assert_allclose([ends.low.r[0], ends.high.r[0]], [other.low, other.high], atol=0.01)


def test_a_large_bias_costs_no_digits():
    sim, obs = a_pair(1)
    plain, lifted = (score_intervals([(sim + lift, obs + lift)], draws=50) for lift in (0.0, 1e6))
    np.testing.assert_allclose(lifted.low[:4], plain.low[:4], atol=1e-8)


def test_pairs_with_a_gap_are_left_out_and_too_few_give_none():
    sim, obs = a_pair(2)
    sim[::7] = np.nan
    ends = score_intervals([(sim, obs), (np.array([1.0, 2.0]), np.array([1.0, 2.5])), (np.zeros(0), np.zeros(0))])
    good = np.isfinite(sim)
    alone = score_intervals([(sim[good], obs[good])])
    assert ends.low.rmse[0] == alone.low.rmse[0]
    assert ends.low.n.tolist() == [good.sum(), 2, 0]
    assert np.isnan(ends.low.rmse[1:]).all()


def test_settings_and_series_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="shapes"):
        score_intervals([(np.zeros(3), np.zeros(4))])
    with pytest.raises(ValueError, match="block = 0"):
        score_intervals([(np.zeros(3), np.zeros(3))], block=0)
    assert score_intervals([]).low.n.size == 0
