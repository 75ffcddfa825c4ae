"""U.S. Climate Reference Network: days, hours and 5-minute records of weather and of soil moisture to 1 m.

Columns: readme of CRND0103, CRNH0203 and CRNS0101 (Diamond et al. 2013, doi 10.1175/BAMS-D-12-00170.1). NOAA's own
files are columns of text without a header; tables with the header in commas are read too.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.text_frame import columns_of_text, dates, numbers, point_dataset, read_text, regular
from data_catalog.datasets.uscrn_example import EXAMPLE_NAME, write_example
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Diamond et al. 2013, U.S. Climate Reference Network after one decade, Bull. Am. Meteorol. Soc. 94, 485-498"
DEPTHS = (5, 10, 20, 50, 100)
THICKNESS = (0.075, 0.075, 0.20, 0.40, 0.25)
"""What a sensor at each of the depths [cm] stands for, of the upper metre: to half way to the next."""

FILLS = (-9999.0, -99999.0, -99.0, 999.0, 9999.0)
_SOIL = (*(f"SOIL_MOISTURE_{d}" for d in DEPTHS), *(f"SOIL_TEMP_{d}" for d in DEPTHS))
_CLOCK = ("WBANNO", "UTC_DATE", "UTC_TIME", "LST_DATE", "LST_TIME", "CRX_VN", "LONGITUDE", "LATITUDE")
COLUMNS = {
    "DD": (
        *("WBANNO", "LST_DATE", "CRX_VN", "LONGITUDE", "LATITUDE", "T_DAILY_MAX", "T_DAILY_MIN", "T_DAILY_MEAN"),
        *("T_DAILY_AVG", "P_DAILY_CALC", "SOLARAD_DAILY", "SUR_TEMP_DAILY_TYPE", "SUR_TEMP_DAILY_MAX"),
        *("SUR_TEMP_DAILY_MIN", "SUR_TEMP_DAILY_AVG", "RH_DAILY_MAX", "RH_DAILY_MIN", "RH_DAILY_AVG"),
        *(f"{name}_DAILY" for name in _SOIL),
    ),
    "HR": (
        *_CLOCK,
        *("T_CALC", "T_HR_AVG", "T_MAX", "T_MIN", "P_CALC", "SOLARAD", "SOLARAD_FLAG", "SOLARAD_MAX"),
        *("SOLARAD_MAX_FLAG", "SOLARAD_MIN", "SOLARAD_MIN_FLAG", "SUR_TEMP_TYPE", "SUR_TEMP", "SUR_TEMP_FLAG"),
        *("SUR_TEMP_MAX", "SUR_TEMP_MAX_FLAG", "SUR_TEMP_MIN", "SUR_TEMP_MIN_FLAG", "RH_HR_AVG", "RH_HR_AVG_FLAG"),
        *_SOIL,
    ),
    "5MIN": (
        *_CLOCK,
        *("AIR_TEMPERATURE", "PRECIPITATION", "SOLAR_RADIATION", "SR_FLAG", "SURFACE_TEMPERATURE", "ST_TYPE"),
        *("ST_FLAG", "RELATIVE_HUMIDITY", "RH_FLAG", "SOIL_MOISTURE_5", "SOIL_TEMPERATURE_5", "WETNESS", "WET_FLAG"),
        *("WIND_1_5", "WIND_FLAG"),
    ),
}
_MINUTES = {"DD": 1440, "HR": 60, "5MIN": 5}
_MJ_PER_DAY = 0.0864
# ours, column, factor, offset
_TAKEN = {
    "DD": (
        ("t_air", "T_DAILY_AVG", 1.0, 273.15),
        ("tmin", "T_DAILY_MIN", 1.0, 273.15),
        ("tmax", "T_DAILY_MAX", 1.0, 273.15),
        ("precip", "P_DAILY_CALC", 1.0, 0.0),
        ("sw_down", "SOLARAD_DAILY", 1.0 / _MJ_PER_DAY, 0.0),
        ("t_ground", "SUR_TEMP_DAILY_AVG", 1.0, 273.15),
        ("relative_humidity", "RH_DAILY_AVG", 1.0, 0.0),
    ),
    "HR": (
        ("t_air", "T_HR_AVG", 1.0, 273.15),
        ("precip", "P_CALC", 24.0, 0.0),
        ("sw_down", "SOLARAD", 1.0, 0.0),
        ("t_ground", "SUR_TEMP", 1.0, 273.15),
        ("relative_humidity", "RH_HR_AVG", 1.0, 0.0),
    ),
    "5MIN": (
        ("t_air", "AIR_TEMPERATURE", 1.0, 273.15),
        ("precip", "PRECIPITATION", 288.0, 0.0),
        ("sw_down", "SOLAR_RADIATION", 1.0, 0.0),
        ("t_ground", "SURFACE_TEMPERATURE", 1.0, 273.15),
        ("relative_humidity", "RELATIVE_HUMIDITY", 1.0, 0.0),
        ("wind", "WIND_1_5", 1.0, 0.0),
        ("ssm", "SOIL_MOISTURE_5", 1.0, 0.0),
        ("t_soil", "SOIL_TEMPERATURE_5", 1.0, 273.15),
    ),
}


def _layout(lines: list[str]) -> tuple[str, bool]:
    """Return the resolution ("" if it is none of the network's) and whether there is a header."""
    if not lines:
        return "", False
    cells = [cell.strip().strip('"') for cell in lines[0].split(",")]
    if cells[0] == "WBANNO":
        marks = {"DD": "T_DAILY_AVG", "HR": "T_HR_AVG", "5MIN": "AIR_TEMPERATURE"}
        return next((step for step, mark in marks.items() if mark in cells), ""), True
    cells = lines[0].split()
    if not (len(cells[0:1]) and cells[0].isdigit() and len(cells) > 3 and len(cells[1]) == 8 and cells[1].isdigit()):
        return "", False
    return next((step for step, names in COLUMNS.items() if len(names) == len(cells)), ""), False


def load(path: str | Path) -> xr.Dataset:
    """Open a station's file of days, hours or 5 minutes.

    Parameters
    ----------
    path : path
        Text as NOAA ships it, or a CSV with the same columns.

    Returns
    -------
    xr.Dataset
        On (time, site = 1): t_air, precip, sw_down, t_ground, relative_humidity; tmin, tmax of days; ssm (5 cm), t_soil
        (5 cm), rzsm (0-100 cm, each sensor for what it stands for, where that is 70 % of the metre), and on (time,
        site, layer) with coordinate ``depth`` [m] ``soil_moisture``, ``soil_temperature``. Days are those of local
        standard time; hours and 5 minutes are in UTC, time the start of each.

    Raises
    ------
    ValueError
        It is none of the three tables, or broken.
    """
    text, label = read_text(path)
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    step, headed = _layout(lines)
    if not step:
        counts = ", ".join(f"{len(names)} ({step})" for step, names in COLUMNS.items())
        msg = f"{label} is no USCRN table: its rows have {len(lines[0].split()) if lines else 0} columns, not {counts}."
        raise ValueError(msg)
    options = {"sep": ","} if headed else {"sep": r"\s+", "header": None, "names": COLUMNS[step]}
    frame = columns_of_text(text, label, dtype=str, index_col=False, **options)
    lacks = [column for _, column, *_ in _TAKEN[step] if column not in frame] + [
        column for column in ("LONGITUDE", "LATITUDE") if column not in frame
    ]
    if lacks:
        msg = f"{label}: column {lacks[0]} is missing; expected are {', '.join(COLUMNS[step])[:200]}."
        raise ValueError(msg)
    time = _times(frame, step, label)
    values = {}
    for ours, column, factor, offset in _TAKEN[step]:
        values[ours] = (numbers(frame, column, label, FILLS) * factor + offset, column)
    if step != "5MIN":
        tail = "_DAILY" if step == "DD" else ""
        profiles = _profiles(frame, tail, label)
        for name, quantity in (("soil_moisture", "ssm"), ("soil_temperature", "t_soil")):
            stem = "SOIL_MOISTURE_5" if quantity == "ssm" else "SOIL_TEMP_5"
            values[quantity] = (profiles[name][:, 0], stem + tail)
        values["rzsm"] = (_root_zone(profiles["soil_moisture"]), "SOIL_MOISTURE_5 to 100" + tail)
    place = {name: _only(frame, name.upper(), label) for name in ("latitude", "longitude")}
    code = f"WBAN {frame['WBANNO'].iloc[0]}"
    ds = point_dataset(
        time,
        values,
        label=label,
        step="HR" if step == "5MIN" else step,
        site=code,
        known=place,
        attrs=_attrs(code, step),
    )
    ds.attrs["resolution"] = step
    if step != "5MIN":
        for name, array in profiles.items():
            ds[name] = (("time", "site", "layer"), array[:, None, :], VARIABLES[name].cf_attrs)
        depth = {"units": "m", "positive": "down", "long_name": "depth of the sensor"}
        ds = ds.assign_coords(depth=("layer", np.array(DEPTHS) / 100.0, depth))
    return regular(ds, _MINUTES[step])


def _attrs(code: str, step: str) -> dict[str, str]:
    length = {"DD": "daily", "HR": "hourly", "5MIN": "5-minute"}[step]
    return {
        "title": f"U.S. Climate Reference Network, station {code}, {length}",
        "citation": CITATION,
        "licence": "US public domain (NOAA)",
        "clock": "local standard time" if step == "DD" else "UTC",
    }


def _times(frame: pd.DataFrame, step: str, label: str) -> np.ndarray:
    if step == "DD":
        return dates(frame["LST_DATE"], "%Y%m%d", label, "LST_DATE")
    clock = frame["UTC_DATE"] + frame["UTC_TIME"].str.zfill(4)
    return dates(clock, "%Y%m%d%H%M", label, "UTC_DATE UTC_TIME") - np.timedelta64(_MINUTES[step], "m")


def _profiles(frame: pd.DataFrame, tail: str, label: str) -> dict[str, np.ndarray]:
    """Return moisture [m3 m-3] and temperature [K] of the soil (time, layer)."""
    out = {}
    for name, stem, offset in (("soil_moisture", "SOIL_MOISTURE", 0.0), ("soil_temperature", "SOIL_TEMP", 273.15)):
        columns = [f"{stem}_{depth}{tail}" for depth in DEPTHS]
        held = [
            numbers(frame, column, label, FILLS) if column in frame else np.full(len(frame), np.nan)
            for column in columns
        ]
        out[name] = np.stack(held, axis=1) + offset
        if name == "soil_moisture":
            out[name] = np.where((out[name] < 0.0) | (out[name] > 1.0), np.nan, out[name])
    return out


def _root_zone(profile: np.ndarray) -> np.ndarray:
    """Return the mean of the upper metre where the sensors that measured stand for 70 % of it or more."""
    weight = np.where(np.isfinite(profile), np.array(THICKNESS), 0.0)
    total = weight.sum(axis=1)
    return np.where(total >= 0.7 - 1e-9, np.nansum(profile * weight, axis=1) / np.maximum(total, 0.1), np.nan)


def _only(frame: pd.DataFrame, column: str, label: str) -> float:
    """Return the latest value of a coordinate: a station may have been surveyed anew."""
    values = numbers(frame, column, label, FILLS)
    held = values[np.isfinite(values)]
    if not held.size:
        msg = f"{label}: {column} holds no number."
        raise ValueError(msg)
    return float(held[-1])


def recognise(path: Path, head: Head) -> bool:
    """Whether the rows have the columns of one of the network's tables."""
    return head.kind in ("text", "gzip") and bool(_layout([line for line in head.lines if line.strip()][:1])[0])


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a station's file holds."""
    ds = load(path)
    feeds = ("stations", "observations", "benchmarks", "drivers") if ds.attrs["resolution"] == "DD" else ENTRY.feeds
    return describe_dataset(ENTRY, ds, feeds=feeds, grid="point")


ENTRY = CatalogEntry(
    name="uscrn",
    title="U.S. Climate Reference Network: weather and soil moisture",
    citation=CITATION,
    licence="US public domain (NOAA)",
    load=load,
    feeds=("stations", "observations", "benchmarks"),
    kind="station",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name=EXAMPLE_NAME,
)
