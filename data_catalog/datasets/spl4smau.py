"""SPL4SMAU: SMAP's level-4 analysis updates: forecast, analysis, their spread, brightness temperatures assimilated."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.product_entry import lazily_described
from data_catalog.datasets.smap_example import new_granule, put, subset_axes
from data_catalog.datasets.smap_l3 import PASSIVE_LICENCE
from data_catalog.datasets.smap_l4 import open_level4
from data_catalog.entry import CatalogEntry
from data_catalog.head import Head

__all__ = ["ENTRY", "FIELDS", "load", "write_example"]

TITLE = "SMAP L4 surface and root-zone soil moisture, analysis updates, 3-hourly, 9 km (SPL4SMAU)"
CITATION = (
    "Reichle, R. H., et al., SMAP L4 Global 3-hourly 9 km EASE-Grid Surface and Root Zone Soil Moisture Analysis "
    "Update, NASA NSIDC DAAC"
)
_STATES = (
    ("ssm", "sm_surface", "m3 m-3"),
    ("rzsm", "sm_rootzone", "m3 m-3"),
    ("sm_profile", "sm_profile", "m3 m-3"),
    ("t_ground", "surface_temp", "K"),
    ("t_soil", "soil_temp_layer1", "K"),
)
FIELDS = (
    *(Column(ours, f"Analysis_Data/{name}_analysis", unit) for ours, name, unit in _STATES),
    *(Column(f"{ours}_std", f"Analysis_Data/{name}_analysis_ensstd", unit) for ours, name, unit in _STATES),
    *(Column(f"{ours}_sim", f"Forecast_Data/{name}_forecast", unit) for ours, name, unit in _STATES),
    *(Column(f"tb_{pol}_sim", f"Forecast_Data/tb_{pol}_forecast", "K") for pol in "hv"),
    *(Column(f"tb_{pol}_sim_std", f"Forecast_Data/tb_{pol}_forecast_ensstd", "K") for pol in "hv"),
    *(Column(f"tb_{pol}_obs", f"Observations_Data/tb_{pol}_obs", "K") for pol in "hv"),
    *(Column(f"tb_{pol}_obs_rescaled", f"Observations_Data/tb_{pol}_obs_assim", "K") for pol in "hv"),
    *(Column(f"tb_{pol}_obs_std", f"Observations_Data/tb_{pol}_obs_errstd", "K") for pol in "hv"),
)
"""Ours without a suffix is the analysis, ``_sim`` the forecast, ``_obs`` observed, ``_obs_rescaled`` assimilated."""


def load(path: str | Path, grid: str = "9km") -> xr.Dataset:
    """Open a granule lazily, on (time = 1, y, x), UTC.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.smap_l4.open_level4`.
    """
    ds = open_level4(path, "Analysis_Data", FIELDS, grid)
    ds.attrs |= {"title": TITLE, "citation": CITATION, "licence": PASSIVE_LICENCE}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables."""
    return head.kind == "hdf5" and "Analysis_Data/sm_surface_analysis" in head.variables


def write_example(path: str | Path) -> None:
    """Write a spatial subset of 20 x 20 cells with made-up values."""
    rng = np.random.default_rng(4)
    with new_granule(path, "SPL4SMAU", "Vv7032", "2021-07-01T03:00:00.000Z") as file:
        shape = subset_axes(file, "9km", slice(500, 520), slice(900, 920))
        for column in FIELDS:
            spread = column.theirs.endswith("std")
            low, high = {"K": (2.0, 6.0) if spread else (200.0, 300.0)}.get(column.unit, (0.01, 0.4))
            values = rng.uniform(low, high, shape).astype(np.float32)
            put(file, column.theirs, shape, values, units=column.unit)


ENTRY = CatalogEntry(
    name="spl4smau",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("benchmarks", "observations"),
    kind="reanalysis",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L4_SM_aup_20210701T030000_Vv7032_001.h5",
)
