"""Cell files of time series (pynetcf): many points of a 5-degree cell in one NetCDF, in step or one after the other."""

from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.datasets.opening import kept_open
from data_catalog.datasets.product_columns import Column, columns_in, take, times_of
from data_catalog.datasets.regular_file import open_raw

__all__ = ["cell_axes", "nearest_point", "open_cell", "open_ragged"]

FAR_KM = 50.0


def _places(raw: xr.Dataset, file: str) -> dict:
    if "location_id" not in raw or "lat" not in raw or "lon" not in raw:
        msg = f"{file} is no cell file of time series: it has no location_id, lat and lon."
        raise ValueError(msg)
    lat, lon = (raw[name].to_numpy().astype(np.float64) for name in ("lat", "lon"))
    number = raw["location_id"].to_numpy()
    return {"lat": lat, "lon": lon, "id": number, "there": np.isfinite(lat) & (np.abs(lat) <= 90.0) & (number >= 0)}


def cell_axes(places: dict, keep: np.ndarray) -> dict:
    """Return the coordinates of the points that are kept."""
    return {
        "location_id": ("site", places["id"][keep]),
        "latitude": ("site", places["lat"][keep], {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("site", places["lon"][keep], {"units": "degrees_east", "standard_name": "longitude"}),
    }


def open_cell(path: str | Path, columns: tuple[Column, ...], flags: tuple[str, ...] = ()) -> xr.Dataset:
    """Open a cell whose points share their times, lazily, on (time, site).

    Parameters
    ----------
    columns : tuple of Column
        The product's variables.
    flags : tuple of str
        Variables that are taken as they are.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.regular_file.open_raw`; or it is no such file.
    """
    path = Path(path)
    raw = open_raw(path)
    with kept_open(raw):
        places = _places(raw, path.name)
        keep = np.flatnonzero(places["there"])
        found = columns_in(columns, map(str, raw.data_vars))
        series = [c.theirs for c in found if raw[c.theirs].dims == ("locations", "time")]
        if not series:
            msg = f"{path.name} has none of {', '.join(c.theirs for c in columns)[:200]} on (locations, time)."
            raise ValueError(msg)
        # Fill that the attributes do not name.
        picked = raw[[*series, *(name for name in flags if name in raw)]].isel(locations=keep)
        ds = take(picked, [c for c in columns if c.theirs in series], path.name)
        for name in flags:
            if name in picked:
                ds[name] = picked[name].assign_attrs(picked[name].attrs)
        time = raw["time"]
        decoded = times_of(time.to_numpy(), time.attrs["units"], str(time.attrs.get("calendar", "")), path.name)
        ds = ds.rename(locations="site").transpose("time", "site")
        ds = ds.assign_coords(cell_axes(places, keep)).assign_coords(time=("time", decoded, {"standard_name": "time"}))
        ds = ds.drop_vars([name for name in ("alt", "lat", "lon") if name in ds.coords])
        ds.attrs = {
            key: str(value)
            for key, value in raw.attrs.items()
            if key in ("product", "title", "overpass", "license", "product_version")
        }
    ds.set_close(raw.close)
    return ds


def open_ragged(
    path: str | Path, columns: tuple[Column, ...], flags: tuple[str, ...], at: tuple[float, float] | None
) -> xr.Dataset:
    """Open a cell whose points lie one after the other (``row_size``): all on (point), or the series nearest to ``at``.

    Parameters
    ----------
    at : (float, float), optional
        Latitude and longitude: then the series of the nearest point is given, on (time, site = 1).

    Raises
    ------
    ValueError
        It is no such file, or no point is near.
    """
    path = Path(path)
    raw = open_raw(path)
    with kept_open(raw):
        # As stored: what xarray makes of its fill value is a float.
        with h5py.File(path, "r") as file:
            sizes = file["row_size"][:].astype(np.int64)
        places = _places(raw, path.name)
        start = np.concatenate([[0], np.cumsum(np.maximum(sizes, 0))])
        total = int(start[-1])
        dim = raw["time"].dims[0]
        if total > raw.sizes[dim]:
            msg = f"{path.name}: row_size adds up to {total:,} of {raw.sizes[dim]:,} observations; is it cut off?"
            raise ValueError(msg)
        whole = slice(0, total)
        if at is not None:
            k = nearest_point(places["lat"], places["lon"], *at, path.name)
            whole = slice(int(start[k]), int(start[k + 1]))
        part = raw[[c.theirs for c in columns_in(columns, map(str, raw.data_vars))]].isel({dim: whole})
        for name in part.data_vars:
            missing = part[name].attrs.get("missing_value")
            if missing is not None and part[name].dtype.kind != "f":
                part[name] = part[name].where(part[name] != missing).astype(np.float32).assign_attrs(part[name].attrs)
        ds = take(part, columns, path.name)
        for name in flags:
            if name in raw:
                ds[name] = raw[name].isel({dim: whole})
        time = raw["time"].isel({dim: whole})
        decoded = times_of(time.to_numpy(), time.attrs["units"], "", path.name)
        ds = ds.drop_vars([name for name in ds.coords if name != "time"], errors="ignore")
        if at is None:
            index = np.repeat(np.arange(sizes.size), np.maximum(sizes, 0))
            ds = ds.rename({dim: "point"})
            ds = ds.assign_coords(
                time=("point", decoded),
                latitude=("point", places["lat"][index], {"units": "degrees_north"}),
                longitude=("point", places["lon"][index], {"units": "degrees_east"}),
                location_id=("point", places["id"][index]),
            )
        else:
            ds = ds.drop_vars("time", errors="ignore").assign_coords(time=(dim, decoded)).swap_dims({dim: "time"})
            ds = ds.expand_dims("site", axis=1)
            ds = ds.assign_coords(cell_axes(places, np.array([k])))
        ds.attrs = {"title": str(raw.attrs.get("title", "")), "product_version": str(raw.attrs.get("version", ""))}
    ds.set_close(raw.close)
    return ds


def nearest_point(latitude: np.ndarray, longitude: np.ndarray, lat: float, lon: float, file: str) -> int:
    """Return the number of the point nearest to a place.

    Raises
    ------
    ValueError
        None lies within `FAR_KM`.
    """
    a, b = np.radians(latitude), np.radians(lat)
    east = np.radians(longitude - lon)
    half = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(east / 2) ** 2
    distance = 2.0 * 6371.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    distance = np.where(np.isfinite(distance), distance, np.inf)
    k = int(np.argmin(distance))
    if distance[k] > FAR_KM:
        msg = (
            f"{file} has no point within {FAR_KM:.0f} km of {lat:g}, {lon:g}; the nearest is {distance[k]:.0f} km away."
        )
        raise ValueError(msg)
    return k
