"""What a folder holds beside data: experiments, biome properties, lists of sites; and why a file is not read."""

import tomllib
from pathlib import Path

from data_catalog.datasets.ameriflux_badm import MOST_BYTES, read_bif
from data_catalog.datasets.fluxnet_sites import MAX_SITE_TABLE, site_table
from data_catalog.datasets.hdf_eos import fields_of
from data_catalog.datasets.tables import open_tables
from data_catalog.entry import FileEntry
from data_catalog.head import Head

__all__ = ["describe_other"]

BPLUT_COLUMNS = {"LC_index", "LUEmax", "Tmin_min_K", "VPD_max_Pa"}
EXPERIMENT_KEYS = {"model", "dataset", "grid", "l4c", "land", "assimilation", "region", "period", "output", "site"}
_DOCUMENTS = (".md", ".rst", ".html", ".htm", ".tex", ".log", ".docx", ".py", ".r", ".m", ".ipynb", ".sh", ".dmr")
_KINDS = {
    "pdf": "a PDF document",
    "image": "a picture",
    "grib": "a GRIB file: fetch the product as NetCDF, or convert it (grib_to_netcdf)",
    "bufr": "a BUFR file: fetch the product as NetCDF",
    "npy": "a single NumPy array without names",
    "binary": "a binary file of no known kind",
    "folder": "a folder",
}


def describe_other(path: Path, head: Head) -> FileEntry:
    """Say what a file is that holds no data, or why it is not read.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    if head.suffix == ".toml":
        return _experiment(path, head)
    if head.suffix == ".xlsx":
        return _sheet(path, head)
    if head.suffix in _DOCUMENTS or head.name.upper().startswith("README") or head.suffix == ".xml":
        return FileEntry(
            kind="document", problem=f"{head.suffix or head.name} is a document: nothing to be read as data."
        )
    if head.kind == "zip":
        return _archive(head)
    if head.kind in ("text", "gzip"):
        return _text(path, head)
    if head.kind in ("hdf5", "netcdf3", "zarr"):
        return _labelled(head)
    if head.kind == "hdf4":
        return _hdf4(path, head)
    if head.suffix in (".nc", ".nc4", ".h5", ".hdf5", ".cdf"):
        return FileEntry(problem=f"neither NetCDF nor HDF5 in spite of its name (it starts with {head.data[:8]!r}).")
    what = _KINDS.get(head.kind, f"a file of the kind {head.kind} that no reader knows")
    return FileEntry(problem=f"{what}; {_KNOWN}.")


_KNOWN = "read are tables (CSV, txt, gz, zip), NetCDF, HDF5, Zarr, GeoTIFF, npz and TOML experiments"


def _experiment(path: Path, head: Head) -> FileEntry:
    if head.size > 1_000_000:
        return FileEntry(problem="a TOML file of more than 1 MB is no experiment.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return FileEntry(problem=f"not valid TOML: {error}.")
    if not EXPERIMENT_KEYS & set(content):
        keys = ", ".join(sorted(EXPERIMENT_KEYS))
        return FileEntry(problem=f"a TOML file, but no experiment: it has none of {keys}.")
    said = f"model {content.get('model', 'l4c')}, dataset {content.get('dataset', 'reference-earth')}"
    return FileEntry(kind="experiment", title=said)


def _sheet(path: Path, head: Head) -> FileEntry:
    if "_BIF_" in head.name and head.size <= MOST_BYTES:
        count = len(read_bif(path.read_bytes()))
        return FileEntry(kind="sites", title=f"AmeriFlux BADM sheet: positions and classes of {count} sites")
    return FileEntry(problem="a spreadsheet that holds no FLUXNET table in its first sheet; save the table as CSV.")


def _archive(head: Head) -> FileEntry:
    if head.suffix == ".npz":
        problem = "a NumPy archive without the arrays fPAR, PAR, Tmin, VPD, SMRZ, SMSF, Tsoil, FT, PFT."
        return FileEntry(problem=problem)
    names = ", ".join(list(head.members)[:3]) or "nothing"
    return FileEntry(problem=f"an archive without a FLUXNET table or another that is known (it holds {names}).")


def _labelled(head: Head) -> FileEntry:
    if not head.variables:
        return FileEntry(problem=f"a {head.kind} file without a variable.")
    names = ", ".join(list(head.variables)[:8])
    more = ", ..." if len(head.variables) > 8 else ""
    problem = (
        f"a {head.kind} file of no known product (it holds {names}{more}); files of your own are read in the names and "
        "units of models/variables.py, on (cell, time)."
    )
    return FileEntry(problem=problem)


def _hdf4(path: Path, head: Head) -> FileEntry:
    names = fields_of(path)
    if not names:
        problem = f"{head.name} is HDF4 and lists no fields (StructMetadata.0): it was cut off, or is no HDF-EOS2 tile."
        return FileEntry(problem=problem)
    held = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    return FileEntry(problem=f"an HDF-EOS2 tile of no product that is read (it holds {held}).")


def _text(path: Path, head: Head) -> FileEntry:
    lines = [line for line in head.lines if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    # The mission's own table has its header in a comment.
    commented = [line for line in head.lines if line.startswith("#") and "LC_index" in line]
    for header in (first, *commented[:1]):
        held = {cell.strip('# "') for cell in header.split(",")}
        if held >= BPLUT_COLUMNS:
            rows = len(lines) - (header == first)
            problem = "" if rows >= 8 else f"{rows} rows; a biome property table has one for each of 8 plant types."
            return FileEntry(kind="bplut", title=f"biome property table, {len(held)} columns", problem=problem)
    if head.size <= MAX_SITE_TABLE:
        sites = site_table(open_tables(path)[0].text())
        if sites:
            return FileEntry(kind="sites", title=f"positions and IGBP classes of {len(sites)} sites")
    return FileEntry(problem=f"a text table of no known kind; it starts with {first[:50]!r}.")
