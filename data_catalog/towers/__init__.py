"""Real towers that ship with the app, by site code; ``README.md`` here says what they are and how they were made."""

import json
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

__all__ = ["TOWERS", "Tower", "open_tower"]

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


def open_tower(site: str) -> xr.Dataset:
    """Open a shipped tower in our names and units.

    Parameters
    ----------
    site : str
        A key of `TOWERS`, for example ``"FR-Hes"``.

    Returns
    -------
    xr.Dataset
        Dimensions (time, site = 1), as `data_catalog.datasets.fluxnet.read_fluxnet` gives it; citation, licence and
        processing in the attributes.

    Raises
    ------
    KeyError
        No tower of that name ships with the app.

    Examples
    --------
    >>> open_tower("FR-Hes")["gpp"].attrs["units"]
    'gC m-2 d-1'
    """
    from data_catalog.datasets.fluxnet import read_fluxnet  # pandas is not needed to list the towers

    if site not in TOWERS:
        msg = f"No tower is named {site!r}; these ship with the app: {', '.join(TOWERS)}. Others open from their file."
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
