"""Climatologies and anomalies: against pytesmo and against a sum written out."""

import numpy as np
import pytest

from models.skill.anomalies import (
    METHODS,
    anomalies,
    day_of_366,
    departures,
    moving_average,
    moving_climatology,
    window_climatology,
)


@pytest.fixture(scope="module")
def pytesmo(shared):
    return np.load(shared / "reference" / "assimilation" / "pytesmo_refs.npz")


@pytest.fixture
def gappy():
    rng = np.random.default_rng(1)
    time = np.arange("2015-01-01", "2018-03-05", dtype="datetime64[D]")
    values = rng.normal(290, 5, (time.size, 2, 3))
    values[rng.random(values.shape) < 0.5] = np.nan
    return time, values


def same(ours, theirs):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_climatologies_agree_with_pytesmo(pytesmo):
    same(moving_climatology(pytesmo["obs"], pytesmo["time"], axis=1), pytesmo["clim_default_5_35"])
    same(moving_climatology(pytesmo["obs"], pytesmo["time"], 1, 31, axis=1), pytesmo["clim_1_31"])


def test_anomalies_agree_with_pytesmo(pytesmo):
    same(anomalies(pytesmo["obs"], pytesmo["time"], "moving", axis=1), pytesmo["anom_clim_default"])
    same(anomalies(pytesmo["obs"], pytesmo["time"], "running", axis=1), pytesmo["anom_movavg35"])


def test_days_are_counted_as_in_a_leap_year():
    time = np.arange("2015-01-01", "2017-01-01", dtype="datetime64[D]")
    place = day_of_366(time)
    assert place[:365].tolist() == [d for d in range(366) if d != 59]
    assert place[365:].tolist() == list(range(366))


def test_the_window_holds_all_values_of_all_years_near_a_day(gappy):
    time, values = gappy
    mean, std, count = window_climatology(values, time, 31)
    place = day_of_366(time)
    for day in (0, 59, 200, 365):
        apart = np.abs(place - day)
        near = values[np.minimum(apart, 366 - apart) <= 15]
        np.testing.assert_array_equal(count[day], np.isfinite(near).sum(axis=0))
        np.testing.assert_allclose(mean[day], np.nanmean(near, axis=0), rtol=1e-14)
        np.testing.assert_allclose(std[day], np.nanstd(near, axis=0, ddof=1), rtol=1e-12)


def test_a_window_with_too_few_values_has_no_mean(gappy):
    time, values = gappy
    mean, _, count = window_climatology(values, time, 1, least=2)
    np.testing.assert_array_equal(np.isnan(mean), count < 2)


def test_a_moving_average_is_the_mean_of_what_is_near(gappy):
    time, values = gappy
    smooth = moving_average(values, time, 7)
    for t in (0, 2, 500, time.size - 1):
        near = values[max(t - 3, 0) : t + 4]
        for at in np.ndindex(2, 3):
            held = near[:, *at][np.isfinite(near[:, *at])]
            assert (
                smooth[t, *at] == pytest.approx(held.mean(), rel=1e-14, nan_ok=True)
                if held.size
                else np.isnan(smooth[t, *at])
            )


@pytest.mark.parametrize("method", METHODS)
def test_a_season_that_repeats_leaves_no_anomaly(method):
    time = np.arange("2013-01-01", "2021-01-01", dtype="datetime64[D]")
    season = 0.2 * np.sin(2 * np.pi * day_of_366(time) / 366)
    left = anomalies(season, time, method)[40:-40]
    # A sine averaged over 35 of 366 days loses 1.5 %, over 31 days 1.2 %; it jumps over 29 February by 0.4 %.
    assert np.abs(left).max() < 0.2 * 0.02


@pytest.mark.parametrize("method", METHODS)
def test_the_axis_of_time_may_be_any(gappy, method):
    time, values = gappy
    first = anomalies(values, time, method)
    last = anomalies(np.moveaxis(values, 0, -1), time, method, axis=-1)
    np.testing.assert_array_equal(np.moveaxis(last, -1, 0), first)


def test_departures_use_the_climatology_of_their_day():
    time = np.array(["2015-03-01", "2016-02-29"], "datetime64[D]")
    np.testing.assert_array_equal(departures(np.array([100.0, 100.0]), np.arange(366.0), time), [40.0, 41.0])


def test_bad_input_gets_one_clear_message(gappy):
    time, values = gappy
    with pytest.raises(ValueError, match="from 2015-01-05 to 2015-01-07: a moving average needs every day once"):
        moving_climatology(np.delete(values, 5, axis=0), np.delete(time, 5))
    with pytest.raises(ValueError, match="days = 30 d; an odd number of days"):
        moving_average(values, time, 30)
    with pytest.raises(ValueError, match=r"values has 1159 times along axis 0, time has 3"):
        window_climatology(values, time[:3])
    with pytest.raises(ValueError, match="method = 'wish' is not known"):
        anomalies(values, time, "wish")
