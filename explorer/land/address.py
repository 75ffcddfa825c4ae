"""The address of the page Land: experiment B, its baseline A, and what is looked at.

``?at=45.8,9.1&land.columns.soil=6&land.parameters.b=7&variable=swe&tab=balances``: the fields of
`Experiment.to_query` stand as they are, except for what the page implies.
"""

from dataclasses import dataclass, replace

from explorer.address import SHOWN, read_state, write_selection
from explorer.selection import MOST_DAYS, check_place, check_when, check_words, day_of, month_of
from models.experiment import Experiment, LandChoices
from models.provenance import parse_query, write_query
from models.regions import REGIONS

__all__ = [
    "GROUPS",
    "MAPPED",
    "STATIC",
    "SURFACES",
    "TABS",
    "LandSelection",
    "baseline_of_land",
    "plain_land",
    "read_land",
    "write_land",
]

MAPPED = (
    *("ssm", "rzsm", "soil_moisture_2", "soil_moisture_3", "soil_moisture_4", "t_soil", "frozen"),
    *("swe", "snow_depth", "snow_cover", "lai", "fpar", "gpp", "npp", "ra", "rh", "nee"),
    *("et", "transpiration", "soil_evaporation", "interception_evaporation", "runoff", "drainage", "precip"),
    *("le", "h", "ground_heat", "t_ground", "water_stress"),
)
"""Variables of a run that the map offers, in the order of the picker."""

STATIC = ("elevation", "sand", "clay")
"""What the map shows of the land itself, without a run."""

TABS = ("series", "balances", "day", "texture", "tower", "curves", "runs")

GROUPS = ("water", "heat", "vegetation", "snow", "fluxes", "carbon")
"""Groups of series."""

SURFACES = ("ssm", "rzsm", "gpp", "reco", "nee")
"""Variables of the response surface over soil texture."""

REGION = "Europe"
IMPLIED = {"model": "land", "land.stop_when_settled": "true", "region": REGION}
"""Fields of the experiment that the page sets unless the address does."""


@dataclass(frozen=True)
class LandSelection:
    """What a visitor looks at; it changes no result.

    Attributes
    ----------
    variable : str
        One of `MAPPED` or `STATIC`.
    when : str
        "annual", a month "m01" to "m12", or a day of the year "d1" to "d366".
    show : str
        "B", "A" or "B-A".
    at : (latitude, longitude)
        The selected place [degrees].
    tab : str
        One of `TABS`.
    group : str
        One of `GROUPS`.
    day : int
        Day of the year whose hours are drawn.
    surface : str
        One of `SURFACES`.

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    variable: str = "ssm"
    when: str = "annual"
    show: str = "B"
    at: tuple[float, float] = (46.0, 9.0)
    tab: str = "series"
    group: str = "water"
    day: int = 196
    surface: str = "ssm"

    def __post_init__(self):
        check_words(
            self,
            {"variable": (*MAPPED, *STATIC), "show": SHOWN, "tab": TABS, "group": GROUPS, "surface": SURFACES},
        )
        check_when(self.when)
        check_place(self.at)
        if not 1 <= self.day <= MOST_DAYS:
            msg = f"day = {self.day} is no day of a year; it may be 1 to {MOST_DAYS}."
            raise ValueError(msg)

    @property
    def month(self) -> int | None:
        """Index of the month shown, 0-11, or None."""
        return month_of(self.when)

    @property
    def day_shown(self) -> int | None:
        """Index of the day that the map shows, from 0, or None."""
        return day_of(self.when)


_KEYS = {
    "variable": "variable",
    "when": "when",
    "show": "show",
    "at": "at",
    "tab": "tab",
    "group": "group",
    "day": "day",
    "surface": "surface",
}


def plain_land() -> Experiment:
    """Return the experiment that the page opens with: the published tables, spun up until it settles."""
    return Experiment(model="land", region=REGIONS[REGION], land=LandChoices(stop_when_settled=True))


def baseline_of_land(b: Experiment) -> Experiment:
    """Return the baseline an experiment has unless another is chosen: the same with the published tables."""
    return replace(b, land=replace(b.land, parameters=(), columns=()))


def _query_of(experiment: Experiment) -> str:
    """Return the fields of an experiment without what the page implies."""
    query = parse_query(experiment.to_query())
    query.pop("model", None)
    if query.pop("land.stop_when_settled", None) is None:
        query["land.stop_when_settled"] = "false"
    if "box" not in query:
        query["region"] = query.get("region", "world")
        if query["region"] == REGION:
            del query["region"]
    return write_query(query)


def write_land(a: Experiment, b: Experiment, selection: LandSelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, LandSelection(), _KEYS)
    if a != baseline_of_land(b):
        extra["baseline"] = _query_of(a) or "none"
    return "&".join(filter(None, (_query_of(b), write_query(extra))))


def read_land(text: str) -> tuple[Experiment, Experiment, LandSelection, list[str]]:
    """Read A, B, what is looked at, and what the address holds that is not accepted; see `read_state`."""
    a, b, selection, problems = read_state(text, LandSelection(), _KEYS, baseline_of_land, IMPLIED)
    if b.model != "land":
        problems.append(f'model = "{b.model}" is another page\'s; this one runs "land".')
        a, b = replace(a, model="land"), replace(b, model="land")
    return a, b, selection, problems
