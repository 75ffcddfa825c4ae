"""File names of tower tables in any release of the networks, and the table to read of an archive."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from data_catalog.datasets.tables import TableFile

__all__ = ["MAIN_PRODUCTS", "FileName", "choose_table", "file_name"]

PREFERRED = ("DD", "HH", "HR", "MM", "WW", "YY")
MAIN_PRODUCTS = ("FULLSET", "SUBSET", "FLUXMET", "")

_NAME = re.compile(
    r"(?P<hub>[A-Za-z0-9]+)_(?P<site>[A-Z]{2}-[A-Za-z0-9]{3})_FLUXNET(?P<release>\d*)"
    r"(?:_(?P<product>[A-Z0-9]+?))??_(?P<resolution>HH|HR|DD|WW|MM|YY)(?=[_.])",
)


class FileName(dict):
    """Parts of a tower file's name: hub, site, release, product, resolution; empty when the name is foreign."""


def file_name(name: str) -> FileName:
    """Split a file name of any release into its parts.

    Examples
    --------
    >>> file_name("FLX_US-Var_FLUXNET2015_SUBSET_DD_2000-2014_1-4.csv")["site"]
    'US-Var'
    >>> file_name("ICOSETC_FR-Hes_FLUXNET_DD_L2.csv")["resolution"]
    'DD'
    """
    found = _NAME.search(PurePosixPath(name.replace("\\", "/")).name)
    return FileName({key: value or "" for key, value in found.groupdict().items()} if found else {})


def choose_table(files: Sequence[TableFile], resolution: str | None = None) -> TableFile:
    """Pick the table of fluxes and meteorology among those of an archive.

    Daily is preferred, then half-hourly; auxiliary, BIF and reanalysis tables are passed over.
    """
    order = {tag: rank for rank, tag in enumerate(PREFERRED)}
    named = [(file_name(file.name), file) for file in files]
    main = [(parts, file) for parts, file in named if parts and parts["product"] in MAIN_PRODUCTS]
    if resolution:
        wanted = [(parts, file) for parts, file in main if parts["resolution"] == resolution]
        if not wanted and not (len(files) == 1 and not main):
            held = ", ".join(sorted({parts["resolution"] for parts, _ in main})) or "none"
            msg = f"No {resolution} table is in this file; it has: {held}."
            raise ValueError(msg)
        main = wanted
    if main:
        return min(main, key=lambda pair: (order[pair[0]["resolution"]], MAIN_PRODUCTS.index(pair[0]["product"])))[1]
    if len(files) == 1:
        return files[0]
    names = ", ".join(file.name for file in files[:5]) or "nothing readable"
    msg = (
        "No FLUXNET table is in this archive; expected a member such as "
        f"FLX_SITE_FLUXNET2015_SUBSET_DD_2001-2014_1-4.csv, found {names}."
    )
    raise ValueError(msg)
