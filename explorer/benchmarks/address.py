"""The address of the page Benchmarks: experiment B, its baseline A, and what is looked at.

``?GRS.lue_max=1.9&tab=nee&nee=carbontracker&width=10``: the fields of `Experiment.to_query` stand as they are, so that
the address of the page Carbon opens the same experiment here and the other way round.
"""

import re
from dataclasses import dataclass

from explorer.address import baseline_of, read_state, write_selection
from explorer.selection import check_place, check_words
from models.experiment import Experiment
from models.l4c.bplut import BPLUTS
from models.l4c.params import PFTS
from models.partitions import PARTITIONS
from models.provenance import write_query

__all__ = [
    "PARTS",
    "SHOWN",
    "TABS",
    "WIDTHS",
    "WORLD_SOURCE",
    "BenchmarkSelection",
    "read_benchmarks",
    "write_benchmarks",
]

TABS = ("gpp", "nee", "soc", "budgets", "paper", "export")
SHOWN = ("B", "A")
WIDTHS = (2, 5, 10)
"""Degrees of a band of latitude."""

PARTS = (*PARTITIONS, "biomes")
"""What the land is cut into for budgets."""

WORLD_SOURCE = "world"
"""The world's own truth, seen through stated errors."""

_SOURCE = r"[a-z0-9-]{0,40}"


@dataclass(frozen=True)
class BenchmarkSelection:
    """What a visitor looks at.

    Attributes
    ----------
    tab : str
        One of `TABS`.
    show : str
        Whose months are drawn: "B" or "A".
    gpp, nee : str
        What GPP and NEE are held against: a product of the catalog, `WORLD_SOURCE`, or "" for the first that is there.
    truth : str
        BPLUT that nature has in the world's own truth.
    width : int
        Of a band of latitude, one of `WIDTHS` [degrees].
    parts : str
        One of `PARTS`.
    day : int
        Day of the record that is written as a granule, from 1.
    pft : str
        Plant type whose parameters are on the sliders.
    at : (latitude, longitude)
        A place, kept for the page Carbon [degrees].

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    tab: str = "gpp"
    show: str = "B"
    gpp: str = ""
    nee: str = ""
    truth: str = "V7"
    width: int = 5
    parts: str = "transcom"
    day: int = 196
    pft: str = "GRS"
    at: tuple[float, float] = (46.0, 9.0)

    def __post_init__(self):
        accepted = {"tab": TABS, "show": SHOWN, "truth": BPLUTS, "parts": PARTS, "pft": PFTS}
        check_words(self, accepted)
        check_place(self.at)
        if self.width not in WIDTHS:
            msg = f"width = {self.width} is not accepted; it may be {', '.join(map(str, WIDTHS))} degrees."
            raise ValueError(msg)
        for name in ("gpp", "nee"):
            if not re.fullmatch(_SOURCE, getattr(self, name)):
                msg = f"{name} = {getattr(self, name)[:40]!r} is no product of the catalog, as gome2-sif, nor 'world'."
                raise ValueError(msg)
        if not 1 <= self.day <= 366:
            msg = f"day = {self.day} is no day of a year; it may be 1 to 366."
            raise ValueError(msg)


_KEYS = {
    **{name: name for name in ("tab", "show", "truth", "width", "parts", "day", "pft", "at")},
    "gpp": "gpp_against",
    "nee": "nee_against",
}


def write_benchmarks(a: Experiment, b: Experiment, selection: BenchmarkSelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, BenchmarkSelection(), _KEYS)
    if a != baseline_of(b):
        extra["baseline"] = a.to_query() or "none"
    return "&".join(filter(None, (b.to_query(), write_query(extra))))


def read_benchmarks(text: str) -> tuple[Experiment, Experiment, BenchmarkSelection, list[str]]:
    """Read A, B, what is looked at, and what the address holds that is not accepted; see `read_state`."""
    return read_state(text, BenchmarkSelection(), _KEYS, baseline_of, {})
