import threading

import numpy as np
import pytest
from numba import config

from models.kernel import Cancelled
from models.land.columns import column_table
from models.land.layout import FORCING, STATE
from models.land.open_loop import coarser_steps, daily_open_loop, first_guess, open_loop_chunk
from models.land.run import LandOptions
from models.land.spinup import LAI_TOLERANCE, WATER_TOLERANCE

DAYS = 2 if config.DISABLE_JIT else 12
CLIMATES = ((284.0, 6e-5), (262.0, 1.5e-5), (303.0, 0.0), (299.0, 1.5e-4), (276.0, 3e-5))  # K, kg m-2 s-1
TABLE = column_table([12, 1, 16, 2, 10], [4, 6, 1, 12, 3], t_bottom=[284, 266, 302, 298, 277], vegetation_fraction=0.8)


@pytest.fixture(scope="module")
def weather():
    """Twelve days of hours of five climates, with sun, night and a shower a day."""
    hour = np.arange(24 * DAYS)
    sun = np.maximum(np.sin((hour % 24 - 6) / 12 * np.pi), 0.0)
    out = np.empty((hour.size, len(CLIMATES), len(FORCING)))
    for k, (t, rain) in enumerate(CLIMATES):
        out[:, k, 0] = t + 4.0 * (sun - 0.3)
        out[:, k, 1] = 0.6 * 0.622 * 610.7 * np.exp(17.38 * (t - 273.15) / (t - 34.15)) / 98000.0
        out[:, k, 2:4] = 98000.0, 3.0
        out[:, k, 4] = 700.0 * sun
        out[:, k, 5] = 0.75 * 5.67e-8 * t**4
        out[:, k, 6] = np.where(hour % 24 == 15, 24.0 * rain, 0.0)
        out[:, k, 7] = sun
    return out


@pytest.fixture(scope="module")
def settled(weather):
    if config.DISABLE_JIT:
        pytest.skip("Sixty repetitions need compiled kernels.")
    return open_loop_chunk(TABLE, weather, cycles=60, last_cycles=60)


def test_a_settled_run_ends_as_it_began(settled):
    assert (settled.cycles < 120).all()
    assert (settled.water_drift <= 2 * WATER_TOLERANCE).all()
    assert (settled.lai_drift <= 2 * LAI_TOLERANCE).all()
    theta = [STATE.index(f"theta_{k}") for k in (1, 2, 3, 4)]
    change = np.abs(settled.state[theta] - settled.start[theta]).max(axis=0)
    np.testing.assert_allclose(change, settled.water_drift, atol=1e-12)


def test_days_have_the_shapes_and_the_values_that_soil_can_have(settled):
    assert settled.soil_moisture.shape == (5, 4, DAYS)
    for name in ("ssm", "rzsm", "smsf", "smrz", "t_soil", "frozen", "swe", "lai"):
        values = getattr(settled, name)
        assert values.shape == (5, DAYS)
        assert np.isfinite(values).all()
    assert 0.0 < settled.smsf.min() <= settled.smsf.max() <= 100.0
    np.testing.assert_allclose(settled.smrz * settled.porosity[:, None] / 100.0, settled.rzsm, rtol=1e-6)
    assert set(np.unique(settled.frozen)) <= {0.0, 1.0}


def test_cold_ground_is_frozen_warm_ground_is_not_and_deserts_are_dry(settled):
    assert settled.frozen[1].all()
    assert not settled.frozen[[0, 2, 3]].any()
    assert settled.swe[1].min() > 1.0
    assert settled.smrz[2].max() < settled.smrz[[0, 3]].min()
    assert settled.lai[2].max() == 0.0


def test_a_run_from_its_own_start_gives_the_same_days(weather, settled):
    again = open_loop_chunk(TABLE, weather, cycles=0, last_cycles=0, start=settled.start)
    for name in ("soil_moisture", "t_soil", "frozen", "swe", "lai", "state"):
        np.testing.assert_array_equal(getattr(again, name), getattr(settled, name))


def test_a_column_does_not_depend_on_its_chunk_or_its_neighbours(weather, settled):
    parts = daily_open_loop(lambda where: weather[:, where], TABLE, cycles=60, last_cycles=60, chunk=2)
    np.testing.assert_array_equal(parts.cycles, settled.cycles)
    # Lanes of a block share what they pass over: a block without snow adds in another order than one with some.
    for name in ("soil_moisture", "t_soil", "frozen", "state"):
        np.testing.assert_allclose(getattr(parts, name), getattr(settled, name), rtol=1e-6, atol=1e-9)


def test_a_start_that_is_not_known_is_the_first_guess(weather):
    guess = first_guess(TABLE, weather)
    unknown = np.full((len(STATE), 5), np.nan)
    run = open_loop_chunk(TABLE, weather, cycles=0, last_cycles=0, start=unknown)
    np.testing.assert_array_equal(run.start[STATE.index("theta_2")], guess.get("theta_2"))
    # A wet climate starts wetter than a desert.
    wetness = guess.get("theta_2") / guess.get("theta_max")
    assert wetness[2] < wetness[3]


def test_three_hours_are_the_mean_of_hours_and_their_sun_that_of_the_hours_it_shines(weather):
    coarse = coarser_steps(weather, 3)
    np.testing.assert_allclose(coarse[:, :, :7].mean(axis=0), weather[:, :, :7].mean(axis=0), rtol=1e-12)
    dawn = weather[6:9, 0, 7]  # the first of these hours has no sun yet
    assert (dawn > 0).sum() == 2
    assert coarse[2, 0, 7] == pytest.approx(dawn.sum() / 2)
    assert coarser_steps(weather, 1) is weather


def test_progress_climbs_to_one(weather):
    seen = []
    daily_open_loop(lambda where: weather[:, where], TABLE, cycles=2, last_cycles=1, chunk=3, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_a_run_is_cancelled_between_blocks(weather):
    asked = threading.Event()

    def cancelled():
        asked.set()
        return True

    with pytest.raises(Cancelled):
        daily_open_loop(lambda where: weather[:, where], TABLE, cancelled=cancelled)
    assert asked.is_set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spin_up_step": 1800.0}, "time step of 1800 s does not fit hourly weather"),
        ({"options": LandOptions(dt=1800.0)}, "3600 and 10800 are accepted"),
    ],
)
def test_a_step_that_hours_cannot_make_is_refused(weather, change, said):
    with pytest.raises(ValueError, match=said):
        open_loop_chunk(TABLE, weather, **change)


def test_weather_that_does_not_fit_is_refused(weather):
    with pytest.raises(ValueError, match="has 25 hours; whole days"):
        open_loop_chunk(TABLE, weather[:25])
    with pytest.raises(ValueError, match="takes the weather of site 4, but there are 3 sites"):
        open_loop_chunk(TABLE, weather[:, :3])
