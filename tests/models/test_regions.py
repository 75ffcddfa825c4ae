"""Boxes of cells, some across the antimeridian."""

import numpy as np
import pytest

from models.regions import REGIONS, WORLD, Region, region_named


def test_a_box_holds_what_lies_inside_and_on_its_edges():
    box = Region("box", 10.0, -5.0, 20.0, 5.0)
    latitude = np.array([0.0, 5.0, 5.1, -5.0, 0.0, 0.0])
    longitude = np.array([15.0, 10.0, 15.0, 20.0, 9.9, 20.1])
    assert box.contains(latitude, longitude).tolist() == [True, True, False, True, False, False]


def test_a_box_across_the_antimeridian_holds_both_sides():
    box = Region("box", 170.0, 50.0, -160.0, 70.0)
    assert box.contains(np.full(5, 60.0), np.array([175.0, -175.0, 180.0, -180.0, 0.0])).tolist() == [True] * 4 + [
        False
    ]


def test_longitudes_may_run_from_0_to_360():
    box = Region("box", -10.0, 35.0, 4.0, 44.0)
    assert box.contains(np.full(3, 40.0), np.array([355.0, 2.0, 180.0])).tolist() == [True, True, False]


def test_the_world_holds_every_cell_that_has_coordinates():
    longitude = np.array([-180.0, 0.0, 180.0, np.nan])
    assert WORLD.contains(np.array([-90.0, 0.0, 90.0, 0.0]), longitude).tolist() == [True, True, True, False]
    assert WORLD.whole


def test_named_regions_hold_the_places_they_are_named_after():
    places = {"Iberia": (40.4, -3.7), "Amazon": (-3.1, -60.0), "Sahel": (13.5, 2.1), "Siberia": (62.0, 129.7)}
    places |= {"Australia": (-25.0, 133.0), "Chukotka to Alaska": (66.0, 179.9), "US Southern Plains": (35.5, -97.5)}
    for name, (latitude, longitude) in places.items():
        assert REGIONS[name].contains(np.array([latitude]), np.array([longitude])).all(), name
        assert region_named(name.upper()) == REGIONS[name]


@pytest.mark.parametrize(
    ("box", "word"),
    [
        (("box", 0, 10, 10, 5), "south"),
        (("box", 10, 0, 10, 5), "empty"),
        (("box", float("nan"), 0, 10, 5), "west"),
        (("box", 0, -91, 10, 5), "south"),
        (("box", 0, 0, 200, 5), "east"),
        (("box", 0, 0, "1", 5), "east"),
        (("<b>", 0, 0, 1, 5), "called"),
        (("", 0, 0, 1, 5), "called"),
        (("a" * 61, 0, 0, 1, 5), "called"),
    ],
)
def test_a_wrong_box_is_refused(box, word):
    with pytest.raises(ValueError, match=word):
        Region(*box)


def test_an_unknown_region_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Atlantis.*Iberia"):
        region_named("Atlantis")
