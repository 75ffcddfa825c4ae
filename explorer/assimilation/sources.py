"""Where a sensor's observations come from: the truth, which is sampled, or a file of the catalog."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import xarray as xr

from data_catalog.observations import as_observations
from data_catalog.world.store import YEAR
from data_catalog.world.twin_world import YEARS
from explorer.data.library import OWN, Item, Library
from explorer.data.series import open_record
from models.assimilation.options import AssimilationChoices
from models.assimilation.result import AssimilationResult
from models.assimilation.sensor_choice import SensorChoice
from models.experiment import Experiment
from models.observation import SENSORS, Sensor, sensor_named
from models.regions import Region

__all__ = [
    "Offer",
    "Where",
    "experiment_on",
    "label_of",
    "offers",
    "open_sources",
    "overlap",
    "real_sources",
    "sensor_of",
    "truth_known",
    "where_of",
]

ALSO = {"ssm": ("smsf",)}
"""Observed variable -> others that it can be made of; see `data_catalog.observations.as_observations`."""

NOT_OBSERVED = ("drivers", "weather", "world")
"""Kinds of data that nobody saw."""

BESIDE = 1.0
"""Degrees beside a region up to which a station is offered."""

AROUND = 3.0
"""Degrees on either side of a place that a run there takes in."""

WIDEST = 10.0
"""Degrees that the places of a file may be apart to be run together."""

LONGEST = 365
"""Days of a run that is made for a file."""

SHORTEST = 60
"""Days that such a run has at least, so that its filter is seen at work."""

FEW = 90
"""Steps of a file below which its climatology says nothing, so that it is not rescaled."""

OF_RETRIEVAL = ("dense_vegetation", "terrain", "rfi")
"""Masks that stand for the flags of a product that has none."""

COARSEST = 16
"""Days between two values of a file beyond which they are means of months, which no satellite saw."""

KEPT = 6
_LOCK = threading.Lock()
_OPEN: OrderedDict[tuple, xr.Dataset] = OrderedDict()


@dataclass(frozen=True)
class Offer:
    """A file that a sensor may take its observations from.

    Attributes
    ----------
    item : Item
        The file.
    label : str
        What stands in the list.
    independent : bool
        Whether the catalog calls it observations; what models made is rather monitored.
    """

    item: Item
    label: str
    independent: bool


@dataclass(frozen=True)
class Where:
    """A run that a file's observations fall into.

    Attributes
    ----------
    region : Region or None
        Around its places; None if they are all over the world.
    at : (latitude, longitude) or None
        The middle of its places [degrees].
    period : (str, str)
        First and last day.
    years : int
        Whole years that the file's dates are moved, 0 if they lie in the world's weather.
    """

    region: Region | None
    at: tuple[float, float] | None
    period: tuple[str, str]
    years: int


def _names(sensor: Sensor) -> tuple[str, ...]:
    return sensor.observes, *ALSO.get(sensor.observes, ())


def sensor_of(item: Item) -> Sensor | None:
    """Return the first sensor that sees what a file holds along time; None if there is none."""
    row = item.row
    if not row.period[0] or row.kind in NOT_OBSERVED:
        return None
    first, last = _ends(row.period)
    if row.steps > 1 and (last - first).days / (row.steps - 1) > COARSEST:
        return None
    return next((sensor for sensor in SENSORS if set(_names(sensor)) & set(row.variables)), None)


def offers(items: Iterable[Item], sensor: str, region: Region) -> list[Offer]:
    """Return the files that give a sensor, in or beside a region or with places that are known when they are opened.

    Parameters
    ----------
    items : iterable of Item
        Of the catalog.
    sensor : str
        Name of a sensor.
    region : Region
        Of the run.
    """
    names = set(_names(sensor_named(sensor)))
    north, east = (offset.ravel() for offset in np.meshgrid(*[np.array([-BESIDE, 0.0, BESIDE])] * 2))
    found = []
    for item in items:
        row = item.row
        if not (names & set(row.variables)) or sensor_of(item) is None:
            continue
        if item.placed and not region.contains(row.latitude + north, row.longitude + east).any():
            continue
        first, last = (day[:7] for day in row.period)
        label = f"{item.name[-46:]} · {row.title[:40]} · {first} to {last}"
        found.append(Offer(item, label, "observations" in row.feeds))
    return sorted(found, key=lambda one: (not one.item.placed, not one.independent))


def overlap(period: tuple[str, str]) -> tuple[tuple[str, str], int]:
    """Return days of a file that the world's weather covers, and the years its dates must be moved.

    The last whole year if there is one, which carbon asks for, else the last days, at most a year.

    Examples
    --------
    >>> overlap(("2015-03-31", "2018-12-04"))
    (('2017-01-01', '2017-12-31'), 0)
    >>> overlap(("2001-01-01", "2001-01-05"))
    (('2015-01-01', '2015-03-01'), 14)
    """
    first, last = _ends(period)
    years = 0
    if last.year < YEAR or first.year >= YEAR + YEARS:
        years = YEAR - first.year
        first, last = (_moved(day, years) for day in (first, last))
    world = date(YEAR, 1, 1), date(YEAR + YEARS - 1, 12, 31)
    first, last = max(first, world[0]), min(last, world[1])
    for year in range(last.year, first.year - 1, -1):
        if first <= date(year, 1, 1) and date(year, 12, 31) <= last:
            return (f"{year}-01-01", f"{year}-12-31"), years
    begin = max(first, last - timedelta(LONGEST - 1))
    end = min(max(last, begin + timedelta(SHORTEST - 1)), world[1])
    return (str(min(begin, end - timedelta(SHORTEST - 1))), str(end)), years


def _ends(period: tuple[str, str]) -> tuple[date, date]:
    """Read first and last day of a period, which may be years or months alone."""
    first, last = period
    begin = {4: "-01-01", 7: "-01"}.get(len(first), "")
    end = {4: "-12-31", 7: "-28"}.get(len(last), "")
    return date.fromisoformat((first + begin)[:10]), date.fromisoformat((last + end)[:10])


def _moved(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)


def where_of(item: Item, ds: xr.Dataset | None = None) -> Where:
    """Say which run a file's observations fall into.

    Parameters
    ----------
    item : Item
        The file.
    ds : Dataset, optional
        What it holds, where the catalog does not say where it is.
    """
    row = item.row
    latitude, longitude = _places(item, ds)
    period, years = overlap(row.period)
    if not latitude.size or np.ptp(latitude) > WIDEST or np.ptp(longitude) > WIDEST:
        return Where(None, None, period, years)
    at = float(latitude.mean()), float(longitude.mean())
    sides = (
        max(float(longitude.min()) - AROUND, -180.0), max(float(latitude.min()) - AROUND, -90.0),
        min(float(longitude.max()) + AROUND, 180.0), min(float(latitude.max()) + AROUND, 90.0),
    )  # fmt: skip
    return Where(Region("box", *(round(side, 2) for side in sides)), at, period, years)


def experiment_on(experiment: Experiment, item: Item, sensor: str, where: Where) -> Experiment:
    """Return an experiment that takes one sensor's observations from a file, where and when the file has some.

    What the catalog calls observations is assimilated, what a model made is monitored. Masks that stand for the quality
    of a retrieval over some land are off: the product's own flags say it of each value.

    Parameters
    ----------
    experiment : Experiment
        Whose other settings stay, but for its other sensors, which are left out.
    item, sensor, where
        The file, which sensor's observations it holds, and `where_of` it.
    """
    settings = {"use": "assimilate" if "observations" in item.row.feeds else "monitor", "source": item.key}
    if 0 < item.row.steps < FEW:
        settings["rescale"] = "none"
    own = sensor_named(sensor).masks
    kept = tuple(mask for mask in own if mask not in OF_RETRIEVAL)
    if kept != own:
        settings["masks"] = kept
    choices = replace(experiment.assimilation, sensors=(SensorChoice(sensor, years=where.years, **settings),))
    region = where.region or experiment.region
    return replace(experiment, region=region, period=where.period, assimilation=choices)


def _places(item: Item, ds: xr.Dataset | None) -> tuple[np.ndarray, np.ndarray]:
    """Return where a file's places are; nothing if they are unknown or make a map."""
    if item.placed:
        return np.array([item.row.latitude]), np.array([item.row.longitude])
    nothing = np.zeros(0)
    if ds is None or not {"latitude", "longitude"} <= set(ds.coords) or ds["latitude"].dims != ds["longitude"].dims:
        return nothing, nothing
    latitude, longitude = (np.ravel(ds[name].to_numpy()).astype(float) for name in ("latitude", "longitude"))
    good = np.isfinite(latitude) & np.isfinite(longitude)
    return latitude[good], longitude[good]


def open_sources(
    choices: AssimilationChoices,
    grid: str,
    own: tuple[Item, ...],
    library: Library,
    progress: Callable[[float, str], None],
    cancelled: Callable[[], bool],
) -> Mapping[str, xr.Dataset]:
    """Open the file of every sensor that takes its observations from one.

    Parameters
    ----------
    choices : AssimilationChoices
    grid : str
        Of the world.
    own : tuple of Item
        Files that the visitor brought along.
    library : Library
        What the folders hold; they are looked through if they have not been.

    Raises
    ------
    ValueError
        If a file is not there, or does not hold what the sensor sees; the message says what to do.
    """
    wanted = [one for one in choices.observed if one.source]
    if not wanted:
        return {}
    items = {item.key: item for item in own}
    if any(one.source not in items for one in wanted):
        found = library.look(lambda share: progress(0.0, "looking through the folders"), cancelled)
        items |= {item.key: item for item in found}
    opened = {}
    for one in wanted:
        if one.source not in items:
            msg = (
                f"The file {one.source} of the sensor {one.name} is not here: it lies in another folder, or somebody "
                "brought it to another tab. Choose another source for the sensor, or add the file again."
            )
            raise ValueError(msg)
        progress(0.0, f"opening {items[one.source].name}")
        opened[one.name] = _observations(items[one.source], one.name, grid)
    return opened


def _observations(item: Item, sensor: str, grid: str) -> xr.Dataset:
    """Return what a file holds as the filter takes it; the last few are kept, a visitor's own are not."""
    key = (item.key, item.row.size, sensor, grid)
    with _LOCK:
        if key in _OPEN:
            _OPEN.move_to_end(key)
            return _OPEN[key]
    ds = as_observations(open_record(item).ds, sensor, grid=grid)
    row = item.row
    about = {"source": f"{row.title} ({row.shown or row.path.name})", "citation": row.citation, "licence": row.licence}
    ds = ds.assign_attrs(about)
    if item.origin == OWN:
        return ds
    with _LOCK:
        _OPEN[key] = ds
        while len(_OPEN) > KEPT:
            _OPEN.popitem(last=False)
    return ds


def real_sources(result: AssimilationResult) -> dict[str, str]:
    """Return the sensors whose observations come from files, and from which."""
    used = result.filter.observations if result.filter is not None else []
    return {one.sensor.name: one.source for one in used if one.source != "synthetic"}


def truth_known(result: AssimilationResult) -> bool:
    """Say whether everything that is assimilated was sampled from the truth, so that it can judge the analysis."""
    real = real_sources(result)
    return not any(one.name in real for one in result.choices.assimilated)


def label_of(result: AssimilationResult) -> str:
    """Say of a run what of it is made: all, or all but the observations that come from files."""
    if not truth_known(result):
        return "Observations from files in synthetic weather; the twin's truth knows nothing of them"
    return "Synthetic twin, truth known" + ("; files are monitored" if real_sources(result) else "")
