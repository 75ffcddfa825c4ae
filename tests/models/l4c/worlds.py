"""Small synthetic worlds for tests and benchmarks: seasons and noise, nothing real."""

import numpy as np

from models.packing import LANES, Blocks, order_cells, tiles_of_blocks

SCALE = np.array([0.0005, 0.005, 0.2, 0.002, 0.002, 0.005, 1.0])
OFFSET = np.array([0.0, 180.0, 0.0, 0.0, 0.0, 180.0, 0.0])


def packed_world(n_cell: int, *, seed: int = 0, kinds: int = 3, days: int = 365, bare: float = 0.03) -> Blocks:
    """Cells with up to ``kinds`` plant types each by latitude; a share ``bare`` of them has none."""
    rng = np.random.default_rng(seed)
    latitude, longitude = rng.uniform(-55, 75, n_cell), rng.uniform(-180, 180, n_cell)
    fraction = np.zeros((n_cell, 8))
    for cell in range(n_cell):
        count = rng.integers(1, kinds + 1)
        types = (int((latitude[cell] + 60) // 17) + rng.choice(5, count, replace=False)) % 8
        fraction[cell, types] = rng.dirichlet(np.ones(count)) * rng.uniform(0.5, 1)
    fraction[rng.random(n_cell) < bare] = 0
    cell_of = order_cells(latitude, longitude, fraction)
    block_of, pft, tile_fraction = tiles_of_blocks(cell_of, fraction)
    day = np.arange(days)
    data = np.empty((len(cell_of), days, len(SCALE), LANES), np.uint16)
    for first in range(0, len(cell_of), 512):
        lat = latitude[np.maximum(cell_of[first : first + 512], 0)][:, None]
        season = np.sin(2 * np.pi * (day - 100) / 365)[None, :, None] * np.sign(lat)
        shape = np.broadcast_shapes(lat.shape, season.shape)

        def noise(size: float, shape: tuple[int, ...] = shape) -> np.ndarray:
            return rng.standard_normal(shape, dtype=np.float32) * size

        air = 300 - abs(lat) * 0.6 + (3 + 0.2 * abs(lat)) * season + noise(3)
        values = (
            np.clip(7.5 + 0.06 * abs(lat) * season + noise(1.5), 0.3, 15),
            air,
            np.clip(900 + 700 * season + noise(400), 0, 8000),
            np.clip(55 - 15 * season + noise(10), 5, 100),
            np.clip(45 - 15 * season + noise(14), 1, 100),
            air + 4 + noise(1),
            (air < 270).astype(float),
        )
        for place, x in enumerate(values):
            data[first : first + 512, :, place] = np.clip(np.rint((x - OFFSET[place]) / SCALE[place]), 0, 65535)
    steps = -(-days // 8)
    green = 20 * np.sin(2 * np.pi * (np.arange(steps) * 8 - 110) / 365)[None, :, None]
    fpar = rng.uniform(20, 80, (len(block_of), 1, LANES)) + green + rng.normal(0, 2, (len(block_of), steps, LANES))
    return Blocks(
        data=data,
        scale=SCALE,
        offset=OFFSET,
        fpar=np.clip(fpar, 0, 100).astype(np.uint8),
        fpar_scale=0.01,
        fpar_step=(day // 8).astype(np.int32),
        block_of=block_of,
        pft=pft,
        fraction=tile_fraction,
        cell_of=cell_of,
        time=np.datetime64("2015-01-01") + day,
        n_cell=n_cell,
    )
