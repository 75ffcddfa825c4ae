"""GLDAS: the Global Land Data Assimilation System, 3-hourly to monthly, and its maps of elevation and land."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.product_columns import Column
from data_catalog.datasets.regular_file import RegularProduct
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "PRODUCT", "write_example"]

DAY = 86400.0
STEP = 8.0
"""Accumulations are over 3 hours: eight a day."""
COLUMNS = (
    Column("t_air", "Tair_f_inst", "K"),
    Column("t_air", "Tair_f_tavg", "K"),
    Column("q_air", "Qair_f_inst", "kg kg-1", low=0.0),
    Column("q_air", "Qair_f_tavg", "kg kg-1", low=0.0),
    Column("pressure", "Psurf_f_inst", "Pa"),
    Column("pressure", "Psurf_f_tavg", "Pa"),
    Column("wind", "Wind_f_inst", "m s-1"),
    Column("wind", "Wind_f_tavg", "m s-1"),
    Column("sw_down", "SWdown_f_tavg", "W m-2"),
    Column("lw_down", "LWdown_f_tavg", "W m-2"),
    Column("precip_rate", "Rainf_f_tavg", "kg m-2 s-1", comment="rain and snow"),
    Column("ssm", "SoilMoi0_10cm_inst", "kg m-2", factor=0.01, comment="0-10 cm"),
    Column("t_soil", "SoilTMP0_10cm_inst", "K", comment="0-10 cm"),
    Column("t_ground", "AvgSurfT_inst", "K"),
    Column("swe", "SWE_inst", "kg m-2"),
    Column("snow_depth", "SnowDepth_inst", "m"),
    Column("canopy_water", "CanopInt_inst", "kg m-2"),
    Column("et", "Evap_tavg", "kg m-2 s-1", factor=DAY),
    Column("runoff", "Qs_acc", "kg m-2", factor=STEP),
    Column("drainage", "Qsb_acc", "kg m-2", factor=STEP),
    Column("le", "Qle_tavg", "W m-2"),
    Column("h", "Qh_tavg", "W m-2"),
    Column("ground_heat", "Qg_tavg", "W m-2"),
    Column("elevation", "GLDAS_elevation", "m"),
    Column("land_fraction", "GLDAS_mask"),
)
LAYERS = (
    ("SoilMoi0_10cm_inst", 0.1),
    ("SoilMoi10_40cm_inst", 0.3),
    ("SoilMoi40_100cm_inst", 0.6),
    ("SoilMoi100_200cm_inst", 1.0),
)
"""Water of Noah's layers [kg m-2] and their thickness [m]."""


def _finish(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    held = [(name, thick) for name, thick in LAYERS if name in raw]
    if len(held) > 1:
        stack = xr.concat(
            [(raw[n] / np.float32(1000.0 * d)).drop_attrs() for n, d in held],
            "layer",
            coords="minimal",
            compat="override",
        )
        numbers = [k + 1 for k, (name, _) in enumerate(LAYERS) if name in raw]
        about = VARIABLES["soil_moisture"].cf_attrs | {"column": " ".join(name for name, _ in held)}
        ds["soil_moisture"] = stack.assign_coords(layer=numbers).assign_attrs(about)
    if len(held) >= 3:
        metre = sum(raw[name] for name, _ in LAYERS[:3]) / np.float32(1000.0)
        ds["rzsm"] = metre.assign_attrs(VARIABLES["rzsm"].cf_attrs | {"comment": "0-100 cm of three layers"})
    return ds


def _is_it(head: Head, names: set[str]) -> bool:
    return bool({column.theirs for column in COLUMNS} & names) and "GLDAS" in head.said("title")


def write_example(path: str | Path) -> None:
    """Write one step of 6 x 6 cells with made-up values."""
    rng = np.random.default_rng(8)
    like = {"K": (270.0, 300.0), "kg kg-1": (0.002, 0.01), "Pa": (9e4, 1e5), "W m-2": (50.0, 400.0), "m": (0.0, 0.5)}
    like |= {"kg m-2 s-1": (0.0, 1e-4), "kg m-2": (10.0, 35.0), "m s-1": (0.0, 9.0)}
    names = [(c.theirs, c.unit) for c in COLUMNS if c.unit and c.theirs.endswith(("_inst", "_tavg", "_acc"))]
    names += [(name, "kg m-2") for name, _ in LAYERS[1:]]
    fields = {name: rng.uniform(*like[unit], (1, 6, 6)) * (3.0 if "40cm" in name else 1.0) for name, unit in names}
    units = dict(names)
    ds = xr.Dataset(
        {name: (("time", "lat", "lon"), x.astype(np.float32), {"units": units[name]}) for name, x in fields.items()},
        coords={
            "time": ("time", [7931520.0], {"units": " minutes since 2000-01-01 03:00:00"}),
            "lat": ("lat", np.arange(40.125, 41.6, 0.25, np.float32), {"units": "degrees_north"}),
            "lon": ("lon", np.arange(8.125, 9.6, 0.25, np.float32), {"units": "degrees_east"}),
        },
        attrs={"title": "GLDAS2.1 LIS land surface model output", "source": "Noah_v3.3"},
    )
    ds.to_netcdf(path, engine="h5netcdf", encoding={name: {"_FillValue": np.float32(-9999.0)} for name in fields})


PRODUCT = RegularProduct(
    name="gldas",
    title="GLDAS-2 land surface, 0.25 or 1 degree",
    citation="Rodell et al. 2004, Bull. Am. Meteorol. Soc. 85, 381; GES DISC",
    licence="NASA open data: free, to be cited",
    columns=COLUMNS,
    is_it=_is_it,
    feeds=("forcing", "benchmarks"),
    kind="reanalysis",
    finish=_finish,
    version=lambda raw: str(raw.attrs.get("title", "")).split(" ")[0].removeprefix("GLDAS"),
    stamp="end",
    write_example=write_example,
    example_name="GLDAS_NOAH025_3H.A20150130.0000.021.nc4",
)

ENTRY = PRODUCT.entry()
