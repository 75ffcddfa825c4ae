"""ERA5-Land: hourly or monthly land reanalysis, 0.1 degree."""

from pathlib import Path

from data_catalog.datasets.ecmwf_fields import COLUMNS, MARKS, finish_land, fix, step_of, write_era5
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]


def _is_it(head: Head, names: set[str]) -> bool:
    regular = {"latitude", "longitude"} <= names and "location_id" not in names
    return regular and bool(names & MARKS) and abs(step_of(head) - 0.1) < 0.01


def write_example(path: str | Path) -> None:
    """Write two days in the classic layout."""
    write_era5(path, 0.1, new=False, land=True)


PRODUCT = RegularProduct(
    name="era5-land",
    title="ERA5-Land reanalysis, 0.1 degree",
    citation="Munoz-Sabater et al. 2021, Earth Syst. Sci. Data 13, 4349; Copernicus Climate Change Service",
    licence="Copernicus licence: free with attribution",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "drivers", "benchmarks"),
    kind="reanalysis",
    finish=finish_land,
    fix=fix,
    stamp="end",
    write_example=write_example,
    example_name="era5_land_2021_07.nc",
)

ENTRY = PRODUCT.entry()
