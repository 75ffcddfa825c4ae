"""Maps of a carbon flux in the layout of OpenGHG: ``flux(lat, lon, time)`` in mol m-2 s-1, as of CARDAMOM's GPP."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import kept_open, open_store
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

GC_PER_MOL = 12.011 * 86400.0
_KINDS = {
    "gross primary": "gpp",
    "gpp": "gpp",
    "net ecosystem": "nee",
    "nee": "nee",
    "net biosphere": "nbe",
    "nbe": "nbe",
}


def _ours(title: str) -> str:
    """Return which flux a title names; "" for another."""
    return next((ours for words, ours in _KINDS.items() if words in title.lower()), "")


def load(path: str | Path) -> xr.Dataset:
    """Open a map of flux.

    Returns
    -------
    xr.Dataset
        Lazy on (time, latitude, longitude): ``gpp``, ``nee`` or ``nbe`` [gC m-2 d-1].

    Raises
    ------
    ValueError
        The file is another or cut off, its unit is another one, or its title names no flux that is ours.
    """
    path = Path(path)
    raw = open_store(path, "a map of flux is a NetCDF file")
    with kept_open(raw):
        if "flux" not in raw or set(raw["flux"].dims) != {"lat", "lon", "time"}:
            msg = f"{path.name} has no flux on (lat, lon, time)."
            raise ValueError(msg)
        unit = str(raw["flux"].attrs.get("units", ""))
        if unit not in ("mol/m2/s", "mol m-2 s-1"):
            msg = f"{path.name}: flux is in {unit!r}, not 'mol/m2/s': convert it first."
            raise ValueError(msg)
        title = str(raw.attrs.get("title", ""))
        name = _ours(title)
        if not name:
            msg = f"{path.name}: its title, {title[:60]!r}, names none of GPP, NEE, NBE."
            raise ValueError(msg)
        if np.abs(raw["lat"].to_numpy()).max() > 90.0:
            msg = f"{path.name}: latitude = {np.abs(raw['lat'].to_numpy()).max():g} is none; are lat and lon swapped?"
            raise ValueError(msg)
        flux = raw["flux"].chunk().transpose("time", "lat", "lon") * GC_PER_MOL
    ds = flux.astype(float).rename(lat="latitude", lon="longitude").to_dataset(name=name)
    ds[name].attrs = VARIABLES[name].cf_attrs
    ds["latitude"].attrs, ds["longitude"].attrs = {"units": "degrees_north"}, {"units": "degrees_east"}
    ds.attrs = {
        "title": title,
        "source": f"file {path.name}",
        "citation": str(raw.attrs.get("prior_file_1_reference", ENTRY.citation)),
        "licence": ENTRY.licence,
        "grid": "regular latitude and longitude",
        "synthetic": 0,
    }
    ds.set_close(raw.close)
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has a flux on latitude and longitude, of a kind that is ours."""
    return {"flux", "lat", "lon", "time"} <= set(head.variables) and bool(_ours(head.said("title")))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a map holds."""
    with load(path) as ds:
        return describe_dataset(ENTRY, ds)


def write_example(path: str | Path) -> None:
    """Write a month on 4 x 5 cells, with made-up numbers."""
    flux = np.linspace(0, 8e-6, 20).reshape(4, 5, 1)
    ds = xr.Dataset(
        {"flux": (("lat", "lon", "time"), flux, {"units": "mol/m2/s"})},
        {"lat": np.linspace(50, 51, 4, dtype="f4"), "lon": np.linspace(-2, 0, 5, dtype="f4")},
        {"title": "Gross Primary Productivity CO2"},
    )
    ds["time"] = ("time", [0], {"units": "days since 2012-01-01 00:00:00"})
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="openghg-flux",
    title="Maps of carbon flux in the layout of OpenGHG (CARDAMOM GPP)",
    citation="as the file states",
    licence="of the file",
    load=load,
    feeds=("benchmarks",),
    kind="map",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="co2-gpp-cardamom_EUROPE_2012.nc",
)
