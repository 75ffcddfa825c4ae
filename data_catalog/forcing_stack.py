"""Weather of the land surface model at a place, put together: of a tower, of a reanalysis' cell, of the world."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.datasets import plumber2, uscrn
from data_catalog.datasets.tower_weather import saturation_pressure, specific_humidity, standard_pressure
from data_catalog.gridded_weather import at_places
from data_catalog.head import Head
from data_catalog.stack import Stack, check_orders, source_table
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.static import open_static
from models.climatology import day_of_365
from models.land.layout import FORCING
from models.variables import VARIABLES

__all__ = [
    "GIVERS",
    "GRIDDED",
    "TOWER_PRODUCTS",
    "WEATHER",
    "nearest_land",
    "open_grids",
    "stacked_forcing",
    "tower_product",
]

WEATHER = ("t_air", "q_air", "pressure", "wind", "sw_down", "lw_down", "precip_rate")
"""What the land surface model needs of each step."""

GIVERS = ("tower", "file", "world")
"""Who may give it, in the usual order of preference."""

TOWER_PRODUCTS = {"plumber2": plumber2.load, "uscrn": uscrn.load}
"""Datasets of towers and stations whose weather may lack something, and their readers."""

GRIDDED = ("era5", "era5-land", "merra2", "geos-fp", "gldas", "imerg", "spl4smgp")
"""Datasets of the catalog that give weather on a grid."""

HOUR = np.timedelta64(3600, "s")
FEBRUARY_28 = 58
DAY = 86400.0


def nearest_land(grid: str, latitude: float, longitude: float) -> int:
    """Return the position of the land cell whose centre is nearest."""
    static = open_static(grid)
    here, there = np.radians(latitude), np.radians(static["latitude"].values.astype(float))
    east = np.radians(static["longitude"].values.astype(float) - longitude)
    near = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(east / 2) ** 2
    return int(np.argmin(near))


def tower_product(path: str | Path) -> str:
    """Return which of `TOWER_PRODUCTS` a file is, by its content; "" for another."""
    return _product(Path(path), tuple(TOWER_PRODUCTS))


def _product(path: Path, names: tuple[str, ...]) -> str:
    from data_catalog import CATALOG  # which imports the datasets that use this module

    head = Head(path)
    return next((name for name in names if CATALOG[name].recognise(path, head)), "")


def open_grids(path: str | Path) -> list[xr.Dataset]:
    """Open a reanalysis' file, or all in a folder; those of the same fields follow one another in time.

    Returns
    -------
    list of Dataset
        Lazily; empty where none is of `GRIDDED`.
    """
    from data_catalog import CATALOG

    path = Path(path)
    groups: dict[tuple, list[xr.Dataset]] = {}
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        product = _product(file, GRIDDED) if file.is_file() else ""
        if product:
            ds = CATALOG[product].load(file)
            fields = tuple(sorted(str(name) for name in ds.data_vars if name in WEATHER))
            where = tuple(ds[axis].to_numpy().tobytes() for axis in ("latitude", "longitude"))
            if fields:
                groups.setdefault((product, fields, where), []).append(ds[list(fields)])
    joined = (xr.concat(g, "time", combine_attrs="override", join="exact") for g in groups.values())
    return [ds.sortby("time") for ds in joined]


def stacked_forcing(
    latitude: float,
    longitude: float,
    *,
    tower: xr.Dataset | None = None,
    files: xr.Dataset | Iterable[xr.Dataset] = (),
    order: Sequence[str] | Mapping[str, Sequence[str]] = GIVERS,
    fill_gaps: bool | Mapping[str, bool] = True,
    grid: str = "108km",
    seed: int = 1,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Put together weather for the land surface model at one place.

    A file's steps are held for their length, its clock is brought from UTC to the place's by whole hours of longitude.
    Humidity of a tower comes from its deficit or relative humidity, its temperature and its pressure (else that of a
    standard atmosphere). The world's hours are those of its synthetic weather on the day of the year.

    Parameters
    ----------
    latitude, longitude : float
        Degrees.
    tower : Dataset, optional
        Half hours or hours on (time, site = 1) from a reader of the catalog (FLUXNET, AmeriFlux, PLUMBER2, USCRN), its
        times the start of the steps in local standard time.
    files : Dataset or several, optional
        Reanalyses on a grid (ERA5, MERRA-2, GEOS-FP, GLDAS, IMERG, SPL4SMGP); what several have is the first's.
    order : sequence of str, or mapping of variable to one
        Who is preferred, of `GIVERS`; see `data_catalog.stack.check_orders`.
    fill_gaps : bool, or mapping of variable to one
        Whether gaps go to the next in the order; the model takes no gaps, so what is left must be whole.
    grid : str
        Grid of the world.
    seed : int
        Of the world's weather.

    Returns
    -------
    forcing : Dataset
        `WEATHER` and ``<name>_source`` (who gave each step) on (time), whole days; attributes ``clock``, ``stamp``,
        ``driver_sources``. The steps are the tower's; those of the files without one, at most an hour.
    sources : DataFrame
        Columns driver, source, share of the steps.

    Raises
    ------
    ValueError
        Nobody says which days are meant, the place lies outside a file, the order is none, or gaps are left.
    """
    parts = [files] if isinstance(files, xr.Dataset) else list(files)
    orders = check_orders(order, WEATHER, GIVERS)
    fill = fill_gaps if isinstance(fill_gaps, Mapping) else dict.fromkeys(WEATHER, fill_gaps)
    clock = np.timedelta64(round(longitude / 15.0), "h")
    places = [_local(at_places(ds, [latitude], [longitude]).isel(site=0), clock) for ds in parts]
    time = _steps(tower, places)
    world = _world_hours(time, latitude, longitude, grid, seed)
    stacks = {name: Stack(name, np.full(time.size, np.nan), fill=bool(fill.get(name, True))) for name in WEATHER}
    for name, stack in stacks.items():
        for giver in orders[name]:
            if stack.full:
                break
            if giver == "tower" and tower is not None:
                values, words = _of_tower(tower, name, time)
                stack.offer(values, f"tower {words}")
            elif giver == "file":
                for ds, part in zip(places, parts, strict=True):
                    if name in ds:
                        stack.offer(_held(ds, name, time), f"file {part.attrs.get('title', 'grid')}")
            elif giver == "world":
                stack.offer(world[name], f"world {grid}, synthetic")
        gaps = int((stack.source < 0).sum())
        if gaps:
            msg = (
                f"{name} has {gaps:,} gaps of {time.size:,} steps after {', '.join(orders[name])}; the land surface "
                "model takes none: let gaps go to the next in line, or put the world at the end of its order."
            )
            raise ValueError(msg)
    return _assembled(stacks, time, tower, parts, latitude, longitude), source_table(stacks.values())


def _local(ds: xr.Dataset, clock: np.timedelta64) -> xr.Dataset:
    """Bring a file's times from UTC to the clock of the place."""
    return ds.assign_coords(time=ds["time"].to_numpy().astype("datetime64[s]") + clock).compute()


def _steps(tower: xr.Dataset | None, places: list[xr.Dataset]) -> np.ndarray:
    """Return the steps: whole days of the tower's, else of the files' period by the hour."""
    if tower is not None:
        time = tower["time"].to_numpy().astype("datetime64[s]")
        step = np.median(np.diff(time)) if time.size > 1 else HOUR
        if step not in (HOUR, HOUR // 2):
            said = step / HOUR
            msg = f"The tower's steps are {said:g} h; half hours and hours are accepted."
            raise ValueError(msg)
    elif places:
        time = np.unique(np.concatenate([ds["time"].to_numpy() for ds in places]))
        step = HOUR
        time = np.append(time, time[-1] + (np.median(np.diff(time)) if time.size > 1 else HOUR) - step)
    else:
        msg = "Nobody says which days are meant: give a tower's half hours, or files of a reanalysis."
        raise ValueError(msg)
    first = (time[0] + np.timedelta64(86399, "s")).astype("datetime64[D]")
    last = (time[-1] + step).astype("datetime64[D]")
    if last <= first:
        msg = f"The record, {time[0]} to {time[-1]} by the place's clock, holds no whole day."
        raise ValueError(msg)
    return np.arange(first.astype("datetime64[s]"), last.astype("datetime64[s]"), step)


def _world_hours(time: np.ndarray, latitude: float, longitude: float, grid: str, seed: int) -> dict[str, np.ndarray]:
    """Return the world's weather of each step: its hour on that day of the year."""
    hours = hourly_forcing(grid, np.array([nearest_land(grid, latitude, longitude)]), seed=seed)[:, 0]
    day = day_of_365(time)
    day = np.where(day < 0, FEBRUARY_28, day)
    hour = (time - time.astype("datetime64[D]")) // HOUR
    row = hours[day * 24 + hour.astype(int)]
    return {name: row[:, FORCING.index(name)] for name in WEATHER}


def _of_tower(tower: xr.Dataset, name: str, time: np.ndarray) -> tuple[np.ndarray, str]:
    """Return what a tower gives of a variable on the steps, and what it is."""
    site = tower.isel(site=0) if "site" in tower.dims else tower
    held = pd.DatetimeIndex(site["time"].to_numpy())

    def column(wanted: str) -> np.ndarray:
        if wanted not in site:
            return np.full(time.size, np.nan)
        values = pd.Series(site[wanted].to_numpy().astype(float), index=held)
        low, high = VARIABLES[wanted].low, VARIABLES[wanted].high
        # A half hour of rain may exceed what a day can have.
        possible = (values >= low) & (values <= (8.0 * high if wanted == "precip" else high))
        return values.where(possible).reindex(pd.DatetimeIndex(time)).to_numpy()

    if name == "precip_rate" and "precip_rate" not in site:
        return np.maximum(column("precip"), 0.0) / DAY, "precip"
    if name != "q_air" or "q_air" in site:
        values = column(name)
        return (np.maximum(values, 0.0) if name in ("sw_down", "precip_rate") else values), name
    t_air, pressure = column("t_air"), column("pressure")
    elevation = float(site["elevation"]) if "elevation" in site.coords else np.nan
    pressure = np.where(np.isfinite(pressure), pressure, standard_pressure(elevation))
    full = saturation_pressure(t_air)
    humidity = next((one for one in ("vpd", "relative_humidity") if one in site), "")
    if not humidity:
        return np.full(time.size, np.nan), ""
    measured = column(humidity)
    vapour = full - measured if humidity == "vpd" else full * np.minimum(measured, 100.0) / 100.0
    return specific_humidity(np.maximum(vapour, 1.0), pressure), f"{humidity} and t_air"


def _held(ds: xr.Dataset, name: str, time: np.ndarray) -> np.ndarray:
    """Return a file's values on the steps, each held for its length."""
    own = ds["time"].to_numpy()
    length = np.median(np.diff(own)) if own.size > 1 else HOUR
    at = np.searchsorted(own, time, side="right") - 1
    inside = (at >= 0) & (time - own[np.maximum(at, 0)] < length)
    return np.where(inside, ds[name].to_numpy().astype(float)[np.maximum(at, 0)], np.nan)


def _assembled(stacks, time, tower, parts, latitude, longitude) -> xr.Dataset:
    ds = xr.Dataset(coords={"time": time.astype("datetime64[ns]")})
    for name, stack in stacks.items():
        ds[name] = ("time", stack.values, {**VARIABLES[name].cf_attrs, "source": stack.words})
        ds[f"{name}_source"] = stack.by_step(("time",))
    ds["latitude"], ds["longitude"] = float(latitude), float(longitude)
    givers = [*([tower] if tower is not None else []), *parts]

    def said(key: str) -> str:
        return "; ".join(dict.fromkeys(str(ds.attrs[key]) for ds in givers if ds.attrs.get(key)))

    ds.attrs = {
        "title": f"Weather at {latitude:.3f}, {longitude:.3f}: {said('title')}",
        "source": f"{said('source')}; where they have nothing, the embedded world's synthetic weather",
        "citation": said("citation"),
        "licence": said("licence"),
        "clock": "local standard time",
        "stamp": "start",
        "driver_sources": " | ".join(f"{name}: {stack.words}" for name, stack in stacks.items()),
        "notes": "; ".join(f"{name} of {stack.words.replace('; ', ', ')}" for name, stack in stacks.items()),
    }
    return ds
