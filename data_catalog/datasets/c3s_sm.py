"""C3S soil moisture: the merged record of active and passive sensors, daily to monthly, 0.25 degree."""

from pathlib import Path

from data_catalog.datasets.merged_soil_moisture import COLUMNS, finish, fix, write_merged
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head

__all__ = ["ENTRY", "PRODUCT", "write_example"]


def _is_it(head: Head, names: set[str]) -> bool:
    if "sm" not in names or "location_id" in names:
        return False
    title = head.said("title")
    return title.startswith("C3S") and "Soil Moisture" in title


def write_example(path: str | Path) -> None:
    """Write a day with made-up values."""
    attrs = {"title": "C3S Surface Soil Moisture COMBINED active+passive Product", "product_version": "v202012.0"}
    write_merged(path, attrs, flags=True)


PRODUCT = RegularProduct(
    name="c3s-sm",
    title="C3S soil moisture, 0.25 degree",
    citation="Dorigo et al. 2017, Remote Sens. Environ. 203, 185; Copernicus Climate Change Service",
    licence="Copernicus licence: free with attribution",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("observations", "benchmarks"),
    finish=finish,
    fix=fix,
    version=lambda raw: str(raw.attrs.get("product_version", "")),
    write_example=write_example,
    example_name="C3S-SOILMOISTURE-L3S-SSMV-COMBINED-DAILY-20210701000000-ICDR-v202012.0.0.nc",
)

ENTRY = PRODUCT.entry()
