"""Observations: what each sensor sees, when, how well, and how a model state becomes its observation."""

from models.observation import lai, lvod, rzsm, ssm, tb, vod
from models.observation.sensor import Sensor

__all__ = ["SENSORS", "Sensor", "sensor_named"]

SENSORS: tuple[Sensor, ...] = (ssm.SENSOR, lai.SENSOR, vod.SENSOR, *tb.SENSORS, lvod.SENSOR, rzsm.SENSOR)
"""All sensors, in the order on screen."""


def sensor_named(name: str) -> Sensor:
    """Return a sensor by its name.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    for sensor in SENSORS:
        if sensor.name == name:
            return sensor
    msg = f"No sensor is named {name!r}; there are {', '.join(sensor.name for sensor in SENSORS)}."
    raise KeyError(msg)
