"""What the world has beside a file's maps: soil of the land surface model, the climate behind the weather, its land."""

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import xarray as xr

from data_catalog.observations import GOOD
from data_catalog.regrid import cells_of_points, onto_cells
from data_catalog.world.phenology import fpar
from data_catalog.world.soil import label_of, parents_of, shipped
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, T_SOIL
from data_catalog.world.static import open_static
from models.climatology import day_of_365
from models.variables import VARIABLES

__all__ = ["WORLD_FIELDS", "beside_world", "world_days", "world_ssm"]

FEBRUARY_28 = 58
"""Number of that day in a year, from 0; 29 February takes its values."""

_SOIL = {"smsf": SMSF, "smrz": SMRZ, "t_soil": T_SOIL, "frozen": FROZEN, "ssm": SMSF, "rzsm": SMRZ}
_LAND = ("elevation", "land_fraction", "sand", "clay")
_PAR = 0.45 * 0.0864
"""Photosynthetically active share of sunlight, and MJ m-2 d-1 of a W m-2."""

_CLIMATE: dict[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "t_air": lambda ds: ds["t_air"],
    "precip": lambda ds: ds["precip"],
    "precip_rate": lambda ds: ds["precip"] / 86400.0,
    "pressure": lambda ds: ds["pressure"],
    "sw_down": lambda ds: ds["sw_down"],
    "par": lambda ds: ds["sw_down"] * _PAR,
    "vpd": lambda ds: ds["vpd"],
    "wind": lambda ds: ds["wind"],
    "q_air": lambda ds: 0.622 * ds["vapour_pressure"] / (ds["pressure"] - 0.378 * ds["vapour_pressure"]),
}

WORLD_FIELDS = (*_SOIL, "fpar", *_CLIMATE, *_LAND)
"""Variables that the world has as they stand; what L4C gives on it comes from a run."""


def world_days(name: str, grid: str, time: np.ndarray, cells: np.ndarray | None = None) -> xr.DataArray:
    """Return a variable of the world on the days of the year of some times; it is no forecast for a date.

    Soil is that of the land surface model on synthetic weather (``smsf``, ``ssm``: 0-10 cm; ``smrz``, ``rzsm``: 0-100
    cm; volumes are wetness times porosity). Weather is the mean climate of the month, which is real; fPAR the assumed
    season of the plants; the land does not change.

    Parameters
    ----------
    name : str
        Of `WORLD_FIELDS`.
    grid : str
        "36km" or "108km".
    time : (time,) datetime64
    cells : (cell,) int array, optional
        Positions of cells; all of them if not given.

    Returns
    -------
    DataArray
        (time, cell) in our unit; the attribute ``source`` says what it is.

    Raises
    ------
    KeyError
        The world has no such variable.
    """
    if name not in WORLD_FIELDS:
        msg = f"The world has no {name!r}; it has {', '.join(WORLD_FIELDS)}."
        raise KeyError(msg)
    static = open_static(grid)
    cells = np.arange(static.sizes["cell"]) if cells is None else np.asarray(cells)
    time = np.asarray(time)
    day = day_of_365(time)
    day = np.where(day < 0, FEBRUARY_28, day)
    if name in _SOIL:
        parent, run = parents_of(static, grid)[cells], shipped()
        values = run.soil[parent, _SOIL[name]][:, day].T
        if name in ("ssm", "rzsm"):
            values = values / 100.0 * run.porosity[parent][None, :]
        source = f"synthetic: {label_of(grid, own=False)}"
    elif name == "fpar":
        values = _mean_fpar(grid)[cells][:, day // 8].T
        source = "assumed: the season of the world's plants on its mean climate"
    elif name in _CLIMATE:
        month = time.astype("datetime64[M]").astype(int) % 12
        values = _CLIMATE[name](static.isel(cell=cells)).transpose("month", "cell").to_numpy()[month]
        source = "mean climate of the month behind the world's weather (real)"
    else:
        values = np.broadcast_to(static[name].to_numpy()[cells], (time.size, cells.size))
        source = "the world's land (real, resampled)"
    attrs = VARIABLES[name].cf_attrs | {"source": source}
    coords = {"time": time, "cell": cells}
    return xr.DataArray(values, dims=("time", "cell"), coords=coords, name=f"{name}_sim", attrs=attrs)


@cache
def _mean_fpar(grid: str) -> np.ndarray:
    """Return fPAR (cell, 8-day step) of the vegetated part of each cell, NaN where nothing grows."""
    static = open_static(grid)
    fraction = static["pft_fraction"].to_numpy()
    cover = fraction.sum(axis=1, keepdims=True)
    stored = fpar(static)
    total = sum(0.01 * stored[:, k] * fraction[:, k, None] for k in range(fraction.shape[1]))
    return np.where(cover > 0.0, total / np.maximum(cover, 1e-9), np.nan).astype(np.float32)


def world_ssm(grid: str, time: np.ndarray, cells: np.ndarray | None = None) -> xr.DataArray:
    """Return the world's surface soil moisture (time, cell) [m3 m-3]; see `world_days`."""
    return world_days("ssm", grid, time, cells)


def beside_world(
    granules: xr.Dataset | Iterable[xr.Dataset],
    *,
    variable: str = "ssm",
    grid: str = "36km",
    quality: int | None = GOOD,
) -> xr.Dataset:
    """Put maps of a file and the world's on the same cells and days.

    Parameters
    ----------
    granules : Dataset or several
        Maps of the variable from the catalog, such as SPL3SMP granules; points are averaged over cells.
    variable : str
        Of `WORLD_FIELDS`.
    grid : str
        Grid of the world.
    quality : int, optional
        Largest ``<variable>_qc`` that is taken; None takes all.

    Returns
    -------
    Dataset
        ``<variable>_obs``, ``<variable>_sim`` on (time, cell) in our unit, with row, column, latitude and longitude.

    Raises
    ------
    ValueError
        One lacks the variable, or lies on no known grid.
    """
    parts = [granules] if isinstance(granules, xr.Dataset) else list(granules)
    static = open_static(grid)
    flag = f"{variable}_qc"
    rows, times, sources = [], [], []
    for ds in parts:
        if variable not in ds:
            msg = f"The data lack {variable}; they have {', '.join(map(str, ds.data_vars))[:200]}."
            raise ValueError(msg)
        field = ds[variable] if quality is None or flag not in ds else ds[variable].where(ds[flag] <= quality)
        if "point" in field.dims:
            mean, _ = cells_of_points(field.to_numpy(), ds["latitude"].to_numpy(), ds["longitude"].to_numpy(), grid)
            rows.append(mean[static["row"].to_numpy(), static["column"].to_numpy()][None])
            times.append(np.array([np.nanmedian(ds["time"].to_numpy().astype(np.int64)).astype("datetime64[ns]")]))
        else:
            maps = field.to_dataset(name=variable).assign_attrs(grid=ds.attrs.get("grid", ""))
            placed = onto_cells(maps, static, "nearest" if grid == "36km" else "mean", least=0.0)[variable]
            rows.append(placed.transpose("time", "cell").to_numpy())
            times.append(ds["time"].to_numpy())
        sources.append(str(ds.attrs.get("source", "")))
    time = np.concatenate(times)
    attrs = VARIABLES[variable].cf_attrs | {"source": "; ".join(dict.fromkeys(sources))}
    out = xr.Dataset({f"{variable}_obs": (("time", "cell"), np.concatenate(rows), attrs)}, coords={"time": time})
    out[f"{variable}_sim"] = world_days(variable, grid, time).drop_vars("cell")
    out = out.assign_coords(
        {name: ("cell", static[name].to_numpy()) for name in ("row", "column", "latitude", "longitude")}
    )
    known = ("title", "citation", "licence")
    return out.assign_attrs(
        {key: parts[0].attrs[key] for key in known if key in parts[0].attrs} | {"grid": grid}
    ).sortby("time")
