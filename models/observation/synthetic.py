"""Synthetic observations: what a sensor would see of a truth run, with a stated error. Always labelled synthetic."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from models.normals import normals
from models.observation.sampling import number_of
from models.observation.sensor import Fields, Sensor
from models.variables import VARIABLES

__all__ = ["ERROR_STREAM", "ObservationError", "add_error", "as_dataset", "observe", "seen_by"]

ERROR_STREAM, PLACE_STREAM = 211, 212


@dataclass(frozen=True)
class ObservationError:
    """Error of synthetic observations.

    Attributes
    ----------
    std : float
        Standard deviation of the random error, in the sensor's unit.
    days : float
        Time scale of its first-order autoregression [d]; 0 is white noise, what a filter assumes.
    bias_std : float
        Standard deviation over cells of a constant bias (representativeness), in the sensor's unit.
    gain_std : float
        Standard deviation over cells of a constant factor's departure from 1 [1]: the sensor's own amplitude.

    Raises
    ------
    ValueError
        If one is negative.
    """

    std: float
    days: float = 0.0
    bias_std: float = 0.0
    gain_std: float = 0.0

    def __post_init__(self) -> None:
        for name in ("std", "days", "bias_std", "gain_std"):
            value = getattr(self, name)
            if not value >= 0.0:
                msg = f"{name} = {value!r} of the observation error is not accepted: give 0 or more."
                raise ValueError(msg)


def seen_by(sensor: Sensor, fields: Fields, auxiliary: Fields | None = None) -> np.ndarray:
    """Return what a sensor without error would measure of a truth, (cell, time or member).

    Parameters
    ----------
    fields : mapping
        True fields that the sensor needs, each (cell, time).
    auxiliary : mapping, optional
        What the operator needs to know of each cell; ``sensor.nature``, where there is one, needs none.
    """
    return (sensor.nature or sensor.predict)(fields, auxiliary or {})


def add_error(
    sensor: Sensor,
    true: np.ndarray,
    cells: np.ndarray,
    days: np.ndarray,
    hour: int,
    error: ObservationError,
    *,
    seed: int = 1,
) -> np.ndarray:
    """Add errors to what a sensor would measure; equal names (seed, sensor, cell, day, hour) have equal errors.

    Parameters
    ----------
    sensor : Sensor
        Names the draws.
    true : (cell, day) array
        From `seen_by`; NaN stays.
    cells, days : int arrays
        Numbers of the cells; numbers of the days, in order, without gaps where the error is autocorrelated.
    hour : int
        Which of ``sensor.hours`` it is.
    error : ObservationError
        Its sizes.
    seed : int
        Of the truth.

    Returns
    -------
    (cell, day) array
        Not cut to the bounds of the quantity, since that would bias it.
    """
    true = np.asarray(true, float)
    days = np.asarray(days, np.int64)
    number = number_of(sensor.name)
    steps = days * len(sensor.hours) + hour
    noise = normals(seed, ERROR_STREAM + number, cells, steps, 1, 1)[:, :, 0, 0]
    if error.days > 0.0:
        keep = np.exp(-np.diff(days) / error.days)
        for k, old in enumerate(keep):
            noise[:, k + 1] = old * noise[:, k] + np.sqrt(1.0 - old * old) * noise[:, k + 1]
    # Constant in time and the same at every overpass of the sensor.
    place = normals(seed, PLACE_STREAM + number, cells, np.zeros(1, np.int64), 2, 1)[:, 0, :, 0]
    gain, bias = 1.0 + error.gain_std * place[:, :1], error.bias_std * place[:, 1:]
    if error.gain_std == 0.0:
        return true + bias + error.std * noise
    there = np.isfinite(true)
    mean = np.where(there, true, 0.0).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return mean + gain * (true - mean) + bias + error.std * noise


def observe(
    sensor: Sensor,
    true: np.ndarray,
    seen: np.ndarray,
    cells: np.ndarray,
    days: np.ndarray,
    error: ObservationError,
    *,
    seed: int = 1,
) -> np.ndarray:
    """Sample a truth at a sensor's overpasses.

    Parameters
    ----------
    true : (day, hour, cell) array
        What the sensor without error would measure at each of its hours; see `seen_by`.
    seen : (day, hour, cell) bool array
        From `models.observation.sampling.overpasses`.
    cells, days, error, seed
        See `add_error`.

    Returns
    -------
    (day, hour, cell) array
        NaN where not seen.
    """
    out = np.empty(true.shape)
    for k in range(true.shape[1]):
        out[:, k] = add_error(sensor, true[:, k].T, cells, days, k, error, seed=seed).T
    return np.where(seen, out, np.nan)


def as_dataset(
    sensor: Sensor,
    observations: np.ndarray,
    cells: np.ndarray,
    first_day: np.datetime64,
    error: ObservationError,
    *,
    truth: str,
    seed: int = 1,
) -> xr.Dataset:
    """Label synthetic observations, so that nobody takes them for measured ones.

    Parameters
    ----------
    observations : (day, hour, cell) array
        From `observe`.
    first_day : datetime64
        The first day.
    truth : str
        Which run they are of.

    Returns
    -------
    xr.Dataset
        On (time, column), time in local solar time.
    """
    start = np.datetime64(first_day, "D").astype("datetime64[s]")
    day = np.arange(observations.shape[0])[:, None] * 86400
    seconds = (day + np.round(np.array(sensor.hours) * 3600.0).astype(int)[None, :]).reshape(-1)
    values = observations.reshape(-1, observations.shape[2])
    attrs = VARIABLES[sensor.observes].cf_attrs | {
        "error_std": error.std,
        "error_days": error.days,
        "bias_std": error.bias_std,
        "gain_std": error.gain_std,
    }
    time = (start + seconds.astype("timedelta64[s]")).astype("datetime64[ns]")
    return xr.Dataset(
        {f"{sensor.observes}_obs": (("time", "column"), values, attrs)},
        coords={"time": time, "column": np.asarray(cells)},
        attrs={
            "title": f"{sensor.title}: synthetic observations",
            "source": f"synthetic: drawn from {truth} with a random error, seed {seed}; not measured",
            "time_zone": "local mean solar time",
        },
    )
