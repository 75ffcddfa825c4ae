"""The equations: exact answers, numbers of the papers, one code for curves and kernels."""

from importlib import resources

import numba
import numpy as np
import pytest
from numba import config

from models import mathematics as m
from models.land.atmosphere import heat_psi, momentum_psi, saturation_slope, saturation_vapour_pressure
from models.land.canopy import dry_layer_resistance, vapour_diffusivity
from models.land.carbon import leaf_allocation, soil_water_factor
from models.land.interception import snow_fraction
from models.land.params import load_table
from models.land.photosynthesis import leaf_gas_exchange
from models.land.radiation import canopy_band, snow_albedo
from models.land.snow import drained
from models.land.soil_heat import freeze_thaw, soil_conductivity, supercooled_water
from models.land.soil_water import clapp_hornberger, infiltration_capacity, van_genuchten

compiled = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="It is about compiled code.")


@compiled
def test_vector_functions_agree_with_numpy_to_rounding():
    @numba.njit(error_model="numpy")
    def table(x, e, g, t, a):
        for k in range(x.size):
            e[k] = m.exp(x[k])
            g[k] = m.log(e[k])
            t[k] = m.tanh(abs(x[k]))
            a[k] = m.arctangent(1.0 + 0.1 * abs(x[k]))

    x = np.linspace(-60.0, 60.0, 100_001)
    e, g, t, a = (np.empty_like(x) for _ in range(4))
    table(x, e, g, t, a)
    np.testing.assert_allclose(e, np.exp(x), rtol=6e-16)  # three roundings
    np.testing.assert_allclose(g, x, atol=2e-14)
    np.testing.assert_allclose(t, np.tanh(np.abs(x)), atol=3e-16)
    np.testing.assert_allclose(a, np.arctan(1.0 + 0.1 * np.abs(x)), atol=1e-9)  # a fit, good to 4e-10


@compiled
def test_the_curve_on_screen_is_the_code_that_runs():
    @numba.njit(error_model="numpy")
    def table(x, out):
        for k in range(x.size):
            out[k] = supercooled_water(x[k], 0.45, 0.3, 5.0)

    t = np.linspace(250.0, 273.0, 50)
    out = np.empty_like(t)
    table(t, out)
    np.testing.assert_allclose(supercooled_water(t, 0.45, 0.3, 5.0), out, rtol=1e-13)
    assert np.all(np.diff(supercooled_water(t, 0.45, 0.3, 5.0)) >= 0.0)


def test_saturation_vapour_pressure_has_the_values_of_the_tables():
    # Smithsonian tables: 23.37 hPa at 20 degC over water, 1.032 hPa at -20 degC over ice.
    np.testing.assert_allclose(saturation_vapour_pressure(293.16), 2337.0, rtol=1e-3)
    np.testing.assert_allclose(saturation_vapour_pressure(253.16), 103.2, rtol=2e-3)
    for t in (250.0, 270.0, 280.0, 305.0):
        numeric = (saturation_vapour_pressure(t + 0.01) - saturation_vapour_pressure(t - 0.01)) / 0.02
        np.testing.assert_allclose(saturation_slope(t), numeric, rtol=1e-6)


def test_stability_functions_vanish_in_neutral_air_and_part_with_stability():
    for psi in (momentum_psi, heat_psi):
        assert abs(psi(0.0)) < 1e-7
        assert psi(-1.0) > 0.0 > psi(0.5)
    # Paulson (1970) at z/L = -1: x = 17^(1/4).
    x = 17.0**0.25
    expected = 2.0 * np.log((1.0 + x) / 2.0) + np.log((1.0 + x * x) / 2.0) - 2.0 * np.arctan(x) + np.pi / 2.0
    np.testing.assert_allclose(momentum_psi(-1.0), expected, rtol=1e-6)


def test_precipitation_turns_from_snow_to_rain_between_half_and_two_and_a_half_degrees():
    assert snow_fraction(270.0) == 1.0
    assert snow_fraction(276.0) == 0.0
    np.testing.assert_allclose(snow_fraction(273.16 + 1.0), 1.0 - (-54.632 + 0.2 * 274.16))


def test_a_canopy_shares_light_without_loss_and_without_leaves_takes_none():
    canopy, ground = canopy_band(0.15, 0.7, 0.0, 0.2)
    np.testing.assert_allclose((canopy, ground), (0.0, 0.8), atol=1e-12)
    for omega in (0.1, 0.5, 0.9):
        for area in (0.1, 1.0, 6.0):
            canopy, ground = canopy_band(omega, 0.6, area, 0.3)
            assert canopy >= 0.0
            assert ground >= 0.0
            assert canopy + ground <= 1.0


def test_new_snow_is_bright_and_old_snow_is_dark():
    assert snow_albedo(0.95, 0.2, 0.0, 1.0, 0.0) == 0.95
    assert snow_albedo(0.95, 0.2, 5.0, 1.0, 0.0) < 0.8
    assert snow_albedo(0.65, 0.5, 1.0, 0.1, 1.0) > snow_albedo(0.65, 0.5, 1.0, 0.9, 1.0)


def test_photosynthesis_is_limited_by_light_then_by_rubisco_and_opens_stomata():
    def leaf(apar, vcmax):
        return leaf_gas_exchange(apar, vcmax, 0.06, 4.0, 70.0, 9.0, 2000.0, 39.5, 1e5, 1500.0, 2300.0, 5e-7)

    dim, resistance_dim = leaf(5.0, 60.0)
    bright, resistance_bright = leaf(150.0, 60.0)
    brightest, _ = leaf(300.0, 60.0)
    assert 0.0 < dim < 2.0  # 5 W m-2 hold 23 umol of photons: at most 1.4 umol of CO2
    assert 10.0 < bright <= 30.0
    np.testing.assert_allclose(brightest, bright, rtol=1e-3)
    assert resistance_bright < resistance_dim < 1.0 / 2000.0
    none, closed = leaf(0.0, 60.0)
    assert none == 0.0
    np.testing.assert_allclose(closed, 1.0 / 2000.0, rtol=1e-6)


def test_freezing_takes_what_the_cold_can_pay_for_and_thawing_gives_it_back():
    heat, liquid, ice = 2.5e5, 30.0, 0.0
    t, frozen = freeze_thaw(272.16, liquid, ice, heat, 5.0)
    np.testing.assert_allclose(frozen * 3.336e5, 1.0 * heat + (t - 273.16) * heat, rtol=1e-12)
    assert frozen > 0.0
    warm, left = freeze_thaw(274.16, liquid - frozen, frozen, heat, 30.0)
    np.testing.assert_allclose(left, 0.0, atol=1e-12)
    np.testing.assert_allclose(warm, 273.16 + 1.0 - frozen * 3.336e5 / heat, rtol=1e-12)


def test_hydraulics_reach_their_saturated_values():
    k, d = clapp_hornberger(0.45, 0.45, 5.0, 3e-6, 1.4e-5)
    np.testing.assert_allclose((k, d), (3e-6, 1.4e-5), rtol=1e-12)
    dry, _ = clapp_hornberger(0.225, 0.45, 5.0, 3e-6, 1.4e-5)
    np.testing.assert_allclose(dry, 3e-6 * 0.5**13, rtol=1e-10)


def test_van_genuchten_diffusivity_is_conductivity_times_the_slope_of_the_retention_curve():
    theta_r, theta_s, alpha, n, k_sat = 0.078, 0.43, 3.6, 1.56, 2.89e-6  # loam
    shape = 1.0 - 1.0 / n

    def head(theta):
        s = (theta - theta_r) / (theta_s - theta_r)
        return (s ** (-1.0 / shape) - 1.0) ** (1.0 / n) / alpha

    for theta in (0.15, 0.25, 0.4):
        k, d = van_genuchten(theta, theta_r, theta_s, alpha, n, k_sat)
        slope = -(head(theta + 1e-7) - head(theta - 1e-7)) / 2e-7
        np.testing.assert_allclose(d, k * slope, rtol=1e-5)


def test_infiltration_never_exceeds_rain_or_room():
    for rain in (0.1, 5.0, 100.0):
        for room in (0.0, 10.0, 400.0):
            assert infiltration_capacity(rain, room, 5.0, 1800.0) <= min(rain, room) + 1e-12


def test_wet_soil_evaporates_freely_and_conducts_better():
    diffusivity = vapour_diffusivity(0.45, 0.06, 5.0)
    wet, dry = (dry_layer_resistance(liquid, 0.45, diffusivity, 5.0) for liquid in (0.44, 0.1))
    assert wet < 1.0 < dry
    assert soil_conductivity(0.4, 0.4, 0.45, 0.2, 2.0) > soil_conductivity(0.1, 0.1, 0.45, 0.2, 2.0)


def test_snow_holds_its_liquid_and_lets_the_rest_go_slowly():
    assert drained(2.0, 100.0, 50.0, 0.03, 0.1) == 0.0
    np.testing.assert_allclose(drained(5.0, 100.0, 50.0, 0.03, 0.1), 0.2)
    np.testing.assert_allclose(drained(120.0, 100.0, 500.0, 0.03, 0.1), 20.0)


def test_leaves_get_less_as_the_canopy_closes_and_decay_peaks_at_half_wet_soil():
    assert leaf_allocation(0.5, 0.75) > leaf_allocation(3.0, 0.75) > leaf_allocation(6.0, 0.75)
    wetness = np.linspace(0.01, 1.0, 500)
    peak = wetness[np.argmax([soil_water_factor(x) for x in wetness])]
    np.testing.assert_allclose(peak, np.sqrt(0.2 * 0.23), atol=0.005)


def test_tables_hold_the_published_numbers(shared):
    for file, ours in (("veg_modis.csv", "vegetation"), ("soil_stas.csv", "soil")):
        rows = (shared / "reference" / "land" / file).read_text().splitlines()
        published = {row.split(",")[0]: np.array(row.split(",")[1:], float) for row in rows[1:]}
        text = resources.files("models.land").joinpath("tables", f"{ours}.csv").read_text().splitlines()
        codes = {row.split(",")[0]: row.split(",")[1] for row in text[2:]}
        for name, code in codes.items():
            if code in published:
                np.testing.assert_array_equal(np.array(load_table(ours)[name], float), published[code])
