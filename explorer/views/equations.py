"""The model's equations beside its controls, with the numbers of the plant type at hand."""

import html
import re

import panel as pn

from explorer.style import number, unit_text
from models.l4c.params import L4CParams
from models.quantity import parameters_of

__all__ = ["EQUATIONS", "equation_html", "equations"]

# One line an equation: HTML with Unicode symbols, which needs no script, no font and no network, and which a screen
# reader reads; then the parameters that stand in it.
_GPP = "GPP = PAR · f<sub>PAR</sub> · LUE<sub>max</sub> · f(VPD) · f(T<sub>min</sub>) · f(SMRZ) · f(FT)"
_RAMP = "f(x) = min(1, max(0, (x − x<sub>low</sub>) / (x<sub>high</sub> − x<sub>low</sub>)))"
_FALL = "f(VPD) = min(1, max(0, (VPD<sub>high</sub> − VPD) / (VPD<sub>high</sub> − VPD<sub>low</sub>)))"
_SMRZ = (
    "SMRZ* = 95 · ln(n) / ln(101) + 5, "
    "n = 100 · (SMRZ − SMRZ<sub>min</sub>) / (SMRZ<sub>max</sub> − SMRZ<sub>min</sub>) + 1"
)
_FT = "f(FT) = FT<sub>min</sub> on frozen ground, FT<sub>max</sub> on thawed ground"
_T_MULT = "T<sub>mult</sub> = min(1, exp(β<sub>0</sub> · (1/β<sub>1</sub> − 1/(T<sub>soil</sub> − β<sub>2</sub>))))"
_RH = "R<sub>H</sub> = m (k<sub>fast</sub> C<sub>fast</sub> + (1 − f<sub>med</sub>) "
_RH += "k<sub>med</sub> C<sub>med</sub> + k<sub>slow</sub> C<sub>slow</sub>), m = T<sub>mult</sub> W<sub>mult</sub>"

EQUATIONS: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "Light use": (
        (_GPP, "gross primary production", ("lue_max",)),
        (_FALL, "falls as the air dries", ("vpd_low", "vpd_high")),
        (f"{_RAMP}, x = T<sub>min</sub>, SMRZ*", "rises", ("tmin_low", "tmin_high", "smrz_low", "smrz_high")),
        (_SMRZ, "root-zone wetness stretched between its long-term limits", ()),
        (_FT, "freeze and thaw", ("ft_min", "ft_max")),
    ),
    "Plant respiration": (
        ("R<sub>A</sub> = f<sub>aut</sub> · GPP", "autotrophic respiration", ("f_aut",)),
        ("NPP = GPP − R<sub>A</sub>", "net primary production", ()),
        ("NEE = R<sub>A</sub> + R<sub>H</sub> − GPP", "net ecosystem exchange, positive to the atmosphere", ()),
    ),
    "Decomposition": (
        (_T_MULT, "temperature; 0 at and below β₂", ("tsoil_beta", "tsoil_beta1", "tsoil_beta2")),
        (f"W<sub>mult</sub> = {_RAMP}, x = SMSF", "surface wetness", ("smsf_low", "smsf_high")),
    ),
    "Soil pools": (
        (
            _RH,
            "heterotrophic respiration; k<sub>med</sub> and k<sub>slow</sub> are given as ratios to k<sub>fast</sub>",
            ("k_fast", "k_med", "k_slow", "f_med"),
        ),
        (
            "dC<sub>fast</sub>/dt = f<sub>fast</sub> · L − m k<sub>fast</sub> C<sub>fast</sub>",
            "metabolic litter; L: litterfall, the year's NPP spread over its days",
            ("f_fast",),
        ),
        (
            "dC<sub>med</sub>/dt = (1 − f<sub>fast</sub>) · L − m k<sub>med</sub> C<sub>med</sub>",
            "structural litter",
            (),
        ),
        (
            "dC<sub>slow</sub>/dt = f<sub>med</sub> m k<sub>med</sub> C<sub>med</sub> − "
            "m k<sub>slow</sub> C<sub>slow</sub>",
            "recalcitrant carbon",
            (),
        ),
    ),
}
"""Group of parameters -> equations: HTML, meaning, parameters."""

CSS = """
.eq{padding:6px 0;border-bottom:1px solid rgba(128,128,128,.2)}
.eq:last-child{border-bottom:0}
.eq .f{font-family:'STIX Two Math','Cambria Math',Georgia,serif;font-size:16px;line-height:1.5}
.eq .m{font-size:12px;opacity:.75}
.eq .p{font-size:12px;display:flex;flex-wrap:wrap;gap:2px 14px;font-variant-numeric:tabular-nums}
.eq h4{margin:2px 0;font-size:14px;font-weight:500}
.src{padding-top:6px;font-size:11px;opacity:.7}
"""


def equation_html(group: str, params: L4CParams | None = None) -> str:
    """Return the equations of a group of parameters as HTML.

    Parameters
    ----------
    group : str
        Key of `EQUATIONS`, as in the parameters' declarations.
    params : L4CParams, optional
        Numbers of a plant type, to be written under the equations.

    Raises
    ------
    KeyError
        If there is no such group.
    """
    if group not in EQUATIONS:
        msg = f"No group of parameters is named {group!r}; there are {', '.join(EQUATIONS)}."
        raise KeyError(msg)
    declared = parameters_of(L4CParams)
    lines, sources = [], []
    for formula, meaning, names in EQUATIONS[group]:
        numbers = []
        for name in names:
            p = declared[name]
            sources.append(p.source)
            text = symbol_html(p.symbol or name)
            if params is not None:
                text += f" = {number(float(getattr(params, name)), 4)} {html.escape(unit_text(p.unit))}"
            numbers.append(f'<span title="{html.escape(p.long_name, quote=True)}">{text.strip()}</span>')
        listed = f'<div class="p">{"".join(numbers)}</div>' if numbers else ""
        lines.append(f'<div class="eq"><div class="f">{formula}</div><div class="m">{meaning}</div>{listed}</div>')
    cited = "; ".join(dict.fromkeys(source.split(", Eq.")[0] for source in sources))
    source = f'<div class="src">{html.escape(cited)}</div>'
    return f'<div class="eq"><h4>{html.escape(group)}</h4></div>{"".join(lines)}{source}'


def symbol_html(symbol: str) -> str:
    """Write a symbol with its subscripts.

    Examples
    --------
    >>> symbol_html("k_med/k_fast")
    'k<sub>med</sub>/k<sub>fast</sub>'
    """
    return re.sub(r"_(\w+)", r"<sub>\1</sub>", html.escape(symbol))


def equations(group: str, params: L4CParams | None = None) -> pn.pane.HTML:
    """Return `equation_html` as a pane."""
    return pn.pane.HTML(equation_html(group, params), stylesheets=[CSS], sizing_mode="stretch_width", margin=(4, 12))
