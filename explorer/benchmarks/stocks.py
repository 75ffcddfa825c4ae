"""Soil carbon by latitude: of the model and of every inventory that is there (Jones et al. 2017, Fig. 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.benchmarks.sources import Source
from models.l4c.live import G_PER_PG
from models.skill.scores import scores
from models.skill.zonal import zonal_means, zonal_sums

__all__ = ["Profile", "Stocks", "stocks_of"]


@dataclass(frozen=True, eq=False)
class Profile:
    """Soil carbon of one map by band of latitude.

    Attributes
    ----------
    label : str
        What it is.
    source : Source or None
        The benchmark; None for the model.
    density : (band,) array
        Mean of the vegetated area that the map covers [gC m-2].
    stock : (band,) array
        Sum over the model's vegetated area that the map covers [Pg C].
    covered : float
        The model's vegetated area that the map covers [m2].
    total, model_there : float
        The map's sum over the model's vegetated area, and B's over the cells that the map covers [Pg C].
    all_land : float
        Sum over all land that the map covers [Pg C]; NaN for the model, which has none beyond its plants.
    r : float
        Correlation with B from cell to cell.
    """

    label: str
    source: Source | None
    density: np.ndarray
    stock: np.ndarray
    covered: float
    total: float
    model_there: float
    all_land: float
    r: float

    @property
    def shape(self) -> np.ndarray:
        """The density relative to the map's own mean (band,) [1]."""
        mean = self.total * G_PER_PG / self.covered if self.covered > 0.0 else np.nan
        return self.density / mean


@dataclass(frozen=True, eq=False)
class Stocks:
    """Profiles on common bands.

    Attributes
    ----------
    latitude : (band,) array
        Centres of the bands that hold plants [degrees].
    profiles : tuple of Profile
        B, A, then the inventories.
    """

    latitude: np.ndarray
    profiles: tuple[Profile, ...]


def stocks_of(
    model: Mapping[str, np.ndarray],
    fields: Mapping[str, np.ndarray],
    sources: Sequence[Source],
    latitude: np.ndarray,
    vegetated: np.ndarray,
    area: np.ndarray,
    width: float,
) -> Stocks:
    """Lay the soil carbon of A and B beside that of inventories.

    Parameters
    ----------
    model : mapping
        "A" and "B" -> mean soil carbon of the plants of each cell (cell,) [gC m-2].
    fields : mapping
        Key of each source that has been read -> soil carbon (cell,) [gC m-2], or (month, cell) whose mean is taken.
    sources : sequence of Source
        In the order on screen.
    latitude, vegetated, area : (cell,) array
        Degrees; vegetated area and land area [m2], 0 outside the region.
    width : float
        Of a band [degrees].
    """
    centres, _, there = zonal_sums(model["B"], latitude, vegetated, width)
    some = there > 0.0

    def profile(label: str, source: Source | None, values: np.ndarray) -> Profile:
        if values.ndim > 1:
            held = np.isfinite(values)
            values = np.divide(
                np.where(held, values, 0.0).sum(axis=0), held.sum(axis=0),
                out=np.full(values.shape[-1], np.nan), where=held.any(axis=0),
            )  # fmt: skip
        _, mean = zonal_means(values, latitude, vegetated, width)
        _, stock, covered = zonal_sums(values, latitude, vegetated, width)
        both = np.isfinite(values) & np.isfinite(model["B"]) & (vegetated > 0.0)
        beyond = np.isfinite(values) & (area > 0.0)
        return Profile(
            label,
            source,
            mean[some],
            np.where(covered > 0.0, stock, np.nan)[some] / G_PER_PG,
            float(covered.sum()),
            float(stock.sum()) / G_PER_PG,
            float(np.sum(model["B"][both] * vegetated[both])) / G_PER_PG,
            float("nan") if source is None else float(np.sum(values[beyond] * area[beyond])) / G_PER_PG,
            float(scores(model["B"][both], values[both]).r),
        )

    profiles = [profile("L4C, B", None, model["B"]), profile("L4C, A", None, model["A"])]
    profiles += [profile(s.title, s, np.asarray(fields[s.key], float)) for s in sources if s.key in fields]
    return Stocks(centres[some], tuple(profiles))
