"""Weather of towers made whole: gaps, estimates, days spread over hours."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.datasets.tower_days import hours_of_days
from data_catalog.datasets.tower_weather import fill_gaps, saturation_pressure, whole_weather
from models.land.layout import FORCING


def course(days=30, per_day=48):
    """Return a daily wave that grows warmer from day to day."""
    step = np.arange(days * per_day)
    return 280.0 + 5.0 * np.sin(2 * np.pi * step / per_day) + 0.1 * step / per_day


def test_short_gaps_lie_on_a_line_and_long_ones_follow_the_mean_day():
    truth = course()
    values = truth.copy()
    values[100:105] = np.nan
    values[480:624] = np.nan  # three days
    filled, interpolated, averaged = fill_gaps(values, 48)
    assert (interpolated, averaged) == (5, 144)
    np.testing.assert_allclose(filled[99:106], np.interp(np.arange(99, 106), [99, 105], truth[[99, 105]]))
    # The days around are as much colder before as they are warmer after, so their mean is the day's own.
    np.testing.assert_allclose(filled[480:624], truth[480:624], atol=0.21)
    np.testing.assert_array_equal(filled[np.isfinite(values)], truth[np.isfinite(values)])


def test_a_gap_at_an_edge_is_filled_by_the_mean_day_and_a_time_that_no_day_has_by_its_neighbours():
    values = course(days=3)
    values[:4] = np.nan
    _, interpolated, averaged = fill_gaps(values, 48)
    assert (interpolated, averaged) == (0, 4)
    values = course(days=2)
    values[[0, 48]] = np.nan
    assert np.isfinite(fill_gaps(values, 48)[0]).all()


def half_hours(**more):
    time = np.datetime64("2004-06-01T00:00") + np.arange(96) * np.timedelta64(30, "m")
    rows = {"t_air": course(2), "vpd": 500.0 + np.zeros(96), "sw_down": 200.0 + np.zeros(96)}
    rows |= {"wind": 2.0 + np.zeros(96), "precip": np.zeros(96)}
    return time, rows | {name: value + np.zeros(96) for name, value in more.items()}


def test_what_was_not_measured_is_estimated_and_said():
    time, rows = half_hours()
    ds, notes = whole_weather(time, rows, "x.csv", elevation=1000.0)
    vapour = saturation_pressure(rows["t_air"]) - 500.0
    pressure = 101325.0 * np.exp(-1000.0 / 8434.0)
    np.testing.assert_allclose(ds["pressure"], pressure)
    np.testing.assert_allclose(ds["q_air"], 0.622 * vapour / (pressure - 0.378 * vapour))
    assert [note for note in notes if "Brutsaert" in note]
    assert [note for note in notes if "standard atmosphere at 1000 m" in note]


def test_relative_humidity_and_vapour_pressure_deficit_agree():
    time, rows = half_hours(pressure=9e4, lw_down=300.0)
    by_vpd, notes = whole_weather(time, rows, "x.csv")
    share = 100.0 * (1.0 - rows.pop("vpd") / saturation_pressure(rows["t_air"]))
    by_share, _ = whole_weather(time, rows | {"relative_humidity": share}, "x.csv")
    np.testing.assert_allclose(by_vpd["q_air"], by_share["q_air"])
    assert notes == []


def test_impossible_values_become_gaps_that_are_counted():
    time, rows = half_hours(pressure=9e4, lw_down=300.0)
    rows["t_air"][10] = 900.0
    ds, notes = whole_weather(time, rows, "x.csv")
    assert float(ds["t_air"][10]) < 300.0
    assert "1 impossible values of t_air" in notes[0]
    assert "1 of 96 records interpolated" in notes[1]


def test_days_are_whole_and_missing_things_are_named():
    time, rows = half_hours(pressure=9e4)
    part = slice(5, None)
    ds, _ = whole_weather(time[part], {name: values[part] for name, values in rows.items()}, "x.csv")
    assert ds["time"].values[0] == np.datetime64("2004-06-02T00:00")
    assert ds.sizes["time"] == 48
    with pytest.raises(ValueError, match=r"x.csv holds no value of wind"):
        whole_weather(time, rows | {"wind": np.full(96, np.nan)}, "x.csv")
    with pytest.raises(ValueError, match="no whole day"):
        whole_weather(time[5:50], {name: values[5:50] for name, values in rows.items()}, "x.csv")
    with pytest.raises(ValueError, match="evenly spaced"):
        whole_weather(np.delete(time, 7), {name: np.delete(values, 7) for name, values in rows.items()}, "x.csv")


def world_year():
    """Return a year of made hours: sun by day, rain from 3 to 6 h on every other day."""
    hour = np.arange(8760)
    sun = np.maximum(np.cos((hour % 24 - 12.0) / 12.0 * np.pi), 0.0)
    rain = np.where((hour // 24 % 2 == 0) & (hour % 24 >= 3) & (hour % 24 < 6), 1e-4, 0.0)
    rows = {"t_air": 285.0 + 6.0 * sun, "q_air": 0.006, "pressure": 9.8e4, "wind": 3.0, "sw_down": 600.0 * sun}
    rows |= {"lw_down": 310.0, "precip_rate": rain, "cos_zenith": sun}
    return np.stack([np.broadcast_to(rows[name], hour.shape) for name in FORCING], axis=1)


def tower_days(days=60):
    rng = np.random.default_rng(5)
    time = np.datetime64("2012-02-01") + np.arange(days)
    t_air = 283.0 + 3.0 * rng.standard_normal(days)
    values = {
        "t_air": t_air,
        "tmin": t_air - rng.uniform(1.0, 8.0, days),
        "sw_down": rng.uniform(20.0, 300.0, days),
        "vpd": rng.uniform(50.0, 400.0, days),
        "precip": np.where(rng.random(days) < 0.4, rng.exponential(6.0, days), 0.0),
        "wind": rng.uniform(1.0, 5.0, days),
    }
    ds = xr.Dataset({name: ("time", row) for name, row in values.items()}, {"time": time.astype("datetime64[ns]")})
    ds["t_air"][7] = np.nan
    ds["precip"][9] = np.nan
    return ds


def test_hours_average_to_the_days_that_the_tower_measured():
    daily = tower_days()
    ds, notes = hours_of_days(daily, world_year())
    by_day = {name: ds[name].values.reshape(-1, 24) for name in ds.data_vars}
    for name in ("t_air", "sw_down", "wind"):
        held = np.isfinite(daily[name].values)
        np.testing.assert_allclose(by_day[name].mean(axis=1)[held], daily[name].values[held], rtol=1e-10)
    held = np.isfinite(daily["t_air"].values)
    np.testing.assert_allclose(by_day["t_air"].min(axis=1)[held], daily["tmin"].values[held], rtol=1e-10)
    held = np.isfinite(daily["precip"].values)
    np.testing.assert_allclose(by_day["precip_rate"].sum(axis=1)[held] * 3600.0, daily["precip"].values[held])
    assert (by_day["q_air"] > 0.0).all()
    assert "t_air 98%" in notes[1]
    assert "not measured" in notes[0]


def test_a_day_that_was_not_measured_is_the_worlds_and_rain_on_a_dry_day_of_the_world_has_its_hours():
    daily, world = tower_days(), world_year()
    ds, _ = hours_of_days(daily, world)
    place = 31 + 7  # 8 February
    np.testing.assert_allclose(ds["t_air"].values[7 * 24 : 8 * 24], world[place * 24 : (place + 1) * 24, 0])
    rain = ds["precip_rate"].values.reshape(-1, 24)
    dry = (np.arange(rain.shape[0]) + 31) % 2 == 1  # of the world
    dry[28:] = ~dry[28:]  # the leap day takes the 28th's hours, so the parity turns
    wet = np.isfinite(daily["precip"].values) & (daily["precip"].values > 0.0) & dry
    wet[28] = False
    assert wet.any()
    assert ((rain[wet] > 0.0).sum(axis=1) == 6).all()
    assert len({int(np.argmax(row > 0.0)) for row in rain[wet]}) > 1
