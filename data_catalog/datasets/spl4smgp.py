"""SPL4SMGP: SMAP's level-4 land surface analysis, 3-hourly means, 9 km."""

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

TITLE = "SMAP L4 surface and root-zone soil moisture, geophysical fields, 3-hourly, 9 km (SPL4SMGP)"
CITATION = (
    "Reichle, R. H., et al., SMAP L4 Global 3-hourly 9 km EASE-Grid Surface and Root Zone Soil Moisture Geophysical "
    "Data, NASA NSIDC DAAC; Reichle et al. 2019, J. Adv. Model. Earth Syst. 11, 3106"
)
GROUP = "Geophysical_Data"
DAY = 86400.0
_AIR = "lowest layer of the atmosphere model, not 2 m"
FIELDS = (
    Column("ssm", "sm_surface", "m3 m-3"),
    Column("rzsm", "sm_rootzone", "m3 m-3"),
    Column("sm_profile", "sm_profile", "m3 m-3"),
    Column("smsf", "sm_surface_wetness", factor=100.0),
    Column("smrz", "sm_rootzone_wetness", factor=100.0),
    Column("t_soil", "soil_temp_layer1", "K"),
    Column("t_ground", "surface_temp", "K"),
    Column("t_air", "temp_lowatmmodlay", "K", comment=_AIR),
    Column("q_air", "specific_humidity_lowatmmodlay", "kg kg-1", comment=_AIR),
    Column("wind", "windspeed_lowatmmodlay", "m s-1", comment=_AIR),
    Column("pressure", "surface_pressure", "Pa"),
    Column("sw_down", "radiation_shortwave_downward_flux", "W m-2"),
    Column("precip_rate", "precipitation_total_surface_flux", "kg m-2 s-1"),
    Column("swe", "snow_mass", "kg m-2"),
    Column("snow_depth", "snow_depth", "m"),
    Column("snow_cover", "land_fraction_snow_covered"),
    Column("et", "land_evapotranspiration_flux", "kg m-2 s-1", factor=DAY),
    Column("runoff", "overland_runoff_flux", "kg m-2 s-1", factor=DAY),
    Column("drainage", "baseflow_flux", "kg m-2 s-1", factor=DAY),
    Column("le", "heat_flux_latent", "W m-2"),
    Column("h", "heat_flux_sensible", "W m-2"),
    Column("ground_heat", "heat_flux_ground", "W m-2"),
    Column("sw_net", "net_downward_shortwave_flux", "W m-2"),
    Column("lw_net", "net_downward_longwave_flux", "W m-2"),
    Column("lai", "leaf_area_index"),
    Column("vod_l", "mwrtm_vegopacity"),
    *(Column(f"soil_temperature_{k}", f"soil_temp_layer{k}", "K") for k in range(2, 7)),
)


def load(path: str | Path, grid: str = "9km") -> xr.Dataset:
    """Open a granule lazily, on (time = 1, y, x), UTC; soil temperatures of layers 2 to 6 as ``soil_temperature_K``.

    ``t_soil`` is layer 1 (0-10 cm); ``smsf`` and ``smrz`` are wetness in per cent, as L4C takes them.

    Raises
    ------
    FileNotFoundError, ValueError
        See `data_catalog.datasets.smap_l4.open_level4`.
    """
    ds = open_level4(path, GROUP, FIELDS, grid)
    ds.attrs |= {"title": TITLE, "citation": CITATION, "licence": PASSIVE_LICENCE, "stamp": "centre"}
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Say whether a file is one, by its variables."""
    return head.kind == "hdf5" and f"{GROUP}/sm_rootzone" in head.variables


def write_example(path: str | Path) -> None:
    """Write a spatial subset (the group, x and y) of 30 x 30 cells with made-up values."""
    rng = np.random.default_rng(3)
    like = {
        **dict.fromkeys(("m3 m-3",), (0.05, 0.5)),
        "K": (270.0, 310.0),
        "kg kg-1": (0.002, 0.02),
        "m s-1": (0.5, 9.0),
        "Pa": (8e4, 1.02e5),
        "W m-2": (5.0, 250.0),
        "kg m-2 s-1": (0.0, 1e-4),
        "kg m-2": (0.0, 50.0),
        "m": (0.0, 0.3),
        "": (0.05, 0.95),
    }
    with new_granule(path, "SPL4SMGP", "Vv7032", "2021-07-01T00:00:00.000Z") as file:
        shape = subset_axes(file, "9km", slice(500, 530), slice(900, 930))
        for column in FIELDS:
            values = rng.uniform(*like[column.unit], shape).astype(np.float32)
            values[0, 0] = -9999.0
            more = {"units": column.unit} if column.unit else {"units": "dimensionless"}
            put(
                file,
                f"{GROUP}/{column.theirs}",
                shape,
                values,
                valid_min=np.float32(-1e6),
                valid_max=np.float32(1e6),
                **more,
            )


ENTRY = CatalogEntry(
    name="spl4smgp",
    title=TITLE,
    citation=CITATION,
    licence=PASSIVE_LICENCE,
    load=load,
    feeds=("drivers", "forcing", "benchmarks"),
    kind="reanalysis",
    recognise=recognise,
    describe=lazily_described(load, lambda: ENTRY),
    write_example=write_example,
    example_name="SMAP_L4_SM_gph_20210701T013000_Vv7032_001.h5",
)
