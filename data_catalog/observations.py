"""Real observations at the cells of the world, as a sensor of the filter takes them."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog import CATALOG
from data_catalog.grid import EaseGrid
from data_catalog.head import Head
from data_catalog.regrid import onto_cells
from data_catalog.world.soil import SHIPPED_GRID, parents_of, shipped
from data_catalog.world.static import open_static
from models.observation import Sensor, sensor_named
from models.variables import VARIABLES

__all__ = ["ABOUT", "GOOD", "as_observations", "open_observations"]

GOOD = 1
"""Largest ``_qc`` that is good: 0 measured or recommended, 1 well filled."""

ABOUT = ("title", "source", "citation", "licence", "product_version")


def as_observations(
    ds: xr.Dataset | Iterable[xr.Dataset],
    sensor: str | Sensor,
    *,
    grid: str = SHIPPED_GRID,
    quality: int | None = GOOD,
    hour: float | None = None,
) -> xr.Dataset:
    """Put what a file holds into the form in which the filter takes observations.

    Parameters
    ----------
    ds : Dataset or several
        From a reader of the catalog: points or stations on (time, site), lists of cells or a swath on (point), or maps
        on (time, y, x) or (time, latitude, longitude). Several, such as granules, follow one another in time.
    sensor : str or Sensor
        Whose observations they are, such as "ssm", "lai", "vod", "lvod".
    grid : str
        Grid of the world whose cells are meant.
    quality : int, optional
        Largest flag ``<name>_qc`` that is taken (0 recommended, 1 good, 2 doubtful); None takes all. Without flags in
        the file all are taken.
    hour : float, optional
        Local solar hour of the overpass, where the times are days: by default that of the half orbit that the title
        names (AM 6, PM 18), else the sensor's first.

    Returns
    -------
    Dataset
        ``<name>_obs`` on (time, column) in our unit, ``column`` the number of the cell in ``open_static(grid)``, with
        latitude and longitude of its centre; of several points in a cell the mean. ``error_std`` is what the filter
        assumes by default, ``product_error_std`` the product's own mean. As `models.observation.synthetic.as_dataset`,
        for `models.assimilation.given.given_observations`.

    Raises
    ------
    ValueError
        The data lack the variable, lie in no land cell of the world, or none is as good as asked for.
    """
    if not isinstance(ds, xr.Dataset):
        return _joined([as_observations(one, sensor, grid=grid, quality=quality, hour=hour) for one in ds])
    sensor = sensor_named(sensor) if isinstance(sensor, str) else sensor
    name = sensor.observes
    ds, notes = _with_variable(ds, name, grid)
    field = ds[name]
    quantity = VARIABLES[name]
    field = field.where((field >= quantity.low) & (field <= quantity.high))
    # An L-band retrieval gives moisture and optical depth together, under one flag.
    flags = [flag for flag in (f"{name}_qc", *(("ssm_qc",) if name == "vod_l" else ())) if flag in ds]
    if quality is not None and flags:
        kept = field.where(ds[flags[0]] <= quality)
        if not bool(kept.notnull().any()) and bool(field.notnull().any()):
            msg = (
                f"None of the {int(field.notnull().sum()):,} values of {name} has a flag of {quality} or better: the "
                "product does not recommend them, or gives no flags. Pass quality=None to take them all."
            )
            raise ValueError(msg)
        field = kept
    time, values, cells = _by_cell(field, ds, grid)
    time, zone, more = _local_times(time, ds, sensor, hour)
    notes += more
    held = np.isfinite(values)
    some, when = held.any(axis=0), held.any(axis=1)
    if not some.any():
        msg = f"The data hold no value of {name} in a land cell of the {grid} world."
        raise ValueError(msg)
    values, cells, time = values[when][:, some], cells[some], time[when]
    static = _static(grid)
    attrs = quantity.cf_attrs | {"error_std": sensor.error_std}
    if f"{name}_std" in ds and bool(ds[f"{name}_std"].notnull().any()):
        attrs["product_error_std"] = float(ds[f"{name}_std"].where(field.notnull()).mean())
    out = xr.Dataset(
        {f"{name}_obs": (("time", "column"), values, attrs)},
        coords={
            "time": time,
            "column": cells,
            "latitude": ("column", static["latitude"].to_numpy()[cells]),
            "longitude": ("column", static["longitude"].to_numpy()[cells]),
        },
    )
    about = {key: ds.attrs[key] for key in ABOUT if key in ds.attrs}
    about |= {"time_zone": zone, "grid": grid, "sensor": sensor.name, "notes": "; ".join(notes), "synthetic": 0}
    return out.assign_attrs(about)


def open_observations(
    path: str | Path, sensor: str | Sensor, *, grid: str = SHIPPED_GRID, quality: int | None = GOOD
) -> xr.Dataset:
    """Recognise a file, read it, and put it into the form in which the filter takes observations.

    Parameters
    ----------
    path : path
        A file of any product of the catalog.
    sensor, grid, quality
        See `as_observations`.

    Raises
    ------
    ValueError
        No product is recognised; or see `as_observations` and the product's reader.
    """
    path = Path(path)
    head = Head(path)
    for entry in CATALOG.values():
        if entry.recognise is not None and entry.recognise(path, head):
            with entry.load(path) as ds:
                return as_observations(ds, sensor, grid=grid, quality=quality)
    msg = f"{path.name} is of no product that the catalog knows; `python launch.py catalog {path.name}` says why."
    raise ValueError(msg)


def _joined(parts: list[xr.Dataset]) -> xr.Dataset:
    """Put observations of several files one after the other; of two at one time and cell the later file's counts."""
    out = parts[0]
    for part in parts[1:]:
        out = part.combine_first(out)
    sources = "; ".join(dict.fromkeys(str(part.attrs.get("source", "")) for part in parts))
    return out.sortby("time").assign_attrs(parts[0].attrs | {"source": sources[:1000]})


@cache
def _static(grid: str) -> xr.Dataset:
    return open_static(grid)


def _with_variable(ds: xr.Dataset, name: str, grid: str) -> tuple[xr.Dataset, list[str]]:
    """Return data that have the variable; surface moisture may come as wetness [%], times the world's porosity."""
    if name in ds:
        return ds, []
    if name == "ssm" and "smsf" in ds:
        sites = "latitude" in ds.coords and ds["latitude"].ndim == 1 and ds["latitude"].dims[0] in ("site", "point")
        if sites:
            cells = _cells(ds["latitude"].to_numpy(), ds["longitude"].to_numpy(), grid)
            porosity = np.where(cells >= 0, _porosity(grid)[np.maximum(cells, 0)], np.nan)
            pores = xr.DataArray(porosity, dims=ds["latitude"].dims)
            ds = ds.assign(ssm=ds["smsf"] / 100.0 * pores)
            for end in ("_qc", "_std"):
                if f"smsf{end}" in ds:
                    ds[f"ssm{end}"] = ds[f"smsf{end}"] if end == "_qc" else ds["smsf_std"] / 100.0 * pores
            return ds, ["wetness times the porosity of the world's soil"]
    held = ", ".join(str(one) for one in ds.data_vars) or "nothing"
    msg = f"The data lack {name}, which the sensor observes; they have {held[:200]}."
    raise ValueError(msg)


def _porosity(grid: str) -> np.ndarray:
    return shipped().porosity[parents_of(_static(grid), grid)]


@cache
def _numbers(grid: str) -> np.ndarray:
    """Return the number of the world's cell at each (row, column), -1 where there is no land."""
    static = _static(grid)
    table = np.full(EaseGrid(grid).shape, -1, np.int64)
    table[static["row"].to_numpy(), static["column"].to_numpy()] = np.arange(static.sizes["cell"])
    return table


def _cells(latitude: np.ndarray, longitude: np.ndarray, grid: str) -> np.ndarray:
    """Return the number of the world's cell that holds each place, -1 for none."""
    good = np.isfinite(latitude) & np.isfinite(longitude)
    row, column = EaseGrid(grid).row_col(np.where(good, latitude, 0.0), np.where(good, longitude, 0.0))
    return np.where(good, _numbers(grid)[row, column], -1)


def _by_cell(field: xr.DataArray, ds: xr.Dataset, grid: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times (time,), values (time, cell) and the numbers of the cells."""
    if "point" in field.dims:
        return _points_by_cell(field, grid)
    if "site" in field.dims:
        field = field.transpose("time", "site")
        cells = _cells(ds["latitude"].to_numpy(), ds["longitude"].to_numpy(), grid)
        numbers = np.unique(cells[cells >= 0])
        values = np.asarray(field.to_numpy(), np.float64)
        there = np.isfinite(values)
        filled = np.where(there, values, 0.0)
        member = (cells[:, None] == numbers[None, :]).astype(np.float64)
        count = there.astype(np.float64) @ member
        mean = np.where(count > 0, filled @ member / np.maximum(count, 1.0), np.nan)
        return field["time"].to_numpy(), mean, numbers
    maps = field.to_dataset(name="value").assign_attrs(grid=ds.attrs.get("grid", ""))
    placed = onto_cells(maps, _static(grid), "nearest" if grid == "36km" else "mean", least=0.0)["value"]
    values = np.asarray(placed.transpose("time", "cell").to_numpy(), np.float64)
    held = np.flatnonzero(np.isfinite(values).any(axis=0))
    return field["time"].to_numpy(), values[:, held], held


def _points_by_cell(field: xr.DataArray, grid: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average the points of each cell and hour."""
    values = np.asarray(field.to_numpy(), np.float64)
    cells = _cells(field["latitude"].to_numpy(), field["longitude"].to_numpy(), grid)
    time = field["time"].to_numpy().astype("datetime64[h]")
    good = np.isfinite(values) & (cells >= 0) & ~np.isnat(time)
    hours, at = np.unique(time[good], return_inverse=True)
    numbers, of = np.unique(cells[good], return_inverse=True)
    total, count = np.zeros((hours.size, numbers.size)), np.zeros((hours.size, numbers.size))
    np.add.at(total, (at, of), values[good])
    np.add.at(count, (at, of), 1.0)
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return hours.astype("datetime64[ns]"), mean, numbers


def _local_times(
    time: np.ndarray, ds: xr.Dataset, sensor: Sensor, hour: float | None
) -> tuple[np.ndarray, str, list[str]]:
    """Return times, their zone, and what was assumed: days get the hour of their overpass."""
    time = time.astype("datetime64[ns]")
    days = bool((time == time.astype("datetime64[D]")).all()) and np.unique(time).size == time.size
    if str(ds.attrs.get("time_zone", "")).startswith("local") and hour is None:
        return time, "local mean solar time", []
    if not days:
        return time, "UTC", []
    if hour is None:
        title = str(ds.attrs.get("title", ""))
        hour = 18.0 if title.endswith("PM") else 6.0 if title.endswith("AM") else sensor.hours[0]
    shifted = time.astype("datetime64[D]").astype("datetime64[ns]") + np.timedelta64(round(hour * 3600), "s")
    return shifted, "local mean solar time", [f"days are taken for {hour:g} h local solar time"]
