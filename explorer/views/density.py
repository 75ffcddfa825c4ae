"""How often a driver takes which value: the days of a region behind a response curve."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from models.kernel import kernel
from models.packing import DRIVERS, Blocks

__all__ = ["DOMAINS", "Density", "DensityCache", "driver_density"]

BINS = 1024
"""Bins of a density; limits that fall within one are interpolated."""

SAMPLES = 4_000_000
"""Cell-days that are enough for a density: of a larger region every second, third, ... day is counted."""

DOMAINS = {
    "tmin": (200.0, 330.0),
    "vpd": (-500.0, 12000.0),
    "smrz": (0.0, 100.5),
    "smsf": (0.0, 100.5),
    "t_soil": (200.0, 340.0),
}
"""Driver of a response curve -> range that is counted, in its unit; what lies beyond goes into the end bins."""

_STORED = {"smrz": "smrz_rescaled"}


@dataclass(frozen=True, eq=False)
class Density:
    """Share of the vegetated area and time of a region by value of a driver.

    Parameters
    ----------
    edges : (bin + 1,) float array
        Edges of the bins in the driver's unit.
    share : (bin,) float array
        Share of area x days; they sum to 1, or are all 0 when the region holds none of the plant type.
    days : float
        Cell-days that were counted.
    """

    edges: np.ndarray
    share: np.ndarray
    days: float

    def below(self, value: float) -> float:
        """Return the share of days on which the driver is below ``value``."""
        return float(np.interp(value, self.edges, np.concatenate([[0.0], np.cumsum(self.share)])))

    def coarse(self, low: float, high: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
        """Return edges and shares of ``bins`` equal bins between two values."""
        edges = np.linspace(low, high, bins + 1)
        cumulated = np.interp(edges, self.edges, np.concatenate([[0.0], np.cumsum(self.share)]))
        return edges, np.diff(cumulated)


@kernel
def _count(data, variable, scale, offset, block_of, fraction, weight, chosen, every, low, inverse_width, counts):
    """Add up fraction x weight of every ``every``-th day of the chosen tiles by bin; return how many days."""
    days = 0.0
    bins = counts.size
    for position in range(chosen.size):
        tile = chosen[position]
        block = block_of[tile]
        for lane in range(fraction.shape[1]):
            share = fraction[tile, lane] * weight[block, lane]
            if share <= 0.0:
                continue
            for day in range(0, data.shape[1], every):
                value = data[block, day, variable, lane] * scale + offset
                if value == value:  # a missing driver is NaN, which differs from itself
                    place = int((value - low) * inverse_width)
                    counts[min(max(place, 0), bins - 1)] += share
                    days += every
    return days


def driver_density(
    blocks: Blocks, driver: str, area: np.ndarray, *, mask: np.ndarray | None = None, pft: int | None = None
) -> Density:
    """Count the values of a driver over the cells of a region and the area of a plant type.

    Parameters
    ----------
    blocks : Blocks
        Packed drivers and the (cell, PFT) tiles upon them.
    driver : str
        Key of `DOMAINS`; "smrz" is the rescaled wetness that the curve reads.
    area : (cell,) float array
        Area of each cell [m2].
    mask : (cell,) bool array, optional
        Cells of the region; all without it.
    pft : int, optional
        1 to 8; all types without it.

    Raises
    ------
    KeyError
        If no response curve reads that driver.
    """
    if driver not in DOMAINS:
        msg = f"No response curve reads {driver!r}; there are {', '.join(DOMAINS)}."
        raise KeyError(msg)
    low, high = DOMAINS[driver]
    variable = DRIVERS.index(_STORED.get(driver, driver))
    weight_of_cell = np.append(np.asarray(area, dtype=np.float32), np.float32(0.0))
    if mask is not None:
        weight_of_cell[:-1][~np.asarray(mask, dtype=bool)] = 0.0
    weight = weight_of_cell[blocks.cell_of]  # padding is -1, the 0 at the end
    wanted = np.ones(blocks.pft.size, dtype=bool) if pft is None else blocks.pft == pft
    wanted &= (weight > 0.0).any(axis=1)[blocks.block_of]
    chosen = np.flatnonzero(wanted)
    every = max(1, chosen.size * weight.shape[1] * blocks.data.shape[1] // SAMPLES)
    every += every > 1 and every % 2 == 0  # an odd stride meets every day of the week and of a composite
    counts = np.zeros(BINS)
    days = _count(
        blocks.data, variable, float(blocks.scale[variable]), float(blocks.offset[variable]), blocks.block_of,
        blocks.fraction, weight, chosen, every, low, BINS / (high - low), counts,
    )  # fmt: skip
    total = counts.sum()
    return Density(np.linspace(low, high, BINS + 1), counts / total if total > 0.0 else counts, float(days))


class DensityCache:
    """Densities of one world, shared by all visitors.

    Parameters
    ----------
    blocks : Blocks
        Drivers.
    area : (cell,) float array
        Area of each cell [m2].
    size : int
        Densities kept; the one that was not asked for longest goes first.
    """

    def __init__(self, blocks: Blocks, area: np.ndarray, size: int = 200):
        self._blocks, self._area, self._size = blocks, area, size
        self._kept: OrderedDict[tuple, Density] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, driver: str, region: Hashable, mask: np.ndarray | None = None, pft: int | None = None) -> Density:
        """Return a density; ``region`` names the cells of ``mask`` and stands for them in the cache."""
        key = (driver, region, pft)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        density = driver_density(self._blocks, driver, self._area, mask=mask, pft=pft)
        with self._lock:
            self._kept[key] = density
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return density
