r"""L-band vegetation optical depth: what biomass and leaves take from the soil's emission.

.. math:: VOD_L = a \arctan(b \, AGB) + D_0 \, LAI

The first term is the woody and herbaceous biomass (Rodriguez-Fernandez et al. 2018), the second the leaves
(Scholze et al. 2019).
"""

from typing import NamedTuple

import numpy as np

from models.kernel import pointwise
from models.observation.sensor import Fields, Sensor, field_of
from models.quantity import Column, parameter

__all__ = ["SENSOR", "LvodParams", "biomass", "lvod_of", "predict"]

TWIN = "so chosen that 300 Mg ha-1 gives 0.99"
ASSUMED = "assumed: a twentieth of the optical depth of a dense forest"
SCHOLZE_2019 = "Scholze et al. 2019, Geophys. Res. Lett. 46"

MASS_PER_CARBON = 0.02
"""Dry matter [Mg ha-1] per carbon [gC m-2]: half of it is carbon."""


class LvodParams(NamedTuple):
    """Coefficients of the operator, one value per cell."""

    a: Column = parameter("1", 0.0, 3.0, "optical depth of dense forest, times 2 / pi", "a", TWIN)
    b: Column = parameter("ha Mg-1", 1e-4, 0.1, "inverse biomass of its rise", "b", TWIN)
    d_0: Column = parameter("1", 0.0, 1.0, "optical depth per leaf area index", "D_0", SCHOLZE_2019)


DEFAULTS = LvodParams(a=0.81759, b=0.0087253, d_0=0.05)


@pointwise
def lvod_of(agb, lai, a, b, d_0):
    """Return L-band VOD [1] from above-ground biomass [Mg ha-1] and leaf area index [m2 m-2]."""
    return a * np.arctan(b * agb) + d_0 * lai


def biomass(stem: np.ndarray, wood: np.ndarray, above_ground: float = 0.75) -> np.ndarray:
    """Return above-ground biomass [Mg ha-1] from stem and wood carbon [gC m-2].

    Parameters
    ----------
    above_ground : float
        Share of the wood above the ground [1]; the rest are coarse roots.
    """
    return MASS_PER_CARBON * (np.asarray(stem) + above_ground * np.asarray(wood))


def predict(fields: Fields, auxiliary: Fields | None = None) -> np.ndarray:
    """Return L-band VOD, (cell, member) [1]; ``auxiliary`` may hold other a, b, d_0.

    Parameters
    ----------
    fields : mapping
        agb [Mg ha-1], lai [m2 m-2].
    """
    known = auxiliary or {}
    own = [field_of(known, name, "lvod") if name in known else getattr(DEFAULTS, name) for name in LvodParams._fields]
    agb, lai = field_of(fields, "agb", "lvod"), field_of(fields, "lai", "lvod")
    return lvod_of(agb, lai, *own)


SENSOR = Sensor(
    name="lvod",
    title="Vegetation optical depth, L band (SMOS)",
    observes="vod_l",
    platform="smos",
    error_std=0.05,
    error=parameter("1", 0.005, 0.5, "error sd of L-band VOD", "R^1/2", ASSUMED),
    hours=(6.0,),
    pattern="swath",
    repeat_days=2.75,
    updates=("lai",),
    masks=("frozen", "snow", "rfi", "no_land", "bare"),
    rescale="none",
    needs=("agb", "lai"),
    predict=predict,
    footprint=43.0,
    comment="biomass is no row of the filter's state: only leaf area is updated",
)
