"""Regions of the world: boxes in degrees, by name or drawn; one may cross the antimeridian."""

import math
import re
from dataclasses import dataclass

import numpy as np

__all__ = ["REGIONS", "WORLD", "Region", "region_named", "region_of_box"]

_NAME = re.compile(r"[\w][\w ,.()&/-]{0,59}", re.UNICODE)


@dataclass(frozen=True)
class Region:
    """A box of longitudes and latitudes.

    Attributes
    ----------
    name : str
        A short label: letters, digits, blanks and ``,.()&/-``.
    west, east : float
        Degrees east, -180 to 180; ``west > east`` crosses the antimeridian.
    south, north : float
        Degrees north.

    Raises
    ------
    ValueError
        If a limit is no number, out of range, or south is not below north.
    """

    name: str = "world"
    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and _NAME.fullmatch(self.name)):
            msg = f"A region cannot be called {str(self.name)[:40]!r}; use up to 60 letters, digits, blanks and ,.()&/-"
            raise ValueError(msg)
        for field, limit in (("west", 180.0), ("south", 90.0), ("east", 180.0), ("north", 90.0)):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not abs(value) <= limit:
                shown = f"{value:g}" if isinstance(value, (int, float, np.number)) else repr(value)[:40]
                msg = (
                    f"Region {self.name}: {field} = {shown} is not a number of degrees within [{-limit:g}, {limit:g}]."
                )
                raise ValueError(msg)
            object.__setattr__(self, field, float(value))
        if not self.south < self.north:
            msg = f"Region {self.name}: south = {self.south:g} must be below north = {self.north:g}."
            raise ValueError(msg)
        if self.west == self.east:
            msg = f"Region {self.name}: west and east are both {self.west:g}, so the box is empty."
            raise ValueError(msg)

    @property
    def whole(self) -> bool:
        """Whether the box is the whole world, so that no coordinates are needed."""
        return (self.west, self.south, self.east, self.north) == (-180.0, -90.0, 180.0, 90.0)

    @property
    def width(self) -> float:
        """Degrees of longitude from west to east."""
        return self.east - self.west if self.west < self.east else self.east - self.west + 360.0

    def contains(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Say which points lie in the box; its edges belong to it, a point without coordinates to none.

        Parameters
        ----------
        latitude, longitude : (cell,) array
            Degrees; longitudes may run from -180 to 180 or from 0 to 360.
        """
        latitude, longitude = np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
        inside = (latitude >= self.south) & (latitude <= self.north) & np.isfinite(longitude)
        east_of_west = np.mod(longitude - self.west, 360.0)
        # A point at the eastern edge of the full circle is also at its western one.
        return inside & ((east_of_west <= self.width) | math.isclose(self.width, 360.0))


WORLD = Region()

_BOXES = (
    # name, west, south, east, north [degrees]
    ("Northern land", -180.0, 20.0, 180.0, 85.0),
    ("Tropics", -180.0, -23.5, 180.0, 23.5),
    ("North America", -170.0, 15.0, -50.0, 75.0),
    ("CONUS", -125.0, 25.0, -66.0, 50.0),
    ("US Corn Belt", -104.0, 37.0, -80.0, 49.0),
    ("US Southern Plains", -104.0, 30.0, -94.0, 38.0),
    ("Boreal North America", -168.0, 50.0, -52.0, 72.0),
    ("Alaska", -169.0, 54.0, -130.0, 72.0),
    ("South America", -82.0, -56.0, -34.0, 13.0),
    ("Amazon", -75.0, -15.0, -48.0, 5.0),
    ("Cerrado", -60.0, -24.0, -41.0, -5.0),
    ("Europe", -12.0, 35.0, 40.0, 72.0),
    ("Europe and Mediterranean", -12.0, 28.0, 45.0, 72.0),
    ("Mediterranean", -10.0, 30.0, 37.0, 46.0),
    ("Iberia", -10.0, 35.5, 4.0, 44.0),
    ("Ukraine", 22.0, 44.0, 41.0, 53.0),
    ("Africa", -19.0, -36.0, 52.0, 38.0),
    ("Sahel", -18.0, 10.0, 40.0, 18.0),
    ("Congo Basin", 8.0, -7.0, 31.0, 6.0),
    ("Southern Africa", 10.0, -35.0, 41.0, -15.0),
    ("Siberia", 60.0, 50.0, 180.0, 75.0),
    ("Chukotka to Alaska", 160.0, 54.0, -140.0, 72.0),
    ("Tibetan Plateau", 73.0, 27.0, 104.0, 40.0),
    ("North China Plain", 112.0, 32.0, 122.0, 41.0),
    ("India", 68.0, 7.0, 90.0, 32.0),
    ("Southeast Asia", 92.0, -11.0, 150.0, 25.0),
    ("Australia", 112.0, -44.0, 154.0, -10.0),
)

REGIONS: dict[str, Region] = {"world": WORLD, **{box[0]: Region(*box) for box in _BOXES}}
"""The regions that have a name, in the order of the picker."""


def region_named(name: str) -> Region:
    """Return a named region, whatever the case of its letters.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    found = {known.lower(): region for known, region in REGIONS.items()}.get(str(name).strip().lower())
    if found is None:
        msg = (
            f"No region is called {str(name)[:40]!r}; there are {', '.join(REGIONS)}; or give west, south, east, north."
        )
        raise ValueError(msg)
    return found


def region_of_box(text: str) -> Region:
    """Read a box as a command or a page is given it: "west,south,east,north" [degrees].

    Raises
    ------
    ValueError
        It is not four numbers, or no box; see `Region`.

    Examples
    --------
    >>> region_of_box("-10, 36, 4, 44").east
    4.0
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        msg = f"{text[:60]!r} is no box; write west,south,east,north in degrees, as -125,32,-114,42."
        raise ValueError(msg) from error
    return Region("box", west, south, east, north)
