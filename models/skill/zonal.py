"""Maps by band of latitude: means, sums, months of a model against months of a benchmark (Jones et al. 2017, Fig. 6).

A benchmark may be in another unit than the model, as fluorescence beside GPP. Correlation does not mind; for a
difference the benchmark is first multiplied by one slope, which is stated.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.skill.scores import Scores, scores

__all__ = [
    "LEAST_MONTHS",
    "ZonalMonths",
    "compare_months",
    "correlation_limits",
    "slope_to",
    "zonal_means",
    "zonal_sums",
]

LEAST_MONTHS = 4
"""Months from which a correlation along the year is given."""

NORMAL_95 = 1.959964


def _bands(latitude: np.ndarray, width: float) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Return centres of bands of ``width`` degrees from south to north, and which holds which cell (band, cell)."""
    count = round(180.0 / width)
    band = np.clip(((np.asarray(latitude, float) + 90.0) / width).astype(int), 0, count - 1)
    cells = band.size
    within = sparse.csr_matrix((np.ones(cells), (band, np.arange(cells))), shape=(count, cells))
    return -90.0 + width * (np.arange(count) + 0.5), within


def zonal_sums(
    values: np.ndarray, latitude: np.ndarray, weight: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum values times weight by band of latitude; what is NaN is left out.

    Parameters
    ----------
    values : (..., cell) array
        In any unit.
    latitude, weight : (cell,) array
        Degrees; the weight, usually an area [m2].
    width : float
        Of a band [degrees].

    Returns
    -------
    centres : (band,) array
        From south to north [degrees].
    sums, weights : (..., band) arrays
        Of value times weight, and of the weight of the values that are there.
    """
    centres, within = _bands(latitude, width)
    values, weight = np.asarray(values, float), np.asarray(weight, float)
    rows = values.reshape(-1, values.shape[-1])
    held = np.isfinite(rows) & (weight > 0.0)
    sums = (within @ np.where(held, rows * weight, 0.0).T).T
    weights = (within @ np.where(held, weight, 0.0).T).T
    shape = (*values.shape[:-1], centres.size)
    return centres, sums.reshape(shape), weights.reshape(shape)


def zonal_means(
    values: np.ndarray, latitude: np.ndarray, weight: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Average values by band of latitude; see `zonal_sums`. NaN where a band holds none."""
    centres, sums, weights = zonal_sums(values, latitude, weight, width)
    return centres, np.divide(sums, weights, out=np.full(sums.shape, np.nan), where=weights > 0.0)


def slope_to(model: np.ndarray, benchmark: np.ndarray, weight: np.ndarray) -> float:
    """Return the factor that brings a benchmark to the size of a model: the ratio of their means.

    Least squares through the origin would give too small a factor, since the benchmark has errors of its own; their
    mean is nothing, so a ratio of means does not mind them.

    Parameters
    ----------
    model, benchmark : (month, band) array
        In their units.
    weight : (month, band) array
        Area of each mean.

    Returns
    -------
    float
        [unit of the model per unit of the benchmark]; NaN if nothing is to be compared.
    """
    held = np.isfinite(model) & np.isfinite(benchmark)
    size = np.sum(np.where(held, weight * benchmark, 0.0))
    return float(np.sum(np.where(held, weight * model, 0.0)) / size) if size > 0 else float("nan")


def correlation_limits(r: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % limits of a correlation of ``n`` independent pairs (Fisher 1921).

    Months of one year are not independent, so the true limits are wider.
    """
    n = np.asarray(n, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(n > 3, NORMAL_95 / np.sqrt(np.maximum(n - 3.0, 1e-9)), np.nan)
        z = np.arctanh(np.clip(r, -1.0 + 1e-12, 1.0 - 1e-12))
    return np.tanh(z - reach), np.tanh(z + reach)


@dataclass(frozen=True, eq=False)
class ZonalMonths:
    """Months of a model and of a benchmark by band of latitude.

    Attributes
    ----------
    latitude : (band,) array
        Centres of the bands that hold anything [degrees].
    model, benchmark : (month, band) array
        Means over the cells that both have, each in its unit.
    slope : float
        By which the benchmark is multiplied before it is subtracted; 1 for a benchmark in the model's unit.
    r : (band,) array
        Correlation along the months; NaN with fewer than `LEAST_MONTHS`.
    n : (band,) array
        Months compared.
    of_means, of_cells : Scores
        Of all means (band, month) and of all cells and months, each alike; the benchmark is scaled.
    """

    latitude: np.ndarray
    model: np.ndarray
    benchmark: np.ndarray
    slope: float
    r: np.ndarray
    n: np.ndarray
    of_means: Scores
    of_cells: Scores

    @property
    def scaled(self) -> np.ndarray:
        """The benchmark in the unit of the model (month, band)."""
        return self.slope * self.benchmark

    @property
    def difference(self) -> np.ndarray:
        """Model less scaled benchmark (month, band)."""
        return self.model - self.scaled


def compare_months(
    model: np.ndarray,
    benchmark: np.ndarray,
    latitude: np.ndarray,
    weight: np.ndarray,
    width: float,
    *,
    slope: float | None = None,
) -> ZonalMonths:
    """Compare months of a model with months of a benchmark by band of latitude.

    Parameters
    ----------
    model, benchmark : (month, cell) array
        Means of the months; NaN is left out of both.
    latitude, weight : (cell,) array
        Degrees; vegetated area [m2], 0 outside the region.
    width : float
        Of a band [degrees].
    slope : float, optional
        See `ZonalMonths`; without it the ratio of the means (`slope_to`).

    Returns
    -------
    ZonalMonths

    Raises
    ------
    ValueError
        If the two have different months or cells.
    """
    model, benchmark = np.asarray(model, float), np.asarray(benchmark, float)
    if model.shape != benchmark.shape:
        msg = f"The model has (month, cell) = {model.shape}, the benchmark {benchmark.shape}; bring both to one grid."
        raise ValueError(msg)
    both = np.isfinite(model) & np.isfinite(benchmark) & (weight > 0.0)
    centres, sums, area = zonal_sums(np.where(both, model, np.nan), latitude, weight, width)
    _, other, _ = zonal_sums(np.where(both, benchmark, np.nan), latitude, weight, width)
    # A band of the model without any benchmark is shown too: what the benchmark lacks is to be seen.
    _, whole, there = zonal_sums(model, latitude, weight, width)
    some = (there > 0.0).any(axis=0)
    empty = np.full(sums.shape, np.nan)
    means = np.divide(sums, area, out=empty.copy(), where=area > 0.0)
    means = np.where(area > 0.0, means, np.divide(whole, there, out=empty.copy(), where=there > 0.0))[:, some]
    theirs = np.divide(other, area, out=empty, where=area > 0.0)[:, some]
    if slope is None:
        slope = slope_to(means, theirs, area[:, some])
    along = scores(means, theirs, axis=0)
    r = np.where(along.n >= LEAST_MONTHS, along.r, np.nan)
    of_means = scores(means.ravel(), slope * theirs.ravel())
    of_cells = scores(model[both], slope * benchmark[both])
    return ZonalMonths(centres[some], means, theirs, slope, r, along.n, of_means, of_cells)
