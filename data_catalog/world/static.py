"""The static and climate fields of the embedded world, cell by cell."""

from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world import weather_rules as rules
from data_catalog.world.land_cover import ASSUMPTIONS as COVER_ASSUMPTIONS
from data_catalog.world.land_cover import KOPPEN, pft_fraction
from data_catalog.world.phenology import ASSUMPTIONS as FPAR_ASSUMPTIONS
from models.variables import VARIABLES

__all__ = ["CLIMATE_FILES", "STORED_MONTHLY", "base_fields", "open_static", "with_rules"]

CLIMATE_FILES = {grid: Path(__file__).with_name(f"climate_{grid}.nc") for grid in ("36km", "108km")}
STORED_MONTHLY = ("t_air", "rain", "snowfall", "vapour_pressure", "pressure", "sw_down", "sw_clear")
MONTHS = np.arange(1, 13)

# Units and meaning of what the nomenclature does not hold.
OTHER = {
    "row": ("1", "row of the cell, 0 in the north"),
    "column": ("1", "column of the cell, 0 at 180 W"),
    "latitude": ("degrees_north", "latitude of the cell's centre"),
    "longitude": ("degrees_east", "longitude of the cell's centre"),
    "koppen": ("1", "Koeppen-Geiger class, index into the attribute koppen_classes"),
    "land_fraction": ("1", "fraction of the cell that is land"),
    "igbp_fraction": ("1", "fraction of the land under each IGBP class"),
    "fapar_max": ("1", "mean annual maximum of fAPAR of the vegetated land (PT-JPL scale)"),
    "cloud_water": ("%", "annual probability that clouds hold liquid water"),
    "t_range": ("K", "mean diurnal range of air temperature"),
    "wet_days": ("d", "days of the month with at least 1 mm of rain"),
    "snowfall": ("mm d-1", "part of the precipitation that the map of liquid rain does not hold, by a fitted rule"),
    "vapour_pressure": ("Pa", "water vapour pressure"),
    "sw_clear": ("W m-2", "downward shortwave radiation under a clear sky"),
    "sw_top": ("W m-2", "shortwave radiation at the top of the atmosphere"),
    "t_anomaly_std": ("K", "standard deviation of daily mean temperature within a month"),
}


def open_static(grid="36km"):
    """Open the static and climate fields of the embedded world.

    Parameters
    ----------
    grid : str
        "36km", or "108km" for the area-weighted means of 3 x 3 cells.

    Returns
    -------
    xarray.Dataset
        Dimensions ``cell`` (land cells in row-major order), ``month`` (1-12), ``pft`` (1-8), ``igbp`` (1-16).
        ``area`` is that of the cell's land; ``pft_fraction`` and ``igbp_fraction`` are fractions of that area. Every
        field is finite in every cell. The attributes hold sources, licences, errors and assumptions.

    Raises
    ------
    ValueError
        If ``grid`` is neither of the two.
    """
    if grid not in CLIMATE_FILES:
        msg = f"The embedded world has no grid {grid!r}; accepted are {' and '.join(CLIMATE_FILES)}."
        raise ValueError(msg)
    return _static(grid).copy()


@cache
def _static(grid):
    path = CLIMATE_FILES[grid]
    if not path.is_file():
        msg = f"{path.name} is missing; install the package again, or run python -m data_catalog.world.build."
        raise FileNotFoundError(msg)
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        ds = with_rules(base_fields(stored.load(), grid))
        ds.attrs = dict(stored.attrs, grid=grid, koppen_classes=" ".join(KOPPEN))
    for name, variable in ds.variables.items():
        if name in VARIABLES:
            variable.attrs = VARIABLES[name].cf_attrs
        elif name in OTHER:
            variable.attrs = {"units": OTHER[name][0], "long_name": OTHER[name][1]}
    ds.attrs["source"] = "real land and mean climate, resampled; partly fitted or assumed, as `assumptions` says"
    ds.attrs["assumptions"] = f"{COVER_ASSUMPTIONS} {rules.ASSUMPTIONS} {FPAR_ASSUMPTIONS}"
    for variable in ds.variables.values():
        variable.values.flags.writeable = False  # all who open the world share it
    return ds.set_coords(["latitude", "longitude"])


def base_fields(stored, grid):
    """Turn the stored fields of a grid into (cell, ...) arrays, and add place, area and plant types.

    Parameters
    ----------
    stored : xarray.Dataset
        As read from the file, or as made by the build script.
    grid : str
        The grid of its cells.

    Returns
    -------
    xarray.Dataset
        Without the fields that rules make.
    """
    ease = EaseGrid(grid)
    row, column = (stored[name].values.astype(np.int32) for name in ("row", "column"))
    latitude, longitude = ease.lat_lon(row, column)
    koppen = stored["koppen"].values.astype(np.int8)
    igbp = stored["igbp_fraction"].values.astype(np.float32)
    igbp /= igbp.sum(axis=1, keepdims=True)  # packed fractions add up to 1 only nearly
    pft = stored["pft_fraction"].values if "pft_fraction" in stored else pft_fraction(igbp, koppen, longitude)
    land_fraction = stored["land_fraction"].values
    fields = {
        "row": ("cell", row),
        "column": ("cell", column),
        "latitude": ("cell", latitude),
        "longitude": ("cell", longitude),
        "land_fraction": ("cell", land_fraction.astype(np.float32)),
        "area": ("cell", land_fraction.astype(np.float64) * ease.cell_area),
        "koppen": ("cell", koppen),
        "igbp_fraction": (("cell", "igbp"), igbp),
        "pft_fraction": (("cell", "pft"), pft.astype(np.float32)),
    }
    for name in ("elevation", "fapar_max", "cloud_water"):
        fields[name] = ("cell", stored[name].values.astype(np.float32))
    for name in STORED_MONTHLY:
        fields[name] = (("cell", "month"), np.ascontiguousarray(stored[name].values.T, dtype=np.float32))
    fields["precip"] = (("cell", "month"), fields.pop("rain")[1] + fields["snowfall"][1])
    return xr.Dataset(fields, coords={"month": MONTHS, "pft": np.arange(1, 9), "igbp": np.arange(1, 17)})


def with_rules(ds):
    """Add the fields that the sources do not hold and rules stand in for."""
    koppen, t_air = ds["koppen"].values, ds["t_air"].values
    top = rules.top_of_atmosphere(ds["latitude"].values).astype(np.float32)
    humidity = ds["vapour_pressure"].values / rules.saturation_pressure(t_air)
    t_range = rules.diurnal_range(ds["sw_down"].values, top, humidity)
    t_std = rules.temperature_std(t_air)
    sand, clay = rules.soil_texture(ds["igbp_fraction"].values, koppen)
    monthly = {
        "sw_top": top,
        "t_range": t_range,
        "t_anomaly_std": t_std,
        "wet_days": rules.wet_days(ds["precip"].values, humidity),
        "vpd": rules.vapour_pressure_deficit(t_air, t_range, t_std, ds["vapour_pressure"].values),
        "wind": np.repeat(rules.wind_speed(ds["pft_fraction"].values, koppen)[:, None], 12, axis=1),
    }
    single = {
        "sand": sand,
        "clay": clay,
    }
    fields = {name: (("cell", "month"), values.astype(np.float32)) for name, values in monthly.items()}
    return ds.assign(fields | {name: ("cell", values.astype(np.float32)) for name, values in single.items()})
