"""Hours of the embedded world: days made of them are the daily drivers, and each hour is possible."""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_catalog.world import weather as w
from data_catalog.world.daily import open_weather
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.hours import HALF, PASSING
from data_catalog.world.static import open_static
from data_catalog.world.weather import draw_weather, make_tables, saturation
from models import kernel
from models.land.layout import FORCING
from models.variables import VARIABLES

CELLS = np.arange(3, 12715, 97)  # 132 of every latitude
T, Q, P, U, SW, LW, RAIN, MU = range(8)


@functools.cache
def hours():
    """A year of `CELLS`, (cell, day, hour, variable)."""
    return by_day(hourly_forcing("108km", CELLS))


def by_day(forcing, per_day=24):
    return forcing.reshape(-1, per_day, *forcing.shape[1:]).transpose(2, 0, 1, 3)


@functools.cache
def days(year=2015):
    """The daily weather of `CELLS` in float64, (cell, row, day)."""
    tables = make_tables(open_static("108km"), CELLS, year=year)
    out = np.zeros((CELLS.size, len(w.WEATHER), w.DAYS))
    room = np.zeros((2, w.DAYS), dtype=np.float32), np.zeros((2, 12))
    draw_weather(np.arange(CELLS.size), tables, *room, out)
    return out


def vapour_pressure(x):
    return x[..., Q] * x[..., P] / (0.622 + 0.378 * x[..., Q])


def test_mean_temperature_and_its_extremes_are_those_of_the_day():
    t = hours()[..., T]
    np.testing.assert_allclose(t.mean(axis=2), days()[:, w.T_AIR], rtol=0, atol=1e-9)
    np.testing.assert_allclose(t.min(axis=2), days()[:, w.TMIN], rtol=0, atol=1e-9)
    np.testing.assert_allclose(t.max(axis=2), days()[:, w.TMAX], rtol=0, atol=1e-9)


def test_sunlight_and_rain_are_those_of_the_day():
    np.testing.assert_allclose(hours()[..., SW].mean(axis=2), days()[:, w.SW_DOWN], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(3600 * hours()[..., RAIN].sum(axis=2), days()[:, w.PRECIP], rtol=1e-9, atol=1e-12)


def test_vapour_pressure_is_that_of_the_day_but_where_the_whole_day_is_saturated():
    difference = vapour_pressure(hours()).mean(axis=2) - days()[:, w.VAPOUR]
    damp = vapour_pressure(hours()) / saturation(hours()[..., T]) > 1 - 1e-9
    assert np.abs(difference[~damp.all(axis=2)]).max() < 1e-6
    # The day's saturation is that of a sine to second order, which an hour may fall short of by this much.
    assert np.abs(difference).max() < 2.0
    assert damp.all(axis=2).mean() < 0.005


def test_vapour_pressure_deficit_is_that_of_the_day_to_one_percent_of_saturation():
    deficit = (saturation(hours()[..., T]) - vapour_pressure(hours())).mean(axis=2)
    error = (deficit - days()[:, w.VPD]) / (days()[:, w.VPD] + days()[:, w.VAPOUR])
    assert np.quantile(np.abs(error), 0.97) < 0.01
    assert np.abs(error).max() < 0.05
    assert abs(error.mean()) < 0.005


def test_the_daily_drivers_of_the_carbon_page_are_means_of_the_hours():
    ds = open_weather("108km", CELLS[:20])
    x = hours()[:20]
    for name, k in (("t_air", T), ("sw_down", SW)):
        np.testing.assert_allclose(x[..., k].mean(axis=2), ds[name].values, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(x[..., T].min(axis=2), ds["tmin"].values, rtol=1e-6)
    np.testing.assert_allclose(86400 * x[..., RAIN].mean(axis=2), ds["precip"].values, rtol=1e-6, atol=1e-6)
    # Specific humidity is not quite linear in vapour pressure; days that are saturated throughout lose a little.
    np.testing.assert_allclose(x[..., Q].mean(axis=2), ds["q_air"].values, rtol=2e-3, atol=2e-6)


@pytest.mark.parametrize("name", FORCING)
def test_every_hour_is_possible(name):
    x = hours()[..., FORCING.index(name)]
    low, high = (VARIABLES[name].low, VARIABLES[name].high) if name in VARIABLES else (0.0, 1.0)
    assert np.isfinite(x).all()
    assert low <= x.min()
    assert x.max() <= high


def test_no_hour_is_more_than_saturated():
    humidity = vapour_pressure(hours()) / saturation(hours()[..., T])
    assert humidity.max() <= 1 + 1e-12
    assert humidity.min() > 0.0
    assert 0.05 < (humidity > 0.999).mean() < 0.35  # nights with dew or fog


def test_the_sun_shines_in_hours_that_see_it_and_in_no_other():
    x = hours()
    assert (x[..., SW][x[..., MU] == 0] == 0).all()
    lit_day = days()[:, w.SW_DOWN, :, None] > 0
    assert (x[..., SW][(x[..., MU] > 0) & lit_day] > 0).all()
    near_equator = np.abs(open_static("108km")["latitude"].values[CELLS]) < 5
    assert (x[near_equator][:, :, [0, 1, 2, 3, 4, 19, 20, 21, 22, 23], SW] == 0).all()
    assert (x[near_equator][:, :, 11, SW] > 0).all()


def test_the_sun_is_highest_at_noon_and_mornings_mirror_afternoons():
    x = hours()
    np.testing.assert_allclose(x[..., MU], x[..., ::-1, MU], atol=1e-9)
    np.testing.assert_allclose(x[..., SW], x[..., ::-1, SW], atol=1e-7)
    assert (x[..., MU].max(axis=2) == x[..., 11:13, MU].max(axis=2)).all()


def test_the_sun_is_as_high_as_astronomy_says():
    from models.land.solar import mean_cosine_zenith

    latitude = open_static("108km")["latitude"].values[CELLS]
    steps = np.arange(365 * 24)
    out = np.empty((steps.size, CELLS.size))
    mean_cosine_zenith(steps // 24 + 1.0, steps % 24 * 3600.0, 3600.0, latitude, np.zeros(CELLS.size), out)
    # Its clock knows the equation of time, a quarter of an hour at most; its samples miss part of sunrise.
    assert np.abs(by_day(out[..., None])[..., 0] - hours()[..., MU]).max() < 0.09


def test_no_hour_gets_more_than_the_top_of_the_air():
    x = hours()
    angle = 2 * np.pi * np.arange(1, 366) / 365
    flux = 1361.0 * (1 + 0.033 * np.cos(angle))[:, None]
    # The mean height is that of the sunlit part of an hour: hours that the sun sees whole.
    seen = (x[..., MU] > 0) & (np.roll(x[..., MU], 1, axis=2) > 0) & (np.roll(x[..., MU], -1, axis=2) > 0)
    passing = x[..., SW][seen] / np.broadcast_to(flux * x[..., MU], x[..., SW].shape)[seen]
    daily = days()[:, w.SW_DOWN] / np.maximum(w.top_of_air(open_static("108km")["latitude"].values[CELLS]), 1e-9)
    assert passing.max() <= max(PASSING, daily.max()) + 1e-6


def test_afternoons_are_warmest_and_sunrise_is_coldest():
    t = hours()[..., T]
    assert (t.argmax(axis=2) == 14).mean() > 0.85  # else a front passes at night
    assert np.isin(t.argmin(axis=2), range(2, 9)).mean() > 0.85


def test_midnight_is_no_step():
    t = hours()[..., T]
    across = (t[:, 1:, 0] - t[:, :-1, 23]).std()
    unlinked = (days()[:, w.T_AIR, 1:] - days()[:, w.T_AIR, :-1]).std()
    assert across < 0.5 * unlinked


def test_rain_falls_in_spells_of_hours():
    rain = hours()[..., RAIN] * 3600
    wet = rain > 0
    day_is_wet = wet.any(axis=2)
    hours_a_wet_day = wet.sum(axis=2)[day_is_wet]
    assert hours_a_wet_day.min() >= 1
    assert hours_a_wet_day.max() <= 20
    starts = (wet & ~np.roll(wet, 1, axis=2)).sum(axis=2)[day_is_wet & ~wet[..., 0]]
    assert starts.max() <= 2
    assert rain.max() < 100.0  # mm h-1


def test_warm_rain_is_short_and_in_the_afternoon_and_cool_rain_is_long():
    rain, t = hours()[..., RAIN], days()[:, w.T_AIR]
    amount = days()[:, w.PRECIP]
    middling = (amount > 5) & (amount < 20)
    warm, cool = middling & (t > 297), middling & (t < 283)
    length = (rain > 0).sum(axis=2)
    assert length[cool].mean() > 1.7 * length[warm].mean()
    afternoon = rain[..., 13:20].sum(axis=2) / np.maximum(rain.sum(axis=2), 1e-12)
    assert afternoon[warm].mean() > 0.55
    assert 0.2 < afternoon[cool].mean() < 0.4


def test_clouds_and_damp_air_send_longwave_radiation_down():
    x, clear = hours(), days()[:, w.CLEARNESS]
    emissivity = (x[..., LW] / (5.67e-8 * x[..., T] ** 4)).mean(axis=2)
    assert emissivity.max() < 1.05
    assert emissivity.min() > 0.45
    mild = np.abs(days()[:, w.T_AIR] - 285) < 3
    assert emissivity[mild & (clear < 0.3)].mean() > emissivity[mild & (clear > 0.9)].mean() + 0.1


def test_wind_rises_in_the_afternoon_and_keeps_its_mean():
    wind = hours()[..., U]
    assert wind[..., 14].mean() > 1.3 * wind[..., 2].mean()
    climate = open_static("108km")["wind"].values[CELLS].mean()
    assert wind.mean() == pytest.approx(climate, rel=0.02)
    daily = wind.mean(axis=2) / wind.mean(axis=(1, 2))[:, None]
    assert 0.25 < daily.std() < 0.5


def test_a_cell_has_the_same_hours_in_any_subset_and_window():
    some = np.array([100, 7, 55, 8])
    whole = hours()
    np.testing.assert_array_equal(by_day(hourly_forcing("108km", CELLS[some])), whole[some])
    part = hourly_forcing("108km", CELLS[some], 100, 130)
    np.testing.assert_array_equal(by_day(part), whole[some, 100:130])


def test_one_thread_makes_the_same_hours_as_two(monkeypatch):
    found = []
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            monkeypatch.setattr(kernel, "POOL", pool)
            monkeypatch.setattr(kernel, "THREADS", threads)
            found.append(hourly_forcing("108km", CELLS[:40], 20, 40))
    np.testing.assert_array_equal(*found)


def test_three_hours_are_means_of_hours():
    hour, three = hours()[:10, 150:170], by_day(hourly_forcing("108km", CELLS[:10], 150, 170, step_hours=3), 8)
    mean = hour.reshape(10, 20, 8, 3, 8).mean(axis=3)
    np.testing.assert_allclose(three[..., :MU], mean[..., :MU], rtol=1e-12, atol=1e-15)
    lit = hour[..., MU].reshape(10, 20, 8, 3)
    assert (three[..., MU] <= lit.max(axis=3) + 1e-12).all()
    assert ((three[..., MU] > 0) == (lit.max(axis=3) > 0)).all()


def test_half_hours_have_the_same_days():
    half = by_day(hourly_forcing("108km", CELLS, 10, 40, step_hours=0.5), 48)
    daily = days()[:, :, 10:40]
    np.testing.assert_allclose(half[..., T].mean(axis=2), daily[:, w.T_AIR], atol=1e-9, rtol=0)
    np.testing.assert_allclose(half[..., T].min(axis=2), daily[:, w.TMIN], atol=1e-9, rtol=0)
    np.testing.assert_allclose(half[..., SW].mean(axis=2), daily[:, w.SW_DOWN], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(1800 * half[..., RAIN].sum(axis=2), daily[:, w.PRECIP], rtol=1e-9, atol=1e-12)


def test_later_years_are_other_weather_of_the_same_climate():
    second = by_day(hourly_forcing("108km", CELLS, 365, 730))
    np.testing.assert_allclose(second[..., T].mean(axis=2), days(2016)[:, w.T_AIR], rtol=0, atol=1e-9)
    a, b = second[..., T].mean(axis=(1, 2)), hours()[..., T].mean(axis=(1, 2))
    np.testing.assert_allclose(a, b, atol=0.01)
    assert np.abs(second[..., T] - hours()[..., T]).mean() > 1.0


def test_a_window_across_the_turn_of_the_year_is_the_end_of_one_and_the_start_of_the_next():
    both = by_day(hourly_forcing("108km", CELLS[:5], 360, 370))
    np.testing.assert_array_equal(both[:, :5], hours()[:5, 360:])
    np.testing.assert_array_equal(both[:, 5:], by_day(hourly_forcing("108km", CELLS[:5], 365, 370)))


def test_another_seed_is_other_weather():
    other = by_day(hourly_forcing("108km", CELLS[:20], seed=2))
    assert np.abs(other[..., T] - hours()[:20, ..., T]).mean() > 1.0


def test_progress_ends_at_one_and_a_cancelled_call_stops():
    told = []
    hourly_forcing("108km", CELLS[:40], 360, 370, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    with pytest.raises(kernel.Cancelled):
        hourly_forcing("108km", CELLS[:40], 0, 5, cancelled=lambda: True)


def test_no_days_are_no_hours():
    assert hourly_forcing("108km", CELLS[:3], 5, 5).shape == (0, 3, 8)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"step_hours": 2}, ValueError, "step_hours = 2 is not accepted; give 0.5, 1, 3"),
        ({"first_day": -1}, ValueError, "Days -1 to 365 are not accepted"),
        ({"first_day": 9, "last_day": 8}, ValueError, "Days 9 to 8"),
        ({"cells": [12715]}, IndexError, "has the cells 0 to 12714"),
        ({"grid": "9km"}, ValueError, "no grid '9km'"),
        ({"seed": -1}, ValueError, "seed = -1"),
    ],
)
def test_what_cannot_be_made_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        hourly_forcing(**({"grid": "108km", "cells": [0]} | wrong))


def test_half_cosines_of_every_length_have_mean_one_half():
    for length in (7, 9, 12, 36):
        piece = HALF[length, : length + 1]
        assert piece[0] == 1.0
        assert piece[-1] == 0.0
        assert piece.mean() == pytest.approx(0.5)
