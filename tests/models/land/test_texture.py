"""Hydraulic parameters that follow from sand and clay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.land.params import SOIL_CLASSES, SoilParams, class_values
from models.land.texture import texture_class, texture_parameters
from models.quantity import parameters_of


def test_the_regressions_give_the_published_numbers_of_a_loam():
    # Cosby et al. (1984) as in the Community Land Model, at 43 % sand and 18 % clay.
    found = texture_parameters(np.array([0.43]), np.array([0.18]))
    assert found["b"][0] == pytest.approx(2.91 + 0.159 * 18.0)
    assert found["porosity"][0] == pytest.approx(0.489 - 0.00126 * 43.0)
    assert found["psi_sat"][0] == pytest.approx(0.01 * 10 ** (1.88 - 0.0131 * 43.0))
    assert found["k_sat"][0] == pytest.approx(10 ** (-0.884 + 0.0153 * 43.0) * 0.0254 / 3600.0)
    assert found["quartz"][0] == 0.43


def test_the_regressions_stay_near_the_table_of_classes():
    # Mean sand and clay of the classes in Cosby et al. (1984); the table's values are theirs by class.
    sand = np.array([0.92, 0.82, 0.58, 0.17, 0.43, 0.58, 0.10, 0.32, 0.52, 0.06, 0.22])
    clay = np.array([0.03, 0.06, 0.10, 0.13, 0.18, 0.27, 0.34, 0.34, 0.42, 0.47, 0.58])
    names = "sand,loamy sand,sandy loam,silt loam,loam,sandy clay loam,silty clay loam,clay loam,sandy clay,silty clay"
    classes = np.array([SOIL_CLASSES.index(name) + 1 for name in [*names.split(","), "clay"]])
    found, table = texture_parameters(sand, clay), class_values("soil", classes)
    assert np.abs(found["b"] - table["b"]).max() < 1.5
    assert np.abs(found["porosity"] - table["porosity"]).max() < 0.04
    assert np.abs(np.log10(found["k_sat"] / table["k_sat"])).max() < 0.6


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.75))
def test_every_texture_gives_parameters_within_their_declared_bounds_and_in_order(sand, clay):
    clay = min(clay, 1.0 - sand)
    found = texture_parameters(np.array([sand]), np.array([clay]))
    for name, values in found.items():
        parameters_of(SoilParams)[name].check(name, float(values[0]))
    assert 0.0 < found["wilting"][0] < found["field_capacity"][0] <= found["porosity"][0]


@pytest.mark.parametrize(
    ("sand", "clay", "name"),
    [
        (0.92, 0.03, "sand"), (0.82, 0.06, "loamy sand"), (0.58, 0.10, "sandy loam"), (0.17, 0.13, "silt loam"),
        (0.07, 0.05, "silt"), (0.43, 0.18, "loam"), (0.58, 0.27, "sandy clay loam"), (0.10, 0.34, "silty clay loam"),
        (0.32, 0.34, "clay loam"), (0.52, 0.42, "sandy clay"), (0.06, 0.47, "silty clay"), (0.22, 0.58, "clay"),
    ],
)  # fmt: skip
def test_the_triangle_names_the_textures(sand, clay, name):
    assert SOIL_CLASSES[int(texture_class(sand, clay)) - 1] == name


def test_impossible_textures_are_refused():
    with pytest.raises(ValueError, match="divide per cent by 100"):
        texture_parameters(40.0, 20.0)
    with pytest.raises(ValueError, match="together more than 1"):
        texture_parameters(0.7, 0.5)
