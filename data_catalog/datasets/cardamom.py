"""CARDAMOM: drivers and observations of one place by month, in its NetCDF files ``*.cbf.nc`` (Bloom et al. 2016)."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import open_store
from data_catalog.datasets.text_frame import point_dataset
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Bloom et al. 2016, PNAS 113, 1285-1290; the CARDAMOM framework"
_MJ = 1.0 / 0.0864
_MJ_UNITS = ("MJ/m2/d", "MJ/m2/day", "MJ m**-2 day**-1", "MJ m-2 day-1", "MJ m-2 d-1")
_CELSIUS = ("deg C", "C", "degC")
_NAMES = (
    # ours, theirs, units that are accepted ("" where the file says nothing), factor, offset
    ("tmin", "T2M_MIN", _CELSIUS, 1.0, 273.15),
    ("tmax", "T2M_MAX", _CELSIUS, 1.0, 273.15),
    ("t_ground", "SKT", _CELSIUS, 1.0, 273.15),
    ("sw_down", "SSRD", _MJ_UNITS, _MJ, 0.0),
    ("lw_down", "STRD", _MJ_UNITS, _MJ, 0.0),
    ("vpd", "VPD", ("hPa", "hPA", "VPD [hPa]"), 100.0, 0.0),
    ("precip", "TOTAL_PREC", ("mm/day", "mm/d"), 1.0, 0.0),
    ("co2", "CO2", ("ppm", "CO2 [ppm]"), 1.0, 0.0),
    ("burned_area", "BURNED_AREA", ("m2/m2", "Burned area [m2/m2]"), 1.0, 0.0),
    ("gpp", "GPP", ("", "gC/m2/d"), 1.0, 0.0),
    ("nbe", "NBE", ("", "gC/m2/d"), 1.0, 0.0),
    ("et", "ET", ("", "mm/d", "mm/day"), 1.0, 0.0),
    ("lai", "LAI", ("", "m2/m2"), 1.0, 0.0),
    ("snow_cover", "SCF", ("", "m2/m2"), 1.0, 0.0),
)
_OBSERVED = ("GPP", "NBE", "ET")
EPOCH = "2001-01-01"
"""The framework counts days from here where a file does not say from when."""


def load(path: str | Path) -> xr.Dataset:
    """Open a file of drivers and observations.

    Returns
    -------
    xr.Dataset
        On (time, site = 1), time the first day of each month: tmin, tmax, sw_down, lw_down, vpd, precip, co2,
        burned_area, and of observations gpp, nbe, et, lai, snow_cover; ``gpp_val nbe_val et_val`` are kept back for
        judging a run. Where the file does not say from when it counts days, it is `EPOCH`, and ``notes`` say so.

    Raises
    ------
    ValueError
        The file is cut off or of another kind, or a unit is another one.
    """
    path = Path(path)
    with open_store(path, "CARDAMOM's drivers are a NetCDF file") as raw:
        raw = raw.load()
        if "SSRD" not in raw or "T2M_MIN" not in raw or "time" not in raw:
            msg = f"{path.name} has none of the drivers of CARDAMOM (SSRD, T2M_MIN, T2M_MAX, VPD, TOTAL_PREC, CO2)."
            raise ValueError(msg)
        time, notes = _months(raw["time"], path.name)
        values = {}
        for ours, theirs, units, factor, offset in _NAMES:
            if theirs not in raw or raw[theirs].dims != ("time",):
                continue
            unit = str(raw[theirs].attrs.get("units", "")).strip()
            if unit not in units:
                msg = f"{path.name}: {theirs} is in {unit!r}, not {units[0]!r}: convert it first."
                raise ValueError(msg)
            numbers = _numbers(raw[theirs])
            if np.isfinite(numbers).any():
                values[ours] = (numbers * factor + offset, theirs)
        kept = {f"{name.lower()}_val": _numbers(raw[f"{name}_val"]) for name in _OBSERVED if f"{name}_val" in raw}
        place = {}
        for name, theirs, most in (("latitude", "LAT", 90.0), ("longitude", "LON", 360.0)):
            value = float(np.ravel(raw[theirs].to_numpy())[0]) if theirs in raw and raw[theirs].size else np.nan
            if np.isfinite(value) and abs(value) <= most:
                place[name] = value
            else:
                notes = "; ".join(filter(None, (notes, f"{theirs} is not stated")))
    code = re.search(r"[A-Z]{2}-[A-Za-z0-9]{3}", path.name)
    attrs = {
        "title": f"CARDAMOM drivers and observations, {code[0] if code else path.stem}, monthly",
        "citation": CITATION,
        "licence": ENTRY.licence,
        "notes": notes,
    }
    site = code[0] if code else path.stem[:40]
    ds = point_dataset(time, values, label=path.name, step="MM", site=site, known=place, attrs=attrs)
    for name, numbers in kept.items():
        unit = "mm d-1" if name == "et_val" else "gC m-2 d-1"
        said = {"units": unit, "long_name": f"{name.removesuffix('_val')} kept back to judge a run"}
        ds[name] = (("time", "site"), numbers[:, None], said)
    return ds


def _numbers(array: xr.DataArray) -> np.ndarray:
    values = array.to_numpy().astype(float)
    return np.where(np.isfinite(values) & (values > -9990.0) & (values < 1e30), values, np.nan)


def _months(time: xr.DataArray, file: str) -> tuple[np.ndarray, str]:
    """Return the first day of each month, and what was assumed."""
    if time.dtype.kind == "M":
        days, notes = time.to_numpy().astype("datetime64[D]"), ""
    else:
        since = re.search(r"(?:since|Since).*?(\d{4})", str(time.attrs.get("units", "")))
        numbers = np.nan_to_num(time.to_numpy().astype(float), nan=-1.0)
        if (numbers < 0).any() or (numbers > 200_000).any():
            msg = f"{file}: time = {numbers[0]:g} is no number of days since {EPOCH}."
            raise ValueError(msg)
        start = f"{since[1]}-01-01" if since else EPOCH
        days = np.datetime64(start) + numbers.astype(int)
        notes = "" if since else f"the file does not say from when it counts days: {EPOCH}, as the framework does"
    months = days.astype("datetime64[M]")
    if not (np.diff(months).astype(int) == 1).all():
        msg = f"{file}: times do not follow one another by months ({days[0]}, {days[min(1, days.size - 1)]}, ...)."
        raise ValueError(msg)
    return months.astype("datetime64[s]"), notes


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has the names of the framework's drivers."""
    return {"SSRD", "T2M_MIN", "T2M_MAX", "VPD", "DOY"} <= set(head.variables)


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file holds."""
    return describe_dataset(ENTRY, load(path), grid="point")


def write_example(path: str | Path) -> None:
    """Write two years, with made-up numbers."""
    month = np.arange(24)
    season = -np.cos(2 * np.pi * (month + 0.5) / 12)
    fields = {
        "T2M_MIN": (2 + 8 * season, "deg C"),
        "T2M_MAX": (12 + 10 * season, "deg C"),
        "SSRD": (14 + 9 * season, "MJ/m2/d"),
        "STRD": (26 + 4 * season, "MJ/m2/d"),
        "SKT": (7 + 9 * season, "deg C"),
        "VPD": (8 + 6 * season, "hPa"),
        "TOTAL_PREC": (np.full(24, 2.0), "mm/day"),
        "CO2": (np.full(24, 400.0), "ppm"),
        "BURNED_AREA": (np.zeros(24), "m2/m2"),
        "GPP": (np.where(month % 5 == 0, -9999.0, 4 + 4 * season), None),
        "DOY": (month % 12 * 30.4375 + 15.2, "Days"),
    }
    ds = xr.Dataset()
    for name, (values, unit) in fields.items():
        ds[name] = ("time", values, {} if unit is None else {"units": unit})
        ds[name].encoding["_FillValue"] = -9999.0
    ds["time"] = ("time", 15.21875 + 30.4375 * month, {"units": "days since 2001-01-01"})
    ds["LAT"], ds["LON"], ds["ID"] = 40.03, -105.55, 1100.0
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="cardamom",
    title="CARDAMOM: monthly drivers and observations of one place",
    citation=CITATION,
    licence="of the file",
    load=load,
    feeds=("benchmarks",),
    kind="drivers",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="XX-Tst.cbf.nc",
)
