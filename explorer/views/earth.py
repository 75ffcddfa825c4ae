"""Lines of the Earth on a map: coasts, meridians and parallels, the outline of a box."""

from functools import cache

import numpy as np

from explorer.views.projection import Projection

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
    lines, rim : dict with "x" and "y", lists of arrays
    words : dict with "x", "y", "text", "align", "dx"
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
        words.append((float(x), float(y), degrees_text(lat, "lat"), "left" if polar else "right", 3 if polar else -4))
    for lon in meridians if polar else range(-120, 180, 60):
        # Just inside the southern edge.
        x, y = projection.forward(float(lon), projection.south + 2.5)
        words.append((float(x), float(y), degrees_text(lon, "lon"), "center", 0))
    columns = dict(zip(("x", "y", "text", "align", "dx"), map(list, zip(*words, strict=True)), strict=True))
    return _columns(paths), _columns(rims), columns


def _columns(paths: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """Turn a list of lines into the columns of a source."""
    return {"x": [x for x, _ in paths], "y": [y for _, y in paths]}


@cache
def coast_lines(projection: str) -> dict[str, list[np.ndarray]]:
    """Return the coasts on the plane of a projection, as columns of a source; made once, shared by all visitors."""
    return {"x": [], "y": []}


def box_outline(
    projection: Projection, west: float, south: float, east: float, north: float
) -> dict[str, list[np.ndarray]]:
    """Return the outline of a box of degrees; one that crosses the antimeridian (west > east) becomes two."""
    if west > east:
        halves = (
            box_outline(projection, west, south, 180.0, north),
            box_outline(projection, -180.0, south, east, north),
        )
        return {key: halves[0][key] + halves[1][key] for key in ("x", "y")}
    steps = np.linspace(0.0, 1.0, 41)
    across, up = west + steps * (east - west), south + steps * (north - south)
    lon = np.concatenate([across, np.full(41, east), across[::-1], np.full(41, west)])
    lat = np.concatenate([np.full(41, south), up, np.full(41, north), up[::-1]])
    return _columns([_path(projection, lon, lat)])
