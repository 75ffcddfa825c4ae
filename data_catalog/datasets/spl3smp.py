"""SPL3SMP: SMAP's radiometer soil moisture, daily, 36 km."""

from pathlib import Path

import xarray as xr

from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_example import UNITS, write_level3
from data_catalog.datasets.smap_l3 import PASSIVE_LICENCE, holds, open_level3
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "load", "write_example"]

TITLE = "SMAP L3 radiometer soil moisture, daily, 36 km (SPL3SMP)"
CITATION = "O'Neill, P. E., et al., SMAP L3 Radiometer Global Daily 36 km EASE-Grid Soil Moisture, NASA NSIDC DAAC"


def load(path: str | Path, grid: str = "36km") -> xr.Dataset:
    """Open a granule lazily; see `data_catalog.datasets.smap_l3.open_level3`."""
    ds = open_level3(path, grid, TITLE)
    ds.attrs |= {"citation": CITATION, "licence": PASSIVE_LICENCE}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its groups and the shape of its variables."""
    return holds(head, "L3_SM_P")


def write_example(path: str | Path) -> None:
    """Write a granule with a few made-up values."""
    write_level3(path, "36km", "SPL3SMP", UNITS)


ENTRY = CatalogEntry(
    name="spl3smp",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("observations", "benchmarks"),
    kind="satellite",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L3_SM_P_20210701_R19240_001.h5",
)
