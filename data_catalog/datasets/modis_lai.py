"""MODIS and VIIRS fPAR and LAI (MOD15A2H, MYD15A2H, MCD15A2H, MCD15A3H, VNP15A2H): HDF-EOS2, HDF5 or GeoTIFF."""

import re
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from data_catalog.apart import tried
from data_catalog.datasets.geotiff import read_geotiff, tags_of, write_geotiff
from data_catalog.datasets.hdf_eos import fields_of, read_eos
from data_catalog.datasets.modis_qc import QUALITY, fpar_lai_quality
from data_catalog.datasets.modis_tile import tile
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "MODIS/VIIRS fPAR and LAI, 8-day or 4-day, 500 m (tiles and cut-outs)"
CITATION = "Myneni, Knyazikhin, Park, MOD15A2H/MCD15A3H/VNP15A2H, NASA LP DAAC"
LICENCE = "NASA open data: free, to be cited"
VALID = 100
"""Largest stored value that is data; those above are kinds of surface and fill."""
_SCALES = {"fpar": 0.01, "lai": 0.1}
_HDF = {"fpar": ("Fpar_500m", "Fpar_1km", "Fpar"), "lai": ("Lai_500m", "Lai_1km", "Lai")}
_ERRORS = {
    "fpar": ("FparStdDev_500m", "FparStdDev_1km", "FparStdDev"),
    "lai": ("LaiStdDev_500m", "LaiStdDev_1km", "LaiStdDev"),
}
_QC = ("FparLai_QC",)
_GDAL_DATE = re.compile(r'name="RANGEBEGINNINGDATE">(\d{4}-\d\d-\d\d)<')
_GDAL_NAME = re.compile(r'name="long_name">([^<]*)<')


def _decoded(stored: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, dict]]:
    """Turn stored bytes into our units, with quality where there is any."""
    fields: dict[str, tuple[np.ndarray, dict]] = {}
    quality = fpar_lai_quality(stored["qc"]).astype(np.int8) if "qc" in stored else None
    for name, scale in _SCALES.items():
        for ours in (name, f"{name}_std"):
            if ours in stored:
                values = stored[ours].astype(np.float32)
                values = np.where(stored[ours] <= VALID, values * np.float32(scale), np.nan)
                more = {} if ours == name else {"long_name": f"standard deviation of {name}", "units": "1"}
                fields[ours] = (values.astype(np.float32), more)
        if quality is not None and name in fields:
            fields[f"{name}_qc"] = (np.where(stored[name] <= VALID, quality, 3).astype(np.int8), {"long_name": QUALITY})
    if quality is not None and not fields:
        fields["fpar_lai_qc"] = (quality, {"long_name": QUALITY})
    return fields


def load(path: str | Path) -> xr.Dataset:
    """Read a tile or a cut-out, on (time = 1, y, x), with latitude and longitude of each pixel.

    A GeoTIFF holds one field; of one that holds the quality alone ``fpar_lai_qc`` is given.

    Raises
    ------
    FileNotFoundError, ImportError
        There is no file, or a package for its kind is missing.
    ValueError
        It holds none of the fields, or is damaged.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no file {path.name}; a tile of fPAR and LAI is expected."
        raise FileNotFoundError(msg)
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"\x89HDF"):
        stored, place, day, name = _viirs(path)
    elif start.startswith(b"\x0e\x03\x13\x01"):
        stored, place, day, name = _hdf4(path)
    else:
        stored, place, day, name = _tiff(path)
    fields = _decoded(stored)
    if not fields:
        msg = f"{path.name} holds neither fPAR nor LAI nor their quality."
        raise ValueError(msg)
    about = {"title": TITLE, "source": f"satellite: {path.name}", "citation": CITATION, "licence": LICENCE}
    return tile(fields, *place, day, about | {"grid": "sinusoidal 500 m", "product_version": name})


def _hdf4(path: Path):
    eos = read_eos(path, r"^(Fpar|Lai)(StdDev)?(_500m|_1km)?$|^FparLai_QC$")
    stored = {}
    for ours, names in (*_HDF.items(), *((f"{k}_std", v) for k, v in _ERRORS.items()), ("qc", _QC)):
        name = next((name for name in names if name in eos.fields), None)
        if name:
            stored[ours] = eos.fields[name]
    return stored, eos.lat_lon(next(iter(stored.values())).shape), eos.day(), eos.grid


def _viirs(path: Path):
    from data_catalog.datasets.geotiff import sinusoidal

    tried(path)
    with h5py.File(path, "r") as file:
        grids = file["HDFEOS/GRIDS"]
        name = next(iter(grids))
        data = grids[name]["Data Fields"]
        wanted = (*_HDF.items(), *((f"{k}_std", v) for k, v in _ERRORS.items()), ("qc", _QC))
        stored = {ours: data[n][:] for ours, names in wanted for n in names[-1:] if n in data}
        x, y = grids[name]["XDim"][:], grids[name]["YDim"][:]
    return stored, sinusoidal(*np.meshgrid(x, y)), _day_in_name(path.name), name


def _day_in_name(name: str) -> np.datetime64 | None:
    """Return the first day of a composite: ``.A2021185.`` of the archive, ``doy2021185`` of AppEEARS."""
    match = re.search(r"(?:\.A|doy)(\d{4})(\d{3})", name)
    if match is None or not 1 <= int(match[2]) <= 366:
        return None
    return np.datetime64(f"{match[1]}-01-01", "D") + (int(match[2]) - 1)


def _tiff(path: Path):
    tiff = read_geotiff(path)
    kind = _kind_of(tiff.metadata, path.name)
    values = tiff.values[0]
    found = _GDAL_DATE.search(tiff.metadata)
    day = np.datetime64(found[1], "D") if found else _day_in_name(path.name)
    return {kind: values}, tiff.lat_lon(), day, "GeoTIFF"


def _kind_of(metadata: str, name: str) -> str:
    """Return which field a GeoTIFF holds: of GDAL's metadata, else of its name."""
    said = " ".join(_GDAL_NAME.findall(metadata)).lower()
    for text in (said, name.lower()):
        if "fparlai_qc" in text or "qc" in text.split():
            return "qc"
        if "stddev" in text or "standard deviation" in text:
            return "lai_std" if "lai" in text.replace("fparlai", "") else "fpar_std"
        if re.search(r"\blai\b|lai_|leaf area", text) and not re.search(r"lai/fpar|fpar/lai|lai and fpar", text):
            return "lai"
        if re.search(r"\bfpar\b|fpar_", text) and not re.search(r"lai/fpar|fpar/lai", text):
            return "fpar"
    msg = f"{name} does not say which field it holds: keep Lai, Fpar or FparLai_QC in its name."
    raise ValueError(msg)


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file holds fPAR or LAI of MODIS or VIIRS."""
    if head.kind == "hdf4":
        known = {name for names in _HDF.values() for name in names}
        named = re.match(r"(?:MOD|MYD|MCD)15A[23]", head.name) is not None
        return bool(known & set(fields_of(path))) or named
    if head.kind == "hdf5":
        return any("HDFEOS/GRIDS/" in name and name.endswith(("/Lai", "/Fpar")) for name in head.variables)
    if head.kind != "tiff":
        return False
    about = tags_of(path)
    metadata = str(about["tags"].get(42112, ""))
    return (
        about["bands"] == 1
        and about["dtype"] == np.uint8
        and re.search(r"15A[23]|PR_?15A|Lai_500m|FparLai", metadata + head.name) is not None
    )


def write_example(path: str | Path) -> None:
    """Write a cut-out of LAI as GDAL makes it of a tile, with made-up values."""
    rng = np.random.default_rng(19)
    lai = rng.integers(0, 70, (1, 40, 50)).astype(np.uint8)
    lai[0, :3] = 255
    lai[0, 3, :9] = 254
    said = (
        '<GDALMetadata><Item name="ALGORITHMPACKAGENAME">MCDPR_15A3</Item><Item name="long_name">MCD15A3H MODIS/Terra+'
        "Aqua Gridded 500M Leaf Area Index LAI (4-day composite)</Item>"
        '<Item name="RANGEBEGINNINGDATE">2021-07-04</Item></GDALMetadata>'
    )
    write_geotiff(
        path, lai, (411421.69, 5579675.05), 463.3127165279164, projection="sinusoidal", fill=255.0, metadata=said
    )


ENTRY = CatalogEntry(
    name="modis-lai",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("drivers", "observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="Lai_500m_2021_185.tif",
)
