"""What the columns of a run are, from the experiment and from what the forcing's file says of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from models.land.columns import ColumnTable, column_table
from models.land.forcing import rename_forcing
from models.land.options import COLUMN_SETTINGS, LandChoices
from models.land.texture import texture_class, texture_parameters

__all__ = ["COLUMN_NAMES", "SITE_DIMENSIONS", "Description", "describe_columns"]

SITE_DIMENSIONS = ("site", "climate", "column", "cell")
"""What the dimension of a forcing beside time may be called."""

COLUMN_NAMES = {
    "veg": "vegetation",
    "shdmax": "vegetation_fraction",
    "tbot": "t_bottom",
    "lat": "latitude",
    "lon": "longitude",
}
"""Other names of what a file says of its columns; ``shdmax`` is in %."""

_REQUIRED = {
    "vegetation": "vegetation class (1 to 20)",
    "soil": "soil class (1 to 19)",
    "latitude": "latitude [degrees north], which the sun's height needs,",
    "longitude": "longitude [degrees east], which the sun's height needs,",
}


class Description(NamedTuple):
    """Weather by site, and the columns that take it."""

    forcing: xr.Dataset
    table: ColumnTable
    names: np.ndarray | None
    texture: dict[str, np.ndarray]
    """Parameters that follow from sand and clay, (column,) each; empty where soil classes give them."""


def describe_columns(ds: xr.Dataset, choices: LandChoices) -> Description:
    """Join what the experiment and a forcing's file say of the columns; the experiment stands above the file.

    Parameters
    ----------
    ds : xr.Dataset
        Weather on (time, site), see `models.land.forcing.rename_forcing`, and any of the settings of
        `models.land.options.COLUMN_SETTINGS` or `COLUMN_NAMES` by column, by site or for all. ``forcing_site``
        (column) says whose weather a column takes; else ``climate`` of the experiment, else a name as ``IL:veg12``
        that starts with one of the attribute ``climates``.
    choices : LandChoices
        Of the experiment.

    Raises
    ------
    ValueError
        If vegetation, soil or place is given nowhere, or the numbers of columns don't agree.
    """
    forcing = rename_forcing(ds)
    sites = forcing.sizes["site"]
    dims = [name for name in SITE_DIMENSIONS if name in ds[_weather_of(ds)].dims]
    site_dim = dims[0] if dims else "site"
    told = {name: value for name, value in choices.columns if name != "climate"}
    said = _said(ds)
    lists = {f"land.columns.{k}": len(v) for k, v in choices.columns if _is_list(v)}
    if "column" in ds.sizes and site_dim != "column":
        lists |= {str(v.name): ds.sizes["column"] for v in said.values() if v.dims == ("column",)}
        if "forcing_site" in ds:
            lists["forcing_site"] = ds.sizes["column"]
    sizes = {size: name for name, size in lists.items() if size > 1}
    if len(sizes) > 1:
        (a, name_a), (b, name_b) = list(sizes.items())[:2]
        msg = f"{name_a} has {a} values and {name_b} has {b}: give one value, or one for each column."
        raise ValueError(msg)
    count = next(iter(sizes), None)
    site = _site_of(ds, choices, count, sites, site_dim)
    values: dict[str, np.ndarray] = {}
    for name in COLUMN_SETTINGS:  # vegetation comes first, which others may be given by
        if name in told:
            values[name] = _told(name, told[name], site.size, values.get("vegetation"))
        elif name in said:
            values[name] = _by_column(said[name], site, site_dim)
    texture = _texture(values, choices)
    for name, what in _REQUIRED.items():
        if name not in values:
            msg = f"No {what} is given: put {name} under [land.columns] of the experiment, or into the forcing's file."
            raise ValueError(msg)
    names = ds["column"].values if "column" in ds.coords and ds["column"].dtype.kind in "UO" else None
    names = names if names is not None and names.size == site.size else None
    return Description(forcing, column_table(**values, site=site), names, texture)


def _texture(values: dict[str, np.ndarray], choices: LandChoices) -> dict[str, np.ndarray]:
    """Take sand and clay out of the settings; return what follows from them, below the experiment's own parameters."""
    sand, clay = values.pop("sand", None), values.pop("clay", None)
    if sand is None and clay is None:
        return {}
    if sand is None or clay is None:
        msg = "Of sand and clay under [land.columns] one is missing: give both, or neither and a soil class."
        raise ValueError(msg)
    if choices.hydraulics == "van_genuchten":
        msg = "sand and clay give the parameters of Clapp and Hornberger: take land.hydraulics = 'clapp_hornberger'."
        raise ValueError(msg)
    if "soil" not in dict(choices.columns):
        values["soil"] = texture_class(sand, clay)
    kept = {name for name, _ in choices.parameters}
    return {name: value for name, value in texture_parameters(sand, clay).items() if name not in kept}


def _weather_of(ds: xr.Dataset) -> str:
    """Name the air temperature of a file."""
    return "t_air" if "t_air" in ds else "T"


def _is_list(value: Any) -> bool:
    """Say whether a setting has a value for each column."""
    return isinstance(value, tuple) and not isinstance(value[0], tuple)


def _said(ds: xr.Dataset) -> Mapping[str, xr.DataArray]:
    """Return what a file says of its columns, under our names and in our units."""
    said = {}
    for name in ds.variables:
        ours = COLUMN_NAMES.get(str(name), str(name))
        if ours not in COLUMN_SETTINGS or ours in ("climate", "sand", "clay"):
            continue
        values = ds[name].reset_coords(drop=True)
        if ours in said:
            msg = f"The forcing's file has {ours} twice, once as {name!r}: keep one."
            raise ValueError(msg)
        if name == "shdmax" and values.attrs.get("units", "%") != "1":
            if 0.0 < float(values.max()) <= 1.0:
                msg = "shdmax of the forcing's file never exceeds 1 %: call a share vegetation_fraction, or give %."
                raise ValueError(msg)
            values = values / 100.0
        said[ours] = values.rename(str(name))
    return said


def _site_of(ds: xr.Dataset, choices: LandChoices, count: int | None, sites: int, site_dim: str) -> np.ndarray:
    """Return the site whose weather each column takes."""
    climates = [name.strip() for name in str(ds.attrs.get("climates", "")).split(",") if name.strip()]
    if not climates and site_dim in ds.coords and ds[site_dim].dtype.kind in "UO":
        climates = [str(name) for name in ds[site_dim].values]
    wanted = dict(choices.columns).get("climate")
    if wanted is not None:
        wanted = wanted if isinstance(wanted, tuple) else (wanted,) * (count or 1)
        wanted = wanted * count if count and len(wanted) == 1 else wanted
    elif "forcing_site" in ds:
        wanted = tuple(int(one) for one in ds["forcing_site"].values)
    elif sites == 1:
        wanted = (0,) * (count or 1)
    elif count is None or count == sites:
        wanted = tuple(range(sites))
    elif "column" in ds.coords and ds["column"].dtype.kind in "UO" and climates:
        wanted = tuple(str(name).split(":")[0] for name in ds["column"].values)
    else:
        msg = (
            f"There are {count} columns, and weather of {sites} sites: say whose weather each column takes with"
            " climate under [land.columns], by number (from 0) or name."
        )
        raise ValueError(msg)
    for one in wanted:
        if isinstance(one, str) and one not in climates:
            msg = (
                f"The forcing has no climate {one!r}; it has {', '.join(climates) or 'no names: give numbers from 0'}."
            )
            raise ValueError(msg)
        if not isinstance(one, str) and not 0 <= one < sites:
            msg = f"climate = {one} under [land.columns]: the forcing has sites 0 to {sites - 1}."
            raise ValueError(msg)
    return np.array([climates.index(one) if isinstance(one, str) else int(one) for one in wanted])


def _told(name: str, value: Any, count: int, vegetation: np.ndarray | None) -> np.ndarray:
    """Return a setting of the experiment for each column."""
    if isinstance(value, tuple) and isinstance(value[0], tuple):
        table = {int(key): entry for key, entry in value}
        missing = [] if vegetation is None else sorted({int(one) for one in vegetation} - set(table))
        if vegetation is None or missing:
            what = f"class {missing[0]}" if missing else "columns whose vegetation class nobody says"
            msg = f"land.columns.{name} has no value for {what}; it has {', '.join(map(str, table))}."
            raise ValueError(msg)
        return np.array([table[int(one)] for one in vegetation])
    return np.broadcast_to(np.asarray(value).reshape(-1), (count,))


def _by_column(values: xr.DataArray, site: np.ndarray, site_dim: str) -> np.ndarray:
    """Return what a file says for each column."""
    if values.dims == ():
        return np.broadcast_to(values.values, site.shape)
    if values.dims == (site_dim,):
        return values.values[site]
    if values.dims == ("column",) and values.size == site.size:
        return values.values
    msg = f"{values.name} of the forcing's file lies on {values.dims}, not on 'column', {site_dim!r} or no dimension."
    raise ValueError(msg)
