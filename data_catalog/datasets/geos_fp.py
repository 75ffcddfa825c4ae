"""GEOS-FP: NASA's forward processing, 0.25 x 0.3125 degree, its two-dimensional collections."""

from pathlib import Path

from data_catalog.datasets.geos_fields import COLUMNS, finish, fix, write_geos
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]


def _is_it(head: Head, names: set[str]) -> bool:
    if not {"lat", "lon"} <= names:
        return False
    said = head.said("Title", "Source", "Filename")
    return "GEOS" in said and ("FP" in said or ".fp." in said) and "MERRA" not in said


def write_example(path: str | Path) -> None:
    """Write one hour of made-up fields."""
    attrs = {"Title": "GEOS FP tavg1_2d_slv_Nx", "Filename": "GEOS.fp.asm.tavg1_2d_slv_Nx.20210701_0030.V01.nc4"}
    write_geos(path, attrs, (0.25, 0.3125), 1)


PRODUCT = RegularProduct(
    name="geos-fp",
    title="GEOS-FP analysis, 0.25 x 0.3125 degree",
    citation="Lucchesi 2018, GMAO Office Note 4; Global Modeling and Assimilation Office",
    licence="NASA open data: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "drivers", "benchmarks"),
    kind="reanalysis",
    finish=finish,
    fix=fix,
    stamp="centre",
    write_example=write_example,
    example_name="GEOS.fp.asm.tavg1_2d_slv_Nx.20210701_0030.V01.nc4",
)

ENTRY = PRODUCT.entry()
