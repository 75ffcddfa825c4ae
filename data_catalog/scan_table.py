"""Print what a scan found as a table of text."""

from collections import Counter

from data_catalog.entry import FileEntry
from data_catalog.scan import grouped

__all__ = ["scan_table"]

_HEADINGS = ("kind", "product", "period", "steps", "serves as", "file")


def scan_table(rows: list[FileEntry], *, every: bool = False) -> str:
    """Return the rows as a table, what is to be known of each under it, and a count by product.

    Parameters
    ----------
    rows : list of FileEntry
        What `data_catalog.scan.scan` returned.
    every : bool
        Whether each file of a series has a row of its own.
    """
    shown = rows if every else grouped(rows)
    cells = [_HEADINGS, *(_cells(row) for row in shown)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(_HEADINGS) - 1)]
    lines = []
    for row, entry in zip(cells, (None, *shown), strict=True):
        lines.append("  ".join([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[-1]]))
        lines += [f"      {mark} {text}" for mark, text in _below(entry)]
    read = [row for row in rows if row.product]
    said = ", ".join(f"{count} {name}" for name, count in Counter(row.product for row in read).most_common())
    beside = Counter(row.kind for row in rows if not row.product)
    lines.append(f"{len(rows):,} files; {len(read):,} are data" + (f": {said}" if said else ""))
    if beside:
        lines.append("beside them: " + ", ".join(f"{count} {kind}" for kind, count in beside.most_common()))
    return "\n".join(lines)


def _cells(row: FileEntry) -> tuple[str, ...]:
    first, last = row.period
    period = first if first == last else f"{first} to {last}"
    steps = f"{row.steps:,}" if row.steps else ""
    where = f"{row.shown}  ({row.files:,} files)" if row.files > 1 else row.shown
    return row.kind, row.product or "-", period, steps, ", ".join(row.feeds) or "-", where


def _below(row: FileEntry | None) -> list[tuple[str, str]]:
    if row is None:
        return []
    holes = ", ".join(f"{name} {share:.0%}" for name, share in row.gaps.items() if share >= 0.005)
    good = ", ".join(f"{name} {share:.0%}" for name, share in row.quality.items())
    parts = [row.title, f"version {row.version}" if row.version else "", row.grid if row.grid != "point" else ""]
    parts += [
        ", ".join(row.variables[:10]),
        f"gaps: {holes}" if holes else "",
        f"good: {good}" if good else "",
        row.notes,
    ]
    said = "; ".join(part for part in parts if part)
    return ([("·", said)] if said else []) + ([("!", row.problem)] if row.problem else [])
