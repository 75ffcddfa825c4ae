"""Where a tower stands and what grows there: from a BADM (BIF) table or a site list beside its file."""

import csv
import functools
import io
from collections.abc import Iterator
from pathlib import Path

from data_catalog.datasets.tables import TableFile, open_tables

__all__ = ["IGBP_TO_PFT", "IGBP_TO_PFT_NOTE", "find_site", "site_table"]

IGBP_TO_PFT = {
    "ENF": 1,
    "EBF": 2,
    "DNF": 3,
    "DBF": 4,
    "MF": 4,
    "CSH": 5,
    "OSH": 5,
    "WSA": 6,
    "SAV": 6,
    "GRA": 6,
    "WET": 6,
    "CRO": 7,
    "CVM": 7,
}
"""IGBP class of a site -> L4C plant functional type (index 1..8)."""

IGBP_TO_PFT_NOTE = (
    "Mixed forest runs as deciduous broadleaf; savannas and wetlands as grass; crops as cereals "
    "(say pft=8 where the crop is broadleaved)."
)

MAX_SITE_TABLE = 30_000_000
_ALIASES = {
    "site": ("SITE_ID", "sitename", "SiteCode", "site", "site_id", "flux_site"),
    "latitude": ("LOCATION_LAT", "lat", "Lat", "SiteLatitude", "latitude"),
    "longitude": ("LOCATION_LONG", "lon", "SiteLongitude", "longitude"),
    "elevation": ("LOCATION_ELEV", "elv", "SiteElevation", "elevation"),
    "igbp": ("IGBP", "classid", "IGBP_vegetation_short", "igbp", "LC"),
    "site_name": ("SITE_NAME", "Fullname", "site_name"),
}
_BIF = {
    "LOCATION_LAT": "latitude",
    "LOCATION_LONG": "longitude",
    "LOCATION_ELEV": "elevation",
    "IGBP": "igbp",
    "SITE_NAME": "site_name",
}


def site_table(text: str) -> dict[str, dict[str, str]]:
    """Read a BIF export or a list of sites into ``{site: {latitude, longitude, elevation, igbp, site_name}}``.

    An empty dict means that the text is neither.
    """
    first = text.split("\n", 1)[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        return _sites_of(csv.reader(io.StringIO(text), delimiter=mark))
    except csv.Error:  # a field that no list of sites has
        return {}


def _sites_of(rows: Iterator[list[str]]) -> dict[str, dict[str, str]]:
    """Read the rows of a BIF export or of a list of sites."""
    header = next(rows, [])
    sites: dict[str, dict[str, str]] = {}
    if {"SITE_ID", "VARIABLE", "DATAVALUE"} <= set(header):
        at = [header.index(column) for column in ("SITE_ID", "VARIABLE", "DATAVALUE")]
        for row in rows:
            if len(row) == len(header) and row[at[1]] in _BIF:
                sites.setdefault(row[at[0]], {}).setdefault(_BIF[row[at[1]]], row[at[2]])
        return sites
    at = {key: next((header.index(a) for a in names if a in header), None) for key, names in _ALIASES.items()}
    if at["site"] is None or at["latitude"] is None or at["longitude"] is None:
        return {}
    for row in rows:
        if len(row) == len(header):
            sites[row[at["site"]]] = {key: row[i] for key, i in at.items() if i is not None and key != "site"}
    return sites


def find_site(code: str, source: str | Path | bytes, files: list[TableFile] = ()) -> dict[str, float | str | int]:
    """Look a site up in the archive itself, then in tables in the file's folder and the one above.

    Returns
    -------
    dict
        latitude, longitude [degrees], elevation [m], igbp, pft (index 1..8), site_name: those that were found.
    """
    if not code:
        return {}
    for table in _candidates(source, files):
        found = table.get(code)
        if found and _number(found.get("latitude")) is not None and _number(found.get("longitude")) is not None:
            return _typed(found)
    return {}


def _candidates(source, files):
    for file in files:
        if "BIF" in Path(file.name).name.upper() and file.size <= MAX_SITE_TABLE:
            yield site_table(file.text())
    if isinstance(source, bytes):
        return
    folder = Path(source).resolve().parent
    for place in (folder, folder.parent):
        for path in sorted(place.glob("*.csv")):
            name = path.name.upper()
            likely = "BIF" in name or "SITE" in name or "LOCATION" in name
            if likely and path.stat().st_size <= MAX_SITE_TABLE:
                yield _table_beside(str(path), path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)  # a folder of towers shares one list
def _table_beside(path: str, modified: int) -> dict[str, dict[str, str]]:
    """Read the site table ``path``; ``modified`` makes a changed file be read again."""
    try:
        return site_table(open_tables(path)[0].text())
    except ValueError:  # some other file with "site" in its name
        return {}


def _number(text: str | None) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _typed(found: dict[str, str]) -> dict[str, float | str | int]:
    known: dict[str, float | str | int] = {}
    for key in ("latitude", "longitude", "elevation"):
        value = _number(found.get(key))
        if value is not None:
            known[key] = value
    for key in ("igbp", "site_name"):
        if found.get(key):
            known[key] = found[key]
    if known.get("igbp") in IGBP_TO_PFT:
        known["pft"] = IGBP_TO_PFT[known["igbp"]]
    return known
