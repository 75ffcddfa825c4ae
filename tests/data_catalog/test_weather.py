from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_catalog.world import weather as w
from data_catalog.world.weather import MONTH_DAYS, MONTH_START, make_tables
from models import kernel
from models.variables import VARIABLES
from tests.data_catalog.worlds import drawn, monthly, part_of, sample

ROWS = {"t_air": w.T_AIR, "tmin": w.TMIN, "tmax": w.TMAX, "precip": w.PRECIP, "sw_down": w.SW_DOWN, "vpd": w.VPD}


def anomalies(x):
    return x - np.repeat(monthly(x), MONTH_DAYS, axis=1)


def test_monthly_temperature_is_that_of_the_climate():
    bias = monthly(sample()[:, w.T_AIR]) - part_of()["t_air"].values
    # Exact by construction; the climate is stored in float32.
    assert np.abs(bias).max() < 1e-3


def test_monthly_rain_is_that_of_the_climate():
    rain, climate = monthly(sample()[:, w.PRECIP]), part_of()["precip"].values
    np.testing.assert_allclose(rain, climate, rtol=1e-5, atol=1e-6)


def test_monthly_radiation_and_humidity_are_those_of_the_climate():
    weather, static = sample(), part_of()
    sun, vapour = monthly(weather[:, w.SW_DOWN]), monthly(weather[:, w.VAPOUR])
    assert np.abs(sun - static["sw_down"].values).mean() < 0.005 * static["sw_down"].values.mean()
    # Humid months lose what would exceed saturation.
    assert np.abs(vapour - static["vapour_pressure"].values).mean() < 0.01 * static["vapour_pressure"].values.mean()


def test_monthly_tmin_lies_half_a_range_below_the_mean():
    weather, static = sample(), part_of()
    below = monthly(weather[:, w.T_AIR] - weather[:, w.TMIN])
    assert np.abs(2 * below - static["t_range"].values).mean() < 0.5


def test_temperature_varies_from_day_to_day_as_the_climate_says():
    found = np.sqrt(monthly(anomalies(sample()[:, w.T_AIR]) ** 2))
    # A month of an autoregression varies less about its own mean than about the climate's, which is made up for.
    assert found.mean() == pytest.approx(float(part_of()["t_anomaly_std"].mean()), rel=0.05)


def test_temperature_remembers_the_day_before():
    x = anomalies(sample()[:300, w.T_AIR])
    correlation = (x[:, 1:] * x[:, :-1]).mean() / (x**2).mean()
    assert 0.6 < correlation < 0.8


def test_rain_comes_in_spells():
    wet = sample()[:, w.PRECIP] > 0
    frequency = wet.mean(axis=1)
    after_wet = (wet[:, 1:] & wet[:, :-1]).sum(axis=1) / np.maximum(1, wet[:, :-1].sum(axis=1))
    usual = (frequency > 0.1) & (frequency < 0.8)
    assert usual.sum() > 300
    assert (after_wet[usual] > frequency[usual]).mean() > 0.97
    assert after_wet[usual].mean() > 1.5 * frequency[usual].mean()


def test_days_with_a_millimetre_of_rain_are_as_many_as_the_climate_says():
    days = (sample()[:, w.PRECIP] >= 1.0).sum(axis=1)
    expected = part_of()["wet_days"].values.sum(axis=1)
    assert days.mean() == pytest.approx(expected.mean(), rel=0.1)
    assert np.corrcoef(days, expected)[0, 1] > 0.95


def test_rain_dims_the_sun_and_moistens_the_air():
    weather = sample()
    wet = weather[:, w.PRECIP] > 1.0
    lit = weather[:, w.SW_DOWN] > 50.0
    share = weather[:, w.CLEARNESS]
    assert share[wet & lit].mean() < 0.75 * share[~wet & lit].mean()
    dry = anomalies(weather[:, w.VPD])
    assert dry[wet].mean() < -20.0


def test_no_day_is_much_brighter_than_a_clear_sky():
    static, sun = part_of(), sample()[:, w.SW_DOWN]
    latitude, row = np.unique(static["latitude"].values.astype(float), return_inverse=True)
    orbit = w.top_of_air(latitude)[row]
    lit = monthly(orbit) > 5.0
    clear = np.where(lit, static["sw_clear"].values / np.maximum(monthly(orbit), 5.0), 0.0)
    brightest = np.repeat(np.maximum(clear, 0.05), MONTH_DAYS, axis=1) * orbit
    # 3 %: within a month the clear sky itself varies.
    assert (sun <= 1.031 * brightest + 1e-9)[np.repeat(lit, MONTH_DAYS, axis=1)].all()
    assert (sun <= orbit).all()


@pytest.mark.parametrize("name", ROWS)
def test_weather_stays_within_what_is_possible(name):
    x = sample()[:, ROWS[name]]
    assert VARIABLES[name].low <= x.min()
    assert x.max() <= VARIABLES[name].high


def test_tmin_is_below_the_mean_and_tmax_above():
    weather = sample()
    assert (weather[:, w.TMIN] < weather[:, w.T_AIR]).all()
    assert (weather[:, w.TMAX] > weather[:, w.T_AIR]).all()


def test_neighbours_share_their_weather_and_far_cells_do_not():
    static = part_of("36km", box=(0.0, 42.0, 40.0, 58.0))
    x = anomalies(drawn(static)[:, w.T_AIR])
    x /= x.std(axis=1, keepdims=True)
    row, column = static["row"].values.tolist(), static["column"].values.tolist()
    place = {(r, c): i for i, (r, c) in enumerate(zip(row, column, strict=True))}
    found = []
    for steps in (1, 10, 30, 60):
        pairs = [(i, place[r, c + steps]) for (r, c), i in place.items() if (r, c + steps) in place][::3]
        a, b = np.array(pairs).T
        found.append((x[a] * x[b]).mean())
    assert found[0] > 0.9  # 36 km
    assert found[0] > found[1] > found[2] > found[3]
    assert abs(found[3]) < 0.25  # 2160 km


def test_rain_falls_in_areas():
    static = part_of("36km", box=(0.0, 42.0, 40.0, 58.0))
    wet = (drawn(static)[:, w.PRECIP] > 0).astype(float)
    row, column = static["row"].values, static["column"].values
    right = (row[1:] == row[:-1]) & (column[1:] == column[:-1] + 1)
    a, b = wet[:-1][right], wet[1:][right]
    assert (a * b).mean() / a.mean() > 2.5 * b.mean()


def test_a_cell_has_the_same_weather_in_any_subset_and_order():
    static = part_of()
    some = np.array([700, 3, 41, 1200, 42])
    np.testing.assert_array_equal(drawn(static.isel(cell=some)), sample()[some])


def test_one_thread_draws_the_same_numbers_as_two(monkeypatch):
    static = part_of().isel(cell=slice(0, 60))
    found = []
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            monkeypatch.setattr(kernel, "POOL", pool)
            monkeypatch.setattr(kernel, "THREADS", threads)
            found.append(drawn(static))
    np.testing.assert_array_equal(*found)


def test_another_seed_and_another_year_are_other_weather():
    static = part_of().isel(cell=slice(0, 40))
    base = drawn(static)[:, w.T_AIR]
    for realisation in ({"seed": 2}, {"year": 2016}):
        other = anomalies(drawn(static, **realisation)[:, w.T_AIR])
        x = anomalies(base)
        assert abs((other * x).mean() / (x**2).mean()) < 0.2


def test_a_new_year_continues_the_old_one():
    static = part_of().isel(cell=slice(0, 40))
    tables = [make_tables(static, year=year) for year in (2015, 2016)]
    december, january = tables[0].series_wide[:, 0, -1], tables[1].series_wide[:, 0, 0]
    assert np.corrcoef(december, january)[0, 1] > 0.6


def test_the_two_grids_see_the_same_systems():
    fine, coarse = part_of("36km", box=(5.0, 45.0, 15.0, 50.0)), part_of("108km", box=(5.0, 45.0, 15.0, 50.0))
    a = anomalies(drawn(fine)[:, w.T_AIR]).mean(axis=0)
    b = anomalies(drawn(coarse)[:, w.T_AIR]).mean(axis=0)
    assert np.corrcoef(a, b)[0, 1] > 0.97


@pytest.mark.parametrize(("option", "value"), [("seed", -1), ("seed", 2**32), ("year", 1492)])
def test_a_realisation_that_cannot_be_counted_is_refused(option, value):
    with pytest.raises(ValueError, match=f"{option} = {value} is not accepted"):
        make_tables(part_of().isel(cell=slice(0, 2)), **{option: value})


def test_months_cover_the_year():
    assert MONTH_START[-1] == MONTH_DAYS.sum() == w.DAYS
