"""Surface soil moisture as SMAP's level 2 retrieves it: 06:00 and 18:00 local, every two to three days.

The radiometer senses about the top 5 cm; it stands against the model's layer of 0-10 cm, to whose climatology it is
rescaled month by month (CDF matching), since neither mean nor amplitude of the two are the same.
"""

import numpy as np

from models.observation.sensor import Fields, Sensor, field_of
from models.quantity import parameter

__all__ = ["SENSOR", "predict"]

TABLE_2 = "Heyvaert et al. 2024, Table 2"


def predict(fields: Fields, auxiliary: Fields | None = None) -> np.ndarray:
    """Return the soil moisture of the first layer, (cell, member) [m3 m-3]."""
    # A copy: the update changes the state while it reads the prediction.
    return field_of(fields, "sm1", "ssm").copy()


SENSOR = Sensor(
    name="ssm",
    title="Surface soil moisture (SMAP L2)",
    observes="ssm",
    platform="smap",
    error_std=0.0125,
    error=parameter("m3 m-3", 0.001, 0.2, "error sd of surface soil moisture, after rescaling", "R^1/2", TABLE_2),
    hours=(6.0, 18.0),
    pattern="swath",
    repeat_days=2.75,
    updates=("sm1", "sm2", "sm3", "sm4"),
    masks=("frozen", "snow", "rain", "dense_vegetation", "terrain", "rfi", "no_land", "tails"),
    rescale="cdf",
    needs=("sm1",),
    predict=predict,
    footprint=40.0,
    comment="0-5 cm against the 0-10 cm layer",
)
