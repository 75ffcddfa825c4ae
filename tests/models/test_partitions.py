"""The land cut into regions: nothing twice, nothing of size left out, and what was published of them."""

import numpy as np
import pytest

from data_catalog.world.static import open_static
from models.l4c.params import PFTS
from models.partitions import BIOMES, PARTITIONS
from models.skill.published_budgets import PUBLISHED, published_for
from models.variables import VARIABLES


@pytest.mark.parametrize("name", PARTITIONS)
def test_nearly_all_vegetated_land_lies_in_exactly_one_part(name):
    world = open_static("108km")
    part = PARTITIONS[name].part_of(world["latitude"].values, world["longitude"].values)
    area = world["area"].values * world["pft_fraction"].sum("pft").values
    assert area[part < 0].sum() < 0.002 * area.sum()
    assert set(part[part >= 0]) == set(range(len(PARTITIONS[name].names)))


@pytest.mark.parametrize(
    ("latitude", "longitude", "transcom", "continent"),
    [
        (61.0, 105.0, "Eurasian Boreal", "Russia"),
        (66.0, -172.0, "Eurasian Boreal", "Russia"),
        (48.0, 2.0, "Europe", "Europe"),
        (-3.0, -60.0, "South American Tropical", "Latin America"),
        (20.0, 78.0, "Tropical Asia", "South Asia"),
        (30.0, 114.0, "Eurasian Temperate", "East Asia"),
        (-25.0, 135.0, "Australia", "Australia and Oceania"),
        (40.0, -95.0, "North American Temperate", "North America"),
        (9.0, 40.0, "Northern Africa", "Africa"),
        (25.0, 45.0, "Eurasian Temperate", "West and Central Asia"),
    ],
)
def test_a_place_lies_where_people_say(latitude, longitude, transcom, continent):
    for name, expected in (("transcom", transcom), ("continents", continent)):
        partition = PARTITIONS[name]
        (part,) = partition.part_of(np.array([latitude]), np.array([longitude]))
        assert partition.names[part] == expected


def test_biomes_hold_every_plant_at_every_latitude_once():
    latitude = np.linspace(-90, 90, 361)
    for pft in PFTS:
        held = sum(biome.holds(latitude).astype(int) for biome in BIOMES if pft in biome.pfts)
        assert (held == 1).all()


def test_every_published_number_has_a_source_a_known_region_and_a_range_that_holds_it():
    known = {"world", "northern permafrost region", *(biome.name for biome in BIOMES)}
    known |= {name for partition in PARTITIONS.values() for name in partition.names}
    for row in PUBLISHED:
        assert row.region in known
        assert row.quantity in VARIABLES
        assert row.source
        assert np.isnan(row.low) or row.low <= row.value <= row.high
    assert [row.value for row in published_for("world", "gpp")] == [123.0, 124.7]
