"""Weather for the land surface model from files: NetCDF or Zarr of columns, and half-hourly tower tables."""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ameriflux_base import is_base, read_base
from data_catalog.datasets.ameriflux_l2 import is_level2, read_level2
from data_catalog.datasets.bondville import is_bondville, read_bondville
from data_catalog.datasets.fluxnet import file_name, read_fluxnet
from data_catalog.datasets.opening import open_store
from data_catalog.datasets.tables import open_tables
from data_catalog.datasets.tower_weather import whole_weather
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ENTRY", "FORCING_NAMES", "IGBP", "open_forcing", "read_half_hours", "tower_forcing", "weather_of_tower"]

FORCING_NAMES = {
    "T": "t_air",
    "q": "q_air",
    "P": "pressure",
    "wind": "wind",
    "SW": "sw_down",
    "LW": "lw_down",
    "PR": "precip_rate",
}
"""Names of a file of columns -> ours; ours are accepted too, ``precip`` where its unit is stated."""

_SPELLINGS = {
    "K": ("kelvin", "Kelvin", "degK", "degrees_K"),
    "kg kg-1": ("kg/kg", "kg kg^-1", "kg kg**-1", "1"),
    "Pa": ("pascal", "Pascal", "Pascals"),
    "m s-1": ("m/s", "m s^-1", "m s**-1"),
    "W m-2": ("W/m2", "W/m^2", "W m^-2", "W m**-2", "Watts m-2"),
    "kg m-2 s-1": ("kg/m2/s", "kg m^-2 s^-1", "kg m**-2 s**-1", "mm s-1", "mm/s", "kg/m^2/s"),
}
_RAIN = {"mm d-1": 86400.0, "mm/d": 86400.0, "mm day-1": 86400.0, "mm/day": 86400.0, "mm h-1": 3600.0, "mm/h": 3600.0}
_WEATHER = tuple(FORCING_NAMES.values())
_ABOUT_COLUMNS = (
    *("veg", "vegetation", "soil", "shdmax", "vegetation_fraction", "tbot", "t_bottom", "lat", "latitude", "lon"),
    *("longitude", "forcing_height", "soil_colour", "forcing_site"),
)
_SITE_DIMENSIONS = ("site", "climate", "column", "cell")
_TABLES = (".csv", ".gz", ".zip", ".txt", ".dat")
IGBP = (
    *("ENF", "EBF", "DNF", "DBF", "MF", "CSH", "OSH", "WSA", "SAV", "GRA", "WET", "CRO", "URB", "CVM", "SNO", "BSV"),
    "WAT",
)
"""Short names of the vegetation classes 1 to 17, as tables of sites write them."""


def open_forcing(path: str | Path, columns: str | Path | None = None) -> xr.Dataset:
    """Open weather for columns, in our names and units.

    Parameters
    ----------
    path : str or Path
        NetCDF or Zarr with the variables of `FORCING_NAMES` on (time) or (site, time), where site may be called
        climate, column or cell; or a half-hourly or hourly table (.csv, .csv.gz, .zip, .txt, .dat) of FLUXNET or
        AmeriFlux, or the text of Bondville's weather.
    columns : str or Path, optional
        NetCDF or Zarr with a dimension ``column`` that says what each column is: ``veg``, ``soil``, ``shdmax`` [%],
        ``tbot`` [K], ``latitude``, ``longitude``, ``forcing_height`` [m], ``soil_colour``, ``climate`` or
        ``forcing_site`` (number from 0). Whatever else it holds is left alone.

    Returns
    -------
    xr.Dataset
        Weather, and what the file or files say of the columns, as `models.land.description.describe_columns` reads it.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, a variable is missing, or its unit is another one.
    """
    path = Path(path)
    if path.suffix.lower() in _TABLES and path.is_file():
        ds = read_bondville(path) if _bondville(path) else tower_forcing(path)
    else:
        with open_store(path, "weather is a NetCDF file or a Zarr folder of columns, or a FLUXNET table") as raw:
            ds = _weather(raw, path.name).load()
    return ds if columns is None else _with_columns(ds, Path(columns))


def _bondville(path: Path) -> bool:
    """Say whether a file is Bondville's text."""
    with path.open(encoding="latin-1") as stream:
        return is_bondville(stream.read(20_000))


def _weather(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Keep the weather and what is said of the columns, in our names and units."""
    raw = _with_sites(raw, str(raw.attrs.get("climates", "")), file)
    names = {name: FORCING_NAMES[name] for name in FORCING_NAMES if name in raw}
    if "precip" in raw and "precip_rate" not in raw and "PR" not in raw:
        names["precip"] = "precip_rate"
    twice = next((old for old, new in names.items() if old != new and new in raw), None)
    if twice is not None:
        msg = f"{file} has {names[twice]} twice, also as {twice!r}: keep one."
        raise ValueError(msg)
    ds = raw.rename(names)
    missing = [name for name in _WEATHER if name not in ds]
    if missing:
        short = {new: old for old, new in FORCING_NAMES.items()}
        lacks = ", ".join(name if name == short[name] else f"{short[name]} ({name})" for name in missing)
        msg = f"{file} lacks {lacks}; it has {', '.join(map(str, raw.data_vars))[:200] or 'nothing'}."
        raise ValueError(msg)
    theirs = {new: old for old, new in names.items()}
    for name in _WEATHER:
        old = theirs.get(name, name)
        ds[name] = _in_our_unit(ds[name], name, old, file)
        others = set(ds[name].dims) - {"time"}
        if "time" not in ds[name].dims or len(others) > 1 or others - set(_SITE_DIMENSIONS):
            accepted = " or ".join(f"({dim}, time)" for dim in _SITE_DIMENSIONS)
            msg = f"{old} of {file} lies on {ds[name].dims}; (time) or {accepted} is accepted."
            raise ValueError(msg)
    ds = ds[[*_WEATHER, *(name for name in (*_ABOUT_COLUMNS, "cos_zenith") if name in ds)]]
    ds.attrs["source"] = f"weather from the file {file}: {raw.attrs.get('title', 'no title')}"
    return ds


def _in_our_unit(values: xr.DataArray, name: str, old: str, file: str) -> xr.DataArray:
    """Return a variable in our unit, or raise ``ValueError`` saying what it is in."""
    unit, wanted = values.attrs.get("units"), VARIABLES[name].unit
    if unit is not None:
        unit = str(unit).strip()
    if name == "precip_rate" and unit in _RAIN:
        values = (values / _RAIN[unit]).assign_attrs(values.attrs)
    elif unit is None and old == "precip":
        msg = f"{old} of {file} has no unit: state 'mm d-1' or 'kg m-2 s-1' in its attribute units."
        raise ValueError(msg)
    elif unit is not None and unit != wanted and unit not in _SPELLINGS[wanted]:
        msg = f"{old} of {file} is in {unit!r}, not {wanted!r}: convert it first."
        raise ValueError(msg)
    if not np.issubdtype(values.dtype, np.number):
        msg = f"{old} of {file} holds {values.dtype}, not numbers."
        raise ValueError(msg)
    return values.assign_attrs(VARIABLES[name].cf_attrs)


def _with_columns(ds: xr.Dataset, path: Path) -> xr.Dataset:
    """Add what another file says of the columns."""
    with open_store(path, "--columns is a NetCDF file or a Zarr folder with a dimension column") as raw:
        if "column" not in raw.dims:
            msg = f"{path.name} has no dimension 'column'; it has {', '.join(map(str, raw.dims)) or 'none'}."
            raise ValueError(msg)
        said = [name for name in (*_ABOUT_COLUMNS, "climate") if name in raw and raw[name].dims == ("column",)]
        table = raw[said].load().reset_coords(said)
    if not said:
        msg = f"{path.name} says nothing of its columns: it needs some of {', '.join(_ABOUT_COLUMNS)} on (column)."
        raise ValueError(msg)
    count = table.sizes["column"]
    if ds.sizes.get("column", count) != count:
        msg = f"{path.name} has {count} columns, the forcing {ds.sizes['column']}."
        raise ValueError(msg)
    table = _with_sites(table, str(ds.attrs.get("climates", "")), path.name)
    # What the second file says stands above the first; names of one meaning are dropped together.
    same = {"veg": "vegetation", "shdmax": "vegetation_fraction", "tbot": "t_bottom", "lat": "latitude"}
    same["lon"] = "longitude"
    told = {same.get(name, name) for name in table.variables}
    kept = ds.drop_vars([name for name in ds.variables if same.get(name, name) in told and name != "column"])
    if "column" in table.coords:
        kept = kept.drop_vars("column", errors="ignore")
    return kept.merge(table, combine_attrs="override").assign_attrs(ds.attrs)


def _with_sites(ds: xr.Dataset, climates: str, file: str) -> xr.Dataset:
    """Turn a climate by column, whose name a dimension may have, into the number of its site."""
    if "climate" not in ds.variables or ds["climate"].dims != ("column",):
        return ds
    sites = ds["climate"].values
    if not np.issubdtype(sites.dtype, np.number):
        known = [name.strip() for name in climates.split(",")]
        strange = [str(name) for name in sites if str(name) not in known]
        if strange:
            msg = f"{file}: the forcing has no climate {strange[0]!r}; it has {', '.join(known)}."
            raise ValueError(msg)
        sites = np.array([known.index(str(name)) for name in sites])
    return ds.drop_vars("climate").assign(forcing_site=("column", sites))


def tower_forcing(path: str | Path) -> xr.Dataset:
    """Make weather of a half-hourly or hourly table: FLUXNET, AmeriFlux-FLUXNET, ICOS, AmeriFlux BASE or Level 2.

    Humidity comes from temperature, vapour pressure deficit or relative humidity, and pressure (saturation: Bolton
    1980, Mon. Weather Rev. 108, 1046). Without longwave radiation it is estimated from vapour pressure and temperature
    (Brutsaert 1975, Water Resour. Res. 11, 742, a clear sky), without pressure from elevation; gaps are filled. The
    attribute ``notes`` says all of it.

    Returns
    -------
    xr.Dataset
        Weather on (time), whole days, with the clock of the table: local standard time, a record's time being the
        start of its interval. Place and vegetation class where a table of sites tells them.

    Raises
    ------
    ValueError
        If the table is not half-hourly or hourly, or lacks what cannot be estimated.
    """
    return weather_of_tower(read_half_hours(path))


def read_half_hours(path: str | Path) -> xr.Dataset:
    """Read a half-hourly or hourly tower table, recognised by its content, on (time, site = 1).

    Raises
    ------
    ValueError
        If it is none of those that `tower_forcing` takes.
    """
    path = Path(path)
    files = open_tables(path, "")
    if any(is_base(file) for file in files):
        return read_base(path)
    if len(files) == 1:
        head = files[0].data()[:20_000].decode("latin-1").replace("\r\n", "\n")
        if is_base(head):
            return read_base(path)
        if is_level2(head):
            return read_level2(path)
    need = ("t_air", "vpd", "sw_down", "wind", "precip")
    tower = read_fluxnet(path, need=need, resolution=_resolution(path))
    if tower.attrs["resolution"] not in ("HH", "HR"):
        step = tower.attrs["resolution"]
        msg = f"{tower.attrs['file']} is in steps of {step}: the land surface model needs half hours or hours."
        raise ValueError(msg)
    return tower


def weather_of_tower(tower: xr.Dataset) -> xr.Dataset:
    """Make weather of a tower's half hours; see `tower_forcing`."""
    tower = tower.isel(site=0)
    names = ("t_air", "vpd", "relative_humidity", "pressure", "sw_down", "lw_down", "wind", "precip")
    measured = {name: tower[name].to_numpy() for name in names if name in tower}
    elevation = float(tower["elevation"]) if "elevation" in tower.coords else np.nan
    ds, notes = whole_weather(tower["time"].values, measured, tower.attrs["file"], elevation=elevation)
    for name in ("latitude", "longitude"):
        if name in tower.coords and np.isfinite(float(tower[name])):
            ds[name] = float(tower[name])
    igbp = str(tower["igbp"].values) if "igbp" in tower.coords else ""
    if igbp in IGBP:
        ds["vegetation"] = IGBP.index(igbp) + 1
    ds.attrs = {
        "title": tower.attrs["title"],
        "source": tower.attrs["source"],
        "citation": tower.attrs["citation"],
        "clock": "local standard time",
        "stamp": "start",
        "notes": "; ".join(notes),
    }
    return ds


def _resolution(path: Path) -> str | None:
    """Choose half hours, or hours, of an archive that has several tables."""
    held = {file_name(table.name).get("resolution") for table in open_tables(path, "")}
    return "HH" if "HH" in held else "HR" if "HR" in held else None


def recognise(path: Path, head: Head) -> bool:
    """Whether the weather of columns is there, in our names or short ones."""
    held = set(head.variables)
    return all({short, ours} & held for short, ours in FORCING_NAMES.items() if ours != "precip_rate")


def describe(path: Path, head: Head) -> FileEntry:
    """Say what the file holds."""
    ds = open_forcing(path)
    sites = max((ds.sizes[name] for name in ds.sizes if name not in ("time", "column")), default=1)
    period = {} if "time" in ds.coords else {"notes": "without times"}
    return describe_dataset(ENTRY, ds, title=f"weather of {sites} sites for the land surface model", **period)


ENTRY = CatalogEntry(
    name="land-forcing",
    title="Weather for the land surface model: NetCDF or Zarr of columns, half-hourly tower tables",
    citation="of the file",
    licence="of the file",
    load=open_forcing,
    feeds=("forcing",),
    kind="weather",
    recognise=recognise,
    describe=describe,
)
