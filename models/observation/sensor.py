"""What a sensor is: what it observes, when, how well, and how a model state becomes its observation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from models.quantity import Parameter
from models.variables import VARIABLES

__all__ = ["PATTERNS", "RESCALINGS", "Sensor", "field_of"]

PATTERNS = ("swath", "dates")
"""When a cell is seen: where the swaths of a polar orbit fall, or all cells together every so many days."""

RESCALINGS = ("none", "cdf", "seasonal", "mean", "anomaly")

Fields = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Sensor:
    """One kind of observation.

    Attributes
    ----------
    name, title : str
        Name in code and settings; name for people.
    observes : str
        Variable of `models.variables` that it measures.
    platform : str
        What carries it: sensors of one platform look at the same time.
    error_std : float
        Standard deviation of its error that the filter assumes by default, in ``unit``.
    error : Parameter
        Declaration of that error: unit, bounds, source.
    hours : tuple of float
        Local solar hours of the overpasses.
    pattern : str
        One of `PATTERNS`.
    repeat_days : float
        Days between two overpasses of the same hour: at the equator for a swath, which widens towards the poles.
    updates : tuple of str
        Rows of the filter's state that it changes by default.
    masks : tuple of str
        Masks of `models.observation.masks` that are on by default.
    rescale : str
        Default rescaling to the model's climatology, one of `RESCALINGS`.
    needs : tuple of str
        Fields of the state that ``predict`` reads: sm1 to sm4, lai, t_soil, agb.
    auxiliary : tuple of str
        Fields of the cell that ``predict`` reads.
    predict : callable
        ``predict(fields, auxiliary)`` turns arrays (cell, member) and (cell,) into a new one, (cell, member).
    nature : callable, optional
        As ``predict``, for synthetic observations of a truth, where the experimenter's operator is but an estimate.
    footprint : float
        Diameter of what one observation sees [km].
    comment : str
        What to know of it.
    """

    name: str
    title: str
    observes: str
    platform: str
    error_std: float
    error: Parameter
    hours: tuple[float, ...]
    pattern: str
    repeat_days: float
    updates: tuple[str, ...]
    masks: tuple[str, ...]
    rescale: str
    needs: tuple[str, ...]
    predict: Callable[[Fields, Fields], np.ndarray]
    auxiliary: tuple[str, ...] = ()
    nature: Callable[[Fields, Fields], np.ndarray] | None = None
    footprint: float = 0.0
    comment: str = ""

    @property
    def unit(self) -> str:
        """Unit of the observation."""
        return VARIABLES[self.observes].unit

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest possible observation."""
        quantity = VARIABLES[self.observes]
        return quantity.low, quantity.high


def field_of(fields: Fields, name: str, sensor: str) -> np.ndarray:
    """Return a field as (cell, member) or (cell, 1), with one clear error if it is not there.

    Raises
    ------
    KeyError
        If it is missing.
    """
    if name not in fields:
        msg = f"The operator of {sensor} needs {name!r}; it was given {', '.join(fields) or 'nothing'}."
        raise KeyError(msg)
    values = np.asarray(fields[name], float)
    return values[:, None] if values.ndim == 1 else values
