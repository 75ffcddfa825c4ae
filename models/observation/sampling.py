"""When and where a sensor looks: local overpass hours, the swaths of a polar orbit, the footprint."""

import math

import numpy as np
import scipy.sparse
import scipy.spatial

from models.draws import uniforms
from models.observation.sensor import Sensor

__all__ = ["OVERPASS_STREAM", "footprint_weights", "number_of", "overpasses", "retrieved", "step_of"]

EQUATOR = 40075.0
"""Length of the equator [km]."""
KM_PER_DEGREE = EQUATOR / 360.0
ORBITS_PER_DAY = 117.0 / 8.0
"""Of SMAP: 117 orbits in 8 days, then the same ground again."""
OVERPASS_STREAM, RETRIEVAL_STREAM = 201, 202
LEAST_REPEAT = 1.0 / 24.0


def step_of(hour: float, dt: float) -> int:
    """Return the number of time steps of ``dt`` seconds that end at or before a local hour of the day."""
    return int(hour * 3600.0 // dt)


def overpasses(
    sensor: Sensor,
    latitude: np.ndarray,
    longitude: np.ndarray,
    days: np.ndarray,
    *,
    seed: int = 1,
    repeat_days: float | None = None,
) -> np.ndarray:
    """Say which cells a sensor sees.

    A swath moves as that of SMAP: 117 orbits in 8 days, each 24.6 degrees west of the one before. A cell is seen when
    the middle of a swath passes nearer than half its width, which is the width that brings the sensor back to the
    equator every ``repeat_days``; towards the poles the swaths overlap. The seed shifts the orbit east or west.

    Parameters
    ----------
    sensor : Sensor
        Its hours and pattern.
    latitude, longitude : (cell,) array
        Of the cells [degrees].
    days : (day,) int array
        Numbers of the days, counted from the start of the experiment's calendar.
    seed : int
        Of the experiment.
    repeat_days : float, optional
        Other than the sensor's.

    Returns
    -------
    (day, hour, cell) bool array
        One row for each of ``sensor.hours``.

    Raises
    ------
    ValueError
        If ``repeat_days`` is not positive.
    """
    days = np.asarray(days, np.int64)
    latitude, longitude = np.asarray(latitude, float), np.asarray(longitude, float)
    repeat = sensor.repeat_days if repeat_days is None else repeat_days
    if not repeat >= LEAST_REPEAT:
        msg = f"repeat_days = {repeat!r} d is not accepted: give {LEAST_REPEAT:.3g} d or more."
        raise ValueError(msg)
    shift = np.empty((1, len(sensor.hours)))
    uniforms(seed, OVERPASS_STREAM, np.array([number_of(sensor.platform)]), np.arange(len(sensor.hours)), shift)
    seen = np.zeros((days.size, len(sensor.hours), latitude.size), bool)
    if sensor.pattern == "dates":
        # The last day of each period: a composite is known when it ends.
        number = np.floor((days + 1) / repeat) - np.floor(days / repeat)
        seen[:] = (number > 0)[:, None, None]
        return seen
    half = 0.5 * EQUATOR / (ORBITS_PER_DAY * repeat)
    # Half the swath in degrees of longitude; from some latitude on every orbit sees the cell.
    reach = half / (KM_PER_DEGREE * np.maximum(np.cos(np.radians(latitude)), 1e-6))
    spacing = 360.0 / ORBITS_PER_DAY
    for d, day in enumerate(days):
        orbits = np.arange(math.ceil(day * ORBITS_PER_DAY), math.ceil((day + 1) * ORBITS_PER_DAY))
        for k in range(len(sensor.hours)):
            tracks = np.sort(np.mod(360.0 * shift[0, k] - orbits * spacing, 360.0))
            ring = np.concatenate([tracks[-1:] - 360.0, tracks, tracks[:1] + 360.0])
            east = np.mod(longitude, 360.0)
            place = np.searchsorted(ring, east)
            nearest = np.minimum(east - ring[place - 1], ring[np.minimum(place, ring.size - 1)] - east)
            seen[d, k] = nearest < reach
    return seen


def number_of(name: str) -> int:
    """Return a number made of the first letters of a name, so that its draws are its own."""
    return int.from_bytes(name.encode()[:4].ljust(4), "little")


def retrieved(sensor: Sensor, cells: np.ndarray, days: np.ndarray, share: float, *, seed: int = 1) -> np.ndarray:
    """Say at which overpasses a retrieval succeeds, at random: clouds, processing.

    Parameters
    ----------
    sensor : Sensor
        Its hours.
    cells, days : int arrays
        Numbers of the cells and days.
    share : float
        Probability of success, 0 to 1.
    seed : int
        Of the experiment.

    Returns
    -------
    (day, hour, cell) bool array
    """
    cells, days = np.asarray(cells, np.int64), np.asarray(days, np.int64)
    hours = len(sensor.hours)
    steps = (days[:, None] * hours + np.arange(hours)).reshape(-1)
    drawn = np.empty((cells.size, steps.size))
    uniforms(seed, RETRIEVAL_STREAM + number_of(sensor.name), cells, steps, drawn)
    return (drawn < share).T.reshape(days.size, hours, cells.size)


def footprint_weights(latitude: np.ndarray, longitude: np.ndarray, diameter: float) -> scipy.sparse.csr_matrix:
    """Return the weights with which cells add to what one footprint sees: a Gaussian of that half-power diameter.

    Parameters
    ----------
    latitude, longitude : (cell,) array
        Middles of the cells [degrees].
    diameter : float
        Half-power diameter [km].

    Returns
    -------
    (cell, cell) sparse matrix
        Rows sum to 1; multiply it with a field (cell,) or (cell, time).

    Raises
    ------
    ValueError
        If the diameter is negative.
    """
    if diameter < 0.0:
        msg = f"diameter = {diameter:g} km is negative: give 0 for no footprint."
        raise ValueError(msg)
    count = np.asarray(latitude).size
    if diameter == 0.0:
        return scipy.sparse.identity(count, format="csr")
    phi, lam = np.radians(latitude), np.radians(longitude)
    points = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
    tree = scipy.spatial.cKDTree(points)
    radius = EQUATOR / (2.0 * math.pi)
    # At three half-power radii the weight is 1/512.
    near = tree.sparse_distance_matrix(tree, 1.5 * diameter / radius, output_type="coo_matrix")
    weights = np.exp(-math.log(2.0) * (near.data * radius / (0.5 * diameter)) ** 2)
    square = scipy.sparse.csr_matrix((weights, (near.row, near.col)), shape=(count, count))
    square.setdiag(1.0)
    return scipy.sparse.diags(1.0 / np.asarray(square.sum(axis=1)).ravel()) @ square
