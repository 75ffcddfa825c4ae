"""A region of the 9-km grid: a year of the world's drivers of L4C on its cells, in a Zarr store of the user's cache.

The embedded world knows land and climate at 36 km. A cell of 9 km takes plants, soil classes and land fraction of the
36-km cell around it, and a climate that is interpolated between the centres of 36-km cells, so that it has no steps;
its weather is drawn for itself, and its soil is that of the 108-km run around it, as at 36 km. A driver file like any
other comes out: ``python launch.py run carbon.toml --drivers STORE``.

The store is filled block by block under another name, each block marked when it is whole, and takes its own name at the
end: a process that was killed leaves nothing that could be taken for a store, and the next one goes on.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog.grid import EaseGrid
from data_catalog.world.cache_folder import explained_errors, root_of, version
from data_catalog.world.phenology import fpar
from data_catalog.world.soil import SoilDays
from data_catalog.world.soil_file import FROZEN, SMRZ, SMSF, T_SOIL
from data_catalog.world.static import open_static
from data_catalog.world.store import FPAR_SCALE, OFFSET, SCALE, SEED, YEAR, draw_days
from data_catalog.world.weather import DAYS, SW_DOWN, TMIN, VPD, make_tables
from models.kernel import Cancelled
from models.regions import Region
from models.variables import VARIABLES

__all__ = ["MOST_CELLS", "build_region", "built_regions", "fine_static", "share_done", "store_of"]

GRID, PARENT = "9km", "36km"
MOST_CELLS = 400_000
"""Cells of a region; a year of them takes 2 GB before compression."""

BLOCK = 1024
"""Cells that are written at once, and lost when the work is killed."""

PAR = 0.45 * 0.0864
"""Photosynthetically active share of sunlight, and MJ m-2 d-1 of a W m-2."""

_SMOOTH = ("elevation",)
_SCALE = {name: SCALE[name] for name in ("par", "tmin", "vpd", "smsf", "t_soil")} | {"smrz": SCALE["smsf"]}


def fine_static(region: Region) -> xr.Dataset:
    """Return land and climate of the 9-km cells in a region, of the 36-km cells around them.

    Returns
    -------
    Dataset
        As `data_catalog.world.static.open_static`, on ``cell``.

    Raises
    ------
    ValueError
        No land lies there, or there are more than `MOST_CELLS` cells.
    """
    coarse, ease, parent = open_static(PARENT), EaseGrid(GRID), EaseGrid(PARENT)
    number = np.full(parent.shape, -1, np.int64)
    number[coarse["row"].to_numpy(), coarse["column"].to_numpy()] = np.arange(coarse.sizes["cell"])
    rows, columns = np.arange(ease.shape[0]), np.arange(ease.shape[1])
    latitude = ease.lat_lon(rows, np.zeros(rows.size))[0]
    longitude = ease.lat_lon(np.zeros(columns.size), columns)[1]
    rows = rows[(latitude >= region.south) & (latitude <= region.north)]
    columns = columns[region.contains(np.full(columns.size, (region.south + region.north) / 2), longitude)]
    row, column = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    around = number[ease.parent(row, column, PARENT)]
    land = around >= 0
    row, column, around = row[land], column[land], around[land]
    if not 0 < row.size <= MOST_CELLS:
        msg = f"The region {region.name} has {row.size:,} land cells of 9 km; 1 to {MOST_CELLS:,} are accepted."
        raise ValueError(msg)
    static = coarse.isel(cell=around)
    neighbour, weight = _between(row, column, number)
    for name, field in coarse.data_vars.items():
        if name in _SMOOTH or field.dims == ("cell", "month"):
            values = np.einsum("ik,ik...->i...", weight, field.to_numpy()[neighbour])
            static[name] = (field.dims, values.astype(field.dtype), field.attrs)
    latitude, longitude = ease.lat_lon(row, column)
    area = static["land_fraction"].to_numpy().astype(np.float64) * ease.cell_area
    static = static.assign(row=("cell", row.astype(np.int32)), column=("cell", column.astype(np.int32)))
    static = static.assign(area=("cell", area, VARIABLES["area"].cf_attrs))
    return static.assign_coords(latitude=("cell", latitude), longitude=("cell", longitude)).assign_attrs(grid=GRID)


def _between(row: np.ndarray, column: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the four 36-km land cells whose centres are around each 9-km centre, and their bilinear weights."""
    ratio = round(EaseGrid(PARENT).cell_size / EaseGrid(GRID).cell_size)
    up, along = (row + 0.5) / ratio - 0.5, (column + 0.5) / ratio - 0.5
    first_row, first_column = np.floor(up).astype(int), np.floor(along).astype(int)
    neighbours, weights = [], []
    for down in (0, 1):
        for right in (0, 1):
            r = np.clip(first_row + down, 0, number.shape[0] - 1)
            c = (first_column + right) % number.shape[1]
            found = number[r, c]
            share = np.abs(1 - down - (up - first_row)) * np.abs(1 - right - (along - first_column))
            neighbours.append(np.maximum(found, 0))
            weights.append(np.where(found >= 0, share, 0.0))
    weight = np.stack(weights, axis=1)
    # The cell that holds the centre is one of the four, with a quarter of the weight at least.
    return np.stack(neighbours, axis=1), weight / weight.sum(axis=1, keepdims=True)


@cache
def _version() -> str:
    """Return twelve digits that change when a store would."""
    return hashlib.sha256(version().encode() + Path(__file__).read_bytes()).hexdigest()[:12]


def store_of(region: Region, folder: str | os.PathLike | None = None) -> Path:
    """Return where a region's store is kept: under ``folder``, or in the user's cache directory."""
    edges = "_".join(f"{edge:g}" for edge in (region.west, region.south, region.east, region.north))
    name = re.sub(r"[^A-Za-z0-9]+", "-", region.name).strip("-").lower() or "box"
    return root_of(folder) / f"9km-{name}_{edges}-{_version()}.zarr"


def built_regions(folder: str | os.PathLike | None = None) -> tuple[Path, ...]:
    """Return the stores of this version that are whole."""
    return tuple(sorted(root_of(folder).glob(f"9km-*-{_version()}.zarr")))


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def share_done(region: Region, folder: str | os.PathLike | None = None) -> float:
    """Return which share of a region's store is written, 0 to 1."""
    target = store_of(region, folder)
    if target.is_dir():
        return 1.0
    marks = _part_of(target) / "done.npy"
    return float(np.load(marks).mean()) if marks.is_file() else 0.0


def build_region(
    region: Region,
    folder: str | os.PathLike | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Draw a year of drivers on the 9-km cells of a region; goes on where an earlier call was ended.

    Parameters
    ----------
    region : Region
        A box.
    folder : path, optional
        Where worlds are kept; the user's cache directory if not given.
    progress, cancelled : callable, optional
        Told the share done; asked before each block.

    Returns
    -------
    Path
        The store, which `data_catalog.datasets.driver_file.open_drivers` opens.

    Raises
    ------
    ValueError
        See `fine_static`.
    BlockingIOError
        Another process is at it.
    models.kernel.Cancelled
        ``cancelled`` said yes.
    OSError
        The folder can't be written, or the disk is full.
    """
    target = store_of(region, folder)
    if target.is_dir():
        return target
    static = fine_static(region)
    part, n = _part_of(target), static.sizes["cell"]
    need = 0 if part.is_dir() else n * DAYS * 14 // 2
    with explained_errors(target.parent, need):
        part.mkdir(exist_ok=True)
        with _alone(part):
            store, marks = part / "store", part / "done.npy"
            if not marks.is_file():
                shutil.rmtree(store, ignore_errors=True)
                _begin(store, static, region)
                _mark(marks, np.zeros(-(-n // BLOCK), bool))
            _fill(store, marks, static, progress or (lambda share: None), cancelled or (lambda: False))
            store.rename(target)
        shutil.rmtree(part, ignore_errors=True)
    return target


@contextmanager
def _alone(part: Path):
    """Keep a second process out of an unfinished store; the system frees it when this process ends."""
    with (part / "lock").open("w") as file:
        try:
            import fcntl
        except ImportError:  # not on this system: nobody guards against two at once
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"Another process is building {part.name[1:-5]}; let it finish, or end it first."
            raise BlockingIOError(error.errno, msg) from error
        yield


def _mark(path: Path, done: np.ndarray) -> None:
    """Write the marks whole or not at all."""
    fresh = path.with_name("done.tmp.npy")
    np.save(fresh, done)
    fresh.replace(path)


def _template(static: xr.Dataset, region: Region) -> xr.Dataset:
    """Return the store without its days: what does not change, and empty drivers."""
    import dask.array as da

    n = static.sizes["cell"]
    soil = SoilDays(static, GRID)
    days = np.datetime64(f"{YEAR}-01-01", "D") + np.arange(DAYS)
    ds = xr.Dataset(coords={"time": days.astype("datetime64[ns]"), "pft": np.arange(1, 9), "cell": np.arange(n)})
    for name in (*_SCALE, "frozen"):
        empty = da.zeros((n, DAYS), chunks=(BLOCK, DAYS), dtype=np.float32)
        ds[name] = (("cell", "time"), empty, VARIABLES[name].cf_attrs)
    empty = da.zeros((n, 8, DAYS), chunks=(BLOCK, 8, DAYS), dtype=np.float32)
    ds["fpar"] = (("cell", "pft", "time"), empty, VARIABLES["fpar"].cf_attrs)
    for name in ("pft_fraction", "area", "elevation", "row", "column"):
        ds[name] = (static[name].dims, static[name].to_numpy(), VARIABLES[name].cf_attrs if name in VARIABLES else {})
    ds["smrz_wilting"] = ("cell", soil.wilting, VARIABLES["smrz_wilting"].cf_attrs)
    for name in ("smrz_min", "smrz_max"):
        ds[name] = ("cell", np.zeros(n, np.float32), VARIABLES[name].cf_attrs)
    for name in ("latitude", "longitude"):
        ds[name] = ("cell", static[name].to_numpy(), {"units": f"degrees_{'north' if name == 'latitude' else 'east'}"})
    ds.attrs = {
        "title": f"Reference Earth on the 9-km grid, {region.name}: synthetic daily weather drawn from a real climate",
        "source": "synthetic daily weather drawn from a monthly climatology interpolated from 36 km; plants and soil "
        f"classes of the 36-km cell around each cell; soil: {soil.label}; fPAR assumed per land cover and climate",
        "licence": "weather and soil: BSD-3-Clause; land and climate: each field's own",
        "static_sources": static.attrs["sources"],
        "static_licences": static.attrs["licences"],
        "grid": "EASE2 9 km",
        "seed": SEED,
        "synthetic": 1,
        "Conventions": "CF-1.11",
    }
    return ds


def _begin(store: Path, static: xr.Dataset, region: Region) -> None:
    """Make the store without its days."""
    ds = _template(static, region)
    whole = {"dtype": "uint16", "_FillValue": 65535}
    packed = {
        name: {**whole, "scale_factor": scale, "add_offset": OFFSET.get(name, 0.0)} for name, scale in _SCALE.items()
    }
    packed |= {name: {"dtype": "uint8", "_FillValue": 255, "scale_factor": FPAR_SCALE} for name in ("fpar", "frozen")}
    ds.to_zarr(store, compute=False, encoding=packed, consolidated=True, zarr_format=2)


def _fill(
    store: Path, marks: Path, static: xr.Dataset, progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> None:
    """Write the blocks that are not marked."""
    done = np.load(marks)
    n = static.sizes["cell"]
    tables, soil = make_tables(static, seed=SEED, year=YEAR), SoilDays(static, GRID)
    for block in np.flatnonzero(~done):
        if cancelled():
            raise Cancelled
        cells = np.arange(block * BLOCK, min((block + 1) * BLOCK, n))
        weather, wet = draw_days(cells, tables), soil.days(cells)
        leaves = fpar(static.isel(cell=cells))[:, :, np.arange(DAYS) // 8]
        days = {
            "par": PAR * weather[:, SW_DOWN], "tmin": weather[:, TMIN], "vpd": np.maximum(weather[:, VPD], 0.0),
            "smsf": wet[:, SMSF], "smrz": wet[:, SMRZ], "t_soil": wet[:, T_SOIL], "frozen": wet[:, FROZEN],
        }  # fmt: skip
        part = xr.Dataset({name: (("cell", "time"), values.astype(np.float32)) for name, values in days.items()})
        part["fpar"] = (("cell", "pft", "time"), (FPAR_SCALE * leaves).astype(np.float32))
        part["smrz_min"], part["smrz_max"] = (("cell", end(wet[:, SMRZ], axis=1)) for end in (np.min, np.max))
        part.to_zarr(
            store, region={"cell": slice(int(cells[0]), int(cells[-1]) + 1)}, consolidated=False, zarr_format=2
        )
        done[block] = True
        _mark(marks, done)
        progress(float(done.mean()))
