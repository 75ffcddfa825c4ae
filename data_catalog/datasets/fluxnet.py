"""Read FLUXNET2015, ONEFlux, AmeriFlux-FLUXNET and ICOS tower files: SUBSET or FULLSET, any resolution, CSV or zip.

Layout and names of the product: Pastorello et al. 2020, doi 10.1038/s41597-020-0534-3.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.fluxnet_columns import (
    DRIVERS,
    FLUX,
    FLUXES,
    GC_PER_UMOL,
    RAIN,
    RESOLUTIONS,
    SWC,
    TowerColumn,
    columns_of,
)
from data_catalog.datasets.fluxnet_example import EXAMPLE_NAME, write_example
from data_catalog.datasets.fluxnet_names import MAIN_PRODUCTS, FileName, choose_table, file_name
from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.fluxnet_units import check_units
from data_catalog.datasets.tables import TableFile, open_tables
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["CITATION", "ENTRY", "FILL", "FileName", "choose_table", "file_name", "read_fluxnet"]

FILL = -9999.0
CITATION = "Pastorello et al. 2020, The FLUXNET2015 dataset and the ONEFlux processing pipeline, Scientific Data 7, 225"
METHODS = {"NT": "night-time (Reichstein et al. 2005)", "DT": "daytime (Lasslop et al. 2010)"}


def read_fluxnet(
    source: str | Path | bytes,
    *,
    name: str = "",
    resolution: str | None = None,
    need: Sequence[str] | str = "all",
    partitioning: str = "NT",
    site: str = "",
) -> xr.Dataset:
    """Read one tower file into our names and units.

    Parameters
    ----------
    source : path or bytes
        CSV, ``.csv.gz`` or zip; bytes of an upload, whose file name is ``name``.
    resolution : {"DD", "HH", "HR", "WW", "MM", "YY"}, optional
        Which table of a zip; by default daily, then half-hourly.
    need : {"all", "drivers"} or sequence of str
        Variables that must be there. "all": what drives L4C and what judges it; "drivers": what drives it.
    partitioning : {"NT", "DT"}
        Whose GPP and RECO: night-time or daytime method.
    site : str
        Site code, when the name of the file does not say it.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site = 1): our names and units, gaps as NaN, ``<name>_qc`` beside each variable that has a
        quality column. Sub-daily quality is the flag of the file (0 measured, 1 to 3 filled); daily and coarser
        quality is the share of measured or well filled half hours. Time is the start of each step; missing steps of
        the record are kept as NaN. Coordinates latitude, longitude, elevation, igbp, pft where a table beside the file
        or in the archive tells them.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        A broken or foreign table, a missing column, an unlikely unit: the message names the column and the remedy.
    """
    files = open_tables(source, name)
    table = choose_table(files, resolution)
    parts = file_name(table.name) or file_name(name or str(source))
    label = PurePosixPath(table.name).name
    columns = columns_of(partitioning)
    wanted = {"all": DRIVERS + FLUXES, "drivers": DRIVERS}.get(need, need) if isinstance(need, str) else tuple(need)
    if isinstance(wanted, str):
        msg = f"need = {need!r}; 'all', 'drivers' or a sequence of variable names is accepted."
        raise ValueError(msg)
    data = table.data()
    header = check_header(data, label)
    for ours in wanted:
        if ours not in columns or not set(columns[ours].names) & set(header):
            raise ValueError(_missing(columns, ours, label))
    moisture = sorted((c for c in header if re.fullmatch(SWC + r"\d+", c)), key=lambda c: int(c.rsplit("_", 1)[1]))
    present = [column for spec in columns.values() for column in spec.names if column in header]
    frame, step = _frame(data, header, present + moisture, label, parts)
    filled = {column for column in present if frame[column].notna().any()}
    chosen = {ours: next((c for c in spec.names if c in filled), None) for ours, spec in columns.items()}
    for ours in wanted:
        if chosen[ours] is None:
            raise ValueError(_missing(columns, ours, label, "holds nothing but -9999"))
    ds = xr.Dataset(coords={"time": frame.index.to_numpy().astype("datetime64[ns]")})
    for ours, column in chosen.items():
        if column is not None:
            ds[ours] = _variable(frame, columns[ours], column, step)
            _add_quality(ds, ours, frame, column, step)
    _add_moisture(ds, frame, moisture, step)
    if step == "DD" and "tmin" not in ds:
        _add_minimum(ds, files)
    check_units(ds, chosen, label, step)
    code = site or parts.get("site", "")
    ds = ds.expand_dims(site=[code or "unknown"], axis=1)
    known = find_site(code, source, files)
    ds = ds.assign_coords({key: ("site", [value]) for key, value in known.items()})
    ds.attrs = {
        "title": f"Eddy-covariance tower {code or label}, {RESOLUTIONS[step][0]}",
        "source": f"measured: {label}",
        "file": label,
        "resolution": step,
        "partitioning": METHODS[partitioning],
        "missing": " ".join(ours for ours in chosen if ours not in ds),
        "citation": CITATION,
        "synthetic": 0,
    }
    return ds


def check_header(data: bytes, label: str) -> list[str]:
    """Return the column names, after checking that this is a whole comma-separated FLUXNET table."""
    first = data[:200_000].split(b"\n", 1)[0].decode("latin-1").rstrip("\r")
    header = [cell.strip().strip('"') for cell in first.split(",")]
    if not ({"TIMESTAMP", "TIMESTAMP_START"} & set(header)):
        mark = next((m for m in (";", "\t", "|") if m in first and first.startswith("TIMESTAMP")), None)
        if mark:
            msg = f"{label}: columns are separated by {mark!r}; FLUXNET tables use ',' (and '.' in numbers)."
        else:
            msg = (
                f"{label}: the first line starts with {first[:60]!r}; a FLUXNET table starts with TIMESTAMP or "
                "TIMESTAMP_START. Raw (BASE) tables have to be processed to FLUXNET names first."
            )
        raise ValueError(msg)
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        msg = f"{label}: column {twice[0]} stands there twice; each name once is accepted."
        raise ValueError(msg)
    tail = data[-200_000:].rstrip(b"\r\n")
    last = tail[tail.rfind(b"\n") + 1 :].decode("latin-1")
    after = data.find(b"\n") + 1
    if not after or not data[after : after + 10_000].strip():
        msg = f"{label}: there is a header and no row; at least one time step is needed."
        raise ValueError(msg)
    if last.count(",") + 1 != len(header):
        msg = (
            f"{label}: the last line, {last[:20]!r}, has {last.count(',') + 1} of {len(header)} values: "
            "the file was cut off. Fetch it again."
        )
        raise ValueError(msg)
    return header


def _missing(columns: dict[str, TowerColumn], ours: str, label: str, what: str = "is missing") -> str:
    if ours not in columns:
        return f"need = {ours!r} is no tower variable; accepted: {', '.join(columns)}."
    spec = columns[ours]
    rest = f" With need='drivers' the rest is read; then {spec.use}." if ours in FLUXES else ""
    if ours in DRIVERS:
        rest = f" With need=() the rest is read; then {spec.use}."
    return f"{label}: column {spec.names[0]} ({ours}) {what}; accepted: {', '.join(spec.names)}.{rest}"


def _frame(data, header, data_columns, label, parts) -> tuple[pd.DataFrame, str]:
    stamp = "TIMESTAMP_START" if "TIMESTAMP_START" in header else "TIMESTAMP"
    quality = [c + "_QC" for c in data_columns if c + "_QC" in header]
    extra = ["TIMESTAMP_END"] if "TIMESTAMP_END" in header else []
    use = list(dict.fromkeys([stamp, *extra, *data_columns, *quality]))
    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            encoding="latin-1",
            index_col=False,
            usecols=use,
            dtype={stamp: str, **dict.fromkeys(extra, str)},
        )
    except (pd.errors.ParserError, ValueError) as error:
        msg = f"{label}: not a regular table ({error}). Fetch it again."
        raise ValueError(msg) from error
    for column in use:
        if column not in {stamp, *extra} and not pd.api.types.is_numeric_dtype(frame[column]):
            bad = pd.to_numeric(frame[column], errors="coerce")
            row = int(np.flatnonzero(bad.isna() & frame[column].notna())[0])
            msg = f"{label}: {column} = {frame[column].iloc[row]!r} in row {row + 2}; numbers and -9999 are accepted."
            raise ValueError(msg)
    time, step = _time(frame, stamp, label, parts)
    frame = frame.drop(columns=[stamp, *extra]).astype(float)
    frame = frame.where(frame > FILL + 1).set_axis(time, axis=0)
    return _whole_axis(frame, step), step


def _time(frame, stamp, label, parts) -> tuple[pd.DatetimeIndex, str]:
    if frame.empty or frame[stamp].isna().any():
        msg = f"{label}: {stamp} is empty in row {2 if frame.empty else int(frame[stamp].isna().argmax()) + 2}."
        raise ValueError(msg)
    raw = frame[stamp].str.strip()
    digits = int(raw.str.len().iloc[0])
    bad = raw.index[(raw.str.len() != digits) | ~raw.str.isdigit().astype(bool)]
    if len(bad) or digits not in {4, 6, 8, 12}:
        row = int(bad[0]) if len(bad) else 0
        got = f"{stamp} = {raw.iloc[row]!r} in row {row + 2}"
        msg = f"{label}: {got}; YYYY, YYYYMM, YYYYMMDD or YYYYMMDDHHMM is accepted."
        raise ValueError(msg)
    form = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M"}[digits]
    try:
        time = pd.DatetimeIndex(pd.to_datetime(raw, format=form))
    except ValueError as error:
        msg = f"{label}: {stamp} holds a date that does not exist ({error})."
        raise ValueError(msg) from error
    if not time.is_unique:
        twice = raw[time.duplicated()].iloc[0]
        msg = f"{label}: {stamp} {twice} stands there twice; each time step once is accepted. Remove one of the rows."
        raise ValueError(msg)
    if not time.is_monotonic_increasing:
        row = int(np.flatnonzero(np.diff(time.asi8) < 0)[0]) + 1
        msg = f"{label}: time runs back at {stamp} {raw.iloc[row]} (row {row + 2}); sort the rows by time."
        raise ValueError(msg)
    step = _step(frame, stamp, time, digits, label)
    said = parts.get("resolution")
    if said and said != step:
        msg = (
            f"{label}: the name says {said} ({RESOLUTIONS[said][0]}), but {stamp} {raw.iloc[0]} is "
            f"{RESOLUTIONS[step][0]} ({step}). Name the file after what it holds: units of {step} and {said} differ."
        )
        raise ValueError(msg)
    return time, step


def _step(frame, stamp, time, digits, label) -> str:
    if digits == 12:
        if "TIMESTAMP_END" in frame:
            minutes = (pd.to_datetime(frame["TIMESTAMP_END"].iloc[0], format="%Y%m%d%H%M") - time[0]).seconds // 60
        else:
            minutes = int(
                np.diff(time.asi8[:50].astype("int64")).min() // np.timedelta64(1, "m").astype("m8[ns]").astype(int)
            )
        if minutes not in {30, 60}:
            msg = f"{label}: steps of {minutes} minutes; 30 (HH) and 60 (HR) are accepted."
            raise ValueError(msg)
        return "HH" if minutes == 30 else "HR"
    if digits == 8:
        return "WW" if stamp == "TIMESTAMP_START" else "DD"
    return "MM" if digits == 6 else "YY"


def _whole_axis(frame: pd.DataFrame, step: str) -> pd.DataFrame:
    frequency = {"HH": "30min", "HR": "60min", "DD": "D", "MM": "MS", "YY": "YS"}.get(step)
    if frequency is None:  # weeks restart each year
        return frame
    whole = pd.date_range(frame.index[0], frame.index[-1], freq=frequency)
    return frame.reindex(whole)


def _variable(frame: pd.DataFrame, spec: TowerColumn, column: str, step: str) -> xr.DataArray:
    quantity = VARIABLES[spec.name]
    values = frame[column].to_numpy() * spec.scale + spec.offset
    days = frame.index.days_in_year if hasattr(frame.index, "days_in_year") else 365 + frame.index.is_leap_year
    if spec.kind == FLUX:
        values = values * {"HH": GC_PER_UMOL, "HR": GC_PER_UMOL}.get(step, 1.0)
    elif spec.kind == RAIN:
        values = values * {"HH": 48.0, "HR": 24.0}.get(step, 1.0)
    if spec.kind and step == "YY":
        values = values / np.asarray(days, float)
    return xr.DataArray(values, dims="time", attrs={**quantity.cf_attrs, "column": column})


def _add_quality(ds: xr.Dataset, ours: str, frame: pd.DataFrame, column: str, step: str) -> None:
    source = column + "_QC"
    if ours in {"gpp", "reco"} and source not in frame:  # partitioned from NEE: as good as NEE
        source = next((c for c in ("NEE_VUT_REF_QC", "NEE_CUT_REF_QC") if c in frame), source)
    if source not in frame:
        return
    meaning = "0 measured, 1 well filled, 2 fairly, 3 poorly" if step in {"HH", "HR"} else "share of good half hours"
    attrs = {"units": "1", "long_name": f"quality of {ours}: {meaning}", "column": source}
    ds[ours + "_qc"] = xr.DataArray(frame[source].to_numpy(), dims="time", attrs=attrs)


def _add_moisture(ds: xr.Dataset, frame: pd.DataFrame, moisture: list[str], step: str) -> None:
    held = [column for column in moisture if frame[column].notna().any()]
    if not held:
        return
    for ours, columns in (("ssm", held[:1]), ("rzsm", held[1:])):
        if columns:
            values = frame[columns].mean(axis=1, skipna=False).to_numpy() / 100.0
            note = "depths are those of the site's own instruments"
            ds[ours] = xr.DataArray(
                values, dims="time", attrs=VARIABLES[ours].cf_attrs | {"column": " ".join(columns), "comment": note}
            )
            _add_quality(ds, ours, frame, columns[0], step)


def _add_minimum(ds: xr.Dataset, files: list[TableFile]) -> None:
    """Take daily Tmin from the half hours of the same archive, if it holds them."""
    finer = [file for file in files if file_name(file.name).get("resolution") in {"HH", "HR"}]
    main = [file for file in finer if file_name(file.name)["product"] in MAIN_PRODUCTS]
    if not main:
        return
    label, data = PurePosixPath(main[0].name).name, main[0].data()
    header = check_header(data, label)
    column = next((c for c in columns_of("NT")["t_air"].names if c in header), None)
    if column is None:
        return
    frame, step = _frame(data, header, [column], label, file_name(main[0].name))
    by_day = frame[column].groupby(frame.index.normalize())
    enough = by_day.count() >= 0.8 * (48 if step == "HH" else 24)
    lowest = (by_day.min() + 273.15).where(enough).reindex(pd.DatetimeIndex(ds["time"].to_numpy()))
    attrs = {**VARIABLES["tmin"].cf_attrs, "column": f"{column} ({step})"}
    ds["tmin"] = xr.DataArray(lowest.to_numpy(), dims="time", attrs=attrs)


def load(path: str | Path, *, need: Sequence[str] | str = (), **options) -> xr.Dataset:
    """Open a tower file by path, with what it has; see `read_fluxnet`."""
    return read_fluxnet(path, need=need, **options)


def recognise(path: Path, head: Head) -> bool:
    """Whether a table has the network's columns, or an archive a table of its name."""
    if head.kind == "zip":
        return any(file_name(name) for name in head.members) and head.suffix != ".xlsx"
    if head.text.startswith("# Site:"):  # AmeriFlux BASE
        return False
    first = next((line for line in head.lines if line.strip() and not line.startswith("#")), "")
    columns = {cell.strip().strip('"') for cell in first.split(",")}
    parts = file_name(head.name)
    if parts:
        return parts["product"] in MAIN_PRODUCTS
    return bool(columns & {"TIMESTAMP", "TIMESTAMP_START"}) and "siteid" not in columns


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a tower file holds."""
    ds = read_fluxnet(path, need=())
    return describe_tower(ENTRY, ds, version=file_name(head.name).get("release", ""))


ENTRY = CatalogEntry(
    name="fluxnet",
    title="FLUXNET2015, ONEFlux, AmeriFlux-FLUXNET and ICOS tower files",
    citation=CITATION,
    licence="CC-BY-4.0 for most sites; the file's own policy holds",
    load=load,
    feeds=("drivers", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name=EXAMPLE_NAME,
)
