"""VIC 5 image driver: forcing, domain and parameters of a small grid in NetCDF, as in the model's sample data."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import open_store
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Hamman et al. 2018, The Variable Infiltration Capacity model version 5, Geosci. Model Dev. 11, 3481-3496"
FORCING = ("temp", "shortwave", "longwave", "air_pressure", "wind", "prec", "vapor_pressure")
_UNITS = {
    "temp": ("C", "degC"),
    "shortwave": ("W m-2",),
    "longwave": ("W m-2",),
    "air_pressure": ("kPa",),
    "wind": ("m s-1", "mm s-1"),  # the sample's file says mm s-1, its numbers are m s-1
    "prec": ("mm timestep-1",),
    "vapor_pressure": ("kPa",),
}


def _role(names: set[str]) -> str:
    """Return forcing, parameters, domain, or ""."""
    if set(FORCING) <= names:
        return "forcing"
    if {"LAI", "Cv", "root_depth", "veg_class"} <= names:
        return "parameters"
    return "domain" if {"mask", "frac", "area", "lat", "lon"} <= names else ""


def load(path: str | Path) -> xr.Dataset:
    """Open a file of forcing, parameters or domain.

    Returns
    -------
    xr.Dataset
        Cells inside the mask on ``cell``, with latitude and longitude. Forcing on (time, cell): t_air, q_air, pressure,
        wind, sw_down, lw_down, precip_rate, time the start of each step in UTC. Parameters: ``lai_clim`` (month, cell),
        the mean of the vegetation classes by their fractions; elevation. Domain: area, elevation.

    Raises
    ------
    ValueError
        The file is another or broken, or a unit is another one.
    """
    path = Path(path)
    with open_store(path, "VIC's files are NetCDF") as raw:
        role = _role({str(name) for name in (*raw.variables, *raw.dims)})
        if not role:
            msg = f"{path.name} is no file of VIC: neither {', '.join(FORCING)}, nor LAI and Cv, nor mask, frac, area."
            raise ValueError(msg)
        if not {"lat", "lon"} <= set(raw.dims):
            msg = f"{path.name}: dimensions lat and lon are missing; it has {', '.join(map(str, raw.dims))}."
            raise ValueError(msg)
        flat = raw.stack(cell=("lat", "lon"))
        if "mask" in flat and "time" not in flat["mask"].dims:
            flat = flat.isel(cell=np.flatnonzero(flat["mask"].to_numpy() == 1))
        latitude, longitude = flat["lat"].to_numpy(), flat["lon"].to_numpy()
        ds = {"forcing": _forcing, "parameters": _parameters, "domain": _domain}[role](flat, path.name)
    ds = ds.assign_coords(cell=np.arange(latitude.size))
    for name, values in (("latitude", latitude), ("longitude", longitude)):
        if np.abs(values).max(initial=0.0) > (90.0 if name == "latitude" else 360.0):
            msg = f"{path.name}: {name} = {values.max():g} is no {name}; are latitude and longitude swapped?"
            raise ValueError(msg)
        ds[name] = ("cell", values, {"units": "degrees_north" if name == "latitude" else "degrees_east"})
    ds.attrs = {
        "title": f"VIC {role}, {latitude.size} cells",
        "source": f"file {path.name}",
        "citation": CITATION,
        "licence": ENTRY.licence,
        "role": role,
        "clock": "UTC",
        "stamp": "start",
        "synthetic": 0,
    }
    return ds


def _checked(flat: xr.Dataset, name: str, file: str) -> np.ndarray:
    unit = str(flat[name].attrs.get("units", "")).strip()
    if unit not in _UNITS[name]:
        msg = f"{file}: {name} is in {unit!r}, not {_UNITS[name][0]!r}: convert it first."
        raise ValueError(msg)
    return flat[name].transpose("time", "cell").to_numpy().astype(float)


def _forcing(flat: xr.Dataset, file: str) -> xr.Dataset:
    time = flat["time"].to_numpy()
    if time.dtype.kind != "M" or time.size < 2:
        msg = f"{file}: time holds {time.dtype}; two dates or more (units 'hours since ...') are accepted."
        raise ValueError(msg)
    seconds = float((time[1] - time[0]) / np.timedelta64(1, "s"))
    if not (np.diff(time) == time[1] - time[0]).all() or seconds <= 0:
        msg = f"{file}: times are not evenly spaced."
        raise ValueError(msg)
    held = {name: _checked(flat, name, file) for name in FORCING}
    pressure, vapour = held["air_pressure"] * 1000.0, held["vapor_pressure"] * 1000.0
    values = {
        "t_air": held["temp"] + 273.15,
        "q_air": 0.622 * vapour / (pressure - 0.378 * vapour),
        "pressure": pressure,
        "wind": held["wind"],
        "sw_down": held["shortwave"],
        "lw_down": held["longwave"],
        "precip_rate": held["prec"] / seconds,
    }
    ds = xr.Dataset(coords={"time": time.astype("datetime64[ns]")})
    for name, array in values.items():
        quantity = VARIABLES[name]
        if (array < quantity.low).any() or (array > quantity.high).any():
            worst = array[(array < quantity.low) | (array > quantity.high)][0]
            bounds = f"[{quantity.low:g}, {quantity.high:g}] {quantity.unit}"
            msg = f"{file}: {name} = {worst:g} lies outside {bounds}: another unit, or a fill value?"
            raise ValueError(msg)
        ds[name] = (("time", "cell"), array, quantity.cf_attrs)
    return ds


def _parameters(flat: xr.Dataset, file: str) -> xr.Dataset:
    fraction = np.nan_to_num(flat["Cv"].transpose("veg_class", "cell").to_numpy().astype(float))
    lai = np.nan_to_num(flat["LAI"].transpose("veg_class", "month", "cell").to_numpy().astype(float))
    total = fraction.sum(axis=0)
    mean = np.einsum("vc,vmc->mc", fraction, lai) / np.where(total > 0, total, np.nan)
    said = VARIABLES["lai"].cf_attrs | {"long_name": "leaf area index, mean of the classes by their fractions"}
    ds = xr.Dataset({"lai_clim": (("month", "cell"), mean, said)}, {"month": np.arange(1, mean.shape[0] + 1)})
    if "elev" in flat:
        ds["elevation"] = ("cell", flat["elev"].to_numpy().astype(float), VARIABLES["elevation"].cf_attrs)
    return ds


def _domain(flat: xr.Dataset, file: str) -> xr.Dataset:
    ds = xr.Dataset({"area": ("cell", flat["area"].to_numpy().astype(float), VARIABLES["area"].cf_attrs)})
    if "elev" in flat:
        ds["elevation"] = ("cell", flat["elev"].to_numpy().astype(float), VARIABLES["elevation"].cf_attrs)
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has the names of VIC."""
    return bool(_role(set(head.variables)))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file holds."""
    ds = load(path)
    feeds = ("forcing",) if ds.attrs["role"] == "forcing" else ()
    names = () if ds.attrs["role"] == "forcing" else tuple(str(name) for name in ds.data_vars)
    known = {"variables": names} if names else {}
    return describe_dataset(ENTRY, ds, feeds=feeds, grid="regular latitude and longitude", **known)


def write_example(path: str | Path) -> None:
    """Write two days of 3-hourly forcing on 2 x 3 cells, one of them outside the mask, with made-up numbers."""
    sun = np.maximum(0.0, np.sin(np.pi * (np.arange(16) % 8 * 3 - 6) / 12))[:, None, None] * np.ones((1, 2, 3))
    fields = {
        "temp": (10 + 12 * sun, "C"),
        "shortwave": (800 * sun, "W m-2"),
        "longwave": (300 + 30 * sun, "W m-2"),
        "air_pressure": (86 + 0 * sun, "kPa"),
        "vapor_pressure": (0.8 + 0 * sun, "kPa"),
        "wind": (3 + 0 * sun, "m s-1"),
        "prec": (0.1 + 0 * sun, "mm timestep-1"),
    }
    ds = xr.Dataset({name: (("time", "lat", "lon"), v, {"units": unit}) for name, (v, unit) in fields.items()})
    ds["mask"] = (("lat", "lon"), np.array([[1, 1, 1], [1, 0, 1]], "i4"))
    ds = ds.assign_coords(
        time=("time", 3 * np.arange(16), {"units": "hours since 2008-01-01"}),
        lat=("lat", [31.65625, 31.71875], {"units": "degrees North"}),
        lon=("lon", [-110.15625, -110.09375, -110.03125], {"units": "degrees East"}),
    )
    ds.to_netcdf(path, engine="scipy")


ENTRY = CatalogEntry(
    name="vic",
    title="VIC 5: forcing, domain and parameters of a grid",
    citation=CITATION,
    licence="of the file",
    load=load,
    feeds=("forcing",),
    kind="weather",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="forcings.2008.nc",
)
