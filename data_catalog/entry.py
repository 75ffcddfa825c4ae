"""What the catalog knows of a dataset."""

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

__all__ = ["CatalogEntry"]


@dataclass(frozen=True)
class CatalogEntry:
    """One dataset: what it is, where it comes from, how it opens.

    Attributes
    ----------
    name : str
        The name under which `data_catalog.open_dataset` finds it.
    title, citation, licence : str
        What a reader of a plot or an export must be told.
    load : callable
        Returns the dataset in the names and units of `models.variables`.
    feeds : tuple of str
        What it can serve as: "drivers", "observations", "towers", "benchmarks".
    synthetic : bool
        Whether any of its numbers are drawn, not measured.
    """

    name: str
    title: str
    citation: str
    licence: str
    load: Callable[..., xr.Dataset]
    feeds: tuple[str, ...] = ("drivers",)
    synthetic: bool = False
