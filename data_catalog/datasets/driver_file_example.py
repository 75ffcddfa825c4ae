"""A tiny file of invented drivers of L4C, in the layout of `data_catalog.datasets.driver_file`."""

from pathlib import Path

import numpy as np
import xarray as xr

from models.variables import VARIABLES

__all__ = ["write_example"]

_DAYS_A_YEAR = 365.0


def write_example(path: str | Path, *, cells: int = 8, days: int = 365, seed: int = 1) -> None:
    """Write a tiny file of invented drivers, to show the format and to test with.

    Parameters
    ----------
    path : str or Path
        Where to write it; a name that ends with .zarr makes a Zarr store.
    cells, days : int
        Its size.
    seed : int
        Of the invented numbers.
    """
    random = np.random.default_rng(seed)
    season = -np.cos(2 * np.pi * np.arange(days) / _DAYS_A_YEAR)[None, :]
    noise = random.standard_normal((5, cells, days))
    wet = np.clip(55 + 15 * season + 5 * noise[2], 5, 100)
    t_min = 275 + 10 * season + 3 * noise[1]
    values = {
        "par": np.clip(7 + 4 * season + noise[0], 0.1, None),
        "fpar": np.clip(0.4 + 0.3 * season + 0.02 * noise[3], 0, 1),
        "tmin": t_min,
        "vpd": np.clip(900 + 600 * season + 150 * noise[4], 0, None),
        "smrz": wet,
        "smsf": np.clip(wet - 10, 0, 100),
        "t_soil": t_min + 4,
        "frozen": (t_min < 273.15).astype("int8"),
    }
    first = np.datetime64("2015-01-01", "ns")
    ds = xr.Dataset(
        {name: (("cell", "time"), v, VARIABLES[name].cf_attrs) for name, v in values.items()},
        {"time": first + np.arange(days) * np.timedelta64(1, "D")},
        {"title": "Invented drivers of L4C", "source": "synthetic: random numbers with a season", "licence": "CC0"},
    )
    ds["pft"] = ("cell", (np.arange(cells) % 8 + 1).astype("int8"), {"long_name": "plant functional type, 1 to 8"})
    ds["latitude"] = ("cell", np.linspace(-40, 60, cells), {"units": "degrees_north"})
    ds["longitude"] = ("cell", np.linspace(-120, 150, cells), {"units": "degrees_east"})
    if Path(path).suffix == ".zarr":
        ds.to_zarr(path, mode="w", consolidated=False)
    else:
        ds.to_netcdf(path, engine="h5netcdf")
