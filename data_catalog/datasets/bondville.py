"""Half-hourly weather of Bondville, Illinois, in the two text formats in which the Noah family of models ships it.

The one begins with Fortran namelists (HRLDAS, single point), the other with the tag ``<Forcing>`` (noah-owp-modular).
Both are in UTC; the record of a time drives the step that ends then.
"""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.tower_weather import whole_weather
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "is_bondville", "read_bondville", "read_bondville_observed"]

CITATION = (
    "Meyers and Hollinger 2004, Agric. For. Meteorol. 125, 105-115 (AmeriFlux US-Bo1); as shipped with HRLDAS and"
    " noah-owp-modular"
)
SITE = {"latitude": 40.01, "longitude": -88.37, "elevation": 218.0, "vegetation": 12, "soil": 4, "t_bottom": 285.0}
"""Bondville, for the format that says nothing of its place: cropland on silt loam."""

SITE |= {"vegetation_fraction": 0.96}

_PLACE = {
    "latitude": ("latitude", 1.0),
    "longitude": ("longitude", 1.0),
    "elevation": ("elevation", 1.0),
    "vegetation_category": ("vegetation", 1.0),
    "soil_category": ("soil", 1.0),
    "deep_soil_temperature": ("t_bottom", 1.0),
    "maximum_vegetation_pct": ("vegetation_fraction", 0.01),
}
_ENTRY_LINE = re.compile(r"^\s*(\w+)\s*=\s*([^!\n]+)", re.MULTILINE)
_ROW = re.compile(r"^\d{4}(?: +\d{1,2}){4} ", re.MULTILINE)
_HEAD = 20_000


def is_bondville(text: str) -> bool:
    """Say whether a text is one of the two formats, by its first lines."""
    head = text[:_HEAD]
    namelist = "&location" in head and "&conversion" in head
    return (namelist or "<forcing>" in head.lower()) and _ROW.search(head) is not None


def read_bondville(path: str | Path) -> xr.Dataset:
    """Read the weather, cut to whole days of local standard time, and what the file says of the place.

    Parameters
    ----------
    path : str or Path
        Either format.

    Returns
    -------
    xr.Dataset
        Weather on (time) as `data_catalog.datasets.land_forcing.open_forcing` gives it. The clock is UTC (attributes
        ``stamp`` "end", ``utc_offset`` 0); the first record begins at midnight of local standard time, so that means
        over 24 h are those of local days.

    Raises
    ------
    ValueError
        If the text is neither format, or cut off.
    """
    path = Path(path)
    text = path.read_text(encoding="latin-1")
    if not is_bondville(text):
        msg = f"{path.name} has neither the namelists &location, &conversion nor the tag <Forcing> before its rows."
        raise ValueError(msg)
    start = _ROW.search(text).start()
    head, notes = text[:start], []
    said = {name: value.strip() for name, value in _ENTRY_LINE.findall(head)}
    names = ["wind", "temperature", "humidity", "pressure", "sw_down", "lw_down", "precip"]
    if "<forcing>" in head.lower():
        names.insert(1, "direction")
        place = SITE
        notes.append(f"{path.name} does not say its place: Bondville, cropland on silt loam")
    else:
        lacks = [name for name in (*_PLACE, "temperature_offset") if name not in said]
        if lacks:
            msg = f"{path.name}: its namelists do not say {lacks[0]}."
            raise ValueError(msg)
        place = {ours: float(said[theirs]) * scale for theirs, (ours, scale) in _PLACE.items()}
    try:
        frame = pd.read_csv(
            io.StringIO(text[start:]),
            sep=r"\s+",
            header=None,
            names=["year", "month", "day", "hour", "minute", *names],
            dtype=float,
        )
    except (pd.errors.ParserError, ValueError) as error:
        msg = f"{path.name}: not a regular table after its head ({error}). Fetch it again."
        raise ValueError(msg) from error
    if frame.isna().to_numpy().any():
        row = int(np.flatnonzero(frame.isna().any(axis=1))[0])
        msg = f"{path.name}: row {row + 1} of the table is cut off. Fetch it again."
        raise ValueError(msg)
    stamp = pd.to_datetime(frame[["year", "month", "day", "hour", "minute"]]).to_numpy()
    measured = _in_our_units(frame, said)
    # The days are those of local standard time; the clock stays that of the file.
    offset = np.timedelta64(round(place["longitude"] / 15.0), "h")
    half_hour = np.timedelta64(30, "m")
    ds, more = whole_weather(stamp - half_hour + offset, measured, path.name, elevation=place["elevation"])
    ds = ds.assign_coords(time=ds["time"] - offset + half_hour)
    for name, value in place.items():
        if name != "elevation":
            ds[name] = int(value) if name in ("vegetation", "soil") else value
    ds["forcing_height"] = 10.0
    ds.attrs = {
        "title": "Bondville, Illinois: half-hourly weather",
        "source": f"measured: {path.name}",
        "citation": CITATION,
        "clock": "UTC",
        "utc_offset": 0.0,
        "stamp": "end",
        "notes": "; ".join([*notes, *more]),
    }
    return ds


def _in_our_units(frame: pd.DataFrame, said: dict[str, str]) -> dict[str, np.ndarray]:
    """Return what was measured in our units; the namelist &conversion says what the columns are in."""
    table = {name: frame[name].to_numpy() for name in frame}
    if "temperature_offset" not in said:  # the format with the tag <Forcing> has fixed units
        t_air, pressure, rain = table["temperature"], table["pressure"] * 100.0, table["precip"]
    else:
        t_air = table["temperature"] * float(said.get("temperature_scale", 1.0)) + float(said["temperature_offset"])
        pressure = table["pressure"] * float(said.get("pressure_scale", 1.0))
        rain = table["precip"] * float(said.get("precipitation_scale", 1.0))
    relative = said.get("have_relative_humidity", ".true.").lower().startswith((".t", "t"))
    return {
        "t_air": t_air,
        "relative_humidity" if relative else "q_air": table["humidity"],
        "pressure": pressure,
        "wind": table["wind"],
        "sw_down": table["sw_down"],
        "lw_down": table["lw_down"],
        "precip": rain * 86400.0,
    }


def read_bondville_observed(path: str | Path) -> xr.Dataset:
    """Read daily leaf area and soil moisture observed at Bondville in 2001 (``TIMESTAMP LAI SM1 SM2 SIF``).

    Returns
    -------
    xr.Dataset
        ``lai``, ``ssm`` (first layer) and ``rzsm`` (second layer) on (time), gaps as NaN.

    Raises
    ------
    ValueError
        If the table has other columns.
    """
    path = Path(path)
    frame = pd.read_csv(path, sep=r"\s+", dtype={"TIMESTAMP": str})
    if list(frame)[:4] != ["TIMESTAMP", "LAI", "SM1", "SM2"]:
        msg = f"{path.name} has columns {', '.join(map(str, frame))[:80]}; TIMESTAMP LAI SM1 SM2 is accepted."
        raise ValueError(msg)
    time = pd.to_datetime(frame["TIMESTAMP"].str[:8], format="%Y%m%d").to_numpy().astype("datetime64[ns]")
    ds = xr.Dataset(coords={"time": time})
    for name, column in (("lai", "LAI"), ("ssm", "SM1"), ("rzsm", "SM2")):
        values = frame[column].to_numpy(float)
        ds[name] = ("time", np.where(values > -900.0, values, np.nan), {"column": column})
    ds.attrs = {"title": "Bondville, Illinois: observed 2001", "source": f"measured: {path.name}", "citation": CITATION}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a text is one of the formats, or the table of what was observed in 2001."""
    return is_bondville(head.text) or _is_observed(head)


def _is_observed(head: Head) -> bool:
    return bool(head.lines) and head.lines[0].split()[:4] == ["TIMESTAMP", "LAI", "SM1", "SM2"]


def load(path: str | Path) -> xr.Dataset:
    """Open the weather, or what was observed in 2001, whichever the file holds."""
    return read_bondville_observed(path) if _is_observed(Head(path)) else read_bondville(path)


def describe(path: Path, head: Head) -> FileEntry:
    """Say what the file holds."""
    ds = load(path)
    if _is_observed(head):
        return describe_dataset(ENTRY, ds, kind="observations", feeds=("observations", "benchmarks"), grid="point")
    place = {"latitude": float(ds["latitude"]), "longitude": float(ds["longitude"])}
    return describe_dataset(ENTRY, ds, site="US-Bo1", grid="point", **place)


ENTRY = CatalogEntry(
    name="bondville",
    title="Bondville, Illinois: half-hourly weather in the text formats of the Noah models",
    citation=CITATION,
    licence="of the file (Apache-2.0 where it is shipped)",
    load=load,
    feeds=("forcing",),
    kind="weather",
    recognise=recognise,
    describe=describe,
)
