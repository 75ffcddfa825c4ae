"""Stations sampled from a truth: their error is the stated one, and a cell has the same station in every run."""

import numpy as np
import pytest

from models.observation.station import ERRORS, MEMORY, sample_stations

CELLS = np.arange(600)
DAYS = 400


def test_the_error_has_the_stated_sd_half_of_it_slow():
    truth = np.zeros((CELLS.size, DAYS))
    stations = sample_stations("ssm", truth, CELLS, seed=1)
    assert stations.places.size == 200
    error = stations.values - stations.values.mean(axis=1, keepdims=True)
    sd = ERRORS["ssm"][1]
    # A mean over 400 days takes a little of the slow part away: 2 tau / T = 5 % of its half of the variance.
    np.testing.assert_allclose(error.std(), sd, rtol=0.03)
    lagged = np.mean(error[:, 1:] * error[:, :-1]) / error.var()
    np.testing.assert_allclose(lagged, 0.5 * np.exp(-1.0 / MEMORY), atol=0.03)


def test_a_station_hangs_on_seed_and_cell_alone():
    truth = np.random.default_rng(2).normal(size=(CELLS.size, 30))
    all_of_them = sample_stations("rzsm", truth, CELLS, seed=3)
    some = sample_stations("rzsm", truth[90:150], CELLS[90:150], seed=3)
    np.testing.assert_array_equal(some.values, all_of_them.values[np.isin(CELLS[all_of_them.places], CELLS[90:150])])
    assert (sample_stations("rzsm", truth, CELLS, seed=4).values != all_of_them.values).all()


def test_what_no_station_measures_is_refused():
    with pytest.raises(KeyError, match="No station measures"):
        sample_stations("swe", np.zeros((1, 1)), np.zeros(1), seed=1)
    with pytest.raises(ValueError, match="error_std"):
        sample_stations("ssm", np.zeros((1, 1)), np.zeros(1), seed=1, error_std=-1.0)
