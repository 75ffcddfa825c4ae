"""The address of the page Towers: A, B, and what is looked at.

``?GRS.lue_max=1.9&tower=US-Tw3&flux=gpp&tab=sites``: the experiment as on the page Carbon, then the site, the flux and
the tab; what is not accepted is left out and reported.
"""

import re
from dataclasses import dataclass

from explorer.address import baseline_of, read_state, write_selection
from explorer.selection import check_words
from models.experiment import Experiment
from models.l4c.params import PFTS
from models.provenance import write_query

__all__ = ["FLUXES", "SCORES", "TABS", "TowersSelection", "read_towers", "write_towers"]

TABS = ("site", "drivers", "sites", "skill", "uncertainty", "trio", "calibration", "export")
"""Tabs of the page, in their order."""

FLUXES = ("gpp", "reco", "nee")
SCORES = ("ubrmse", "rmse", "r", "bias")


@dataclass(frozen=True)
class TowersSelection:
    """What a visitor looks at; it changes no result.

    Attributes
    ----------
    tab : str
        One of `TABS`.
    site : str
        Code of the tower; "" is the first.
    flux : str
        One of `FLUXES`.
    group : str
        Plant type that the list and the plots of many sites are held to; "" shows all.
    search : str
        Words that a site's code or name holds.
    score : str
        One of `SCORES`, by which the towers are compared.

    Raises
    ------
    ValueError
        If a field is not what it accepts.
    """

    tab: str = "site"
    site: str = ""
    flux: str = "gpp"
    group: str = ""
    search: str = ""
    score: str = "ubrmse"

    def __post_init__(self):
        check_words(self, {"tab": TABS, "flux": FLUXES, "score": SCORES})
        if self.group:
            check_words(self, {"group": PFTS})
        if not re.fullmatch(r"[A-Za-z0-9_.-]{0,40}", self.site):
            msg = f"tower = {self.site[:40]!r} is not the name of a tower; use letters, digits, '-', '_'."
            raise ValueError(msg)
        if not re.fullmatch(r"[\w .,()/+-]{0,60}", self.search):
            msg = f"search = {self.search[:40]!r} is not accepted; give letters, digits, spaces and . , ( ) / + -."
            raise ValueError(msg)


_KEYS = {"tab": "tab", "site": "tower", "flux": "flux", "group": "pft", "search": "search", "score": "score"}
"""Field of `TowersSelection` -> its name in the address ("site" belongs to the experiment)."""


def write_towers(a: Experiment, b: Experiment, selection: TowersSelection) -> str:
    """Return the query that reopens this state; what has its default is left out."""
    extra = write_selection(selection, TowersSelection(), _KEYS)
    if a != baseline_of(b):
        extra["baseline"] = a.to_query() or "none"
    return "&".join(filter(None, (b.to_query(), write_query(extra))))


def read_towers(text: str) -> tuple[Experiment, Experiment, TowersSelection, list[str]]:
    """Read A, B, what is looked at, and what the address holds that is not accepted; see `read_state`."""
    return read_state(text, TowersSelection(), _KEYS, baseline_of, {})
