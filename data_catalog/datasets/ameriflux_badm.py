"""Where an AmeriFlux tower stands: the BADM sheet (BIF, .xlsx) in its archive or beside its table."""

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from data_catalog.datasets.fluxnet_sites import IGBP_TO_PFT, site_table

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
                    yield archive.read(member)
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = {}
            for name in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
                if book.getinfo(name).file_size > MOST_BYTES:
                    msg = f"The BADM sheet unpacks to more than {MOST_BYTES:,} bytes."
                    raise ValueError(msg)
                parts[name] = book.read(name)
    except (zipfile.BadZipFile, KeyError) as error:
        msg = f"The BADM sheet is not a whole workbook ({error}). Fetch it again."
        raise ValueError(msg) from error
    if any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts.values()):
        msg = "The BADM sheet declares entities of its own, which no workbook does; it is not read."
        raise ValueError(msg)
    try:
        strings, sheet = (ET.fromstring(part) for part in parts.values())
    except ET.ParseError as error:
        msg = f"The BADM sheet is not whole ({error}). Fetch it again."
        raise ValueError(msg) from error
    space = {"m": strings.tag.split("}")[0].lstrip("{")}
    texts = ["".join(t.text or "" for t in item.iter(f"{{{space['m']}}}t")) for item in strings.findall("m:si", space)]
    rows = []
    for row in sheet.iterfind(".//m:row", space):
        cells = {}
        for cell in row.findall("m:c", space):
            value = cell.find("m:v", space)
            text = "" if value is None else value.text or ""
            if cell.get("t") == "s" and text.isdigit() and int(text) < len(texts):
                text = texts[int(text)]
            cells[re.sub(r"\d", "", cell.get("r", ""))] = text
        rows.append(cells)
    if not rows:
        return {}
    letters = sorted(rows[0], key=lambda letter: (len(letter), letter))
    lines = [",".join('"' + row.get(k, "").replace('"', '""') + '"' for k in letters) for row in rows]
    return site_table("\n".join(lines).replace("\r", " "))
