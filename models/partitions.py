"""The land cut into regions that do not overlap, so that their budgets add up: by boxes in order, or by plant type.

A box comes before those below it: a cell belongs to the first that holds it. The boxes follow the regions of the
TransCom inversions and of the RECCAP budgets as far as straight lines can; the true limits are maps of their own.
"""

from dataclasses import dataclass

import numpy as np

from models.l4c.params import PFTS
from models.regions import Region

__all__ = ["BIOMES", "PARTITIONS", "Biome", "Partition"]

TROPICS = 23.5
BOREAL = 50.0
TUNDRA = 60.0


@dataclass(frozen=True)
class Partition:
    """A partition of the land by boxes.

    Attributes
    ----------
    title, note : str
        What it is called, and how far it is the published one.
    boxes : tuple of (str, Region)
        Name of a part and a box of it; a part may have several, and the first box that holds a cell has it.
    """

    title: str
    note: str
    boxes: tuple[tuple[str, Region], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parts, each once, in their order."""
        return tuple(dict.fromkeys(name for name, _ in self.boxes))

    def part_of(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the number in `names` of the part that holds each cell, -1 where none does.

        Parameters
        ----------
        latitude, longitude : (cell,) array
            Degrees.
        """
        part = np.full(np.shape(latitude), -1)
        names = self.names
        for name, box in self.boxes:
            part[(part < 0) & box.contains(latitude, longitude)] = names.index(name)
        return part


def _boxes(*rows: tuple) -> tuple[tuple[str, Region], ...]:
    return tuple((name, Region(name, west, south, east, north)) for name, west, south, east, north in rows)


_STRAIGHT = "cut by straight lines of latitude and longitude; the published limits are a map"

PARTITIONS: dict[str, Partition] = {
    "transcom": Partition(
        "TransCom-like",
        f"eleven land regions as in Gurney et al. 2002 (Nature 415, 626), {_STRAIGHT}",
        _boxes(
            # name, west, south, east, north [degrees]; Greenland is none of them
            ("North American Boreal", -170.0, 50.0, -50.0, 84.0),
            ("North American Temperate", -170.0, 23.5, -50.0, 50.0),
            ("South American Tropical", -120.0, -12.0, -30.0, 23.5),
            ("South American Temperate", -85.0, -57.0, -30.0, -12.0),
            ("Europe", -25.0, 36.0, 50.0, 82.0),
            ("Europe", 50.0, 36.0, 60.0, 50.0),
            ("Northern Africa", -26.0, 0.0, 35.0, 38.0),
            ("Northern Africa", 35.0, 0.0, 52.0, 12.5),
            ("Southern Africa", 0.0, -36.0, 60.0, 0.0),
            ("Eurasian Boreal", 50.0, 50.0, -169.0, 82.0),
            ("Tropical Asia", 67.0, 5.0, 98.0, 27.0),
            ("Tropical Asia", 90.0, -11.0, 155.0, 22.0),
            ("Eurasian Temperate", 35.0, 12.5, 180.0, 50.0),
            ("Australia", 110.0, -48.0, 180.0, -10.0),
        ),
    ),
    "continents": Partition(
        "RECCAP-like",
        f"continental regions as of Ciais et al. 2020 (Natl. Sci. Rev. 8, nwaa145) and a rest of Asia, {_STRAIGHT}",
        _boxes(
            ("North America", -170.0, 23.5, -50.0, 84.0),
            ("Latin America", -120.0, -57.0, -30.0, 23.5),
            ("Africa", -26.0, -36.0, 35.0, 36.0),
            ("Africa", 35.0, -36.0, 52.0, 12.5),
            ("Russia", 28.0, 55.0, -169.0, 82.0),
            ("Russia", 38.0, 47.0, 60.0, 55.0),
            ("Russia", 60.0, 50.0, 165.0, 55.0),
            ("Europe", -25.0, 36.0, 38.0, 82.0),
            ("South Asia", 60.0, 5.0, 92.0, 30.0),
            ("South Asia", 60.0, 30.0, 78.0, 36.0),
            ("Southeast Asia", 92.0, -11.0, 163.0, 21.0),
            ("East Asia", 73.5, 21.0, 146.0, 55.0),
            ("West and Central Asia", 35.0, 12.5, 87.0, 55.0),
            ("Australia and Oceania", 110.0, -48.0, 180.0, -11.0),
        ),
    ),
}
"""Partition -> what it cuts the land into."""


@dataclass(frozen=True)
class Biome:
    """Plant types within a belt of absolute latitude: ``from_latitude`` <= |latitude| < ``to_latitude``."""

    name: str
    pfts: tuple[str, ...]
    from_latitude: float = 0.0
    to_latitude: float = 90.1

    def holds(self, latitude: np.ndarray) -> np.ndarray:
        """Say which cells (cell,) lie in the belt [degrees]."""
        distance = np.abs(np.asarray(latitude, float))
        return (distance >= self.from_latitude) & (distance < self.to_latitude)


_FOREST, _OPEN, _CROP = PFTS[:4], PFTS[4:6], PFTS[6:]

BIOMES: tuple[Biome, ...] = (
    Biome("Tropical forests", _FOREST, 0.0, TROPICS),
    Biome("Temperate forests", _FOREST, TROPICS, BOREAL),
    Biome("Boreal forests", _FOREST, BOREAL),
    Biome("Tropical savannas and grasslands", _OPEN, 0.0, TROPICS),
    Biome("Temperate grasslands and shrublands", _OPEN, TROPICS, TUNDRA),
    Biome("Tundra", _OPEN, TUNDRA),
    Biome("Croplands", _CROP),
)
"""Biomes of Beer et al. 2010 (Table 1) as plant types in belts of latitude; what they count as desert is in the open
biomes here."""
