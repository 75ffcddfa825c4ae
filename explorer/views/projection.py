"""Map projections of the screen: between degrees and the plane, in Python and, for the pointer, in the browser."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

__all__ = ["PROJECTIONS", "Projection"]

# Savric, B., Patterson, T., Jenny, B. (2018), The Equal Earth map projection, doi 10.1080/13658816.2018.1504949.
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_M = math.sqrt(3.0) / 2.0


@dataclass(frozen=True)
class Projection:
    """Longitude and latitude <-> x and y of the plane.

    Parameters
    ----------
    name, label : str
        Key in `PROJECTIONS`, and name for people.
    west, south, east, north : float
        Part of the Earth shown at first [degrees].
    inverse_js : str
        Body of a JavaScript function of ``x, y`` that returns ``[lon, lat]`` in degrees.
    """

    name: str
    label: str
    west: float
    south: float
    east: float
    north: float
    inverse_js: str = field(repr=False)

    def forward(self, lon, lat):
        """Return x and y of places [degrees]; arrays broadcast."""
        raise NotImplementedError

    def inverse(self, x, y):
        """Return longitude and latitude [degrees] of points of the plane; NaN outside the globe."""
        raise NotImplementedError

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the plane at first."""
        lon = np.linspace(self.west, self.east, 181)
        lat = np.linspace(self.south, self.north, 181)
        x, y = self.forward(*np.meshgrid(lon, lat))
        return float(np.nanmin(x)), float(np.nanmax(x)), float(np.nanmin(y)), float(np.nanmax(y))

    @property
    def aspect(self) -> float:
        """Width over height of `extent`."""
        left, right, bottom, top = self.extent
        return (right - left) / (top - bottom)


class PlateCarree(Projection):
    """Degrees as they are: easy to read, but it widens the north."""

    def forward(self, lon, lat):
        """Return degrees."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        return lon, lat

    def inverse(self, x, y):
        """Return degrees, NaN outside."""
        lon, lat = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        outside = (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0)
        return np.where(outside, np.nan, lon), np.where(outside, np.nan, lat)


def _equal_earth_y(theta):
    """Return y of the parametric latitude."""
    t2 = theta * theta
    return theta * (_A1 + _A2 * t2 + t2**3 * (_A3 + _A4 * t2))


def _equal_earth_slope(theta):
    """Return dy/dtheta."""
    t2 = theta * theta
    return _A1 + 3.0 * _A2 * t2 + t2**3 * (7.0 * _A3 + 9.0 * _A4 * t2)


class EqualEarth(Projection):
    """Equal Earth (2018): areas are true, so a sum on the map looks like the sum it is."""

    def forward(self, lon, lat):
        """Return x and y on the unit sphere."""
        theta = np.arcsin(_M * np.sin(np.radians(lat)))
        x = np.radians(lon) * np.cos(theta) / (_M * _equal_earth_slope(theta))
        y = _equal_earth_y(theta)
        return np.broadcast_arrays(x, y)

    def inverse(self, x, y):
        """Return degrees, NaN outside; latitude hangs on y alone, so a column of y is solved once."""
        y = np.asarray(y, dtype=float)
        theta = np.clip(y / _A1, -1.1, 1.1)
        for _ in range(6):  # Newton's method doubles the digits at each step: 6 give float64 from this start
            theta = theta - (_equal_earth_y(theta) - y) / _equal_earth_slope(theta)
        sine = np.sin(theta) / _M
        lat = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
        lon = np.degrees(_M * np.asarray(x, dtype=float) * _equal_earth_slope(theta) / np.cos(theta))
        lon, lat, sine = np.broadcast_arrays(lon, lat, sine)
        outside = (np.abs(lon) > 180.0) | (np.abs(sine) > 1.0)
        return np.where(outside, np.nan, lon), np.where(outside, np.nan, lat)


class NorthPolar(Projection):
    """Lambert's azimuthal equal-area projection about the north pole, 0 degrees east downwards."""

    def forward(self, lon, lat):
        """Return x and y on the unit sphere; NaN south of the equator."""
        lon, lat = np.broadcast_arrays(np.radians(lon), np.asarray(lat, dtype=float))
        radius = np.where(lat >= 0.0, 2.0 * np.sin(np.radians(90.0 - lat) / 2.0), np.nan)
        return radius * np.sin(lon), -radius * np.cos(lon)

    def inverse(self, x, y):
        """Return degrees, NaN south of the equator."""
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        radius = np.hypot(x, y)
        lat = 90.0 - 2.0 * np.degrees(np.arcsin(np.clip(radius / 2.0, 0.0, 1.0)))
        lon = np.degrees(np.arctan2(x, -y))
        outside = lat < 0.0
        return np.where(outside, np.nan, lon), np.where(outside, np.nan, lat)


_EQUAL_EARTH_JS = f"""
let t = Math.max(-1.1, Math.min(1.1, y / {_A1}))
let slope = 1
for (let i = 0; i < 6; i++) {{
  const q = t * t, q3 = q * q * q
  slope = {_A1} + 3 * {_A2} * q + q3 * (7 * {_A3} + 9 * {_A4} * q)
  t -= (t * ({_A1} + {_A2} * q + q3 * ({_A3} + {_A4} * q)) - y) / slope
}}
const s = Math.sin(t) / {_M}
if (Math.abs(s) > 1) return [NaN, NaN]
const lon = {_M} * x * slope / Math.cos(t) * 180 / Math.PI
return Math.abs(lon) > 180 ? [NaN, NaN] : [lon, Math.asin(s) * 180 / Math.PI]
"""
_PLATE_CARREE_JS = "return Math.abs(x) > 180 || Math.abs(y) > 90 ? [NaN, NaN] : [x, y]"
_POLAR_JS = """
const lat = 90 - 2 * Math.asin(Math.min(1, Math.hypot(x, y) / 2)) * 180 / Math.PI
return lat < 0 ? [NaN, NaN] : [Math.atan2(x, -y) * 180 / Math.PI, lat]
"""

PROJECTIONS: dict[str, Projection] = {
    p.name: p
    for p in (
        EqualEarth("equal_earth", "Equal Earth", -180.0, -57.0, 180.0, 84.0, _EQUAL_EARTH_JS),
        PlateCarree("plate_carree", "Latitude and longitude", -180.0, -57.0, 180.0, 84.0, _PLATE_CARREE_JS),
        NorthPolar("north_polar", "North polar", -180.0, 30.0, 180.0, 90.0, _POLAR_JS),
    )
}
"""Projections by name, in the order of the screen."""
