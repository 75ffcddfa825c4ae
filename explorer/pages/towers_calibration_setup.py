"""What a calibration is asked for on the page Towers: plant type, towers, free parameters, bounds, soil, prior."""

from collections.abc import Iterable

import panel as pn
import panel_material_ui as pmui

from explorer.controls import NARROW, decimals, nice_step
from explorer.pages.page import put, switch
from explorer.style import symbol_text, unit_text
from explorer.towers.calibration import LEAVE_ONE_OUT, Request, Twin, held_at_first, usable
from explorer.towers.session import TowersSession
from models.calibration.cost import STEPS
from models.calibration.options import FREE, LOSSES, CalibrationOptions
from models.calibration.sites import QualityRules
from models.calibration.terms import DECAY, LIGHT, POOLS
from models.l4c.params import PFT_NAMES, PFTS, L4CParams
from models.quantity import parameters_of

__all__ = ["CalibrationSetup"]

MAY_BE_FREE = {
    "gpp": LIGHT,
    "reco": ("f_aut", *DECAY, *POOLS),
    "nee": ("f_aut", *DECAY, *POOLS),
}
"""Step -> parameters that its flux answers to; the pools' only where the soil is the whole model's."""

STEP_WORDS = {"gpp": "1 · GPP", "reco": "2 · RE", "nee": "3 · NEE, without each site's bias"}
SOIL_WORDS = {
    "effective SOC, a percentile (Jones et al. 2017)": "effective",
    "effective SOC, least squares": "fitted",
    "whole model, pools in balance": "steady",
}
BY_SITES = "sites"
PRIOR_WORDS = {"chosen by sites left out": BY_SITES, "none": 0.0, "3 %": 0.03, "10 %": 0.1, "30 %": 0.3}
FOLD_WORDS = {"leave one out": LEAVE_ONE_OUT, "none": 0, "2": 2, "3": 3, "5": 5, "10": 10}
WIDTH = 0.1
"""Width of the prior at first, and of a single tower, where none can be left out."""
STARTS = 3


class CalibrationSetup:
    """Widgets that make a `Request`."""

    def __init__(self, session: TowersSession):
        self.session = session
        self._showing = False
        self._by_hand = False
        self._chosen: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        look = {"size": "small", "margin": (6, 6)}
        self.kind = switch("Towers", {"Real towers": "real", "Virtual towers (twin)": "twin"}, "real")
        self.pft = pmui.Select(label="Plant functional type", options=list(PFTS), value=session.pft, width=240, **look)
        self._towers(look)
        self._fit(look)
        self.bounds = pmui.FlexBox(margin=0)
        self._bounds: dict[str, pmui.EditableRangeSlider] = {}
        self.groups = pmui.Accordion(
            ("Free parameters of each step", pmui.Column(*self.free.values(), sizing_mode="stretch_width", margin=0)),
            ("Bounds, within the declared ones", self.bounds),
            ("Soil, loss, prior, starts, folds", self.choices),
            ("Days that count", self.rules),
            active=[], disable_gutters=True, dynamic=True, title_variant="subtitle2", sizing_mode="stretch_width",
            margin=(2, 6), elevation=0, variant="outlined",
        )  # fmt: skip
        self.pane = pmui.Column(
            pmui.FlexBox(self.kind, self.pft, margin=(2, 2)), self.real, self.twin, self.groups,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.kind.param.watch(self._on_kind, "value")
        self.pft.param.watch(self._on_pft, "value")
        for widget in (self.fitted, self.held):
            widget.param.watch(self._on_towers, "value")
        for widget in (*self.free.values(), self.soil):
            widget.param.watch(self._on_free, "value")
        session.param.watch(lambda _event: self.show_towers(), ["sites", "selection"])
        self.show_towers()
        self._on_free()
        self._on_kind()

    # -- widgets --------------------------------------------------------------------------------------------------
    def _towers(self, look: dict) -> None:
        many = {"margin": (6, 6), "sizing_mode": "stretch_width"}
        self.fitted = pmui.MultiChoice(label="Towers that are fitted", **many)
        self.held = pmui.MultiChoice(label="Towers held out: they only judge", **many)
        self.note = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 12))
        self.real = pmui.Column(self.fitted, self.held, self.note, sizing_mode="stretch_width", margin=0)
        self.count = pmui.IntInput(label="Virtual towers [1]", value=6, start=1, end=60, width=150, **look)
        self.off = pmui.Select(
            label="Parameters start off by",
            options={"10 %": 0.1, "20 %": 0.2, "30 %": 0.3},
            value=0.3,
            width=170,
            **look,
        )
        self.noise = pmui.FloatInput(
            label="Error of a day [gC m⁻² d⁻¹]", value=0.0, start=0.0, end=5.0, step=0.1, width=190, **look
        )
        words = (
            "Cells of the synthetic world whose fluxes are the model's own: it is known which parameters must return."
        )
        self.twin = pmui.FlexBox(
            self.count,
            self.off,
            self.noise,
            pn.pane.HTML(words, margin=(14, 8), styles={"font-size": "12px"}),
            margin=0,
        )

    def _fit(self, look: dict) -> None:
        self.free = {
            step: pmui.MultiChoice(
                label=f"Step {STEP_WORDS[step]}", options=list(MAY_BE_FREE[step]), value=list(FREE[step]),
                description="None leaves the step out", sizing_mode="stretch_width", margin=(6, 6),
            )
            for step in STEPS
        }  # fmt: skip
        self.soil = pmui.Select(label="Soil carbon behind RH", options=SOIL_WORDS, value="fitted", width=290, **look)
        self.percentile = pmui.FloatInput(
            label="Percentile [%]", value=75.0, start=1.0, end=99.0, step=5.0, width=120,
            description="Of RH / Kmult on the better half of a site's days; 95 in Jones et al. (2017), 75 in the "
            "mission's programs", **look,
        )  # fmt: skip
        self.loss = pmui.Select(label="Loss", options=list(LOSSES), value="linear", width=130, **look)
        self.scale = pmui.FloatInput(
            label="Loss bends at [gC m⁻² d⁻¹]", value=1.0, start=0.05, end=20.0, step=0.1, width=190, **look
        )
        self.weights = pmui.Select(
            label="Each counts the same", options={"site": "sites", "day": "days"}, value="sites", width=160, **look
        )
        self.prior = pmui.Select(
            label="Prior: error of the table, of the bounds", options=PRIOR_WORDS, value=WIDTH, width=270, **look
        )
        self.keep = pmui.Switch(
            label="RE counts in step 3", value=True, size="small", margin=(14, 8),
            description="So that NEE is not bought with RE; off is the paper's NEE alone",
        )  # fmt: skip
        self.starts = pmui.IntInput(label="Starts [1]", value=STARTS, start=1, end=50, width=110, **look)
        self.folds = pmui.Select(
            label="Folds of sites", options=FOLD_WORDS, value=LEAVE_ONE_OUT, width=150, **look
        )  # fmt: skip
        self.choices = pmui.FlexBox(
            self.soil, self.percentile, self.loss, self.scale, self.weights, self.prior, self.keep, self.starts,
            self.folds, margin=0,
        )  # fmt: skip
        rules = QualityRules()
        self.quality = pmui.FloatInput(
            label="Least share of good half hours [1]", value=rules.min_quality, start=0.0, end=1.0, step=0.1,
            width=230, **look,
        )  # fmt: skip
        self.outlier = pmui.FloatInput(
            label="Outliers beyond [standard deviations]", value=rules.outlier_std, start=1.0, end=50.0, step=0.5,
            width=240, **look,
        )  # fmt: skip
        self.smooth = pmui.Switch(
            label="Two-day box filter", value=rules.smooth, size="small", margin=(14, 8),
            description="Forwards and backwards, without a shift in time, as the mission does",
        )  # fmt: skip
        self.negative = pmui.Switch(
            label="GPP below 0 is left out", value=rules.drop_negative_gpp, size="small", margin=(14, 8)
        )
        self.rules = pmui.FlexBox(self.quality, self.outlier, self.smooth, self.negative, margin=0)

    # -- what changes what ----------------------------------------------------------------------------------------
    def _on_kind(self, *_events) -> None:
        """Take prior and folds from a twin, whose truth is known."""
        twin = self.kind.value == "twin"
        self.real.visible, self.twin.visible = not twin, twin
        put(self.prior, 0.0 if twin else WIDTH)
        put(self.keep, not twin)
        put(self.folds, 0 if twin else LEAVE_ONE_OUT)

    def _on_pft(self, _event) -> None:
        """Stay with a plant type that a hand has chosen."""
        if not self._showing:
            self._by_hand = True
            self.show_towers()

    def show_towers(self) -> None:
        """Offer open towers of one plant type: that of the tower that is looked at, until a hand chooses."""
        sites = self.session.sites
        counts = {pft: len(usable(sites, pft)) for pft in PFTS}
        words = {f"{pft} · {PFT_NAMES[pft]} ({counts[pft]})": pft for pft in PFTS}
        pft = self.pft.value if self._by_hand or not counts[self.session.pft] else self.session.pft
        self._showing = True
        try:
            self.pft.param.update(options=words, value=pft)
        finally:
            self._showing = False
        here = usable(sites, pft)
        codes = [site.site for site in here]
        fitted, held = self._chosen.get(pft, (None, held_at_first(here)))
        held = [code for code in codes if code in held]
        chosen = [code for code in codes if code not in held and (fitted is None or code in fitted)]
        self._showing = True
        try:
            for widget, value in ((self.fitted, chosen), (self.held, held)):
                widget.param.update(options=codes, value=value)
        finally:
            self._showing = False
        wet = held_at_first(here)
        text = f"{', '.join(wet)}: wetland, whose standing water L4C does not know; held out at first. " if wet else ""
        if not here:
            text = f"No tower of {pft} with a year of days is open; open a folder of towers, or choose virtual towers."
        short = sum(PFTS[site.pft - 1] == pft for site in sites) - len(here)
        if short:
            text += f"{short} more of {pft} with months alone or less than a year of days cannot be fitted."
        self.note.object = f"<div role='note' style='font-size:12px;opacity:.85'>{text}</div>"

    def _on_towers(self, event) -> None:
        """Take a tower that is chosen out of the other list."""
        if self._showing:
            return
        other = self.held if event.obj is self.fitted else self.fitted
        self._showing = True
        try:
            other.value = [code for code in other.value if code not in event.new]
        finally:
            self._showing = False
        self._chosen[self.pft.value] = tuple(self.fitted.value), tuple(self.held.value)

    def _on_free(self, *_events) -> None:
        """Offer bounds of what is free, and the parameters of the pools where they count."""
        steady = self.soil.value == "steady"
        for step in ("reco", "nee"):
            options = [name for name in MAY_BE_FREE[step] if steady or name not in POOLS]
            if self.free[step].options != options:
                kept = [name for name in self.free[step].value if name in options]
                self.free[step].param.update(options=options, value=kept)
        self.percentile.disabled = self.soil.value != "effective"
        free = [name for name in L4CParams._fields if name in {n for box in self.free.values() for n in box.value}]
        for name in free:
            if name not in self._bounds:
                self._bounds[name] = _bounds_slider(name)
        self.bounds[:] = [self._bounds[name] for name in free]

    # -- what it makes --------------------------------------------------------------------------------------------
    def _sites(self, codes: Iterable[str]) -> tuple:
        wanted = set(codes)
        return tuple(site for site in self.session.sites if site.site in wanted)

    def options(self) -> CalibrationOptions:
        """Return the choices of the fit.

        Raises
        ------
        ValueError
            If nothing is free, or a number is out of range.
        """
        free = {step: tuple(box.value) for step, box in self.free.items() if box.value}
        if not free:
            msg = "No parameter is free in any step; choose one at least under Free parameters."
            raise ValueError(msg)
        declared = parameters_of(L4CParams)
        bounds = {
            name: tuple(float(v) for v in self._bounds[name].value)
            for names in free.values()
            for name in names
            if tuple(self._bounds[name].value) != (declared[name].low, declared[name].high)
        }
        by_sites = self.prior.value == BY_SITES
        return CalibrationOptions(
            steps=tuple(free), free={**FREE, **free}, bounds=bounds, soil=self.soil.value,
            percentile=_number(self.percentile), loss=self.loss.value, loss_scale=_number(self.scale),
            starts=int(_number(self.starts)), weights=self.weights.value,
            prior=WIDTH if by_sites else float(self.prior.value), prior_by_sites=by_sites,
            keep_reco=float(self.keep.value),
        )  # fmt: skip

    def request(self) -> Request:
        """Return what the widgets ask for.

        Raises
        ------
        ValueError
            If it can't be run.
        """
        pft = self.pft.value
        twin = None
        if self.kind.value == "twin":
            twin = Twin(int(_number(self.count)), _number(self.off), _number(self.noise))
        rules = QualityRules(
            min_quality=_number(self.quality), outlier_std=_number(self.outlier), smooth=self.smooth.value,
            drop_negative_gpp=self.negative.value,
        )  # fmt: skip
        return Request(
            pft, () if twin else self._sites(self.fitted.value), () if twin else self._sites(self.held.value),
            self.options(), rules, int(self.folds.value), self.session.b.l4c.table()[pft], twin,
        )  # fmt: skip


def _number(entry: pmui.FloatInput | pmui.IntInput | pmui.Select) -> float:
    """Return the number in an entry.

    Raises
    ------
    ValueError
        If it is empty.
    """
    if entry.value is None:
        msg = f"{entry.label} is empty; give a number."
        raise ValueError(msg)
    return float(entry.value)


def _bounds_slider(name: str) -> pmui.EditableRangeSlider:
    """Make the entry of a parameter's bounds."""
    p = parameters_of(L4CParams)[name]
    step = nice_step((p.high - p.low) / 200)
    unit = unit_text(p.unit)
    return pmui.EditableRangeSlider(
        label=f"{symbol_text(p.symbol)} · {name}" + (f" [{unit}]" if unit else ""), start=p.low, end=p.high,
        fixed_start=p.low, fixed_end=p.high, value=(p.low, p.high), step=step, format=f"0.{'0' * decimals(step)}",
        description=f"{p.long_name}. Source: {p.source}", size="small", inline_layout=True, margin=(2, 12),
        width=410, sx=NARROW,
    )  # fmt: skip
