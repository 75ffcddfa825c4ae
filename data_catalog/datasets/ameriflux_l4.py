"""Read the AmeriFlux Level-4 tables of before 2015: half hours, gaps filled, NEE partitioned (Reichstein et al. 2005).

Columns: readme of the product. ``_st`` counts the storage of CO2 under the sensor, ``_or`` does not; ``_fMDS`` is
filled by marginal distribution sampling, ``_fANN`` by a neural network. Only the name of the file says the year.
"""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.text_frame import columns_of_text, numbers, point_dataset, read_text, regular
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "AmeriFlux Level 4 data, of the site's team; Reichstein et al. 2005, Glob. Change Biol. 11, 1424-1439"
_HEAD = ["Month", "Day", "Hour", "DoY", "Rg_f", "Rg_fqc", "Ta_f"]
_NAME = re.compile(r"AMF_(?P<country>[A-Z]{2})-?(?P<site>[A-Za-z0-9]{3})_(?P<year>\d{4})_L4_h")
_COLUMNS = (
    # ours, columns (the first with a value is taken), column of its quality, factor, offset
    ("t_air", ("Ta_f",), "Ta_fqc", 1.0, 273.15),
    ("sw_down", ("Rg_f",), "Rg_fqc", 1.0, 0.0),
    ("vpd", ("VPD_f",), "VPD_fqc", 100.0, 0.0),
    ("t_soil", ("Ts_f",), "Ts_fqc", 1.0, 273.15),
    ("precip", ("Precip",), "", 48.0, 0.0),
    ("ssm", ("SWC",), "", 0.01, 0.0),
    ("h", ("H_f",), "H_fqc", 1.0, 0.0),
    ("le", ("LE_f",), "LE_fqc", 1.0, 0.0),
    ("nee", ("NEE_st_fMDS", "NEE_or_fMDS", "NEE_st_fANN", "NEE_or_fANN"), "qc", GC_PER_UMOL, 0.0),
    ("gpp", ("GPP_st_MDS", "GPP_or_MDS", "GPP_st_ANN", "GPP_or_ANN"), "nee", GC_PER_UMOL, 0.0),
    ("reco", ("Reco_st", "Reco_or"), "nee", GC_PER_UMOL, 0.0),
)


def load(path: str | Path, *, year: int | None = None, site: str = "") -> xr.Dataset:
    """Open a half-hourly Level-4 table.

    Parameters
    ----------
    path : path
        The table, ``AMF_USMe2_2004_L4_h_V002.txt``.
    year : int, optional
        Its year, where the name does not say it.
    site : str
        Code of the site, where the name does not say it.

    Returns
    -------
    xr.Dataset
        On (time, site = 1), time the start of each half hour in local standard time; the file has its end. Gaps as NaN,
        ``<name>_qc`` (0 measured, 1 to 3 filled).

    Raises
    ------
    ValueError
        The table is another or broken, or the year is not known.
    """
    text, label = read_text(path)
    found = _NAME.search(label)
    year = year or (int(found["year"]) if found else None)
    if year is None:
        msg = f"{label}: the year stands in the name of a Level-4 file (AMF_USMe2_2004_L4_h_V002.txt); give year=."
        raise ValueError(msg)
    frame = columns_of_text(text, label, skipinitialspace=True, dtype=str, index_col=False)
    if list(frame.columns[:7]) != _HEAD:
        msg = f"{label} starts with {', '.join(frame.columns[:7])}; {', '.join(_HEAD)} of a Level-4 table is accepted."
        raise ValueError(msg)
    month, day, hour = (numbers(frame, name, label) for name in _HEAD[:3])
    wrong = ~((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour >= 0.0) & (hour <= 24.0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        msg = f"{label}: month {month[row]:g}, day {day[row]:g}, hour {hour[row]:g} in row {row + 1} is no time."
        raise ValueError(msg)
    days = (np.datetime64(f"{year}-01", "M") + (month.astype(int) - 1)).astype("datetime64[D]") + (day.astype(int) - 1)
    end = days.astype("datetime64[m]") + np.round(hour * 60).astype(int)
    start = end - np.timedelta64(30, "m")
    # The last record of a year is written as 0 h of its first day, or of the day after.
    if start.size > 1 and start[-1] < start[-2]:
        start[-1] = start[-2] + np.timedelta64(30, "m")
    values, quality, missing = {}, {}, []
    for ours, columns, flag, factor, offset in _COLUMNS:
        held = [(name, numbers(frame, name, label)) for name in columns if name in frame]
        name, raw = next(((name, raw) for name, raw in held if np.isfinite(raw).any()), ("", None))
        if raw is None:
            missing.append(ours)
            continue
        values[ours] = (raw * factor + offset, name)
        source = f"{name}qc" if flag == "qc" else flag
        quality[ours] = (
            quality.get("nee") if flag == "nee" else (numbers(frame, source, label) if source in frame else None)
        )
    code = site or (f"{found['country']}-{found['site']}" if found else "")
    attrs = {
        "title": f"Eddy-covariance tower {code or label}, AmeriFlux Level 4, half-hourly",
        "citation": CITATION,
        "licence": ENTRY.licence,
        "partitioning": "night-time (Reichstein et al. 2005)",
        "missing": " ".join(missing),
    }
    ds = point_dataset(start, values, label=label, step="HH", site=code, known=find_site(code, path), attrs=attrs)
    for name, flags in quality.items():
        if flags is not None and name in ds:
            said = {"units": "1", "long_name": f"quality of {name}: 0 measured, 1 well filled, 2 fairly, 3 poorly"}
            ds[f"{name}_qc"] = (("time", "site"), flags[:, None], said)
    return regular(ds, 30)


def recognise(path: Path, head: Head) -> bool:
    """Whether a text begins with the columns of a half-hourly Level-4 table."""
    return bool(head.lines) and [cell.strip() for cell in head.lines[0].split(",")[:7]] == _HEAD


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a Level-4 table holds."""
    if not _NAME.search(head.name):
        problem = "the year of a Level-4 table stands in its name (AMF_USMe2_2004_L4_h_V002.txt): open it with year="
        names = tuple(ours for ours, columns, *_ in _COLUMNS if set(columns) & set(head.lines[0].split(",")))
        return ENTRY.file_entry(variables=names, grid="point", problem=problem)
    return describe_tower(ENTRY, load(path))


def write_example(path: str | Path) -> None:
    """Write two days, with made-up numbers."""
    names = ["Rg_f", "Ta_f", "VPD_f", "Ts_f", "Precip", "SWC", "H_f", "LE_f", "Reco_st", "NEE_st_fMDS", "GPP_st_MDS"]
    flagged = {"Rg_f", "Ta_f", "VPD_f", "Ts_f", "H_f", "LE_f", "NEE_st_fMDS"}
    header = ["Month", "Day", "Hour", "DoY"]
    for name in names:
        header += [name, f"{name}qc"] if name in flagged else [name]
    lines = [",".join(header)]
    for step in range(96):
        hour = (step + 1) * 0.5
        sun = max(0.0, np.sin(np.pi * (hour % 24 - 6) / 12))
        values = dict(zip(names, (800 * sun, 15 + 5 * sun, 8 + 9 * sun, 12, 0, 22, 90 * sun, 60 * sun), strict=False))
        values |= {"Reco_st": 3.0, "NEE_st_fMDS": 3.0 - 15 * sun, "GPP_st_MDS": 15 * sun}
        row = [7, 1 + step // 48, 24.0 if hour % 24 == 0 else hour % 24, 182 + hour / 24]
        for name in names:
            row += [values[name], step % 4] if name in flagged else [values[name]]
        lines.append(",".join(f"{value:g}" for value in row))
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="ameriflux-l4",
    title="AmeriFlux Level 4: half-hourly towers of before 2015, filled and partitioned",
    citation=CITATION,
    licence="AmeriFlux legacy policy: tell the team, offer authorship",
    load=load,
    feeds=("drivers", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="AMF_USXxx_2004_L4_h_V002.txt",
)
