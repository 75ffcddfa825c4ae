"""Lines of the Earth on a map: coasts, meridians and parallels, the outline of a box."""

from functools import cache

import numpy as np

from data_catalog.world.outlines import coastlines
from explorer.views.projection import PROJECTIONS, Projection

__all__ = ["box_outline", "coast_lines", "degrees_text", "graticule"]


def degrees_text(value: float, axis: str) -> str:
    """Return a longitude or latitude as people write it.

    Examples
    --------
    >>> degrees_text(-60, "lon"), degrees_text(30, "lat"), degrees_text(0, "lat")
    ('60°W', '30°N', '0°')
    """
    letters = ("W", "E") if axis == "lon" else ("S", "N")
    letter = "" if value == 0 or (axis == "lon" and abs(value) == 180) else letters[int(value > 0)]
    return f"{abs(value):g}°{letter}"


def _path(projection: Projection, lon, lat) -> tuple[np.ndarray, np.ndarray]:
    """Project a line; what is off the plane becomes a gap (NaN)."""
    x, y = projection.forward(lon, lat)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def graticule(projection: Projection) -> tuple[dict, dict, dict]:
    """Return meridians and parallels, the rim of the map, and the words beside them, as columns of three sources.

    Parameters
    ----------
    projection : Projection
        Of the map.

    Returns
    -------
    lines, rim : dict with "x" and "y", arrays with NaN between lines
    words : dict with "x", "y", "text", "align", and "dx" and "dy", by how many pixels they stand beside the place
    """
    polar = projection.name == "north_polar"
    lats = np.linspace(projection.south, projection.north, 91)
    lons = np.linspace(-180.0, 180.0, 181)
    parallels = [40, 60, 80] if polar else [-40, -20, 0, 20, 40, 60, 80]
    meridians = range(-180, 180, 45) if polar else range(-150, 180, 30)
    paths = [_path(projection, lons, np.full_like(lons, lat)) for lat in parallels]
    paths += [_path(projection, np.full_like(lats, lon), lats) for lon in meridians]
    if polar:
        rims = [_path(projection, lons, np.full_like(lons, projection.south))]
    else:
        around_lon = np.concatenate([lons, np.full(91, 180.0), lons[::-1], np.full(91, -180.0)])
        around_lat = np.concatenate([np.full(181, projection.south), lats, np.full(181, projection.north), lats[::-1]])
        rims = [_path(projection, around_lon, around_lat)]
    words = []
    for lat in parallels[:-1] if not polar else parallels:
        x, y = projection.forward(135.0 if polar else -180.0, float(lat))
        words.append(
            (float(x), float(y), degrees_text(lat, "lat"), "left" if polar else "right", 3 if polar else -4, 0)
        )
    for lon in meridians if polar else range(-120, 180, 60):
        # Beneath the map; just inside the rim of a polar one.
        x, y = projection.forward(float(lon), projection.south + (2.5 if polar else 0.0))
        words.append((float(x), float(y), degrees_text(lon, "lon"), "center", 0, 0 if polar else 9))
    columns = dict(zip(("x", "y", "text", "align", "dx", "dy"), map(list, zip(*words, strict=True)), strict=True))
    return _columns(paths), _columns(rims), columns


def _columns(paths: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join lines into the columns of one source, with a NaN after each: two buffers to send, not two a line."""
    gap = np.array([np.nan], dtype=np.float32)
    if not paths:
        return {"x": gap[:0], "y": gap[:0]}
    return {
        name: np.concatenate([part for path in paths for part in (path[axis], gap)])
        for axis, name in enumerate(("x", "y"))
    }


@cache
def _coast(projection: str, resolution: str) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the coasts on the plane of a projection; made once, shared by all visitors."""
    plane = PROJECTIONS[projection]
    lines = []
    for line in coastlines(resolution):
        lon, lat = line.T
        shown = (lat >= plane.south) & (lat <= plane.north)
        for piece in np.split(np.arange(lat.size), np.flatnonzero(np.diff(shown)) + 1):
            if piece.size > 1 and shown[piece[0]]:
                lines.append(_path(plane, lon[piece], lat[piece]))
    return tuple(lines)


def coast_lines(projection: str, extent: tuple[float, float, float, float] | None = None) -> dict[str, np.ndarray]:
    """Return the coasts on the plane of a projection, as columns of a source with NaN between lines.

    Parameters
    ----------
    projection : str
        Key of `PROJECTIONS`.
    extent : left, right, bottom, top, optional
        A closer look: finer lines, and only those that come into it. Without it the coarse lines of the world.
    """
    if extent is None:
        return _columns(list(_coast(projection, "110m")))
    left, right, bottom, top = extent
    return _columns(
        [
            (x, y)
            for x, y in _coast(projection, "50m")
            if x.max() >= left and x.min() <= right and y.max() >= bottom and y.min() <= top
        ]
    )


def box_outline(projection: Projection, west: float, south: float, east: float, north: float) -> dict[str, np.ndarray]:
    """Return the outline of a box of degrees; one that crosses the antimeridian (west > east) becomes two."""
    if west > east:
        halves = (
            box_outline(projection, west, south, 180.0, north),
            box_outline(projection, -180.0, south, east, north),
        )
        return {key: np.concatenate([half[key] for half in halves]) for key in ("x", "y")}
    steps = np.linspace(0.0, 1.0, 41)
    across, up = west + steps * (east - west), south + steps * (north - south)
    lon = np.concatenate([across, np.full(41, east), across[::-1], np.full(41, west)])
    lat = np.concatenate([np.full(41, south), up, np.full(41, north), up[::-1]])
    return _columns([_path(projection, lon, lat)])
