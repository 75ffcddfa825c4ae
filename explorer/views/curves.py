"""Response curves of the land surface model: its own functions, called on a range of one of their arguments."""

import html
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Legend, LegendItem, Range1d
from bokeh.plotting import figure

from explorer.style import A_COLOUR, B_COLOUR, number, tooltip
from explorer.views.events import push
from models.land import layout as at
from models.land.atmosphere import FREEZING, saturation_vapour_pressure
from models.land.canopy import dry_layer_resistance
from models.land.columns import Columns
from models.land.layout import LANES
from models.land.photosynthesis import root_water_stress, stomata
from models.land.soil_water import clapp_hornberger, van_genuchten

__all__ = ["CURVES", "CurvesView", "formula_html", "leaf"]

POINTS = 96
"""Points of a curve: whole blocks of lanes."""

VPD, LIGHT, WARM, PRESSURE = 1000.0, 120.0, 298.15, 101_325.0
"""What a leaf curve holds fixed: vapour pressure deficit [Pa], visible light absorbed [W m-2], 25 °C, pressure."""


def _arrays(function: Callable) -> Callable:
    """Return the Python function behind a compiled equation, which takes arrays."""
    return getattr(function, "py_func", function)


def leaf(
    columns: Columns, light: np.ndarray, t: np.ndarray, vpd: np.ndarray, stress: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Photosynthesis and conductance of a sunlit leaf by the kernel of the model.

    Parameters
    ----------
    columns : Columns
        Whose first column gives the parameters.
    light, t, vpd : (POINTS,) array
        Visible light absorbed per leaf area [W m-2], leaf temperature [K], vapour pressure deficit [Pa].
    stress : float
        Water availability [1].

    Returns
    -------
    rate, conductance : (POINTS,) array
        [umol m-2 s-1] and [mol m-2 s-1], for water vapour.
    """
    rate, conductance = np.empty(POINTS), np.empty(POINTS)
    parameters = columns.parameters[0, :, :1]
    for first in range(0, POINTS, LANES):
        part = slice(first, first + LANES)
        w = np.zeros(at.SIZE)
        w[at.FIRST_PARAMETER : at.FIRST_PARAMETER + at.N_PARAMETER * LANES] = np.repeat(parameters, LANES, 1).ravel()

        def put(row: int, values: object, w: np.ndarray = w) -> None:
            w[row : row + LANES] = values

        put(at.T_CANOPY, t[part])
        put(at.T_AIR, t[part])
        put(at.PRESSURE, PRESSURE)
        put(at.E_CANOPY_AIR, np.maximum(_arrays(saturation_vapour_pressure)(t[part]) - vpd[part], 10.0))
        put(at.PAR_SUN, light[part])
        put(at.PAR_SHADE, light[part])
        put(at.LEAF_AREA, 1.0)
        put(at.BETA, stress)
        put(at.R_LEAF, 20.0)
        stomata(w)
        molar = PRESSURE / (8.314 * t[part]) * 1e6
        rate[part] = w[at.A_SUN : at.A_SUN + LANES]
        conductance[part] = 1e-6 * molar / w[at.R_SUN : at.R_SUN + LANES]
    return rate, conductance


def _water(columns: Columns) -> np.ndarray:
    """Soil moisture from almost dry to saturated [m3 m-3]."""
    return np.linspace(0.02, float(columns.get("theta_max")[0]), POINTS)


def _conductivity(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    get = {name: float(columns.get(name)[0]) for name in ("porosity", "b", "k_sat", "d_sat")}
    theta = _water(columns)
    if genuchten:
        names = ("vg_theta_r", "vg_theta_s", "vg_alpha", "vg_n", "vg_k_sat")
        k, _ = _arrays(van_genuchten)(theta, *(float(columns.get(name)[0]) for name in names))
    else:
        k, _ = _arrays(clapp_hornberger)(theta, get["porosity"], max(get["b"], 1.0), get["k_sat"], get["d_sat"])
    return theta, np.maximum(k, 1e-20) * 3.6e6


def _stress(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    theta = _water(columns)
    wilting, field = float(columns.get("theta_wilt")[0]), float(columns.get("theta_field")[0])
    return theta, _arrays(root_water_stress)(theta, wilting, field)


def _crust(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    theta = _water(columns)
    porosity, diffusivity = float(columns.get("theta_max")[0]), float(columns.get("vapour_diffusivity")[0])
    exponent = float(columns.get("evaporation_exponent")[0])
    return theta, np.maximum(_arrays(dry_layer_resistance)(theta, porosity, diffusivity, exponent), 1.0)


def _light(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    light = np.linspace(1.0, 400.0, POINTS)
    return light, leaf(columns, light, np.full(POINTS, WARM), np.full(POINTS, VPD))[0]


def _warmth(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    t = np.linspace(FREEZING - 5.0, FREEZING + 45.0, POINTS)
    return t - FREEZING, leaf(columns, np.full(POINTS, LIGHT), t, np.full(POINTS, VPD))[0]


def _dryness(columns: Columns, genuchten: bool) -> tuple[np.ndarray, np.ndarray]:
    vpd = np.linspace(100.0, 3000.0, POINTS)
    return 1e-3 * vpd, leaf(columns, np.full(POINTS, LIGHT), np.full(POINTS, WARM), vpd)[1]


@dataclass(frozen=True)
class Curve:
    """One plot: what it says above, its axes, and the function of the columns and of the choice of hydraulics.

    Attributes
    ----------
    title, x, y : str
        What stands above, below and beside.
    make : callable
        Gives the curve of the first column.
    formula : str
        HTML of the equation.
    names : tuple of (str, str, str)
        Symbol as HTML, name and unit of the numbers in it.
    other : (formula, names), optional
        With van Genuchten's hydraulics, where they are others.
    logarithmic : bool
        Whether the vertical axis is.
    """

    title: str
    x: str
    y: str
    make: Callable[[Columns, bool], tuple[np.ndarray, np.ndarray]]
    formula: str
    names: tuple[tuple[str, str, str], ...]
    other: tuple[str, tuple[tuple[str, str, str], ...]] | None = None
    logarithmic: bool = False


CURVES = {
    "conductivity": Curve(
        "Hydraulic conductivity",
        "soil moisture [m³ m⁻³]",
        "K [mm h⁻¹]",
        _conductivity,
        "K = K<sub>s</sub> (θ / θ<sub>s</sub>)<sup>2b + 3</sup>",
        (("K<sub>s</sub>", "k_sat", "m s⁻¹"), ("θ<sub>s</sub>", "porosity", "m³ m⁻³"), ("b", "b", "")),
        (
            "K = K<sub>s</sub> √S (1 − (1 − S<sup>1/m</sup>)<sup>m</sup>)², m = 1 − 1/n",
            (("K<sub>s</sub>", "vg_k_sat", "m s⁻¹"), ("θ<sub>s</sub>", "vg_theta_s", "m³ m⁻³"), ("n", "vg_n", "")),
        ),
        logarithmic=True,
    ),
    "stress": Curve(
        "Water that roots can take up",
        "liquid soil moisture [m³ m⁻³]",
        "β of a layer [0–1]",
        _stress,
        "β = (θ − θ<sub>wp</sub>) / (θ<sub>fc</sub> − θ<sub>wp</sub>), from 0 to 1",
        (("θ<sub>wp</sub>", "theta_wilt", "m³ m⁻³"), ("θ<sub>fc</sub>", "theta_field", "m³ m⁻³")),
    ),
    "crust": Curve(
        "Resistance of dry soil",
        "liquid soil moisture [m³ m⁻³]",
        "r [s m⁻¹]",
        _crust,
        "r = 0.1 m · (exp((1 − θ/θ<sub>s</sub>)<sup>w</sup>) − 1) / ((e − 1) D)",
        (("w", "evaporation_exponent", ""), ("D", "vapour_diffusivity", "m² s⁻¹")),
        logarithmic=True,
    ),
    "light": Curve(
        "Photosynthesis and light",
        "visible light absorbed [W m⁻²]",
        "A [µmol m⁻² s⁻¹]",
        _light,
        "A = min(A<sub>light</sub>, A<sub>rubisco</sub>, V / 2), A<sub>light</sub> = 4.6 α APAR "
        "(c<sub>i</sub> − Γ) / (c<sub>i</sub> + 2Γ)",
        (("α", "quantum_efficiency", "mol mol⁻¹"), ("V<sub>25</sub>", "vcmax25", "µmol m⁻² s⁻¹")),
    ),
    "warmth": Curve(
        "Photosynthesis and warmth",
        "leaf temperature [°C]",
        "A [µmol m⁻² s⁻¹]",
        _warmth,
        "V = V<sub>25</sub> Q<sup>(T − 25)/10</sup> / (1 + exp((710 T − 220,000) / (8.314 T)))",
        (("V<sub>25</sub>", "vcmax25", "µmol m⁻² s⁻¹"), ("Q", "vcmax_q10", "")),
    ),
    "dryness": Curve(
        "Stomata and dry air",
        "vapour pressure deficit [kPa]",
        "g [mol m⁻² s⁻¹]",
        _dryness,
        "g = m (A p / c<sub>s</sub>) (e / e<sub>i</sub>) + g<sub>0</sub>",
        (("m", "stomatal_slope", ""), ("g<sub>0</sub>", "stomatal_minimum", "µmol m⁻² s⁻¹")),
    ),
}
"""Curves by name, in the order on screen."""


def formula_html(name: str, columns: Columns, genuchten: bool = False) -> str:
    """Write the equation of a curve, with the numbers of the first column under it."""
    curve = CURVES[name]
    formula, names = curve.other if genuchten and curve.other is not None else (curve.formula, curve.names)
    numbers = (f"{symbol} = {_short(float(columns.get(key)[0]))} {unit}".strip() for symbol, key, unit in names)
    return (
        f'<div style="font-size:13px;font-family:Georgia,serif">{formula}</div>'
        f'<div style="font-size:12px;opacity:.75">{", ".join(numbers)}</div>'
    )


def _short(value: float) -> str:
    """Write a number with three digits, small ones with a power of ten.

    Examples
    --------
    >>> _short(2.81e-06), _short(0.476)
    ('2.81 · 10⁻⁶', '0.476')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return number(value)
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{mantissa} · 10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


class CurvesView:
    """The curves of B and, dashed, of A.

    Parameters
    ----------
    height : int
        Of each plot [pixels].
    """

    def __init__(self, *, height: int = 200):
        self.sources: dict[str, ColumnDataSource] = {}
        self.figures: dict[str, figure] = {}
        for name, curve in CURVES.items():
            self.sources[name] = ColumnDataSource({key: np.zeros(0) for key in ("x_b", "y_b", "x_a", "y_a")})
            self.figures[name] = self._figure(name, curve, height)
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 12))
        self.formulas = {name: pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12, 6, 12)) for name in CURVES}
        panes = (
            pmui.Column(
                pn.pane.Bokeh(fig, sizing_mode="stretch_width", height=height, margin=0),
                self.formulas[name],
                sizing_mode="stretch_width",
                margin=0,
            )
            for name, fig in self.figures.items()
        )
        grid = pmui.Grid(
            *(pmui.Grid(pane, size={"xs": 12, "md": 6}) for pane in panes),
            container=True,
            sizing_mode="stretch_width",
        )
        self.pane = pmui.Column(self.note, grid, sizing_mode="stretch_width", margin=0)

    def _figure(self, name: str, curve: Curve, height: int) -> figure:
        source = self.sources[name]
        fig = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=Range1d(0, 1),
            y_range=Range1d(1e-3, 1),
            y_axis_type="log" if curve.logarithmic else "linear",
            tools="",
            toolbar_location=None,
            title=curve.title,
            min_border_left=60,
            min_border_right=10,
        )
        fig.name = f"curve-{name}"
        fig.title.text_font_size = "12px"
        fig.axis.axis_label_text_font_size = "11px"
        fig.xaxis.axis_label, fig.yaxis.axis_label = curve.x, curve.y
        fig.xaxis.axis_label_standoff = 2
        fig.xaxis.ticker.desired_num_ticks = 5
        fig.yaxis.ticker.desired_num_ticks = 4
        before = fig.line("x_a", "y_a", source=source, color=A_COLOUR, line_width=1.6, line_dash="dashed")
        after = fig.line("x_b", "y_b", source=source, color=B_COLOUR, line_width=2.0)
        if name == "conductivity":
            items = [LegendItem(label="B", renderers=[after]), LegendItem(label="A", renderers=[before])]
            fig.add_layout(Legend(items=items, location="bottom_right", padding=3, label_text_font_size="11px"))
        fig.add_tools(
            HoverTool(
                renderers=[after],
                tooltips=tooltip((curve.x, "@x_b{0,0.000}"), (curve.y, "@y_b{0,0.000}")),
                mode="vline",
                line_policy="nearest",
            )
        )
        return fig

    def update(self, b: Columns, a: Columns, *, genuchten: tuple[bool, bool] = (False, False), note: str = "") -> None:
        """Show the curves of two columns.

        Parameters
        ----------
        b, a : Columns
            Of the experiment and of the baseline; the first column counts.
        genuchten : (bool, bool)
            Whether B and A take van Genuchten's hydraulics.
        note : str
            What the curves are of.
        """
        made = {name: (*curve.make(b, genuchten[0]), *curve.make(a, genuchten[1])) for name, curve in CURVES.items()}

        def write() -> None:
            for name, (x_b, y_b, x_a, y_a) in made.items():
                self.sources[name].data = {"x_b": x_b, "y_b": y_b, "x_a": x_a, "y_a": y_a}
                fig, values = self.figures[name], np.concatenate([y_b, y_a])
                fig.x_range.update(start=float(min(x_b[0], x_a[0])), end=float(max(x_b[-1], x_a[-1])))
                ends = _ends(values, CURVES[name].logarithmic)
                fig.y_range.update(**ends)
                if CURVES[name].logarithmic:
                    fig.yaxis.ticker = FixedTicker(ticks=_decades(**ends))

        push(self.figures["conductivity"], write)
        self.note.object = f"<div style='font-size:12px;opacity:.8'>{html.escape(note)}</div>"
        for name, pane in self.formulas.items():
            pane.object = formula_html(name, b, genuchten[0])


def _decades(start: float, end: float) -> list[float]:
    """Return powers of ten within a range, at most five of them."""
    first, last = math.ceil(math.log10(start)), math.floor(math.log10(end))
    return [10.0**k for k in range(first, last + 1, max(1, math.ceil((last - first) / 4)))]


def _ends(values: np.ndarray, logarithmic: bool) -> dict[str, float]:
    """Return where a vertical axis begins and ends."""
    values = values[np.isfinite(values)]
    if not values.size:
        return {"start": 0.1, "end": 1.0}
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        low = max(low, 1e-10 * high, 1e-12)
        return {"start": low / 2.0, "end": max(high, low) * 2.0}
    reach = max(high - low, 1e-3)
    return {"start": low - 0.05 * reach, "end": high + 0.08 * reach}
