"""The page's address holds its state: the experiment being edited, its baseline and what is looked at.

``?grid=36km&GRS.lue_max=1.9&variable=nee&at=45.8,9.1&baseline=GRS.lue_max%3D1.8``: the fields of
`Experiment.to_query` stand as they are, the baseline (if it differs from the unedited table) as a query of its own.
Nothing of it is free text that a page would show unescaped; what is not accepted is left out and reported.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from explorer.selection import check_place, check_when, check_words, day_of, month_of
from models.experiment import Experiment
from models.l4c.params import PFTS
from models.provenance import parse_query, write_query

__all__ = ["MAPPED", "SHOWN", "TABS", "Selection", "read_address", "read_state", "write_address", "write_selection"]

MAPPED = (
    *("gpp", "npp", "ra", "rh", "nee", "soc"),
    *("rh_fast", "rh_med", "rh_slow", "soc_fast", "soc_med", "soc_slow"),
    *("e_mult", "f_vpd", "f_tmin", "f_smrz", "f_ft", "t_mult", "w_mult"),
)
"""Variables that the map offers, in the order of the picker."""

SHOWN = ("B", "A", "B-A")
"""What the map shows: the experiment, the baseline, the difference."""

TABS = ("explore", "towers", "totals", "equations", "runs")


@dataclass(frozen=True)
class Selection:
    """What a visitor looks at; it changes no result.

    Attributes
    ----------
    variable : str
        One of `MAPPED`.
    when : str
        "annual", a month "m01" to "m12", or a day of the record "d1" to "d366".
    show : str
        One of `SHOWN`.
    at : (latitude, longitude)
        The selected place [degrees].
    pft : str
        Plant type whose parameters are on the sliders.
    tab : str
        One of `TABS`.
    site : str
        Tower of the Towers tab; "" is the first.

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    variable: str = "gpp"
    when: str = "annual"
    show: str = "B"
    at: tuple[float, float] = (46.0, 9.0)
    pft: str = "GRS"
    tab: str = "explore"
    site: str = ""

    def __post_init__(self):
        check_words(self, {"variable": MAPPED, "show": SHOWN, "pft": PFTS, "tab": TABS})
        check_when(self.when)
        check_place(self.at)
        if not re.fullmatch(r"[A-Za-z0-9_.-]{0,40}", self.site):
            msg = f"tower = {self.site[:40]!r} is not the name of a tower; use letters, digits, '-', '_'."
            raise ValueError(msg)

    @property
    def month(self) -> int | None:
        """Index of the month shown, 0-11, or None."""
        return month_of(self.when)

    @property
    def day(self) -> int | None:
        """Index of the day shown, from 0, or None."""
        return day_of(self.when)


_KEYS = {
    "variable": "variable",
    "when": "when",
    "show": "show",
    "at": "at",
    "pft": "pft",
    "tab": "tab",
    "site": "tower",
}
"""Field of `Selection` -> its name in the address ("site" belongs to the experiment)."""


def _place(text: str) -> tuple[float, float]:
    """Read ``latitude,longitude``."""
    parts = text.split(",")
    try:
        place = tuple(float(part) for part in parts)
    except ValueError:
        place = ()
    if len(place) != 2 or not all(map(math.isfinite, place)):
        msg = f"at = {text[:40]!r} is not latitude,longitude in degrees."
        raise ValueError(msg)
    return place[0], place[1]


def write_address(a: Experiment, b: Experiment, selection: Selection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, Selection(), _KEYS)
    if a != baseline_of(b):
        extra["baseline"] = a.to_query() or "none"
    return "&".join(filter(None, (b.to_query(), write_query(extra))))


def write_selection(selection, plain, keys: dict[str, str]) -> dict[str, str]:
    """Return the fields of an address for what is looked at, where it differs from the ``plain`` selection."""
    extra = {}
    for field in fields(selection):
        value = getattr(selection, field.name)
        if value != getattr(plain, field.name):
            extra[keys[field.name]] = f"{value[0]:.3f},{value[1]:.3f}" if field.name == "at" else str(value)
    return extra


def baseline_of(b: Experiment) -> Experiment:
    """Return the baseline an experiment has unless another is chosen: the same with the unedited table."""
    return replace(b, l4c=replace(b.l4c, parameters=(), without=()))


def _read_experiment(query: dict[str, str], problems: list[str], where: str = "") -> Experiment:
    """Take from ``query`` what an experiment accepts, one field after the other, and report the rest."""
    try:
        return Experiment.from_query(write_query(query))
    except ValueError:
        pass  # one field at a time says which
    good: dict[str, str] = {}
    for name, value in query.items():
        # The limits of a ramp may be acceptable only together, so the partner of a refused one is tried with it.
        trial = {**good, name: value}
        try:
            Experiment.from_query(write_query(trial))
        except ValueError as error:
            late = {**good, **{k: v for k, v in query.items() if k.rpartition("_")[0] == name.rpartition("_")[0]}}
            try:
                Experiment.from_query(write_query(late))
            except ValueError:
                problems.append(f"{where}{error}")
            else:
                good = late
        else:
            good = trial
    return Experiment.from_query(write_query(good))


def read_address(text: str) -> tuple[Experiment, Experiment, Selection, list[str]]:
    """Read A, B, what is looked at, and what the address of the page Carbon holds that is not accepted.

    See `read_state`.
    """
    return read_state(text, Selection(), _KEYS, baseline_of, {})


def read_state(
    text: str,
    selection,
    keys: dict[str, str],
    baseline: Callable[[Experiment], Experiment],
    implied: dict[str, str],
) -> tuple[Experiment, Experiment, object, list[str]]:
    """Read A, B, what is looked at, and what the address holds that is not accepted.

    Parameters
    ----------
    text : str
        The query of an address, with or without its question mark.
    selection : dataclass
        What is looked at unless the address says otherwise.
    keys : dict of str to str
        Its fields and their names in the address.
    baseline : callable
        Gives the baseline that an experiment has unless the address names another.
    implied : dict of str to str
        Fields of the experiment that the page sets, and the address need not name.

    Returns
    -------
    a, b : Experiment
    selection : dataclass
    problems : list of str
        One message for each field that was left out: the field, its value, what is accepted.
    """
    problems: list[str] = []
    try:
        query = parse_query(text)
    except ValueError as error:
        plain = Experiment.from_query(write_query(implied))
        return baseline(plain), plain, selection, [str(error)]
    view = {field: query.pop(key) for field, key in keys.items() if key in query}
    given = query.pop("baseline", None)
    b = _read_experiment(implied | query, problems)
    a = baseline(b)
    if given is not None:
        try:
            a = _read_experiment(implied | parse_query("" if given == "none" else given), problems, "baseline: ")
        except ValueError as error:
            problems.append(f"baseline: {error}")
        a = replace(a, grid=b.grid, region=b.region, dataset=b.dataset, period=b.period, site=b.site)
    for name, value in view.items():
        try:
            selection = replace(selection, **{name: _read_field(name, value, getattr(selection, name))})
        except ValueError as error:
            problems.append(str(error))
    return a, b, selection, problems


def _read_field(name: str, text: str, now: object) -> object:
    """Read a field of a selection as what it is now: a place, a number, a word."""
    if name == "at":
        return _place(text)
    if isinstance(now, int):
        if not re.fullmatch(r"[0-9]{1,4}", text):
            msg = f"{name} = {text[:40]!r} is not a whole number."
            raise ValueError(msg)
        return int(text)
    if isinstance(now, float):
        try:
            return float(text)
        except ValueError:
            msg = f"{name} = {text[:40]!r} is not a number."
            raise ValueError(msg) from None
    return text
