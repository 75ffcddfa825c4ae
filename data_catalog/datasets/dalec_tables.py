"""Tables of drivers and fluxes of one place that programs around DALEC and CARDAMOM use: days or months, in commas."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.text_frame import columns_of_text, dates, numbers, point_dataset, read_text
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

_MJ = 1.0 / 0.0864


def _year_month_text(frame: pd.DataFrame, label: str, first_year: int | None) -> np.ndarray:
    return dates(frame["Date"].str.strip(), "%Y%m", label, "Date")


def _calendar(frame: pd.DataFrame, label: str, first_year: int | None) -> np.ndarray:
    """Days by their date; counted from 1 January of ``first_year`` if it is given (a known copy repeats a year)."""
    day = numbers(frame, "day", label)
    if first_year is not None:
        time = np.datetime64(f"{first_year}-01-01") + np.arange(len(frame))
        wrong = (time - time.astype("datetime64[Y]")).astype(int) + 1 != day
        if wrong.any():
            row = int(np.argmax(wrong))
            msg = f"{label}: counted from {first_year}, row {row + 1} is {time[row]}, but its day is {day[row]:g}."
            raise ValueError(msg)
        return time.astype("datetime64[s]")
    year = numbers(frame, "year", label)
    again = (np.diff(day) < 0) & (np.diff(year) <= 0)
    if again.any():
        row = int(np.argmax(again)) + 1
        msg = (
            f"{label}: in row {row + 1} a new year begins, and the column year still says {year[row]:g}: open it with "
            f"first_year={year[0]:g} to count the days from its first row."
        )
        raise ValueError(msg)
    text = frame["year"].str.strip() + "-" + frame["month"].str.strip() + "-" + frame["date"].str.strip()
    return dates(text, "%Y-%m-%d", label, "year month date")


def _day_of_year(frame: pd.DataFrame, label: str, first_year: int | None) -> np.ndarray:
    return dates(frame["year"].str.strip() + " " + frame["doy"].str.strip(), "%Y %j", label, "year doy")


def _month_ends(frame: pd.DataFrame, label: str, first_year: int | None) -> np.ndarray:
    """Months by the day of the year on which they end; the year is in no column."""
    if first_year is None:
        msg = f"{label} has days of the year without a year; open it with first_year=."
        raise ValueError(msg)
    day = numbers(frame, "doy", label)
    year = first_year + np.concatenate([[0], np.cumsum(np.diff(day) < 0)])
    ends = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + (day.astype(int) - 1)
    months = ends.astype("datetime64[M]")
    if not ((ends + 1).astype("datetime64[M]") == months + 1).all():
        wrong = int(np.argmax((ends + 1).astype("datetime64[M]") != months + 1))
        msg = f"{label}: day {day[wrong]:g} ends no month of {year[wrong]}: another first_year than {first_year}?"
        raise ValueError(msg)
    return months.astype("datetime64[s]")


@dataclass(frozen=True)
class Layout:
    """One table: its first columns, its step, its times, and which columns are ours."""

    name: str
    header: tuple[str, ...]
    step: str
    times: Callable[[pd.DataFrame, str, int | None], np.ndarray]
    columns: tuple[tuple[str, str, float, float], ...]
    feeds: tuple[str, ...]


LAYOUTS = (
    Layout(
        "CARDAMOM-FluxVal validation",
        ("ID", "Date", "GPP", "NEE", "ET"),
        "MM",
        _year_month_text,
        (("gpp", "GPP", 1.0, 0.0), ("nee", "NEE", 1.0, 0.0), ("et", "ET", 1.0, 0.0)),
        ("benchmarks", "towers"),
    ),
    Layout(
        "CARDAMOM of Edinburgh, drivers",
        ("doy", "mint_C", "maxt_C", "airt_C", "co2_ppm"),
        "MM",
        _month_ends,
        (
            ("tmin", "mint_C", 1.0, 273.15),
            ("tmax", "maxt_C", 1.0, 273.15),
            ("t_air", "airt_C", 1.0, 273.15),
            ("co2", "co2_ppm", 1.0, 0.0),
            ("sw_down", "swrad_MJm2day", _MJ, 0.0),
            ("vpd", "vpd_kPa", 1000.0, 0.0),
            ("precip", "precip_kgm2s", 86400.0, 0.0),
            ("wind", "wind_spd_ms", 1.0, 0.0),
        ),
        ("benchmarks",),
    ),
    Layout(
        "CARDAMOM of Edinburgh, observations",
        ("doy", "NEE_gCm2day", "NEE_unc_gCm2day", "GPP_gCm2day"),
        "MM",
        _month_ends,
        (
            ("nee", "NEE_gCm2day", 1.0, 0.0),
            ("gpp", "GPP_gCm2day", 1.0, 0.0),
            ("reco", "Reco_gCm2day", 1.0, 0.0),
            ("et", "Evap_kgH2Om2day", 1.0, 0.0),
            ("lai", "LAI_m2m2", 1.0, 0.0),
            ("wood_carbon", "Cwood_stock_gCm2", 1.0, 0.0),
        ),
        ("benchmarks", "observations"),
    ),
    Layout(
        "DALEC2, Alice Holt",
        ("year", "month", "date", "day", "t_mean", "t_max", "t_min", "i", "nee"),
        "DD",
        _calendar,
        (
            ("t_air", "t_mean", 1.0, 273.15),
            ("tmax", "t_max", 1.0, 273.15),
            ("tmin", "t_min", 1.0, 273.15),
            ("sw_down", "i", _MJ, 0.0),
            ("nee", "nee", 1.0, 0.0),
        ),
        ("benchmarks", "towers"),
    ),
    Layout(
        "DALEC, Oregon transect",
        ("year", "doy", "temp", "maxt", "mint", "rad", "psid", "ca"),
        "DD",
        _day_of_year,
        (
            ("t_air", "temp", 1.0, 273.15),
            ("tmax", "maxt", 1.0, 273.15),
            ("tmin", "mint", 1.0, 273.15),
            ("sw_down", "rad", _MJ, 0.0),
            ("co2", "ca", 1.0, 0.0),
        ),
        ("benchmarks",),
    ),
)


def _layout(first: str) -> Layout | None:
    cells = [cell.strip().strip('"') for cell in first.removeprefix("\xef\xbb\xbf").lstrip("\ufeff").split(",")]
    return next((layout for layout in LAYOUTS if tuple(cells[: len(layout.header)]) == layout.header), None)


def load(path: str | Path, *, first_year: int | None = None, site: str = "") -> xr.Dataset:
    """Open one of the tables.

    Parameters
    ----------
    path : path
        The table.
    first_year : int, optional
        Of tables that have a day of the year and no year.
    site : str
        Code of the site, where the name of the file does not say it.

    Raises
    ------
    ValueError
        The table is another or broken, or its year is not known.
    """
    text, label = read_text(path)
    layout = _layout(text.lstrip("\n").split("\n", 1)[0])
    if layout is None:
        msg = f"{label} starts with {text[:40]!r}; tables of {', '.join(one.name for one in LAYOUTS)} are accepted."
        raise ValueError(msg)
    frame = columns_of_text(text, label, dtype=str, skipinitialspace=True, index_col=False)
    frame.columns = [str(name).strip().strip('"') for name in frame.columns]
    time = layout.times(frame, label, first_year)
    values = {}
    for ours, column, factor, offset in layout.columns:
        if column in frame:
            raw = numbers(frame, column, label)
            if np.isfinite(raw).any():
                values[ours] = (raw * factor + offset, column)
    code = site or _site(label)
    attrs = {
        "title": f"{layout.name}, {code or label}",
        "citation": ENTRY.citation,
        "licence": ENTRY.licence,
        "feeds": " ".join(layout.feeds),
    }
    known = find_site(code, path)
    return point_dataset(time, values, label=label, step=layout.step, site=code, known=known, attrs=attrs)


def _site(label: str) -> str:
    found = re.search(r"(?<![A-Za-z])([A-Z]{2}-[A-Za-z0-9]{3})(?![A-Za-z0-9])", label)
    return found[1] if found else ""


def recognise(path: Path, head: Head) -> bool:
    """Whether a text begins with the header of one of the tables."""
    first = next((line for line in head.lines if line.strip()), "")
    return head.kind in ("text", "gzip") and _layout(first) is not None


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a table holds."""
    layout = _layout(next(line for line in head.lines if line.strip()))
    if layout.times is _month_ends:
        rows = sum(1 for line in path.read_bytes().replace(b"\r", b"\n").split(b"\n") if line.strip()) - 1
        names = tuple(ours for ours, *_ in layout.columns)
        problem = "its months have no year: open it with first_year="
        return ENTRY.file_entry(title=layout.name, variables=names, steps=rows, grid="point", problem=problem)
    ds = load(path)
    series = f"{layout.name} tables" if layout.name.startswith("CARDAMOM-FluxVal") else ""
    return describe_dataset(ENTRY, ds, feeds=layout.feeds, grid="point", series=series)


def write_example(path: str | Path) -> None:
    """Write two years of the validation table of CARDAMOM-FluxVal, with made-up numbers."""
    lines = ["ID,Date,GPP,NEE,ET"]
    for month in range(24):
        season = -np.cos(2 * np.pi * (month % 12 + 0.5) / 12)
        date = f"{2001 + month // 12}{month % 12 + 1:02d}"
        lines.append(f"117,{date},{4 + 4 * season:.4f},{-1 - season:.4f},{1.5 + season:.4f}")
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="dalec-tables",
    title="Drivers and fluxes of one place in the tables of DALEC and CARDAMOM",
    citation="Bloom et al. 2016, PNAS 113, 1285-1290; Williams et al. 2005, Glob. Change Biol. 11, 89-105",
    licence="of the file (CARDAMOM-FluxVal: CC-BY-4.0)",
    load=load,
    feeds=("benchmarks",),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="validation_XX-Tst.csv",
)
