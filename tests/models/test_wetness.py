import numpy as np
import pytest

from models.wetness import rescale_smrz, restore_smrz


def test_the_limits_of_a_soil_are_5_and_100_percent():
    assert rescale_smrz(20.0, 20.0, 60.0) == pytest.approx(5.0)
    assert rescale_smrz(60.0, 20.0, 60.0) == pytest.approx(100.0)


def test_wetness_beyond_the_limits_is_held_to_them():
    assert rescale_smrz(10.0, 20.0, 60.0) == pytest.approx(5.0)
    assert rescale_smrz(90.0, 20.0, 60.0) == pytest.approx(100.0)


def test_a_soil_without_a_range_has_no_dry_end():
    assert rescale_smrz(30.0, 30.0, 30.0) == pytest.approx(100.0)


def test_the_scale_is_logarithmic():
    # n = 11 a tenth of the way up: 95 ln 11 / ln 101 + 5 (Jones et al. 2017, Eq. 1-2)
    assert rescale_smrz(24.0, 20.0, 60.0) == pytest.approx(95.0 * np.log(11.0) / np.log(101.0) + 5.0)


def test_the_scale_leads_back():
    smrz = np.linspace(20.0, 60.0, 41)
    np.testing.assert_allclose(restore_smrz(rescale_smrz(smrz, 20.0, 60.0), 20.0, 60.0), smrz, rtol=1e-12)
