"""Where else a dataset can be looked at: the pages that run a model at its place."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import xarray as xr

from explorer import tower_runs
from explorer.assimilation.address import (
    AssimilationSelection,
    baseline_of_assimilation,
    plain_assimilation,
    write_assimilation,
)
from explorer.assimilation.sources import experiment_on, sensor_of, where_of
from explorer.data.library import OWN, Item
from explorer.land import tower as land_tower

__all__ = ["Link", "links_of"]


@dataclass(frozen=True)
class Link:
    """A way to another page.

    Attributes
    ----------
    label, icon : str
        Of the button.
    address : str
        Page and query.
    note : str
        What happens there, with what weather.
    """

    label: str
    icon: str
    address: str
    note: str


def links_of(item: Item, ds: xr.Dataset | None = None) -> list[Link]:
    """Return the pages that can run at a dataset's place, and the lab that can take its observations.

    Parameters
    ----------
    item : Item
        The dataset.
    ds : Dataset, optional
        What it holds, once it is open: the places of a file of several.
    """
    return [*(_models(item) if item.placed else []), *_lab(item, ds)]


def _models(item: Item) -> list[Link]:
    """Return the pages that run a model at a dataset's place."""
    row = item.row
    site = row.site if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", row.site) and item.origin != OWN else ""
    at = f"{row.latitude:.3f},{row.longitude:.3f}"
    links = []
    if site and site in tower_runs.offered().values():
        links.append(
            Link(
                "Run the carbon model here", "eco", _to("carbon", tab="towers", tower=site),
                "L4C with the tower's own weather, against its fluxes",
            )
        )  # fmt: skip
    else:
        links.append(
            Link(
                "Run the carbon model here", "eco", _to("carbon", at=at),
                "L4C in the world's cell at this place, with its synthetic weather",
            )
        )  # fmt: skip
    if site and site in land_tower.offered().values():
        links.append(
            Link(
                "Run the land model here", "water_drop", _to("land", dataset="tower", site=site, tab="tower"),
                "the land surface model with the tower's own weather, against what it measured",
            )
        )  # fmt: skip
    else:
        links.append(
            Link(
                "Run the land model here", "water_drop", _to("land", at=at),
                "the land surface model in the world's cell at this place, with its synthetic weather",
            )
        )  # fmt: skip
    return links


def _lab(item: Item, ds: xr.Dataset | None) -> list[Link]:
    """Return the way to the page Assimilation with the file as the source of its sensor."""
    sensor = sensor_of(item)
    if sensor is None:
        return []
    where = where_of(item, ds)
    b = experiment_on(plain_assimilation(), item, sensor.name, where)
    selection = AssimilationSelection(tab="innovations", sensor=sensor.name)
    if where.at is not None:
        selection = replace(selection, at=tuple(round(degrees, 3) for degrees in where.at))
    moved = f"; its dates are moved by {where.years:+d} years, into the world's drawn weather" if where.years else ""
    label = "Assimilate this" if "observations" in item.row.feeds else "Monitor this"
    note = f"the lab with this file as the source of its sensor {sensor.name}, {' to '.join(where.period)}{moved}"
    query = write_assimilation(baseline_of_assimilation(b), b, selection)
    return [Link(label, "tune", f"./assimilation?{query}", note)]


def _to(page: str, **query: str) -> str:
    return f"./{page}?{urlencode(query, safe=',')}"
