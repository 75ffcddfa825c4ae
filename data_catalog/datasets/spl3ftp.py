"""SPL3FTP: SMAP's freeze/thaw state, daily, global 36-km grid, morning and evening; whole granules and subsets."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ease_file import NAMES, Granule
from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_example import new_granule, put
from data_catalog.datasets.smap_l3 import OVERPASS, PASSIVE_LICENCE, time_of
from data_catalog.entry import CatalogEntry
from data_catalog.grid import EaseGrid
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "SMAP L3 radiometer freeze/thaw state, daily, 36 km (SPL3FTP)"
CITATION = "Xu, X., et al., SMAP L3 Radiometer Global and Northern Hemisphere Daily Freeze/Thaw State, NASA NSIDC DAAC"
GROUP = "Freeze_Thaw_Retrieval_Data_Global"
FIELDS = (
    Column("frozen", f"{GROUP}/freeze_thaw", low=0.0, high=1.0, comment="0 thawed, 1 frozen"),
    Column("t_ground", f"{GROUP}/surface_temperature", "K"),
    Column("elevation", f"{GROUP}/altitude_dem", "m"),
)


def load(path: str | Path, grid: str = "36km") -> xr.Dataset:
    """Open a day lazily, on (time = 2, y, x): time is the local solar time of the overpasses.

    Without a date in the name of the file (as of a subset) or in its metadata there is no time but ``overpass``.

    Raises
    ------
    FileNotFoundError, ValueError
        See `Granule`; or it holds none of the fields.
    """
    with Granule(path) as granule:
        held = [field for field in FIELDS if field.theirs in granule]
        if not held:
            msg = f"{granule.name} has none of {', '.join(field.theirs for field in FIELDS)}."
            raise ValueError(msg)
        shape = granule.file[held[0].theirs].shape
        name, coords = granule.axes(shape[-2:], grid, (GROUP, ""))
        hours = [OVERPASS["AM"], OVERPASS["PM"]][: shape[0]]
        try:
            times, day = "time", time_of(granule).astype("datetime64[D]").astype("datetime64[ns]")
            along = np.array([day + np.timedelta64(hour, "h") for hour in hours])
        except ValueError:
            times, along = "overpass", np.array(["AM", "PM"][: shape[0]])
        ds = xr.Dataset({f.ours: granule.array(f, (times, "y", "x")) for f in held}, coords=coords)
        ds = ds.assign_coords({times: along})
        ds.attrs = {
            "title": TITLE,
            "source": f"satellite: {granule.name}",
            "citation": CITATION,
            "licence": PASSIVE_LICENCE,
            "grid": NAMES[name],
            "product_version": granule.release(),
            "notes": "" if times == "time" else "no date in the name or the metadata of the file",
            "time_zone": "local mean solar time",
            "synthetic": 0,
        }
        ds.set_close(granule.close)
        return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its group."""
    held = head.kind == "hdf5" and any(field.theirs in head.variables for field in FIELDS)
    return held and head.variables.get(f"{GROUP}/x", (0,)) != (11568,)


def write_example(path: str | Path) -> None:
    """Write the whole grid, of which 40 x 40 cells hold made-up states."""
    rng = np.random.default_rng(25)
    shape = (2, *EaseGrid("36km").shape)
    corner = (slice(0, 2), slice(60, 100), slice(400, 440))
    with new_granule(path, "SPL3FTP", "R19240", "2021-01-01T00:00:00.000Z") as file:
        state = rng.integers(0, 2, (2, 40, 40)).astype(np.uint8)
        put(file, FIELDS[0].theirs, shape, state, fill=254, corner=corner)
        height = rng.uniform(0.0, 900.0, (2, 40, 40)).astype(np.float32)
        put(file, FIELDS[2].theirs, shape, height, corner=corner, units="meters")


ENTRY = CatalogEntry(
    name="spl3ftp",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("observations", "drivers", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L3_FT_P_20210101_R19240_001.h5",
)
