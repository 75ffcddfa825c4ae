"""What all sensors have in common, when they look, what rejects them, and observations made of a truth."""

import numba
import numpy as np
import pytest

from models.assimilation.sensor_choice import STATE_ROWS
from models.observation import SENSORS, sensor_named
from models.observation.masks import MASKS, count_reasons, rejected
from models.observation.sampling import footprint_weights, overpasses, retrieved, step_of
from models.observation.sensor import PATTERNS, RESCALINGS
from models.observation.synthetic import ObservationError, add_error, as_dataset, observe, seen_by
from models.observation.tb import auxiliary_of
from models.variables import VARIABLES

DAYS = np.arange(120)
LATITUDE, LONGITUDE = np.array([0.0, 35.0, 50.0, 65.0]), np.array([20.0, -100.0, 10.0, 130.0])
CELLS = np.array([4, 9, 1000, 2])
SSM = sensor_named("ssm")
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="thousands of draws take minutes uncompiled")


@pytest.fixture
def place():
    """Auxiliary fields of two cells that any operator may ask for."""
    fields = auxiliary_of(np.array([10, 12]), np.array([40.0, 20.0]), np.array([20.0, 30.0]), 0.1, 0.45)
    one = np.ones(2)
    fields |= {"alpha": 0.1 * one, "beta": one, "beta_lai": 0 * one, "beta_rzsm": 0 * one, "vod_clim": 0.4 * one}
    return fields | {"lai_clim": 2 * one, "rzsm_clim": 0.2 * one, "lai_mean": 2 * one, "rzsm_mean": 0.2 * one}


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda s: s.name)
def test_a_sensor_names_only_what_exists(sensor):
    assert sensor.observes in VARIABLES
    assert set(sensor.updates) <= set(STATE_ROWS)
    assert sensor.updates
    assert set(sensor.masks) <= {mask.name for mask in MASKS}
    assert sensor.rescale in RESCALINGS
    assert sensor.pattern in PATTERNS
    assert all(0.0 <= hour < 24.0 for hour in sensor.hours)
    assert sensor.error.unit == sensor.unit
    sensor.error.check("error_std", sensor.error_std)
    assert sensor_named(sensor.name) is sensor


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda s: s.name)
def test_an_operator_gives_one_observation_for_each_cell_and_member(sensor, place):
    rng = np.random.default_rng(1)
    ranges = {"lai": (0.5, 4.0), "t_soil": (275.0, 300.0), "agb": (1.0, 200.0)}
    fields = {name: rng.uniform(*ranges.get(name, (0.1, 0.4)), (2, 5)) for name in sensor.needs}
    auxiliary = {name: place[name] for name in sensor.auxiliary}
    predicted = sensor.predict(fields, auxiliary)
    assert predicted.shape == (2, 5)
    assert not any(np.shares_memory(predicted, values) for values in fields.values())
    low, high = sensor.bounds
    assert ((predicted >= low) & (predicted <= high)).all()
    one = sensor.predict(
        {name: values[1:, 3:4] for name, values in fields.items()}, {k: v[1:] for k, v in auxiliary.items()}
    )
    np.testing.assert_allclose(one[0, 0], predicted[1, 3], rtol=1e-14)
    with pytest.raises(KeyError, match=sensor.needs[0]):
        sensor.predict({}, auxiliary)


def test_defaults_are_those_of_the_paper():
    table_2 = {"ssm": 0.0125, "lai": 0.05, "vod": 0.03}
    layers = ("sm1", "sm2", "sm3", "sm4")
    table_1 = {"ssm": layers, "lai": ("lai",), "vod": (*layers, "lai")}
    for name in table_2:
        assert sensor_named(name).error_std == table_2[name]
        assert sensor_named(name).updates == table_1[name]
    assert sensor_named("vod").hours == (1.5,)
    assert SSM.hours == (6.0, 18.0)


def test_an_unknown_sensor_is_named():
    with pytest.raises(KeyError, match="'grace'; there are ssm, lai"):
        sensor_named("grace")


def test_root_zone_is_weighted_by_thickness():
    fields = {"sm1": np.array([[0.1]]), "sm2": np.array([[0.2]]), "sm3": np.array([[0.3]])}
    assert sensor_named("rzsm").predict(fields)[0, 0] == pytest.approx(0.01 + 0.06 + 0.18)


def test_smap_returns_every_two_to_three_days_and_repeats_after_eight():
    seen = overpasses(SSM, LATITUDE, LONGITUDE, DAYS)
    assert seen.shape == (120, 2, 4)
    np.testing.assert_array_equal(seen[:112], seen[8:])
    either = seen.any(axis=1)
    for cell in range(4):
        gaps = np.diff(np.flatnonzero(either[:, cell]))
        assert gaps.max() <= 3
    # One of 2.75 at the equator, more often where the swaths overlap.
    share = overpasses(SSM, np.zeros(500), np.linspace(0, 359, 500), np.arange(8)).mean()
    assert share == pytest.approx(1 / 2.75, rel=0.02)
    at_60 = overpasses(SSM, np.full(500, 60.0), np.linspace(0, 359, 500), np.arange(8)).mean()
    assert at_60 == pytest.approx(2 / 2.75, rel=0.02)


def test_the_seed_moves_the_orbit_and_one_platform_looks_once():
    first = overpasses(SSM, LATITUDE, LONGITUDE, DAYS, seed=1)
    assert (first != overpasses(SSM, LATITUDE, LONGITUDE, DAYS, seed=2)).any()
    np.testing.assert_array_equal(first, overpasses(sensor_named("tb_h"), LATITUDE, LONGITUDE, DAYS, seed=1))
    part = overpasses(SSM, LATITUDE[2:3], LONGITUDE[2:3], DAYS[50:60], seed=1)
    np.testing.assert_array_equal(part, first[50:60, :, 2:3])


def test_a_narrower_swath_returns_more_seldom():
    often = overpasses(SSM, LATITUDE, LONGITUDE, DAYS, repeat_days=1.0)
    seldom = overpasses(SSM, LATITUDE, LONGITUDE, DAYS, repeat_days=8.0)
    assert often.all()
    assert seldom.mean() < 0.3
    with pytest.raises(ValueError, match="repeat_days = 0"):
        overpasses(SSM, LATITUDE, LONGITUDE, DAYS, repeat_days=0.0)


def test_leaf_area_comes_every_tenth_day_and_vod_nearly_daily():
    seen = overpasses(sensor_named("lai"), LATITUDE, LONGITUDE, DAYS)
    assert np.flatnonzero(seen[:, 0, 0]).tolist() == list(range(9, 120, 10))
    assert (seen == seen[:, :, :1]).all()
    vod = overpasses(sensor_named("vod"), LATITUDE, LONGITUDE, DAYS).mean(axis=(0, 1))
    assert (vod > 0.45).all()
    assert vod[3] == 1.0


@pytest.mark.parametrize(
    ("hour", "dt", "step"),
    [(6.0, 3600.0, 6), (18.0, 10800.0, 6), (1.5, 3600.0, 1), (1.5, 10800.0, 0), (1.5, 1800.0, 3)],
)
def test_an_overpass_sees_the_state_at_the_end_of_the_last_whole_step(hour, dt, step):
    assert step_of(hour, dt) == step


@compiled
def test_retrievals_fail_at_random_by_name():
    share = retrieved(SSM, np.arange(200), DAYS, 0.7)
    assert share.shape == (120, 2, 200)
    assert share.mean() == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / share.size))
    np.testing.assert_array_equal(retrieved(SSM, np.array([7]), DAYS[5:9], 0.7)[:, :, 0], share[5:9, :, 7])


def test_a_footprint_keeps_means_and_weighs_neighbours_by_distance():
    latitude, longitude = np.zeros(5), np.array([0.0, 0.18, 0.36, 0.72, 90.0])
    weights = footprint_weights(latitude, longitude, 40.0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    row = weights.toarray()[0]
    # 0.18 degrees are 20.04 km, the half-power radius.
    assert row[1] / row[0] == pytest.approx(0.5, abs=0.005)
    assert row[4] == 0.0
    np.testing.assert_array_equal(footprint_weights(latitude, longitude, 0.0).toarray(), np.eye(5))
    with pytest.raises(ValueError, match="negative"):
        footprint_weights(latitude, longitude, -1.0)


CLEAR = {
    "vegetation": np.array([10]),
    "vegetation_fraction": np.array([0.5]),
    "t_soil": np.array([285.0]),
    "ice1": np.array([0.0]),
    "swe": np.array([0.0]),
    "precip_rate": np.array([0.0]),
    "lai": np.array([1.5]),
    "porosity": np.array([0.45]),
    "wilting": np.array([0.08]),
    "observation": np.array([0.25]),
    "usable": np.array([True]),
}
BAD = [
    ("no_land", {"vegetation": 13}),
    ("no_land", {"vegetation": 15}),
    ("frozen", {"t_soil": 273.0}),
    ("frozen", {"ice1": 0.01}),
    ("snow", {"swe": 0.5}),
    ("rain", {"precip_rate": 0.0109 / 3600.0}),
    ("dense_vegetation", {"vegetation": 2}),
    ("dense_vegetation", {"vegetation_fraction": 0.95}),
    ("terrain", {"terrain": 0.5}),
    ("rfi", {"rfi": 0.9}),
    ("tails", {"observation": 0.44}),
    ("tails", {"observation": 0.09}),
    ("operator", {"usable": False}),
    ("bare", {"lai": 0.0}),
]
ALL = [mask.name for mask in MASKS]


def test_a_clear_observation_is_used():
    assert rejected(ALL, CLEAR).tolist() == [0]
    assert rejected(ALL, CLEAR | {"precip_rate": np.array([0.0107 / 3600.0])}).tolist() == [0]


@pytest.mark.parametrize(("name", "change"), BAD)
def test_each_mask_rejects_for_its_own_reason(name, change):
    fields = CLEAR | {key: np.array([value]) for key, value in change.items()}
    bits = rejected(ALL, fields)
    assert bits.tolist() == [1 << ALL.index(name)]
    assert count_reasons(bits)[name] == 1
    assert rejected([other for other in ALL if other != name], fields).tolist() == [0]


def test_reasons_are_counted_once_and_sum_to_the_observations():
    fields = {name: np.repeat(value, 4) for name, value in CLEAR.items()}
    fields["swe"] = np.array([0.0, 3.0, 3.0, 0.0])
    fields["t_soil"] = np.array([285.0, 260.0, 285.0, 285.0])
    counts = count_reasons(rejected(["snow", "frozen"], fields))
    assert (counts["used"], counts["frozen"], counts["snow"]) == (2, 1, 1)
    assert sum(counts.values()) == 4


def test_thresholds_may_be_moved_within_their_bounds():
    wet = CLEAR | {"precip_rate": np.array([0.5 / 3600.0])}
    assert rejected(["rain"], wet).tolist() != [0]
    assert rejected(["rain"], wet, thresholds={"rain": 1.0}).tolist() == [0]
    with pytest.raises(ValueError, match="threshold of the mask rain"):
        rejected(["rain"], wet, thresholds={"rain": -1.0})
    with pytest.raises(KeyError, match="clouds"):
        rejected(["clouds"], CLEAR)
    with pytest.raises(KeyError, match="swe"):
        rejected(["snow"], {"t_soil": np.array([280.0])})


@compiled
def test_errors_have_the_stated_sd_and_are_white():
    cells = np.arange(300)
    noise = add_error(SSM, np.zeros((300, 120)), cells, DAYS, 0, ObservationError(0.04))
    n = noise.size
    assert noise.std() == pytest.approx(0.04, rel=4 / np.sqrt(2 * n))
    assert abs(noise.mean()) < 4 * 0.04 / np.sqrt(n)
    assert abs(np.corrcoef(noise[:, 1:].reshape(-1), noise[:, :-1].reshape(-1))[0, 1]) < 4 / np.sqrt(n)
    other = add_error(SSM, np.zeros((300, 120)), cells, DAYS, 1, ObservationError(0.04))
    assert abs(np.corrcoef(noise.reshape(-1), other.reshape(-1))[0, 1]) < 4 / np.sqrt(n)


@compiled
def test_autocorrelated_errors_keep_their_sd():
    error = ObservationError(0.04, days=5.0)
    noise = add_error(SSM, np.zeros((300, 120)), np.arange(300), DAYS, 0, error)
    phi = np.corrcoef(noise[:, 1:].reshape(-1), noise[:, :-1].reshape(-1))[0, 1]
    assert phi == pytest.approx(np.exp(-1 / 5), abs=0.02)
    assert noise.std() == pytest.approx(0.04, rel=0.05)


def test_representativeness_is_constant_in_time_and_differs_between_cells():
    true = 0.25 + 0.05 * np.sin(DAYS / 10.0) * np.ones((400, 1))
    cells = np.arange(400)
    off = add_error(SSM, true, cells, DAYS, 0, ObservationError(0.0, bias_std=0.03)) - true
    np.testing.assert_allclose(off, np.repeat(off[:, :1], DAYS.size, axis=1), atol=1e-14)
    assert off[:, 0].std() == pytest.approx(0.03, rel=4 / np.sqrt(800))
    stretched = add_error(SSM, true, cells, DAYS, 0, ObservationError(0.0, gain_std=0.2))
    gain = stretched.std(axis=1) / true.std(axis=1)
    assert gain.std() == pytest.approx(0.2, rel=4 / np.sqrt(800))
    np.testing.assert_allclose(stretched.mean(axis=1), true.mean(axis=1), rtol=1e-12)


def test_observations_are_nan_where_nobody_looks_and_named_by_cell_and_day():
    seen = overpasses(SSM, LATITUDE, LONGITUDE, DAYS)
    true = np.full(seen.shape, 0.2)
    error = ObservationError(0.0125)
    obs = observe(SSM, true, seen, CELLS, DAYS, error)
    np.testing.assert_array_equal(np.isfinite(obs), seen)
    part = observe(SSM, true[10:20, :, 1:2], seen[10:20, :, 1:2], CELLS[1:2], DAYS[10:20], error)
    np.testing.assert_array_equal(part, obs[10:20, :, 1:2])
    other = observe(SSM, true, seen, CELLS, DAYS, ObservationError(0.05))
    np.testing.assert_allclose((other - 0.2) / (obs - 0.2), np.where(seen, 4.0, np.nan), rtol=1e-9)
    assert not np.allclose(observe(SSM, true, seen, CELLS, DAYS, error, seed=2)[seen], obs[seen])


def test_synthetic_observations_say_that_they_are():
    seen = overpasses(SSM, LATITUDE, LONGITUDE, DAYS[:10])
    obs = observe(SSM, np.full(seen.shape, 0.2), seen, CELLS, DAYS[:10], ObservationError(0.01))
    ds = as_dataset(SSM, obs, CELLS, np.datetime64("2018-01-01"), ObservationError(0.01), truth="a better run")
    assert ds.attrs["source"].startswith("synthetic")
    assert ds["ssm_obs"].attrs["units"] == "m3 m-3"
    assert ds["ssm_obs"].attrs["error_std"] == 0.01
    assert ds["time"].values[1] == np.datetime64("2018-01-01T18:00")
    assert ds.sizes == {"time": 20, "column": 4}


def test_a_truth_is_seen_by_nature_where_the_operator_is_but_an_estimate():
    vod = sensor_named("vod")
    fields = {"lai": np.array([[2.0, 3.0]]), "sm1": np.full((1, 2), 0.25), "sm2": np.full((1, 2), 0.25)}
    fields["sm3"] = np.full((1, 2), 0.25)
    np.testing.assert_allclose(seen_by(vod, fields), [[0.25, 0.37]], rtol=1e-12)
    np.testing.assert_array_equal(seen_by(SSM, fields), fields["sm1"])


@pytest.mark.parametrize("name", ["std", "days", "bias_std", "gain_std"])
def test_a_negative_error_is_named(name):
    with pytest.raises(ValueError, match=f"{name} = -0.1"):
        ObservationError(**({"std": 0.1} | {name: -0.1}))
