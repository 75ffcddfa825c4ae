"""Read AmeriFlux BASE tables: half hours as the tower team sent them, neither filled nor partitioned.

Names and units: AmeriFlux data variables (ameriflux.lbl.gov, "Data variables"); a name may carry ``_PI`` (processed by
the team), ``_F`` (filled by it), and ``_H_V_R``, the place, height and replicate of its sensor, 1 highest.
"""

import io
import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.ameriflux_badm import site_of_archive
from data_catalog.datasets.ameriflux_example import EXAMPLE_NAME, write_example
from data_catalog.datasets.fluxnet import check_header
from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL, RESOLUTIONS
from data_catalog.datasets.fluxnet_sites import find_site
from data_catalog.datasets.fluxnet_units import check_units
from data_catalog.datasets.humid_air import vpd_of_relative_humidity
from data_catalog.datasets.tables import TableFile, open_tables
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["CITATION", "ENTRY", "is_base", "read_base"]

FILL = -9999.0
CITATION = "AmeriFlux BASE data product, of the site's team; Novick et al. 2018, Agric. For. Meteorol. 249, 444-456"
_VARIABLES = (
    # ours, accepted names in order, factor, offset
    ("t_air", ("TA",), 1.0, 273.15),
    ("relative_humidity", ("RH",), 1.0, 0.0),
    ("vpd", ("VPD",), 100.0, 0.0),
    ("pressure", ("PA",), 1000.0, 0.0),
    ("wind", ("WS",), 1.0, 0.0),
    ("sw_down", ("SW_IN",), 1.0, 0.0),
    ("lw_down", ("LW_IN",), 1.0, 0.0),
    ("precip", ("P",), 0.0, 0.0),  # mm a step: its factor is the number of steps a day
    ("le", ("LE",), 1.0, 0.0),
    ("h", ("H",), 1.0, 0.0),
    ("nee", ("NEE", "FC"), GC_PER_UMOL, 0.0),
    ("gpp", ("GPP",), GC_PER_UMOL, 0.0),
    ("reco", ("RECO",), GC_PER_UMOL, 0.0),
)
_SOIL = (("SWC", "ssm", "rzsm", 0.01, 0.0), ("TS", "t_soil", "", 1.0, 273.15))
_QUALIFIED = r"(?:_PI)?(?P<filled>_F)?(?:_(?P<h>\d+)_(?P<v>\d+)_(?P<r>\d+|A))?"
_NAME = re.compile(r"AMF_(?P<site>[A-Z]{2}-[A-Za-z0-9]{3})_BASE_(?P<resolution>HH|HR)_[\w-]+\.csv")
_HEAD = re.compile(r"\A# Site: *(?P<site>[A-Z]{2}-[A-Za-z0-9]{3})")


def is_base(file: TableFile | str) -> bool:
    """Say whether a table, or the start of its text, is an AmeriFlux BASE table."""
    if isinstance(file, TableFile):
        return _NAME.search(PurePosixPath(file.name).name) is not None
    return _HEAD.match(file) is not None


def read_base(source: str | Path | bytes, *, name: str = "", site: str = "") -> xr.Dataset:
    """Read a BASE table, CSV or the archive BASE-BADM, into our names and units.

    Parameters
    ----------
    source : path or bytes
        CSV, ``.csv.gz`` or zip; bytes of an upload, whose file name is ``name``.
    site : str
        Code of the site, if neither the first line nor the name says it.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site = 1) as `data_catalog.datasets.fluxnet.read_fluxnet` gives it: our names and
        units, gaps as NaN, missing steps kept; ``vpd`` of relative humidity and ``t_air`` where the site does
        not report it. Time is the start of each step in local standard time. Of several sensors of one quantity
        the highest of the first place is taken, its gaps filled by the team's own filled series if there is
        one; ``ssm`` and ``t_soil`` are means of the shallowest sensors, ``rzsm`` of the deeper ones. Latitude,
        longitude, elevation and igbp where the archive's BADM sheet, or a table beside it, tells them.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        A broken or foreign table, or an unlikely unit; the message names the column.
    """
    files = open_tables(source, name)
    tables = [file for file in files if is_base(file)] or [
        f for f in files if is_base(f.data()[:200].decode("latin-1"))
    ]
    if not tables:
        held = ", ".join(file.name for file in files[:4]) or "nothing readable"
        msg = f"No AmeriFlux BASE table is in this file (a first line '# Site: US-XXX'); it holds {held}."
        raise ValueError(msg)
    table = tables[0]
    label = PurePosixPath(table.name).name
    data = table.data()
    said = _HEAD.match(data[:200].decode("latin-1"))
    code = site or (said["site"] if said else "") or (_NAME.search(label) or {"site": ""})["site"]
    data = b"\n".join(line for line in data.replace(b"\r\n", b"\n").split(b"\n") if not line.startswith(b"#"))
    header = check_header(data, label)
    frame, minutes = _frame(data, header, label)
    per_day = 24 * 60 // minutes
    ds = xr.Dataset(coords={"time": frame.index.to_numpy().astype("datetime64[ns]")})
    taken: dict[str, str | None] = {}
    for ours, stems, factor, offset in _VARIABLES:
        values, columns = _of_one_sensor(frame, header, stems)
        if columns:
            factor = per_day if ours == "precip" else factor
            attrs = VARIABLES[ours].cf_attrs | {"column": " ".join(columns)}
            ds[ours], taken[ours] = ("time", values * factor + offset, attrs), columns[0]
    for stem, first, deeper, factor, offset in _SOIL:
        for ours, columns in zip((first, deeper), _by_depth(frame, header, stem), strict=True):
            if ours and columns:
                values = frame[columns].mean(axis=1)
                attrs = VARIABLES[ours].cf_attrs | {"column": " ".join(columns), "comment": "depths are the site's own"}
                ds[ours], taken[ours] = ("time", np.asarray(values, float) * factor + offset, attrs), columns[0]
    step = "HH" if minutes == 30 else "HR"
    check_units(ds, taken, label, step)
    if "vpd" not in ds and {"t_air", "relative_humidity"} <= set(ds.data_vars):
        ds["vpd"] = vpd_of_relative_humidity(ds["t_air"], ds["relative_humidity"])
    ds = ds.expand_dims(site=[code or "unknown"], axis=1)
    known = site_of_archive(source, code) or find_site(code, source, files)
    ds = ds.assign_coords({key: ("site", [value]) for key, value in known.items()})
    ds.attrs = {
        "title": f"Eddy-covariance tower {code or label}, AmeriFlux BASE, {RESOLUTIONS[step][0]}",
        "source": f"measured: {label}",
        "file": label,
        "resolution": step,
        "missing": " ".join(ours for ours, *_ in _VARIABLES if ours not in ds),
        "citation": CITATION,
        "synthetic": 0,
    }
    return ds


def _frame(data: bytes, header: list[str], label: str) -> tuple[pd.DataFrame, int]:
    """Read the numbers; return them on an evenly spaced axis, and the minutes of a step."""
    if "TIMESTAMP_START" not in header or "TIMESTAMP_END" not in header:
        msg = (
            f"{label}: an AmeriFlux BASE table needs TIMESTAMP_START and TIMESTAMP_END; it has {', '.join(header[:4])}."
        )
        raise ValueError(msg)
    stamps = ["TIMESTAMP_START", "TIMESTAMP_END"]
    try:
        frame = pd.read_csv(io.BytesIO(data), dtype=dict.fromkeys(stamps, str), na_values=["-9999", ""])
        start, end = (pd.DatetimeIndex(pd.to_datetime(frame[name], format="%Y%m%d%H%M")) for name in stamps)
        frame = frame.drop(columns=stamps).astype(float)
    except (pd.errors.ParserError, ValueError) as error:
        msg = f"{label}: not a regular table ({error}). Fetch it again."
        raise ValueError(msg) from error
    minutes = int((end[0] - start[0]).total_seconds() // 60)
    if minutes not in {30, 60}:
        msg = f"{label}: steps of {minutes} minutes; 30 (HH) and 60 (HR) are accepted."
        raise ValueError(msg)
    if not (start.is_unique and start.is_monotonic_increasing):
        row = int(np.flatnonzero(np.diff(start.asi8) <= 0)[0])
        msg = f"{label}: TIMESTAMP_START {start[row + 1]:%Y%m%d%H%M} does not come after the row before; sort the rows."
        raise ValueError(msg)
    frame = frame.where(frame > FILL + 1).set_axis(start, axis=0)
    return frame.reindex(pd.date_range(start[0], start[-1], freq=f"{minutes}min")), minutes


def _qualified(header: list[str], stem: str) -> list[tuple[tuple, str]]:
    """Return the columns of a quantity with their order: not filled before filled, first place, highest sensor."""
    found = []
    for column in header:
        match = re.fullmatch(stem + _QUALIFIED, column)
        if match:
            place = tuple(int(match[key]) if match[key] and match[key].isdigit() else 0 for key in ("h", "v", "r"))
            found.append(((bool(match["filled"]), *place), column))
    return sorted(found)


def _of_one_sensor(frame: pd.DataFrame, header: list[str], stems: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Return the values of the sensor that counts, and the columns that they are from."""
    for stem in stems:
        held = [(order, column) for order, column in _qualified(header, stem) if frame[column].notna().any()]
        if not held:
            continue
        columns = [held[0][1]]
        filled = next((column for order, column in held[1:] if order[0]), None)
        values = frame[columns[0]].to_numpy()
        if filled is not None and np.isnan(values).any():
            values = np.where(np.isnan(values), frame[filled].to_numpy(), values)
            columns.append(filled)
        return values, columns
    return np.empty(0), []


def _by_depth(frame: pd.DataFrame, header: list[str], stem: str) -> tuple[list[str], list[str]]:
    """Return the columns of the shallowest soil sensors and of the deeper ones."""
    held = [(order, column) for order, column in _qualified(header, stem) if frame[column].notna().any()]
    held = [pair for pair in held if not pair[0][0]] or held
    depths = sorted({order[2] for order, _ in held})
    first = [column for order, column in held if order[2] == depths[0]] if depths else []
    return first, [column for _, column in held if column not in first]


def recognise(path: Path, head: Head) -> bool:
    """Whether a table, or one in an archive, is a BASE table."""
    if head.kind == "zip":
        return any(_NAME.search(PurePosixPath(name).name) for name in head.members)
    return is_base(head.text) or _NAME.search(head.name) is not None


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a BASE table holds."""
    return describe_tower(ENTRY, read_base(path))


ENTRY = CatalogEntry(
    name="ameriflux-base",
    title="AmeriFlux BASE: half-hourly and hourly tower tables as measured",
    citation=CITATION,
    licence="CC-BY-4.0 or the AmeriFlux legacy policy; the site's own holds",
    load=read_base,
    feeds=("drivers", "forcing", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name=EXAMPLE_NAME,
)
