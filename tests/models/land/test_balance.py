"""Water, carbon and energy close in every column, whatever the weather."""

import numpy as np
import pytest
from numba import config

from models.land.columns import cold_start, column_table
from tests.models.land.conftest import random_weather, run_steps

SLOW = bool(config.DISABLE_JIT)
COUNT, STEPS = (20, 6) if SLOW else (1000, 240)


def random_columns(rng, **options):
    """All vegetation classes on all soil classes, anywhere."""
    index = np.arange(COUNT)
    table = column_table(
        index % 20 + 1,
        index // 20 % 19 + 1,
        vegetation_fraction=rng.uniform(0.0, 1.0, COUNT),
        t_bottom=rng.uniform(245.0, 305.0, COUNT),
        soil_colour=rng.integers(1, 9, COUNT),
    )
    return cold_start(table, soil_moisture=0.25, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dt": 1800.0, "newton": 3, "substeps": 3},
        {"dt": 10800.0, "newton": 3, "substeps": 3},
        {"van_genuchten": True},
        {"groundwater": True},
        {"van_genuchten": True, "groundwater": True},
    ],
    ids=["hour", "half hour", "three hours", "van Genuchten", "groundwater", "both"],
)
def test_a_thousand_columns_in_extreme_weather_stay_numbers_and_close(options):
    rng = np.random.default_rng(5)
    columns = random_columns(rng, van_genuchten=options.get("van_genuchten", False))
    output = run_steps(columns, random_weather(rng, STEPS, COUNT), **options)
    assert np.isfinite(output).all()
    assert np.isfinite(columns.state).all()
    assert columns.get("water_worst").max() <= 1e-9  # mm a step
    assert np.abs(columns.get("water_sum")).max() <= 1e-6
    assert columns.get("carbon_worst").max() <= 1e-6  # gC m-2 a step
    # Fluxes of some kW m-2 in such weather: rounding is a few 1e-12 of them.
    assert columns.get("energy_worst").max() <= 1e-6
    moisture = columns.get("soil_moisture")
    assert moisture.min() > 0.0
    assert (moisture <= columns.get("theta_max") + 1e-9).all()
    assert columns.get("soil_temperature").min() > 200.0
    assert columns.get("soil_temperature").max() < 340.0
    assert columns.get("swe").min() >= 0.0
    for pool in ("leaf", "stem", "root", "wood", "soc_fast", "soc_stable"):
        assert columns.get(pool).min() >= 0.0


def steady(t, spread, rain_days, rain, humidity, sun, steps):
    """Weather of a climate, hourly for a year and the same every year: synthetic, a sine and a fixed draw of rain."""
    hour = np.arange(steps)
    rng = np.random.default_rng(2)
    season = np.cos(2.0 * np.pi * (hour / 8760.0 - 0.55))
    day = np.cos(2.0 * np.pi * (hour / 24.0 - 0.6))
    temperature = t + spread * season + 5.0 * day
    saturated = 611.2 * np.exp(17.67 * (temperature - 273.15) / (temperature - 29.65))
    e = humidity * saturated
    mu = np.maximum(day * 0.8 + 0.1 + 0.2 * season, 0.0)
    wet = np.repeat(rng.random(steps // 24) < rain_days, 24) * (rng.random(steps) < 0.25)
    rows = (
        temperature,
        0.622 * e / (1e5 - 0.378 * e),
        np.full(steps, 1e5),
        2.0 + 3.0 * rng.random(steps),
        sun * mu,
        0.78 * 5.67e-8 * temperature**4 * (1.0 + 0.15 * humidity),
        wet * rain / 3600.0,
        mu,
    )
    return np.ascontiguousarray(np.stack(rows, axis=-1)[:, None, :])


@pytest.mark.skipif(SLOW, reason="Ten years need compiled kernels.")
@pytest.mark.parametrize(
    ("vegetation", "soil", "bottom", "climate"),
    [
        (16, 1, 300.0, (300.0, 8.0, 0.02, 2.0, 0.15, 1000.0)),
        (2, 9, 299.0, (299.0, 1.0, 0.65, 4.0, 0.85, 850.0)),
        (19, 4, 262.0, (260.0, 20.0, 0.25, 0.6, 0.75, 600.0)),
    ],
    ids=["desert", "rain forest", "permafrost"],
)
def test_ten_years_of_a_repeated_year_leave_no_drift_in_water(vegetation, soil, bottom, climate):
    columns = cold_start(column_table([vegetation], [soil], t_bottom=bottom))
    year = steady(*climate, 8760)
    stored = []
    for _ in range(10):
        output = run_steps(columns, year)
        stored.append(1000.0 * (np.array([0.1, 0.3, 0.6, 1.0]) @ columns.get("soil_moisture")[:, 0]))
        assert np.isfinite(output).all()
    assert np.abs(columns.get("water_sum")).max() <= 1e-5  # mm in ten years
    # Half of what is left to go goes each year or faster; the last years move by less than 2 mm of some 500.
    assert abs(stored[-1] - stored[-2]) < 2.0
    assert abs(stored[-1] - stored[-2]) <= abs(stored[1] - stored[0]) + 1.0


@pytest.mark.skipif(SLOW, reason="Two hundred days need compiled kernels.")
def test_a_deep_cold_snowpack_stays_physical():
    columns = cold_start(column_table([10], [4], t_bottom=272.0))
    days = 200
    hour = np.arange(days * 24)
    t = 258.0 + 8.0 * np.cos(2.0 * np.pi * hour / 24.0) + 4.0 * np.cos(2.0 * np.pi * hour / (24.0 * 30.0))
    e = 0.8 * 611.2 * np.exp(22.46 * (t - 273.15) / (t - 0.55))
    sun = np.maximum(np.cos(2.0 * np.pi * (hour / 24.0 - 0.5)) - 0.5, 0.0)
    one = np.ones(hour.size)
    rows = (t, 0.622 * e / 1e5, 1e5 * one, 3.0 * one, 400.0 * sun, 200.0 * one, 500.0 / hour.size / 3600.0 * one, sun)
    weather = np.ascontiguousarray(np.stack(rows, axis=-1)[:, None, :])
    run_steps(columns, weather)
    swe, depth = columns.get("swe")[0], columns.get("snow_depth")[0]
    assert 450.0 < swe < 510.0  # sublimation takes some, frost brings some, nothing melts
    assert 100.0 < swe / depth < 450.0  # kg m-3
    for name in ("t_snow", "t_snow_deep", "t_ground"):
        assert 220.0 < columns.get(name)[0] <= 273.17
    # Deep snow keeps the soil warmer than the air's mean of 258 K.
    assert columns.get("soil_temperature")[0, 0] > 262.0
    assert columns.get("water_worst")[0] <= 1e-9
