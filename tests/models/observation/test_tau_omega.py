"""The tau-omega model against published check values, and the two ways to call it."""

import numpy as np
import pytest

from models.kernel import kernel
from models.observation.sensor import field_of
from models.observation.tau_omega import (
    MIXING,
    brightness,
    mironov,
    opacity,
    rough_reflectivity,
    roughness,
    smooth_reflectivity,
    transition,
    wang_schmugge,
)
from models.observation.tb import COSINE, SENSORS, SETS, TAU_OMEGA, auxiliary_of, both, class_table

THETA = np.array([0.03, 0.1, 0.2, 0.3, 0.4])
# 293 K, clay 0.2, sand 0.4, porosity 0.45, wilting point 0.14, 40 degrees, h 0.5, omega 0.05, tau 0.1 LAI,
# polarisation mixing 0.1771 h, exponent 2; printed to three figures and to 0.1 K.
PERMITTIVITY = {"mironov": (3.05, 5.08, 9.94, 16.4, 24.5), "wang": (3.66, 5.01, 9.16, 16.4, 24.2)}
TB_H = {0: (266.6, 245.9, 216.9, 195.7, 179.8), 3: (275.9, 266.2, 252.6, 242.7, 235.3)}
TB_V = {0: (284.0, 272.1, 250.0, 230.4, 214.0), 3: (284.0, 278.5, 268.1, 258.9, 251.3)}


def site(**changes):
    """Auxiliary fields of the check values, one cell."""
    fields = dict.fromkeys(TAU_OMEGA, 0.0)
    fields |= {"h_min": 0.5, "h_max": 0.5, "omega": 0.05, "water_per_leaf": 1.0, "b_h": 0.1, "b_v": 0.1}
    fields |= {"n_h": 2.0, "n_v": 2.0, "sand": 40.0, "clay": 20.0, "wilting": 0.14, "porosity": 0.45}
    fields |= {"porosity_model": 0.45, "mixing": MIXING, "wang": 0.0} | changes
    return {name: np.array([value]) for name, value in fields.items()}


def state(theta=THETA, lai=0.0, t_soil=293.0):
    return {"sm1": np.atleast_2d(theta), "lai": np.full((1, 1), lai), "t_soil": np.full((1, 1), t_soil)}


def test_permittivities_are_the_published_ones():
    three_figures = 0.006
    np.testing.assert_allclose(mironov(THETA, 0.2).real, PERMITTIVITY["mironov"], rtol=three_figures)
    wang = wang_schmugge(THETA, 0.4, 0.2, 0.14, 0.45, 293.0).real
    np.testing.assert_allclose(wang, PERMITTIVITY["wang"], rtol=three_figures)


@pytest.mark.parametrize("lai", [0, 3])
def test_brightness_temperatures_are_the_published_ones(lai):
    h, v = both(state(lai=lai), site())
    np.testing.assert_allclose(h[0], TB_H[lai], atol=0.051)
    np.testing.assert_allclose(v[0], TB_V[lai], atol=0.051)


@pytest.mark.parametrize("wang", [0.0, 1.0])
def test_equations_give_the_same_in_the_kernel_and_on_arrays(wang):
    place = site(wang=wang, h_min=0.2, h_max=0.8)
    h, v = both(state(lai=1.5), place)
    eps = wang_schmugge(THETA, 0.4, 0.2, 0.14, 0.45, 293.0) if wang else mironov(THETA, 0.2)
    flat_h, flat_v = smooth_reflectivity(eps, COSINE)
    rough = roughness(THETA, 0.2, 0.8, 0.14, 0.45)
    tau = opacity(1.5, 1.0, 0.1)
    array_h = rough_reflectivity(flat_h, flat_v, rough, MIXING * rough, 2.0, COSINE)
    array_v = rough_reflectivity(flat_v, flat_h, rough, MIXING * rough, 2.0, COSINE)
    np.testing.assert_allclose(h[0], brightness(array_h, 293.0, tau, 0.05, COSINE), rtol=1e-12)
    np.testing.assert_allclose(v[0], brightness(array_v, 293.0, tau, 0.05, COSINE), rtol=1e-12)


def test_wet_soil_is_colder_and_vegetation_hides_it():
    sensitivity = {}
    for lai in (0.0, 3.0):
        h = both(state(np.linspace(0.05, 0.4, 36), lai), site())[0, 0]
        assert (np.diff(h) < 0).all()
        sensitivity[lai] = np.diff(h)[5:30]
    # Per 0.01 m3 m-3: about 2 to 3 K over bare soil, 1.0 to 1.5 K under a leaf area of 3.
    assert -3.5 < sensitivity[0.0].min() < -2.0
    assert -1.6 < sensitivity[3.0].min() < -1.0


def test_vertical_is_warmer_than_horizontal_and_a_black_canopy_shows_its_own_temperature():
    h, v = both(state(lai=1.0), site())
    assert (v > h).all()
    np.testing.assert_allclose(both(state(lai=300.0), site(omega=0.0)), 293.0, rtol=1e-12)


def test_roughness_falls_from_the_transition_moisture_to_saturation():
    limit = float(transition(0.14))
    assert limit == pytest.approx(0.49 * 0.14 + 0.165)
    values = roughness(np.array([0.0, limit, 0.5 * (limit + 0.45), 0.45]), 0.2, 0.8, 0.14, 0.45)
    np.testing.assert_allclose(values, [0.8, 0.8, 0.5, 0.2], rtol=1e-12)


def test_permittivity_is_continuous_at_the_transition():
    limit = float(transition(0.14))
    below, above = wang_schmugge(np.array([limit - 1e-9, limit + 1e-9]), 0.4, 0.2, 0.14, 0.45, 293.0)
    assert abs(above - below) < 1e-6
    dry, wet = mironov(np.array([0.02863 + 0.0030673 * 20 - 1e-9, 0.02863 + 0.0030673 * 20 + 1e-9]), 0.2)
    assert abs(wet - dry) < 1e-6


@pytest.mark.parametrize("name", SETS)
def test_every_class_of_a_parameter_set_is_within_the_declared_bounds(name):
    table = class_table(name)
    for field, declared in TAU_OMEGA.items():
        assert table[field].shape == (16,)
        for value in table[field]:
            declared.check(field, value)


def test_auxiliary_fields_are_looked_up_by_class():
    fields = auxiliary_of(np.array([10, 12, 17]), 40.0, 20.0, 0.1, 0.45)
    assert fields["h_min"].tolist() == [0.156, 0.108, 0.15]
    assert fields["water_per_leaf"].tolist() == [0.15, 0.15, 0.0]
    assert fields["n_h"].tolist() == [2.0, 2.0, 2.0]
    cmem = auxiliary_of(np.array([2]), 40.0, 20.0, 0.1, 0.45, parameters="cmem")
    assert (cmem["n_h"][0], cmem["wang"][0], cmem["mixing"][0]) == (1.75, 1.0, 0.0)
    with pytest.raises(ValueError, match="'smap', 'cmem'"):
        auxiliary_of(np.array([2]), 40.0, 20.0, 0.1, 0.45, parameters="ecmwf")


def test_soil_moisture_is_brought_to_the_operators_porosity():
    h = both(state(np.array([0.24])), site(porosity_model=0.40, porosity=0.45))[0]
    same = both(state(np.array([0.27])), site())[0]
    np.testing.assert_allclose(h, same, rtol=1e-12)


def test_the_two_polarisations_are_two_sensors_of_one_platform():
    horizontal, vertical = SENSORS
    fields, place = state(lai=1.0), site()
    np.testing.assert_array_equal(horizontal.predict(fields, place), both(fields, place)[0])
    np.testing.assert_array_equal(vertical.predict(fields, place), both(fields, place)[1])
    assert horizontal.platform == vertical.platform


def test_a_missing_field_is_named():
    with pytest.raises(KeyError, match="t_soil"):
        both({"sm1": THETA, "lai": THETA}, site())
    with pytest.raises(KeyError, match="nothing"):
        field_of({}, "lai", "tb")


def test_scalars_do_in_a_kernel():
    @kernel
    def at(theta):
        h, v = smooth_reflectivity(mironov(theta, 0.2), 0.766)
        return brightness(h, 290.0, 0.1, 0.05, 0.766) + 0.0 * v

    assert 100.0 < at(0.2) < 290.0
