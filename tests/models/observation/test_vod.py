"""Optical depth: the fit finds the coefficients it was made with, and masks cells where it explains too little."""

import numpy as np
import pytest

from models.observation import lvod, vod
from models.observation.vod_fit import LARGEST_RMSE, LEAST_R2, fit_vod, seasonal_mean

YEARS = 3
DAY = np.tile(np.arange(365), YEARS)
SEASON = 1.0 - np.cos(2.0 * np.pi * (DAY - 20) / 365.0)


@pytest.fixture(scope="module")
def canopy():
    """Leaf area and root-zone soil moisture of four cells: a season, and weather that differs from year to year."""
    rng = np.random.default_rng(3)
    weather = np.array([np.convolve(rng.normal(size=DAY.size), np.ones(20) / 20, "same") for _ in range(8)])
    lai = 0.8 + 1.5 * SEASON + 2.5 * weather[:4]
    rzsm = 0.28 - 0.04 * SEASON + 0.10 * weather[4:]
    return lai, rzsm


def made_with(lai, rzsm, alpha, beta, beta_lai=0.0, beta_rzsm=0.0):
    """VOD exactly as the operator says, with its seasonal means."""
    lai_clim, rzsm_clim = (seasonal_mean(v, DAY)[:, DAY] for v in (lai, rzsm))
    means = lai.mean(axis=1)[:, None], rzsm.mean(axis=1)[:, None]
    season = 0.4 + 0.1 * SEASON
    return vod.vod_of(lai, rzsm, alpha, beta, beta_lai, beta_rzsm, season, lai_clim, rzsm_clim, *means)


def test_fit_finds_the_coefficients(canopy):
    values = made_with(*canopy, 0.12, 1.0, 0.2, 2.0)
    fitted = fit_vod(values, *canopy, DAY)
    # What the window leaves of a season is all that disturbs the fit.
    np.testing.assert_allclose(fitted.coefficients.alpha, 0.12, atol=0.001)
    np.testing.assert_allclose(fitted.coefficients.beta, 1.0, atol=0.02)
    np.testing.assert_allclose(fitted.coefficients.beta_lai, 0.2, atol=0.02)
    np.testing.assert_allclose(fitted.coefficients.beta_rzsm, 2.0, atol=0.4)
    assert (fitted.r2 > 0.99).all()
    assert (fitted.r2_anomaly > 0.99).all()
    assert fitted.usable.all()


def test_a_constant_sensitivity_is_found_by_the_plainer_operator(canopy):
    fitted = fit_vod(made_with(*canopy, 0.1, 0.8), *canopy, DAY, beta="constant")
    np.testing.assert_allclose(fitted.coefficients.alpha, 0.1, atol=0.001)
    np.testing.assert_allclose(fitted.coefficients.beta, 0.8, atol=0.01)
    assert (fitted.coefficients.beta_lai == 0.0).all()


def test_noise_widens_the_estimates_but_does_not_move_them(canopy):
    rng = np.random.default_rng(4)
    values = made_with(*canopy, 0.12, 1.0)
    fitted = [
        fit_vod(values + rng.normal(0.0, 0.03, values.shape), *canopy, DAY, beta="constant").coefficients
        for _ in range(20)
    ]
    for name, true in (("alpha", 0.12), ("beta", 1.0)):
        estimates = np.array([getattr(one, name) for one in fitted])
        three_sigma = 3 * estimates.std(axis=0) / np.sqrt(len(fitted))
        assert (np.abs(estimates.mean(axis=0) - true) < three_sigma + 0.02 * true).all()


def test_gaps_are_left_out(canopy):
    values = made_with(*canopy, 0.12, 1.0)
    values[:, ::3] = np.nan
    lai = canopy[0].copy()
    lai[:, 5::7] = np.nan
    fitted = fit_vod(values, lai, canopy[1], DAY)
    assert (fitted.count == (np.isfinite(values) & np.isfinite(lai)).sum(axis=1)).all()
    np.testing.assert_allclose(fitted.coefficients.alpha, 0.12, atol=0.001)


def test_cells_are_masked_by_r2_rmse_and_too_few_pairs(canopy):
    lai, rzsm = canopy
    rng = np.random.default_rng(5)
    values = made_with(lai, rzsm, 0.12, 1.0)
    values[1] += rng.normal(0.0, 0.3, DAY.size)
    values[2] = 3.0 * values[2] + rng.normal(0.0, 0.1, DAY.size)
    values[3, 20:] = np.nan
    fitted = fit_vod(values, lai, rzsm, DAY)
    assert fitted.usable.tolist() == [True, False, False, False]
    assert fitted.r2[1] < LEAST_R2
    assert fitted.r2[2] > LEAST_R2
    assert fitted.rmse[2] > LARGEST_RMSE
    assert np.isnan(fitted.coefficients.alpha[3])


def test_a_predictor_that_never_varies_gets_no_weight():
    rng = np.random.default_rng(6)
    rzsm = 0.25 + 0.03 * rng.normal(size=(1, DAY.size))
    lai = np.zeros_like(rzsm)
    fitted = fit_vod(made_with(lai, rzsm, 0.12, 1.0), lai, rzsm, DAY)
    assert fitted.coefficients.alpha[0] == 0.0
    assert fitted.coefficients.beta[0] == pytest.approx(1.0, abs=0.05)


def test_the_operator_predicts_the_observations_of_its_day(canopy):
    lai, rzsm = canopy
    values = made_with(lai, rzsm, 0.12, 1.0, 0.2)
    fitted = fit_vod(values, lai, rzsm, DAY)
    for time in (10, 200, 364, 365 + 200):
        fields = {"lai": lai[:, time : time + 1], "rzsm": rzsm[:, time : time + 1]}
        predicted = vod.predict(fields, fitted.auxiliary(DAY[time]))
        np.testing.assert_allclose(predicted[:, 0], values[:, time], atol=0.03)


def test_layers_and_root_zone_are_two_ways_to_say_the_same():
    layers = {"lai": np.array([[2.0, 3.0]]), "sm1": np.array([[0.1, 0.2]]), "sm2": np.full((1, 2), 0.2)}
    layers["sm3"] = np.full((1, 2), 0.3)
    whole = {"lai": layers["lai"], "rzsm": np.array([[0.25, 0.26]])}
    np.testing.assert_allclose(vod.nature(layers), vod.nature(whole), rtol=1e-14)


def test_seasonal_mean_is_that_of_all_values_within_15_days_and_wraps():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(2, DAY.size))
    values[0, 100:180] = np.nan
    mean = seasonal_mean(values, DAY)
    for day in (0, 7, 140, 364):
        apart = np.minimum((DAY - day) % 365, (day - DAY) % 365)
        for cell in range(2):
            assert mean[cell, day] == pytest.approx(np.nanmean(values[cell, apart <= 15]), abs=1e-12)
    empty = seasonal_mean(np.where(DAY < 200, 1.0, np.nan)[None], DAY)
    assert np.isnan(empty[0, 300])


def test_wrong_shapes_and_terms_are_named(canopy):
    lai, rzsm = canopy
    with pytest.raises(ValueError, match=r"give \(cell, time\)"):
        fit_vod(lai[:, :-1], lai, rzsm, DAY)
    with pytest.raises(ValueError, match="'constant'"):
        fit_vod(lai, lai, rzsm, DAY, beta="cubic")


def test_l_band_depth_of_dense_forest_is_near_1_and_of_bare_ground_0():
    fields = {"agb": np.array([[0.0, 300.0]]), "lai": np.array([[0.0, 0.0]])}
    np.testing.assert_allclose(lvod.predict(fields), [[0.0, 0.99]], atol=0.005)
    leafy = lvod.predict(fields | {"lai": np.array([[4.0, 4.0]])}, {"d_0": np.array([0.1])})
    np.testing.assert_allclose(leafy - lvod.predict(fields), 0.4, rtol=1e-12)


def test_biomass_counts_half_of_dry_matter_as_carbon():
    # 1000 gC m-2 of stem is 10 MgC ha-1, 20 Mg ha-1 of dry matter; a quarter of the wood is below the ground.
    assert lvod.biomass(1000.0, 0.0) == pytest.approx(20.0)
    assert lvod.biomass(0.0, 1000.0) == pytest.approx(15.0)
