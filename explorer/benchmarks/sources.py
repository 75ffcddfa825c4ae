"""What a run can be held against: the user's files of the catalog, product by product, and the world's own truth."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from data_catalog import CATALOG
from data_catalog.benchmark_maps import benchmark_maps
from explorer.benchmarks.address import WORLD_SOURCE
from explorer.data.library import Item
from models.observation.benchmarks import DEFAULTS
from models.variables import VARIABLES

__all__ = ["MAPS", "PRODUCTS", "Maps", "Source", "sources_for", "world_source"]

PRODUCTS: dict[str, tuple[tuple[str, str], ...]] = {
    "gpp": (("gome2-sif", "sif"), ("fluxcom", "gpp"), ("spl4cmdl", "gpp")),
    "nee": (("carbontracker", "nee"), ("fluxcom", "nee"), ("spl4cmdl", "nee")),
    "soc": (("igbp-soc", "soc"), ("ncscd", "soc"), ("spl4cmdl", "soc")),
}
"""What is compared -> products of the catalog that can judge it, and by which of their variables."""

MOST_KEPT = 8
"""Benchmarks kept on the cells of a grid, for every visitor of the process."""

_TRUTH = {
    "gpp": (
        "sif",
        "Synthetic fluorescence of the world's true GPP",
        f"linear in GPP ({DEFAULTS.sif_per_gpp:g} {VARIABLES['sif'].unit} for each gC m-2 d-1), a ratio that differs "
        f"by {100 * DEFAULTS.sif_yield_std:g} % from cell to cell, and a random error of {DEFAULTS.sif_std:g} "
        f"{VARIABLES['sif'].unit} a cell and month (assumed)",
    ),
    "nee": (
        "nee",
        "Synthetic inversion of the world's true NEE",
        f"the mean of boxes of {DEFAULTS.inversion_box:g} degrees, each with a random error of "
        f"{DEFAULTS.inversion_std:g} gC m-2 d-1 a month (assumed)",
    ),
    "soc": (
        "soc",
        "Synthetic inventory of the world's true soil carbon",
        f"of the depth that L4C has, with a lognormal error of {100 * DEFAULTS.stock_std:g} % a cell (assumed)",
    ),
}


@dataclass(frozen=True)
class Source:
    """A benchmark.

    Attributes
    ----------
    key : str
        `WORLD_SOURCE`, the name of a product, or for a stock the key of a file.
    variable : str
        What it holds, a name of `models.variables`.
    title, note : str
        What it is; how it was made, or what to know of it.
    product : str
        Name in the catalog; "" for the world.
    paths : tuple of Path
        Its files.
    citation, licence : str
        Whose data these are.
    synthetic : bool
        Whether its numbers are drawn.
    """

    key: str
    variable: str
    title: str
    note: str
    product: str = ""
    paths: tuple[Path, ...] = ()
    citation: str = ""
    licence: str = ""
    synthetic: bool = False

    @property
    def of_world(self) -> bool:
        """Whether it is the world's own truth."""
        return self.key == WORLD_SOURCE


def world_source(kind: str) -> Source:
    """Return the world's own truth for "gpp", "nee" or "soc"."""
    variable, title, note = _TRUTH[kind]
    return Source(WORLD_SOURCE, variable, title, note, synthetic=True)


def sources_for(kind: str, items: Iterable[Item]) -> tuple[Source, ...]:
    """Return what a quantity can be held against, the user's files before the world's own truth.

    Parameters
    ----------
    kind : str
        "gpp", "nee" or "soc". Files of one product make one source; of a stock each file is one, since layers of soil
        lie in files of their own.
    items : iterable of Item
        What the library lists.
    """
    items, found = tuple(items), []
    for product, variable in PRODUCTS[kind]:
        files = [item for item in items if item.row.product == product and variable in item.row.variables]
        groups = [[item] for item in files] if kind == "soc" else [files] if files else []
        for group in groups:
            rows = [item.row for item in group]
            count = f"{len(rows)} files" if len(rows) > 1 else rows[0].shown
            note = "; ".join(filter(None, (count, rows[0].notes)))
            synthetic = any(row.synthetic for row in rows)
            key = group[0].key if kind == "soc" else product
            entry = CATALOG[product]
            title = f"{entry.title}, {rows[0].shown}" if len(groups) > 1 else entry.title
            paths = tuple(sorted(row.path for row in rows))
            found.append(Source(key, variable, title, note, product, paths, entry.citation, entry.licence, synthetic))
    return (*found, world_source(kind))


class Maps:
    """Benchmarks on the cells of the world's grids, read once for everybody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple, xr.DataArray] = OrderedDict()

    @staticmethod
    def _key(source: Source, grid: str) -> tuple:
        return source.product, source.variable, source.paths, grid

    def known(self, source: Source, grid: str) -> np.ndarray | None:
        """Return the maps if they were read already."""
        with self._lock:
            found = self._kept.get(self._key(source, grid))
            return None if found is None else found.to_numpy()

    def attrs(self, source: Source, grid: str) -> dict:
        """Return what the files say of themselves, once they were read."""
        with self._lock:
            found = self._kept.get(self._key(source, grid))
            return {} if found is None else dict(found.attrs)

    def read(self, source: Source, grid: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> None:
        """Read the files of a source and bring them to a grid.

        Raises
        ------
        ValueError, models.kernel.Cancelled
            See `data_catalog.benchmark_maps.benchmark_maps`.
        """
        made = benchmark_maps(
            source.product, source.variable, source.paths, grid, progress=progress, cancelled=cancelled
        )
        made.values.flags.writeable = False
        with self._lock:
            self._kept[self._key(source, grid)] = made
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


MAPS = Maps()
