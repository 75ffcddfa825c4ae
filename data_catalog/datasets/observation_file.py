"""A NetCDF or Zarr file of observations made by anyone: a sensor's variable in our name and unit, by place and time."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import open_store
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.observation import SENSORS
from models.variables import VARIABLES

__all__ = ["ENTRY", "OBSERVED", "load", "write_example"]

OBSERVED = tuple(dict.fromkeys(sensor.observes for sensor in SENSORS))
"""What may stand in such a file, as it is or with ``_obs``."""

PLACES = ("site", "cell", "column", "station", "location", "locations", "point")
AXES = {"latitude": ("latitude", "lat"), "longitude": ("longitude", "lon")}

_SPELLINGS = {
    "m3 m-3": {"m3 m-3", "m3/m3", "m^3/m^3", "m**3 m**-3", "m³ m⁻³", "m^3 m^-3", "cm3 cm-3", "cm3/cm3"},
    "m2 m-2": {"m2 m-2", "m2/m2", "m^2/m^2", "m**2 m**-2", "m² m⁻²", "m^2 m^-2", "1", "-"},
    "1": {"1", "-", "", "none", "dimensionless", "unitless"},
    "K": {"K", "kelvin", "Kelvin"},
}
"""Spellings of a unit that mean exactly our unit."""


def load(path: str | Path) -> xr.Dataset:
    """Open a file of observations.

    Returns
    -------
    xr.Dataset
        On (time, site), with ``<name>_qc`` where the file has flags (0 recommended, 1 good).

    Raises
    ------
    ValueError
        It holds nothing that a sensor sees, says of no place where it is, has a wrong or missing unit, or dimensions
        other than time and places.
    """
    path = Path(path)
    with open_store(path, "observations are read from NetCDF or Zarr") as raw:
        names = {name: theirs for name in OBSERVED for theirs in (f"{name}_obs", name) if theirs in raw}
        if not names or "time" not in raw or raw["time"].dtype.kind != "M":
            msg = f"{path.name} holds none of {', '.join(OBSERVED)} along a CF time."
            raise ValueError(msg)
        place = next((dim for dim in PLACES if any(dim in raw[theirs].dims for theirs in names.values())), None)
        fields = {name: _field(raw[theirs], name, place, path.name) for name, theirs in names.items()}
        fields |= {
            f"{name}_qc": (
                ("time", "site"),
                _values(raw[flag], place),
                {"units": "1", "long_name": f"quality of {name}"},
            )
            for name, theirs in names.items()
            for flag in (f"{theirs}_qc",)
            if flag in raw
        }
        coords = {ours: ("site", _axis(raw, theirs, place, path.name)) for ours, theirs in AXES.items()}
        count = coords["latitude"][1].size
        coords["site"] = raw[place].to_numpy().astype(str) if place in raw.coords else np.arange(count).astype(str)
        ds = xr.Dataset(fields, coords | {"time": raw["time"].to_numpy().astype("datetime64[ns]")})
        kept = ("title", "source", "citation", "licence", "license", "time_zone", "product_version")
        ds.attrs = {name: str(raw.attrs[name])[:300] for name in kept if raw.attrs.get(name)}
    ds.attrs.setdefault("title", f"Observations, {', '.join(names)}")
    ds.attrs.setdefault("source", path.name)
    return ds


def _values(field: xr.DataArray, place: str | None) -> np.ndarray:
    """Return values on (time, site)."""
    values = field.transpose("time", *([place] if place else [])).to_numpy().astype(np.float64)
    return values if place else values[:, None]


def _field(field: xr.DataArray, name: str, place: str | None, file: str) -> tuple:
    """Return one variable, its dimensions and unit checked."""
    if set(field.dims) != {"time", *([place] if place else [])}:
        msg = f"{field.name} of {file} lies on {field.dims}; (time, site) is read, or (time,) of a single place."
        raise ValueError(msg)
    quantity = VARIABLES[name]
    unit = field.attrs.get("units")
    if unit is None or str(unit).strip() not in _SPELLINGS.get(quantity.unit, {quantity.unit}):
        came = "no unit" if unit is None else f"the unit {str(unit)[:40]!r}"
        msg = f"{field.name} of {file} has {came}; {name} is taken in {quantity.unit!r}: convert it first."
        raise ValueError(msg)
    return ("time", "site"), _values(field, place), dict(quantity.cf_attrs)


def _axis(raw: xr.Dataset, names: tuple[str, ...], place: str | None, file: str) -> np.ndarray:
    """Return latitudes or longitudes of the places."""
    found = next((raw[name] for name in names if name in raw), None)
    if found is None or set(found.dims) != ({place} if place else set()):
        msg = f"{file} does not say by {' or '.join(names)} where each of its places is."
        raise ValueError(msg)
    return np.atleast_1d(found.to_numpy()).astype(np.float64)


def recognise(path: Path, head: Head) -> bool:
    """Whether a file holds what a sensor observes along time, and says where."""
    held = set(head.variables)
    named = {name for observed in OBSERVED for name in (observed, f"{observed}_obs")}
    return bool(named & held) and "time" in held and all(held & set(names) for names in AXES.values())


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file holds."""
    return describe_dataset(ENTRY, load(path), grid="points")


def write_example(path: str | Path) -> None:
    """Write soil moisture of two places for a month, with made-up numbers."""
    day = np.arange(30)
    values = 0.2 + 0.05 * np.sin(day / 5.0)[:, None] + np.array([0.0, 0.02])
    ds = xr.Dataset(
        {"ssm": (("time", "site"), values, {"units": "m3 m-3", "long_name": "surface soil moisture"})},
        {
            "time": np.datetime64("2015-06-01T06", "ns") + day * np.timedelta64(1, "D"),
            "site": ["north", "south"],
            "latitude": ("site", [40.4, 39.6], {"units": "degrees_north"}),
            "longitude": ("site", [-4.1, -3.9], {"units": "degrees_east"}),
        },
        {"title": "Two probes", "licence": "made-up numbers"},
    )
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="observation-file",
    title="Observations of a sensor, a file of your own",
    citation="as the file says",
    licence="as the file says",
    load=load,
    feeds=("observations", "benchmarks"),
    kind="observations",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="observations.nc",
)
