"""Observations that come from a file instead of from the truth: checked, and laid out by cell and overpass."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from models.observation import Sensor
from models.variables import VARIABLES

if TYPE_CHECKING:
    from models.assimilation.twin import Twin

__all__ = ["given_observations"]

PLACES = ("cell", "column", "site", "station")
EARTH = 6371.0
FARTHEST = 80.0
"""Distance [km] up to which an observation belongs to a cell."""

NEAREST_HOUR = 3.0
"""Hours up to which a time belongs to an overpass of a swath; dates take the whole day."""


def given_observations(ds: xr.Dataset, sensor: Sensor, twin: "Twin", *, years: int = 0) -> np.ndarray:
    """Lay the observations of a data set out by cell and overpass.

    Parameters
    ----------
    ds : xr.Dataset
        The variable that the sensor observes (``ssm``, ``lai``, ``vod``, ``tb_h`` ...), or that with ``_obs``, on
        (time, cell) or (time, column), in our unit. Places are named by a coordinate ``cell`` (numbers of the grid)
        or by ``latitude`` and ``longitude``; times are UTC, or local solar time if the attribute ``time_zone`` of the
        data set says so.
    sensor : Sensor
        Whose they are.
    twin : Twin
        Cells and days.
    years : int
        Whole years that the dates are moved.

    Returns
    -------
    (cell, slot) array
        NaN where there is none. Of several that fall into one slot the mean.

    Raises
    ------
    ValueError
        If the variable is missing, in another unit or on other dimensions, if its values are impossible, or if none
        of it falls into the twin's cells and days.
    """
    names = (sensor.observes, f"{sensor.observes}_obs")
    name = next((one for one in names if one in ds), None)
    if name is None:
        msg = f"The observations lack {sensor.observes}; they have {', '.join(map(str, ds.data_vars)) or 'nothing'}."
        raise ValueError(msg)
    field = ds[name]
    unit, wanted = field.attrs.get("units"), VARIABLES[sensor.observes].unit
    if unit != wanted:
        shown = "no unit" if unit is None else f"the unit {unit!r}"
        msg = f"{name} of the observations has {shown}; {sensor.title} is taken in {wanted!r}: convert it first."
        raise ValueError(msg)
    place = next((one for one in PLACES if one in field.dims), None)
    if place is None or set(field.dims) != {"time", place}:
        msg = f"{name} of the observations lies on {field.dims}, not on (time, cell) or (time, column)."
        raise ValueError(msg)
    values = np.asarray(field.transpose("time", place).values, float)
    low, high = sensor.bounds
    bad = np.isfinite(values) & ((values < low) | (values > high))
    if bad.any():
        msg = (
            f"{name} = {values[bad][0]:g} {wanted} of the observations lies outside [{low:g}, {high:g}]: a wrong unit"
            " or a fill value?"
        )
        raise ValueError(msg)
    ds = ds.assign_coords(time=_moved(ds["time"].values, years))
    column = _columns(ds, place, twin)
    if not (column >= 0).any():
        axes = [(axis, mark) for axis, mark in (("latitude", "°N"), ("longitude", "°E")) if axis in ds]
        where = ", ".join(_ends(ds[axis].values, mark) for axis, mark in axes) or "by number"
        msg = (
            f"No place of the observations ({where}) lies in the {twin.cells.size:,} cells of the run: choose a region"
            " that holds one."
        )
        raise ValueError(msg)
    day, hour, inside = _slots(ds, sensor, twin, column)
    if not (inside & np.isfinite(values[:, np.maximum(column, 0)])).any():
        raise ValueError(_no_day(ds["time"].values, name, twin))
    return _gather(values, sensor, twin, column, day, hour, inside)


def _moved(time: np.ndarray, years: int) -> np.ndarray:
    """Return times moved by whole years; 29 February becomes 1 March where there is none."""
    time = time.astype("datetime64[s]")
    month = time.astype("datetime64[M]")
    return (month + np.timedelta64(12 * years, "M")).astype("datetime64[s]") + (time - month) if years else time


def _ends(values: np.ndarray, mark: str) -> str:
    """Say from where to where places lie."""
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:.2f} {mark}" if high - low < 0.005 else f"{low:.2f} to {high:.2f} {mark}"


def _no_day(time: np.ndarray, name: str, twin: "Twin") -> str:
    """Say why no observation falls into the days of the run, and what to do."""
    first, last = (str(day) for day in (time.min().astype("datetime64[D]"), time.max().astype("datetime64[D]")))
    world = twin.world
    told = (
        f"No {name} of the observations, which are of {first} to {last}, falls into the run's cells and overpasses of"
        f" {twin.days[0]} to {twin.days[-1]}: choose a period that they share"
    )
    if int(last[:4]) < world.first_year or int(first[:4]) >= world.first_year + world.n_year:
        return (
            f"{told}. The weather of {world.name} is of {world.first_year} to {world.first_year + world.n_year - 1}; it"
            f" is drawn, so the dates may be moved: years = {int(str(twin.days[0])[:4]) - int(first[:4])}."
        )
    return f"{told}."


def _columns(ds: xr.Dataset, place: str, twin: "Twin") -> np.ndarray:
    """Return the place in the data set that each cell takes, -1 for none."""
    if "latitude" in ds and "longitude" in ds:
        latitude, longitude = (np.asarray(ds[name].values, float) for name in ("latitude", "longitude"))
        ours, theirs = _points(twin.latitude, twin.longitude), _points(latitude, longitude)
        cosine = np.clip(ours @ theirs.T, -1.0, 1.0)
        nearest = cosine.argmax(axis=1)
        near = EARTH * np.arccos(cosine[np.arange(nearest.size), nearest]) <= FARTHEST
        return np.where(near, nearest, -1)
    if place in ds.coords and ds[place].dtype.kind in "iu":
        numbers = np.asarray(ds[place].values)
        order = np.argsort(numbers)
        at = np.clip(np.searchsorted(numbers[order], twin.cells), 0, numbers.size - 1)
        found = order[at]
        return np.where(numbers[found] == twin.cells, found, -1)
    msg = "The observations say of no place where it is: give latitude and longitude, or the numbers of cells."
    raise ValueError(msg)


def _points(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return points on the unit sphere."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)


def _slots(
    ds: xr.Dataset, sensor: Sensor, twin: "Twin", column: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return day of the period and number of the overpass hour of each (time, cell), and whether there is one."""
    time = ds["time"].values.astype("datetime64[s]")
    seconds = np.zeros(twin.cells.size)
    if not str(ds.attrs.get("time_zone", "")).startswith("local"):
        seconds = twin.longitude / 15.0 * 3600.0
    local = time[:, None] + np.round(seconds).astype("timedelta64[s]")[None, :]
    date = local.astype("datetime64[D]")
    hour = (local - date).astype("timedelta64[s]").astype(float) / 3600.0
    apart = np.abs(hour[:, :, None] - np.array(sensor.hours)[None, None, :])
    apart = np.minimum(apart, 24.0 - apart)
    nearest = apart.argmin(axis=2)
    close = np.take_along_axis(apart, nearest[:, :, None], axis=2)[:, :, 0] <= NEAREST_HOUR
    if sensor.pattern == "dates":
        close[:] = True
    day = np.searchsorted(twin.days, date)
    inside = (day < twin.days.size) & (twin.days[np.minimum(day, twin.days.size - 1)] == date) & close
    return day, nearest, inside & (column >= 0)[None, :]


def _gather(
    values: np.ndarray,
    sensor: Sensor,
    twin: "Twin",
    column: np.ndarray,
    day: np.ndarray,
    hour: np.ndarray,
    inside: np.ndarray,
) -> np.ndarray:
    """Average what falls into each slot."""
    shape = (twin.cells.size, twin.days.size * len(sensor.hours))
    mine = values[:, np.maximum(column, 0)]
    inside = inside & np.isfinite(mine)
    cell = np.broadcast_to(np.arange(shape[0]), inside.shape)[inside]
    slot = (day * len(sensor.hours) + hour)[inside]
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (cell, slot), mine[inside])
    np.add.at(count, (cell, slot), 1.0)
    return np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
