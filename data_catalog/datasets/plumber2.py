"""PLUMBER2 (ALMA names): half-hourly weather and fluxes of flux towers in NetCDF (Ukkola et al. 2022).

Files ``SITE_YEARS_SOURCE_Met.nc`` hold the weather, ``..._Flux.nc`` what was observed; times are local standard time.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.fluxnet_columns import GC_PER_UMOL
from data_catalog.datasets.fluxnet_sites import IGBP_TO_PFT
from data_catalog.datasets.opening import open_store
from data_catalog.datasets.text_frame import point_dataset, regular
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

CITATION = "Ukkola et al. 2022, A flux tower dataset tailored for land model evaluation, ESSD 14, 449-461"
_NAMES = (
    # ours, names of the file, units that are accepted, factor, offset
    ("t_air", ("Tair",), ("K",), 1.0, 0.0),
    ("vpd", ("VPD",), ("hPa",), 100.0, 0.0),
    ("q_air", ("Qair",), ("kg/kg", "kg kg-1"), 1.0, 0.0),
    ("pressure", ("Psurf",), ("Pa",), 1.0, 0.0),
    ("precip", ("Precip", "Rainf"), ("kg/m2/s", "kg m-2 s-1", "mm/s"), 86400.0, 0.0),
    ("wind", ("Wind",), ("m/s", "m s-1"), 1.0, 0.0),
    ("relative_humidity", ("RH",), ("%",), 1.0, 0.0),
    ("sw_down", ("SWdown",), ("W/m2", "W m-2"), 1.0, 0.0),
    ("lw_down", ("LWdown",), ("W/m2", "W m-2"), 1.0, 0.0),
    ("co2", ("CO2air",), ("ppm", "umol/mol"), 1.0, 0.0),
    ("lai", ("LAI",), ("1", "m2/m2", "-"), 1.0, 0.0),
    ("nee", ("NEE",), ("umol/m2/s",), GC_PER_UMOL, 0.0),
    ("gpp", ("GPP",), ("umol/m2/s",), GC_PER_UMOL, 0.0),
    ("reco", ("Resp",), ("umol/m2/s",), GC_PER_UMOL, 0.0),
    ("le", ("Qle",), ("W/m2", "W m-2"), 1.0, 0.0),
    ("h", ("Qh",), ("W/m2", "W m-2"), 1.0, 0.0),
    ("ground_heat", ("Qg",), ("W/m2", "W m-2"), 1.0, 0.0),
)


def load(path: str | Path) -> xr.Dataset:
    """Open a file of weather or of fluxes.

    Returns
    -------
    xr.Dataset
        On (time, site = 1) with latitude, longitude, elevation, igbp, pft; ``<name>_qc`` (0 measured, 1 to 3 filled, 4
        and more from a reanalysis or synthesised).

    Raises
    ------
    ValueError
        The file is cut off, of another kind, or a unit is another one.
    """
    path = Path(path)
    with open_store(path, "PLUMBER2 is a NetCDF file") as raw:
        values, quality = {}, {}
        held = {ours: next((n for n in names if n in raw), None) for ours, names, *_ in _NAMES}
        if sum(name is not None for name in held.values()) < 3 or "time" not in raw.dims:
            msg = f"{path.name} has none of the names of PLUMBER2 (Tair, SWdown, Qle, NEE, ...)."
            raise ValueError(msg)
        for ours, _, units, factor, offset in _NAMES:
            name = held[ours]
            if name is None:
                continue
            unit = str(raw[name].attrs.get("units", "")).strip()
            if unit not in units:
                msg = f"{path.name}: {name} is in {unit!r}, not {units[0]!r}: convert it first."
                raise ValueError(msg)
            values[ours] = (_series(raw, name, path.name) * factor + offset, name)
            if f"{name}_qc" in raw:
                quality[ours] = _series(raw, f"{name}_qc", path.name)
        if raw["time"].dtype.kind != "M":
            msg = f"{path.name}: time holds {raw['time'].dtype} values, not dates (units 'seconds since ...')."
            raise ValueError(msg)
        time = raw["time"].to_numpy().astype("datetime64[s]")
        known = {name: _number(raw, name) for name in ("latitude", "longitude", "elevation")}
        igbp = _letters(raw, "IGBP_veg_short")
        code = str(raw.attrs.get("site_code", path.name.split("_")[0]))
        known |= {"igbp": igbp or None, "pft": IGBP_TO_PFT.get(igbp), "site_name": raw.attrs.get("site_name")}
        version = str(raw.attrs.get("product_version", ""))
    minutes = int(np.diff(time[:50]).astype("timedelta64[m]").astype(int).min()) if time.size > 1 else 30
    if minutes not in (30, 60):
        msg = f"{path.name}: steps of {minutes} minutes; 30 and 60 are accepted."
        raise ValueError(msg)
    attrs = {
        "title": f"Eddy-covariance tower {code}, PLUMBER2, {'half-hourly' if minutes == 30 else 'hourly'}",
        "citation": CITATION,
        "licence": "CC-BY-4.0",
        "product_version": version,
        "missing": " ".join(ours for ours, *_ in _NAMES if ours not in values),
    }
    step = "HH" if minutes == 30 else "HR"
    ds = point_dataset(time, values, label=path.name, step=step, site=code, known=known, attrs=attrs)
    for name, flags in quality.items():
        said = {
            "units": "1",
            "long_name": f"quality of {name}: 0 measured, 1-3 filled, 4 and more modelled",
        }
        if name in ds:
            ds[f"{name}_qc"] = (("time", "site"), flags[:, None], said)
    return regular(ds, minutes)


def _series(raw: xr.Dataset, name: str, file: str) -> np.ndarray:
    array = raw[name]
    if "time" not in array.dims or array.size != raw.sizes["time"]:
        msg = f"{file}: {name} lies on {array.dims} {array.shape}; one place, (time, y = 1, x = 1), is accepted."
        raise ValueError(msg)
    values = array.to_numpy().reshape(-1).astype(float)
    return np.where(values <= -9990.0, np.nan, values)


def _number(raw: xr.Dataset, name: str) -> float | None:
    if name not in raw or raw[name].size != 1:
        return None
    value = float(raw[name].to_numpy().reshape(-1)[0])
    return value if np.isfinite(value) and abs(value) < 9000 else None


def _letters(raw: xr.Dataset, name: str) -> str:
    if name not in raw:
        return ""
    cells = raw[name].to_numpy().reshape(-1)
    return b"".join(c if isinstance(c, bytes) else str(c).encode() for c in cells).decode("latin-1").strip("\x00 ")


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has the names of PLUMBER2 and says what grows there."""
    held = set(head.variables)
    return {"IGBP_veg_short", "latitude", "longitude"} <= held and bool({"Tair", "Qle", "NEE"} & held)


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file holds."""
    ds = load(path)
    row = describe_tower(ENTRY, ds, version=ds.attrs["product_version"])
    flux = "nee" in ds or "gpp" in ds or "le" in ds
    weather = "t_air" in ds and "sw_down" in ds
    feeds = (*(("drivers", "forcing") if weather else ()), "towers", *(("benchmarks",) if flux else ()))
    problem = "" if weather else "weather stands in the file ..._Met.nc beside it"
    return describe_tower(ENTRY, ds, version=row.version, feeds=feeds, problem=problem)


def write_example(path: str | Path) -> None:
    """Write two days of weather and fluxes, with made-up numbers."""
    hour = np.arange(96) % 48 / 2
    sun = np.maximum(0.0, np.sin(np.pi * (hour - 6) / 12))
    fields = {
        "Tair": (285 + 8 * sun, "K"),
        "SWdown": (800 * sun, "W/m2"),
        "LWdown": (320 + 20 * sun, "W/m2"),
        "VPD": (5 + 9 * sun, "hPa"),
        "Qair": (np.full(96, 0.007), "kg/kg"),
        "Psurf": (np.full(96, 98000.0), "Pa"),
        "Precip": (np.zeros(96), "kg/m2/s"),
        "Wind": (np.full(96, 3.0), "m/s"),
        "NEE": (3 - 15 * sun, "umol/m2/s"),
    }
    ds = xr.Dataset(coords={"time": np.datetime64("2001-07-01", "ns") + np.arange(96) * np.timedelta64(30, "m")})
    for name, (values, unit) in fields.items():
        ds[name] = (("time", "y", "x"), values[:, None, None].astype("f4"), {"units": unit})
        ds[f"{name}_qc"] = (("time", "y", "x"), (np.arange(96.0) % 4)[:, None, None].astype("f4"), {"units": "1"})
    for name, value in (("latitude", 61.85), ("longitude", 24.29), ("elevation", 181.0)):
        ds[name] = (("y", "x"), np.array([[value]], "f4"))
    letters = [letter.encode() for letter in "ENF".ljust(200)]
    ds["IGBP_veg_short"] = ("nchar", np.array(letters, "S1"))
    ds.attrs = {"site_code": "XX-Tst", "site_name": "An example", "product_version": "1.0"}
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="plumber2",
    title="PLUMBER2: half-hourly weather and fluxes of towers, ALMA names",
    citation=CITATION,
    licence="CC-BY-4.0",
    load=load,
    feeds=("drivers", "forcing", "towers", "benchmarks"),
    kind="tower",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="XX-Tst_2001-2001_FLUXNET2015_Met.nc",
)
