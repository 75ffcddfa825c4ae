"""Products on a regular grid of latitudes and longitudes in NetCDF or HDF5: opened lazily, in our names."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.apart import tried
from data_catalog.datasets.opening import kept_open
from data_catalog.datasets.product_columns import Column, columns_in, take, times_of
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["RegularProduct", "on_latitude_longitude", "open_raw"]

_LATITUDE = ("latitude", "lat", "Latitude", "LAT", "nav_lat", "y_lat")
_LONGITUDE = ("longitude", "lon", "Longitude", "LON", "nav_lon", "x_lon")
BLOCK = 4_000_000
"""Values of a variable that are read at once, at most; a whole map in any case, if it is not larger than `STRIP`."""
STRIP = 32_000_000
"""Values of a map beyond which it is read in strips of latitude (300 m over the globe is 5.7 thousand million)."""
_TIME = ("time", "valid_time", "date", "Time")


def open_raw(path: str | Path, group: str | None = None) -> xr.Dataset:
    """Open a NetCDF or HDF5 file lazily, its times still numbers; one chunk a variable and step.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is of another kind, cut off or damaged.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no file {path.name}; a NetCDF or HDF5 file is expected."
        raise FileNotFoundError(msg)
    with path.open("rb") as stream:
        start = stream.read(8)
    engine = "h5netcdf" if start.startswith(b"\x89HDF") else "scipy" if start.startswith(b"CDF") else ""
    if not engine:
        msg = f"{path.name} is neither NetCDF nor HDF5 (it starts with {start!r})."
        raise ValueError(msg)
    tried(path)
    options = {"phony_dims": "sort"} if engine == "h5netcdf" else {}
    if group:
        options["group"] = group
    try:
        with warnings.catch_warnings():
            # Two kinds of fill (not seen, not made) are one to us.
            warnings.simplefilter("ignore", xr.SerializationWarning)
            raw = xr.open_dataset(path, engine=engine, decode_times=False, chunks=None, **options)
            times = {str(n): False for n, v in raw.variables.items() if "scale_factor" in v.encoding and _is_time(v)}
            if times:
                # A scale in float32 takes seconds since 2000 for half a minute; whole numbers are kept as they are.
                raw.close()
                scaled = {str(name): True for name in raw.variables} | times
                raw = xr.open_dataset(
                    path, engine=engine, decode_times=False, mask_and_scale=scaled, chunks=None, **options
                )
        return raw.chunk(_blocks(raw))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:160]
        msg = f"{path.name} cannot be read; is it truncated or damaged? ({said})"
        raise ValueError(msg) from error


def _is_time(variable: xr.Variable) -> bool:
    scale = np.ravel(variable.encoding["scale_factor"])[0]
    return " since " in str(variable.attrs.get("units", "")) and float(scale) == 1.0


def _blocks(raw: xr.Dataset) -> dict[str, int]:
    """Return the sizes of blocks: whole maps, of as many steps as make `BLOCK` values."""
    most = max((v.size // v.sizes[t] for v in raw.values() for t in _TIME if v.sizes.get(t)), default=1)
    blocks = {str(name): (max(1, BLOCK // most) if name in _TIME else -1) for name in raw.dims}
    for name in _LATITUDE:
        if most > STRIP and raw.sizes.get(name):
            blocks[name] = max(1, STRIP * raw.sizes[name] // most)
    return blocks


def has_group(path: Path, group: str) -> bool:
    """Say whether an HDF5 file has a group; False for a file that is no HDF5."""
    if not path.exists() or not h5py.is_hdf5(path):
        return False
    tried(path)
    with h5py.File(path, "r") as file:
        return group in file


def on_latitude_longitude(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Name the axes time, latitude, longitude, decode the times, and count longitudes from -180 to 180.

    Raises
    ------
    ValueError
        An axis is missing, has two dimensions, or holds what no latitude or longitude is (are they swapped?).
    """
    names = {}
    for ours, theirs in (("latitude", _LATITUDE), ("longitude", _LONGITUDE)):
        found = next((name for name in theirs if name in raw.variables), None)
        if found is None:
            msg = f"{file} has no {ours}; it has {', '.join(map(str, raw.variables))[:200]}."
            raise ValueError(msg)
        if raw[found].ndim != 1:
            msg = f"{file}: {found} has {raw[found].ndim} dimensions; one is accepted on a regular grid."
            raise ValueError(msg)
        dimension = raw[found].dims[0]
        if dimension != found:
            raw = (
                raw.swap_dims({dimension: found})
                if found in raw.coords
                else raw.set_coords(found).swap_dims({dimension: found})
            )
        names[found] = ours
    time = next((name for name in _TIME if name in raw.variables), None)
    if time is not None and time != "time":
        names[time] = "time"
        if "time" in raw.variables:
            raw = raw.drop_vars("time")
    raw = raw.rename({old: new for old, new in names.items() if old != new})
    limits = {"latitude": 90.0, "longitude": 360.0}
    for name, most in limits.items():
        axis = raw[name].to_numpy().astype(np.float64)
        if not np.isfinite(axis).all() or np.abs(axis).max(initial=0.0) > most + 1e-3:
            msg = f"{file}: {name} reaches {np.nanmax(np.abs(axis)):g} degrees; are latitude and longitude swapped?"
            raise ValueError(msg)
        raw = raw.assign_coords({name: (name, axis, {"units": f"degrees_{'north' if most == 90.0 else 'east'}"})})
    if (raw["longitude"] >= 180.0 + 1e-9).any():
        turned = (raw["longitude"].to_numpy() + 180.0) % 360.0 - 180.0
        raw = raw.assign_coords(longitude=("longitude", turned, raw["longitude"].attrs)).sortby("longitude")
    if "time" in raw.variables and raw["time"].dtype.kind != "M":
        raw = _with_times(raw, file)
    return raw


def _with_times(raw: xr.Dataset, file: str) -> xr.Dataset:
    time = raw["time"]
    units = time.attrs.get("units")
    if units is None:
        return raw.drop_vars("time")
    decoded = times_of(time.to_numpy(), units, str(time.attrs.get("calendar", "")), file)
    raw = raw.assign_coords(time=(time.dims, decoded, {"standard_name": "time"}))
    return raw if time.ndim else raw.expand_dims("time")


def spacing(axis: np.ndarray) -> float:
    """Return the step of an axis [degrees], NaN for one value."""
    return float(np.round(np.median(np.abs(np.diff(axis))), 5)) if axis.size > 1 else np.nan


@dataclass(frozen=True)
class RegularProduct:
    """A product on latitudes and longitudes: what it is, and its variables.

    Attributes
    ----------
    name, title, citation, licence, feeds, kind
        See `data_catalog.entry.CatalogEntry`.
    columns : tuple of Column
        Its variables.
    is_it : callable
        ``is_it(head, names)``: whether a file with these variables (without groups) is of the product.
    group : str
        HDF5 group of its variables.
    finish : callable, optional
        ``finish(ds, raw, file)``: derived variables, flags.
    fix : callable, optional
        ``fix(raw, file)``: repairs before names are changed.
    version : callable, optional
        ``version(raw)``: release.
    stamp : str
        "start", "centre" or "end": where in the interval of a mean its time lies.
    write_example, example_name
        See `data_catalog.entry.CatalogEntry`.
    """

    name: str
    title: str
    citation: str
    licence: str
    columns: tuple[Column, ...]
    is_it: Callable[[Head, set[str]], bool]
    feeds: tuple[str, ...] = ("benchmarks",)
    kind: str = "satellite"
    group: str = ""
    finish: Callable[[xr.Dataset, xr.Dataset, str], xr.Dataset] | None = None
    fix: Callable[[xr.Dataset, str], xr.Dataset] | None = None
    version: Callable[[xr.Dataset], str] | None = None
    stamp: str = ""
    write_example: Callable[[Path], None] | None = None
    example_name: str = ""

    def recognise(self, path: Path, head: Head) -> bool:
        """Say whether a file is of the product, by its variables."""
        if head.kind not in ("hdf5", "netcdf3"):
            return False
        names = {name.rsplit("/", 1)[-1] for name in head.variables}
        return bool(self.is_it(head, names))

    def load(self, path: str | Path) -> xr.Dataset:
        """Open a file of the product, lazily, on (time, latitude, longitude).

        Raises
        ------
        FileNotFoundError, ValueError
            See `open_raw`, `on_latitude_longitude`, `data_catalog.datasets.product_columns.take`.
        """
        path = Path(path)
        raw = open_raw(path, self.group if self.group and has_group(path, self.group) else None)
        with kept_open(raw):
            fixed = self.fix(raw, path.name) if self.fix else raw
            fixed = on_latitude_longitude(fixed, path.name)
            # A finishing step may make variables of columns that have no name of ours.
            held = columns_in(self.columns, map(str, fixed.data_vars))
            ds = take(fixed, self.columns, path.name) if held or not self.finish else xr.Dataset(coords=fixed.coords)
            if self.finish:
                ds = self.finish(ds, fixed, path.name)
        keep = {"time", "latitude", "longitude", "layer", "depth"}
        ds = ds.drop_vars([name for name in ds.coords if name not in keep])
        order = [name for name in ("time", "layer", "latitude", "longitude") if name in ds.dims]
        ds = ds.transpose(*order, ...)
        step = spacing(ds["latitude"].to_numpy()), spacing(ds["longitude"].to_numpy())
        degrees = f"{step[0]:g}" if abs(step[0] - step[1]) < 2e-4 else f"{step[0]:g} x {step[1]:g}"
        ds.attrs = {
            "title": self.title,
            "source": f"{self.kind}: {path.name}",
            "citation": self.citation,
            "licence": self.licence,
            "grid": ds.attrs.get("grid", f"{degrees} degree"),
            "product_version": self.version(raw) if self.version else "",
            "synthetic": 0,
        }
        if self.stamp:
            ds.attrs["stamp"] = self.stamp
        ds.set_close(raw.close)
        return ds

    def entry(self) -> CatalogEntry:
        """Return its entry in the catalog."""
        return CatalogEntry(
            name=self.name,
            title=self.title,
            citation=self.citation,
            licence=self.licence,
            load=self.load,
            feeds=self.feeds,
            kind=self.kind,
            recognise=self.recognise,
            describe=lazily_described(self.load, lambda: self.entry()),
            write_example=self.write_example,
            example_name=self.example_name,
        )
