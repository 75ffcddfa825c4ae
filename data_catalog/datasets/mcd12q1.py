"""MCD12Q1: MODIS land cover, yearly, 500 m: IGBP classes and plant functional types, HDF-EOS2 or GeoTIFF."""

import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.geotiff import read_geotiff, tags_of, write_geotiff
from data_catalog.datasets.hdf_eos import fields_of, read_eos
from data_catalog.datasets.modis_tile import tile
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "MODIS land cover, yearly, 500 m (MCD12Q1)"
CITATION = "Friedl, Sulla-Menashe, MCD12Q1, NASA LP DAAC; Sulla-Menashe et al. 2019, Remote Sens. Environ. 222, 183"
LICENCE = "NASA open data: free, to be cited"
_FIELDS = {"LC_Type1": ("igbp", 1, 17), "LC_Type5": ("plant_type", 0, 11)}
_DATE = re.compile(r'name="RANGEBEGINNINGDATE">(\d{4}-\d\d-\d\d)<|[._](?:A|doy)?(20\d\d)(?:001)?[._]')


def load(path: str | Path) -> xr.Dataset:
    """Read a tile or a cut-out, on (time = 1, y, x), with latitude and longitude of each pixel; fill is NaN.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        See `data_catalog.datasets.hdf_eos.read_eos` and `data_catalog.datasets.geotiff.read_geotiff`; or it holds
        neither LC_Type1 nor LC_Type5.
    """
    path = Path(path)
    hdf4 = False
    if path.exists():
        with path.open("rb") as stream:
            hdf4 = stream.read(4) == b"\x0e\x03\x13\x01"
    if hdf4:
        eos = read_eos(path, "^LC_Type[15]$")
        stored = eos.fields
        place, day = eos.lat_lon(next(iter(stored.values())).shape), eos.day()
    else:
        tiff = read_geotiff(path)
        found = _DATE.search(tiff.metadata) or _DATE.search(path.name)
        day = np.datetime64(found[1] or f"{found[2]}-01-01", "D") if found else None
        said = tiff.metadata + path.name
        name = "LC_Type5" if "Type5" in said or "Type_5" in said else "LC_Type1"
        stored, place = {name: tiff.values[0]}, tiff.lat_lon()
    fields = {}
    for name, values in stored.items():
        ours, low, high = _FIELDS[name]
        good = (values >= low) & (values <= high)
        fields[ours] = (np.where(good, values, np.nan).astype(np.float32), {"column": name})
    about = {"title": TITLE, "source": f"satellite: {path.name}", "citation": CITATION, "licence": LICENCE}
    return tile(fields, *place, day, about | {"grid": "sinusoidal 500 m"})


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file holds classes of land cover of MODIS."""
    if head.kind == "hdf4":
        return bool(set(_FIELDS) & set(fields_of(path))) or head.name.startswith("MCD12Q1")
    if head.kind != "tiff":
        return False
    about = tags_of(path)
    said = str(about["tags"].get(42112, "")) + head.name
    return about["dtype"] == np.uint8 and re.search(r"MCD12Q1|LC_Type[15]", said) is not None


def write_example(path: str | Path) -> None:
    """Write a cut-out of the IGBP classes as GDAL makes it of a tile, with made-up classes."""
    rng = np.random.default_rng(20)
    classes = rng.integers(1, 18, (1, 40, 50)).astype(np.uint8)
    classes[0, :2] = 255
    said = (
        '<GDALMetadata><Item name="SHORTNAME">MCD12Q1</Item><Item name="long_name">Land_Cover_Type_1 LC_Type1</Item>'
        '<Item name="RANGEBEGINNINGDATE">2020-01-01</Item></GDALMetadata>'
    )
    write_geotiff(
        path, classes, (0.0, 5559752.6), 463.3127165279164, projection="sinusoidal", fill=255.0, metadata=said
    )


ENTRY = CatalogEntry(
    name="mcd12q1",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("drivers",),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="MCD12Q1.A2020001.LC_Type1.tif",
)
