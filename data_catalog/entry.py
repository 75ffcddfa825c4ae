"""What the catalog knows of a dataset, and of one file of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

    from data_catalog.head import Head

__all__ = ["FEEDS", "CatalogEntry", "FileEntry"]

FEEDS = ("drivers", "observations", "towers", "stations", "benchmarks", "forcing")
"""What a dataset can serve as: drivers of L4C, observations to assimilate, flux towers, stations of soil moisture,
maps and series to judge a run by, weather of the land surface model."""


@dataclass(frozen=True)
class CatalogEntry:
    """One dataset: what it is, where it comes from, how it is recognised and opened.

    Attributes
    ----------
    name : str
        The name under which `data_catalog.open_dataset` finds it.
    title, citation, licence : str
        What a reader of a plot or an export must be told.
    load : callable
        ``load(path, **options)`` (or options alone, where the data ship) returns the dataset in the names and units of
        `models.variables`.
    feeds : tuple of str
        What it can serve as, of `FEEDS`.
    synthetic : bool
        Whether any of its numbers are drawn, not measured.
    kind : str
        One word for lists: "tower", "station", "satellite", "reanalysis", "weather", "drivers", "inventory", ...
    recognise : callable, optional
        ``recognise(path, head) -> bool``: whether a file is of this dataset, by its content (`data_catalog.head.Head`);
        quick, and without an exception for a file of another kind.
    describe : callable, optional
        ``describe(path, head) -> FileEntry``: what one file holds. Without it the file is loaded and the result told.
    write_example : callable, optional
        ``write_example(path)`` writes a tiny file in exactly the product's layout, with made-up numbers.
    example_name : str
        Name of such a file as the product names its files.
    """

    name: str
    title: str
    citation: str
    licence: str
    load: Callable[..., xr.Dataset]
    feeds: tuple[str, ...] = ("drivers",)
    synthetic: bool = False
    kind: str = "drivers"
    recognise: Callable[[Path, Head], bool] | None = None
    describe: Callable[[Path, Head], FileEntry] | None = None
    write_example: Callable[[Path], Any] | None = None
    example_name: str = ""

    def file_entry(self, **known: Any) -> FileEntry:
        """Return a `FileEntry` of this dataset; what is not ``known`` is the dataset's."""
        own = {"product": self.name, "kind": self.kind, "title": self.title, "citation": self.citation}
        return FileEntry(**(own | {"licence": self.licence, "feeds": self.feeds, "synthetic": self.synthetic} | known))


@dataclass(frozen=True)
class FileEntry:
    """One file that was found: what it is, what it holds, what it can be used for, and what is wrong with it.

    Attributes
    ----------
    product : str
        Name of its dataset in `data_catalog.CATALOG`; "" if it is not recognised.
    kind : str
        One word: that of the dataset, or "unknown".
    title, version : str
        What it is; release of the product.
    variables : tuple of str
        Our names of what it holds.
    period : (str, str)
        First and last time, ISO; empty strings when it has none.
    steps : int
        Number of time steps; 0 when it has none.
    grid : str
        "EASE2 36 km", "0.25 degree", "point", ...
    gaps : dict of str to float
        Share of each variable that is missing, where it was counted.
    quality : dict of str to float
        Share of each variable's values that its own flags call good, where it has flags.
    citation, licence : str
        Whose data these are, and what may be done with them.
    feeds : tuple of str
        What it can serve as, of `FEEDS`.
    problem : str
        Why it cannot be used, or what is to be known; empty when all is well.
    notes : str
        What else is to be said.
    site : str
        Code of a tower or station.
    latitude, longitude : float or None
        Where it stands [degrees].
    series : str
        Files of one product with the same text here are shown as one row; "" stands alone.
    files : int
        Number of files that this row stands for.
    synthetic : bool
        Whether its numbers are drawn.
    path : Path
        Where it lies. The scan fills this in, and the next two.
    shown : str
        The path relative to the folder that was scanned, with "/".
    size : int
        Bytes.
    """

    product: str = ""
    kind: str = "unknown"
    title: str = ""
    version: str = ""
    variables: tuple[str, ...] = ()
    period: tuple[str, str] = ("", "")
    steps: int = 0
    grid: str = ""
    gaps: dict[str, float] = field(default_factory=dict)
    quality: dict[str, float] = field(default_factory=dict)
    citation: str = ""
    licence: str = ""
    feeds: tuple[str, ...] = ()
    problem: str = ""
    notes: str = ""
    site: str = ""
    latitude: float | None = None
    longitude: float | None = None
    series: str = ""
    files: int = 1
    synthetic: bool = False
    path: Path = Path()
    shown: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        wrong = [use for use in self.feeds if use not in FEEDS]
        if wrong:
            msg = f"feeds = {wrong[0]!r} is not accepted; {', '.join(FEEDS)} are."
            raise ValueError(msg)

    @property
    def detail(self) -> str:
        """Period, steps and gaps in a few words."""
        first, last = self.period
        parts = [f"{first} to {last}" if first != last else first] if first else []
        if self.steps:
            parts.append(f"{self.steps:,} steps")
        if self.gaps:
            holes = ", ".join(f"{name} {share:.0%}" for name, share in self.gaps.items() if share >= 0.005)
            parts.append(f"gaps: {holes}" if holes else "no gaps")
        if self.quality:
            parts.append("good: " + ", ".join(f"{name} {share:.0%}" for name, share in self.quality.items()))
        return ", ".join(parts)

    def __str__(self) -> str:
        """Put it in one or two lines."""
        count = f"{self.files:,} files" if self.files > 1 else ""
        uses = f"for {', '.join(self.feeds)}" if self.feeds and not self.problem else ""
        said = "; ".join(part for part in (self.title, count, self.detail, uses, self.notes) if part)
        line = f"{self.shown or self.path.name}: {self.kind}" + (f": {said}" if said else "")
        return line + (f"\n    ! {self.problem}" if self.problem else "")

    def as_json(self) -> dict[str, Any]:
        """Return it as plain numbers and text."""
        return asdict(self) | {"path": str(self.path)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> FileEntry:
        """Make it again of what `as_json` returned."""
        lists = {name: tuple(kept[name]) for name in ("variables", "period", "feeds")}
        return cls(**(kept | lists | {"path": Path(kept["path"])}))

    def at(self, path: Path, shown: str, size: int) -> FileEntry:
        """Return the same for a file that lies elsewhere."""
        return replace(self, path=path, shown=shown, size=size)
