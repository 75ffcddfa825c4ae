"""From a labelled data set of weather to the array a run reads, checked and with the sun's height."""

import numpy as np
import xarray as xr

from models.land.columns import ColumnTable, column_table
from models.land.layout import FORCING
from models.land.solar import mean_cosine_zenith
from models.variables import VARIABLES

__all__ = ["FILE_NAMES", "columns_from_dataset", "forcing_array", "rename_forcing"]

FILE_NAMES = {
    "T": "t_air",
    "q": "q_air",
    "P": "pressure",
    "wind": "wind",
    "SW": "sw_down",
    "LW": "lw_down",
    "PR": "precip_rate",
}
"""Names of a forcing file (T K, q kg kg-1, P Pa, wind m s-1, SW and LW W m-2, PR kg m-2 s-1) and ours."""

_SITE_NAMES = ("site", "climate", "column", "cell")
_COLUMN_NAMES = {
    "veg": "vegetation",
    "soil": "soil",
    "shdmax": "vegetation_fraction",
    "tbot": "t_bottom",
    "latitude": "latitude",
    "longitude": "longitude",
    "forcing_height": "forcing_height",
    "soil_colour": "soil_colour",
    "site": "site",
}
SECONDS = np.timedelta64(1, "s")


def rename_forcing(ds: xr.Dataset) -> xr.Dataset:
    """Return ``ds`` in our names and dimensions: ``t_air`` ... ``precip_rate`` on (time, site).

    Accepts the names of `FILE_NAMES` as well as our own, and a dimension ``site``, ``climate``, ``column``,
    ``cell`` or none.

    Raises
    ------
    ValueError
        If a variable is missing, has another unit than ours, or lies on other dimensions.
    """
    ds = ds.rename({old: new for old, new in FILE_NAMES.items() if old in ds and new not in ds})
    names = FORCING[:-1]
    missing = [name for name in names if name not in ds]
    if missing:
        msg = f"The forcing lacks {', '.join(missing)}; it has {', '.join(map(str, ds.data_vars)) or 'nothing'}."
        raise ValueError(msg)
    dims = [name for name in _SITE_NAMES if name in ds["t_air"].dims]
    ds = ds.rename({dims[0]: "site"}) if dims and dims[0] != "site" else ds
    ds = ds[list(names) + [name for name in ("cos_zenith",) if name in ds]]
    if "site" not in ds.dims:
        ds = ds.expand_dims("site")
    for name in names:
        unit, wanted = ds[name].attrs.get("units"), VARIABLES[name].unit
        if unit is not None and unit != wanted:
            msg = f"{name} of the forcing is in {unit!r}, not {wanted!r}: convert it first."
            raise ValueError(msg)
        if set(ds[name].dims) != {"time", "site"}:
            msg = f"{name} of the forcing lies on {ds[name].dims}, not on (time, site)."
            raise ValueError(msg)
    return ds.transpose("time", "site")


def _check(name: str, values: np.ndarray) -> None:
    """Raise ``ValueError`` where a value of the forcing is missing or impossible."""
    bad = ~np.isfinite(values)
    if bad.any():
        step, site = np.argwhere(bad)[0]
        msg = f"{name} of the forcing is missing at step {step}, site {site} ({bad.sum()} in all): fill the gaps first."
        raise ValueError(msg)
    quantity = VARIABLES[name]
    bad = (values < quantity.low) | (values > quantity.high)
    if bad.any():
        step, site = np.argwhere(bad)[0]
        shown = f"{name} = {values[step, site]:g} {quantity.unit} at step {step}, site {site}"
        msg = f"{shown} lies outside [{quantity.low:g}, {quantity.high:g}]: a wrong unit or a fill value?"
        raise ValueError(msg)


def forcing_array(
    ds: xr.Dataset, dt: float, latitude: np.ndarray, longitude: np.ndarray, *, stamp: str = "end", start: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Make the array a run reads, averaged to its time step.

    Parameters
    ----------
    ds : xr.Dataset
        Weather; see `rename_forcing`. Without a coordinate ``time`` its records follow ``start`` by ``dt_seconds``
        (an attribute) or by half an hour.
    dt : float
        Time step of the run [s], a multiple of that of the forcing.
    latitude, longitude : (site,) array
        Degrees, for the sun's height.
    stamp : {"end", "start"}
        Whether a record's time is the end or the start of the interval it is a mean of.
    start : str
        ISO time of the first record, for data without times.

    Returns
    -------
    forcing : (step, site, 8) array
    times : (step,) datetime64[s] array
        Time stamp of the first record of each step.

    Raises
    ------
    ValueError
        If the times are not evenly spaced, don't fit the step, or a value is missing or impossible.
    """
    if stamp not in ("end", "start"):
        msg = f"stamp = {stamp!r}: a record's time is the 'end' or the 'start' of its interval."
        raise ValueError(msg)
    ds = rename_forcing(ds).compute()  # at once: lazy variables that are made together are made once
    if "time" in ds.coords:
        times = ds["time"].values.astype("datetime64[s]")
        spacing = np.unique(np.diff(times) / SECONDS)
        if spacing.size > 1:
            msg = f"The forcing's times are {spacing[0]:g} to {spacing[-1]:g} s apart: they must be evenly spaced."
            raise ValueError(msg)
        interval = float(spacing[0]) if spacing.size else dt
    else:
        interval = float(ds.attrs.get("dt_seconds", 1800.0))
        first = np.datetime64(start or "2001-01-01T00:00", "s")
        times = first + (np.arange(ds.sizes["time"]) * int(interval)).astype("timedelta64[s]")
    ratio = dt / interval
    if ratio < 1.0 or ratio != round(ratio):
        msg = f"A step of {dt:g} s does not hold a whole number of forcing intervals of {interval:g} s."
        raise ValueError(msg)
    ratio = int(ratio)
    count = times.size // ratio
    if count * ratio != times.size:
        msg = f"{times.size} forcing records don't make whole steps of {dt:g} s ({ratio} records each)."
        raise ValueError(msg)
    out = np.empty((count, ds.sizes["site"], len(FORCING)))
    for k, name in enumerate(FORCING[:-1]):
        values = np.asarray(ds[name].values, float)
        _check(name, values)
        out[:, :, k] = values.reshape(count, ratio, -1).mean(axis=1)
    times = times[::ratio]
    if "cos_zenith" in ds:
        out[:, :, -1] = ds["cos_zenith"].values.reshape(count, ratio, -1).mean(axis=1)
    else:
        begin = times - (np.timedelta64(int(interval), "s") if stamp == "end" else np.timedelta64(0, "s"))
        day = np.floor((begin - begin.astype("datetime64[Y]")) / np.timedelta64(1, "D")) + 1.0
        seconds = (begin - begin.astype("datetime64[D]")) / SECONDS
        cosine = np.empty(out.shape[:2])
        mean_cosine_zenith(day, seconds, dt, np.asarray(latitude, float), np.asarray(longitude, float), cosine)
        out[:, :, -1] = cosine
    return out, times


def columns_from_dataset(ds: xr.Dataset, **settings) -> ColumnTable:
    """Describe the columns of a forcing file.

    Parameters
    ----------
    ds : xr.Dataset
        May hold, per column or per site: ``veg`` and ``soil`` (classes), ``shdmax`` [%], ``tbot`` [K], ``latitude``,
        ``longitude``, ``forcing_height`` [m], ``soil_colour``, and ``site`` (whose forcing a column takes) or
        ``climate`` (the same, by number or by a name of the attribute ``climates``).
    **settings
        The same names, a value or a list each; they stand above the file's. ``vegetation``,
        ``vegetation_fraction`` [1] and ``t_bottom`` [K] are accepted too.

    Returns
    -------
    ColumnTable

    Raises
    ------
    ValueError
        If vegetation or soil is given nowhere, a name is unknown, or a value lies outside its bounds.
    """
    unknown = sorted(set(settings) - set(_COLUMN_NAMES) - set(_COLUMN_NAMES.values()) - {"climate"})
    if unknown:
        accepted = ", ".join(sorted({*_COLUMN_NAMES, *_COLUMN_NAMES.values()}))
        msg = f"A column has no {unknown[0]!r}; it has {accepted}."
        raise ValueError(msg)
    found = {}
    climate = settings.pop("climate", None)
    if climate is None and "climate" in ds and ds["climate"].dims == ("column",):
        climate = ds["climate"].values
    if climate is not None:
        names = [name.strip() for name in str(ds.attrs.get("climates", "")).split(",")]
        wanted = np.atleast_1d(climate)
        strange = [str(name) for name in wanted if isinstance(name, str) and str(name) not in names]
        if strange:
            msg = f"The forcing has no climate {strange[0]!r}; it has {', '.join(names)}."
            raise ValueError(msg)
        found["site"] = np.array([names.index(name) if isinstance(name, str) else int(name) for name in wanted])
    for name, ours in _COLUMN_NAMES.items():
        source = next((values[key] for values in (settings, ds) for key in (name, ours) if key in values), None)
        if source is None:
            continue
        percent = name == "shdmax" and (name in settings or (ours not in settings and name in ds))
        values = np.atleast_1d(np.asarray(getattr(source, "values", source)))
        found[ours] = values / 100.0 if percent else values
    missing = [name for name in ("vegetation", "soil") if name not in found]
    if missing:
        msg = f"No {missing[0]} class is given: put {missing[0]} among the settings, or a variable of it in the file."
        raise ValueError(msg)
    forcing = rename_forcing(ds)
    count = max(found["vegetation"].size, found["soil"].size)
    sites = forcing.sizes["site"]
    if "site" not in found and sites == 1:
        found["site"] = np.zeros(1, int)
    elif "site" not in found and count == 1:
        found["vegetation"], count = np.repeat(found["vegetation"], sites), sites
    site = np.broadcast_to(found.get("site", np.arange(count)), (count,)).astype(int)
    if site.max() >= sites:
        msg = f"A column takes the forcing of site {site.max()}, but the forcing has {sites} sites: give each its site."
        raise ValueError(msg)
    # What is given per site goes to each of its columns.
    rest = {
        name: values[site] if values.size == sites and values.size not in (1, count) else values
        for name, values in found.items()
        if name not in ("vegetation", "soil", "site")
    }
    return column_table(found["vegetation"], found["soil"], site=site, **rest)
