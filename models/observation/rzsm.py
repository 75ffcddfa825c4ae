"""Root-zone soil moisture in snapshots, as the flights of AirMOSS mapped it."""

from models.kernel import pointwise
from models.observation.sensor import Fields, Sensor, field_of
from models.quantity import parameter

__all__ = ["SENSOR", "predict", "root_zone"]


ASSUMED = "assumed: four times the error of surface soil moisture in Heyvaert et al. 2024"


@pointwise
def root_zone(sm1, sm2, sm3):
    """Return the soil moisture of 0-100 cm from that of 0-10, 10-40 and 40-100 cm [m3 m-3]."""
    return 0.1 * sm1 + 0.3 * sm2 + 0.6 * sm3


def predict(fields: Fields, auxiliary: Fields | None = None):
    """Return the soil moisture of 0-100 cm, (cell, member) [m3 m-3]."""
    return root_zone(*(field_of(fields, name, "rzsm") for name in ("sm1", "sm2", "sm3")))


SENSOR = Sensor(
    name="rzsm",
    title="Root-zone soil moisture (AirMOSS flights)",
    observes="rzsm",
    platform="airmoss",
    error_std=0.05,
    error=parameter("m3 m-3", 0.002, 0.2, "error sd of root-zone soil moisture", "R^1/2", ASSUMED),
    hours=(12.0,),
    pattern="dates",
    repeat_days=60.0,
    updates=("sm1", "sm2", "sm3", "sm4"),
    masks=("frozen", "snow", "no_land"),
    rescale="none",
    needs=("sm1", "sm2", "sm3"),
    predict=predict,
    footprint=25.0,
    comment="a few flights a year",
)
