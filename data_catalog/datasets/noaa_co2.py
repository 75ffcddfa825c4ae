"""NOAA Global Monitoring Laboratory: carbon dioxide of flasks (months and single flasks) and of Mauna Loa's months."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.text_frame import columns_of_text, numbers, read_text
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Dlugokencky et al., NOAA GML Carbon Cycle Cooperative Global Air Sampling Network, doi 10.15138/wkgj-f215"
LICENCE = "NOAA: free; tell the laboratory, cite it"
_EVENT = ("sample_site_code", "sample_year", "sample_month", "sample_day", "analysis_value", "analysis_flag")
_FIELDS = re.compile(r"^# data_fields: (?P<names>.+)$", re.MULTILINE)
_MONTHS = re.compile(r"^ *(?P<year>\d{4}) +(?P<month>\d{1,2}) +\d{4}\.\d+ +-?[\d.]+ +-?[\d.]+", re.MULTILINE)
PLACES = {
    "ALT": (82.45, -62.51),
    "BRW": (71.32, -156.61),
    "CGO": (-40.68, 144.69),
    "KUM": (19.52, -154.82),
    "MHD": (53.33, -9.90),
    "MLO": (19.53, -155.58),
    "NWR": (40.05, -105.58),
    "SMO": (-14.25, -170.56),
    "SPO": (-89.98, -24.80),
}
"""Latitude and longitude of stations whose monthly files do not say it (gml.noaa.gov/dv/site)."""


def _layout(text: str) -> str:
    """Return "event", "month", "trend" (Mauna Loa's own months) or ""."""
    fields = _FIELDS.search(text)
    named = fields["names"].split() if fields else []
    body = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    first = body.lstrip("\n").split("\n", 1)[0].split()
    if set(_EVENT) <= set(named) or set(_EVENT) <= set(first):
        return "event"
    # The laboratory's monthly files have no header of their own: a station, a year, a month, a value.
    if named[:4] == ["site", "year", "month", "value"]:
        return "month"
    if len(first) == 4 and re.fullmatch(r"[A-Z]{3} \d{4} \d{1,2} -?[\d.]+", " ".join(first)) and "flask" in text[:3000]:
        return "month"
    if "co2" in text[:6000].lower() and "decimal" in text[:12_000] and _MONTHS.match(body.lstrip("\n")):
        return "trend"
    return ""


def load(path: str | Path) -> xr.Dataset:
    """Open a file of flasks or months.

    Returns
    -------
    xr.Dataset
        On (time, site = 1): ``co2`` [umol mol-1], rejected flasks (first character of the flag not ".") as gaps. Of
        single flasks ``co2_std`` (their uncertainty); flasks of one moment are averaged. Of Mauna Loa's months
        ``co2_deseasonalised``. Time of a month is its first day.

    Raises
    ------
    ValueError
        It is none of these tables, or broken.
    """
    text, label = read_text(path)
    kind = _layout(text[:65_536])
    if not kind:
        msg = f"{label} is no table of NOAA GML: no '# data_fields:' of flasks, no months of Mauna Loa."
        raise ValueError(msg)
    body = "\n".join(line for line in text.split("\n") if line.strip() and not line.startswith("#"))
    ds = {"event": _events, "month": _months, "trend": _trend}[kind](text, body, label)
    ds = ds.expand_dims("site", axis=1).transpose("time", "site")
    code = str(ds["site"].values[0])
    for name in ("latitude", "longitude"):
        if name in ds.coords:
            ds = ds.assign_coords({name: ("site", [ds[name].item()])})
    if "latitude" not in ds.coords and code in PLACES:
        latitude, longitude = PLACES[code]
        ds = ds.assign_coords(latitude=("site", [latitude]), longitude=("site", [longitude]))
    length = {"event": "single flasks", "month": "flasks, monthly", "trend": "in situ, monthly"}[kind]
    ds.attrs = {
        "title": f"CO2 at {code}, NOAA GML, {length}",
        "source": f"measured: {label}",
        "citation": CITATION,
        "licence": LICENCE,
        "resolution": "flask" if kind == "event" else "MM",
        "synthetic": 0,
    }
    return ds


def _first_days(frame: pd.DataFrame, year: str, month: str, label: str) -> np.ndarray:
    years, months = numbers(frame, year, label), numbers(frame, month, label)
    wrong = ~((years > 1900) & (years < 2200) & (months >= 1) & (months <= 12))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        msg = f"{label}: year {years[row]:g}, month {months[row]:g} in row {row + 1} is no month."
        raise ValueError(msg)
    time = (years - 1970).astype(int).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1).astype(int)
    if not (np.diff(time).astype(int) > 0).all():
        msg = f"{label}: months do not follow one another; each once, in their order, is accepted."
        raise ValueError(msg)
    return time.astype("datetime64[ns]")


def _checked(values: np.ndarray, label: str) -> np.ndarray:
    values = np.where(values <= -9.0, np.nan, values)
    quantity = VARIABLES["co2"]
    wrong = (values < quantity.low) | (values > quantity.high)
    if wrong.any():
        msg = f"{label}: CO2 = {values[wrong][0]:g} lies outside [{quantity.low:g}, {quantity.high:g}] {quantity.unit}."
        raise ValueError(msg)
    return values


def _months(text: str, body: str, label: str) -> xr.Dataset:
    frame = columns_of_text(body, label, sep=r"\s+", header=None, names=["site", "year", "month", "value"], dtype=str)
    time = _first_days(frame, "year", "month", label)
    values = _checked(numbers(frame, "value", label), label)
    coords = {"time": time, "site": str(frame["site"].iloc[0])}
    return xr.Dataset({"co2": ("time", values, VARIABLES["co2"].cf_attrs | {"column": "value"})}, coords)


def _trend(text: str, body: str, label: str) -> xr.Dataset:
    frame = columns_of_text(body, label, sep=r"\s+", header=None, dtype=str)
    frame.columns = [str(name) for name in frame.columns]
    time = _first_days(frame, "0", "1", label)
    attrs = VARIABLES["co2"].cf_attrs
    ds = xr.Dataset(
        {"co2": ("time", _checked(numbers(frame, "3", label), label), attrs | {"column": "monthly average"})},
        {"time": time, "site": "MLO"},
    )
    said = attrs | {"long_name": "CO2 without its mean season", "column": "de-seasonalized"}
    ds["co2_deseasonalised"] = ("time", _checked(numbers(frame, "4", label), label), said)
    return ds


def _events(text: str, body: str, label: str) -> xr.Dataset:
    fields = _FIELDS.search(text[:65_536])
    lines = body.split("\n", 1)
    names = fields["names"].split() if fields else lines[0].split()
    rows = body if fields and not lines[0].startswith("sample_site_code") else [*lines, ""][1]
    frame = columns_of_text(rows, label, sep=r"\s+", header=None, dtype=str)
    if frame.shape[1] != len(names):
        msg = f"{label}: rows have {frame.shape[1]} cells, the header names {len(names)}. Fetch it again."
        raise ValueError(msg)
    frame.columns = names
    sites = frame["sample_site_code"].unique()
    if sites.size > 1:
        msg = (
            f"{label} holds flasks of {sites.size} stations ({', '.join(map(str, sites[:5]))}); one a file is accepted."
        )
        raise ValueError(msg)
    parts = {"year": "sample_year", "month": "sample_month", "day": "sample_day", "hour": "sample_hour"}
    parts |= {"minute": "sample_minute", "second": "sample_seconds"}
    clock = pd.DataFrame({key: numbers(frame, column, label) for key, column in parts.items()})
    time = pd.to_datetime(clock, errors="coerce")
    if time.isna().any():
        row = int(np.flatnonzero(time.isna().to_numpy())[0])
        msg = f"{label}: the time of sample in row {row + 1} does not exist ({clock.iloc[row].tolist()})."
        raise ValueError(msg)
    kept = frame["analysis_flag"].str.startswith(".").to_numpy(bool)
    table = pd.DataFrame({"co2": np.where(kept, _checked(numbers(frame, "analysis_value", label), label), np.nan)})
    table["std"] = np.where(kept, numbers(frame, "analysis_uncertainty", label), np.nan)
    table["std"] = table["std"].where(table["std"] > -9.0)
    mean = table.set_index(time).groupby(level=0).mean()
    said = VARIABLES["co2"].cf_attrs
    ds = xr.Dataset(
        {
            "co2": ("time", mean["co2"].to_numpy(), said | {"column": "analysis_value"}),
            "co2_std": ("time", mean["std"].to_numpy(), {"units": said["units"], "long_name": "uncertainty of co2"}),
        },
        {"time": mean.index.to_numpy().astype("datetime64[ns]"), "site": str(sites[0])},
    )
    for name in ("latitude", "longitude"):
        ds = ds.assign_coords({name: float(np.nanmedian(numbers(frame, f"sample_{name}", label)))})
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a text is one of the laboratory's tables."""
    return head.kind in ("text", "gzip") and bool(_layout(head.text))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file of CO2 holds."""
    return describe_dataset(ENTRY, load(path), grid="point")


def write_example(path: str | Path) -> None:
    """Write two years of monthly flasks, with made-up numbers."""
    lines = ["# number_of_header_lines: 4", "# description_strategy-abbr: flask", "# comment:"]
    lines.append("# data_fields: site year month value")
    for month in range(24):
        value = 400 + 0.2 * month + 3 * np.sin(month * np.pi / 6)
        lines.append(f"XXX {2015 + month // 12} {month % 12 + 1:2d}   {value:.2f}")
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="noaa-co2",
    title="NOAA GML: carbon dioxide of flasks and of Mauna Loa",
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("benchmarks",),
    kind="station",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="co2_xxx_surface-flask_1_ccgg_month.txt",
)
