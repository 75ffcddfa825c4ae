r"""X-band vegetation optical depth, near daily at 01:30 local, through an operator fitted to each cell.

.. math:: VOD' = \alpha \, LAI' + \beta(LAI, RZSM) \, RZSM'

Primes are departures from the seasonal mean (Heyvaert et al. 2024, Eqs. 1-2). How beta depends on both is taken to
first order, :math:`\beta_0 + \beta_L (LAI - \overline{LAI}) + \beta_W (RZSM - \overline{RZSM})`, which is this
project's reading; `models.observation.vod_fit` estimates the coefficients.
"""

from typing import NamedTuple

import numpy as np

from models.kernel import pointwise
from models.observation.rzsm import root_zone
from models.observation.sensor import Fields, Sensor, field_of
from models.quantity import Column, parameter

__all__ = ["AUXILIARY", "NATURE", "SENSOR", "VodParams", "nature", "predict", "vod_of"]

TABLE_2 = "Heyvaert et al. 2024, Table 2"
ASSUMED = "assumed for synthetic observations"


class VodParams(NamedTuple):
    """Coefficients of the operator, one value per cell."""

    alpha: Column = parameter("1", -1.0, 2.0, "VOD per leaf area index", "alpha", ASSUMED)
    beta: Column = parameter("1", -10.0, 10.0, "VOD per root-zone soil moisture, in mean conditions", "beta_0", ASSUMED)
    beta_lai: Column = parameter("1", -10.0, 10.0, "its change with leaf area index", "beta_L", ASSUMED)
    beta_rzsm: Column = parameter("1", -50.0, 50.0, "its change with root-zone soil moisture", "beta_W", ASSUMED)


NATURE = VodParams(alpha=0.12, beta=1.0, beta_lai=0.2, beta_rzsm=0.0)
"""Coefficients with which synthetic observations are made; leaf water holds more in dense canopies."""
NATURE_BARE, NATURE_LAI, NATURE_RZSM = 0.25, 2.0, 0.25
"""VOD at the leaf area index and the root-zone soil moisture about which `NATURE` is written."""

CLIMATOLOGY = ("vod_clim", "lai_clim", "rzsm_clim", "lai_mean", "rzsm_mean")
AUXILIARY = (*VodParams._fields, *CLIMATOLOGY)


@pointwise
def vod_of(lai, rzsm, alpha, beta, beta_lai, beta_rzsm, vod_clim, lai_clim, rzsm_clim, lai_mean, rzsm_mean):
    """Return VOD [1] from leaf area index, root-zone soil moisture and their seasonal (clim) and overall means."""
    sensitivity = beta + beta_lai * (lai - lai_mean) + beta_rzsm * (rzsm - rzsm_mean)
    return vod_clim + alpha * (lai - lai_clim) + sensitivity * (rzsm - rzsm_clim)


def _predictors(fields: Fields) -> tuple[np.ndarray, np.ndarray]:
    lai = field_of(fields, "lai", "vod")
    if "rzsm" in fields:
        return lai, field_of(fields, "rzsm", "vod")
    return lai, root_zone(*(field_of(fields, name, "vod") for name in ("sm1", "sm2", "sm3")))


def predict(fields: Fields, auxiliary: Fields) -> np.ndarray:
    """Return VOD, (cell, member) [1], with the operator fitted to each cell.

    Parameters
    ----------
    fields : mapping
        lai [m2 m-2], and rzsm or sm1, sm2, sm3 [m3 m-3].
    auxiliary : mapping
        From `models.observation.vod_fit.VodOperator.auxiliary` for the day of the year.
    """
    lai, rzsm = _predictors(fields)
    return vod_of(lai, rzsm, *(field_of(auxiliary, name, "vod") for name in AUXILIARY))


def nature(fields: Fields, auxiliary: Fields | None = None) -> np.ndarray:
    """Return the VOD that synthetic observations see, (cell, member) [1], with the coefficients `NATURE`."""
    lai, rzsm = _predictors(fields)
    return vod_of(lai, rzsm, *NATURE, NATURE_BARE, NATURE_LAI, NATURE_RZSM, NATURE_LAI, NATURE_RZSM)


SENSOR = Sensor(
    name="vod",
    title="Vegetation optical depth, X band (AMSR2)",
    observes="vod",
    platform="amsr2",
    error_std=0.03,
    error=parameter("1", 0.002, 0.5, "error sd of X-band VOD", "R^1/2", TABLE_2),
    hours=(1.5,),
    pattern="swath",
    repeat_days=1.9,
    updates=("sm1", "sm2", "sm3", "sm4", "lai"),
    masks=("frozen", "snow", "no_land", "rfi", "operator"),
    rescale="none",
    needs=("lai", "sm1", "sm2", "sm3"),
    auxiliary=AUXILIARY,
    predict=predict,
    nature=nature,
    footprint=35.0,
    comment="the operator carries the seasonal mean of the observations, so none is rescaled",
)
