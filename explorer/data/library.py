"""What the page Data lists: what ships with the app, what the folders of --data hold, what a visitor brought."""

import functools
import hashlib
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from data_catalog import CATALOG
from data_catalog.datasets.tower_entry import describe_tower
from data_catalog.entry import FileEntry
from data_catalog.fine_region import built_regions
from data_catalog.scan import examine, scan
from data_catalog.towers import TOWERS, open_tower
from explorer import tower_runs
from explorer.data.address import DataSelection

__all__ = [
    "LARGEST_UPLOAD",
    "LIBRARY",
    "Item",
    "Library",
    "Place",
    "added",
    "brought",
    "embedded",
    "passing",
    "places_of",
]

LARGEST_UPLOAD = 50 * 1024 * 1024
"""Bytes of a file that a visitor may bring."""

MOST_UPLOADS = 20
"""Files that a visitor may bring to one session."""

EMBEDDED, BUILT, FOLDER, OWN = "ships with the app", "built here", "your folders", "added here"
"""Where an item comes from."""

SECRET = 24
"""Digits of the key of a visitor's file, which whoever has the address may read while the visitor's page is open."""

SAME_PLACE = 2
"""Decimals of a degree to which records of one name stand at one place."""

_LOCK = threading.Lock()
_WORLDS = ("reference-earth", "world-forcing")


@dataclass(frozen=True, eq=False)
class Item:
    """One dataset that can be looked at.

    Attributes
    ----------
    key : str
        In addresses: the code of a tower that ships, or eight digits after "f" (of a folder), "b" (built into the
        cache) or "u" (brought along).
    row : FileEntry
        What it is.
    origin : str
        "ships with the app", "built here", "your folders" or "added here".
    """

    key: str
    row: FileEntry
    origin: str

    @property
    def name(self) -> str:
        """What stands in lists."""
        return self.row.site or self.row.shown or self.row.title

    @property
    def placed(self) -> bool:
        """Whether it is of one place that is known."""
        return self.row.latitude is not None and self.row.longitude is not None


@dataclass(frozen=True, eq=False)
class Place:
    """Where one or more items stand.

    Attributes
    ----------
    name, kind : str
        Code of the tower or station; kind of its first item.
    latitude, longitude : float
        Degrees.
    items : tuple of Item
        What is there, what can drive a model first.
    """

    name: str
    kind: str
    latitude: float
    longitude: float
    items: tuple[Item, ...]


@functools.cache
def embedded() -> tuple[Item, ...]:
    """Return what ships with the app, described once: its towers, and the worlds that are made."""
    items = []
    for site, tower in TOWERS.items():
        row = describe_tower(CATALOG["towers"], open_tower(site))
        known = {"kind": "tower", "latitude": tower.latitude, "longitude": tower.longitude, "shown": tower.path.name}
        row = replace(row, site=site, path=tower.path, size=tower.path.stat().st_size, **known)
        items.append(Item(site, row, EMBEDDED))
    for name in _WORLDS:
        entry = CATALOG[name]
        items.append(Item(name, entry.file_entry(grid="EASE2 36 km, 108 km", shown=name), EMBEDDED))
    return tuple(items)


def _built() -> list[Item]:
    """Return the regions of the 9-km grid that were built into the cache."""
    rows = [replace(examine(path).at(path, path.name, 0), synthetic=True) for path in built_regions()]
    return [Item(_key("b", row.path.parent, row), row, BUILT) for row in rows]


class Library:
    """What the folders hold, for every visitor of the process."""

    def __init__(self) -> None:
        self.fetches = True
        """Whether visitors may fetch files with the login of whoever runs the app: not where others can come in."""
        self._lock = threading.Lock()
        self._found: tuple[tuple[Path, ...], tuple[Item, ...]] | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of --data."""
        return tower_runs.folders()

    @property
    def found(self) -> tuple[Item, ...] | None:
        """What ships and what the folders hold; None before they were looked through."""
        kept = self._found
        return kept[1] if kept is not None and kept[0] == self.folders else None

    def look(
        self,
        progress: Callable[[float], None] = lambda share: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        again: bool = False,
    ) -> tuple[Item, ...]:
        """Return what ships and what the folders hold; they are looked through unless that was done already.

        After a cancel it is what was found until then.

        Raises
        ------
        FileNotFoundError
            If a folder is gone.
        """
        folders = self.folders
        with self._lock:
            if not again and self.found is not None:
                return self.found
            items = [*embedded(), *_built()]
            for number, folder in enumerate(folders):

                def told(done: int, of: int, number: int = number) -> None:
                    progress((number + done / max(of, 1)) / len(folders))

                rows = scan(folder, progress=told, cancelled=cancelled)
                items += [Item(_key("f", folder, row), row, FOLDER) for row in rows]
            if not cancelled():
                self._found = (folders, tuple(items))
            return tuple(items)


LIBRARY = Library()


def _key(letter: str, folder: Path, row: FileEntry, digits: int = 8) -> str:
    text = f"{folder}\n{row.shown}".encode("utf-8", "replace")
    return letter + hashlib.sha1(text, usedforsecurity=False).hexdigest()[:digits]


_BROUGHT: dict[str, Item] = {}
"""Files of visitors whose pages are open, by key: another page of theirs finds them by its address."""


def brought(key: str, folder: Path) -> Item | None:
    """Return a visitor's file, copied into the folder of another session of theirs; None if it is not there any more.

    Parameters
    ----------
    key : str
        Of the file; nobody guesses it.
    folder : Path
        Of the session that takes it.
    """
    with _LOCK:
        item = _BROUGHT.get(key)
    try:
        place = Path(tempfile.mkdtemp(dir=folder)) / item.row.shown if item is not None else None
        if place is None:
            return None
        shutil.copyfile(item.row.path, place)
    except OSError:  # the page that brought it was closed in this moment
        return None
    return replace(item, row=item.row.at(place, item.row.shown, item.row.size))


def _bring(item: Item) -> Item:
    """Let the visitor's other pages find a file; those of pages that were closed are forgotten."""
    with _LOCK:
        for key in [key for key, other in _BROUGHT.items() if not other.row.path.exists()]:
            del _BROUGHT[key]
        _BROUGHT[item.key] = item
    return item


def added(data: bytes, name: str, folder: Path) -> Item:
    """Keep a file that a visitor brought in the folder of the session, and say what it is.

    Parameters
    ----------
    data : bytes
        Of the file.
    name : str
        As the browser says it; no part of it leads anywhere.
    folder : Path
        Of the session.

    Raises
    ------
    ValueError
        If the file is empty, too large, broken, or of no known kind.
    """
    shown = _plain(name)
    if not data:
        msg = f"{shown} is empty (0 bytes). Fetch it again."
        raise ValueError(msg)
    if len(data) > LARGEST_UPLOAD:
        msg = (
            f"{shown} has {len(data) / 2**20:,.0f} MB; the page takes up to {LARGEST_UPLOAD / 2**20:.0f} MB. Start the "
            "app with --data FOLDER to use larger files."
        )
        raise ValueError(msg)
    held = [path for path in folder.iterdir() if path.is_dir()]
    if len(held) >= MOST_UPLOADS:
        msg = f"This session holds {MOST_UPLOADS} files, which is the most; start the app with --data FOLDER for more."
        raise ValueError(msg)
    # A folder for each file, so that names may repeat and nothing lies beside it that a reader would look into.
    place = Path(tempfile.mkdtemp(dir=folder)) / shown
    place.write_bytes(data)
    row = examine(place).at(place, shown, len(data))
    if not row.product:
        place.unlink()
        place.parent.rmdir()
        msg = f"{shown} was not added: {row.problem or 'it is ' + row.kind}"
        raise ValueError(msg)
    if not row.variables:
        place.unlink()
        place.parent.rmdir()
        msg = f"{shown} was not added: it looks like {row.product}, but {row.problem or 'nothing can be read of it.'}"
        raise ValueError(msg)
    return _bring(Item(_key("u", place.parent, row, SECRET), row, OWN))


def _plain(name: str) -> str:
    """Return the last part of a file's name in signs that every system takes."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign if sign.isalnum() or sign in "._-()+ " else "_" for sign in last).strip(" .")
    return kept[-120:] or "file"


def passing(items: Iterable[Item], selection: DataSelection) -> list[Item]:
    """Return the items that the filters let pass, in their order."""
    return [item for item in items if _passes(item.row, item.name, selection)]


def _passes(row: FileEntry, name: str, chosen: DataSelection) -> bool:
    if chosen.kind and row.kind != chosen.kind:
        return False
    if chosen.product and row.product != chosen.product:
        return False
    if chosen.measures and chosen.measures not in row.variables:
        return False
    first, last = row.period
    # Dates of any length compare as text: a year stands before all its days.
    if chosen.after and not (last and last >= chosen.after):
        return False
    if chosen.before and not (first and first[: len(chosen.before)] <= chosen.before):
        return False
    text = " ".join((row.shown, row.title, row.site, row.product, row.kind, name)).lower()
    return all(word in text for word in chosen.search.lower().split())


def places_of(items: Iterable[Item]) -> list[Place]:
    """Put what stands at one place together, in the order of the items."""
    groups: dict[tuple, list[Item]] = {}
    for item in items:
        if item.placed:
            row = item.row
            key = (row.site, round(row.latitude, SAME_PLACE), round(row.longitude, SAME_PLACE))
            groups.setdefault(key, []).append(item)
    places = []
    for group in groups.values():
        group.sort(key=lambda item: ("drivers" not in item.row.feeds, bool(item.row.problem)))
        first = group[0].row
        places.append(Place(first.site or first.title, first.kind, first.latitude, first.longitude, tuple(group)))
    return places


def counts(items: Iterable[Item], field: str) -> dict[str, int]:
    """Count items by a field of their rows, the commonest first; ``variables`` counts each of a row's."""
    found: Counter[str] = Counter()
    for item in items:
        value = getattr(item.row, field)
        found.update(value if isinstance(value, tuple) else (value,))
    found.pop("", None)
    return dict(found.most_common())
