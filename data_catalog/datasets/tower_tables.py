"""Half-hourly towers in the tables of three programs: REddyProc, DIIVE, and the P-model examples of pyrealm.

Each dialect says how its time is written and which of its columns, in which unit, is ours.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.text_frame import columns_of_text, dates, numbers, point_dataset, read_text, regular
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

PAR_OF_PPFD = 86400.0 / 4.57e6
"""MJ m-2 d-1 in one umol m-2 s-1 of photons (McCree 1972)."""


@dataclass(frozen=True)
class Dialect:
    """One program's table: mark of its header, separator, lines between header and numbers, columns, and clock."""

    name: str
    mark: tuple[str, ...]
    separator: str
    skipped: tuple[int, ...]
    columns: tuple[tuple[str, tuple[str, ...], float, float], ...]
    starts: Callable[[pd.DataFrame, str], np.ndarray]
    citation: str
    licence: str
    flag: str = ""


def _of_day_and_hour(frame: pd.DataFrame, label: str) -> np.ndarray:
    """REddyProc: year, day of year, hour at the end of each half hour."""
    year, day, hour = (numbers(frame, name, label) for name in ("Year", "DoY", "Hour"))
    wrong = ~((year > 1900) & (year < 2200) & (day >= 1) & (day <= 367) & (hour >= 0) & (hour <= 24))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        msg = f"{label}: year {year[row]:g}, day {day[row]:g}, hour {hour[row]:g} in row {row + 1} is no time."
        raise ValueError(msg)
    days = (year.astype(int) - 1970).astype("datetime64[Y]").astype("datetime64[D]") + (day.astype(int) - 1)
    return days.astype("datetime64[m]") + (np.round(hour * 60).astype(int) - 30)


def _of_middle(frame: pd.DataFrame, label: str) -> np.ndarray:
    """DIIVE: the middle of each half hour."""
    return dates(frame["TIMESTAMP_MIDDLE"], "%Y-%m-%d %H:%M:%S", label, "TIMESTAMP_MIDDLE") - np.timedelta64(15, "m")


def _of_time(frame: pd.DataFrame, label: str) -> np.ndarray:
    """Pyrealm: the start of each half hour."""
    return dates(frame["time"], "%Y-%m-%d %H:%M", label, "time")


DIALECTS = (
    Dialect(
        name="REddyProc",
        mark=("Year", "DoY", "Hour", "NEE"),
        separator="\t",
        skipped=(1,),
        columns=(
            ("nee", ("NEE",), GC_PER_UMOL, 0.0),
            ("le", ("LE",), 1.0, 0.0),
            ("h", ("H",), 1.0, 0.0),
            ("sw_down", ("Rg",), 1.0, 0.0),
            ("t_air", ("Tair",), 1.0, 273.15),
            ("t_soil", ("Tsoil",), 1.0, 273.15),
            ("relative_humidity", ("rH",), 1.0, 0.0),
            ("vpd", ("VPD",), 100.0, 0.0),
        ),
        starts=_of_day_and_hour,
        citation="Wutzler et al. 2018, REddyProc, Biogeosciences 15, 5015-5030; the site's team",
        licence="of the package that ships it (GPL), or the site's own",
    ),
    Dialect(
        name="DIIVE",
        mark=("TIMESTAMP_MIDDLE",),
        separator=",",
        skipped=(),
        columns=(
            ("t_air", ("Tair_f",), 1.0, 273.15),
            ("sw_down", ("Rg_f",), 1.0, 0.0),
            ("vpd", ("VPD_f",), 100.0, 0.0),
            ("pressure", ("PA",), 100.0, 0.0),
            ("relative_humidity", ("RH",), 1.0, 0.0),
            ("lw_down", ("LW_IN",), 1.0, 0.0),
            ("le", ("LE_f",), 1.0, 0.0),
            ("nee", ("NEE_CUT_REF_f",), GC_PER_UMOL, 0.0),
            ("gpp", ("GPP_CUT_REF_f",), GC_PER_UMOL, 0.0),
            ("reco", ("Reco_CUT_REF",), GC_PER_UMOL, 0.0),
        ),
        starts=_of_middle,
        citation="Swiss FluxNet, ETH Zurich; the program DIIVE",
        licence="of the site's team (Swiss FluxNet: CC-BY-4.0)",
        flag="qc",
    ),
    Dialect(
        name="pyrealm",
        mark=("time", "ta", "vpd", "co2", "patm", "fapar", "ppfd"),
        separator=",",
        skipped=(),
        columns=(
            ("t_air", ("ta",), 1.0, 273.15),
            ("vpd", ("vpd",), 1.0, 0.0),
            ("co2", ("co2",), 1.0, 0.0),
            ("pressure", ("patm",), 1.0, 0.0),
            ("fpar", ("fapar",), 1.0, 0.0),
            ("par", ("ppfd",), PAR_OF_PPFD, 0.0),
        ),
        starts=_of_time,
        citation="Mengoli et al. 2022, J. Adv. Model. Earth Syst. 14, e2021MS002767; the site's team",
        licence="of the package that ships it (MIT), or the site's own",
    ),
)


def _dialect(first: str) -> Dialect | None:
    """Say whose header a line is."""
    for dialect in DIALECTS:
        cells = [cell.strip().strip('"') for cell in first.split(dialect.separator)]
        if cells[: len(dialect.mark)] == list(dialect.mark):
            return dialect
    return None


def load(path: str | Path, *, site: str = "") -> xr.Dataset:
    """Open a table of any of the three programs.

    Parameters
    ----------
    path : path
        The table; lines may end in LF, CR LF or CR alone.
    site : str
        Code of the site, where the name of the file does not say it.

    Returns
    -------
    xr.Dataset
        On (time, site = 1), time the start of each half hour in the file's own clock. The GPP of pyrealm's example is a
        model's and is left out.

    Raises
    ------
    ValueError
        The table is another or broken, or a unit is unlikely.
    """
    text, label = read_text(path)
    dialect = _dialect(text.split("\n", 1)[0])
    if dialect is None:
        names = ", ".join(f"{one.name} ({one.mark[0]} ...)" for one in DIALECTS)
        msg = f"{label} starts with {text[:40]!r}; tables of {names} are accepted."
        raise ValueError(msg)
    options = {"sep": dialect.separator, "skiprows": list(dialect.skipped), "skipinitialspace": True}
    frame = columns_of_text(text, label, dtype=str, index_col=False, **options)
    frame.columns = [str(name).strip().strip('"') for name in frame.columns]
    if dialect.name == "DIIVE":  # a second line of the header repeats the names
        frame = frame[frame["TIMESTAMP_MIDDLE"] != "TIMESTAMP_MIDDLE"].reset_index(drop=True)
    start = dialect.starts(frame, label)
    values, quality = {}, {}
    for ours, names, factor, offset in dialect.columns:
        column = next((name for name in names if name in frame), None)
        if column is None:
            continue
        raw = numbers(frame, column, label)
        if np.isfinite(raw).any():
            values[ours] = (raw * factor + offset, column)
            if dialect.flag and f"{column}{dialect.flag}" in frame:
                quality[ours] = numbers(frame, f"{column}{dialect.flag}", label)
    code = site or _site(label)
    attrs = {
        "title": f"Eddy-covariance tower {code or label}, table of {dialect.name}, half-hourly",
        "citation": dialect.citation,
        "licence": dialect.licence,
        "missing": " ".join(ours for ours, *_ in dialect.columns if ours not in values),
    }
    ds = point_dataset(start, values, label=label, step="HH", site=code, known=find_site(code, path), attrs=attrs)
    for name in [name for name in quality if name in ds]:
        said = {"units": "1", "long_name": f"quality of {name}: 0 measured, 1 well filled, 2 fairly, 3 poorly"}
        ds[f"{name}_qc"] = (("time", "site"), quality[name][:, None], said)
    return regular(ds, 30)


def _site(label: str) -> str:
    """Take the code of the site from a name: ``CH-DAV_...``, ``..._BE_Vie_2014``, ``Example_DETha98``."""
    found = re.search(r"(?<![A-Za-z])([A-Z]{2})[-_]?([A-Z][A-Za-z]{2})(?![A-Za-z])", label)
    return f"{found[1]}-{found[2].title()}" if found else ""


def recognise(path: Path, head: Head) -> bool:
    """Whether a text begins with the header of one of the programs."""
    return bool(head.lines) and _dialect(head.lines[0]) is not None


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a table holds."""
    return describe_tower(ENTRY, load(path))


def write_example(path: str | Path) -> None:
    """Write two days in the table of REddyProc, with made-up numbers."""
    names = ("Year", "DoY", "Hour", "NEE", "LE", "H", "Rg", "Tair", "Tsoil", "rH", "VPD", "Ustar")
    units = ("-", "-", "-", "umolm-2s-1", "Wm-2", "Wm-2", "Wm-2", "degC", "degC", "%", "hPa", "ms-1")
    lines = ["\t".join(names), "\t".join(units)]
    for step in range(96):
        hour = (step + 1) * 0.5 % 24 or 24.0
        sun = max(0.0, np.sin(np.pi * (hour - 6) / 12))
        row = (1998, 180 + step // 48, hour, 3 - 15 * sun, 90 * sun, 80 * sun, 800 * sun, 14 + 8 * sun, 13, 60, 8, 0.4)
        lines.append("\t".join(f"{value:g}" for value in row))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="tower-tables",
    title="Half-hourly towers in tables of REddyProc, DIIVE and pyrealm",
    citation="of the program and the site's team",
    licence="of the file",
    load=load,
    feeds=("drivers", "forcing", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="Example_DETha98.txt",
)
