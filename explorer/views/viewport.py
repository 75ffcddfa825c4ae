"""Which part of the map is in view, and how many pixels it gets."""

import math

import numpy as np

from explorer.views.projection import Projection

__all__ = ["FIT_JS", "PLACE_JS", "VALUE_JS", "box_of", "extent_of", "picture_size", "view_extent"]

PIXELS = 390_000
"""Bytes of a picture on its way to the browser, at most: one a pixel."""

MARGIN = 0.15
"""What is drawn beyond each edge of the part in view, so that a short pan shows no gap."""


# Pixels of both axes are equally long, whatever the shape of the card: the map is fitted into its frame.
FIT_JS = """
let w = 0, h = 0
try { w = plot.inner_width; h = plot.inner_height } catch { return }  // not laid out yet; it comes back when it is
if (!(w > 0 && h > 0)) return
const [x0, x1, y0, y1] = home.data.extent
const k = Math.max(1.07 * (x1 - x0) / w, 1.1 * (y1 - y0) / h)  // room for the words
const cx = (x0 + x1) / 2, cy = (y0 + y1) / 2
const x = [cx - k * w / 2, cx + k * w / 2], y = [cy - k * h / 2, cy + k * h / 2]
plot.x_range.setv({start: x[0], end: x[1], reset_start: x[0], reset_end: x[1]})
plot.y_range.setv({start: y[0], end: y[1], reset_start: y[0], reset_end: y[1]})
"""

# What stands under the pointer: the place, and the value.
PLACE_JS = """
const inverse = new Function('x', 'y', home.data.inverse[0])
const [lon, lat] = inverse(special_vars.x, special_vars.y)
if (isNaN(lon)) return ''
const ns = lat < 0 ? 'S' : 'N', ew = lon < 0 ? 'W' : 'E'
return Math.abs(lat).toFixed(2) + '°' + ns + ' ' + Math.abs(lon).toFixed(2) + '°' + ew
"""

# The byte of a pixel is a step of the colour bar, whose limits the browser knows.
VALUE_JS = """
if (!(value >= 0 && value < LEVELS)) return 'no data'
const v = bar.low + value * (bar.high - bar.low) / (LEVELS - 1)
const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10((bar.high - bar.low) || 1))))
const text = v.toLocaleString('en', {minimumFractionDigits: digits, maximumFractionDigits: digits})
const sign = value == 0 ? '≤ ' : value == LEVELS - 1 ? '≥ ' : ''
return sign + text + ' ' + home.data.unit[0]
"""


def picture_size(aspect: float, width: int = 960) -> tuple[int, int]:
    """Return pixels across and down of a picture of this aspect, within `PIXELS`."""
    width = min(width, math.floor(math.sqrt(PIXELS * aspect)))
    return width, max(1, min(math.floor(PIXELS / width), round(width / aspect)))


def view_extent(
    projection: Projection, x0: float, x1: float, y0: float, y1: float
) -> tuple[float, float, float, float] | None:
    """Return the part of the map to draw for a view, None for all of it.

    Parameters
    ----------
    projection : Projection
        Of the map.
    x0, x1, y0, y1 : float
        Edges of the view on the plane.
    """
    left, right, bottom, top = projection.extent
    width, height = x1 - x0, y1 - y0
    if not (width > 0 and height > 0) or (width >= 0.8 * (right - left) and height >= 0.8 * (top - bottom)):
        return None
    west, east = max(left, x0 - MARGIN * width), min(right, x1 + MARGIN * width)
    south, north = max(bottom, y0 - MARGIN * height), min(top, y1 + MARGIN * height)
    return (west, east, south, north) if east > west and north > south else None


def box_of(
    projection: Projection, x0: float, x1: float, y0: float, y1: float
) -> tuple[float, float, float, float] | None:
    """Return the box of degrees (west, south, east, north) around a rectangle of the plane, None off the globe."""
    lon, lat = projection.inverse(*np.meshgrid(np.linspace(x0, x1, 41), np.linspace(y0, y1, 41)))
    if not np.isfinite(lon).any():
        return None
    edges = (np.nanmin(lon), np.nanmin(lat), np.nanmax(lon), np.nanmax(lat))
    return tuple(round(float(edge), 2) for edge in edges)


ASPECT = 2.0
"""Width over height that a card has at least; what is drawn of a part of the map is at least so wide."""


def extent_of(
    projection: Projection, west: float, south: float, east: float, north: float
) -> tuple[float, float, float, float]:
    """Return the part of the plane (left, right, bottom, top) that shows a box of degrees, all of it if it is large.

    The box may cross the antimeridian (west > east), which no part of the plane shows: then it is all of it too.
    """
    if west >= east:
        return projection.extent
    x, y = projection.forward(*np.meshgrid(np.linspace(west, east, 41), np.linspace(south, north, 41)))
    if not np.isfinite(x).any():
        return projection.extent
    left, right, bottom, top = (float(v) for v in (np.nanmin(x), np.nanmax(x), np.nanmin(y), np.nanmax(y)))
    width = max(right - left, ASPECT * (top - bottom))
    middle = (left + right) / 2.0
    left, right = middle - width / 2.0, middle + width / 2.0
    return (left, right, bottom, top) if view_extent(projection, left, right, bottom, top) else projection.extent
