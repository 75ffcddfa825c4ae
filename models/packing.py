"""Drivers in the order in which kernels read them: blocks of 16 cells, and (cell, plant type) tiles upon them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["DRIVERS", "LANES", "Blocks", "order_cells", "tiles_of_blocks"]

LANES = 16
"""Cells of a block: one cache line of float32, one or two vector registers."""

DRIVERS = ("par", "tmin", "vpd", "smrz_rescaled", "smsf", "t_soil", "frozen")
"""Variables of a day of a block, in this order."""

NEIGHBOURHOOD = 2048
"""Cells that lie together on the map and are sorted by plant type among themselves."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Drivers of a set of cells in blocks of `LANES` cells, and (cell, plant type) tiles upon them.

    A tile is one plant type over one block: `LANES` lanes that share the block's weather and have their own fPAR.
    All arrays are read, never written.

    Attributes
    ----------
    data : (block, day, variable, lane) uint16, float32 or float64
        `DRIVERS`; value = data * scale + offset. Missing is NaN in floats; uint16 has no missing values.
    scale, offset : (variable,) array
        Of each variable; 1 and 0 in floats. The offset of par and frozen is 0, the scale of frozen is 1.
    fpar : (tile, step, lane) uint8, float32 or float64
        Absorbed fraction of PAR; value = fpar * fpar_scale.
    fpar_scale : float
        See ``fpar``.
    fpar_step : (day,) int32
        Step of ``fpar`` that a day uses.
    block_of : (tile,) int32
        Driver block of each tile.
    pft : (tile,) uint8
        Plant functional type, 1-8.
    fraction : (tile, lane) float32
        Fraction of the cell; 0 marks an unused lane.
    cell_of : (block, lane) int32
        Place of the cell in the dataset, -1 for padding.
    time : (day,) datetime64[D]
        Days.
    n_cell : int
        Cells of the dataset, with or without a tile.
    """

    data: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    fpar: np.ndarray
    fpar_scale: float
    fpar_step: np.ndarray
    block_of: np.ndarray
    pft: np.ndarray
    fraction: np.ndarray
    cell_of: np.ndarray
    time: np.ndarray
    n_cell: int

    def __post_init__(self) -> None:
        for field in ("data", "fpar", "fpar_step", "block_of", "pft", "fraction", "cell_of", "time"):
            view = np.asarray(getattr(self, field)).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    @property
    def packed(self) -> bool:
        """Whether the drivers are 16-bit integers."""
        return self.data.dtype == np.uint16

    @property
    def float_type(self) -> np.dtype:
        """Float type in which kernels compute: float32 of packed drivers, else that of the drivers."""
        return np.dtype(np.float32) if self.packed else self.data.dtype

    @property
    def n_tile(self) -> int:
        """Number of tiles."""
        return len(self.block_of)

    @property
    def lanes_used(self) -> float:
        """Share of the lanes of all tiles that hold a (cell, plant type): 1 wastes no work."""
        return float(np.count_nonzero(self.fraction)) / max(1, self.fraction.size)

    def of(self, blocks: Iterable[int]) -> "Blocks":
        """Return the blocks named, with their tiles; cells keep their place in the dataset."""
        chosen = np.asarray(list(blocks), dtype=np.int64)
        new = np.full(len(self.cell_of), -1, np.int32)
        new[chosen] = np.arange(len(chosen))
        tiles = np.flatnonzero(new[self.block_of] >= 0)
        return replace(
            self,
            data=self.data[chosen],
            fpar=self.fpar[tiles],
            block_of=new[self.block_of[tiles]],
            pft=self.pft[tiles],
            fraction=self.fraction[tiles],
            cell_of=self.cell_of[chosen],
        )

    def as_float(self, dtype: np.typing.DTypeLike) -> "Blocks":
        """Return the same drivers in a float type, in their units."""
        if self.data.dtype == dtype:
            return self
        wide = self.data.astype(np.float64)
        wide *= np.asarray(self.scale, np.float64)[:, None]
        wide += np.asarray(self.offset, np.float64)[:, None]
        ones = np.ones(len(DRIVERS))
        fpar = (self.fpar.astype(np.float64) * self.fpar_scale).astype(dtype)
        return replace(self, data=wide.astype(dtype), scale=ones, offset=0 * ones, fpar=fpar, fpar_scale=1.0)

    def without_gaps(self, variables: Iterable[str]) -> "Blocks":
        """Return the same drivers with the gaps of some variables filled by any value: nothing depends on them."""
        places = [DRIVERS.index(name) for name in variables]
        if self.packed or not any(np.isnan(self.data[:, :, place]).any() for place in places):
            return self
        data = self.data.copy()
        for place in places:
            values = data[:, :, place]
            values[np.isnan(values)] = 273.15
        return replace(self, data=data)


def _interleave(x: np.ndarray) -> np.ndarray:
    """Spread the lower 16 bits of each number to the even places of 32."""
    x = x.astype(np.uint64) & np.uint64(0xFFFF)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        x = (x | (x << np.uint64(shift))) & np.uint64(mask)
    return x


def order_cells(latitude: np.ndarray, longitude: np.ndarray, pft_fraction: np.ndarray) -> np.ndarray:
    """Arrange cells in blocks of neighbours that share their plant types.

    Along a Morton (Z) curve, in neighbourhoods of `NEIGHBOURHOOD` cells, each sorted by the set of its plant types, so
    that a tile has few unused lanes while a region stays in few blocks.

    Parameters
    ----------
    latitude, longitude : (cell,) array
        Degrees.
    pft_fraction : (cell, 8) array
        Fraction of each cell under plant types 1-8. Cells without any get no block.

    Returns
    -------
    (block, lane) int32 array
        Places of the cells, -1 for padding.
    """
    present = np.asarray(pft_fraction) > 0
    cells = np.flatnonzero(present.any(axis=1))
    y = ((np.asarray(latitude, float)[cells] + 90.0) / 180.0 * 65535).astype(np.int64)
    x = ((np.asarray(longitude, float)[cells] + 180.0) % 360.0 / 360.0 * 65535).astype(np.int64)
    cells = cells[np.argsort(_interleave(x) | (_interleave(y) << np.uint64(1)), kind="stable")]
    kinds = present[cells] @ (1 << np.arange(present.shape[1]))
    neighbourhood = np.arange(len(cells)) // NEIGHBOURHOOD
    cells = cells[np.lexsort((kinds, neighbourhood))]
    blocks = np.full((-(-len(cells) // LANES), LANES), -1, np.int32)
    blocks.ravel()[: len(cells)] = cells
    return blocks


def tiles_of_blocks(cell_of: np.ndarray, pft_fraction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a tile of each plant type that a block holds.

    Returns
    -------
    block_of : (tile,) int32 array
        Block of the tile.
    pft : (tile,) uint8 array
        Plant type, 1-8; tiles of a type lie together.
    fraction : (tile, lane) float32 array
        Fraction of the cell, 0 for an unused lane.
    """
    of_lane = np.where((cell_of >= 0)[..., None], np.asarray(pft_fraction, np.float32)[cell_of], np.float32(0))
    pft, block = np.nonzero((of_lane > 0).any(axis=1).T)
    return block.astype(np.int32), (pft + 1).astype(np.uint8), np.ascontiguousarray(of_lane[block, :, pft])
