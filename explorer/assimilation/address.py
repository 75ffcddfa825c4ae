"""The address of the page Assimilation: experiment B, its baseline A, and what is looked at.

``?region=Sahel&assimilation.sensors.vod.use=assimilate&tab=verdict&at=13.1,2.4``: the fields of `Experiment.to_query`
stand as they are, except for what the page implies (`IMPLIED`).
"""

import re
from dataclasses import dataclass, replace

from explorer.address import read_state, write_selection
from explorer.selection import check_place, check_words
from models.assimilation.diagnostics import CELL_DIAGNOSTICS
from models.assimilation.result import STATISTICS, VARIABLES_KEPT
from models.assimilation.sensor_choice import STATE_ROWS
from models.experiment import Experiment
from models.observation import SENSORS
from models.provenance import parse_query, write_query

__all__ = [
    "DIAGNOSED",
    "IMPLIED",
    "SHOWN",
    "TABS",
    "WHENS",
    "AssimilationSelection",
    "baseline_of_assimilation",
    "plain_assimilation",
    "read_assimilation",
    "write_assimilation",
]

TABS = ("maps", "innovations", "verdict", "skill", "carbon", "cell", "paper", "runs")

SHOWN = ("analysis", "open_loop", "difference", "truth", "A", "B-A")
"""Whose values a map shows: of B its analysis, its open loop, their difference, the truth; of A; B less A."""

SEASONS = ("DJF", "MAM", "JJA", "SON")
WHENS = ("all", *(f"m{month:02d}" for month in range(1, 13)), *SEASONS)

DIAGNOSED = (
    *(name for name in CELL_DIAGNOSTICS if name not in STATISTICS),
    *(f"increment_std:{row}" for row in STATE_ROWS),
    *(f"gain:{row}" for row in STATE_ROWS),
)
"""What a map shows of a sensor."""

IMPLIED = {
    "model": "assimilation",
    "region": "Iberia",
    "assimilation.time_step": "3.0",
    "assimilation.members": "12",
}
"""Fields of the experiment that the page sets unless the address does: a preview that takes seconds."""


@dataclass(frozen=True)
class AssimilationSelection:
    """What a visitor looks at; it changes no result.

    Attributes
    ----------
    tab : str
        One of `TABS`.
    variable : str
        One of `models.assimilation.result.VARIABLES_KEPT`.
    statistic : str
        One of `STATISTICS` (of the variable) or of `DIAGNOSED` (of the sensor).
    show : str
        One of `SHOWN`.
    when : str
        "all", a month "m01" to "m12", or a season.
    sensor : str
        A sensor of `models.observation.SENSORS`, or one of its channels, as "tb_h".
    at : (latitude, longitude)
        The selected place [degrees].
    update : int
        Which update of the cell is taken apart, from 0.

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    tab: str = "maps"
    variable: str = "ssm"
    statistic: str = "mean"
    show: str = "difference"
    when: str = "all"
    sensor: str = "ssm"
    at: tuple[float, float] = (40.0, -4.0)
    update: int = 0

    def __post_init__(self):
        words = {
            "tab": TABS,
            "variable": VARIABLES_KEPT,
            "statistic": (*STATISTICS, *DIAGNOSED),
            "show": SHOWN,
            "when": WHENS,
        }
        check_words(self, words)
        known = [sensor.name for sensor in SENSORS]
        if not (isinstance(self.sensor, str) and re.fullmatch(rf"({'|'.join(known)})(_[a-z0-9]{{1,9}})?", self.sensor)):
            msg = f"sensor = {str(self.sensor)[:40]!r} is not accepted; it may be {', '.join(known)}, or one's channel."
            raise ValueError(msg)
        check_place(self.at)

    @property
    def of_sensor(self) -> bool:
        """Whether the statistic is one of the sensor's innovations, not of a variable."""
        return self.statistic in DIAGNOSED

    @property
    def month(self) -> int | str:
        """What `AssimilationResult.field` calls the part of the year: 1 to 12, a season or "all"."""
        return int(self.when[1:]) if re.fullmatch(r"m\d\d", self.when) else self.when


_KEYS = {name: name for name in ("tab", "variable", "statistic", "show", "when", "sensor", "at", "update")}


def plain_assimilation() -> Experiment:
    """Return the experiment that the page opens with: surface soil moisture assimilated over Iberia, as a preview."""
    return Experiment.from_query(write_query(IMPLIED))


def baseline_of_assimilation(b: Experiment) -> Experiment:
    """Return the baseline an experiment has unless another is chosen: the same ensemble without observations."""
    return replace(b, assimilation=replace(b.assimilation, sensors=()))


def _query_of(experiment: Experiment) -> str:
    """Return the fields of an experiment without what the page implies."""
    query = parse_query(experiment.to_query())
    mine = {
        "model": "assimilation",
        "region": query.get("region", "world"),
        "assimilation.time_step": str(experiment.assimilation.time_step),
        "assimilation.members": str(experiment.assimilation.members),
    }
    query.update(mine)
    kept = ("region",) if "box" in query else ()
    return write_query({name: text for name, text in query.items() if name in kept or text != IMPLIED.get(name)})


def write_assimilation(a: Experiment, b: Experiment, selection: AssimilationSelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, AssimilationSelection(), _KEYS)
    if a != baseline_of_assimilation(b):
        extra["baseline"] = _query_of(a) or "none"
    return "&".join(filter(None, (_query_of(b), write_query(extra))))


def read_assimilation(text: str) -> tuple[Experiment, Experiment, AssimilationSelection, list[str]]:
    """Read A, B, what is looked at, and what the address holds that is not accepted; see `read_state`."""
    a, b, selection, problems = read_state(text, AssimilationSelection(), _KEYS, baseline_of_assimilation, IMPLIED)
    if b.model != "assimilation":
        problems.append(f'model = "{b.model}" is another page\'s; this one runs "assimilation".')
        b = replace(b, model="assimilation")
        a = replace(a, model="assimilation")
    return a, b, selection, problems
