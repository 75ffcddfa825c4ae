"""Weather of reanalyses as forcing of the land surface model at places, and as daily drivers of L4C."""

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from data_catalog.datasets.humid_air import vapour_pressure_deficit
from data_catalog.datasets.land_forcing import FORCING_NAMES
from data_catalog.datasets.tower_weather import clear_sky_longwave
from models.variables import VARIABLES

__all__ = ["at_places", "daily_drivers", "weather_at"]

WEATHER = tuple(FORCING_NAMES.values())
PAR_SHARE = 0.45
"""Share of shortwave radiation that is photosynthetically active (Jones et al. 2017)."""
MJ_PER_DAY = 0.0864
FREEZING = 273.15
STEPS = (1800, 3600, 10800)
"""Steps that the land surface model takes [s]."""


def weather_at(
    files: xr.Dataset | Iterable[xr.Dataset], latitude: Sequence[float], longitude: Sequence[float]
) -> xr.Dataset:
    """Make forcing of the land surface model at places, of the grid cells that hold them.

    Parameters
    ----------
    files : Dataset or several
        From the readers of ERA5, ERA5-Land, MERRA-2, GEOS-FP, GLDAS, IMERG, SPL4SMGP: of the fields that several have,
        the first's. The times are those that all have.
    latitude, longitude : sequences
        Degrees.

    Returns
    -------
    Dataset
        ``t_air q_air pressure wind sw_down lw_down precip_rate`` on (time, site), UTC, a time being the start of its
        step (attributes ``clock``, ``stamp``), as `data_catalog.datasets.land_forcing.open_forcing` gives it. Without
        longwave radiation that of a clear sky is taken (Brutsaert 1975), and ``notes`` says so.

    Raises
    ------
    ValueError
        A field is missing or has gaps at a place, a place lies outside, or the steps are not even half hours, hours or
        three hours.
    """
    parts = [files] if isinstance(files, xr.Dataset) else list(files)
    places = [at_places(ds, latitude, longitude) for ds in parts]
    ds = xr.Dataset()
    for place in places:
        new = place[[name for name in WEATHER if name in place and name not in ds]]
        ds = new if not ds.data_vars else xr.merge([ds, new], join="inner", combine_attrs="override")
    notes = [f"{', '.join(n for n in WEATHER if n in part)} of {part.attrs.get('title', 'a file')}" for part in parts]
    if "lw_down" not in ds and {"t_air", "q_air", "pressure"} <= set(ds.data_vars):
        vapour = ds["q_air"] * ds["pressure"] / (0.622 + 0.378 * ds["q_air"])
        ds["lw_down"] = clear_sky_longwave(vapour, ds["t_air"]).assign_attrs(VARIABLES["lw_down"].cf_attrs)
        notes.append("longwave radiation of a clear sky, estimated")
    missing = [name for name in WEATHER if name not in ds]
    if missing:
        held = ", ".join(map(str, ds.data_vars)) or "nothing"
        msg = f"The files lack {', '.join(missing)}; they have {held}: add the file of the collection that has them."
        raise ValueError(msg)
    ds = ds.sortby("time").compute()
    _check(ds)
    ds = ds.assign_coords(latitude=("site", np.atleast_1d(latitude)), longitude=("site", np.atleast_1d(longitude)))
    ds.attrs = {
        "title": "Weather of " + "; ".join(dict.fromkeys(str(part.attrs.get("title", "")) for part in parts)),
        "source": "; ".join(dict.fromkeys(str(part.attrs.get("source", "")) for part in parts)),
        "citation": "; ".join(dict.fromkeys(str(part.attrs.get("citation", "")) for part in parts)),
        "licence": "; ".join(dict.fromkeys(str(part.attrs.get("licence", "")) for part in parts)),
        "clock": "UTC",
        "stamp": "start",
        "notes": "; ".join(notes),
    }
    return ds


def at_places(ds: xr.Dataset, latitude: Sequence[float], longitude: Sequence[float]) -> xr.Dataset:
    """Return the fields on (time, site) of the cells that hold some places, a time being the start of its step.

    Raises
    ------
    ValueError
        A place lies outside the file.
    """
    latitude, longitude = np.atleast_1d(latitude), np.atleast_1d(longitude)
    name = {"latitude": "y", "longitude": "x"} if "y" in ds.dims else {"latitude": "latitude", "longitude": "longitude"}
    index = {}
    for axis, wanted in (("latitude", latitude), ("longitude", longitude)):
        held = ds[axis].to_numpy()
        apart = np.abs(held[None, :] - wanted[:, None])
        if axis == "longitude":
            apart = np.minimum(apart, 360.0 - apart)
        nearest = apart.argmin(axis=1)
        reach = np.abs(np.diff(held)).max() if held.size > 1 else 1.0
        off = apart[np.arange(wanted.size), nearest] > reach
        if off.any():
            msg = f"{axis} = {wanted[off][0]:g} lies outside the file's {held.min():g} to {held.max():g}."
            raise ValueError(msg)
        index[name[axis]] = xr.DataArray(nearest, dims="site")
    place = ds.isel(index)
    place = place.drop_vars([one for one in place.coords if one not in ("time", "layer")])
    return place.assign_coords(time=_starts(ds["time"].to_numpy(), str(ds.attrs.get("stamp", "start"))))


def _starts(time: np.ndarray, stamp: str) -> np.ndarray:
    step = np.median(np.diff(time)) if time.size > 1 else np.timedelta64(3600, "s")
    back = {"start": 0, "centre": step / 2, "end": step}[stamp]
    return time - np.timedelta64(back) if stamp != "start" else time


def _check(ds: xr.Dataset) -> None:
    time = ds["time"].to_numpy()
    steps = np.unique(np.diff(time).astype("timedelta64[s]").astype(int))
    if time.size < 2 or steps.size != 1 or int(steps[0]) not in STEPS:
        said = ", ".join(f"{step / 3600:g} h" for step in steps[:4]) or "a single time"
        msg = f"The files' common times have steps of {said}; even steps of 0.5, 1 or 3 hours are accepted."
        raise ValueError(msg)
    for name in WEATHER:
        gaps = int(ds[name].isnull().sum())
        if gaps:
            msg = f"{name} has {gaps:,} gaps at these places: choose land cells, or the period that the files cover."
            raise ValueError(msg)


def daily_drivers(ds: xr.Dataset, utc_offset: float = 0.0) -> xr.Dataset:
    """Make daily drivers of L4C of a reanalysis' hours, on whatever grid it is, lazily.

    par is 45 % of the mean shortwave radiation, tmin the lowest temperature of a step, vpd the mean of the steps;
    smsf, smrz and t_soil are means; frozen is whether the surface (else the soil) is below 273.15 K in most steps.

    Parameters
    ----------
    utc_offset : float
        Hours by which the days are ahead of UTC; the product's days are 0.

    Returns
    -------
    Dataset
        What of ``par tmin vpd smsf smrz t_soil frozen`` the fields allow, a step a day; days that are not whole are
        left out.

    Raises
    ------
    ValueError
        None of them can be made, or there is no whole day.
    """
    stamp = str(ds.attrs.get("stamp", "start"))
    time = _starts(ds["time"].to_numpy(), stamp) + np.timedelta64(round(utc_offset * 3600), "s")
    ds = ds.assign_coords(time=time)
    fields: dict[str, tuple[xr.DataArray, str]] = {}
    if "sw_down" in ds:
        fields["par"] = (ds["sw_down"].clip(0.0) * (PAR_SHARE * MJ_PER_DAY), "mean")
    if "tmin" in ds or "t_air" in ds:
        fields["tmin"] = (ds["tmin"] if "tmin" in ds else ds["t_air"], "min")
    if "vpd" in ds:
        fields["vpd"] = (ds["vpd"], "mean")
    elif {"t_air", "q_air", "pressure"} <= set(ds.data_vars):
        fields["vpd"] = (vapour_pressure_deficit(ds["t_air"], ds["q_air"], ds["pressure"]), "mean")
    fields |= {name: (ds[name], "mean") for name in ("smsf", "smrz", "t_soil") if name in ds}
    surface = next((name for name in ("t_ground", "t_soil") if name in ds), None)
    if surface:
        cold = (ds[surface] < FREEZING).where(ds[surface].notnull())
        fields["frozen"] = (cold, "mean")
    if not fields:
        msg = f"None of the drivers of L4C can be made of {', '.join(map(str, ds.data_vars))[:200]}."
        raise ValueError(msg)
    days = time.astype("datetime64[D]")
    unique, count = np.unique(days, return_counts=True)
    # A single time does not say whether it is a day's or an hour's.
    per_day = round(np.timedelta64(1, "D") / np.median(np.diff(time))) if time.size > 1 else 2
    whole = unique[count >= max(per_day, 1)]
    if not whole.size:
        msg = f"The times {time[0]} to {time[-1]} hold no whole day: open the files of a day together."
        raise ValueError(msg)
    label = xr.DataArray(days.astype("datetime64[ns]"), dims="time", name="day")
    out = {}
    for name, (values, how) in fields.items():
        by_day = values.assign_coords(day=label).groupby("day")
        daily = (by_day.min() if how == "min" else by_day.mean()).rename(day="time")
        if name == "frozen":
            daily = daily.round()
        out[name] = daily.sel(time=whole.astype("datetime64[ns]")).assign_attrs(VARIABLES[name].cf_attrs)
    kept = ("title", "source", "citation", "licence", "grid")
    return xr.Dataset(out).assign_attrs({key: ds.attrs[key] for key in kept if key in ds.attrs})
