"""The tab Drivers of the page Towers: the multipliers in time, and the residuals against each driver."""

import numpy as np
import panel_material_ui as pmui

from explorer.pages.page import card, heading, switch
from explorer.pages.towers_site import flux_unit
from explorer.style import symbol_text, unit_text
from explorer.towers.answer import run_dataset
from explorer.towers.session import TowersSession
from explorer.views.lines import COMPARE, DIFFERENCE, Line, LinkedLines, Plot
from explorer.views.residuals import ResidualsView
from models.variables import VARIABLES

__all__ = ["DriversTab"]

DRIVERS = ("par", "fpar", "tmin", "vpd", "smrz", "smsf", "t_soil")
"""What a residual is drawn against."""

SHARE = (-0.03, 1.06)
LABELS = {
    "f_vpd": "f(VPD)", "f_tmin": "f(Tmin)", "f_smrz": "f(SMRZ)", "f_ft": "f(F/T)", "e_mult": "E mult: all four",
    "t_mult": "T mult", "w_mult": "W mult",
}  # fmt: skip


def _lines(*names: str) -> tuple[Line, ...]:
    return tuple(Line(name, LABELS[name]) for name in names)


def _unit(name: str) -> str:
    return unit_text(VARIABLES[name].unit)


def _of_driver(*names: str) -> Plot:
    return Plot(tuple(Line(name, symbol_text(VARIABLES[name].symbol)) for name in names), _unit(names[0]))


GROUPS = {
    "light": (
        Plot(_lines("f_vpd", "f_tmin"), limits=SHARE),
        Plot(_lines("f_smrz", "f_ft"), limits=SHARE),
        Plot(_lines("e_mult"), limits=SHARE),
    ),
    "decay": (Plot(_lines("t_mult"), limits=SHARE), Plot(_lines("w_mult"), limits=SHARE)),
    "drivers": (
        _of_driver("par"),
        _of_driver("fpar"),
        _of_driver("tmin", "t_soil"),
        _of_driver("vpd"),
        _of_driver("smrz", "smsf"),
    ),
}


class DriversTab:
    """Multipliers and drivers in time above, residuals below."""

    def __init__(self, session: TowersSession):
        self.session = session
        self.lines = LinkedLines(GROUPS, height=400, name="tower-multipliers")
        self.group = switch("Shown", {"Light use": "light", "Decomposition": "decay", "Drivers": "drivers"}, "light")
        self.mode = switch("As", {"A and B": COMPARE, "B − A": DIFFERENCE}, COMPARE)
        for widget in (self.group, self.mode):
            widget.param.watch(lambda _event: self.lines.show(self.group.value, self.mode.value), "value")
        axes = {name: (symbol_text(VARIABLES[name].symbol), _unit(name)) for name in DRIVERS}
        self.residuals = ResidualsView(axes)
        self.pane = pmui.Column(
            card(
                heading("Multipliers", "the ramps' values day by day; 1: no limit"),
                pmui.FlexBox(self.group, self.mode, margin=0),
                self.lines.pane,
            ),
            card(
                heading("Residuals against each driver", "Δ: model less tower; a slope is what its parameters miss"),
                self.residuals.pane,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def update(self) -> None:
        """Draw the newest answer."""
        answer, flux = self.session.answer, self.session.selection.flux
        if answer is None:
            return
        site = answer.site
        drivers = {name: site.drivers[name].values[0] for name in DRIVERS}
        b, a = (
            {name: run[name].values for name in LABELS} | drivers
            for run in (run_dataset(answer.b, site), run_dataset(answer.a, site))
        )
        self.lines.update(answer.time, b, a, title=site.site)
        what, of_b, of_a = answer.pairs(flux)
        at_pairs = {name: what.simulated(values) for name, values in drivers.items()}
        if not what.values.size:
            at_pairs = dict.fromkeys(drivers, np.zeros(0))
        axis = f"Δ{flux.upper()} [{flux_unit(flux)}]"
        self.residuals.update(at_pairs, of_b - what.values, of_a - what.values, axis)
