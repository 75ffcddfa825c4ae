"""The maps of a gridded dataset: what can be drawn of it and its like, one map beside the world's, one cell in time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from data_catalog.beside_world import WORLD_FIELDS, world_days
from data_catalog.file_maps import FINE, MapCells, cells_for, layers_of, map_on, series_at, times_of
from explorer.data.library import Item
from explorer.data.series import open_record
from explorer.worlds import Worlds
from models.climatology import day_of_365
from models.kernel import Cancelled
from models.l4c.live import FIELDS
from models.options import L4COptions
from models.skill.scores import Scores, scores
from models.variables import VARIABLES

__all__ = ["GRIDS", "CellSeries", "FileMap", "MapSheet", "MapWish", "cell_series", "draw", "like", "open_sheet"]

GRIDS = ("36km", "108km", FINE)
"""Grids that a map may be drawn on; the last one for small files alone."""

MOST_FILES = 400
"""Files of one kind that make one sheet of times; of more the nearest in time."""

MOST_MEAN = 60
"""Times that are averaged at once."""

MONTHLY = np.timedelta64(25, "D")
"""Usual step of the times from which a month is meant, not its first day."""


@dataclass(frozen=True)
class MapWish:
    """What is to be drawn.

    Attributes
    ----------
    variable : str
        Name in `models.variables`; "" is the first that the file has.
    layer : int
        From 0; of a variable without layers it does not matter.
    time : str
        A time of the sheet; "mean" of all, "" for the first.
    grid : str
        Of `GRIDS`.
    good : bool
        Whether values that the file's flags do not call good are left out.
    """

    variable: str = ""
    layer: int = 0
    time: str = ""
    grid: str = "36km"
    good: bool = True


@dataclass(frozen=True, eq=False)
class MapSheet:
    """A file, those of its kind, and what can be drawn of them.

    Attributes
    ----------
    item : Item
        The file that was chosen.
    parts : tuple of Item
        All files, in the order of their times.
    times : tuple of str
        Times that can be chosen; empty without times.
    at : tuple of (int, datetime64 or None)
        For each time its file and its time in it; None where the file has one alone.
    layers : dict of str to int
        Variable -> number of layers, 0 for none.
    """

    item: Item
    parts: tuple[Item, ...]
    times: tuple[str, ...]
    at: tuple[tuple[int, np.datetime64 | None], ...]
    layers: dict[str, int]


@dataclass(frozen=True, eq=False)
class FileMap:
    """A map of a file beside the world's.

    Attributes
    ----------
    sheet : MapSheet
    wish : MapWish
        With what was chosen for empty fields.
    cells : MapCells
    values : (cell,) float32
        Of the file, in our unit.
    days : (day,) datetime64[D]
        Days that the values are of.
    world : (cell,) float32 or None
        The world's own.
    source : str
        What the world's values are, or why there are none.
    scores : Scores or None
        World against file, over the cells that have both.
    """

    sheet: MapSheet
    wish: MapWish
    cells: MapCells
    values: np.ndarray
    days: np.ndarray
    world: np.ndarray | None
    source: str
    scores: Scores | None


@dataclass(frozen=True, eq=False)
class CellSeries:
    """What a file says of one cell through time, and the world's year there."""

    number: int
    latitude: float
    longitude: float
    time: np.ndarray
    values: np.ndarray
    world_time: np.ndarray
    world: np.ndarray


def like(item: Item, items: Iterable[Item]) -> tuple[Item, ...]:
    """Return the files of one kind with an item, itself among them, in the order of their times."""
    row = item.row
    same = [
        other
        for other in items
        if other is item
        or (
            row.series
            and other.origin == item.origin
            and not other.row.problem
            and (other.row.product, other.row.series, other.row.grid, other.row.variables)
            == (row.product, row.series, row.grid, row.variables)
        )
    ]
    same.sort(key=lambda other: (other.row.period, other.row.shown))
    middle = same.index(item)
    first = max(0, min(middle - MOST_FILES // 2, len(same) - MOST_FILES))
    return tuple(same[first : first + MOST_FILES])


def open_sheet(item: Item, items: Iterable[Item]) -> MapSheet:
    """Say what can be drawn of a dataset and the files of its kind.

    Raises
    ------
    ValueError, OSError
        It can't be opened, or holds no map; the message says why.
    """
    record = open_record(item)
    layers = layers_of(record.ds)
    if not layers:
        msg = f"{item.name} holds no map; its series is beside."
        raise ValueError(msg)
    parts = like(item, items)
    times, at = [], []
    for number, part in enumerate(parts):
        if part.row.steps == 1 and part.row.period[0]:
            times.append(part.row.period[0])
            at.append((number, None))
            continue
        for time in times_of(open_record(part).ds):
            times.append(_text(time))
            at.append((number, time))
    return MapSheet(item, parts, tuple(times), tuple(at), layers)


def _text(time: np.datetime64) -> str:
    """Write a time; midnight as its day."""
    day = time.astype("datetime64[D]")
    return str(day if day == time else np.datetime_as_string(time, "m"))


def draw(
    sheet: MapSheet,
    wish: MapWish,
    worlds: Worlds,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FileMap:
    """Make a map.

    Raises
    ------
    ValueError
        The file has no such variable, layer or time, or is not for this grid.
    models.kernel.Cancelled
        If it was taken back.
    """
    variable = wish.variable if wish.variable in sheet.layers else next(iter(sheet.layers))
    layer = min(max(wish.layer, 0), sheet.layers[variable] - 1)
    own = open_record(sheet.item).ds
    cells = cells_for(own, wish.grid)
    wish = MapWish(variable, layer, _time(sheet, wish), wish.grid, wish.good)
    chosen = _chosen(sheet, wish)
    total, count = np.zeros(cells.row.size), np.zeros(cells.row.size, int)
    for done, (number, time) in enumerate(chosen):
        if cancelled():
            raise Cancelled
        ds = open_record(sheet.parts[number]).ds
        values = map_on(ds, variable, cells, time=time, layer=layer, good=wish.good)
        held = np.isfinite(values)
        total[held] += values[held]
        count += held
        progress(0.9 * (done + 1) / len(chosen))
    values = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
    days = _days(sheet, chosen)
    world, source = _of_world(variable, cells, days, _monthly(sheet), worlds)
    judged = None if world is None else scores(world, values)
    return FileMap(sheet, wish, cells, values, days, world, source, judged)


def _time(sheet: MapSheet, wish: MapWish) -> str:
    if not sheet.times:
        return ""
    return wish.time if wish.time in (*sheet.times, "mean") else sheet.times[0]


def _chosen(sheet: MapSheet, wish: MapWish) -> list[tuple[int, np.datetime64 | None]]:
    """Return files and times that a map is made of."""
    if not sheet.times:
        return [(sheet.parts.index(sheet.item), None)]
    if wish.time != "mean":
        return [sheet.at[sheet.times.index(wish.time)]]
    every = max(1, -(-len(sheet.at) // MOST_MEAN))
    return list(sheet.at[::every])


def _days(sheet: MapSheet, chosen: list[tuple[int, np.datetime64 | None]]) -> np.ndarray:
    if not sheet.times:
        return np.zeros(0, "datetime64[D]")
    known = dict(zip(sheet.at, sheet.times, strict=True))
    return np.unique(np.array([known[one] for one in chosen], "datetime64[D]"))


def _monthly(sheet: MapSheet) -> bool:
    days = np.unique(np.array(sheet.times, "datetime64[D]")) if sheet.times else np.zeros(0, "datetime64[D]")
    return days.size > 1 and np.median(np.diff(days)) >= MONTHLY


def _of_world(
    name: str, cells: MapCells, days: np.ndarray, monthly: bool, worlds: Worlds
) -> tuple[np.ndarray | None, str]:
    """Return the world's field on the same cells and days, and what it is or why there is none."""
    if name in WORLD_FIELDS:
        when = days if days.size else np.array(["2015-07-01"], "datetime64[D]")
        field = world_days(name, cells.world, when, cells.of_world)
        source = str(field.attrs["source"]) + ("" if days.size else "; of 1 July, the file has no time")
        return field.to_numpy().mean(axis=0).astype(np.float32), source
    if name not in FIELDS or not days.size:
        return None, f"The world has no {VARIABLES[name].long_name}."
    world = worlds.get(cells.world)
    if world is None:
        grid = cells.world.replace("km", "-km")
        return None, f"The world's {VARIABLES[name].long_name} is a run on its {grid} grid: open the page Carbon first."
    result = world.result(L4COptions())
    if monthly:
        whens = sorted({("month", int(month) % 12) for month in days.astype("datetime64[M]").astype(int)})
    else:
        whens = sorted({("day", max(int(day), 0)) for day in day_of_365(days)})
    field = np.mean([result.field(name, when) for when in whens], axis=0, dtype=np.float64)
    return field[cells.of_world].astype(np.float32), "L4C, published parameters, on the world's synthetic weather"


def cell_series(
    drawn: FileMap,
    latitude: float,
    longitude: float,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CellSeries | None:
    """Follow a file through time in the cell that holds a place, beside the world's days there.

    Returns
    -------
    CellSeries or None
        None where no cell of the map holds the place.

    Raises
    ------
    models.kernel.Cancelled
        If it was taken back.
    """
    sheet, wish, cells = drawn.sheet, drawn.wish, drawn.cells
    near = np.hypot(cells.latitude - latitude, (cells.longitude - longitude) * np.cos(np.radians(latitude)))
    number = int(np.argmin(near))
    if near[number] > 1.0:
        return None
    times, values = [], []
    for done, part in enumerate(sheet.parts):
        if cancelled():
            raise Cancelled
        time, found = series_at(open_record(part).ds, wish.variable, cells, number, layer=wish.layer, good=wish.good)
        times.append(time)
        values.append(found)
        progress((done + 1) / len(sheet.parts))
    time, found = np.concatenate(times), np.concatenate(values)
    order = np.argsort(time, kind="stable")
    time, found = time[order], found[order]
    year = drawn.days[:1].astype("datetime64[Y]")
    first, last = (year[0], year[0] + 1) if year.size else (np.datetime64("2015"), np.datetime64("2016"))
    if time.size and time[-1] - time[0] > np.timedelta64(300, "D"):
        first, last = time[0], time[-1]
    days = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]"))
    there = np.zeros(0)
    if wish.variable in WORLD_FIELDS:
        there = world_days(wish.variable, cells.world, days, cells.of_world[number : number + 1]).to_numpy()[:, 0]
    return CellSeries(
        number, float(cells.latitude[number]), float(cells.longitude[number]), time, found, days[: there.size], there
    )
