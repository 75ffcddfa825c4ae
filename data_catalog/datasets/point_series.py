"""Time series of grid points in the CF layout of pynetCF: a cell of 5 degrees in a file, (locations, time).

TU Wien's tools keep SMAP, SMOS-IC, ESA CCI, ERA5-Land and GLDAS this way; which it is, the file's names tell.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.opening import kept_open, open_store
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]


@dataclass(frozen=True)
class Product:
    """A product: a name that only it has, what is ours of it, its quality, and whose it is."""

    name: str
    title: str
    columns: tuple[tuple[str, str, float, float], ...]  # ours, prefix of theirs, factor, offset
    citation: str
    licence: str
    kind: str = "satellite"
    quality: str = ""


PRODUCTS = (
    Product(
        "soil_moisture",
        "SMAP SPL3SMP, time series",
        (
            ("ssm", "soil_moisture", 1.0, 0.0),
            ("ssm_std", "soil_moisture_error", 1.0, 0.0),
            ("vod_l", "vegetation_opacity", 1.0, 0.0),
            ("t_ground", "surface_temperature", 1.0, 0.0),
        ),
        "O'Neill et al., SMAP L3 Radiometer Global Daily 36 km EASE-Grid Soil Moisture, NSIDC",
        "NASA open data",
        quality="retrieval_qual_flag",
    ),
    Product(
        "Soil_Moisture",
        "SMOS-IC, time series",
        (
            ("ssm", "Soil_Moisture", 1.0, 0.0),
            ("ssm_std", "Soil_Moisture_StdError", 1.0, 0.0),
            ("t_soil", "Soil_Temperature_Level1", 1.0, 0.0),
        ),
        "Fernandez-Moran et al. 2017, SMOS-IC, Remote Sens. 9, 457; Wigneron et al. 2021, Remote Sens. Environ. 254",
        "free with citation (INRAE, CATDS)",
        quality="Scene_Flags",
    ),
    Product(
        "sm",
        "ESA CCI soil moisture, time series",
        (("ssm", "sm", 1.0, 0.0), ("ssm_std", "sm_uncertainty", 1.0, 0.0)),
        "Dorigo et al. 2017, ESA CCI Soil Moisture, Remote Sens. Environ. 203, 185-215",
        "ESA CCI: free with citation",
        quality="flag",
    ),
    Product(
        "swvl1",
        "ERA5-Land, time series",
        (("ssm", "swvl1", 1.0, 0.0),),
        "Munoz-Sabater et al. 2021, ERA5-Land, Earth Syst. Sci. Data 13, 4349-4383",
        "Copernicus licence",
        kind="reanalysis",
    ),
    Product(
        "SoilMoi0_10cm_inst",
        "GLDAS 2.1 Noah, time series",
        (("ssm", "SoilMoi0_10cm_inst", 0.01, 0.0), ("t_soil", "SoilTMP0_10cm_inst", 1.0, 0.0)),
        "Rodell et al. 2004, The Global Land Data Assimilation System, Bull. Am. Meteorol. Soc. 85, 381-394",
        "NASA open data",
        kind="reanalysis",
    ),
)
_ENDS = ("", "_pm", "_am")


def _named(names: set[str], stem: str) -> str:
    """Return the name that a file has for a stem: as it is, or of the morning or evening overpass."""
    return next((stem + end for end in _ENDS if stem + end in names), "")


def _product(names: set[str]) -> Product | None:
    if not {"lat", "lon", "location_id", "time"} <= names:
        return None
    return next((product for product in PRODUCTS if _named(names, product.name)), None)


def _is_grid(names: set[str]) -> bool:
    return {"gpi", "lat", "lon", "cell"} <= names


def load(path: str | Path) -> xr.Dataset:
    """Open a cell of time series.

    Returns
    -------
    xr.Dataset
        Lazy on (time, site), a site for each grid point whose series is in the file: ``ssm`` [m3 m-3] and, by product,
        ssm_std, vod_l, t_ground, t_soil, rzsm, lai; ``ssm_qc``: 0 good, 3 flagged by the product. GLDAS' layer of 10 cm
        is divided by its thickness; the leaf areas of ERA5-Land are of high and low plants apart, and left out.

    Raises
    ------
    ValueError
        The file is of another kind, cut off, or of a product that is not known.
    """
    path = Path(path)
    raw = open_store(path, "time series of grid points are a NetCDF file")
    with kept_open(raw):
        product = _product({str(name) for name in raw.variables})
        if product is None or "locations" not in raw.dims:
            msg = f"{path.name} is no file of time series that is known; {', '.join(p.title for p in PRODUCTS)} are."
            raise ValueError(msg)
        ds = _converted(raw, product, path.name)
    ds.set_close(raw.close)
    return ds


def _converted(raw: xr.Dataset, product: Product, file: str) -> xr.Dataset:
    names = {str(name) for name in raw.variables}
    latitude, longitude = raw["lat"].to_numpy().astype(float), raw["lon"].to_numpy().astype(float)
    if np.abs(latitude).max(initial=0.0) > 90.0 or np.abs(longitude).max(initial=0.0) > 360.0:
        msg = f"{file}: latitude = {np.abs(latitude).max():g} is none; are latitude and longitude swapped?"
        raise ValueError(msg)
    chunks = {"locations": max(1, 2_000_000 // max(raw.sizes["time"], 1)), "time": -1}
    lazy = raw.chunk({name: size for name, size in chunks.items() if name in raw.dims})
    ds = xr.Dataset(coords={"time": raw["time"].to_numpy().astype("datetime64[ns]")})
    for ours, theirs, factor, offset in product.columns:
        name = _named(names, theirs)
        if not name:
            continue
        values = lazy[name].astype(float)
        values = values.where(values > -999.0) * factor + offset
        quantity = VARIABLES.get(ours)
        if quantity is not None:
            values = values.where((values >= quantity.low) & (values <= quantity.high))
        attrs = quantity.cf_attrs if quantity else {"units": "m3 m-3", "long_name": "standard error of ssm"}
        ds[ours] = (("time", "site"), values.transpose("time", "locations").data, attrs | {"column": name})
    flag = _named(names, product.quality) if product.quality else ""
    if flag and bool(raw[flag].notnull().any()):
        bits = lazy[flag].transpose("time", "locations")
        # SMAP: bit 0 says that the retrieval is not recommended; the others say 0 where nothing speaks against it.
        bad = bits.fillna(1).astype(int) & 1 if product.name == "soil_moisture" else bits.fillna(1) != 0
        said = {"units": "1", "long_name": f"quality of ssm: 0 good, 3 flagged by {flag}", "column": flag}
        ds["ssm_qc"] = (("time", "site"), 3.0 * bad.data.astype(float), said)
    points = [f"{number}" for number in raw["location_id"].to_numpy()]
    ds = ds.assign_coords(site=("site", points), latitude=("site", latitude), longitude=("site", longitude))
    if "ssm" in ds:
        ds = ds.isel(site=np.flatnonzero(ds["ssm"].notnull().any("time").to_numpy()))
    overpass = str(raw.attrs.get("overpass", ""))
    ds.attrs = {
        "title": product.title + (f", {overpass}" if overpass else ""),
        "source": f"{product.kind}: {file}",
        "product_version": str(raw.attrs.get("product_version", "")),
        "citation": product.citation,
        "licence": product.licence,
        "grid": "points of the product's grid",
        "synthetic": 0,
    }
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether a file has series of grid points of a known product, or is a grid of points."""
    names = set(head.variables)
    if _is_grid(names):
        return True
    return "obs" not in names and _product(names) is not None and head.said("featureType") == "timeSeries"


def describe(path: Path, head: Head) -> FileEntry:
    """Say what a file holds."""
    names = set(head.variables)
    if _is_grid(names):
        count = head.variables["lat"][0] if head.variables["lat"] else 0
        return ENTRY.file_entry(kind="grid", title=f"grid of {count:,} points (pygeogrids)", feeds=())
    product = _product(names)
    with load(path) as ds:
        held = ds["ssm"].notnull().to_numpy()
        good = (ds["ssm_qc"].to_numpy() <= 1.0)[held].mean() if "ssm_qc" in ds and held.any() else None
        time = ds["time"].to_numpy().astype("datetime64[D]")
        return ENTRY.file_entry(
            kind=product.kind,
            title=f"{ds.attrs['title']} of {ds.sizes['site']} points",
            version=ds.attrs["product_version"],
            variables=tuple(str(name) for name in ds.data_vars if name in VARIABLES),
            period=(str(time[0]), str(time[-1])) if time.size else ("", ""),
            steps=time.size,
            grid=ds.attrs["grid"],
            gaps={"ssm": float(1.0 - held.mean())} if held.size else {},
            quality={} if good is None else {"ssm": float(good)},
            citation=product.citation,
            licence=product.licence,
            feeds=("observations", "benchmarks") if product.kind == "satellite" else ("benchmarks",),
        )


def write_example(path: str | Path) -> None:
    """Write a month at three points in the layout of SMAP's series, with made-up numbers."""
    day = np.arange(30)
    ds = xr.Dataset(coords={"time": ("time", 57112.0 + day, {"units": "days since 1858-11-17 00:00:00"})})
    wet = 0.25 + 0.1 * np.sin(day / 4)
    wet[::3] = np.nan
    fields = {
        "soil_moisture_pm": ([wet, wet + 0.05, np.full(30, np.nan)], "cm**3/cm**3"),
        "soil_moisture_error_pm": ([0.04 + 0 * wet] * 3, "cm**3/cm**3"),
        "vegetation_opacity_pm": ([0.2 + 0 * wet] * 3, None),
        "surface_temperature_pm": ([295 + 0 * wet] * 3, "Kelvins"),
        "retrieval_qual_flag_pm": ([np.where(np.isnan(wet), np.nan, day % 5 == 0)] * 3, None),
    }
    for name, (values, unit) in fields.items():
        ds[name] = (("locations", "time"), np.array(values, "f4"), {} if unit is None else {"units": unit})
    for name, values in (("lon", [-155.8, -155.4, -155.1]), ("lat", [19.2, 19.2, 19.6]), ("alt", [0.0, 0.0, 0.0])):
        ds[name] = ("locations", np.array(values, "f4"))
    ds["location_id"] = ("locations", np.array([1000, 1001, 1002]))
    ds.attrs = {"featureType": "timeSeries", "product": "SPL3SMP", "overpass": "PM", "id": "0165.nc"}
    ds.to_netcdf(path, engine="h5netcdf")


ENTRY = CatalogEntry(
    name="point-series",
    title="Time series of grid points: SMAP, SMOS-IC, ESA CCI, ERA5-Land, GLDAS in the layout of pynetCF",
    citation="of the product",
    licence="of the product",
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="0165.nc",
)
