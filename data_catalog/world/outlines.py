"""Coastlines of the world for maps: Natural Earth, shipped, so that no map needs the network."""

from functools import cache
from pathlib import Path

import numpy as np

__all__ = ["COAST_FILE", "RESOLUTIONS", "coastlines"]

COAST_FILE = Path(__file__).with_name("coast.npz")
RESOLUTIONS = ("110m", "50m")


@cache
def coastlines(resolution="110m"):
    """Return the coastlines as lines that nowhere jump across the map.

    Parameters
    ----------
    resolution : str
        "110m" (coarse: whole-world maps) or "50m" (finer: regions).

    Returns
    -------
    tuple of (n, 2) array of float32
        Longitude and latitude [degrees], within [-180, 180]; lines that cross the antimeridian are cut there.

    Raises
    ------
    ValueError
        If the resolution is neither of the two.
    """
    if resolution not in RESOLUTIONS:
        msg = f"No coastline of resolution {resolution!r}; accepted are {' and '.join(RESOLUTIONS)}."
        raise ValueError(msg)
    with np.load(COAST_FILE) as stored:
        points = stored[f"points_{resolution}"] * stored["scale"]
        lengths = stored[f"lengths_{resolution}"]
    lines = np.split(points.astype(np.float32), np.cumsum(lengths)[:-1])
    for line in lines:
        line.flags.writeable = False
    return tuple(lines)
