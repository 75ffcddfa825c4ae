"""How fast a folder of 5,000 files is scanned: the examples of every dataset, many times over, and tower tables."""

import shutil
import tempfile
import time
from pathlib import Path

from data_catalog import CATALOG
from data_catalog.scan import scan
from data_catalog.scan_cache import ScanCache

__all__ = ["fill", "rows"]

FILES = 5000
COLD, WARM = 20.0, 1.0


def fill(folder: Path, files: int = FILES) -> int:
    """Write ``files`` files: each dataset's example under names of its own, in folders of 100; return their number."""
    originals = []
    for name, entry in CATALOG.items():
        if entry.write_example is not None:
            place = folder / ".originals" / name / entry.example_name
            place.parent.mkdir(parents=True)
            entry.write_example(place)
            originals.append(place)
    plain = [place for place in originals if place.is_file()]
    for k in range(files):
        source = plain[k % len(plain)]
        target = folder / f"{k // 100:03d}" / f"{k:05d}" / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return files


def rows() -> list[tuple[str, float, str, str]]:
    """Return seconds of a first scan and of a second one, in this machine's own time."""
    with tempfile.TemporaryDirectory() as made:
        folder, kept = Path(made) / "data", ScanCache(Path(made) / "cache")
        folder.mkdir()
        count = fill(folder)
        scan(folder / "000", cache=False)  # the readers are imported
        table = []
        for label, target in (("first scan [s]", COLD), ("second scan, nothing changed [s]", WARM)):
            start = time.perf_counter()
            found = scan(folder, cache=kept)
            seconds = time.perf_counter() - start
            known = sum(bool(row.product) for row in found)
            note = f"{count} files of {len({row.product for row in found})} products, {known} recognised"
            table.append((f"catalog of {count} files: {label}", seconds, f"<= {target:g}", note))
        kept.close()
    return table
