"""Maps by band of latitude, and months of a model beside months of a benchmark."""

import numpy as np
import pytest

from models.skill.scores import scores
from models.skill.zonal import compare_months, correlation_limits, slope_to, zonal_means, zonal_sums

LATITUDE = np.array([-7.0, -3.0, 12.0, 13.0, 61.0])
AREA = np.array([1.0, 3.0, 2.0, 2.0, 5.0])
SEASON = 4.0 - 3.0 * np.cos(2 * np.pi * np.arange(12) / 12)


def months(seed=1):
    """A season in every cell, stronger in some."""
    size = np.random.default_rng(seed).uniform(0.5, 2.0, LATITUDE.size)
    return SEASON[:, None] * size


def test_sums_of_all_bands_are_the_sum_of_the_map_and_gaps_have_no_weight():
    values = np.array([[1.0, 2.0, np.nan, 4.0, 5.0]])
    centres, sums, weights = zonal_sums(values, LATITUDE, AREA, 10.0)
    assert centres[[0, -1]].tolist() == [-85.0, 85.0]
    assert sums.sum() == pytest.approx(1 + 6 + 8 + 25)
    assert weights.sum() == pytest.approx(AREA.sum() - 2.0)
    _, means = zonal_means(values, LATITUDE, AREA, 10.0)
    assert means[0, 8] == pytest.approx(7.0 / 4.0)
    assert np.isnan(means[0, 0])


def test_a_model_agrees_with_itself_in_another_unit_after_one_slope():
    model = months()
    same = compare_months(model, 0.05 * model, LATITUDE, AREA, 10.0)
    assert same.slope == pytest.approx(20.0)
    np.testing.assert_allclose(same.r, 1.0)
    np.testing.assert_allclose(same.difference, 0.0, atol=1e-12)
    assert same.of_cells.n == model.size
    assert same.latitude.tolist() == [-5.0, 15.0, 65.0]


def test_the_correlation_of_a_band_is_that_of_its_means_over_the_cells_that_both_have():
    model, benchmark = months(), months(2) + np.random.default_rng(3).normal(0, 2, (12, 5))
    benchmark[:, 0] = np.nan
    benchmark[3] = np.nan
    found = compare_months(model, benchmark, LATITUDE, AREA, 10.0, slope=1.0)
    kept = np.arange(12) != 3
    assert found.n.tolist() == [11, 11, 11]
    assert found.r[0] == pytest.approx(scores(model[kept, 1], benchmark[kept, 1]).r)
    # The model shows where the benchmark has no month.
    assert np.isfinite(found.model[3]).all()
    assert found.model[4, 0] == pytest.approx(model[4, 1])


def test_errors_of_the_benchmark_do_not_bend_the_slope():
    model = months()[:, [3]] * np.ones(4000)
    noisy = 0.05 * model + np.random.default_rng(5).normal(0, 0.2, model.shape)
    assert slope_to(model, noisy, np.ones(model.shape)) == pytest.approx(20.0, rel=0.01)  # sampling error 0.5 %


def test_few_months_give_no_correlation_and_no_pair_gives_no_slope():
    model, benchmark = months(), np.full((12, 5), np.nan)
    benchmark[:3] = model[:3]
    assert np.isnan(compare_months(model, benchmark, LATITUDE, AREA, 10.0).r).all()
    assert np.isnan(slope_to(model, np.full((12, 5), np.nan), np.ones((12, 5))))
    with pytest.raises(ValueError, match="one grid"):
        compare_months(model, benchmark[:, :2], LATITUDE, AREA, 10.0)


def test_limits_of_a_correlation_hold_it_and_narrow_with_more_pairs():
    low, high = correlation_limits(np.array([0.8, 0.8, 0.8]), np.array([3, 12, 100]))
    assert np.isnan(low[0])
    assert low[1] < low[2] < 0.8 < high[2] < high[1] < 1.0
    # Fisher's example of 12 pairs: tanh(atanh(0.8) -+ 1.96 / 3)
    assert low[1] == pytest.approx(np.tanh(np.arctanh(0.8) - 1.959964 / 3))
