"""How quantities look: colours, limits, units and numbers, the same on every page.

Colour vision differs, so sequential scales rise in lightness (viridis, cividis), differences and NEE use a blue-red
scale that is symmetric about 0, and the plant types use hues that stay apart for every kind of colour vision.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import colorcet
import numpy as np
from bokeh.palettes import cividis, viridis

from models.l4c.params import PFTS
from models.variables import VARIABLES

__all__ = [
    "A_COLOUR",
    "B_COLOUR",
    "DIFFERENCE_COLOUR",
    "FLUXES",
    "LEVELS",
    "LINE_COLOURS",
    "MARK_COLOUR",
    "OBSERVED_COLOUR",
    "PFT_COLOURS",
    "POOLS",
    "Scale",
    "diverging",
    "number",
    "round_up",
    "scale_for",
    "signed",
    "statistic_unit",
    "symbol_text",
    "tooltip",
    "unit_text",
]

# Okabe and Ito (2008): forests green and blue, crops warm; black gives way to a grey that dark mode shows.
PFT_COLOURS = dict(
    zip(
        PFTS,
        ("#009e73", "#0072b2", "#56b4e9", "#8a8a8a", "#cc79a7", "#e69f00", "#d55e00", "#b8a800"),
        strict=True,
    )
)
"""Plant functional type -> colour; mid lightness, so that they show on white and on black."""

A_COLOUR = "#8c8c8c"
B_COLOUR = "#2f8fd0"
DIFFERENCE_COLOUR = "#d9632b"
OBSERVED_COLOUR = "#d0860b"
MARK_COLOUR = "#d81b60"
LINE_COLOURS = ("#2f8fd0", "#d9632b", "#009e73", "#cc79a7", "#b8a800", "#8a6fd1")
"""Colours of several lines in one plot, apart for every kind of colour vision."""

LEVELS = 255
"""Colours of a scale; the 256th value of a byte means "no data"."""

FLUXES = (
    *("gpp", "npp", "ra", "rh", "rh_fast", "rh_med", "rh_slow", "nee", "reco", "litterfall"),
    *("precip", "et", "transpiration", "soil_evaporation", "interception_evaporation", "runoff", "drainage"),
)
"""Variables that add up over a year; every other one is averaged."""

POOLS = ("soc", "soc_fast", "soc_med", "soc_slow")

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = {"0": "₀", "1": "₁", "2": "₂", "A": "ᴀ", "H": "ʜ", "E": "ᴇ"}

# Limits that suit the Earth: (daily or mean value, sum of a year).
_LIMITS = {
    "gpp": ((0.0, 12.0), (0.0, 3000.0)),
    "npp": ((0.0, 7.0), (0.0, 1600.0)),
    "ra": ((0.0, 6.0), (0.0, 1600.0)),
    "rh": ((0.0, 6.0), (0.0, 1600.0)),
    "rh_fast": ((0.0, 5.0), (0.0, 1200.0)),
    "rh_med": ((0.0, 3.0), (0.0, 600.0)),
    "rh_slow": ((0.0, 2.0), (0.0, 400.0)),
    "reco": ((0.0, 12.0), (0.0, 3000.0)),
    "nee": ((-4.0, 4.0), (-300.0, 300.0)),
    "litterfall": ((0.0, 5.0), (0.0, 1600.0)),
    "soc": ((0.0, 15000.0), (0.0, 15000.0)),
    "soc_fast": ((0.0, 600.0), (0.0, 600.0)),
    "soc_med": ((0.0, 1500.0), (0.0, 1500.0)),
    "soc_slow": ((0.0, 15000.0), (0.0, 15000.0)),
    "par": ((0.0, 14.0), (0.0, 12.0)),
    "tmin": ((230.0, 305.0), (230.0, 305.0)),
    "t_soil": ((240.0, 305.0), (240.0, 305.0)),
    "vpd": ((0.0, 4000.0), (0.0, 3000.0)),
    "precip": ((0.0, 20.0), (0.0, 3000.0)),
    "et": ((0.0, 6.0), (0.0, 1500.0)),
    "transpiration": ((0.0, 5.0), (0.0, 1000.0)),
    "soil_evaporation": ((0.0, 3.0), (0.0, 600.0)),
    "interception_evaporation": ((0.0, 3.0), (0.0, 600.0)),
    "runoff": ((0.0, 10.0), (0.0, 600.0)),
    "drainage": ((0.0, 10.0), (0.0, 1500.0)),
    "ssm": ((0.0, 0.5), (0.0, 0.5)),
    "rzsm": ((0.0, 0.5), (0.0, 0.5)),
    "soil_moisture": ((0.0, 0.5), (0.0, 0.5)),
    "swe": ((0.0, 300.0), (0.0, 150.0)),
    "snow_depth": ((0.0, 1.5), (0.0, 0.7)),
    "lai": ((0.0, 6.0), (0.0, 5.0)),
    "le": ((0.0, 150.0), (0.0, 120.0)),
    "h": ((-50.0, 150.0), (-20.0, 100.0)),
    "ground_heat": ((-30.0, 30.0), (-5.0, 5.0)),
    "t_ground": ((240.0, 315.0), (250.0, 305.0)),
    "elevation": ((0.0, 4000.0), (0.0, 4000.0)),
}


@dataclass(frozen=True)
class Scale:
    """Limits, colours and words of one map.

    Parameters
    ----------
    low, high : float
        Values of the first and the last colour, in ``unit``; what lies beyond takes the end colour.
    palette : tuple of str
        `LEVELS` colours, from low to high.
    unit : str
        Unit as shown, "gC m⁻² d⁻¹"; "" for pure numbers.
    title : str
        What is shown, "gross primary production".
    diverging : bool
        Whether the middle colour stands for 0.
    """

    low: float
    high: float
    palette: tuple[str, ...]
    unit: str
    title: str
    diverging: bool = False

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Return the colour index of each value as bytes, `LEVELS` where a value is NaN.

        Parameters
        ----------
        values : float array of any shape
            Values in ``unit``.

        Returns
        -------
        uint8 array of the same shape
        """
        scaled = (np.asarray(values) - np.float32(self.low)) * np.float32((LEVELS - 1) / (self.high - self.low))
        # NaN fails both comparisons of the clip; fill it before the cast, whose result for NaN is undefined.
        missing = np.isnan(scaled)
        np.clip(scaled + np.float32(0.5), 0, LEVELS - 1, out=scaled)
        scaled[missing] = LEVELS
        return scaled.astype(np.uint8)


def _shades(palette: Iterable[str]) -> tuple[str, ...]:
    """Pick `LEVELS` colours at even distances from a palette."""
    colours = list(palette)
    return tuple(colours[i] for i in np.linspace(0, len(colours) - 1, LEVELS).round().astype(int))


_VIRIDIS = _shades(viridis(256))
_CIVIDIS = _shades(cividis(256))
_DIVERGING = _shades(colorcet.palette["CET_D1A"])


def diverging() -> tuple[str, ...]:
    """Return the colours of a scale whose middle stands for "no change"."""
    return _DIVERGING


def unit_text(unit: str) -> str:
    """Return a unit as people write it.

    Examples
    --------
    >>> unit_text("gC m-2 d-1")
    'gC m⁻² d⁻¹'
    >>> unit_text("1")
    ''
    """
    if unit == "1":
        return ""
    words = []
    for word in unit.replace("umol", "µmol").split():
        stem = word.rstrip("-0123456789")
        words.append(stem + word[len(stem) :].translate(_SUPERSCRIPT) if stem else word)
    return " ".join(words)


def symbol_text(symbol: str) -> str:
    """Return a symbol of the nomenclature without its underscore, as a plot without LaTeX shows it.

    Examples
    --------
    >>> symbol_text("R_H fast"), symbol_text("β_0"), symbol_text("LUE_max")
    ('RH fast', 'β₀', 'LUE max')
    """
    stem, underscore, rest = symbol.partition("_")
    if not underscore:
        return symbol
    if rest in _SUBSCRIPT and rest.isdigit():
        return stem + _SUBSCRIPT[rest]
    if rest[:1].isupper() and len(stem) == 1:
        return stem + rest
    return f"{stem} {rest}".replace("_", " ")


def statistic_unit(variable: str, when: str | int = "annual") -> str:
    """Return the unit, as shown, of a variable's daily value or of its annual statistic.

    Parameters
    ----------
    variable : str
        Name in `models.variables`.
    when : "annual" or int
        "annual" is the sum over the year for `FLUXES` and the mean for the rest; a month or a day keeps the unit.
    """
    unit = VARIABLES[variable].unit
    if when == "annual" and variable in FLUXES:
        unit = unit.replace(" d-1", " yr-1")
    return unit_text(unit)


def number(value: float, digits: int = 3, decimals: int = 8) -> str:
    """Write a number with ``digits`` significant figures, at most ``decimals`` of them behind the point.

    Thousands stand apart, and there are no powers of ten.

    Examples
    --------
    >>> number(1234.5), number(0.01234), number(float("nan")), number(-0.5)
    ('1,234', '0.0123', 'no data', '−0.5')
    """
    if value is None or not math.isfinite(value):
        return "no data"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    places = min(max(0, digits - 1 - size), decimals)
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "") else "0"


def signed(value: float, digits: int = 3, decimals: int = 8) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> signed(1.5), signed(-0.25), signed(0.0)
    ('+1.5', '−0.25', '0')
    """
    text = number(value, digits, decimals)
    return f"+{text}" if math.isfinite(value) and value > 0 and text != "0" else text


def tooltip(*rows: tuple[str, str]) -> str:
    """Return what stands under the pointer, as a Bokeh template: a word and a field a line.

    Its colours suit the white box of Bokeh's tooltips in light and in dark pages.
    """
    lines = (f"<div><span style='color:#666'>{word}</span> <b>{field}</b></div>" for word, field in rows)
    return f"<div style='color:#222;font-size:12px;white-space:nowrap'>{''.join(lines)}</div>"


def _robust(values: object) -> np.ndarray:
    """Flatten one array or a list of arrays to its finite values."""
    arrays = values if isinstance(values, (list, tuple)) else [values]
    flat = np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays])
    return flat[np.isfinite(flat)]


def round_up(value: float) -> float:
    """Return the next round number (1, 1.5, 2, 3, ... times a power of ten), where a colour bar may end."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def scale_for(variable: str, when: str | int = "annual", *, difference: bool = False, values: object = None) -> Scale:
    """Return limits and colours of a map.

    Parameters
    ----------
    variable : str
        Name in `models.variables`.
    when : "annual" or int
        Statistic shown: of the year, or of one month or day.
    difference : bool
        Whether the map shows B minus A: blue-red, symmetric about 0.
    values : array or list of arrays, optional
        Values in the unit of the statistic, from whose 2nd to 98th percentile the limits are taken;
        without them the limits are those that suit the Earth.

    Raises
    ------
    KeyError
        If the nomenclature has no such variable.
    """
    if variable not in VARIABLES:
        msg = f"No variable is named {variable!r}; models.variables has {', '.join(VARIABLES)}."
        raise KeyError(msg)
    quantity = VARIABLES[variable]
    unit = statistic_unit(variable, when)
    diverging = difference or variable == "nee"
    low, high = _limits(variable, when)
    title = f"{quantity.long_name}, B − A" if difference else quantity.long_name
    finite = None if values is None else _robust(values)
    if diverging:
        reach = 0.15 * (high - low) if difference and variable != "nee" else max(abs(low), abs(high))
        if finite is not None:
            # Most cells of a difference are often 0, so its limits follow the cells that did change.
            finite = np.abs(finite[finite != 0])
            reach = round_up(float(np.percentile(finite, 98))) if finite.size else reach
        return Scale(-reach, reach, _DIVERGING, unit, title, diverging=True)
    if finite is not None and finite.size:
        bottom, top = (float(edge) for edge in np.percentile(finite, (2, 98)))
        if variable in (*FLUXES, *POOLS):
            low, high = 0.0, round_up(top) if top > 0 else high
        elif top > bottom:
            step = round_up((top - bottom) / 10.0)
            low, high = step * math.floor(bottom / step + 1e-9), step * math.ceil(top / step - 1e-9)
    return Scale(low, high, _CIVIDIS if variable in POOLS else _VIRIDIS, unit, title)


def _limits(variable: str, when: str | int) -> tuple[float, float]:
    """Return the limits that suit the Earth, those of the nomenclature for what is not listed."""
    if variable in _LIMITS:
        return _LIMITS[variable][1 if when == "annual" else 0]
    quantity = VARIABLES[variable]
    low = quantity.low if math.isfinite(quantity.low) else 0.0
    high = quantity.high if math.isfinite(quantity.high) else low + 1.0
    return low, min(high, 100.0) if quantity.unit == "%" else high
