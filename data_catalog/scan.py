"""Say what a file or a folder holds: every file, recognised by its content, with what is wrong with it."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.datasets.ameriflux_badm import MOST_BYTES, read_bif
from data_catalog.datasets.ameriflux_base import is_base
from data_catalog.datasets.ameriflux_l2 import is_level2
from data_catalog.datasets.bondville import is_bondville, read_bondville, read_bondville_observed
from data_catalog.datasets.climatology_npz import is_climatology
from data_catalog.datasets.climatology_npz import load as load_climatology
from data_catalog.datasets.driver_file import open_drivers, open_store
from data_catalog.datasets.fluxnet import file_name, read_fluxnet
from data_catalog.datasets.fluxnet_columns import DRIVERS, FLUXES
from data_catalog.datasets.fluxnet_sites import site_table
from data_catalog.datasets.land_forcing import FORCING_NAMES, open_forcing, read_half_hours, weather_of_tower
from data_catalog.datasets.land_towers import OBSERVED
from data_catalog.datasets.tables import open_tables

__all__ = ["MAX_FILES", "ScanRow", "scan"]

MAX_FILES = 5000
BPLUT_COLUMNS = {"LC_index", "LUEmax", "Tmin_min_K", "VPD_max_Pa"}
EXPERIMENT_KEYS = {"model", "dataset", "grid", "l4c", "land", "region", "period", "output", "site"}
HEAD = 20_000
TEXT = (".csv", ".txt", ".dat", ".gz", ".zip")
NETCDF = (".nc", ".nc4", ".h5", ".cdf", ".zarr")


@dataclass(frozen=True)
class ScanRow:
    """One file: what it is, what it holds, and what is wrong with it.

    Attributes
    ----------
    path : Path
        Relative to the folder that was scanned.
    kind : str
        "tower", "weather" (of the land surface model), "drivers", "climatology", "bplut", "experiment", "sites",
        "observations" or "unknown".
    title, detail : str
        What it is; period, steps, gaps.
    problem : str
        Why it cannot be used, or what is to be known; empty when all is well.
    site : str
        Code of a tower.
    """

    path: Path
    kind: str
    title: str = ""
    detail: str = ""
    problem: str = ""
    site: str = ""

    def __str__(self) -> str:
        """Put it in one or two lines."""
        said = ", ".join(part for part in (self.title, self.detail) if part)
        line = f"{self.path}: {self.kind}" + (f": {said}" if said else "")
        return line + (f"\n    ! {self.problem}" if self.problem else "")


def scan(path: str | Path) -> list[ScanRow]:
    """List what a file or folder holds.

    Parameters
    ----------
    path : path
        A file, or a folder with its sub-folders; links that lead out of it are not followed.

    Returns
    -------
    list of ScanRow
        In the order of their names; at most `MAX_FILES`, then one row that says so.

    Raises
    ------
    FileNotFoundError
        There is no such path.
    """
    root = Path(path)
    if not root.exists():
        msg = f"There is nothing at {root}; a file or a folder is expected."
        raise FileNotFoundError(msg)
    if root.is_file() or root.suffix == ".zarr":
        return [_examine(root, Path(root.name))]
    rows: list[ScanRow] = []
    for found in _files(root):
        if len(rows) == MAX_FILES:
            rows.append(ScanRow(Path(), "unknown", problem=f"more than {MAX_FILES} files: scan a smaller folder."))
            break
        rows.append(_examine(found, found.relative_to(root)))
    return rows


def _files(root: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(root, followlinks=False):
        subfolders.sort()
        stores = [name for name in subfolders if name.endswith(".zarr")]
        subfolders[:] = [name for name in subfolders if not name.startswith(".") and name not in stores]
        for name in sorted([*names, *stores]):
            place = Path(folder) / name
            if not name.startswith(".") and place.resolve().is_relative_to(root.resolve()):
                yield place


def _examine(path: Path, shown: Path) -> ScanRow:
    suffix = path.suffix.lower()
    try:
        if suffix == ".toml":
            return _experiment(path, shown)
        if suffix in NETCDF:
            return _drivers(path, shown)
        if suffix == ".npz":
            return _climatology(path, shown)
        if suffix in TEXT:
            return _text(path, shown)
        if suffix == ".xlsx" and "_BIF_" in path.name and path.stat().st_size <= MOST_BYTES:
            count = len(read_bif(path.read_bytes()))
            return ScanRow(shown, "sites", f"AmeriFlux BADM sheet: positions and classes of {count} sites")
    except (ValueError, KeyError, FileNotFoundError) as error:
        message = str(error.args[0]) if error.args else str(error)
        return ScanRow(shown, "unknown", problem=message)
    return ScanRow(shown, "unknown", problem=_why_not(path))


def _why_not(path: Path) -> str:
    known = "CSV, gz, zip, NetCDF, Zarr, npz, TOML"
    return f"{path.suffix or 'a file without a suffix'} is no kind that is read ({known})."


def _experiment(path: Path, shown: Path) -> ScanRow:
    if path.stat().st_size > 1_000_000:
        return ScanRow(shown, "unknown", problem="a TOML file of more than 1 MB is no experiment.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return ScanRow(shown, "unknown", problem=f"not valid TOML: {error}.")
    if not EXPERIMENT_KEYS & set(content):
        keys = ", ".join(sorted(EXPERIMENT_KEYS))
        return ScanRow(shown, "unknown", problem=f"a TOML file, but no experiment: it has none of {keys}.")
    said = f"model {content.get('model', 'l4c')}, dataset {content.get('dataset', 'reference-earth')}"
    return ScanRow(shown, "experiment", said)


def _period(ds: xr.Dataset) -> str:
    days = ds["time"].to_numpy().astype("datetime64[D]")
    return f"{days[0]} to {days[-1]}" if days.size else "no time step"


def _drivers(path: Path, shown: Path) -> ScanRow:
    try:
        ds = open_drivers(path)
    except ValueError:
        row = _weather_of_columns(path, shown)
        if row is None:
            raise
        return row
    try:
        return ScanRow(shown, "drivers", f"L4C drivers of {ds.sizes['cell']:,} cells", _period(ds))
    finally:
        ds.close()


def _weather_of_columns(path: Path, shown: Path) -> ScanRow | None:
    """Tell of weather for the land surface model; None if the file does not hold its names."""
    with open_store(path, "a NetCDF file or a Zarr folder") as raw:
        names = set(raw.variables)
    if not all({short, ours} & names for short, ours in FORCING_NAMES.items() if ours != "precip_rate"):
        return None
    ds = open_forcing(path)
    sites = max((ds.sizes[name] for name in ds.sizes if name not in ("time", "column")), default=1)
    period = _period(ds) if "time" in ds.coords else "without times"
    return ScanRow(shown, "weather", f"weather of {sites} sites for the land surface model", period)


def _half_hours(path: Path, shown: Path) -> ScanRow:
    """Tell of a half-hourly table that runs the land surface model."""
    ds = read_half_hours(path)
    weather = weather_of_tower(ds)
    notes = weather.attrs["notes"]
    problem = (
        "" if "latitude" in weather else "position unknown: lay the site's BADM sheet (BIF) or a site list beside it"
    )
    holds = ", ".join(name for name in OBSERVED if name in ds)
    title = f"{ds.attrs['title']} with {holds}" if holds else ds.attrs["title"]
    detail = f"{_period(ds)}, {ds.sizes['time']:,} steps" + (f"; {notes}" if notes else "")
    return ScanRow(shown, "weather", title, detail, problem, str(ds["site"].values[0]))


def _climatology(path: Path, shown: Path) -> ScanRow:
    if not is_climatology(path):
        problem = "a NumPy archive without the arrays fPAR, PAR, Tmin, VPD, SMRZ, SMSF, Tsoil, FT, PFT."
        return ScanRow(shown, "unknown", problem=problem)
    ds = load_climatology(path)
    return ScanRow(shown, "climatology", f"365-day driver climatology of {ds.sizes['cell']} cells")


def _text(path: Path, shown: Path) -> ScanRow:
    files = open_tables(path)
    if any(file_name(file.name) for file in files):
        return _tower(path, shown)
    if any(is_base(file) for file in files):
        return _half_hours(path, shown)
    if len(files) != 1:
        names = ", ".join(file.name for file in files[:3]) or "no CSV"
        return ScanRow(shown, "unknown", problem=f"an archive without a FLUXNET table (it holds {names}).")
    text = files[0].text()
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    if is_base(text[:HEAD]) or is_level2(text):
        return _half_hours(path, shown)
    if is_bondville(text):
        ds = read_bondville(path)
        return ScanRow(shown, "weather", ds.attrs["title"], f"{_period(ds)}; {ds.attrs['notes']}".rstrip("; "))
    if first.split()[:4] == ["TIMESTAMP", "LAI", "SM1", "SM2"]:
        ds = read_bondville_observed(path)
        return ScanRow(shown, "observations", f"{ds.attrs['title']}: leaf area, soil moisture", _period(ds))
    columns = {cell.strip().strip('"') for cell in first.split(",")}
    # The mission's own table has its header in a comment.
    commented = [line for line in text[:20_000].split("\n") if line.startswith("#") and "LC_index" in line]
    for header, rows in ((first, len(lines) - 1), *((line, len(lines)) for line in commented[:1])):
        held = {cell.strip('# "') for cell in header.split(",")}
        if not held >= BPLUT_COLUMNS:
            continue
        problem = "" if rows >= 8 else f"{rows} rows; a biome property table has one for each of 8 plant types."
        return ScanRow(shown, "bplut", f"biome property table, {len(held)} columns", problem=problem)
    if columns & {"TIMESTAMP", "TIMESTAMP_START"}:
        return _tower(path, shown)
    sites = site_table(text)
    if sites:
        return ScanRow(shown, "sites", f"positions and IGBP classes of {len(sites)} sites")
    return ScanRow(shown, "unknown", problem=f"a text table of no known kind; it starts with {first[:50]!r}.")


def _tower(path: Path, shown: Path) -> ScanRow:
    ds = read_fluxnet(path, need=())
    gaps = {name: float(np.isnan(ds[name].to_numpy()).mean()) for name in (*FLUXES, *DRIVERS) if name in ds}
    holes = ", ".join(f"{name} {share:.0%}" for name, share in gaps.items() if share >= 0.005)
    detail = f"{_period(ds)}, {ds.sizes['time']:,} steps" + (f", gaps: {holes}" if holes else ", no gaps")
    lacks = [name for name in (*DRIVERS, *FLUXES) if name not in ds]
    problems = []
    if lacks:
        problems.append(
            f"lacks {', '.join(lacks)}: " + ("cannot be judged" if set(lacks) <= set(FLUXES) else "needs the world")
        )
    if "latitude" not in ds.coords:
        problems.append("position unknown: lay a site list or the network's BIF table beside it")
    if ds.attrs["resolution"] not in {"DD", "HH", "HR"}:
        problems.append("too coarse to run L4C; days or half hours are needed")
    site = str(ds["site"].values[0])
    return ScanRow(shown, "tower", ds.attrs["title"], detail, "; ".join(problems), site)
