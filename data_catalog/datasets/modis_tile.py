"""Put the fields of a tile of MODIS or VIIRS, from whatever kind of file, into our names."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["tile"]


def tile(
    fields: Mapping[str, tuple[np.ndarray, dict]],
    latitude: np.ndarray,
    longitude: np.ndarray,
    day: np.datetime64 | None,
    about: Mapping[str, str],
) -> xr.Dataset:
    """Return a tile on (time = 1, y, x), with latitude and longitude of each pixel.

    Parameters
    ----------
    fields : mapping
        Ours -> values (row, column) in our unit, and attributes beside the CF ones.
    day : datetime64, optional
        First day of the composite; without it there is no time.
    about : mapping
        Attributes of the whole.
    """
    ds = xr.Dataset()
    for name, (values, attrs) in fields.items():
        cf = VARIABLES[name].cf_attrs if name in VARIABLES else {}
        ds[name] = (("y", "x"), values, {**cf, **attrs})
    ds = ds.assign_coords(
        latitude=(("y", "x"), latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        longitude=(("y", "x"), longitude, {"units": "degrees_east", "standard_name": "longitude"}),
    )
    if day is not None:
        ds = ds.expand_dims(time=np.array([day], "datetime64[ns]"))
    ds.attrs = {**about, "synthetic": 0}
    return ds
