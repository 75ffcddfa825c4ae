"""A site's 365-day driver climatology in a NumPy archive, as field-scale L4C programs keep it."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "NAMES", "is_climatology", "load", "write_example"]

NAMES = {
    "fPAR": "fpar",
    "PAR": "par",
    "Tmin": "tmin",
    "VPD": "vpd",
    "SMRZ": "smrz",
    "SMSF": "smsf",
    "Tsoil": "t_soil",
    "FT": "thawed",  # 0 frozen, 1 thawed
}
"""Array -> our name; each has the shape (cell, day)."""

MAX_BYTES = 200_000_000


def _open(path: str | Path) -> dict[str, np.ndarray]:
    path = Path(path)
    if not path.is_file():
        msg = f"There is no file {path}."
        raise FileNotFoundError(msg)
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
        if total > MAX_BYTES:
            msg = f"{path.name} would unpack to {total:,} bytes; at most {MAX_BYTES:,} are read."
            raise ValueError(msg)
        with np.load(path, allow_pickle=False) as stored:  # a pickle could run code
            return {
                name: _numbers(stored, name, path.name) for name in stored.files if name in {*NAMES, "PFT", "dates"}
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        msg = f"{path.name} is not a whole .npz archive ({error}). Fetch it again."
        raise ValueError(msg) from error


def _numbers(stored: np.lib.npyio.NpzFile, name: str, file: str) -> np.ndarray:
    try:
        return stored[name]
    except ValueError as error:
        msg = (
            f"{file}: array {name} holds Python objects, which are not read; numbers (and dates as text) are accepted."
        )
        raise ValueError(msg) from error


def is_climatology(path: str | Path) -> bool:
    """Whether a file is a NumPy archive with all the arrays that L4C needs (only its table of contents is read)."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name.removesuffix(".npy") for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return False
    return {*NAMES, "PFT"} <= held


def load(path: str | Path) -> xr.Dataset:
    """Open a driver climatology.

    Parameters
    ----------
    path : path
        ``.npz`` with arrays fPAR [1], PAR [MJ m-2 d-1], Tmin [K], VPD [Pa], SMRZ [%], SMSF [%], Tsoil [K], FT
        (1 thawed) of shape (cell, day), PFT (cell) and dates (day) as ISO text.

    Returns
    -------
    xr.Dataset
        Drivers of L4C on (cell, time), pft (cell).

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The archive is damaged, holds Python objects, lacks an array, or the shapes disagree.
    """
    held = _open(path)
    name = Path(path).name
    absent = [array for array in (*NAMES, "PFT", "dates") if array not in held]
    if absent:
        msg = f"{name}: array {absent[0]} is missing; needed are {', '.join((*NAMES, 'PFT', 'dates'))}."
        raise ValueError(msg)
    shape = (held["PFT"].size, held["dates"].size)
    for array in NAMES:
        if held[array].shape != shape:
            msg = f"{name}: {array} has shape {held[array].shape}; (PFT, dates) = {shape} is expected."
            raise ValueError(msg)
    try:
        time = held["dates"].astype("datetime64[D]").astype("datetime64[ns]")
    except ValueError as error:
        msg = f"{name}: dates = {str(held['dates'][0])!r} ...; ISO dates such as 2015-01-01 are accepted ({error})."
        raise ValueError(msg) from error
    ds = xr.Dataset(coords={"time": time, "cell": np.arange(shape[0])})
    for array, ours in NAMES.items():
        values = held[array].astype(float)
        if ours == "thawed":
            ours, values = "frozen", 1.0 - values
        ds[ours] = (("cell", "time"), values, VARIABLES[ours].cf_attrs)
    ds["pft"] = ("cell", held["PFT"].astype(np.uint8), {"long_name": "plant functional type, 1 ENF to 8 BCR"})
    # The climatology is the record: its own extremes are the long-term ones, and saturation the upper one.
    ds["smrz_min"] = ds["smrz"].min("time").assign_attrs(VARIABLES["smrz_min"].cf_attrs)
    ds["smrz_max"] = xr.full_like(ds["smrz_min"], 100.0).assign_attrs(VARIABLES["smrz_max"].cf_attrs)
    ds.attrs = {"title": f"365-day driver climatology, {name}", "source": f"file {name}", "synthetic": 0}
    return ds


def write_example(path: str | Path) -> Path:
    """Write a small archive of this layout, with made-up numbers, for tests."""
    day = np.arange(365)
    season = -np.cos(2 * np.pi * day / 365)
    values = {
        "fPAR": 0.4 + 0.3 * season,
        "PAR": 6.0 + 4.0 * season,
        "Tmin": 280.0 + 10.0 * season,
        "VPD": 800.0 + 500.0 * season,
        "SMRZ": 60.0 - 20.0 * season,
        "SMSF": 50.0 - 20.0 * season,
        "Tsoil": 283.0 + 9.0 * season,
        "FT": (season > -0.7).astype(float),
    }
    arrays = {name: np.stack([series, series]) for name, series in values.items()}
    dates = np.datetime_as_string(np.datetime64("2015-01-01") + day)
    np.savez_compressed(path, PFT=np.array([4, 6], np.uint8), dates=dates, **arrays)
    return Path(path)


def recognise(path: Path, head: Head) -> bool:
    """Whether a file is a NumPy archive with all the arrays."""
    return head.kind == "zip" and is_climatology(path)


def describe(path: Path, head: Head) -> FileEntry:
    """Say what the archive holds."""
    ds = load(path)
    title = f"365-day driver climatology of {ds.sizes['cell']} cells"
    return describe_dataset(ENTRY, ds, title=title, grid="point")


ENTRY = CatalogEntry(
    name="climatology-npz",
    title="365-day driver climatology of a site (NumPy archive)",
    citation="the file's own",
    licence="the file's own",
    load=load,
    kind="climatology",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="climatology.npz",
)
