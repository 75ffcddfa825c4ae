"""Read the AmeriFlux Level-2 tables of before 2015: standardised half hours, with gaps or filled."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_sites import IGBP_TO_PFT
from data_catalog.datasets.fluxnet_units import check_units
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "is_level2", "read_level2", "write_example"]

FILLS = (-9999.0, -6999.0)
"""Missing, and not measured at this site."""

CITATION = (
    "AmeriFlux Level 2 data, of the site's team; Boden et al. 2013, Geosci. Instrum. Methods Data Syst. 2, 165-176"
)
_COLUMNS = (
    # ours, column, its unit, factor, offset
    ("t_air", "TA", "deg C", 1.0, 273.15),
    ("relative_humidity", "RH", "%", 1.0, 0.0),
    ("vpd", "VPD", "kPa", 1000.0, 0.0),
    ("pressure", "PRESS", "kPa", 1000.0, 0.0),
    ("wind", "WS", "m/s", 1.0, 0.0),
    ("sw_down", "Rg", "W/m2", 1.0, 0.0),
    ("lw_down", "Rgl", "W/m2", 1.0, 0.0),
    ("precip", "PREC", "mm", 48.0, 0.0),
    ("le", "LE", "W/m2", 1.0, 0.0),
    ("h", "H", "W/m2", 1.0, 0.0),
    ("nee", "NEE", "umol/m2/s", GC_PER_UMOL, 0.0),
    ("gpp", "GPP", "umol/m2/s", GC_PER_UMOL, 0.0),
    ("reco", "RE", "umol/m2/s", GC_PER_UMOL, 0.0),
    ("t_soil", "TS1", "deg C", 1.0, 273.15),
    ("ssm", "SWC1", "%", 0.01, 0.0),
    ("rzsm", "SWC2", "%", 0.01, 0.0),
)
_HEAD = re.compile(r"\ASitename:.*\n(?:.*\n)*?YEAR, *GAP, *DTIME, *DOY, *HRMIN,", re.MULTILINE)
_PLACE = re.compile(
    r"Latitude: *(?P<latitude>-?[\d.]+) +Longitude: *(?P<longitude>-?[\d.]+)"
    r"(?: +Elevation[^:]*: *(?P<elevation>-?[\d.]+))?"
)
_HEAD_BYTES = 20_000


def is_level2(text: str) -> bool:
    """Say whether a text is a Level-2 table, by its head."""
    return _HEAD.match(text[:_HEAD_BYTES]) is not None


def read_level2(path: str | Path) -> xr.Dataset:
    """Read a table into our names and units.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site = 1), as `data_catalog.datasets.ameriflux_base.read_base` gives it; the time in the file
        is the end of each half hour. ``nee`` is the team's, storage included.

    Raises
    ------
    ValueError
        If the head is another, a unit is not the standard one, or the table is broken.
    """
    path = Path(path)
    text = path.read_text(encoding="latin-1").replace("\r\n", "\n")
    if not is_level2(text):
        msg = f"{path.name} has no head of a Level-2 table (Sitename: ... YEAR, GAP, DTIME, DOY, HRMIN, ...)."
        raise ValueError(msg)
    lines = text.split("\n")
    top = next(k for k, line in enumerate(lines) if line.startswith("YEAR,"))
    header, units = ([cell.strip() for cell in lines[top + k].split(",")] for k in (0, 1))
    try:
        frame = pd.read_csv(io.StringIO("\n".join(lines[top + 3 :])), header=None, names=header, dtype=float)
    except (pd.errors.ParserError, ValueError) as error:
        msg = f"{path.name}: not a regular table after its head ({error}). Fetch it again."
        raise ValueError(msg) from error
    year, day = frame["YEAR"].to_numpy(int), frame["DOY"].to_numpy(int)
    minutes = frame["HRMIN"].to_numpy(int) // 100 * 60 + frame["HRMIN"].to_numpy(int) % 100
    end = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + (day - 1)
    start = pd.DatetimeIndex(end.astype("datetime64[m]") + minutes - 30)
    if not (start.is_unique and start.is_monotonic_increasing):
        row = int(np.flatnonzero(np.diff(start.asi8) <= 0)[0])
        msg = f"{path.name}: after row {row + 1} of the table time does not go on ({start[row]} to {start[row + 1]})."
        raise ValueError(msg)
    frame = frame.set_axis(start, axis=0).reindex(pd.date_range(start[0], start[-1], freq="30min"))
    ds = xr.Dataset(coords={"time": frame.index.to_numpy().astype("datetime64[ns]")})
    taken = {}
    for ours, column, unit, factor, offset in _COLUMNS:
        if column not in header:
            continue
        held = units[header.index(column)]
        if held != unit:
            msg = f"{path.name}: {column} is in {held!r}, not {unit!r}: convert it first."
            raise ValueError(msg)
        values = frame[column].to_numpy()
        values = np.where(np.isin(values, FILLS), np.nan, values)
        if np.isfinite(values).any():
            ds[ours] = ("time", values * factor + offset, VARIABLES[ours].cf_attrs | {"column": column})
            taken[ours] = column
    check_units(ds, taken, path.name, "HH")
    site = re.search(r"AMF_([A-Z]{2})-?([A-Za-z0-9]{3})_", path.name)
    code = f"{site[1]}-{site[2]}" if site else "unknown"
    ds = ds.expand_dims(site=[code], axis=1)
    known = {name: float(value) for name, value in _PLACE.search(text[:_HEAD_BYTES]).groupdict().items() if value}
    cover = re.search(r"Ecosystem type: *([A-Z]{3})\b", text[:_HEAD_BYTES])
    if cover and cover[1] in IGBP_TO_PFT:
        known |= {"igbp": cover[1], "pft": IGBP_TO_PFT[cover[1]]}
    name = text.split("\n", 1)[0].removeprefix("Sitename:").strip()
    ds = ds.assign_coords({key: ("site", [value]) for key, value in (known | {"site_name": name}).items()})
    ds.attrs = {
        "title": f"Eddy-covariance tower {code} {name}, AmeriFlux Level 2, half-hourly",
        "source": f"measured: {path.name}",
        "file": path.name,
        "resolution": "HH",
        "missing": " ".join(ours for ours, *_ in _COLUMNS if ours not in ds),
        "citation": CITATION,
        "synthetic": 0,
    }
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a text begins as a Level-2 table does."""
    return is_level2(head.text)


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a Level-2 table holds."""
    return describe_tower(ENTRY, read_level2(path))


def write_example(path: str | Path) -> None:
    """Write two days of a Level-2 table, with made-up numbers."""
    names = [column for _, column, *_ in _COLUMNS]
    units = [unit for _, _, unit, *_ in _COLUMNS]
    lines = [
        "Sitename: An example",
        "Location: Nowhere, Latitude: 44.4523 Longitude: -121.5574 Elevation (masl): 1253",
        "Principal investigator: nobody",
        "Ecosystem type: ENF",
        "File creation date: 2010-01-01",
        ",".join(["YEAR", "GAP", "DTIME", "DOY", "HRMIN", *names]),
        ",".join(["YEAR", "GAP", "DTIME", "DOY", "HRMIN", *units]),
        ",".join(["-"] * (5 + len(names))),
    ]
    typical = dict(zip(names, (12, 60, 0.8, 87, 2, 0, 310, 0, 60, 80, -4, 8, 4, 9, 22, 25), strict=True))
    for step in range(1, 97):
        day, minutes = 200 + (step * 30 - 1) // 1440, (step * 30 - 1) % 1440 + 1
        sun = max(0.0, np.sin(np.pi * (minutes - 360) / 720)) if 360 < minutes < 1080 else 0.0
        values = typical | {"Rg": 800 * sun, "NEE": 2 - 10 * sun, "GPP": 12 * sun}
        row = [2007, 0, day + minutes / 1440, day, minutes // 60 * 100 + minutes % 60]
        lines.append(",".join(f"{value:g}" for value in [*row, *values.values()]))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="ameriflux-l2",
    title="AmeriFlux Level 2: half-hourly tower tables of before 2015",
    citation=CITATION,
    licence="AmeriFlux legacy policy: tell the team, offer authorship",
    load=read_level2,
    feeds=("drivers", "forcing", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="AMF_USXxx_2007_L2_WG_V004.csv",
)
