"""A NetCDF or Zarr file of L4C drivers, made by anyone: opened lazily, its names and units checked, in our names.

Dimensions are (cell, time), a day a step. Names are ours (`models.variables`) or the aliases below. Parameters per
cell, a starting SOC and a litterfall are taken over if the file has them; everything else in it is left alone.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.climatology_npz import load as load_climatology
from data_catalog.datasets.driver_file_example import write_example
from data_catalog.datasets.opening import kept_open, open_store
from data_catalog.description import describe_dataset
from data_catalog.entry import CatalogEntry, FileEntry
from data_catalog.head import Head
from models.variables import VARIABLES

__all__ = ["ALIASES", "DRIVERS", "ENTRY", "PARAMETERS", "open_drivers", "write_example"]

DRIVERS = ("par", "fpar", "tmin", "vpd", "smrz", "smsf", "t_soil", "frozen")
"""What L4C needs for each cell and day."""

ALIASES = {
    "PAR": "par",
    "fPAR": "fpar",
    "FPAR": "fpar",
    "Tmin": "tmin",
    "VPD": "vpd",
    "SMRZ": "smrz",
    "SMSF": "smsf",
    "Tsoil": "t_soil",
    "FT": "thawed",  # 0 frozen, 1 thawed
    "PFT": "pft",
    "lat": "latitude",
    "lon": "longitude",
    "SMRZ_min": "smrz_min",
    "SMRZ_max": "smrz_max",
    "param_LUE": "lue_max",
    "param_CUE": "cue",  # 1 - f_aut
    "param_tmin0": "tmin_low",
    "param_tmin1": "tmin_high",
    "param_vpd0": "vpd_low",
    "param_vpd1": "vpd_high",
    "param_smrz0": "smrz_low",
    "param_smrz1": "smrz_high",
    "param_ft0": "ft_min",
    "param_ft1": "ft_max",
    "param_smsf0": "smsf_low",
    "param_smsf1": "smsf_high",
    "param_tsoil": "tsoil_beta",
    "param_f_metabolic": "f_fast",
    "param_f_structural": "f_med",
}
"""Other programs' names -> ours."""

PARAMETERS = (
    *("lue_max", "tmin_low", "tmin_high", "vpd_low", "vpd_high", "smrz_low", "smrz_high", "ft_min", "ft_max", "f_aut"),
    *("tsoil_beta", "tsoil_beta1", "tsoil_beta2", "smsf_low", "smsf_high", "k_fast", "k_med", "k_slow", "f_fast"),
    "f_med",
)
"""Biome properties a file may give for each of its cells."""

_UNITS = {
    "1": {"1", "", "-", "fraction", "dimensionless", "unitless", "none"},
    "%": {"%", "percent", "percent saturation", "percent of saturation", "% saturation"},
    "K": {"K", "kelvin", "Kelvin", "degK"},
    "Pa": {"Pa", "pascal", "Pascal"},
    "MJ m-2 d-1": {"MJ m-2 d-1", "MJ m-2 day-1", "MJ/m2/d", "MJ/m2/day", "MJ m^-2 d^-1", "MJ m**-2 d**-1"},
    "gC m-2": {"gC m-2", "g m-2", "g C m-2", "g/m2"},
    "gC m-2 d-1": {"gC m-2 d-1", "g m-2 d-1", "g C m-2 d-1", "g m-2 day-1"},
}
"""Spellings of a unit that mean exactly our unit."""

_REMEDIES = {
    ("vpd", "kPa"): "multiply by 1000",
    ("vpd", "hPa"): "multiply by 100",
    ("vpd", "mbar"): "multiply by 100",
    ("par", "W m-2"): "multiply the daily mean by 0.0864 (and by 0.45 if it is shortwave radiation)",
    ("fpar", "%"): "divide by 100",
    ("fpar", "percent"): "divide by 100",
    ("smrz", "1"): "multiply by 100",
    ("smsf", "1"): "multiply by 100",
    ("smrz", "m3 m-3"): "divide by the porosity and multiply by 100",
    ("smsf", "m3 m-3"): "divide by the porosity and multiply by 100",
}
_CELSIUS = {"degC", "C", "celsius", "Celsius", "degree_Celsius", "degrees_Celsius", "deg C", "°C"}
_POOLS = ("soc_fast", "soc_med", "soc_slow")
_RATES = ("k_fast", "k_med", "k_slow")
_DAYS_A_YEAR = 365.0
_BLOCK_BYTES = 16 * 2**20  # of one variable, read at a time


def open_drivers(path: str | Path, *, block: int | None = None) -> xr.Dataset:
    """Open a file of drivers, lazily, in our names and units.

    Parameters
    ----------
    path : str or Path
        NetCDF-4, NetCDF-3 or Zarr; or the ``.npz`` of `data_catalog.datasets.climatology_npz`.
    block : int, optional
        Cells read at a time; by default as many as make 16 MB of one variable.

    Returns
    -------
    xarray.Dataset
        The drivers (cell, time), ``pft`` (cell) or ``pft_fraction`` (cell, pft), and what else the file has of
        ``smrz_min smrz_max smrz_wilting latitude longitude area``, parameters per cell, ``soc_fast soc_med soc_slow``
        (cell) at the start, ``litterfall`` (cell) [gC m-2 d-1]. Chunked by cells for dask; nothing is read yet.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is truncated or of another kind, lacks a driver, has the wrong dimensions, a wrong or missing unit, or
        days that are not daily.
    """
    path = Path(path)
    if path.suffix == ".npz":
        return load_climatology(path)
    raw = open_store(path)
    with kept_open(raw):
        ds = _renamed(raw, path.name)
        ds = _with_pools(ds, raw, path.name)
        _check_dims(ds, path.name)
        _check_units(ds, path.name)
        _check_days(ds, path.name)
    block = block or max(1, _BLOCK_BYTES // (8 * ds.sizes["time"] * ds.sizes.get("pft", 1)))
    ds = ds.chunk({"cell": min(block, ds.sizes["cell"]), "time": -1, **({"pft": -1} if "pft" in ds.dims else {})})
    if "thawed" in ds:
        ds["frozen"] = (1 - ds["thawed"]).assign_attrs(units="1")
        ds = ds.drop_vars("thawed")
    ds = _with_parameters(ds)
    for name in ds.data_vars:
        if name in VARIABLES:
            ds[name].attrs = {**ds[name].attrs, **VARIABLES[name].cf_attrs}
    source = raw.attrs.get("source") or raw.attrs.get("title") or "not stated in the file"
    ds.attrs = {
        "title": str(raw.attrs.get("title", f"drivers of {path.name}")),
        "source": f"drivers from the file {path.name}: {source}",
        "licence": str(raw.attrs.get("licence", raw.attrs.get("license", "not stated in the file"))),
    }
    ds.set_close(raw.close)
    return ds


def _renamed(raw: xr.Dataset, file: str) -> xr.Dataset:
    """Keep what L4C can use, in our names."""
    wanted = {*DRIVERS, *PARAMETERS, "thawed", "cue", "pft", "pft_fraction", "latitude", "longitude", "area"}
    wanted |= {"smrz_min", "smrz_max", "smrz_wilting", "litterfall", "litterfall_annual", "litterfall_schedule"}
    names: dict[str, str] = {}
    for name in raw.variables:
        ours = ALIASES.get(str(name), str(name))
        if ours not in wanted:
            continue
        if ours in names.values():
            other = next(key for key, value in names.items() if value == ours)
            msg = f"{file} has {ours} twice, as {other!r} and {name!r}: keep one."
            raise ValueError(msg)
        names[str(name)] = ours
    if "thawed" in names.values() and "frozen" in names.values():
        msg = f"{file} has both FT (1 thawed) and frozen (1 frozen): keep one."
        raise ValueError(msg)
    missing = [name for name in DRIVERS if name not in names.values() and not (name == "frozen" and "FT" in raw)]
    if not {"pft", "pft_fraction"} & set(names.values()):
        missing.append("pft")
    if missing:
        also = {ours: theirs for theirs, ours in reversed(ALIASES.items())} | {"frozen": "FT"}
        named = ", ".join(f"{name} (or {also[name]})" for name in missing)
        msg = f"{file} lacks {named}; L4C needs {', '.join(DRIVERS)} on (cell, time) and pft on (cell)."
        raise ValueError(msg)
    ds = raw[list(names)].rename({theirs: ours for theirs, ours in names.items() if theirs != ours})
    if "time" in raw.dims and "time" not in raw.coords:
        msg = f"{file} has no time coordinate; L4C needs a date for each day."
        raise ValueError(msg)
    # A coordinate that belongs to the file's other variables alone would only be carried along.
    return ds.drop_vars([name for name in ds.coords if name not in {"time", "pft", "cell", "latitude", "longitude"}])


def _with_pools(ds: xr.Dataset, raw: xr.Dataset, file: str) -> xr.Dataset:
    """Take over starting pools and decay rates that are stacked along a dimension ``pool``."""
    for name, ours in (("SOC_init", _POOLS), ("param_decay_rates", _RATES)):
        if name not in raw:
            continue
        stacked = raw[name]
        if stacked.ndim != 2 or stacked.sizes.get("pool") != len(ours):
            msg = f"{file}: {name} has dimensions {stacked.dims} {stacked.shape}; it must be (pool, cell), 3 pools."
            raise ValueError(msg)
        order = _pool_order(stacked, file)
        for name_of_pool, place in zip(ours, order, strict=True):
            ds[name_of_pool] = stacked.isel(pool=place, drop=True)
    if "k_med" in ds and "param_decay_rates" in raw:
        # The file gives three rates; ours are the fast one and two ratios to it.
        ds["k_med"], ds["k_slow"] = ds["k_med"] / ds["k_fast"], ds["k_slow"] / ds["k_fast"]
    for ours in _POOLS:
        if ours in raw and ours not in ds and "time" not in raw[ours].dims:
            ds[ours] = raw[ours]
    given = [ours for ours in _POOLS if ours in ds]
    if given and len(given) < len(_POOLS):
        msg = f"{file} gives the starting SOC of {', '.join(given)} alone; give all of soc_fast, soc_med, soc_slow."
        raise ValueError(msg)
    return ds


def _pool_order(stacked: xr.DataArray, file: str) -> tuple[int, ...]:
    """Find the fast, medium and slow pool by their labels; without labels they stand in this order."""
    if "pool" not in stacked.coords or stacked["pool"].dtype.kind not in "UOST":
        return 0, 1, 2
    labels = [str(label).lower()[:3] for label in stacked["pool"].values]
    if sorted(labels) != ["fas", "med", "slo"]:
        msg = (
            f"{file}: pool is labelled {', '.join(map(str, stacked['pool'].values))}; the pools are fast, medium, slow."
        )
        raise ValueError(msg)
    return tuple(labels.index(label) for label in ("fas", "med", "slo"))


def _check_dims(ds: xr.Dataset, file: str) -> None:
    """Every driver has (cell, time), in any order; fPAR may have a third, pft; what is static has (cell)."""
    for name in ds.data_vars:
        dims = set(ds[name].dims)
        if name in DRIVERS or name == "thawed":
            good = dims == {"cell", "time"} or (name == "fpar" and dims == {"cell", "pft", "time"})
            needed = "(cell, time)"
        elif name == "pft_fraction":
            good, needed = dims == {"cell", "pft"}, "(cell, pft)"
        elif name == "litterfall_schedule":
            good, needed = "cell" in dims and len(dims) == 2, "(cell, period)"
        else:
            good, needed = dims in ({"cell"}, {"cell", "pft"}), "(cell)"
        if not good:
            msg = f"{file}: {name} has dimensions {ds[name].dims}; it must have {needed}."
            raise ValueError(msg)
    if ds.sizes["cell"] == 0 or ds.sizes["time"] == 0:
        msg = f"{file} is empty: {ds.sizes['cell']} cells, {ds.sizes['time']} days."
        raise ValueError(msg)


def _check_units(ds: xr.Dataset, file: str) -> None:
    """Raise ``ValueError`` where a unit is missing or another than ours: never a guess."""
    for name in ds.data_vars:
        if name not in VARIABLES or name in ("pft_fraction", "frozen", "area"):
            continue
        right = VARIABLES[name].unit
        accepted = _UNITS.get(right, {right})
        unit = ds[name].attrs.get("units")
        if unit is None:
            if name in DRIVERS:
                msg = f"{file}: {name} has no attribute 'units'; it must be in {right!r}: say so in the file."
                raise ValueError(msg)
            continue
        unit = str(unit).strip()
        if unit in accepted:
            continue
        remedy = _REMEDIES.get((name, unit), f"convert it to {right!r}")
        if unit in _CELSIUS and right == "K":
            remedy = "add 273.15"
        elif name == "par" and "mol" in unit:
            remedy = "divide mol by 4.57 to get MJ of a day's sum (1 umol s-1 all day is 0.0189 MJ d-1)"
        msg = f"{file}: {name} is in {unit!r}, not {right!r}: {remedy} and set units = {right!r}."
        raise ValueError(msg)


def _check_days(ds: xr.Dataset, file: str) -> None:
    """Raise ``ValueError`` unless the steps are days, one after the other."""
    time = ds["time"].values
    if time.dtype.kind != "M":
        msg = f"{file}: time holds {time.dtype} values, not dates of the standard calendar (units 'days since ...')."
        raise ValueError(msg)
    days = time.astype("datetime64[D]")
    steps = np.diff(days).astype(int)
    if steps.size and not (steps == 1).all():
        place = int(np.argmax(steps != 1))
        msg = f"{file}: after {days[place]} comes {days[place + 1]}; L4C needs every day once (fill gaps with NaN)."
        raise ValueError(msg)
    ds["time"] = ("time", days.astype("datetime64[ns]"))


def _with_parameters(ds: xr.Dataset) -> xr.Dataset:
    """Turn what the file states otherwise into our parameters and litterfall."""
    if "cue" in ds:
        ds["f_aut"] = 1.0 - ds["cue"]
        ds = ds.drop_vars("cue")
    if "litterfall_annual" in ds:
        if "litterfall" not in ds:
            ds["litterfall"] = ds["litterfall_annual"] / _DAYS_A_YEAR
        ds = ds.drop_vars("litterfall_annual")
    return ds


def recognise(path: Path, head: Head) -> bool:
    """Whether half of the drivers are there, in any names that are read; opening it tells what is wrong."""
    held = {ALIASES.get(name, name) for name in head.variables}
    return len(held & {*DRIVERS, "thawed"}) >= len(DRIVERS) // 2


def describe(path: Path, head: Head) -> FileEntry:
    """Say what the file holds; gaps are counted where it is small."""
    with open_drivers(path) as ds:
        return describe_dataset(ENTRY, ds, title=f"L4C drivers of {ds.sizes['cell']:,} cells")


ENTRY = CatalogEntry(
    name="driver-file",
    title="Drivers from a file of your own",
    citation="as the file states",
    licence="as the file states",
    load=open_drivers,
    recognise=recognise,
    describe=describe,
    write_example=write_example,
    example_name="drivers.nc",
)
