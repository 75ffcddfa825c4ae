"""Where each figure, table and equation of Jones et al. 2017 is shown: a page, a tab, a state; one click away."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from models.provenance import parse_query, write_query
from models.studies.jones2017 import EQUATIONS, FIGURES, Figure

__all__ = ["HERE", "PLACES", "Place", "address_of", "rows"]

HERE = "benchmarks"
"""Slug of the page that lists them."""


@dataclass(frozen=True)
class Place:
    """A view of something in the paper.

    Attributes
    ----------
    figure : str
        Name of a `models.studies.jones2017.Figure`.
    page : str
        Slug of the page.
    words : str
        What is seen there.
    query : dict of str to str
        State of the page; on this page the fields of its selection.
    takes : bool
        Whether the page runs the same experiment of L4C, so that A and B go along.
    """

    figure: str
    page: str
    words: str
    query: dict[str, str] = field(default_factory=dict)
    takes: bool = True


PLACES: tuple[Place, ...] = (
    Place("Fig. 3", "towers", "Towers: every site by its flux, with the 1.6 line", {"tab": "sites"}),
    Place("Fig. 4", "towers", "Towers: the error of Eq. 10 against observed ubRMSE", {"tab": "uncertainty"}),
    Place("Fig. 6", HERE, "GPP against SIF, by month and latitude", {"tab": "gpp"}),
    Place("Fig. 6", HERE, "NEE against CarbonTracker, by month and latitude", {"tab": "nee"}),
    Place("Fig. 7", HERE, "Soil carbon by latitude against inventories", {"tab": "soc"}),
    Place("Fig. 8", "sensitivity", "Sensitivity: constraints removed in turn", {"tab": "remove"}),
    Place(
        "Fig. 8d", "assimilation", "Assimilation: increments of soil moisture, where a filter was run",
        {"tab": "maps", "statistic": "increment_std:sm1", "sensor": "ssm"}, takes=False,
    ),
    Place("Fig. 9", "sensitivity", "Sensitivity: years against assimilation", {"tab": "years"}),
    Place("Table V", "towers", "Towers: Ops, Open Loop and Calib", {"tab": "trio"}),
    Place("Eq. 1-9", "carbon", "Carbon: equations with this run's numbers", {"tab": "equations"}),
    Place("Eq. 10", "sensitivity", "Sensitivity: map of ubRMSE, shares of area", {"tab": "uncertainty"}),
    Place("Eq. 11-12", "towers", "Towers: model against each tower", {"tab": "site"}),
    Place("the product", HERE, "Write a day of B, read it back", {"tab": "export"}),
)  # fmt: skip
"""In the order on screen; what stands twice is two views of one figure."""


def rows(pages: Iterable[str]) -> list[tuple[Figure, Place]]:
    """Return each figure with its view, of the pages (slugs) that there are."""
    known = {figure.name: figure for figure in (*FIGURES, *EQUATIONS)}
    there = set(pages)
    return [(known[place.figure], place) for place in PLACES if place.page in there]


def address_of(place: Place, carried: str) -> str:
    """Return the address that opens a view; ``carried`` is the query of A and B, for a page that runs them too."""
    query = parse_query(carried) if place.takes else {}
    return f"./{place.page}?{write_query(query | place.query)}"
