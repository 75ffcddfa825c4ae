"""Read the first sheet of an Excel workbook (.xlsx) into rows of text, bounded in size, without a further package."""

import io
import re
import zipfile
import zlib
from xml.etree import ElementTree as ET

__all__ = ["MOST_BYTES", "sheet_rows"]

MOST_BYTES = 60_000_000
"""Largest sheet that is unpacked."""


def sheet_rows(data: bytes, label: str, most: int = MOST_BYTES) -> list[list[str]]:
    """Return the cells of the first sheet, row by row, empty ones as "".

    Parameters
    ----------
    data : bytes
        The workbook.
    label : str
        Name of the file, for messages.
    most : int
        Bytes that a part may unpack to.

    Raises
    ------
    ValueError
        If it is no workbook, cut off, too large, or declares entities of its own.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            names = set(book.namelist())
            parts = {}
            for name in ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"):
                if name == "xl/sharedStrings.xml" and name not in names:
                    continue  # a sheet of numbers needs none
                if book.getinfo(name).file_size > most:
                    msg = f"{label}: its first sheet unpacks to more than {most:,} bytes."
                    raise ValueError(msg)
                parts[name] = book.read(name)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, RuntimeError) as error:
        msg = f"{label} is not a whole workbook ({error}). Fetch it again."
        raise ValueError(msg) from error
    if any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts.values()):
        msg = f"{label} declares entities of its own, which no workbook does; it is not read."
        raise ValueError(msg)
    try:
        trees = {name: ET.fromstring(part) for name, part in parts.items()}
    except ET.ParseError as error:
        msg = f"{label} is not whole ({error}). Fetch it again."
        raise ValueError(msg) from error
    sheet = trees["xl/worksheets/sheet1.xml"]
    space = sheet.tag.split("}")[0].lstrip("{")
    texts = []
    if "xl/sharedStrings.xml" in trees:
        items = trees["xl/sharedStrings.xml"].findall(f"{{{space}}}si")
        texts = ["".join(part.text or "" for part in item.iter(f"{{{space}}}t")) for item in items]
    rows: list[list[str]] = []
    for row in sheet.iter(f"{{{space}}}row"):
        cells: dict[int, str] = {}
        for cell in row.findall(f"{{{space}}}c"):
            inside = cell.find(f"{{{space}}}v")
            text = "" if inside is None else inside.text or ""
            if cell.get("t") == "s" and text.isdigit() and int(text) < len(texts):
                text = texts[int(text)]
            elif cell.get("t") == "inlineStr":
                text = "".join(part.text or "" for part in cell.iter(f"{{{space}}}t"))
            cells[_place(cell.get("r", ""), len(cells))] = text
        width = max(cells, default=-1) + 1
        rows.append([cells.get(k, "") for k in range(width)])
    return rows


def _place(reference: str, otherwise: int) -> int:
    """Return the column of a cell such as BC12, counted from 0."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return otherwise
    place = 0
    for letter in letters[0]:
        place = place * 26 + ord(letter) - 64
    return place - 1
