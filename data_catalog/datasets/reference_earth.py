"""The embedded world: real land and climate, synthetic daily weather, as drivers of the carbon models."""

import functools
import os

import dask.array as da
import numpy as np
import xarray as xr

from data_catalog.entry import CatalogEntry
from data_catalog.world.static import open_static
from data_catalog.world.store import build, folder_of, is_built, open_blocks, open_limits, soil_of, version
from models.packing import DRIVERS, LANES, Blocks
from models.variables import VARIABLES
from models.wetness import restore_smrz

__all__ = ["ENTRY", "load"]

TITLE = "Reference Earth: synthetic daily weather drawn from a real climate"
SOURCE = (
    "synthetic daily weather drawn from a real monthly climatology by a seeded generator; soil moisture, soil "
    "temperature and frozen ground: {soil}; fPAR assumed per land cover and climate"
)
LICENCE = "weather and soil: BSD-3-Clause; land and climate: each field's own, in attribute static_licences"
REFERENCES = (
    "Richardson 1981, doi 10.1029/WR017i001p00182; Wilks 1998, doi 10.1016/S0022-1694(98)00186-3; "
    "Allen et al. 1998 (FAO-56); Niu et al. 2011, doi 10.1029/2010JD015139; "
    "Jones et al. 2017, doi 10.1109/JSTARS.2017.2693678"
)
CLIMATE = ("t_air", "t_range", "precip", "vapour_pressure", "pressure", "sw_down", "vpd", "wind")
STATIC = ("row", "column", "land_fraction", "elevation", "koppen", "sand", "clay")
LIMITS = ("smrz_min", "smrz_max", "smrz_wilting")
CHUNK = 4096  # cells: a few MB of one variable
FPAR_CHUNK = 1024


@functools.lru_cache(maxsize=4)
def _blocks(grid: str, folder: str | None, stamp: str, name: str) -> Blocks:
    """Return the mapped blocks once a process; ``stamp`` and ``name`` are version and folder when it was opened."""
    if stamp != version():
        msg = f"The packed {grid} world was opened in version {stamp}, this process makes {version()}; open it again."
        raise ValueError(msg)
    return open_blocks(grid, folder=folder, name=name)


def _decode(place: np.ndarray, *, variable: int, source: tuple[str, str | None, str, str]) -> np.ndarray:
    """Return (cell, time) float32 of one driver at ``place`` (cell, 1) = block * LANES + lane; NaN where it is -1."""
    blocks = _blocks(*source)
    found = np.full((len(place), len(blocks.time)), np.nan, dtype=np.float32)
    has = np.flatnonzero(place[:, 0] >= 0)
    block, lane = np.divmod(place[has, 0], LANES)
    scale, offset = np.float64(blocks.scale[variable]), np.float64(blocks.offset[variable])
    found[has] = blocks.data[block, :, variable, lane] * scale + offset
    return found


def _decode_smrz(place: np.ndarray, low: np.ndarray, high: np.ndarray, *, source) -> np.ndarray:
    """Return (cell, time) root-zone wetness [%], back from its logarithmic scale."""
    rescaled = _decode(place, variable=DRIVERS.index("smrz_rescaled"), source=source)
    return restore_smrz(rescaled, low, high).astype(np.float32)


def _decode_fpar(tile: np.ndarray, lane: np.ndarray, *, source) -> np.ndarray:
    """Return (cell, pft, time) float32 fPAR of tiles ``tile`` (cell, pft, 1) at ``lane`` (cell, 1, 1); 0 where none."""
    blocks = _blocks(*source)
    steps = np.zeros((*tile.shape[:2], blocks.fpar.shape[1]), dtype=np.float32)
    cell, pft = np.nonzero(tile[:, :, 0] >= 0)
    steps[cell, pft] = blocks.fpar[tile[cell, pft, 0], :, lane[cell, 0, 0]] * np.float32(blocks.fpar_scale)
    return steps[:, :, blocks.fpar_step]


def _places(blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Return where each cell is packed, block * LANES + lane (cell,), and its tiles (cell, 8); -1 for none."""
    place = np.full(blocks.n_cell, -1, dtype=np.int64)
    flat = blocks.cell_of.ravel()
    place[flat[flat >= 0]] = np.flatnonzero(flat >= 0)
    tile = np.full((blocks.n_cell, 8), -1, dtype=np.int64)
    which, lane = np.nonzero(blocks.fraction > 0)
    tile[blocks.cell_of[blocks.block_of[which], lane], blocks.pft[which].astype(int) - 1] = which
    return place, tile


def load(
    grid: str = "108km", cells: np.ndarray | None = None, *, folder: str | os.PathLike | None = None
) -> xr.Dataset:
    """Open the drivers of the embedded world; makes the packed files if they are not there (seconds).

    Parameters
    ----------
    grid : str
        "108km" or "36km".
    cells : (n,) int array, optional
        Positions of the cells wanted; all of them if not given.
    folder : path, optional
        Where packed worlds are kept; the user's cache directory if not given.

    Returns
    -------
    Dataset
        Drivers (cell, time) par, tmin, vpd, smrz, smsf, t_soil, frozen and fpar (cell, pft, time), decoded when they
        are asked for; pft_fraction (cell, pft), smrz_min, smrz_max, smrz_wilting, area, land and monthly climate (names
        ending in ``_clim``). Cells without vegetation have drivers too.

    Raises
    ------
    KeyError
        If no grid has this name.
    IndexError
        If a cell is not in the world.
    OSError
        If the packed files cannot be made.
    """
    static = open_static(grid)
    n = static.sizes["cell"]
    cells = np.arange(n) if cells is None else np.atleast_1d(np.asarray(cells, dtype=np.int64))
    if cells.size and (cells.min() < 0 or cells.max() >= n):
        msg = f"cells = {cells.min()} to {cells.max()}; the {grid} world has the cells 0 to {n - 1}."
        raise IndexError(msg)
    if not is_built(grid, folder=folder):
        build(grid, folder=folder)
    where = None if folder is None else str(folder)
    opened = folder_of(grid, folder).name
    source = (grid, where, version(), opened)
    blocks = _blocks(*source)
    limits = open_limits(grid, folder=folder, name=opened)
    part = static.isel(cell=cells)

    place, tile = (x[cells] for x in _places(blocks))
    days = len(blocks.time)
    at = da.from_array(place[:, None], chunks=(CHUNK, 1))
    low, high = (da.from_array(limits[name][cells][:, None], chunks=(CHUNK, 1)) for name in ("smrz_min", "smrz_max"))
    lazy = {"dtype": np.float32, "chunks": (at.chunks[0], (days,)), "meta": np.empty((0, 0), np.float32)}
    found = {}
    for name in ("par", "tmin", "vpd", "smsf", "t_soil", "frozen"):
        found[name] = da.map_blocks(_decode, at, variable=DRIVERS.index(name), source=source, **lazy)
    found["smrz"] = da.map_blocks(_decode_smrz, at, low, high, source=source, **lazy)
    ds = xr.Dataset({name: (("cell", "time"), x, VARIABLES[name].cf_attrs) for name, x in found.items()})

    tiles = da.from_array(tile[:, :, None], chunks=(FPAR_CHUNK, 8, 1))
    lane = da.from_array((place % LANES)[:, None, None], chunks=(FPAR_CHUNK, 1, 1))
    shape = (tiles.chunks[0], (8,), (days,))
    fpar = da.map_blocks(
        _decode_fpar, tiles, lane, source=source, dtype=np.float32, chunks=shape, meta=np.empty((0, 0, 0), np.float32)
    )
    ds["fpar"] = (("cell", "pft", "time"), fpar, VARIABLES["fpar"].cf_attrs)
    for limit in LIMITS:
        ds[limit] = ("cell", limits[limit][cells], VARIABLES[limit].cf_attrs)
    for name in ("pft_fraction", *STATIC):
        ds[name] = part[name].variable
    for name in CLIMATE:
        ds[f"{name}_clim"] = part[name].variable
    ds = ds.assign_coords(
        cell=cells,
        pft=np.arange(1, 9),
        month=np.arange(1, 13),
        time=blocks.time.astype("datetime64[ns]"),
        **{name: part[name].variable for name in ("latitude", "longitude", "area")},
    )
    for variable in ("area", "elevation", "pft_fraction", "sand", "clay"):
        ds[variable].attrs = {**VARIABLES[variable].cf_attrs, **ds[variable].attrs}
    soil = soil_of(grid, folder=folder, name=opened)
    for variable in ("smsf", "smrz", "t_soil", "frozen", *LIMITS):
        ds[variable].attrs = {**ds[variable].attrs, "source": soil}
    ds["smsf"].attrs["comment"] = ds["t_soil"].attrs["comment"] = "the land surface model's top layer, 0-10 cm"
    ds["smrz"].attrs["comment"] = "0-100 cm"
    ds.attrs = {
        "title": TITLE,
        "source": SOURCE.format(soil=soil),
        "licence": LICENCE,
        "static_sources": static.attrs["sources"],
        "static_licences": static.attrs["licences"],
        "assumptions": static.attrs["assumptions"],
        "references": REFERENCES,
        "grid": grid,
        "seed": 1,
        "generator_version": version(),
        "folder": opened,
        "koppen_classes": static.attrs["koppen_classes"],
        "Conventions": "CF-1.11",
    }
    return ds


ENTRY = CatalogEntry(
    name="reference-earth",
    title=TITLE,
    citation=f"Land Carbon Explorer; {REFERENCES}",
    licence=LICENCE,
    load=load,
    feeds=("drivers",),
    synthetic=True,
)
