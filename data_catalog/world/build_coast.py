"""Coastlines out of the TopoJSON of world-atlas: arcs to rings, rings unwrapped at the antimeridian."""

import io
import json
import tarfile
import zipfile

import numpy as np

from data_catalog.world.build_sources import SOURCES
from data_catalog.world.outlines import RESOLUTIONS

__all__ = ["decode", "lines_of", "write_coast"]

POLE = -86.0  # a ring that stays south of here is the edge of the map, no coast
SCALE = 0.01  # degrees: the step of what is stored; half of it is 0.6 km


def decode(topology):
    """Return the rings of the land of a TopoJSON topology.

    Parameters
    ----------
    topology : dict
        Quantised: ``arcs`` are differences of integers that ``transform`` turns into degrees; a negative index means
        that arc backwards.

    Returns
    -------
    list of (n, 2) array
        Longitude and latitude of each ring, closed.
    """
    transform = topology["transform"]
    scale, shift = np.array(transform["scale"]), np.array(transform["translate"])
    arcs = [np.cumsum(np.array(arc, dtype=np.float64), axis=0) * scale + shift for arc in topology["arcs"]]

    def join(indices):
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    land = topology["objects"]["land"]
    shapes = land.get("geometries", [land])
    polygons = [p for s in shapes for p in (s["arcs"] if s["type"] == "MultiPolygon" else [s["arcs"]])]
    return [join(ring) for polygon in polygons for ring in polygon]


def lines_of(rings):
    """Turn closed rings into lines within [-180, 180] that do not jump: unwrapped, and cut at the antimeridian.

    Some rings are stitched across the antimeridian: they jump by 360 degrees of longitude, which would draw a band
    across the map. The coast of Antarctica goes once round the pole and stays open.
    """
    lines = []
    for ring in rings:
        if ring[:, 1].max() < POLE:
            continue
        longitude = np.degrees(np.unwrap(np.radians(ring[:, 0])))
        longitude -= 360.0 * np.round((longitude.min() + longitude.max()) / 720.0)
        for turn in (0.0, 360.0, -360.0):
            lines += _inside(longitude + turn, ring[:, 1])
    return lines


def _inside(longitude, latitude):
    """Return the pieces of a line that lie within [-180, 180], with points where they end at the map's edge."""
    if longitude.max() <= -180.0 or longitude.min() >= 180.0:
        return []
    at = np.arange(longitude.size, dtype=np.float64)
    for edge in (-180.0, 180.0):
        beyond = longitude > edge
        first = np.flatnonzero(beyond[1:] != beyond[:-1])
        at = np.append(at, first + (edge - longitude[first]) / (longitude[first + 1] - longitude[first]))
    at = np.unique(at)
    line = np.stack([np.interp(at, np.arange(longitude.size), v) for v in (longitude, latitude)], axis=1)
    middle = 0.5 * (line[1:, 0] + line[:-1, 0])
    kept = np.concatenate([[False], np.abs(middle) < 180.0, [False]])
    starts, ends = np.flatnonzero(~kept[:-1] & kept[1:]), np.flatnonzero(kept[:-1] & ~kept[1:])
    return [line[start : end + 1] for start, end in zip(starts, ends, strict=True)]


def write_coast(package, path):
    """Write the coastlines of all resolutions into one compressed numpy file with fixed time stamps."""
    arrays = {"scale": np.float32(SCALE)}
    with tarfile.open(package) as tar:
        for resolution in RESOLUTIONS:
            rings = decode(json.load(tar.extractfile(f"package/land-{resolution}.json")))
            lines = [np.rint(line / SCALE).astype(np.int32) for line in lines_of(rings)]
            lines = [line[np.r_[True, (np.diff(line, axis=0) != 0).any(axis=1)]] for line in lines]
            lines = [line for line in lines if len(line) > 2]
            arrays[f"points_{resolution}"] = np.concatenate(lines)
            arrays[f"lengths_{resolution}"] = np.array([len(line) for line in lines], dtype=np.int32)
    source = SOURCES["world-atlas"]
    arrays["source"] = np.array(source.citation)
    arrays["licence"] = np.array(source.licence)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
