"""International Soil Moisture Network: hours of a sensor in a ``.stm`` file, header + values or CEOP; folders and zips.

Formats: Dorigo et al. 2021, Hydrol. Earth Syst. Sci. 25, 5749-5804. With the package `ismn` of TU Wien installed (extra
``ismn``) a file on disk is read by it; without it, and in an archive, by the plain reader here, to the same values.
"""

import importlib.util
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets.ismn_example import EXAMPLE_NAME, write_example
from data_catalog.datasets.tables import MAX_BYTES, Table, open_tables
from data_catalog.datasets.text_frame import columns_of_text, dates, point_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "Sensor", "load", "read_sensor", "sensors_in", "write_example"]

CITATION = "Dorigo et al. 2021, The International Soil Moisture Network, Hydrol. Earth Syst. Sci. 25, 5749-5804"
LICENCE = "ISMN terms: no onward redistribution; cite the network's own paper too"
OURS = {
    "sm": ("soil_moisture", 1.0, 0.0),
    "ts": ("soil_temperature", 1.0, 273.15),
    "ta": ("t_air", 1.0, 273.15),
    "p": ("precip", 24.0, 0.0),
    "swe": ("swe", 1.0, 0.0),
    "sd": ("snow_depth", 0.001, 0.0),
}
"""Quantity in the file name -> our name, factor, offset: precipitation of an hour, snow depth in mm."""

SURFACE = 0.10
"""Depth [m] of the middle of a sensor down to which its moisture is surface moisture."""
ROOTS = 1.0
MOST = 200_000_000

_NAME = re.compile(
    r"(?P<network>[^_]+)_(?P<network2>[^_]+)_(?P<station>.+)_(?P<quantity>sm|ts|ta|p|swe|sd|su|tsf|tsm|sweq)_"
    r"(?P<top>-?[\d.]+)_(?P<bottom>-?[\d.]+)_(?P<instrument>.+)_(?P<start>\d{8})_(?P<end>\d{8})\.stm$"
)
_TIME = r"\d{4}/\d\d/\d\d \d\d:\d\d"
_ROW = re.compile(rf"^{_TIME} +(?P<value>\S+) +(?P<flag>[A-Z][\w,]*)")
_CEOP = re.compile(
    rf"^{_TIME} +{_TIME} +(?P<cse>\S+) +(?P<network>\S+) +(?P<station>.+?) +(?P<lat>-?[\d.]+) +(?P<lon>-?[\d.]+)"
    rf" +(?P<elevation>-?[\d.]+) +(?P<top>-?[\d.]+) +(?P<bottom>-?[\d.]+) +(?P<value>\S+) +(?P<flag>[A-Z][\w,]*)"
)
_HEADER = re.compile(
    r"^(?P<cse>\S+) +(?P<network>\S+) +(?P<station>.+?) +(?P<lat>-?[\d.]+) +(?P<lon>-?[\d.]+) +(?P<elevation>-?[\d.]+)"
    r" +(?P<top>-?[\d.]+) +(?P<bottom>-?[\d.]+) +(?P<instrument>\S.*)$"
)
_STATIC = "quantity_name;unit;depth_from[m];depth_to[m];value"


@dataclass(frozen=True)
class Sensor:
    """One sensor: its network, station, quantity (sm, ts, ta, p, ...), depths [m], instrument, place, and its file."""

    network: str
    station: str
    quantity: str
    top: float
    bottom: float
    instrument: str
    latitude: float
    longitude: float
    elevation: float
    ceop: bool
    member: str = ""


def _sensor(text: str, name: str) -> Sensor | None:
    """Say whose a file is by its first lines and, for the quantity, its name; None if it is no sensor's."""
    lines = [line for line in text[:4000].replace("\r", "\n").split("\n") if line.strip()][:2]
    if not lines:
        return None
    named = _NAME.search(PurePosixPath(name.replace("\\", "/")).name)
    ceop = _CEOP.match(lines[0])
    found = ceop or (_HEADER.match(lines[0]) if len(lines) > 1 and _ROW.match(lines[1]) else None)
    if found is None:
        return None
    return Sensor(
        network=found["network"],
        station=found["station"].strip(),
        quantity=named["quantity"] if named else "sm",
        top=float(found["top"]),
        bottom=float(found["bottom"]),
        instrument=named["instrument"] if named else found.groupdict().get("instrument", "unknown"),
        latitude=float(found["lat"]),
        longitude=float(found["lon"]),
        elevation=float(found["elevation"]),
        ceop=ceop is not None,
        member=name,
    )


def _plain(text: str, sensor: Sensor, label: str) -> pd.DataFrame:
    """Read times, values and flags without the package."""
    body = text if sensor.ceop else text[text.find("\n") + 1 :]
    frame = columns_of_text(body, label, sep=r"\s+", header=None, dtype=str, engine="c")
    # A station's name may hold blanks; the sensor's own flag may be missing at the end of a row.
    place = 9 + len(sensor.station.split()) + 2 if sensor.ceop else 2
    if frame.shape[1] < place + 2:
        msg = f"{label}: rows of {frame.shape[1]} cells; date, time, value and flags are expected. Fetch it again."
        raise ValueError(msg)
    time = dates(frame[0] + " " + frame[1], "%Y/%m/%d %H:%M", label)
    raw = pd.to_numeric(frame[place], errors="coerce")
    cut = (raw.isna() & (frame[place] != "NaN")) | frame[place + 1].isna()
    if cut.any():
        row = int(np.flatnonzero(cut.to_numpy())[0])
        said = " ".join(frame.iloc[row].dropna())[:60]
        msg = f"{label}: row {row + 1} is not whole ({said!r}). Fetch the file again."
        raise ValueError(msg)
    return pd.DataFrame({"value": raw.to_numpy(float), "flag": frame[place + 1].to_numpy()}, index=time)


def _through_package(path: Path, sensor: Sensor) -> pd.DataFrame:
    """Read times, values and flags with the package `ismn`."""
    from ismn.filehandlers import DataFile

    try:
        data = DataFile(path.parent, path.name).read_data()
        columns = list(data.columns)
        frame = pd.DataFrame({"value": data[columns[0]].to_numpy(float), "flag": data[columns[1]].to_numpy()})
        return frame.set_index(data.index.to_numpy().astype("datetime64[s]"))
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[-160:]
        msg = f"{path.name} cannot be read by the package ismn ({said}). Fetch it again."
        raise ValueError(msg) from error


def read_sensor(path: str | Path, *, plainly: bool | None = None) -> xr.Dataset:
    """Read one sensor's file.

    Parameters
    ----------
    path : path
        A ``.stm`` file, header + values or CEOP.
    plainly : bool, optional
        Whether to read it without the package `ismn`; if not given, without it where it is not installed.

    Returns
    -------
    xr.Dataset
        On (time, site = 1), UTC: ``soil_moisture`` (``soil_temperature``, ``t_air``, ``precip``, ``swe``,
        ``snow_depth``), also as ``ssm`` or ``rzsm`` by its depth, and ``<name>_qc``: 0 good (G), 1 not judged (U, M),
        3 flagged (C, D). Coordinates latitude, longitude, elevation, depth_top, depth_bottom [m].

    Raises
    ------
    ValueError
        It is no such file, or is cut off.
    """
    path = Path(path)
    if plainly is None:
        plainly = importlib.util.find_spec("ismn") is None
    if path.stat().st_size > MAX_BYTES:
        msg = f"{path.name} holds {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read."
        raise ValueError(msg)
    head = Head(path)
    sensor = _sensor(head.text, path.name)
    if sensor is None:
        msg = f"{path.name} is no ISMN sensor file (its first line is {head.lines[:1]!r:.80})."
        raise ValueError(msg)
    named = _NAME.search(path.name) is not None
    if plainly or not named or b"\r" in head.data.replace(b"\r\n", b""):
        text = open_tables(path)[0].text().replace("\r", "\n")
        return _dataset(_plain(text, sensor, path.name), sensor, path.name, "plain reader")
    return _dataset(_through_package(path, sensor), sensor, path.name, "package ismn")


def _dataset(frame: pd.DataFrame, sensor: Sensor, label: str, reader: str) -> xr.Dataset:
    if sensor.quantity not in OURS:
        msg = f"{label}: {sensor.quantity!r} is not read; {', '.join(OURS)} are."
        raise ValueError(msg)
    ours, factor, offset = OURS[sensor.quantity]
    values = frame["value"].to_numpy() * factor + offset
    values = np.where(np.isnan(values) | (frame["value"].to_numpy() <= -999.0), np.nan, values)
    first = frame["flag"].astype(str).str[0]
    quality = np.where(first == "G", 0.0, np.where(first.isin(["U", "M"]), 1.0, 3.0))
    names = [ours]
    middle = 0.5 * (sensor.top + sensor.bottom)
    if ours == "soil_moisture" and middle <= ROOTS:
        names.append("ssm" if middle <= SURFACE else "rzsm")
    elif ours == "soil_temperature" and middle <= SURFACE:
        names.append("t_soil")
    column = f"{sensor.quantity} {sensor.top:g}-{sensor.bottom:g} m"
    known = {"latitude": sensor.latitude, "longitude": sensor.longitude, "elevation": sensor.elevation}
    attrs = {
        "title": f"ISMN {sensor.network}, station {sensor.station}, {column}, {sensor.instrument}",
        "citation": CITATION,
        "licence": LICENCE,
        "clock": "UTC",
        "network": sensor.network,
        "reader": reader,
    }
    ds = point_dataset(
        frame.index.to_numpy(),
        dict.fromkeys(names, (values, column)),
        label=label,
        step="HR",
        site=f"{sensor.network} {sensor.station}",
        attrs=attrs,
        known=known | {"depth_top": sensor.top, "depth_bottom": sensor.bottom},
    )
    meaning = "0 good (G), 1 not judged (U, M), 3 flagged (C, D)"
    for name in names:
        told = {"units": "1", "long_name": f"quality of {name}: {meaning}", "column": f"{column} flag"}
        ds[f"{name}_qc"] = (("time", "site"), quality[:, None], told)
    return ds


def sensors_in(path: str | Path) -> list[Sensor]:
    """List the sensors of a folder or a zip, by the first lines of their files.

    Raises
    ------
    ValueError
        The archive is damaged or a bomb.
    """
    path = Path(path)
    found = []
    if path.is_dir():
        for place in sorted(path.rglob("*.stm")):
            sensor = _sensor(Head(place).text, place.name)
            if sensor is not None:
                found.append(replace(sensor, member=str(place.relative_to(path))))
        return found
    head = Head(path)
    for name in head.members:
        if name.lower().endswith(".stm"):
            sensor = _sensor(head.start_of(name).decode("latin-1"), name)
            if sensor is not None:
                found.append(sensor)
    return found


def load(path: str | Path, *, station: str = "", quantity: str = "sm", plainly: bool | None = None) -> xr.Dataset:
    """Open a sensor's file, or the sensors of a folder or zip.

    Parameters
    ----------
    path : path
        A ``.stm`` file, a folder of them, or a zip as the network sends it.
    station : str
        Name of a station; all if not given.
    quantity : str
        Of a folder or zip: one of `OURS`.
    plainly : bool, optional
        See `read_sensor`.

    Returns
    -------
    xr.Dataset
        Of a file as `read_sensor` gives it. Of a folder or zip on (time, site), a site for each sensor, whose name says
        network, station and depth.

    Raises
    ------
    ValueError
        Nothing of that station and quantity is there, a file is broken, or the result would not fit into memory.
    """
    path = Path(path)
    if path.is_file() and Head(path).kind != "zip":
        return read_sensor(path, plainly=plainly)
    every = sensors_in(path)
    chosen = [s for s in every if s.quantity == quantity and station in ("", s.station)]
    if not chosen:
        stations = ", ".join(dict.fromkeys(s.station for s in every)) or "no station"
        msg = f"{path.name} has no {quantity} of {station or 'any station'}; it holds {stations[:200]}."
        raise ValueError(msg)
    archive = None if path.is_dir() else Table(path)
    parts, size = [], 0
    for sensor in chosen:
        if archive is None:
            one = read_sensor(path / sensor.member, plainly=plainly)
        else:
            text = archive.read(sensor.member).decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
            label = PurePosixPath(sensor.member).name
            one = _dataset(_plain(text, sensor, label), sensor, label, "plain reader")
        size += one.sizes["time"]
        if size * len(chosen) > MOST:
            msg = f"{path.name}: the hours of {len(chosen)} sensors do not fit into memory; name a station."
            raise ValueError(msg)
        name = f"{sensor.network} {sensor.station} {sensor.top:g}-{sensor.bottom:g} m"
        parts.append(one.assign_coords(site=[name]))
    ds = xr.concat(parts, "site", join="outer", data_vars="all", coords="minimal", compat="override", fill_value=np.nan)
    for key in ("latitude", "longitude", "elevation", "depth_top", "depth_bottom"):
        ds = ds.assign_coords({key: ("site", [float(part[key].values[0]) for part in parts])})
    ds = ds.transpose("time", "site").sortby("time")
    networks = ", ".join(dict.fromkeys(sensor.network for sensor in chosen))
    ds.attrs |= {"title": f"ISMN {networks}: {len(chosen)} sensors of {path.name}", "source": f"measured: {path.name}"}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a text begins as a sensor's file, is a station's static table, or an archive holds sensors."""
    if head.kind == "zip":
        return any(name.lower().endswith(".stm") and _NAME.search(PurePosixPath(name).name) for name in head.members)
    if head.kind != "text":
        return False
    return head.text.startswith(_STATIC) or _sensor(head.text, head.name) is not None


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file or archive holds, of its first and last lines and a count of its flags."""
    if head.text.startswith(_STATIC):
        title = "ISMN: soil, land cover and climate of a station"
        return ENTRY.file_entry(kind="metadata", title=title, feeds=(), series="ISMN: static tables of stations")
    if head.kind == "zip":
        sensors = sensors_in(path)
        networks = ", ".join(dict.fromkeys(sensor.network for sensor in sensors))
        names = tuple(dict.fromkeys(OURS[s.quantity][0] for s in sensors if s.quantity in OURS))
        spans = [_NAME.search(PurePosixPath(sensor.member).name) for sensor in sensors]
        starts, ends = [s["start"] for s in spans if s], [s["end"] for s in spans if s]
        period = (_iso(min(starts)), _iso(max(ends))) if starts else ("", "")
        title = f"ISMN archive: {len(sensors)} sensors of {networks}"
        return ENTRY.file_entry(title=title, variables=names, period=period, grid="points")
    sensor = _sensor(head.text, head.name)
    data = path.read_bytes() if head.size <= MAX_BYTES else b""
    data = re.sub(rb"[\r\n]+", b"\n", data).strip()
    last = data[data.rfind(b"\n") + 1 :].decode("latin-1")
    whole = (_CEOP if sensor.ceop else _ROW).match(last)
    steps = data.count(b"\n") + sensor.ceop
    first = [line for line in head.lines if line.strip()][0 if sensor.ceop else 1]
    flagged = len(re.findall(rb" [CD]\d\d[\d,CD]* ", data))
    ours = OURS.get(sensor.quantity, ("", 1, 0))[0]
    held = [ours] if ours in VARIABLES else []
    if ours == "soil_moisture":
        held.append("ssm" if 0.5 * (sensor.top + sensor.bottom) <= SURFACE else "rzsm")
    problem = "" if whole else f"the last row, {last[:40]!r}, is not whole: the file was cut off. Fetch it again."
    if abs(sensor.latitude) > 90.0 or abs(sensor.longitude) > 180.0:
        problem = f"latitude = {sensor.latitude:g}, longitude = {sensor.longitude:g} is no place: swapped?"
    return ENTRY.file_entry(
        title=f"ISMN {sensor.network}, {sensor.station}, {sensor.top:g}-{sensor.bottom:g} m, {sensor.instrument}",
        version="CEOP" if sensor.ceop else "header + values",
        variables=tuple(held),
        period=(first[:10].replace("/", "-"), last[:10].replace("/", "-") if whole else ""),
        steps=steps,
        grid="point",
        quality={held[0]: 1.0 - flagged / max(steps, 1)} if held else {},
        site=f"{sensor.network} {sensor.station}",
        latitude=sensor.latitude,
        longitude=sensor.longitude,
        problem=problem,
    )


def _iso(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


ENTRY = CatalogEntry(
    name="ismn",
    title="International Soil Moisture Network: sensors of soil moisture and temperature",
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("stations", "observations", "benchmarks"),
    kind="station",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name=EXAMPLE_NAME,
)
