"""Drivers of L4C at a tower: what it measured, and the world's where it did not, with a table of which is which."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from data_catalog.stack import Stack, check_orders, source_table
from models.climatology import day_of_365
from models.variables import VARIABLES

__all__ = ["GIVERS", "L4C_DRIVERS", "PAR_SHARE", "nearest_cell", "tower_drivers"]

L4C_DRIVERS = ("par", "fpar", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen")
GIVERS = ("tower", "file", "world")
"""Who may give a driver, in the usual order of preference."""

PAR_SHARE = 0.45
"""Share of shortwave radiation that is photosynthetically active (Jones et al. 2017)."""
MJ_PER_DAY = 0.0864
FREEZING = 273.15
EARTH_RADIUS = 6371.0
FAR = 500.0
"""Distance [km] beyond which a cell says nothing about a tower."""
LEAST_FRACTION = 0.02


def tower_drivers(
    tower: xr.Dataset,
    world: xr.Dataset | None = None,
    *,
    grid: str = "108km",
    pft: int | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    fill_gaps: bool | Mapping[str, bool] = True,
    order: Sequence[str] | Mapping[str, Sequence[str]] = GIVERS,
    file: xr.Dataset | None = None,
) -> tuple[xr.Dataset, pd.DataFrame]:
    r"""Put together the daily drivers of L4C at one tower.

    par is 45 % of the tower's shortwave radiation. tmin is the lowest half hour where the file knows it; else

    .. math:: T_{min} = \overline{T} - \tfrac{1}{2} \Delta T_{month} \sqrt{SW / \overline{SW}_{month}}

    with the world's monthly mean daily range (root-mean-square error 1.5 to 2 K at US-Tw3, US-ARM, FR-Hes). Ground
    counts as frozen when the day's air is below 273.15 K on average. Wetness is soil water content over porosity, the
    larger of the world's (from its sand fraction, Cosby et al. 1984) and the 99.9th percentile of the record; smsf is
    the shallowest layer, smrz the mean of the deeper ones or, without any, the shallowest too. Where the tower measured
    moisture at least once in half a year, smrz_min and smrz_max are its own and the world's days are stretched to that
    range. fpar is the world's for the tower's plant type, unless the tower has one.

    Parameters
    ----------
    tower : xr.Dataset
        Daily, dimensions (time, site = 1): `data_catalog.towers.open_tower` or `read_fluxnet`; half-hourly records go
        through `to_daily` first.
    world : xr.Dataset, optional
        Drivers (cell, time) over one year, fpar (cell, pft, time), pft_fraction, t_range_clim (cell, month): by default
        ``open_dataset("reference-earth", grid=grid)``.
    pft, latitude, longitude : optional
        Plant type 1..8 and position, where the tower does not say or another is wanted.
    fill_gaps : bool, or mapping of driver to one
        Whether gaps go to the next in the order; otherwise the first that has any day gives them all, and its gaps
        stay NaN (a driver that it never measured is the next's in any case). Drivers that a mapping does not name are
        filled.
    order : sequence of str, or mapping of driver to one
        Whose days are preferred, of `GIVERS`; who is not named gives nothing. Drivers that a mapping does not name
        keep the usual order.
    file : xr.Dataset, optional
        Another record at the same place, on the tower's days and as the tower's in names, units and dimensions, for
        example fPAR of a satellite.

    Returns
    -------
    drivers : xr.Dataset
        Dimensions (cell = 1, time): `L4C_DRIVERS`, pft, smrz_min, smrz_max, latitude, longitude, ready for
        `models.experiment.run`; ``<driver>_source`` says who gave each day, ``driver_sources`` the shares.
    sources : DataFrame
        Columns driver, source, share of days.

    Raises
    ------
    ValueError
        The record is not daily, position or plant type are unknown, no vegetated cell is near, the order names
        somebody else, or the file has other days.
    """
    if tower.attrs.get("resolution") != "DD":
        msg = (
            f"The tower record is {tower.attrs.get('resolution')!r}; L4C runs on days (DD). Half-hourly records go "
            "through data_catalog.datasets.fluxnet_daily.to_daily first."
        )
        raise ValueError(msg)
    latitude = _known(tower, "latitude", latitude)
    longitude = _known(tower, "longitude", longitude)
    pft = int(_known(tower, "pft", pft))
    if not 1 <= pft <= 8:
        msg = f"pft = {pft} is no plant type of L4C; 1 (ENF) to 8 (BCR) are accepted."
        raise ValueError(msg)
    if world is None:
        from data_catalog import open_dataset  # the world's modules import this package

        world = open_dataset("reference-earth", grid=grid)
    where, distance = nearest_cell(world, latitude, longitude, pft)
    cell = world.isel(cell=where)
    names = [
        name for name in (*L4C_DRIVERS, "smrz_min", "smrz_max", "sand", "t_range_clim", "pft_fraction") if name in cell
    ]
    cell = cell[names].compute()
    site = tower.isel(site=0)
    day = day_of_365(site["time"].to_numpy())
    day = np.where(day < 0, 58, day)  # 29 February takes the 28th's
    title = world.attrs.get("grid", "world")
    label = f"reference-earth {title}, cell {distance:.0f} km away"
    records = {"tower": site}
    if file is not None:
        if not np.array_equal(file["time"].values, site["time"].values):
            msg = "file has other days than the tower; bring it to them first: file.reindex(time=tower.time)."
            raise ValueError(msg)
        records["file"] = file.isel(site=0) if "site" in file.dims else file
    filled = fill_gaps if isinstance(fill_gaps, Mapping) else dict.fromkeys(L4C_DRIVERS, fill_gaps)
    fill = {name: bool(filled.get(name, True)) for name in L4C_DRIVERS}
    stacks = _stacks(records, cell, day, label, pft, fill, check_orders(order, L4C_DRIVERS, GIVERS))
    return _assemble(tower, site, cell, stacks, pft, latitude, longitude, label)


def _known(tower: xr.Dataset, name: str, given: float | None) -> float:
    if given is not None:
        return given
    if name in tower.coords:
        value = float(np.ravel(tower[name].values)[0])
        if np.isfinite(value):
            return value
    site = str(np.ravel(tower["site"].values)[0])
    msg = (
        f"The {name} of {site} is not known: give {name}=..., or lay a site list (SITE_ID, LOCATION_LAT, "
        "LOCATION_LONG, IGBP) or the BIF table of the network beside the file."
    )
    raise ValueError(msg)


def nearest_cell(world: xr.Dataset, latitude: float, longitude: float, pft: int) -> tuple[int, float]:
    """Find the nearest cell that carries the plant type; failing that, the nearest with any vegetation.

    Returns
    -------
    (int, float)
        Position along ``cell``; distance of the centre [km].

    Raises
    ------
    ValueError
        No vegetated cell lies within `FAR` km.
    """
    here, there = np.radians(latitude), np.radians(world["latitude"].to_numpy())
    east = np.radians(world["longitude"].to_numpy() - longitude)
    haversine = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(east / 2) ** 2
    distance = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0)))
    fraction = world["pft_fraction"].transpose("cell", "pft").to_numpy()
    grown = np.nan_to_num(fraction).sum(axis=1) > LEAST_FRACTION
    same = np.nan_to_num(fraction[:, pft - 1]) > LEAST_FRACTION
    for choice, reach in ((same, FAR / 2), (grown, FAR)):
        near = np.where(choice, distance, np.inf)
        place = int(np.argmin(near))
        if near[place] <= reach:
            return place, float(near[place])
    msg = f"No vegetated cell of the world lies within {FAR:.0f} km of {latitude:g}, {longitude:g}."
    raise ValueError(msg)


def _column(site: xr.Dataset, name: str) -> np.ndarray:
    """Return a tower variable in float64, all NaN where the tower has none."""
    return site[name].to_numpy().astype(float) if name in site else np.full(site.sizes["time"], np.nan)


def _measured_by(site: xr.Dataset, name: str, giver: str) -> str:
    return f"{giver} {site[name].attrs.get('column', name)}" if name in site else giver


def _stacks(records, cell, day, label, pft, fill, orders) -> dict[str, Stack]:
    stacks = {}
    for name in L4C_DRIVERS:
        stack = stacks[name] = Stack(name, np.full(day.shape, np.nan), fill=fill[name])
        for giver in orders[name]:
            if stack.full:
                break
            if giver in records:
                for values, words in _measured(records[giver], cell, name, giver):
                    stack.offer(values, words)
            elif giver == "world":
                _offer_world(stack, cell, day, label, pft)
    return stacks


def _measured(site: xr.Dataset, cell: xr.Dataset, name: str, giver: str) -> Iterator[tuple[np.ndarray, str]]:
    """Yield what a record gives of a driver, the better first, and the words for it."""
    if name == "par":
        sun = np.maximum(_column(site, "sw_down"), 0.0) * PAR_SHARE * MJ_PER_DAY
        yield sun, _measured_by(site, "sw_down", giver)
    elif name == "frozen":
        t_air = _column(site, "t_air")
        cold = np.where(np.isfinite(t_air), t_air < FREEZING, np.nan)
        yield cold, f"{_measured_by(site, 't_air', giver)} < 0 deg C"
    elif name in ("smsf", "smrz"):
        layer = "ssm" if name == "smsf" or "rzsm" not in site else "rzsm"
        note = " (only layer)" if name == "smrz" and layer == "ssm" else ""
        yield _wetness(site, layer, cell), _measured_by(site, layer, giver) + note
    else:
        yield _column(site, name), _measured_by(site, name, giver)
        estimate = _estimated_minimum(site, cell) if name == "tmin" else None
        if estimate is not None:
            yield estimate, f"{_measured_by(site, 't_air', giver)} less half the daily range (estimated)"


def _offer_world(stack: Stack, cell: xr.Dataset, day: np.ndarray, label: str, pft: int) -> None:
    """Let the world give the days that nobody gave yet."""
    name = stack.name
    values, note = _of_world(cell, name, pft)
    values = values[day]
    if "source" in cell[name].attrs:
        note += f" ({cell[name].attrs['source']})"
    if name in {"smrz", "smsf"} and (stack.source >= 0).any():
        values = _stretched(values, stack.values[stack.source >= 0])
        note += ", stretched to the tower's range"
    stack.offer(values, label + note)


def _estimated_minimum(site: xr.Dataset, cell: xr.Dataset) -> np.ndarray | None:
    if "t_air" not in site or "t_range_clim" not in cell:
        return None
    month = site["time"].dt.month.to_numpy() - 1
    sun = _column(site, "sw_down")
    usual = np.array([_mean(sun[month == m]) for m in range(12)])[month]
    bright = np.clip(np.where(np.isfinite(sun) & (usual > 5.0), sun / np.maximum(usual, 5.0), 1.0), 0.05, 2.5)
    return _column(site, "t_air") - 0.5 * cell["t_range_clim"].to_numpy()[month] * np.sqrt(bright)


def _mean(values: np.ndarray) -> float:
    held = values[np.isfinite(values)]
    return float(held.mean()) if held.size else np.nan


def _wetness(site: xr.Dataset, layer: str, cell: xr.Dataset) -> np.ndarray:
    water = _column(site, layer)
    held = water[np.isfinite(water)]
    if not held.size:
        return water
    sand = float(cell["sand"]) if "sand" in cell and np.isfinite(cell["sand"]) else 43.0
    porosity = max(0.489 - 0.00126 * sand, float(np.quantile(held, 0.999)))
    return np.minimum(100.0 * water / porosity, 100.0)


def _of_world(cell: xr.Dataset, name: str, pft: int) -> tuple[np.ndarray, str]:
    if name != "fpar":
        return cell[name].to_numpy().astype(float), ""
    fpar = cell["fpar"]
    if "pft" not in fpar.dims:
        return fpar.to_numpy().astype(float), ", fPAR of the cell"
    fraction = np.nan_to_num(cell["pft_fraction"].to_numpy())
    if fraction[pft - 1] > LEAST_FRACTION:
        return fpar.sel(pft=pft).to_numpy().astype(
            float
        ), f", fPAR of plant type {pft} (assumed per land cover and climate)"
    weight = fraction / fraction.sum()
    return weight @ np.nan_to_num(
        fpar.transpose("pft", "time").to_numpy()
    ), ", fPAR of all its plants (its own type is not there)"


def _stretched(world: np.ndarray, tower: np.ndarray) -> np.ndarray:
    """Map the world's range to the tower's, so that a filled day is as dry or wet as it would be in the world."""
    low, high = np.nanmin(world), np.nanmax(world)
    if not high > low:
        return np.full_like(world, tower.mean())
    return tower.min() + (world - low) / (high - low) * (tower.max() - tower.min())


def _assemble(tower, site, cell, stacks, pft, latitude, longitude, label) -> tuple[xr.Dataset, pd.DataFrame]:
    sources = source_table(stacks[name] for name in L4C_DRIVERS)
    code = str(site["site"].item())
    ds = xr.Dataset(coords={"time": site["time"].to_numpy(), "cell": [0]})
    for name, stack in stacks.items():
        ds[name] = (("cell", "time"), stack.values[None], {**VARIABLES[name].cf_attrs, "source": stack.words})
        dims, given, about = stack.by_step(("time",))
        ds[f"{name}_source"] = (("cell", *dims), given[None], about)
    by_tower = [k for k, words in enumerate(stacks["smrz"].names) if words.startswith("tower")]
    moist = stacks["smrz"].values[np.isin(stacks["smrz"].source, by_tower)]
    own = moist.size >= 183
    for name, extreme in (("smrz_min", np.min), ("smrz_max", np.max)):
        value = float(extreme(moist)) if own else float(cell[name])
        giver = "lowest and highest of the tower's record" if own else label
        ds[name] = ("cell", [value], {**VARIABLES[name].cf_attrs, "source": giver})
    ds["pft"] = ("cell", np.array([pft], np.uint8), {"long_name": "plant functional type, 1 ENF to 8 BCR"})
    ds = ds.assign_coords(latitude=("cell", [latitude]), longitude=("cell", [longitude]), site=("cell", [code]))
    kept = ("citation", "licence", "processing", "partitioning", "acknowledgement")
    ds.attrs = {
        "title": f"Drivers of L4C at tower {code}",
        "source": f"{tower.attrs.get('source', 'tower')}; where it measured nothing, synthetic days of {label}",
        **{key: tower.attrs[key] for key in kept if key in tower.attrs},
        "site": code,
        "driver_sources": " | ".join(f"{name}: {stack.words}" for name, stack in stacks.items()),
    }
    return ds, sources
