"""The frame of a plot in the house's style: a title, two axes with their units, no logo, a fixed height."""

import numpy as np
from bokeh.core.properties import value
from bokeh.models import BasicTickFormatter, Legend, LegendItem, Range1d, ResetTool
from bokeh.plotting import figure

__all__ = ["DEGREES_JS", "axis_text", "frame", "legend", "log_reach", "reach", "set_range"]

DEGREES_JS = "return Math.abs(tick) + '°' + (tick < 0 ? 'S' : tick > 0 ? 'N' : '')"
"""Writes an axis of latitude."""

SMALL = "11px"
"""Size of the words beside an axis."""


def frame(*, height: int, x: str = "", y: str = "", title: str = "", tools: str = "", **more) -> figure:
    """Make an empty plot that fills the width of its card.

    Parameters
    ----------
    height : int
        Pixels.
    x, y : str
        Words beside the axes, with their unit in brackets.
    title : str
        Above the plot; a blank keeps its room for words that come later.
    tools : str
        Of Bokeh, as "xpan,xwheel_zoom"; with any of them comes a way back.
    **more
        Of `bokeh.plotting.figure`.
    """
    look = {"min_border_left": 60, "min_border_right": 14, "lod_threshold": None, "toolbar_location": None}
    for name in ("x_range", "y_range"):
        more.setdefault(name, Range1d(0, 1))
    fig = figure(height=height, sizing_mode="stretch_width", tools=tools, title=title or " ", **{**look, **more})
    if tools:
        fig.add_tools(ResetTool())
    fig.title.text_font_size = "12px"
    fig.title.text_font_style = "normal"
    fig.xaxis.axis_label, fig.yaxis.axis_label = x, y
    fig.axis.axis_label_text_font_size = SMALL
    fig.grid.grid_line_alpha = 0.5
    for axis, ends, name in ((fig.xaxis, fig.x_range, "x_axis_type"), (fig.yaxis, fig.y_range, "y_axis_type")):
        if more.get(name) is None and isinstance(ends, Range1d):
            axis.formatter = BasicTickFormatter(use_scientific=False)
            axis.ticker.desired_num_ticks = 5
    return fig


def legend(fig: figure, items: list[tuple[str, list]], place: str = "above") -> list[LegendItem]:
    """Lay a legend in one row beside the plot; returns its items, so that some may be hidden."""
    made = [LegendItem(label=value(label), renderers=renderers) for label, renderers in items]
    box = Legend(
        items=made, orientation="horizontal", margin=0, padding=2, spacing=10, glyph_height=12,
        label_text_font_size=SMALL, border_line_alpha=0, background_fill_alpha=0,
    )  # fmt: skip
    fig.add_layout(box, place)
    return made


def axis_text(name: str, unit: str) -> str:
    """Return what stands beside an axis: a name, and its unit in brackets; a pure number says so.

    Examples
    --------
    >>> axis_text("LAI", "m² m⁻²"), axis_text("gain", "")
    ('LAI [m² m⁻²]', 'gain [1]')
    """
    return f"{name} [{unit or '1'}]"


def reach(*arrays: object, least: float = 1e-6, share: float = 0.05) -> tuple[float, float]:
    """Return where an axis of these values begins and ends, a little beyond them.

    Parameters
    ----------
    *arrays : array
        Values; NaN is left out.
    least : float
        Smallest width, so that round-off is not blown up to fill a plot.
    share : float
        Of the width that is added at either end.
    """
    values = np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    spare = max(0.0, least - (high - low)) / 2.0
    width = high - low + 2.0 * spare
    return low - spare - share * width, high + spare + share * width


def log_reach(*arrays: object, low: float, high: float) -> tuple[float, float]:
    """Return where a logarithmic axis begins and ends: at least ``low`` to ``high``, and all values within a decade."""
    values = np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays] or [np.zeros(0)])
    values = values[np.isfinite(values) & (values > 0.0)]
    if not values.size:
        return low, high
    return max(min(low, 0.9 * float(values.min())), 0.1 * low), min(max(high, 1.1 * float(values.max())), 10.0 * high)


def set_range(axis: Range1d, ends: tuple[float, float]) -> None:
    """Let an axis run from one value to another, and come back there when the view is reset."""
    axis.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
