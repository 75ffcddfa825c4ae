"""Humidity of the air of reanalyses, from what each of them gives."""

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["add_wind", "specific_humidity", "vapour_pressure_deficit", "vpd_of_dewpoint", "vpd_of_relative_humidity"]

EPSILON = 0.621981
"""Ratio of the gas constants of dry air and water vapour."""


def saturation(temperature: xr.DataArray) -> xr.DataArray:
    """Return the saturation vapour pressure over water [Pa] of a temperature [K] (ECMWF IFS documentation, Eq. 7.5)."""
    return 611.21 * np.exp(17.502 * (temperature - 273.16) / (temperature - 32.19))


def specific_humidity(dewpoint: xr.DataArray, pressure: xr.DataArray) -> xr.DataArray:
    """Return specific humidity [kg kg-1] of dew point [K] and pressure [Pa]."""
    e = saturation(dewpoint)
    q = EPSILON * e / (pressure - (1.0 - EPSILON) * e)
    return q.assign_attrs(VARIABLES["q_air"].cf_attrs | {"comment": "from dew point and pressure"})


def vpd_of_dewpoint(temperature: xr.DataArray, dewpoint: xr.DataArray) -> xr.DataArray:
    """Return the vapour pressure deficit [Pa] of a step, of temperature and dew point [K]."""
    deficit = saturation(temperature) - saturation(dewpoint)
    return deficit.assign_attrs(VARIABLES["vpd"].cf_attrs | {"comment": "of the step, from dew point"})


def vpd_of_relative_humidity(temperature: xr.DataArray, humidity: xr.DataArray) -> xr.DataArray:
    """Return the vapour pressure deficit [Pa] of a step, of temperature [K] and relative humidity [%]."""
    deficit = saturation(temperature) * (1.0 - humidity.clip(0.0, 100.0) / 100.0)
    return deficit.assign_attrs(VARIABLES["vpd"].cf_attrs | {"comment": "of the step, from relative humidity"})


def vapour_pressure_deficit(temperature: xr.DataArray, humidity: xr.DataArray, pressure: xr.DataArray) -> xr.DataArray:
    """Return the vapour pressure deficit [Pa] as L4C computes it (Jones et al. 2017), of the step."""
    celsius = temperature - 273.15
    full = 610.7 * np.exp(17.38 * celsius / (239.0 + celsius))
    deficit = full - humidity * pressure / (0.622 + 0.378 * humidity)
    return deficit.assign_attrs(VARIABLES["vpd"].cf_attrs | {"comment": "of the step, from specific humidity"})


def add_wind(ds: xr.Dataset, raw: xr.Dataset, east: str, north: str) -> xr.Dataset:
    """Add the wind speed of two components, where a file has them."""
    if east in raw and north in raw and "wind" not in ds:
        speed = np.hypot(raw[east], raw[north])
        ds["wind"] = speed.assign_attrs(VARIABLES["wind"].cf_attrs | {"column": f"{east} {north}"})
    return ds
