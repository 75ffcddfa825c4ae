"""Where else a dataset can be looked at: the pages that run a model at its place."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from explorer import tower_runs
from explorer.data.library import OWN, Item
from explorer.land import tower as land_tower

__all__ = ["Link", "links_of"]

AROUND = 3.0
"""Degrees on either side of a place that an assimilation run takes in."""

SENSOR_OF = {"ssm": "ssm", "soil_moisture": "ssm", "lai": "lai", "fpar": "lai", "vod_x": "vod", "vod_c": "vod"}
"""Variable -> sensor of the page Assimilation that sees it."""


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


def links_of(item: Item) -> list[Link]:
    """Return the pages that can run at a dataset's place; none if its place is unknown."""
    row = item.row
    if not item.placed:
        return []
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
    sensor = next((SENSOR_OF[name] for name in row.variables if name in SENSOR_OF), "")
    if "observations" in row.feeds and sensor:
        box = (
            max(row.longitude - AROUND, -180.0), max(row.latitude - AROUND, -90.0),
            min(row.longitude + AROUND, 180.0), min(row.latitude + AROUND, 90.0),
        )  # fmt: skip
        query = {"region": "box", "box": ",".join(f"{edge:.2f}" for edge in box), "at": at, "tab": "cell"}
        query |= {"sensor": sensor, f"assimilation.sensors.{sensor}.use": "assimilate"}
        links.append(
            Link(
                "Assimilate this", "tune", _to("assimilation", **query),
                f"the lab at this cell with its sensor {sensor}; its observations are synthetic, drawn from its truth",
            )
        )  # fmt: skip
    return links


def _to(page: str, **query: str) -> str:
    return f"./{page}?{urlencode(query, safe=',')}"
