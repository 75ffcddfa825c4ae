"""Observations brought to the model's climatology: against pytesmo, and against what must hold."""

import numpy as np
import pytest

from models.assimilation.rescale import RESCALINGS, fit_cdf, fit_rescaling, fit_seasonal
from models.skill.anomalies import day_of_366

ALL = {"min_pairs": 1, "min_iqr": 0.0}


@pytest.fixture(scope="module")
def pytesmo(shared):
    return np.load(shared / "reference" / "assimilation" / "pytesmo_refs.npz")


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(1)
    time = np.arange("2015-01-01", "2020-01-01", dtype="datetime64[D]")
    season = 0.06 * np.cos(2 * np.pi * np.arange(time.size) / 365.25)[:, None]
    model = 0.25 + season + rng.normal(0, 0.03, (time.size, 6))
    observed = 0.05 + 0.5 * model + rng.normal(0, 0.01, model.shape)
    observed[rng.random(observed.shape) < 0.4] = np.nan
    return time, observed, model


def same(ours, theirs):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_monthly_cdf_matching_agrees_with_pytesmo(pytesmo):
    observed, model, time = pytesmo["obs"].T, pytesmo["model"].T, pytesmo["time"]
    fit = fit_cdf(observed, model, time, **ALL)
    same(fit.predict(observed, time).T, pytesmo["cdf_monthly_nb100_min20_edge"])
    same(np.moveaxis(fit.knots_x, 1, 0), pytesmo["cdf_monthly_xperc"])
    same(np.moveaxis(fit.knots_y, 1, 0), pytesmo["cdf_monthly_yperc"])


@pytest.mark.parametrize(
    ("settings", "name"),
    [({}, "cdf_whole_nb100_min20_edge"), ({"least": 0, "edges": False}, "cdf_whole_nb100_noedge_noresize")],
)
def test_one_cdf_for_all_times_agrees_with_pytesmo(pytesmo, settings, name):
    observed, model, time = pytesmo["obs"].T, pytesmo["model"].T, pytesmo["time"]
    same(fit_cdf(observed, model, time, by="all", **settings, **ALL).predict(observed, time).T, pytesmo[name])


def test_the_number_of_bins_is_shown(pytesmo):
    fit = fit_cdf(pytesmo["obs"].T, pytesmo["model"].T, pytesmo["time"])
    used = fit.pairs > 0
    np.testing.assert_array_equal(fit.bins[used], np.maximum(fit.pairs[used] // 20, 1))
    assert fit.bins[0, 0] == 7  # 147 pairs in seven Januaries


def test_thin_and_peaked_months_are_masked(series):
    time, observed, model = series
    observed = observed.copy()
    january = time.astype("datetime64[M]").astype(int) % 12 == 0
    observed[np.flatnonzero(january)[20:], 0] = np.nan
    observed[january, 1] = np.where(np.arange(january.sum()) % 10 == 0, 0.4, 0.2)[:, None][:, 0]
    fit = fit_cdf(observed, model, time)
    assert not fit.usable[0, 0]
    assert not fit.usable[0, 1]
    assert fit.usable[1:, :].all()
    predicted = fit.predict(observed, time)
    assert np.isnan(predicted[january][:, :2]).all()
    np.testing.assert_array_equal(np.isnan(predicted[~january]), np.isnan(observed[~january]))


def test_neighbouring_months_can_be_pooled(series):
    time, observed, model = series
    alone, pooled = fit_cdf(observed, model, time), fit_cdf(observed, model, time, pool=1)
    np.testing.assert_array_equal(pooled.pairs, alone.pairs + np.roll(alone.pairs, 1, 0) + np.roll(alone.pairs, -1, 0))
    whole = fit_cdf(observed, model, time, pool=6)
    every_month = fit_cdf(observed, model, time, by="all")
    np.testing.assert_array_equal(whole.knots_x, np.broadcast_to(every_month.knots_x, whole.knots_x.shape))


@pytest.mark.parametrize("name", sorted(set(RESCALINGS) - {"none"}))
def test_rescaling_takes_the_bias_away(series, name):
    time, observed, model = series
    moved = fit_rescaling(name, observed, model, time).predict(observed, time)
    there = np.isfinite(moved)
    assert there.sum() == np.isfinite(observed).sum()
    assert np.abs(np.nanmean(observed - model, axis=0)).min() > 0.05
    gap = [moved[there[:, c], c].mean() - model[there[:, c], c].mean() for c in range(6)]
    assert np.abs(gap).max() < 1e-3


def test_the_seasonal_rescaling_has_the_spread_of_the_model_and_scales_the_error(series):
    time, observed, model = series
    fit = fit_rescaling("seasonal", observed, model, time)
    factor = fit.error_factor(time)
    assert factor.shape == observed.shape
    apart = np.abs(day_of_366(time) - day_of_366(time)[200])
    near = np.minimum(apart, 366 - apart) <= 45
    paired = np.where(np.isfinite(observed), model, np.nan)[near]
    expected = np.nanstd(paired, axis=0, ddof=1) / np.nanstd(observed[near], axis=0, ddof=1)
    np.testing.assert_allclose(factor[200], expected, rtol=1e-12)
    np.testing.assert_array_equal(fit_rescaling("mean", observed, model, time).error_factor(time), 1.0)
    day, place = 200, day_of_366(time)[200]
    by_hand = fit.mean_sim[place] + factor[day] * (observed[day] - fit.mean_obs[place])
    np.testing.assert_allclose(fit.predict(observed, time)[day], by_hand, equal_nan=True)


def test_a_fit_serves_other_days_and_one_series_alone(series):
    time, observed, model = series
    for name in RESCALINGS:
        whole = fit_rescaling(name, observed, model, time)
        alone = fit_rescaling(name, observed[:, 2], model[:, 2], time)
        np.testing.assert_array_equal(alone.predict(observed[:, 2], time), whole.predict(observed, time)[:, 2])
        np.testing.assert_array_equal(whole.predict(observed[50:60], time[50:60]), whole.predict(observed, time)[50:60])


def test_observations_as_they_are():
    y, time = np.array([1.0, np.nan]), np.array(["2015-01-01", "2015-01-02"], "datetime64[D]")
    np.testing.assert_array_equal(fit_rescaling("none", y, y, time).predict(y, time), y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t, o, m: fit_rescaling("wish", o, m, t), "rescaling 'wish' is not known; choose one of none, cdf"),
        (lambda t, o, m: fit_cdf(o, m[:, :2], t), r"simulated \(1826, 2\); give the open loop"),
        (lambda t, o, m: fit_cdf(o, m, t[:5]), r"observed has shape \(1826, 6\), time has 5"),
        (lambda t, o, m: fit_cdf(o, m, t, by="week"), "by = 'week' is not known"),
        (lambda t, o, m: fit_cdf(o, m, t, bins=0), "bins = 0"),
        (lambda t, o, m: fit_seasonal(o, m, t, smooth=True), "set scale = False"),
        (lambda t, o, m: fit_seasonal(o, m, t, days=30), "days = 30 d; an odd number"),
        (lambda t, o, m: fit_cdf(o, m, t).predict(o[:, :3], t), r"observed has cells of shape \(3,\), the fit \(6,\)"),
    ],
)
def test_bad_settings_get_one_clear_message(series, call, message):
    with pytest.raises(ValueError, match=message):
        call(*series)
