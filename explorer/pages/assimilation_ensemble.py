"""Ensemble, filter and twin on the left side of the page Assimilation: sliders and lists on one session."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import panel_material_ui as pmui

from explorer.assimilation.address import plain_assimilation
from explorer.assimilation.session import AssimilationSession
from explorer.controls import Control, class_of, parameter_row
from explorer.pages.page import put
from models.assimilation.options import ASSIMILATION_CHOICES, MEMBERS, NUMBERS, SCALES, TABLE_2, AssimilationChoices
from models.assimilation.perturbations import FORCING_PERTURBATIONS, STATE_PERTURBATIONS
from models.quantity import Parameter

__all__ = ["FilterControls"]

LABELS = {
    "method": "Filter",
    "bounds": "Members out of bounds",
    "centering": "Perturbations over the members",
    "bias_correction": "Perturbation bias correction",
    "adaptive": "Adaptive error tuning",
    "observation_draws": "Observation perturbations",
    "limits": "Limits of perturbed sunlight and rain",
    "precipitation_quality": "Quality of the precipitation that the model is given",
}

WORDS = {
    "stochastic": "EnKF, perturbed observations",
    "etkf": "ETKF, symmetric square root",
    "denkf": "DEnKF, deterministic",
    "clip": "clipped to the bounds",
    "none": "none",
    "ryu": "Ryu et al. 2009 (unperturbed control)",
    "off": "off",
    "geosldas": "as GEOSldas (R and HPHᵀ follow the innovations)",
    "rescaled": "centred, and rescaled to their sd",
    "model": "model analysis (error sd 0.5)",
    "perfect": "perfect",
    "gauged": "gauge-corrected (0.25)",
    "satellite": "satellite (0.75)",
    "poor": "poor (1.0)",
}

HELP = {
    "method": "How the analysis ensemble is made from forecast and observation",
    "bounds": "What happens to members that an update would put below wilting or above saturation",
    "bias_correction": "Perturbing a nonlinear model shifts its mean; this keeps it at an unperturbed member's",
    "adaptive": "Scales the assumed errors until innovations agree with them",
    "centering": "LIS centres alone, which makes the spread 2 % smaller with 24 members",
    "observation_draws": "LIS centres alone, which makes R 4 % too small with 24 members",
    "limits": "Of truth and members alike: LIS's example settings cut at 1300 W m⁻² and 3.6 mm h⁻¹; Table 2 has none",
    "precipitation_quality": "The truth has the world's own rain; the experimenter gets it with this error",
}

OWN_WORDS = {
    ("bounds", "lis"): "as LIS: most members valid, or no update",
    ("bounds", "none"): "left as they are",
    ("centering", "lis"): "centred, as LIS",
    ("centering", "none"): "left as drawn",
    ("observation_draws", "lis"): "centred, as LIS",
    ("limits", "lis"): "cut, as LIS's example settings",
}


def _word(name: str, word: str) -> str:
    """Return a choice in words."""
    return OWN_WORDS.get((name, word), WORDS.get(word, word))


GROUPS = {
    "forcing": tuple(field.name for field in FORCING_PERTURBATIONS),
    "state": tuple(field.name for field in STATE_PERTURBATIONS),
}
"""What a slider of all perturbations of a kind moves together."""

TOGETHER = {
    name: Parameter("1", 0.0, 10.0, f"factor on the sd of all perturbations of the {name}", words, TABLE_2)
    for name, words in (("forcing", "Forcing perturbations ×"), ("state", "State perturbations ×"))
}

TIMES = ("correlation_time", "forcing_interval", "state_interval", "cap", "warm_up")
TWIN = ("forcing_error", "truth_state_error")

REACH = {"warm_up": (0.0, 120.0), **dict.fromkeys((*TOGETHER, *SCALES), (0.0, 3.0))}
"""Where a slider runs; its entry takes all that is accepted."""

SYMBOLS = {
    "forcing_interval": "forcing drawn every",
    "state_interval": "state perturbed every",
    "correlation_time": "memory of the forcing's",
    "cap": "clipped at",
    "warm_up": "warm-up",
    "forcing_error": "radiation error ×",
    "truth_state_error": "true state error ×",
}
SYMBOLS |= {field.name: f"{field.title} ×" for field in (*FORCING_PERTURBATIONS, *STATE_PERTURBATIONS)}


def _controls(declared: dict[str, Parameter], title: str) -> type:
    """Make sliders of declarations; a name for people stands for the symbol."""
    named = {name: replace(line, symbol=SYMBOLS.get(name, line.symbol)) for name, line in declared.items()}
    return class_of(title, tuple(Control(n, (n,), (line,), reach=REACH.get(n)) for n, line in named.items()))


TogetherControls = _controls(TOGETHER, "Together")
ScaleControls = _controls(SCALES, "Scale")
TimeControls = _controls({name: NUMBERS[name] for name in TIMES}, "Times")
TwinControls = _controls({name: NUMBERS[name] for name in TWIN}, "Twin")


class FilterControls:
    """Widgets of everything but sensors, place and time; what a hand does goes to ``AssimilationSession.edit``."""

    def __init__(self, session: AssimilationSession):
        self.session = session
        self._showing = False
        self._ensemble()
        self._filter()

    @staticmethod
    def _table(table: type, move) -> tuple:
        """Make sliders, and for each a button that puts it back to 1 or to the published number."""
        made = table(moved=move)
        plain = plain_assimilation().assimilation
        rows = [
            parameter_row(made, control, lambda control: move({control.name: getattr(plain, control.name, 1.0)}))
            for control in made.controls
        ]
        return made, rows

    def _move_numbers(self, fields: dict[str, float]) -> None:
        try:
            self.set(dragged=tuple(fields), **fields)
        except ValueError:
            self.show()
            raise

    def _move_scales(self, fields: dict[str, float]) -> None:
        kept = dict(self.session.b.assimilation.scales) | fields
        self.set(dragged=tuple(fields), scales=tuple(kept.items()))

    def _move_together(self, fields: dict[str, float]) -> None:
        self._move_scales({name: value for group, value in fields.items() for name in GROUPS[group]})

    def set(self, dragged: tuple = (), **changed) -> None:
        """Change settings of B."""
        if self._showing:
            return
        session = self.session
        session.edit(dragged=dragged, b=replace(session.b, assimilation=replace(session.b.assimilation, **changed)))

    def _ensemble(self) -> None:
        self.members = pmui.EditableIntSlider(
            label="Ensemble members", start=4, end=48, fixed_start=MEMBERS[0], fixed_end=MEMBERS[1], step=1, value=12,
            size="small", inline_layout=True, margin=(2, 8), sizing_mode="stretch_width", width=None,
        )  # fmt: skip
        self.members.param.watch(self._on_members, "value_throttled")
        self.together, together = self._table(TogetherControls, self._move_together)
        self.scales, scales = self._table(ScaleControls, self._move_scales)
        self.times, times = self._table(TimeControls, self._move_numbers)
        self.twin, twin = self._table(TwinControls, self._move_numbers)
        self._rows = {"together": together, "scales": scales, "times": times, "twin": twin}

    def _on_members(self, event) -> None:
        if event.new is not None and not self._showing:
            try:
                self.set(dragged=("members",), members=int(event.new))
            except ValueError:
                self.show()
                raise

    def _filter(self) -> None:
        self.choices = {}
        for name, label in LABELS.items():
            select = pmui.Select(
                label=label, options={_word(name, word): word for word in ASSIMILATION_CHOICES[name]},
                description=HELP[name], size="small", sizing_mode="stretch_width", margin=(8, 8, 2, 8),
            )  # fmt: skip
            select.param.watch(lambda event, name=name: self.set(**{name: event.new}), "value")
            self.choices[name] = select
        self.seed = pmui.IntInput(
            label="Seed of all random draws", start=0, end=2**31 - 1, step=1, size="small", margin=(8, 8),
            description="Two runs of one seed share their noise, so that their difference is the setting's",
        )  # fmt: skip
        self.seed.param.watch(self._on_seed, "value")

        def column(*objects) -> pmui.Column:
            return pmui.Column(*objects, sizing_mode="stretch_width", margin=0)

        others = [select for name, select in self.choices.items() if name != "precipitation_quality"]
        rain = self.choices["precipitation_quality"]
        self.groups = [
            ("Ensemble", column(self.members, *self._rows["together"])),
            ("Perturbations (Table 2 of the paper)", column(*self._rows["scales"], *self._rows["times"])),
            ("Filter", column(*others, self.seed)),
            ("Truth and weather of the twin", column(rain, *self._rows["twin"])),
        ]

    def _on_seed(self, event) -> None:
        if event.new is not None and not self._showing and event.new != self.session.b.seed:
            session = self.session
            session.edit(a=replace(session.a, seed=event.new), b=replace(session.b, seed=event.new))

    def show(self) -> None:
        """Set every widget to the session's state."""
        b, choices = self.session.b, self.session.b.assimilation
        plain = plain_assimilation().assimilation
        self._showing = True
        try:
            put(self.members, choices.members)
            put(self.seed, b.seed)
            for name, select in self.choices.items():
                put(select, getattr(choices, name))
        finally:
            self._showing = False
        self.times.show(choices, plain)
        self.twin.show(choices, plain)
        scales = _scales_of(choices)
        self.scales.show(SimpleNamespace(**scales), SimpleNamespace(**dict.fromkeys(scales, 1.0)))
        means = {group: float(np.mean([scales[name] for name in names])) for group, names in GROUPS.items()}
        self.together.show(SimpleNamespace(**means), SimpleNamespace(**dict.fromkeys(means, 1.0)))


def _scales_of(choices: AssimilationChoices) -> dict[str, float]:
    """Return the factor of every perturbation."""
    return dict.fromkeys(SCALES, 1.0) | dict(choices.scales)
