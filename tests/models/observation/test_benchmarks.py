"""Synthetic benchmarks: errors of the stated size, the same numbers whatever else is computed."""

import numpy as np
import pytest

from models.observation.benchmarks import DEFAULTS, synthetic_inventory, synthetic_inversion, synthetic_sif
from models.quantity import parameters_of

CELLS = 4000
GPP = np.full((12, CELLS), 5.0)


def test_fluorescence_is_linear_in_gpp_with_the_stated_errors_and_gaps_stay():
    gpp = GPP.copy()
    gpp[:, 7] = np.nan
    sif = synthetic_sif(gpp)
    assert np.isnan(sif[:, 7]).all()
    assert np.nanmean(sif) == pytest.approx(5.0 * DEFAULTS.sif_per_gpp, rel=0.02)
    spread = np.hypot(5.0 * DEFAULTS.sif_per_gpp * DEFAULTS.sif_yield_std, DEFAULTS.sif_std)
    assert np.nanstd(sif[0]) == pytest.approx(spread, rel=0.05)  # sampling error of 4,000 cells: 1 %
    np.testing.assert_array_equal(synthetic_sif(gpp[:, :50]), sif[:, :50])


def test_an_inversion_sees_the_mean_of_a_box():
    latitude, longitude = np.repeat([12.0, 52.0], 100), np.tile(np.linspace(0.5, 4.5, 100), 2)
    nee = np.random.default_rng(1).normal(0, 1, (12, 200))
    seen = synthetic_inversion(nee, latitude, longitude, np.ones(200), DEFAULTS._replace(inversion_std=0.0))
    np.testing.assert_allclose(seen[:, 0], nee[:, :100].mean(axis=1))
    assert np.ptp(seen[:, 100:], axis=1).max() == pytest.approx(0.0)


def test_an_inventory_errs_by_a_factor_and_not_in_the_mean():
    soc = synthetic_inventory(np.full(CELLS, 3000.0))
    assert soc.min() > 0
    assert soc.mean() == pytest.approx(3000.0, rel=0.02)
    assert np.log(soc).std() == pytest.approx(DEFAULTS.stock_std, rel=0.05)


def test_the_defaults_lie_within_their_declared_bounds():
    for name, declared in parameters_of(type(DEFAULTS)).items():
        declared.check(name, getattr(DEFAULTS, name))
