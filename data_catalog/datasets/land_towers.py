"""Towers for the land surface model: their weather by half hours or hours, what stands there, and what they observed.

A tower whose half hours are at hand runs on them. One that has days alone, as those that ship with the app, has its
days spread over hours with the course that the embedded world's synthetic weather has there (`tower_days`). What the
tower does not say of its land (soil, deep temperature, cover) is that of the world's cell.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ameriflux_base import is_base
from data_catalog.datasets.ameriflux_l2 import is_level2
from data_catalog.datasets.bondville import is_bondville
from data_catalog.datasets.fluxnet import file_name
from data_catalog.datasets.fluxnet_daily import to_daily
from data_catalog.datasets.land_forcing import IGBP, open_forcing, read_half_hours, weather_of_tower
from data_catalog.datasets.tables import open_tables
from data_catalog.datasets.tower_days import hours_of_days
from data_catalog.entry import CatalogEntry
from data_catalog.forcing_stack import TOWER_PRODUCTS, nearest_land, stacked_forcing, tower_product
from data_catalog.towers import TOWERS, open_tower, towers_in
from data_catalog.world.hourly import hourly_forcing
from data_catalog.world.surface import surface

__all__ = [
    "ENTRY",
    "OBSERVED",
    "TowerLand",
    "land_towers_in",
    "named_land_tower",
    "nearest_land",
    "observed_in",
    "open_land_tower",
    "read_land_tower",
    "with_land",
]

OBSERVED = ("ssm", "rzsm", "t_soil", "le", "h", "gpp", "reco", "nee")
"""What a tower may have observed that the land surface model simulates."""

LAND = ("vegetation", "soil", "vegetation_fraction", "t_bottom", "soil_colour", "forcing_height")
TABLES = (".csv", ".gz", ".zip", ".txt", ".dat")
STACKED = (
    re.compile(r"([A-Z]{2}-\w{3})_\d{4}-\d{4}_\w+_Met\b.*\.nc$"),  # PLUMBER2
    re.compile(r"CRNH\d{4}-\d{4}-(\w+)\.txt$"),  # USCRN, hourly
)
"""Names of files of towers and stations that lack something of the weather, which the world gives."""

HEAD = 20_000


@dataclass(frozen=True, eq=False)
class TowerLand:
    """A tower as the land surface model sees it.

    Attributes
    ----------
    site, title : str
        Its code, and what to call it.
    forcing : xr.Dataset
        Weather on (time), whole days, with vegetation, soil, latitude and longitude; ``notes``, ``source``.
    observed : xr.Dataset or None
        Daily means of what it observed, on (time).
    daily : bool
        Whether the hours are not the tower's.
    """

    site: str
    title: str
    forcing: xr.Dataset
    observed: xr.Dataset | None
    daily: bool


def land_towers_in(data: Iterable[str | Path]) -> dict[str, Path]:
    """Find half-hourly and hourly tower files in folders; the first of a site counts.

    Parameters
    ----------
    data : iterable of paths
        Folders; their sub-folders are searched too.

    Returns
    -------
    dict
        Site code (for Bondville's text files ``US-Bo1``) -> file, sorted by site.
    """
    found: dict[str, Path] = {}
    for folder in data:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix.lower() in (*TABLES, ".nc"):
                site = _site_of(path)
                if site:
                    found.setdefault(site, path)
    return dict(sorted(found.items()))


def _site_of(path: Path) -> str:
    """Return the site of a table with half hours or hours, "" for another file; by its name, then its first lines."""
    name = path.name
    stacked = next((found[1] for pattern in STACKED if (found := pattern.match(name))), "")
    if stacked or path.suffix.lower() == ".nc":
        return stacked
    if name.startswith("AMF_") and "_BASE" in name:
        return name.split("_")[1]
    parts = file_name(name)
    if parts:
        return parts["site"] if parts["resolution"] in ("HH", "HR") else ""
    if path.suffix.lower() == ".zip":
        try:
            held = [file_name(table.name) for table in open_tables(path, "")]
        except ValueError:  # a damaged archive is told of by the scan of the folder
            return ""
        return next((one["site"] for one in held if one and one["resolution"] in ("HH", "HR")), "")
    if path.suffix.lower() in (".csv", ".txt", ".dat"):
        with path.open(encoding="latin-1") as stream:
            head = stream.read(HEAD)
        if is_bondville(head):
            return "US-Bo1"
        if is_level2(head) and name.startswith("AMF_"):
            code = name.split("_")[1].replace("-", "")
            return f"{code[:2]}-{code[2:]}"
        if is_base(head):
            return head.split("\n", 1)[0].removeprefix("# Site:").strip(" ,\r")[:6]
    return ""


def open_land_tower(site: str, data: Iterable[str | Path] = (), *, grid: str = "108km", seed: int = 1) -> TowerLand:
    """Open a tower: half hours of the user's own, else days, the user's own or those that ship.

    Parameters
    ----------
    site : str
        A key of `data_catalog.towers.TOWERS`, or of `land_towers_in` or `data_catalog.towers.towers_in`.
    data : iterable of paths
        The user's own folders.
    grid : str
        Grid of the world that says what the tower does not.
    seed : int
        Of the world's weather.

    Raises
    ------
    KeyError
        No tower of that name is there.
    ValueError
        Its file is broken, or does not say where it stands.
    """
    own = land_towers_in(data)
    if site in own:
        return read_land_tower(own[site], site=site, grid=grid)
    daily = open_tower(site, data)
    igbp = str(daily["igbp"].values[0]) if "igbp" in daily.coords else TOWERS[site].igbp if site in TOWERS else ""
    if "latitude" not in daily.coords:
        msg = f"The file of {site} does not say where it stands: lay a list of sites beside it."
        raise ValueError(msg)
    record = daily.isel(site=0)
    latitude, longitude = float(record["latitude"]), float(record["longitude"])
    cell = nearest_land(grid, latitude, longitude)
    weather, notes = hours_of_days(record, hourly_forcing(grid, np.array([cell]), seed=seed)[:, 0], seed=seed)
    weather["latitude"], weather["longitude"] = latitude, longitude
    if igbp in IGBP:
        weather["vegetation"] = IGBP.index(igbp) + 1
    weather.attrs = {
        "title": str(daily.attrs["title"]),
        "source": f"{daily.attrs['source']}, by day; hours of the day: the embedded world, synthetic",
        "citation": str(daily.attrs["citation"]),
        "clock": "local solar time",
        "stamp": "start",
        "notes": "; ".join(notes),
    }
    return TowerLand(site, str(daily.attrs["title"]), with_land(weather, grid), _observed(record), True)


def named_land_tower(site: str, data: Iterable[str | Path] = (), **options) -> TowerLand:
    """Open a tower as `open_land_tower` does; without a name raise ``ValueError`` that lists them."""
    if not site:
        known = ", ".join(dict.fromkeys([*land_towers_in(data), *towers_in(data), *TOWERS]))
        msg = f'The experiment says dataset = "tower": name it with site, of {known}.'
        raise ValueError(msg)
    return open_land_tower(site, data, **options)


def observed_in(path: str | Path) -> xr.Dataset | None:
    """Return daily means of what a half-hourly tower table observed, or None for weather of another kind."""
    path = Path(path)
    if path.suffix.lower() not in TABLES or not path.is_file() or _is_bondville(path):
        return None
    return _observed(to_daily(read_half_hours(path)).isel(site=0))


def _is_bondville(path: Path) -> bool:
    """Say whether a file is Bondville's text."""
    with path.open(encoding="latin-1") as stream:
        return is_bondville(stream.read(HEAD))


def read_land_tower(path: str | Path, *, site: str = "", grid: str = "108km") -> TowerLand:
    """Read a tower's half hours from a file of any kind that `data_catalog.datasets.land_forcing.open_forcing` takes.

    What a tower of PLUMBER2 or a station of USCRN did not measure is the world's, as ``<name>_source`` says.

    Raises
    ------
    ValueError
        See `data_catalog.datasets.land_forcing.open_forcing`.
    """
    path = Path(path)
    product = tower_product(path)
    if product:
        tower = TOWER_PRODUCTS[product](path)
        place = (float(np.ravel(tower[name].to_numpy())[0]) for name in ("latitude", "longitude"))
        weather, _ = stacked_forcing(*place, tower=tower, grid=grid)
        igbp = str(np.ravel(tower["igbp"].to_numpy())[0]) if "igbp" in tower.coords else ""
        if igbp in IGBP:
            weather["vegetation"] = IGBP.index(igbp) + 1
        observed = _observed(to_daily(tower).isel(site=0))
    elif _is_bondville(path):
        weather, observed = open_forcing(path), None
    else:
        tower = read_half_hours(path)
        weather, observed = weather_of_tower(tower), _observed(to_daily(tower).isel(site=0))
    if "latitude" in weather:
        weather = with_land(weather, grid)
    return TowerLand(site or path.stem, str(weather.attrs["title"]), weather, observed, False)


def _observed(record: xr.Dataset) -> xr.Dataset | None:
    """Return what a tower observed by day, or None."""
    held = [name for name in OBSERVED if name in record and bool(np.isfinite(record[name].values).any())]
    if not held:
        return None
    quality = [f"{name}_qc" for name in held if f"{name}_qc" in record]
    return record[[*held, *quality]].reset_coords(drop=True)


def with_land(weather: xr.Dataset, grid: str) -> xr.Dataset:
    """Take what the tower does not say of its land from the world's cell, and say so."""
    cell = nearest_land(grid, float(weather["latitude"]), float(weather["longitude"]))
    land = surface(grid, np.array([cell])).isel(cell=0)
    taken = [name for name in LAND if name not in weather]
    for name in taken:
        weather[name] = land[name].item()
    if taken:
        said = f"{', '.join(taken)}: those of the world's cell at the tower"
        weather.attrs["notes"] = "; ".join(filter(None, (weather.attrs.get("notes", ""), said)))
    return weather


def load(site: str = "US-ARM", data: Iterable[str | Path] = (), **options) -> xr.Dataset:
    """Open the weather of a tower for the land surface model; see `open_land_tower`."""
    return open_land_tower(site, data, **options).forcing


ENTRY = CatalogEntry(
    name="land-towers",
    title="Towers for the land surface model: half hours of your own, or days spread over hours",
    citation="of each tower",
    licence="of each tower",
    load=load,
    feeds=("forcing", "towers"),
)
