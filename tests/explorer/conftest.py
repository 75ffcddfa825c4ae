"""A world of two hundred cells: everything a page needs, made in a moment."""

import numpy as np
import pytest
import xarray as xr

from data_catalog.grid import EaseGrid
from explorer.worlds import World, Worlds
from models.packing import DRIVERS, Blocks, order_cells, tiles_of_blocks

DAYS = 365
N_CELL = 240


def make_places(seed: int = 3) -> xr.Dataset:
    """Place cells on the 108-km grid, over the land of every continent and none in particular."""
    rng = np.random.default_rng(seed)
    rows, columns = EaseGrid("108km").shape
    chosen = np.sort(rng.choice(rows * columns, N_CELL, replace=False))
    row, column = np.divmod(chosen, columns)
    latitude, longitude = EaseGrid("108km").lat_lon(row, column)
    fraction = rng.dirichlet(np.ones(8), N_CELL).astype(np.float32)
    fraction[fraction < 0.15] = 0.0
    return xr.Dataset(
        {
            "row": ("cell", row),
            "column": ("cell", column),
            "latitude": ("cell", latitude),
            "longitude": ("cell", longitude),
            "area": ("cell", np.full(N_CELL, 1.1e10)),
            "pft_fraction": (("cell", "pft"), fraction),
        },
        coords={"pft": np.arange(1, 9)},
    )


def make_blocks(places: xr.Dataset, seed: int = 4) -> Blocks:
    """Draw a year of weather that has seasons and nothing else."""
    rng = np.random.default_rng(seed)
    fraction = places["pft_fraction"].values
    cell_of = order_cells(places["latitude"].values, places["longitude"].values, fraction)
    block_of, pft, share = tiles_of_blocks(cell_of, fraction)
    season = np.cos(2 * np.pi * (np.arange(DAYS) - 196) / DAYS)[None, :, None]
    shape = (len(cell_of), DAYS, 16)
    level = {
        "par": 7 + 3 * season + rng.normal(0, 0.6, shape),
        "tmin": 281 + 10 * season + rng.normal(0, 2, shape),
        "vpd": 900 + 500 * season + rng.normal(0, 120, shape),
        "smrz_rescaled": 55 - 20 * season + rng.normal(0, 4, shape),
        "smsf": 45 - 15 * season + rng.normal(0, 5, shape),
        "t_soil": 284 + 9 * season + rng.normal(0, 1, shape),
    }
    low = {"par": 0.1, "vpd": 0.0, "smrz_rescaled": 5.0, "smsf": 1.0}
    level = {name: np.maximum(values, low.get(name, -np.inf)) for name, values in level.items()}
    level["frozen"] = (level["t_soil"] < 273.15).astype(float)
    data = np.stack([level[name] for name in DRIVERS], axis=2).astype(np.float32)
    steps = np.arange(DAYS) // 8
    leaves = 0.5 + 0.3 * np.cos(2 * np.pi * (np.arange(46) * 8 - 196) / DAYS)
    return Blocks(
        data=data,
        scale=np.ones(7),
        offset=np.zeros(7),
        fpar=np.broadcast_to(leaves[None, :, None], (len(pft), 46, 16)).astype(np.float32),
        fpar_scale=1.0,
        fpar_step=steps.astype(np.int32),
        block_of=block_of,
        pft=pft,
        fraction=share,
        cell_of=cell_of,
        time=np.datetime64("2015-01-01") + np.arange(DAYS),
        n_cell=N_CELL,
    )


@pytest.fixture(scope="session")
def world() -> World:
    """A small world on the 108-km grid."""
    places = make_places()
    return World("108km", make_blocks(places), places)


@pytest.fixture
def worlds(world) -> Worlds:
    """Grids of a process that has the small world and prepares nothing."""
    known = Worlds()
    known.add(world)
    return known
