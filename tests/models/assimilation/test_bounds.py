"""Analyses stay physical, and every time that took a hand is counted."""

import numpy as np
import pytest

from models.assimilation.bounds import EVENTS, restrain

LOW, HIGH = 0.02, 0.43


@pytest.fixture
def ensembles():
    rng = np.random.default_rng(1)
    forecast = rng.uniform(0.2, 0.3, (4, 5, 8))
    return forecast, forecast + 0.01


def test_an_analysis_within_its_bounds_stands(ensembles):
    forecast, analysis = ensembles
    for rule in ("lis", "clip", "none"):
        new, events = restrain(forecast, analysis, LOW, HIGH, rule=rule)
        np.testing.assert_array_equal(new, analysis)
        assert not events.any()


def test_few_members_outside_get_the_middle_of_the_others(ensembles):
    forecast, analysis = ensembles
    analysis[1, 2, 0], analysis[1, 0, 3] = 0.5, 0.01
    new, events = restrain(forecast, analysis, LOW, HIGH)
    valid = analysis[1][:, [1, 2, 4, 5, 6, 7]]
    middle = (valid.min(axis=1) + valid.max(axis=1)) / 2
    np.testing.assert_allclose(new[1][:, [0, 3]], np.stack([middle, middle], axis=1), rtol=0, atol=1e-16)
    np.testing.assert_array_equal(new[1][:, [1, 2, 4, 5, 6, 7]], valid)
    np.testing.assert_array_equal(new[[0, 2, 3]], analysis[[0, 2, 3]])
    assert events[1].tolist() == [2, 0, 0]
    assert events.sum() == 2
    by_mean, _ = restrain(forecast, analysis, LOW, HIGH, mean=True)
    np.testing.assert_allclose(by_mean[1, :, 0], valid.mean(axis=1), rtol=0, atol=1e-15)


def test_exactly_half_valid_is_enough_and_fewer_take_the_analysis_back(ensembles):
    forecast, analysis = ensembles
    analysis[0, 1, :4] = analysis[1, 1, :5] = 0.6
    new, events = restrain(forecast, analysis, LOW, HIGH)
    assert events[:2].tolist() == [[4, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(new[1], forecast[1])
    assert (new[0] < HIGH).all()


def test_a_taken_back_analysis_is_centred_on_the_control(ensembles):
    forecast, analysis = ensembles
    analysis[1, 1, :6] = 0.6
    new, events = restrain(forecast, analysis, LOW, HIGH, control=True)
    assert events[1].tolist() == [0, 1, 0]
    np.testing.assert_allclose(new[1, :, :-1].mean(axis=1), forecast[1, :, -1], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(new[1, :, -1], forecast[1, :, -1])


def test_groups_are_judged_apart_and_rows_may_be_left_alone(ensembles):
    forecast, analysis = ensembles
    analysis[0, 4] = 7.0
    groups = [0, 0, 0, 0, 1]
    new, events = restrain(forecast, analysis, LOW, HIGH, groups=groups)
    np.testing.assert_array_equal(new[0, :4], analysis[0, :4])
    np.testing.assert_array_equal(new[0, 4], forecast[0, 4])
    assert events[0].tolist() == [0, 1, 0]
    free, events = restrain(forecast, analysis, LOW, HIGH, groups=[0, 0, 0, 0, -1])
    np.testing.assert_array_equal(free, analysis)
    assert not events.any()


def test_clipping_puts_values_on_the_bound(ensembles):
    forecast, analysis = ensembles
    analysis[2, 0, :3] = [0.5, -0.1, 0.43]
    new, events = restrain(forecast, analysis, LOW, HIGH, rule="clip")
    np.testing.assert_array_equal(new[2, 0, :3], [HIGH, LOW, HIGH])
    assert dict(zip(EVENTS, events[2].tolist(), strict=True)) == {"replaced": 0, "rejected": 0, "clipped": 2}
    alone, _ = restrain(forecast[2], analysis[2], LOW, HIGH, rule="clip")
    np.testing.assert_array_equal(alone, new[2])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "wish"}, "rule = 'wish' is not known; choose one of lis, clip, none"),
        ({"low": 0.5}, r"The bounds of \(cell, state\) \(0, 0\) are 0.5 and 0.43"),
        ({"groups": [0, 0]}, r"groups is \[0, 0\]"),
        ({"analysis": np.ones((5, 8))}, r"forecast has shape \(4, 5, 8\), analysis \(5, 8\)"),
    ],
)
def test_bad_settings_get_one_clear_message(ensembles, settings, message):
    given = {"forecast": ensembles[0], "analysis": ensembles[1], "low": LOW, "high": HIGH} | settings
    with pytest.raises(ValueError, match=message):
        restrain(**given)
