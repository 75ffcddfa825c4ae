"""FLUXNET columns in other wrappings: the days of several sites in one table, and a table as an Excel workbook."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet import CITATION, read_fluxnet
from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.spreadsheet import sheet_rows
from data_catalog.datasets.tables import MAX_BYTES
from data_catalog.datasets.text_frame import columns_of_text, read_text
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "sites_in", "write_example"]

_SITES = ("siteid", "site", "SITE_ID", "sitename")


def _columns(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(",")]


def _several(head: Head) -> str:
    """Return the column of sites of a table of several, or ""."""
    if not head.lines:
        return ""
    columns = _columns(head.lines[0])
    named = next((name for name in _SITES if name in columns), "")
    return named if named and {"TIMESTAMP", "TA_F"} <= set(columns) else ""


def _is_workbook(head: Head) -> bool:
    return head.suffix == ".xlsx" and head.kind == "zip" and "_FLUXNET" in head.name.upper()


def sites_in(path: str | Path) -> list[str]:
    """List the sites of a table of several.

    Raises
    ------
    ValueError
        It is no such table.
    """
    frame, column, _ = _frame(Path(path))
    return list(dict.fromkeys(frame[column]))


def _frame(path: Path) -> tuple[pd.DataFrame, str, str]:
    column = _several(Head(path))
    if not column:
        msg = f"{path.name} is no table of several sites (columns siteid, TIMESTAMP, TA_F, ...)."
        raise ValueError(msg)
    text, label = read_text(path)
    return columns_of_text(text, label, dtype=str, index_col=False, keep_default_na=False), column, label


def load(path: str | Path, *, site: str = "", **options) -> xr.Dataset:
    """Open one site of a table of several, or the first sheet of a workbook.

    Parameters
    ----------
    path : path
        CSV with a column of sites, or a workbook whose first sheet is a FLUXNET table.
    site : str
        Which of several; all on (time, site) if not given.
    **options
        See `data_catalog.datasets.fluxnet.read_fluxnet`.

    Raises
    ------
    ValueError
        The table is another or broken, or has no such site.
    """
    path = Path(path)
    options.setdefault("need", ())
    if path.suffix.lower() == ".xlsx":
        return _workbook(path, site, options)
    frame, column, label = _frame(path)
    held = list(dict.fromkeys(frame[column]))
    if site and site not in held:
        msg = f"{label} has no site {site!r}; it has {', '.join(held[:20])}."
        raise ValueError(msg)
    parts = [_one(frame[frame[column] == name], column, name, path, options) for name in ([site] if site else held)]
    if len(parts) == 1:
        return parts[0]
    names = set.intersection(*({str(name) for name in part.data_vars} for part in parts))
    parts = [part[[name for name in part.data_vars if name in names]] for part in parts]
    keep = [set(part.coords) for part in parts]
    drop = set.union(*keep) - set.intersection(*keep)
    parts = [part.drop_vars([name for name in drop if name in part.coords]) for part in parts]
    ds = xr.concat(parts, "site", join="outer", combine_attrs="override").transpose("time", "site")
    ds.attrs |= {"title": f"{len(parts)} eddy-covariance towers, daily", "file": label, "source": f"measured: {label}"}
    return ds


def _one(rows: pd.DataFrame, column: str, site: str, path: Path, options: dict) -> xr.Dataset:
    """Read the rows of one site as if they were a file of its own."""
    rows = rows.drop(columns=column)
    # R writes NA where FLUXNET writes -9999, and dates with dashes.
    rows = rows.replace({"NA": "-9999", "": "-9999"})
    rows["TIMESTAMP"] = rows["TIMESTAMP"].str.replace("-", "", regex=False)
    data = rows.to_csv(index=False).encode()
    ds = read_fluxnet(data, name=path.name, site=site, **options)
    known = find_site(site, path)
    return ds.assign_coords({key: ("site", [value]) for key, value in known.items()})


def _workbook(path: Path, site: str, options: dict) -> xr.Dataset:
    if path.stat().st_size > MAX_BYTES:
        msg = f"{path.name} holds {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read."
        raise ValueError(msg)
    rows = sheet_rows(path.read_bytes(), path.name)
    if not rows or not rows[0]:
        msg = f"{path.name}: its first sheet is empty."
        raise ValueError(msg)
    width = len(rows[0])
    lines = [",".join([*row[:width], *[""] * (width - len(row))]) for row in rows if any(row)]
    data = ("\n".join(_whole(line) for line in lines) + "\n").encode()
    ds = read_fluxnet(data, name=path.with_suffix(".csv").name, site=site, **options)
    code = str(np.ravel(ds["site"].values)[0])
    known = find_site(code, path)
    ds.attrs |= {"source": f"measured: {path.name}", "file": path.name}
    return ds.assign_coords({key: ("site", [value]) for key, value in known.items()})


def _whole(line: str) -> str:
    """Write a date that the workbook keeps as 20090101.0 without its fraction."""
    return re.sub(r"^(\d{4,12})\.0+(?=,)", r"\1", line)


def recognise(path: Path, head: Head) -> bool:
    """Whether a text is a table of several sites, or a workbook is named as the network's tables."""
    return _is_workbook(head) or (head.kind in ("text", "gzip") and bool(_several(head)))


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a table holds."""
    ds = load(path)
    if ds.sizes["site"] == 1:
        return describe_tower(ENTRY, ds)
    sites = ", ".join(map(str, ds["site"].values[:12]))
    unplaced = "latitude" not in ds.coords
    problem = "positions unknown: lay a list of sites beside it" if unplaced else ""
    return describe_dataset(ENTRY, ds, notes=f"sites {sites}", problem=problem, grid="points")


def write_example(path: str | Path) -> None:
    """Write a month of days of two sites, with made-up numbers."""
    lines = ["siteid,TIMESTAMP,TA_F,SW_IN_F,VPD_F,P_F,WS_F,GPP_NT_VUT_REF"]
    for site in ("XX-One", "XX-Two"):
        for day in range(30):
            date = np.datetime64("1997-06-01") + day
            lines.append(
                f"{site},{date},{12 + day % 5},{180 + day},{6.5 + day % 3},{day % 4},2.1,{'NA' if day == 3 else 6.2}"
            )
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


ENTRY = CatalogEntry(
    name="fluxnet-tables",
    title="FLUXNET tables of several sites, and as Excel workbooks",
    citation=CITATION,
    licence="CC-BY-4.0 for most sites; the file's own policy holds",
    load=load,
    feeds=("drivers", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="several_sites.csv",
)
