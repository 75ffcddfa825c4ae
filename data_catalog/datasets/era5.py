"""ERA5: hourly or monthly reanalysis, 0.25 degree, in both layouts of the Climate Data Store."""

from pathlib import Path

from data_catalog.datasets.ecmwf_fields import COLUMNS, MARKS, finish_era5, fix, step_of, write_era5
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]


def _is_it(head: Head, names: set[str]) -> bool:
    regular = {"latitude", "longitude"} <= names and "location_id" not in names
    return regular and bool(names & MARKS) and not abs(step_of(head) - 0.1) < 0.01


def write_example(path: str | Path) -> None:
    """Write two days in the new layout."""
    write_era5(path, 0.25, new=True, land=False)


PRODUCT = RegularProduct(
    name="era5",
    title="ERA5 reanalysis, 0.25 degree",
    citation="Hersbach et al. 2020, Q. J. R. Meteorol. Soc. 146, 1999; Copernicus Climate Change Service",
    licence="Copernicus licence: free with attribution",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "drivers", "benchmarks"),
    kind="reanalysis",
    finish=finish_era5,
    fix=fix,
    stamp="end",
    write_example=write_example,
    example_name="data_stream-oper_stepType-instant.nc",
)

ENTRY = PRODUCT.entry()
