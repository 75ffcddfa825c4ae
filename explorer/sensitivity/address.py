"""The address of the page Sensitivity: the experiment, and what is asked of it.

``?region=Iberia&tab=indices&of=gpp&factors=GRS.lue_max,input.par&errors=GRS.par:0.2``: the fields of
`Experiment.to_query` stand as they are; nothing is free text.
"""

import re
from dataclasses import dataclass, fields, replace

from explorer.address import baseline_of, read_state, write_selection
from explorer.selection import check_place, check_words
from models.experiment import Experiment
from models.l4c.changed import InputChange
from models.l4c.input_errors import FPAR_RANK, MIDDLE_RANK, SOURCES, InputErrors, input_errors
from models.l4c.params import PFTS, L4CParams
from models.l4c.sensitivity import INPUT, OUTPUTS, REMOVED
from models.provenance import write_query
from models.quantity import Parameter, parameters_of

__all__ = [
    "CHOICES",
    "MOST_FACTORS",
    "NUMBERS",
    "TABS",
    "SensitivitySelection",
    "errors_of",
    "factors_named",
    "read_sensitivity",
    "with_errors",
    "write_sensitivity",
]

TABS = ("remove", "years", "uncertainty", "tornado", "indices", "drought")

MOST_FACTORS = 40
"""Factors of one analysis; Sobol's indices of forty take thousands of runs."""

CHOICES: dict[str, tuple[str, ...]] = {
    "tab": TABS,
    "removed": REMOVED,
    "shown": ("ubrmse", "relative", *SOURCES),
    "output": OUTPUTS,
    "scope": ("region", "cell"),
    "method": ("sobol", "morris"),
    "drought": ("soil", "rain"),
    "flux": ("gpp", "rh", "nee"),
    "pft": PFTS,
}
"""What each word of a selection accepts."""

NUMBERS: dict[str, Parameter] = {
    "rank": FPAR_RANK,
    "share": Parameter(
        "%", 0.5, 50.0, "half the range of each factor, in % of what lies between its bounds", "± share"
    ),
    "samples": Parameter("1", 8, 1024, "rows of Sobol's sample, a power of 2", "rows"),
    "trajectories": Parameter("1", 4, 500, "trajectories of Morris", "trajectories"),
    "seed": Parameter("1", 0, 9999, "of the sample", "seed"),
    "factor": Parameter("1", 0.0, 2.0, "rain or soil moisture, times", "× water"),
    "members": Parameter("1", 50, 1000, "draws of a day", "members"),
}
"""Numbers of a selection, with their bounds."""

WHOLE = ("samples", "trajectories", "seed", "members")

_FACTOR = re.compile(r"([A-Za-z]{3,5})\.([a-z0-9_]{1,30})")
_ERROR = re.compile(r"([A-Z]{3})\.([a-z_]{1,20}):([0-9.]{1,12})")

USUAL = "GRS.lue_max,GRS.f_aut,GRS.tmin_high,GRS.smrz_high,GRS.vpd_high,GRS.smsf_high,input.par,input.vpd"
"""Factors that the page opens with."""


@dataclass(frozen=True)
class SensitivitySelection:
    """What a visitor asks; see `CHOICES` and `NUMBERS` for what each field accepts.

    Attributes
    ----------
    tab : str
    removed : str
        Constraint whose removal is mapped.
    shown : str
        Mapped on the tab Uncertainty: the ubRMSE, its size relative to GPP + RE, or an input's share of the variance.
    rank : float
        Quality rank of fPAR.
    errors : str
        Errors of inputs that differ from the table: ``GRS.par:0.2,ENF.vpd:0.1``.
    pft : str
        Plant type whose errors are on the sliders.
    output : str
        What the tornado and the indices are of.
    scope : str
        Of the region, or of the cell at ``at``.
    factors : str
        What varies: ``GRS.lue_max,input.par``.
    share : float
        Half the range of each factor [% of what lies between its bounds].
    method : str
        "sobol" or "morris".
    samples, trajectories, seed : int
    drought : str
        Soil moisture is scaled, or rain.
    factor : float
        By what.
    flux : str
        Mapped on the tab Drought.
    members : int
        Draws of a day.
    at : (latitude, longitude)
        The selected place [degrees].

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    tab: str = "remove"
    removed: str = "smrz"
    shown: str = "ubrmse"
    rank: float = MIDDLE_RANK
    errors: str = ""
    pft: str = "GRS"
    output: str = "nee"
    scope: str = "region"
    factors: str = USUAL
    share: float = 10.0
    method: str = "sobol"
    samples: int = 64
    trajectories: int = 20
    seed: int = 1
    drought: str = "soil"
    factor: float = 0.8
    flux: str = "gpp"
    members: int = 300
    at: tuple[float, float] = (40.0, -4.0)

    def __post_init__(self):
        check_words(self, CHOICES)
        for name, declared in NUMBERS.items():
            declared.check(name, getattr(self, name))
            if name in WHOLE and int(getattr(self, name)) != getattr(self, name):
                msg = f"{name} = {getattr(self, name):g} is not a whole number."
                raise ValueError(msg)
        if self.samples & (self.samples - 1):
            msg = f"samples = {self.samples} is no power of 2; 8, 16, 32 ... 1024 are accepted."
            raise ValueError(msg)
        factors_named(self.factors)
        errors_of(self)
        check_place(self.at)


def factors_named(text: str) -> tuple[tuple[str, str], ...]:
    """Read the factors of a selection; raise ``ValueError`` if one is unknown."""
    named = []
    for word in filter(None, text.split(",")):
        match = _FACTOR.fullmatch(word)
        table = InputChange if match and match[1] == INPUT else L4CParams
        if match is None or (match[1] != INPUT and match[1] not in PFTS) or match[2] not in parameters_of(table):
            msg = (
                f"factors: {word[:40]!r} is none; write a plant type and a parameter, as GRS.lue_max, or input and one "
                f"of {', '.join(parameters_of(InputChange))}, as input.par."
            )
            raise ValueError(msg)
        if (match[1], match[2]) not in named:
            named.append((match[1], match[2]))
    if len(named) > MOST_FACTORS:
        msg = f"factors: {len(named)} came, at most {MOST_FACTORS} vary at a time."
        raise ValueError(msg)
    return tuple(named)


def errors_of(selection: SensitivitySelection) -> dict[str, InputErrors]:
    """Return the errors of the inputs: the table's, and what the selection changes of them."""
    errors, declared = input_errors(), parameters_of(InputErrors)
    for word in filter(None, selection.errors.split(",")):
        match = _ERROR.fullmatch(word)
        if match is None or match[1] not in PFTS or match[2] not in declared:
            msg = f"errors: {word[:40]!r} is none; write GRS.par:0.2 with one of {', '.join(declared)}."
            raise ValueError(msg)
        try:
            value = float(match[3])
        except ValueError:
            msg = f"errors: {match[3]!r} is not a number."
            raise ValueError(msg) from None
        declared[match[2]].check(f"error {match[2]} of {match[1]}", value)
        errors[match[1]] = errors[match[1]]._replace(**{match[2]: value})
    return errors


def with_errors(selection: SensitivitySelection, pft: str, **values: float | None) -> SensitivitySelection:
    """Return the selection with errors of a plant type changed; None puts the table's back."""
    table, errors = input_errors(), errors_of(selection)
    errors[pft] = errors[pft]._replace(
        **{name: getattr(table[pft], name) if value is None else float(value) for name, value in values.items()}
    )
    words = [
        f"{p}.{name}:{getattr(errors[p], name):.6g}"
        for p in PFTS
        for name in InputErrors._fields
        if getattr(errors[p], name) != getattr(table[p], name)
    ]
    return replace(selection, errors=",".join(words))


_KEYS = {f.name: f.name for f in fields(SensitivitySelection)} | {"output": "of", "seed": "sample_seed"}
"""Field -> its name in the address; an experiment has an output and a seed of its own."""


def write_sensitivity(experiment: Experiment, selection: SensitivitySelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, SensitivitySelection(), _KEYS)
    return "&".join(filter(None, (experiment.to_query(), write_query(extra))))


def read_sensitivity(text: str) -> tuple[Experiment, Experiment, SensitivitySelection, list[str]]:
    """Read the experiment (twice: this page has no baseline), what is asked, and what is not accepted."""
    _, b, selection, problems = read_state(text, SensitivitySelection(), _KEYS, baseline_of, {})
    if b.model != "l4c":
        problems.append(f'model = "{b.model}" is another page\'s; this one runs "l4c".')
        b = replace(b, model="l4c")
    return b, b, selection, problems
