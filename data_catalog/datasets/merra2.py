"""MERRA-2: NASA's reanalysis, 0.5 x 0.625 degree, its two-dimensional collections."""

from pathlib import Path

from data_catalog.datasets.geos_fields import COLUMNS, finish, fix, write_geos
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]


def _is_it(head: Head, names: set[str]) -> bool:
    if not {"lat", "lon"} <= names:
        return False
    said = head.said("Title", "LongName", "Filename")
    return "MERRA2" in said or "MERRA-2" in said


def write_example(path: str | Path) -> None:
    """Write six hours of made-up fields."""
    attrs = {
        "Title": "MERRA2 tavg1_2d_slv_Nx: 2d,1-Hourly,Time-Averaged",
        "ShortName": "M2T1NXSLV",
        "VersionID": "5.12.4",
    }
    write_geos(path, attrs, (0.5, 0.625), 6)


PRODUCT = RegularProduct(
    name="merra2",
    title="MERRA-2 reanalysis, 0.5 x 0.625 degree",
    citation="Gelaro et al. 2017, J. Clim. 30, 5419; Global Modeling and Assimilation Office, GES DISC",
    licence="NASA open data: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "drivers", "benchmarks"),
    kind="reanalysis",
    finish=finish,
    fix=fix,
    version=lambda raw: str(raw.attrs.get("VersionID", "")),
    stamp="centre",
    write_example=write_example,
    example_name="MERRA2_400.tavg1_2d_slv_Nx.20210701.nc4",
)

ENTRY = PRODUCT.entry()
