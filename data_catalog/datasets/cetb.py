"""CETB: brightness temperatures on EASE-Grid 2.0 (NSIDC-0630, -0738), polar or cylindrical, one channel a file."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import kept_open
from data_catalog.datasets.product_columns import Column, take, times_of
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.regular_file import open_raw
from data_catalog.entry import CatalogEntry
from data_catalog.grid import K0, Q_POLE, RADIUS, project, unproject
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "polar_lat_lon", "write_example"]

TITLE = "CETB brightness temperature, daily, EASE-Grid 2.0"
CITATION = (
    "Brodzik, M. J., and D. G. Long, MEaSUREs Calibrated Enhanced-Resolution Brightness Temperatures, NASA NSIDC DAAC"
)
LICENCE = "NASA open data: free, to be cited"
COLUMNS = (
    Column("tb", "TB", "K", low=50.0, high=350.0),
    Column("tb_std", "TB_std_dev", "K", low=0.0, high=100.0),
    Column("incidence", "Incidence_angle", low=0.0, high=90.0, comment="degrees"),
    Column("samples", "TB_num_samples", low=0.0, comment="measurements"),
)
_CHANNEL = re.compile(r"-(\d{1,2})([HV])-([A-Z])-(GRD|SIR)")


def polar_lat_lon(x: np.ndarray, y: np.ndarray, *, north: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return latitude and longitude [degrees] of the polar EASE-Grid 2.0 (EPSG:6931, 6932), of x and y [m].

    Lambert's azimuthal equal-area projection about a pole of WGS 84 (Snyder 1987, Eqs. 24-19 to 24-24); NaN beyond the
    equator's far side.
    """
    rho2 = np.asarray(x, np.float64) ** 2 + np.asarray(y, np.float64) ** 2
    q = Q_POLE - rho2 / RADIUS**2
    off = q < -Q_POLE
    latitude = unproject(0.0, RADIUS * np.where(off, 0.0, q) / (2.0 * K0))[0]
    longitude = np.degrees(np.arctan2(x, -np.asarray(y) if north else y))
    return np.where(off, np.nan, latitude if north else -latitude), np.where(off, np.nan, longitude)


def load(path: str | Path) -> xr.Dataset:
    """Open a day of a channel lazily, on (time = 1, y, x), with latitude and longitude of each pixel.

    The channel stands in the attribute ``channel``; L-band channels (SMAP) are ``tb_h`` and ``tb_v``.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.regular_file.open_raw`; or its projection is none of EASE-Grid 2.0's.
    """
    path = Path(path)
    raw = open_raw(path)
    with kept_open(raw):
        code = str(raw["crs"].attrs.get("srid", "")) if "crs" in raw else ""
        x, y = np.meshgrid(raw["x"].to_numpy(), raw["y"].to_numpy())
        if "6933" in code:
            latitude, longitude = unproject(x, y)
        elif "6931" in code or "6932" in code:
            latitude, longitude = polar_lat_lon(x, y, north="6931" in code)
        else:
            msg = f"{path.name} is in the projection {code or 'unknown'!r}; EPSG:6931, 6932 and 6933 are accepted."
            raise ValueError(msg)
        ds = take(raw, COLUMNS, path.name)
        time = raw["time"]
        ds = ds.assign_coords(
            time=(
                "time",
                times_of(time.to_numpy(), time.attrs["units"], str(time.attrs.get("calendar", "")), path.name),
            ),
            latitude=(("y", "x"), latitude, {"units": "degrees_north", "standard_name": "latitude"}),
            longitude=(("y", "x"), longitude, {"units": "degrees_east", "standard_name": "longitude"}),
        )
        said = f"-{raw['TB'].attrs.get('frequency_and_polarization', '')}-E-GRD"
        match = _CHANNEL.search(said) or _CHANNEL.search(path.name)
        channel = f"{match[1]} GHz {match[2]}" if match else "not stated"
        if "SMAP" in str(raw.attrs.get("platform", "")) and match:
            ds = ds.rename(tb=f"tb_{match[2].lower()}", tb_std=f"tb_{match[2].lower()}_std")
        step = abs(float(raw["x"][1] - raw["x"][0])) / 1000.0
        where = {"6931": "north", "6932": "south", "6933": "global"}[code[-4:]]
        ds.attrs = {
            "title": f"{TITLE}, {raw.attrs.get('instrument', '')}".rstrip(", "),
            "source": f"satellite: {path.name}",
            "citation": CITATION,
            "licence": LICENCE,
            "grid": f"EASE2 {where}, {step:g} km pixels",
            "channel": channel,
            "product_version": str(raw.attrs.get("product_version", "")),
            "notes": f"channel: {channel}",
            "synthetic": 0,
        }
    ds.set_close(raw.close)
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables and its title."""
    return head.kind == "hdf5" and {"TB", "crs", "x", "y", "time"} <= set(head.variables)


def write_example(path: str | Path) -> None:
    """Write 40 x 40 pixels of a cylindrical grid with made-up values, packed as in the product."""
    rng = np.random.default_rng(24)
    x0, y0 = project(50.0, 5.0)
    tb = rng.integers(18000, 29000, (1, 40, 40)).astype(np.uint16)
    tb[0, :3] = 0
    packing = {"_FillValue": np.uint16(0), "missing_value": np.uint16(60000), "scale_factor": np.float32(0.01)}
    ds = xr.Dataset(
        {"TB": (("time", "y", "x"), tb, {"units": "K", "frequency_and_polarization": "18H"} | packing)},
        coords={
            "time": ("time", [18079.0], {"units": "days since 1972-01-01 00:00:00", "calendar": "gregorian"}),
            "x": ("x", x0 + 25025.26 * np.arange(40), {"units": "meters"}),
            "y": ("y", y0 - 25025.26 * np.arange(40), {"units": "meters"}),
        },
        attrs={"title": "MEaSUREs Calibrated Passive Microwave Daily EASE-Grid 2.0 Brightness Temperature ESDR"},
    )
    ds["crs"] = ((), np.int8(0), {"srid": "urn:ogc:def:crs:EPSG::6933"})
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="cetb",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="NSIDC-0630-EASE2_T25km-AQUA_AMSRE-2021182-18H-E-GRD-RSS-v1.0.nc",
)
