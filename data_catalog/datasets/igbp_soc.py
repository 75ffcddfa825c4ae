"""IGBP-DIS soil carbon: global soil organic carbon density, 5 minutes of arc, an ASCII grid of ARC/INFO.

The archive's file is ``soilcarb.dat``: 4320 x 1686 cells from 180 W, 56.5 S, -2 where there is nothing (readme of ORNL
DAAC 569). Its six other surfaces have the same form, and say what they are by their names alone.
"""

import io
import re
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "IGBP-DIS soil organic carbon density, 0-100 cm, 5 minutes of arc"
CITATION = "Global Soil Data Task Group 2000, IGBP-DIS, ORNL DAAC, doi:10.3334/ORNLDAAC/569"
LICENCE = "free, to be cited"
STEP = 1.0 / 12.0
MOST_BYTES = 400_000_000
MOST_DENSITY = 200.0
"""kg m-2 above which a number is no density of carbon."""
_OTHERS = {
    "bulkdens": "bulk density",
    "fieldcap": "field capacity",
    "pawc": "available water capacity",
    "thermcap": "thermal capacity",
    "totaln": "nitrogen",
    "wiltpont": "the wilting point",
}
_HEADER = re.compile(r"^\s*(ncols|nrows|xllcorner|yllcorner|cellsize|nodata_value)\s+(-?[\d.eE+]+)\s*$", re.IGNORECASE)


def _header(text: str) -> dict[str, float]:
    """Return the keys of an ESRI ASCII grid at the start of a text; empty if it is none."""
    keys = {}
    for line in text.splitlines()[:6]:
        match = _HEADER.match(line)
        if match is None:
            break
        keys[match[1].lower()] = float(match[2])
    return keys if {"ncols", "nrows", "xllcorner", "yllcorner", "cellsize"} <= set(keys) else {}


def load(path: str | Path) -> xr.Dataset:
    """Read the grid, kg m-2 in the file, on (latitude, longitude).

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        It is no ASCII grid of this step, another surface of the archive, cut off, too large, or its values are no
        densities.
    """
    path = Path(path)
    if not path.exists():
        msg = f"There is no file {path.name}; an ASCII grid is expected."
        raise FileNotFoundError(msg)
    if path.stem.lower() in _OTHERS:
        msg = f"{path.name} is {_OTHERS[path.stem.lower()]} of IGBP-DIS; soilcarb.dat, the density of carbon, is read."
        raise ValueError(msg)
    if path.stat().st_size > MOST_BYTES:
        msg = f"{path.name} has {path.stat().st_size:,} bytes; up to {MOST_BYTES:,} are read."
        raise ValueError(msg)
    text = path.read_text(encoding="latin-1").replace("\r\n", "\n").replace("\r", "\n")
    head = _header(text)
    if not head or abs(head["cellsize"] - STEP) > 1e-4:
        msg = f"{path.name} is no ASCII grid (ncols, nrows, xllcorner, yllcorner, cellsize) of 5 minutes of arc."
        raise ValueError(msg)
    rows, columns = int(head["nrows"]), int(head["ncols"])
    body = text.split("\n", len(head))[len(head)]
    try:
        values = np.loadtxt(io.StringIO(body), dtype=np.float32, max_rows=rows)
        values = values.reshape(rows, columns)
    except ValueError as error:
        msg = f"{path.name} should have {rows} rows of {columns} numbers; was it cut off? ({str(error)[:100]})"
        raise ValueError(msg) from error
    density = np.where((values == head.get("nodata_value", -9999.0)) | (values < 0.0), np.nan, values)
    if np.isfinite(density).any() and np.nanmax(density) > MOST_DENSITY:
        msg = f"{path.name} holds {np.nanmax(density):g}; soil carbon in kg m-2 does not exceed {MOST_DENSITY:g}."
        raise ValueError(msg)
    north = head["yllcorner"] + rows * STEP
    ds = xr.Dataset(
        {"soc": (("latitude", "longitude"), density * np.float32(1000.0), VARIABLES["soc"].cf_attrs)},
        coords={
            "latitude": ("latitude", north - (np.arange(rows) + 0.5) * STEP, {"units": "degrees_north"}),
            "longitude": (
                "longitude",
                head["xllcorner"] + (np.arange(columns) + 0.5) * STEP,
                {"units": "degrees_east"},
            ),
        },
    )
    ds["soc"].attrs["comment"] = "0-100 cm"
    about = {"title": TITLE, "source": f"inventory: {path.name}", "citation": CITATION, "licence": LICENCE}
    return ds.assign_attrs(about | {"grid": "0.08333 degree", "synthetic": 0})


def recognise(path: Path, head: Head) -> bool:
    """Say whether a text is an ASCII grid of 5 minutes of arc."""
    if head.kind != "text":
        return False
    keys = _header(head.text[:1000])
    return bool(keys) and abs(keys["cellsize"] - STEP) < 1e-4


def write_example(path: str | Path) -> None:
    """Write 24 x 36 cells with made-up densities."""
    rng = np.random.default_rng(26)
    values = rng.uniform(1.0, 30.0, (24, 36)).round(2)
    values[0, :5] = -2.0
    head = f"ncols 36\nnrows 24\nxllcorner 5.0000\nyllcorner 45.0000\ncellsize {STEP:.7f}\nNODATA_value -2\n"
    rows = "\n".join(" ".join(f"{value:g}" for value in row) for row in values)
    Path(path).write_text(head + rows + "\n")


ENTRY = CatalogEntry(
    name="igbp-soc",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("benchmarks",),
    kind="inventory",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="soilcarb.dat",
)
