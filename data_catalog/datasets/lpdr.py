"""LPDR: land parameters of AMSR-E and AMSR2 (University of Montana), daily, 25 km: GeoTIFF of seven bands."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.geotiff import read_geotiff, tags_of, write_geotiff
from data_catalog.datasets.product_columns import Column, attributes
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["BANDS", "ENTRY", "load", "write_example"]

TITLE = "AMSR-E/AMSR2 land parameters (LPDR): VOD, soil moisture, open water, air temperature, VPD; daily, 25 km"
CITATION = (
    "Du et al. 2017, Earth Syst. Sci. Data 9, 791; Numerical Terradynamic Simulation Group, University of Montana"
)
LICENCE = "free, to be cited"
BANDS = (
    Column("water_fraction", "fw", low=0.0, high=1.0, comment="30-day mean"),
    Column("water_fraction_day", "fwns", low=0.0, high=1.0),
    Column("t_extreme", "Tmn_Tmx", low=240.0, high=340.0),
    Column("pwv", "PWV", low=0.0, high=80.0, comment="mm"),
    Column("vod", "VOD", low=0.0, high=3.0, comment="10.7 GHz"),
    Column("ssm", "vsm", low=0.0, high=1.0, comment="10.7 GHz"),
    Column("vpd", "VPD", factor=1000.0, low=0.0, high=15.0),
)
"""Order and valid ranges of the bands of version 3."""
_NAME = re.compile(r"_(\d{4})(\d{3})([AD])(?:_|\.|$)")
_OVERPASS = {"A": 13.5, "D": 1.5}


def load(path: str | Path) -> xr.Dataset:
    """Read a day, on (time = 1, latitude, longitude); without a date in its name there is no time.

    The band of temperature is ``tmax`` on ascending (13:30), ``tmin`` on descending passes (01:30), as the name says.

    Raises
    ------
    FileNotFoundError, ValueError, ImportError
        See `read_geotiff`; or it has not the seven bands.
    """
    path = Path(path)
    tiff = read_geotiff(path)
    if tiff.values.shape[0] != len(BANDS):
        names = ", ".join(band.theirs for band in BANDS)
        msg = f"{path.name} has {tiff.values.shape[0]} bands; version 3 of LPDR has 7: {names}."
        raise ValueError(msg)
    if tiff.projection not in ("geographic", "ease2"):
        msg = f"{path.name} is in a {tiff.projection} projection; LPDR is geographic or on EASE-Grid 2.0."
        raise ValueError(msg)
    latitude, longitude = tiff.lat_lon()
    match = _NAME.search(path.name)
    orbit = match[3] if match else ""
    ds = xr.Dataset(coords={"latitude": latitude[:, 0], "longitude": longitude[0]})
    for column, values in zip(BANDS, tiff.values, strict=True):
        values = values.astype(np.float32)
        values = np.where((values >= column.low) & (values <= column.high), values * np.float32(column.factor), np.nan)
        name = column.ours if column.ours != "t_extreme" else {"A": "tmax", "D": "tmin"}.get(orbit, "t_extreme")
        about = attributes(Column(name, column.theirs, comment=column.comment))
        ds[name] = (("latitude", "longitude"), values, about)
    if match:
        day = np.datetime64(f"{match[1]}-01-01", "D") + (int(match[2]) - 1)
        time = day.astype("datetime64[ns]") + np.timedelta64(int(_OVERPASS[orbit] * 3600), "s")
        ds = ds.expand_dims(time=[time])
        ds["time"].attrs["comment"] = "nominal local solar time of the overpass"
    ds["latitude"].attrs["units"], ds["longitude"].attrs["units"] = "degrees_north", "degrees_east"
    ds.attrs = {
        "title": TITLE,
        "source": f"satellite: {path.name}",
        "citation": CITATION,
        "licence": LICENCE,
        "grid": "EASE2 25 km" if tiff.projection == "ease2" else f"{abs(tiff.x[1] - tiff.x[0]):g} degree",
        "notes": "" if match else "no date in the name of the file",
        "time_zone": "local mean solar time",
        "synthetic": 0,
    }
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a GeoTIFF has seven bands of floats."""
    if head.kind != "tiff":
        return False
    about = tags_of(path)
    return about["bands"] == len(BANDS) and about["dtype"] == np.float32


def write_example(path: str | Path) -> None:
    """Write a day of 40 x 60 pixels with made-up values."""
    rng = np.random.default_rng(18)
    ranges = ((0.0, 0.1), (0.0, 0.1), (260.0, 300.0), (5.0, 40.0), (0.0, 1.5), (0.05, 0.45), (0.0, 3.0))
    bands = np.stack([rng.uniform(*limits, (40, 60)) for limits in ranges]).astype(np.float32)
    bands[:, :3] = -999.0
    write_geotiff(path, bands, (0.0, 50.0), 0.25, projection="geographic", fill=-999.0)


ENTRY = CatalogEntry(
    name="lpdr",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="AMSRU_Mland_2016182A.tif",
)
