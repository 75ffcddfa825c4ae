"""Where an AmeriFlux tower stands: the BADM sheet (BIF, .xlsx) in its archive or beside its table."""

import io
import re
import zipfile
import zlib
from pathlib import Path

from data_catalog.datasets.fluxnet_sites import IGBP_TO_PFT, site_table
from data_catalog.datasets.spreadsheet import sheet_rows

__all__ = ["MOST_BYTES", "read_bif", "site_of_archive"]

MOST_BYTES = 30_000_000
"""Largest sheet that is unpacked."""

_BIF = re.compile(r"AMF_[\w-]+_BIF_[\w]*\.xlsx$")
_NUMBERS = ("latitude", "longitude", "elevation")


def site_of_archive(source: str | Path | bytes, code: str) -> dict[str, float | str | int]:
    """Look a site up in the BADM sheet of an archive BASE-BADM, or in one that lies beside a table.

    Returns
    -------
    dict
        latitude, longitude [degrees], elevation [m], igbp, pft, site_name: those that were found; empty without a
        sheet.
    """
    for data in _sheets(source):
        found = read_bif(data).get(code)
        if found:
            known: dict[str, float | str | int] = {}
            for name, text in found.items():
                try:
                    known[name] = float(text) if name in _NUMBERS else text
                except ValueError as error:
                    msg = f"The BADM sheet of {code} says {name} = {text!r}, which is no number."
                    raise ValueError(msg) from error
            if known.get("igbp") in IGBP_TO_PFT:
                known["pft"] = IGBP_TO_PFT[known["igbp"]]
            return known
    return {}


def _sheets(source: str | Path | bytes):
    """Give the bytes of each sheet that may tell."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if _BIF.search(member.filename) and member.file_size <= MOST_BYTES:
                    try:
                        sheet = archive.read(member)
                    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                        msg = f"{member.filename} cannot be unpacked ({error}): it was cut off or damaged."
                        raise ValueError(msg) from error
                    yield sheet
    if not isinstance(source, bytes):
        for path in sorted(Path(source).resolve().parent.glob("AMF_*_BIF_*.xlsx")):
            if path.stat().st_size <= MOST_BYTES:
                yield path.read_bytes()


def read_bif(data: bytes) -> dict[str, dict[str, str]]:
    """Read a BADM sheet (columns SITE_ID, VARIABLE, DATAVALUE) into ``{site: {latitude, longitude, ...}}``.

    Raises
    ------
    ValueError
        If the file is no workbook, or unpacks to more than `MOST_BYTES`.
    """
    rows = sheet_rows(data, "The BADM sheet", MOST_BYTES)
    if not rows:
        return {}
    width = len(rows[0])
    padded = [[*row[:width], *[""] * (width - len(row))] for row in rows]
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in padded]
    return site_table("\n".join(lines).replace("\r", " "))
