"""MODIS vegetation indices, 16-day, 250 m to 1 km (MOD13, MYD13), HDF-EOS2 tiles and their cut-outs."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.hdf_eos import fields_of, read_eos
from data_catalog.datasets.modis_tile import tile
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load"]

TITLE = "MODIS vegetation indices, 16-day (MOD13, MYD13)"
CITATION = "Didan, MOD13A2/MYD13A2, NASA LP DAAC"
LICENCE = "NASA open data: free, to be cited"
SCALE, FILL = 1e-4, -3000
"""What is stored is the index times 10000, whatever the attribute ``scale_factor`` calls it."""
_ENDS = {"ndvi": "NDVI", "evi": "EVI"}


def load(path: str | Path) -> xr.Dataset:
    """Read a tile, on (time = 1, y, x); quality 0 is good, 1 marginal, 2 snow, ice or cloud, 3 none.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        See `data_catalog.datasets.hdf_eos.read_eos`; or it holds no index.
    """
    eos = read_eos(path, r"days (NDVI|EVI|pixel reliability)$")
    fields: dict = {}
    for ours, end in _ENDS.items():
        name = next((field for field in eos.fields if field.endswith(f"days {end}")), None)
        if name is None:
            continue
        values = eos.fields[name]
        good = (values != FILL) & (values >= -2000) & (values <= 10000)
        fields[ours] = (np.where(good, values * np.float32(SCALE), np.nan).astype(np.float32), {"column": name})
    if not fields:
        msg = f"{eos.name} has no NDVI and no EVI; it has {', '.join(eos.names)[:200]}."
        raise ValueError(msg)
    reliability = next((field for field in eos.fields if field.endswith("pixel reliability")), None)
    first = next(iter(fields))
    if reliability:
        rank = eos.fields[reliability]
        quality = np.select([rank == 0, rank == 1, rank >= 2], [0, 1, 2], 3).astype(np.int8)
        fields[f"{first}_qc"] = (quality, {"long_name": "quality: 0 good, 1 marginal, 2 snow or cloud, 3 none"})
    place, day, grid = eos.lat_lon(fields[first][0].shape), eos.day(), eos.grid
    about = {"title": TITLE, "source": f"satellite: {eos.name}", "citation": CITATION, "licence": LICENCE}
    return tile(fields, *place, day, about | {"grid": "sinusoidal", "product_version": grid})


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file holds vegetation indices of MODIS."""
    if head.kind != "hdf4":
        return False
    return any(name.endswith(("days NDVI", "days EVI")) for name in fields_of(path)) or head.name.startswith(
        ("MOD13", "MYD13")
    )


ENTRY = CatalogEntry(
    name="modis-vi",
    title=TITLE,
    citation=CITATION,
    licence=LICENCE,
    load=load,
    feeds=("benchmarks",),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
)
