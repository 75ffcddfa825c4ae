"""How a sensor samples a truth: footprints, failed retrievals, errors of its own, and what is masked."""

from dataclasses import replace

import numba
import numpy as np
import pytest

from models.assimilation.export import observed_cells
from models.assimilation.observe import observe_twin
from models.assimilation.record import REASONS
from models.assimilation.run import run_assimilation
from models.assimilation.sensor_choice import SensorChoice
from models.assimilation.weather import SW, P, Weather, keep_within
from models.observation.sampling import footprint_weights
from tests.models.assimilation.conftest import choices, small_world, twin_of, weather

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="an ensemble over months needs compiled kernels")


def observed(twin, result, name="ssm", **settings):
    """Observations of one sensor with settings of its own."""
    return observe_twin(twin, SensorChoice(name, **settings), result.open_loop_run.snapshots)


def test_a_footprint_blurs_what_is_seen_and_leaves_the_truth(twin, result):
    close = replace(twin, latitude=45.0 + 0.1 * np.arange(twin.cells.size), longitude=np.full(twin.cells.size, 5.0))
    alone = observed(close, result, true_error_std=0.0)
    wide = observed(close, result, true_error_std=0.0, sees="footprint")
    there = np.isfinite(wide.raw)
    np.testing.assert_array_equal(alone.raw[there], alone.truth[there])
    np.testing.assert_array_equal(wide.truth, alone.truth)
    blurred = footprint_weights(close.latitude, close.longitude, 40.0) @ alone.truth
    np.testing.assert_allclose(wide.raw[there], blurred[there], rtol=1e-12)
    assert np.abs(wide.raw[there] - alone.raw[there]).max() > 0.005


def test_some_retrievals_fail(twin, result):
    every, most = observed(twin, result), observed(twin, result, retrieved=0.6)
    there = np.isfinite(every.raw)
    kept = np.isfinite(most.raw)
    assert kept.sum() / there.sum() == pytest.approx(0.6, abs=0.1)
    np.testing.assert_array_equal(most.raw[kept], every.raw[kept])


def test_a_sensor_with_a_climatology_of_its_own_is_rescaled_by_default(twin, result):
    plain = observed(twin, result)
    np.testing.assert_array_equal(plain.observed, plain.raw)
    own = observed(twin, result, bias_std=0.05, gain_std=0.3)
    usable = np.isfinite(own.observed)

    def bias(values):
        return np.nanmean(np.where(usable, values - own.open_loop, np.nan), axis=1)

    assert np.nanmedian(np.abs(bias(own.observed))) < 0.2 * np.nanmedian(np.abs(bias(own.raw)))


def test_land_without_leaves_gives_no_leaf_area_to_assimilate(twin, result):
    snapshots = result.open_loop_run.snapshots
    mean = snapshots.mean.copy()
    mean[0, :, 4] = 0.0
    found = observe_twin(twin, SensorChoice("lai"), replace(snapshots, mean=mean))
    there = np.isfinite(found.raw)
    assert (found.reason[0][there[0]] == REASONS.index("bare")).all()
    assert (found.reason[1][there[1]] == REASONS.index("used")).all()


def test_the_maps_of_the_world_mask_what_they_disturb(twin, result):
    maps = twin.fields | {"terrain": np.where(np.arange(twin.cells.size) == 0, 0.5, 0.0)}
    disturbed = replace(twin, fields=maps)
    found = observed(disturbed, result)
    assert (found.reason[0] == REASONS.index("terrain")).any()
    assert not (found.reason[0] == REASONS.index("used")).any()
    assert not (observed(disturbed, result, masks=("rain",)).reason == REASONS.index("terrain")).any()


def test_perturbed_weather_stays_within_the_limits():
    given = np.zeros((2, 1, 8))
    given[:, :, SW], given[:, :, P] = 1000.0, [[5e-4], [2e-3]]
    noise = np.full((2, 1, 3, 4), 1.5)
    keep_within(given, np.zeros((1, 4), np.int64), 1300.0, 1e-3, noise)
    np.testing.assert_allclose(noise[:, 0, 0], 1.3)
    np.testing.assert_allclose(noise[:, 0, 1], 1.5)
    np.testing.assert_allclose(noise[:, 0, 2, 0], [1.5, 0.5])


def test_the_truth_lives_under_the_limits_of_its_members():
    def downpour(*place):
        return 50.0 * weather(*place)

    wet = replace(small_world(), forcing_of=downpour)
    free, cut = (
        Weather(wet, np.arange(4), 120, 130, choices(limits=limits), 1).true(0, 10) for limits in ("none", "lis")
    )
    for row, highest in ((SW, 1300.0), (P, 1e-3)):
        assert free[:, :, row].max() > highest
        np.testing.assert_array_equal(cut[:, :, row], np.minimum(free[:, :, row], highest))
    assert not twin_of().fits(choices(limits="lis"))


def test_skill_is_judged_where_the_sensors_that_can_better_a_variable_were_used(twin, result):
    masked = replace(twin, fields=twin.fields | {"terrain": np.where(np.arange(twin.cells.size) < 4, 0.5, 0.0)})
    run = run_assimilation(masked, choices(sensors=("ssm", "lai")))
    assert observed_cells(run, "ssm").tolist() == list(range(4, twin.cells.size))
    assert observed_cells(run, "lai").tolist() == list(range(twin.cells.size)), "leaf area has no mask of terrain"
    assert run.skill("rzsm").sizes["cell"] == twin.cells.size - 4
    assert observed_cells(run_assimilation(masked, choices(sensors=())), "ssm").size == 0
