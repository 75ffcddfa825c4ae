"""Leaf area index from optical sensors, one value every ten days (Copernicus Global Land Service)."""

import numpy as np

from models.observation.sensor import Fields, Sensor, field_of
from models.quantity import parameter

__all__ = ["SENSOR", "predict"]

TABLE_2 = "Heyvaert et al. 2024, Table 2"


def predict(fields: Fields, auxiliary: Fields | None = None) -> np.ndarray:
    """Return the leaf area index, (cell, member) [m2 m-2]."""
    # A copy: the update changes the state while it reads the prediction.
    return field_of(fields, "lai", "lai").copy()


SENSOR = Sensor(
    name="lai",
    title="Leaf area index (optical, 10-daily)",
    observes="lai",
    platform="cgls",
    error_std=0.05,
    error=parameter("m2 m-2", 0.005, 2.0, "error sd of leaf area index, after rescaling", "R^1/2", TABLE_2),
    hours=(12.0,),
    pattern="dates",
    repeat_days=10.0,
    updates=("lai",),
    masks=("snow", "no_land", "bare"),
    rescale="seasonal",
    needs=("lai",),
    predict=predict,
    footprint=0.3,
    comment="a composite of ten days, dated at its end",
)
