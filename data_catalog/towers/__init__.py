"""Real towers that ship with the app, by site code; ``README.md`` here says what they are and how they were made."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

__all__ = ["TOWERS", "Tower", "open_tower", "towers_in"]

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tower:
    """A tower of the index: where it stands, what grows there, whose data these are."""

    site: str
    site_name: str
    latitude: float
    longitude: float
    elevation: float
    igbp: str
    pft: int
    vegetation: str
    licence: str
    citation: str
    acknowledgement: str
    package: str
    processing: str
    file: str
    days: int
    found: dict

    @property
    def path(self) -> Path:
        """The daily file."""
        return _HERE / self.file


def _index() -> dict[str, Tower]:
    rows = json.loads((_HERE / "index.json").read_text(encoding="utf-8"))
    return {row["site"]: Tower(**row) for row in rows}


TOWERS: dict[str, Tower] = _index()
"""Site code -> tower, in the order in which they are shown."""


def towers_in(data: Iterable[str | Path]) -> dict[str, Path]:
    """Find tower files of days or half hours in folders, by their names; the first of a site counts, days first.

    Parameters
    ----------
    data : iterable of paths
        Folders; their sub-folders are searched too.

    Returns
    -------
    dict
        Site code -> file, sorted by site.
    """
    from data_catalog.datasets.fluxnet import file_name

    found: dict[str, tuple[int, Path]] = {}
    for folder in data:
        for path in sorted(Path(folder).rglob("*_FLUXNET*")):
            parts = file_name(path.name)
            if not parts and path.suffix.lower() == ".zip":  # the networks' archives hold all resolutions
                parts = file_name(path.stem.split("_FLUXNET")[0] + "_FLUXNET_DD.csv")
            rank = {"DD": 0, "HH": 1, "HR": 1}.get(parts.get("resolution", ""), 9)
            if path.is_file() and rank < 9 and rank < found.get(parts["site"], (9, path))[0]:
                found[parts["site"]] = (rank, path)
    return {site: path for site, (_, path) in sorted(found.items())}


def open_tower(site: str, data: Iterable[str | Path] = ()) -> xr.Dataset:
    """Open a tower in our names and units, by day.

    Parameters
    ----------
    site : str
        A key of `TOWERS`, for example ``"FR-Hes"``, or a site whose file lies in ``data``.
    data : iterable of paths
        The user's own folders; what lies there goes before what ships.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site = 1), as `data_catalog.datasets.fluxnet.read_fluxnet` gives it; citation, licence and
        processing in the attributes.

    Raises
    ------
    KeyError
        No tower of that name ships with the app or lies in ``data``.
    ValueError
        The user's file is broken; see `data_catalog.datasets.fluxnet.read_fluxnet`.

    Examples
    --------
    >>> open_tower("FR-Hes")["gpp"].attrs["units"]
    'gC m-2 d-1'
    """
    from data_catalog.datasets.fluxnet import read_fluxnet  # pandas is not needed to list the towers
    from data_catalog.datasets.fluxnet_daily import to_daily

    own = towers_in(data)
    if site in own:
        return to_daily(read_fluxnet(own[site], need=(), site=site))
    if site not in TOWERS:
        others = f", and in your folders {', '.join(own)}" if own else ""
        msg = (
            f"No tower is named {site!r}; these ship with the app: {', '.join(TOWERS)}{others}. "
            "Give the folder of its FLUXNET file with --data."
        )
        raise KeyError(msg)
    tower = TOWERS[site]
    ds = read_fluxnet(tower.path, need=(), site=site)
    known = {"latitude": tower.latitude, "longitude": tower.longitude, "elevation": tower.elevation}
    known |= {"igbp": tower.igbp, "pft": tower.pft, "site_name": tower.site_name}
    ds = ds.assign_coords({name: ("site", [value]) for name, value in known.items()})
    ds["latitude"].attrs["units"], ds["longitude"].attrs["units"] = "degrees_north", "degrees_east"
    ds.attrs |= {
        "title": f"{tower.site} {tower.site_name}: {tower.vegetation}",
        "source": f"measured: {tower.package}",
        "citation": tower.citation,
        "acknowledgement": tower.acknowledgement,
        "licence": tower.licence,
        "processing": tower.processing,
        "partitioning": tower.found["partitioning"],
    }
    return ds
