"""The ramp editor: a response curve over the days it acts on, with limits that are dragged on the plot itself."""

import math
from collections.abc import Callable

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.events import Pan, PanEnd, PanStart
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, NumeralTickFormatter, Range1d
from bokeh.plotting import figure

from explorer.controls import Control, controls_of, decimals
from explorer.style import A_COLOUR, B_COLOUR, tooltip, unit_text
from explorer.views.density import Density
from explorer.views.events import Listeners, push
from models.l4c import physics
from models.l4c.params import RAMPS, L4CParams
from models.variables import VARIABLES

__all__ = ["CURVES", "RampBoard", "RampEditor", "response"]

CURVES = {
    "vpd": "Vapour pressure deficit",
    "tmin": "Daily minimum temperature",
    "smrz": "Root-zone wetness, rescaled",
    "t_soil": "Soil temperature",
    "smsf": "Surface soil wetness",
}
"""Driver of each response curve and its name, in the order of the screen."""

BARS = 75
STOPPED, LIMITED, FREE = "#d9632b", "#2f8fd0", "#8c8c8c"
CONTROLS: dict[str, Control] = {control.name: control for control in controls_of(L4CParams, RAMPS)}

# The browser moves a handle under the pointer at once, on its own (sync: false), and tells the server at most every
# 80 ms; the server answers with the curve that the model computes, and leaves the handles alone until the hand lets go.
_START_JS = """
const xs = handles.data.x, r = plot.x_range
const scale = plot.inner_width / (r.end - r.start)
let best = -1, near = 16
for (let i = 0; i < xs.length; i++) {
  const d = Math.abs(xs[i] - cb_obj.x) * scale
  if (d < near) { best = i; near = d }
}
plot.held = best
plot.told = 0
"""
_MOVE_JS = """
const i = plot.held
if (i == null || i < 0) return
const xs = Array.from(handles.data.x), lim = limits.data
let x = Math.min(Math.max(cb_obj.x, lim.lowest[i]), lim.highest[i])
if (i == 0 && xs.length == 2) x = Math.min(x, xs[1] - lim.gap[0])
if (i == 1) x = Math.max(x, xs[0] + lim.gap[0])
xs[i] = x
handles.setv({data: {...handles.data, x: xs}}, {sync: false})
if (xs.length == 2) {
  const y = handles.data.y, r = plot.x_range
  const data = {x: [r.start, xs[0], xs[1], r.end], y: [y[0], y[0], y[1], y[1]], turn: [0, 0, 0, 0]}
  curve.setv({data}, {sync: false})
}
const now = Date.now()
if (now - plot.told > 80) { plot.told = now; dragged.data = {x: xs, final: xs.map(_ => 0)} }
"""
_END_JS = """
if (plot.held == null || plot.held < 0) return
plot.held = -1
const xs = Array.from(handles.data.x)
dragged.data = {x: xs, final: xs.map(_ => 1)}
"""


def response(driver: str, x: np.ndarray, params: L4CParams) -> np.ndarray:
    """Return the multiplier that the model computes, for values of a driver.

    Parameters
    ----------
    driver : str
        Key of `CURVES`.
    x : float array
        Values in the driver's unit.
    params : L4CParams
        Scalars.
    """
    if driver == "t_soil":
        return physics.arrhenius(x, params.tsoil_beta, params.tsoil_beta1, params.tsoil_beta2)
    low, high = (getattr(params, name) for name in RAMPS[driver])
    return (physics.falling_ramp if driver == "vpd" else physics.ramp)(x, low, high)


def half_temperature(params: L4CParams, beta0: float) -> float:
    """Return the soil temperature [K] at which Eq. 9 gives one half."""
    return params.tsoil_beta2 + 1.0 / (1.0 / params.tsoil_beta1 + math.log(2.0) / beta0)


def beta0_of(params: L4CParams, t_half: float) -> float:
    """Return the sensitivity [K] whose curve passes one half at ``t_half`` [K]; inverse of `half_temperature`."""
    return math.log(2.0) / (1.0 / (t_half - params.tsoil_beta2) - 1.0 / params.tsoil_beta1)


class RampEditor:
    """Response curve of one driver over the density of its values, with handles.

    Parameters
    ----------
    driver : str
        Key of `CURVES`.
    height : int
        Of the plot [pixels].

    Raises
    ------
    KeyError
        If no response curve reads that driver.
    """

    def __init__(self, driver: str, *, height: int = 190):
        if driver not in CURVES:
            msg = f"No response curve reads {driver!r}; there are {', '.join(CURVES)}."
            raise KeyError(msg)
        self.driver = driver
        self.fields = RAMPS.get(driver, ("tsoil_beta",))
        self._control = CONTROLS[driver if driver in RAMPS else "tsoil_beta"]
        self._params: L4CParams | None = None
        self._density: Density | None = None
        self._listeners = Listeners()
        self._held, self._turn = False, 0
        self._shown: tuple | None = None
        self.text = ""
        self.domain = (240.0, 310.0)
        if driver != "t_soil":
            reach = 0.03 * (self._control.high - self._control.low)  # so that a handle at a bound can be grasped
            self.domain = (self._control.low - reach, self._control.high + reach)
        self._build(height)
        self.pane = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", height=height, margin=0)

    def on_change(self, callback: Callable[[float, float, bool], object]) -> None:
        """Call ``callback(low, high, final)`` as a handle moves; of soil temperature both are its sensitivity."""
        self._listeners.add(callback)

    def update(self, params: L4CParams, baseline: L4CParams | None = None, density: Density | None = None) -> None:
        """Show the curve of ``params``, dashed that of ``baseline``, and behind them the days.

        Parameters
        ----------
        params, baseline : L4CParams
            Scalars: one plant type of B and of A.
        density : Density, optional
            Of the driver's values; without it only the curves are drawn.
        """
        shown = (self._relevant(params), None if baseline is None else self._relevant(baseline), id(density))
        if shown == self._shown:
            return
        self._shown = shown
        self._params, self._density = params, density
        x = self._abscissa(params)
        # A turn makes each message differ from the last, so that the browser always takes the server's word.
        self._turn += 1
        curve = {"x": x, "y": response(self.driver, x, params), "turn": np.full(x.size, self._turn)}
        before = {"x": x, "y": np.full_like(x, np.nan) if baseline is None else response(self.driver, x, baseline)}
        handles, limits = self._handles_of(params), self._limits_of(params)
        bars = self._bars(params, density)
        self.text = self._words(params, density)

        def write() -> None:
            self._curve.data = curve
            self._before.data = before
            self._limits.data = limits
            if not self._held:
                self._handles.data = handles
            self._bar_source.data = bars
            self.figure.title.text = self.text or " "

        push(self.figure, write)

    def _build(self, height: int) -> None:
        """Make the figure and its handles."""
        quantity = VARIABLES[self.driver]
        fig = self.figure = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=Range1d(*self.domain),
            y_range=Range1d(-0.06, 1.14),
            tools="",
            toolbar_location=None,
            title=" ",
            min_border_left=52,
            min_border_right=14,
            name=f"ramp-{self.driver}",
        )
        fig.title.text_font_size = "12px"
        fig.title.text_font_style = "normal"
        fig.xaxis.axis_label = f"{CURVES[self.driver]} [{unit_text(quantity.unit)}]"
        fig.yaxis.axis_label = "multiplier [0–1]"
        fig.axis.axis_label_text_font_size = "11px"
        fig.xaxis.formatter = NumeralTickFormatter(format="0,0")
        fig.yaxis.ticker = [0, 0.5, 1]
        fig.grid.grid_line_alpha = 0.5
        columns = ("left", "right", "top", "share", "colour")
        self._bar_source = ColumnDataSource({name: [] for name in columns})
        self._curve = ColumnDataSource({"x": [], "y": [], "turn": []})
        self._before = ColumnDataSource({"x": [], "y": []})
        self._handles = ColumnDataSource({"x": [], "y": [], "turn": []}, name=f"handles-{self.driver}")
        self._limits = ColumnDataSource({"lowest": [], "highest": [], "gap": []})
        self._dragged = ColumnDataSource({"x": [], "final": []})
        bars = fig.quad(
            left="left", right="right", top="top", bottom=0, source=self._bar_source, fill_color="colour",
            fill_alpha=0.38, line_color=None,
        )  # fmt: skip
        fig.line("x", "y", source=self._before, color=A_COLOUR, line_width=1.8, line_dash="dashed")
        fig.line("x", "y", source=self._curve, color=B_COLOUR, line_width=2.4)
        fig.ray(
            "x", -0.06, length=0, angle=math.pi / 2, source=self._handles, line_color=B_COLOUR, line_alpha=0.45,
            line_width=1,
        )  # fmt: skip
        fig.scatter(
            "x", "y", source=self._handles, size=15, fill_color=B_COLOUR, line_color="white", line_width=2,
            hover_fill_color="#1b6aa5",
        )  # fmt: skip
        unit = unit_text(quantity.unit)
        fig.add_tools(
            HoverTool(
                renderers=[bars],
                tooltips=tooltip(("", f"@left{{0,0.0}} – @right{{0,0.0}} {unit}: @share{{0.0 %}} of days")),
            )
        )
        models = {"plot": fig, "handles": self._handles, "limits": self._limits, "dragged": self._dragged}
        fig.js_on_event(PanStart, CustomJS(args=models, code=_START_JS))
        fig.js_on_event(Pan, CustomJS(args={**models, "curve": self._curve}, code=_MOVE_JS))
        fig.js_on_event(PanEnd, CustomJS(args=models, code=_END_JS))
        self._dragged.on_change("data", self._on_drag)

    def _relevant(self, params: L4CParams) -> tuple[float, ...]:
        """Return the parameters on which the curve hangs."""
        names = ("tsoil_beta", "tsoil_beta1", "tsoil_beta2") if self.driver == "t_soil" else self.fields
        return tuple(float(getattr(params, name)) for name in names)

    def _abscissa(self, params: L4CParams) -> np.ndarray:
        """Return where the curve is computed: evenly, and at its corners."""
        x = np.linspace(*self.domain, 121)
        if self.driver == "t_soil":
            return x
        corners = [getattr(params, name) for name in self.fields]
        return np.sort(np.concatenate([x, np.clip(corners, *self.domain)]))

    def _handles_of(self, params: L4CParams) -> dict[str, list[float]]:
        """Return where the handles stand."""
        if self.driver == "t_soil":
            return {"x": [half_temperature(params, params.tsoil_beta)], "y": [0.5], "turn": [self._turn]}
        x = [float(getattr(params, name)) for name in self.fields]
        return {"x": x, "y": [1.0, 0.0] if self.driver == "vpd" else [0.0, 1.0], "turn": [self._turn] * 2}

    def _limits_of(self, params: L4CParams) -> dict[str, list[float]]:
        """Return how far each handle may go, and how near the two may come."""
        declared = self._control.declarations
        if self.driver == "t_soil":
            lowest, highest = (half_temperature(params, beta0) for beta0 in (declared[0].low, declared[0].high))
            return {"lowest": [lowest], "highest": [highest], "gap": [0.0]}
        return {
            "lowest": [p.low for p in declared],
            "highest": [p.high for p in declared],
            "gap": [self._control.step] * 2,
        }

    def _shares(self, params: L4CParams, density: Density) -> tuple[float, float, float]:
        """Return the share of days below the lower limit, between the limits, above the higher one."""
        if self.driver == "t_soil":
            low, high = params.tsoil_beta2, params.tsoil_beta1 + params.tsoil_beta2
        else:
            low, high = (float(getattr(params, name)) for name in self.fields)
        below, within = density.below(low), density.below(high)
        return below, within - below, 1.0 - within

    def _words(self, params: L4CParams, density: Density | None) -> str:
        """Say on how many days each limit acts."""
        if density is None or density.days == 0.0:
            return "" if density is None else "none of this plant type here"
        below, within, above = self._shares(params, density)
        # VPD limits when it is high, all others when they are low.
        stopped, free = (above, below) if self.driver == "vpd" else (below, above)
        percent = [f"{abs(round(100.0 * share))} %" for share in (stopped, within, free)]
        return f"{percent[0]} of days stopped · {percent[1]} limited · {percent[2]} free"

    def _bars(self, params: L4CParams, density: Density | None) -> dict[str, np.ndarray]:
        """Return the density as bars, coloured by what the curve does to those days."""
        if density is None:
            nothing = np.zeros(0)
            return {"left": nothing, "right": nothing, "top": nothing, "share": nothing, "colour": []}
        edges, share = density.coarse(*self.domain, BARS)
        factor = response(self.driver, (edges[:-1] + edges[1:]) / 2.0, params)
        colour = np.where(factor <= 0.0, STOPPED, np.where(factor >= 1.0, FREE, LIMITED))
        peak = share.max() if share.size and share.max() > 0.0 else 1.0
        return {
            "left": edges[:-1], "right": edges[1:], "top": 0.95 * share / peak, "share": share, "colour": list(colour),
        }  # fmt: skip

    def _on_drag(self, attr: str, old: object, new: dict) -> None:
        """Tell the page what the handles say, in the parameters' units and within their bounds."""
        if not len(new["x"]) or self._params is None:
            return
        final = bool(new["final"][0])
        self._held = not final
        self._shown = None  # the browser is ahead of the server: whatever comes next is drawn
        places = decimals(self._control.step)
        if self.driver == "t_soil":
            values = (round(beta0_of(self._params, float(new["x"][0])), places),)
        else:
            # The limit that was left alone keeps all its digits.
            now = [float(getattr(self._params, name)) for name in self.fields]
            values = tuple(old if x == old else round(float(x), places) for x, old in zip(new["x"], now, strict=True))
        values = self._control.held(values)
        self._listeners.tell(values[0], values[-1], final)


class RampBoard:
    """The response curves of all drivers side by side.

    Parameters
    ----------
    height : int
        Of each plot [pixels].
    """

    def __init__(self, *, height: int = 190):
        self.editors = {driver: RampEditor(driver, height=height) for driver in CURVES}
        key = (
            f"Drag a round handle to move a limit. Days behind the curve: <b style='color:{STOPPED}'>■</b> stopped, "
            f"<b style='color:{LIMITED}'>■</b> limited, <b style='color:{FREE}'>■</b> free. Dashed: A, the baseline."
        )
        self.key = pn.pane.HTML(
            f"<span style='font-size:12px'>{key}</span>", sizing_mode="stretch_width", margin=(2, 12)
        )
        grid = pmui.Grid(
            *(pmui.Grid(editor.pane, size={"xs": 12, "md": 6, "xl": 4}) for editor in self.editors.values()),
            container=True,
            spacing=1,
        )
        self.pane = pn.Column(self.key, grid, sizing_mode="stretch_width", margin=0)

    def update(self, params: L4CParams, baseline: L4CParams | None, densities: dict[str, Density]) -> None:
        """Show the curves of one plant type of B and A; ``densities`` by driver may be incomplete."""
        for driver, editor in self.editors.items():
            editor.update(params, baseline, densities.get(driver))

    def on_change(self, callback: Callable[[tuple[str, ...], tuple[float, ...], bool], object]) -> None:
        """Call ``callback(names, values, final)`` as a handle moves: fields of `L4CParams` and their new values."""
        for editor in self.editors.values():

            def tell(low: float, high: float, final: bool, fields: tuple[str, ...] = editor.fields) -> object:
                return callback(fields, (low, high)[: len(fields)], final)

            editor.on_change(tell)
