"""What independent products would show of a world whose truth is known: fluorescence, an inversion, a soil inventory.

A benchmark of the real Earth carries errors of its own. So that a comparison with a synthetic one is no comparison of
the model with itself, the truth is seen through errors of stated size, drawn by name: they are the same numbers
whatever else is computed, so two runs that differ in one parameter are held against the same benchmark. Every value
below is an assumption of this project.
"""

from typing import NamedTuple

import numpy as np

from models.normals import normals
from models.quantity import parameter

__all__ = ["BenchmarkErrors", "synthetic_inventory", "synthetic_inversion", "synthetic_sif"]

SEED = 1
YIELD, RADIANCE, FLUX, STOCK = 5101, 5102, 5103, 5104
"""Streams of the counter-based draws."""

ASSUMED = "assumption of this project"


class BenchmarkErrors(NamedTuple):
    """Errors of the synthetic benchmarks."""

    sif_per_gpp: float = parameter(
        "mW m-2 sr-1 nm-1 (gC m-2 d-1)-1", 0.01, 0.5, "fluorescence of a unit of GPP", "SIF/GPP", ASSUMED
    )
    sif_yield_std: float = parameter(
        "1", 0.0, 1.0, "relative spread of that ratio from cell to cell, the same all year", "σ yield", ASSUMED
    )
    sif_std: float = parameter(
        "mW m-2 sr-1 nm-1", 0.0, 2.0, "random error of a cell's monthly fluorescence", "σ SIF", ASSUMED
    )
    inversion_box: float = parameter(
        "degrees", 1.0, 30.0, "side of the boxes whose mean flux an inversion resolves", "box", ASSUMED
    )
    inversion_std: float = parameter("gC m-2 d-1", 0.0, 5.0, "random error of a box's monthly flux", "σ NEE", ASSUMED)
    stock_std: float = parameter("1", 0.0, 2.0, "relative (lognormal) error of a cell's soil carbon", "σ SOC", ASSUMED)


DEFAULTS = BenchmarkErrors(0.06, 0.15, 0.15, 5.0, 0.2, 0.3)
"""Of the order of what the products state; see `BenchmarkErrors`."""


def _draw(stream: int, cells: np.ndarray, steps: int) -> np.ndarray:
    """Return standard normals (step, cell), the same whatever else is drawn."""
    return normals(SEED, stream, cells, np.arange(steps), 1, 1)[:, :, 0, 0].T


def synthetic_sif(gpp: np.ndarray, errors: BenchmarkErrors = DEFAULTS) -> np.ndarray:
    """Return fluorescence of a true GPP, linear with a ratio that differs from place to place, and noisy.

    Parameters
    ----------
    gpp : (month, cell) array
        Means of the months [gC m-2 d-1].
    errors : BenchmarkErrors
        Their sizes.

    Returns
    -------
    (month, cell) array
        [mW m-2 sr-1 nm-1]; NaN where GPP is.
    """
    cells = np.arange(gpp.shape[1])
    ratio = errors.sif_per_gpp * (1.0 + errors.sif_yield_std * _draw(YIELD, cells, 1))
    return ratio * gpp + errors.sif_std * _draw(RADIANCE, cells, gpp.shape[0])


def synthetic_inversion(
    nee: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    area: np.ndarray,
    errors: BenchmarkErrors = DEFAULTS,
) -> np.ndarray:
    """Return a true NEE as an inversion would resolve it: means of boxes, each with an error.

    Parameters
    ----------
    nee : (month, cell) array
        Means of the months [gC m-2 d-1].
    latitude, longitude, area : (cell,) array
        Degrees; vegetated area.
    errors : BenchmarkErrors
        Their sizes.

    Returns
    -------
    (month, cell) array
        [gC m-2 d-1]; NaN where NEE is.
    """
    side = errors.inversion_box
    across = int(np.ceil(360.0 / side))
    rows = np.floor((np.asarray(latitude, float) + 90.0) / side).astype(np.int64)
    columns = np.floor((np.asarray(longitude, float) + 180.0) / side).astype(np.int64) % across
    boxes, box = np.unique(rows * across + columns, return_inverse=True)
    out = np.full(nee.shape, np.nan)
    noise = errors.inversion_std * _draw(FLUX, boxes, nee.shape[0])
    for month, values in enumerate(np.asarray(nee, float)):
        held = np.isfinite(values) & (area > 0.0)
        weight = np.bincount(box, np.where(held, area, 0.0), boxes.size)
        total = np.bincount(box, np.where(held, area * np.nan_to_num(values), 0.0), boxes.size)
        mean = np.divide(total, weight, out=np.full(boxes.size, np.nan), where=weight > 0.0)
        out[month] = np.where(held, (mean + noise[month])[box], np.nan)
    return out


def synthetic_inventory(soc: np.ndarray, errors: BenchmarkErrors = DEFAULTS) -> np.ndarray:
    """Return true soil carbon (cell,) [gC m-2] with a lognormal error that leaves the mean alone."""
    drawn = _draw(STOCK, np.arange(soc.size), 1)[0]
    return soc * np.exp(errors.stock_std * drawn - 0.5 * errors.stock_std**2)
