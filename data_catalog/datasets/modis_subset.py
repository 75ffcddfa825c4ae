"""MODIS and VIIRS leaf area and fPAR at points: subsets of AppEEARS, ORNL (ASCII and MODISTools), Earth Engine."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.modis_qc import QUALITY, fpar_lai_quality
from data_catalog.datasets.text_frame import check_place, columns_of_text, dates, numbers, read_text
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Myneni et al., MODIS/Terra+Aqua leaf area index/FPAR, NASA LP DAAC, doi 10.5067/MODIS/MCD15A3H.061"
LICENCE = "NASA open data"
LARGEST = {"lai": 100.0, "fpar": 100.0}
"""Largest stored number that is a value; above are water, urban, snow, fill (249-255)."""

SCALES = {"lai": 0.1, "fpar": 0.01}
_ORNL = re.compile(r"^(?:MOD|MYD|MCD|VNP)15\w*\.A\d{7}\.h\d\dv\d\d\.\d{3}\.\d+\.\w+,")
_GEE = {"longitude", "latitude", "date", "FparLai_QC"}
_MODISTOOLS = {"band", "scale", "latitude", "longitude", "site", "calendar_date", "pixel", "value"}
_APPEEARS = re.compile(
    r"^(?:MOD|MYD|MCD|VNP)15\w*_\d{3}_(?P<band>Lai|Fpar|FparLai_QC|LaiStdDev|FparStdDev)(?:_\d+k?m)?$"
)


def _layout(text: str) -> str:
    """Return appeears, gee, modistools, ornl, or ""."""
    first = text.split("\n", 1)[0]
    if _ORNL.match(first):
        return "ornl"
    cells = {cell.strip().strip('"') for cell in first.split(",")}
    if cells >= _GEE and cells & {"Fpar", "Lai"}:
        return "gee"
    if cells >= _MODISTOOLS:
        return "modistools"
    if {"Latitude", "Longitude", "Date"} <= cells and any(_APPEEARS.match(cell) for cell in cells):
        return "appeears"
    return ""


def load(path: str | Path) -> xr.Dataset:
    """Open a subset.

    Parameters
    ----------
    path : path
        CSV of AppEEARS (values are scaled there), of Earth Engine, of MODISTools (ORNL's web service), or ORNL's ASCII.

    Returns
    -------
    xr.Dataset
        On (time, site): ``lai``, ``fpar``, their ``_std`` and ``_qc`` (0 main method, 1 saturated, 2 backup, 3 backup
        under cloud or not made), time the first day of each composite. Of a square of pixels the middle one.

    Raises
    ------
    ValueError
        The file is another or broken.
    """
    text, label = read_text(path)
    kind = _layout(text)
    if not kind:
        msg = f"{label} starts with {text[:50]!r}; a subset of AppEEARS, Earth Engine, MODISTools or ORNL is accepted."
        raise ValueError(msg)
    reader = {"appeears": _appeears, "gee": _gee, "modistools": _modistools, "ornl": _ornl}[kind]
    table, product = reader(text, label)
    if not {"lai", "fpar"} & set(table):
        msg = f"{label} has neither Lai nor Fpar."
        raise ValueError(msg)
    places = table.groupby("site")[["latitude", "longitude"]].first()
    for latitude, longitude in places.to_numpy():
        check_place(latitude, longitude, label)
    names = [name for name in table if name not in ("site", "time", "latitude", "longitude")]
    twice = table.duplicated(["time", "site"])
    if twice.any():
        row = table[twice].iloc[0]
        msg = f"{label}: {str(row['time'])[:10]} of {row['site']} stands there twice; each date once is accepted."
        raise ValueError(msg)
    ds = xr.Dataset.from_dataframe(table.set_index(["time", "site"])[names])
    ds["time"] = ds["time"].astype("datetime64[ns]")
    if "qc" in ds:
        for name in ("lai", "fpar"):
            if name in ds:
                ds[f"{name}_qc"] = ds["qc"].assign_attrs(units="1", long_name=f"quality of {name}: {QUALITY}")
        ds = ds.drop_vars("qc")
    for name in ("lai", "fpar"):
        if name in ds:
            _check(ds[name].to_numpy(), name, label)
            ds[name].attrs = VARIABLES[name].cf_attrs
        if f"{name}_std" in ds:
            ds[f"{name}_std"].attrs = {"units": VARIABLES[name].unit, "long_name": f"standard deviation of {name}"}
    places = places.loc[list(ds["site"].values)]
    ds = ds.assign_coords({name: ("site", places[name].to_numpy()) for name in ("latitude", "longitude")})
    ds.attrs = {
        "title": f"{product} at {ds.sizes['site']} point{'s' if ds.sizes['site'] > 1 else ''}",
        "source": f"satellite: {label}",
        "product": product,
        "citation": CITATION,
        "licence": LICENCE,
        "grid": "point",
        "synthetic": 0,
    }
    return ds


def _check(values: np.ndarray, name: str, label: str) -> None:
    low, high = VARIABLES[name].low, VARIABLES[name].high
    wrong = (values < low) | (values > high)
    if wrong.any():
        msg = f"{label}: {name} = {values[wrong][0]:g} lies outside [{low:g}, {high:g}]; is its scale another one?"
        raise ValueError(msg)


def _stored(raw: np.ndarray, name: str) -> np.ndarray:
    """Turn stored numbers into values; water, urban, snow and fill into NaN."""
    return np.where((raw >= 0) & (raw <= LARGEST[name]), raw * SCALES[name], np.nan)


def _gee(text: str, label: str) -> tuple[pd.DataFrame, str]:
    frame = columns_of_text(text, label, dtype=str)
    table = _places(frame, "latitude", "longitude", label)
    table["time"] = dates(frame["date"], "%Y-%m-%d", label, "date")
    for name, column in (("fpar", "Fpar"), ("lai", "Lai")):
        if column in frame:
            table[name] = _stored(numbers(frame, column, label), name)
    table["qc"] = fpar_lai_quality(numbers(frame, "FparLai_QC", label))
    product = str(frame["product"].iloc[0]) if "product" in frame else "MODIS leaf area"
    return table, product


def _places(frame: pd.DataFrame, latitude: str, longitude: str, label: str) -> pd.DataFrame:
    table = pd.DataFrame({"latitude": numbers(frame, latitude, label), "longitude": numbers(frame, longitude, label)})
    named = next((name for name in ("ID", "site") if name in frame), None)
    if named is not None:
        table["site"] = frame[named].to_numpy()
    else:
        table["site"] = [f"{a:.4f} {b:.4f}" for a, b in table[["latitude", "longitude"]].to_numpy()]
    return table


def _appeears(text: str, label: str) -> tuple[pd.DataFrame, str]:
    frame = columns_of_text(text, label, dtype=str, index_col=False)
    table = _places(frame, "Latitude", "Longitude", label)
    table["time"] = dates(frame["Date"], "%Y-%m-%d", label, "Date")
    ours = {"Lai": "lai", "Fpar": "fpar", "LaiStdDev": "lai_std", "FparStdDev": "fpar_std"}
    product = ""
    for column in frame:
        found = _APPEEARS.match(str(column))
        if not found:
            continue
        product = product or "_".join(str(column).split("_")[:2])
        raw = numbers(frame, column, label)
        if found["band"] == "FparLai_QC":
            table["qc"] = fpar_lai_quality(np.where(raw > 250, np.nan, raw))
        else:
            name = ours[found["band"]]
            most = 10.0 if name.startswith("lai") else 1.0  # fill values are scaled too: 24.9 to 25.5, 2.49 to 2.55
            table[name] = np.where((raw >= 0) & (raw <= most), raw, np.nan)
    return table, product


def _modistools(text: str, label: str) -> tuple[pd.DataFrame, str]:
    frame = columns_of_text(text, label, dtype=str, index_col=False)
    pixel = numbers(frame, "pixel", label)
    middle = float((np.nanmax(pixel) + 1) // 2) if np.isfinite(pixel).any() else 1.0
    frame = frame[pixel == middle].reset_index(drop=True)
    raw = numbers(frame, "value", label)
    table = _places(frame, "latitude", "longitude", label)
    table["time"] = dates(frame["calendar_date"], "%Y-%m-%d", label, "calendar_date")
    table["band"] = frame["band"].str.replace(r"_\d+k?m$", "", regex=True).to_numpy()
    table["value"] = raw
    product = str(frame["product"].iloc[0]) if "product" in frame and len(frame) else "MODIS leaf area"
    return _by_band(table, label), product


def _ornl(text: str, label: str) -> tuple[pd.DataFrame, str]:
    """Read ORNL's ASCII: one row for each date and band, the pixels of a square behind five cells."""
    rows = []
    for k, line in enumerate(text.split("\n")):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split(",")]
        place = re.match(r"Lat(-?[\d.]+)Lon(-?[\d.]+)Samp(\d+)Line(\d+)", cells[3]) if len(cells) > 5 else None
        day = re.fullmatch(r"A(\d{7})", cells[2]) if place else None
        if place is None or day is None or len(cells) - 5 != int(place[3]) * int(place[4]):
            msg = f"{label}: row {k + 1} is not whole ({line[:50]!r}). Fetch it again."
            raise ValueError(msg)
        band = re.sub(r"_\d+k?m$", "", cells[0].rsplit(".", 1)[-1])
        middle = cells[5 + (len(cells) - 5) // 2]
        rows.append((day[1], band, float(place[1]), float(place[2]), middle))
    frame = pd.DataFrame(rows, columns=["day", "band", "latitude", "longitude", "value"])
    table = frame[["latitude", "longitude", "band"]].copy()
    table["site"] = [f"{a:.4f} {b:.4f}" for a, b in table[["latitude", "longitude"]].to_numpy()]
    table["time"] = dates(frame["day"], "%Y%j", label, "the day")
    table["value"] = numbers(frame, "value", label)
    return _by_band(table, label), text.split(".", 1)[0]


def _by_band(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Put bands that stand below one another side by side."""
    keys = ["time", "site", "latitude", "longitude"]
    if table.duplicated([*keys, "band"]).any():
        row = table[table.duplicated([*keys, "band"])].iloc[0]
        msg = f"{label}: {row['band']} of {str(row['time'])[:10]} stands there twice; each date once is accepted."
        raise ValueError(msg)
    wide = table.pivot(index=keys, columns="band", values="value").reset_index()
    out = wide[keys].copy()
    for band, name in (("Lai", "lai"), ("Fpar", "fpar")):
        if band in wide:
            out[name] = _stored(wide[band].to_numpy(float), name)
        if f"{band}StdDev" in wide:
            out[f"{name}_std"] = _stored(wide[f"{band}StdDev"].to_numpy(float), name)
    if "FparLai_QC" in wide:
        out["qc"] = fpar_lai_quality(wide["FparLai_QC"].to_numpy(float))
    return out


def recognise(path: Path, head: Head) -> bool:
    """Whether a text is one of the subsets."""
    return head.kind in ("text", "gzip", "zip") and bool(_layout(head.text))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a subset holds."""
    ds = load(path)
    return describe_dataset(ENTRY, ds, version=str(ds.attrs["product"]), grid="point")


def write_example(path: str | Path) -> None:
    """Write a year of AppEEARS at two points, with made-up numbers."""
    lines = [
        "Category,ID,Latitude,Longitude,Date,MODIS_Tile,MCD15A3H_061_Line_Y_500m,MCD15A3H_061_Sample_X_500m,"
        "MCD15A3H_061_Fpar_500m,MCD15A3H_061_FparLai_QC,MCD15A3H_061_Lai_500m,MCD15A3H_061_LaiStdDev_500m,"
        "MCD15A3H_061_FparLai_QC_SCF_QC_Description"
    ]
    for site, latitude, longitude in (("Hill", 44.4523, -121.5574), ("Vale", 44.3, -121.4)):
        for k in range(92):
            date = np.datetime64("2015-01-01") + 4 * k
            season = 0.5 - 0.5 * np.cos(2 * np.pi * k / 92)
            lai, fpar, qc = (
                (25.5, 2.55, 157) if k % 30 == 29 else (0.5 + 3 * season, 0.2 + 0.6 * season, 97 * (k % 7 == 0))
            )
            note = '"Main (RT) method used, best result possible (no saturation)"'
            lines.append(
                f"x,{site},{latitude},{longitude},{date},h09v04,1331.5,1217,{fpar:.2f},{qc},{lai:.1f},0.2,{note}"
            )
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="modis-subset",
    title="MODIS and VIIRS leaf area and fPAR at points (AppEEARS, ORNL, Earth Engine)",
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("drivers", "observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="hills-MCD15A3H-061-results.csv",
)
