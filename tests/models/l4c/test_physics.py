"""Response curves: their limits, their gaps, and the numbers of the reference program."""

import numpy as np
import pytest

from models.kernel import kernel
from models.l4c import physics
from models.l4c.exponential import exp


def test_a_ramp_rises_from_its_low_limit_to_its_high_one():
    x = np.array([240.0, 250.0, 275.0, 300.0, 310.0])
    np.testing.assert_allclose(physics.ramp(x, 250.0, 300.0), [0, 0, 0.5, 1, 1], atol=1e-15)
    assert physics.ramp(262.5, 250.0, 300.0) == pytest.approx(0.25)


def test_the_vpd_ramp_falls():
    x = np.array([-50.0, 500.0, 2500.0, 4500.0, 9000.0])
    np.testing.assert_allclose(physics.falling_ramp(x, 500.0, 4500.0), [1, 1, 0.5, 0, 0], atol=1e-15)


def test_frozen_ground_takes_ft_min_exactly():
    assert physics.freeze_thaw(1.0, 0.772895, 1.0) == 0.772895
    assert physics.freeze_thaw(0.0, 0.772895, 1.0) == 1.0


def test_decomposition_ends_at_the_pole_of_the_arrhenius_curve_and_below():
    t = np.array([200.0, 227.0, 227.13, 227.2])
    np.testing.assert_array_equal(physics.arrhenius(t, 366.0, 66.02, 227.13), 0.0)


def test_decomposition_has_no_limit_above_20_degrees():
    t = np.array([293.15, 300.0, 320.0])
    np.testing.assert_allclose(physics.arrhenius(t, 366.0, 66.02, 227.13), 1.0, rtol=1e-14)
    assert physics.arrhenius(283.15, 366.0, 66.02, 227.13) == pytest.approx(
        np.exp(366 * (1 / 66.02 - 1 / (283.15 - 227.13)))
    )


@pytest.mark.parametrize("curve", ["ramp", "falling_ramp", "arrhenius"])
def test_a_gap_stays_a_gap(curve):
    limits = (366.0, 66.02, 227.13) if curve == "arrhenius" else (250.0, 300.0)
    assert np.isnan(getattr(physics, curve)(np.array([np.nan]), *limits)).all()
    assert np.isnan(getattr(physics, curve)(np.nan, *limits))


def test_root_zone_wetness_stretches_to_5_to_100_percent():
    wet = physics.rescale_smrz(np.array([10.0, 20.0, 60.0, 80.0]), 20.0, 60.0)
    np.testing.assert_allclose(wet, [5, 5, 100, 100])
    assert physics.rescale_smrz(np.array([40.0]), 40.0, 100.0)[0] == 5.0
    assert physics.rescale_smrz(np.array([100.0]), 100.0, 100.0)[0] == 100.0  # no range: no dry end


@pytest.mark.reference
def test_par_and_vpd_agree_with_the_reference_program(shared):
    with np.load(shared / "reference/l4c/met_functions.npz") as z:
        np.testing.assert_allclose(physics.par_from_shortwave(z["SWGDN"]), z["PAR"], rtol=1e-12)
        vpd = physics.vpd_from_humidity(z["T2M"], z["QV2M"], z["PS"])
        np.testing.assert_allclose(vpd, z["VPD"], rtol=1e-10, atol=1e-9)


@kernel
def _exp_of(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


@pytest.mark.parametrize(("dtype", "low", "rtol"), [(np.float32, -87, 2e-7), (np.float64, -708, 5e-16)])
def test_the_exponential_is_exact_in_each_float_type(dtype, low, rtol):
    x = np.linspace(low, 80, 20001).astype(dtype)
    out = np.empty_like(x)
    _exp_of(x, out)
    np.testing.assert_allclose(out, np.exp(x.astype(np.float64)), rtol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_exponential_of_very_little_is_nothing_and_of_a_gap_a_gap(dtype):
    x = np.array([-1e9, -np.inf, np.nan, 0.0], dtype)
    out = np.empty_like(x)
    _exp_of(x, out)
    np.testing.assert_array_equal(out, np.array([0, 0, np.nan, 1], dtype))
