"""What a number means: its symbol, unit and bounds, declared once beside its name."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Column", "Parameter", "Quantity", "parameter", "parameters_of"]

Column = np.ndarray
"""Float array of shape (column,): one value per grid cell, site or ensemble member."""


@dataclass(frozen=True)
class Quantity:
    """A variable of the nomenclature: one name, one unit, everywhere."""

    name: str
    symbol: str
    unit: str
    long_name: str
    standard_name: str = ""
    low: float = -math.inf
    high: float = math.inf

    @property
    def cf_attrs(self) -> dict[str, str]:
        """Attributes that CF readers expect on a variable."""
        attrs = {"units": self.unit, "long_name": self.long_name, "standard_name": self.standard_name}
        return {key: value for key, value in attrs.items() if value}


@dataclass(frozen=True)
class Parameter:
    """A model parameter: what calibration may change and a slider may move."""

    unit: str
    low: float
    high: float
    long_name: str
    symbol: str = ""
    source: str = ""
    group: str = ""

    def check(self, name: str, value: float) -> None:
        """Raise ``ValueError`` if ``value`` is not a number within the bounds."""
        if not (isinstance(value, (int, float, np.number)) and self.low <= value <= self.high):
            shown = f"{value:g}" if isinstance(value, (int, float, np.number)) else repr(value)
            unit = "" if self.unit == "1" else f" {self.unit}"
            msg = f"{name} = {shown}{unit} lies outside [{self.low:g}, {self.high:g}]{unit}."
            raise ValueError(msg)


def parameter(*args: Any, **kwargs: Any) -> Any:
    """Declare a field of a parameter table; see `Parameter`."""
    return Parameter(*args, **kwargs)


def parameters_of(table: type) -> dict[str, Parameter]:
    """Return the declarations of a parameter table, by name.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Params(NamedTuple):
    ...     f_aut: Column = parameter("1", 0.1, 0.8, "fraction of GPP that plants respire")
    >>> parameters_of(Params)["f_aut"].long_name
    'fraction of GPP that plants respire'
    """
    return table._field_defaults
