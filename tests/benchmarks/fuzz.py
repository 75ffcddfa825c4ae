"""Mutate files at random, look at each as the catalog does, and open what it knows: none may crash, hang, or say much.

``python -m tests.benchmarks.fuzz --files 10000 [--folder FOLDER] [--seed 1]``: mutations of the examples of every
dataset and of the files of a folder (the first 300 kB of each), in a process of its own, so that a crash is seen. The
catalog opens binary files in yet another process; what ended that one is counted, and is no fault.
"""

import argparse
import contextlib
import multiprocessing
import random
import sys
import tempfile
import time
from pathlib import Path

from data_catalog import CATALOG
from data_catalog.entry import FileEntry
from data_catalog.scan import examine

__all__ = ["main", "mutated", "rows"]

LARGEST = 300_000
MOST_READ = 50_000_000
STRANGE = (b"\x00", b"\xff\xfe", b"\r", b"\n\n", b",", b"1e999", b"-9999999", b"nan", b'"')
PATIENCE = 120.0
"""Seconds after which a file has hung the catalog."""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a copy with one to five changes: bytes, cuts, blocks twice or lost, numbers and line ends exchanged."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        if not out:
            break
        at, size = chance.randrange(len(out)), chance.choice((1, 4, 64, 1024))
        kind = chance.randrange(8)
        if kind == 0:
            out[at] = chance.randrange(256)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            del out[at : at + size]
        elif kind == 3:
            out[at:at] = out[at : at + size]
        elif kind == 4:
            out[at : at + size] = bytes(chance.randrange(256) for _ in range(min(size, 64)))
        elif kind == 5:
            out[at:at] = chance.choice(STRANGE)
        elif kind == 6:
            out = bytearray(bytes(out).replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n,"))))
        else:
            other = chance.randrange(len(out))
            out[at : at + size], out[other : other + size] = out[other : other + size], out[at : at + size]
    return bytes(out)


def _sources(folder: Path | None, made: Path) -> list[tuple[str, bytes]]:
    found = []
    for name, entry in CATALOG.items():
        if entry.write_example is not None:
            place = made / name / entry.example_name
            place.parent.mkdir()
            entry.write_example(place)
            if place.is_file():
                found.append((place.name, place.read_bytes()[:LARGEST]))
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_file() and path.stat().st_size <= 20 * LARGEST:
            with path.open("rb") as stream:
                found.append((path.name, stream.read(LARGEST)))
    return found


def _work(orders: multiprocessing.Queue, answers: multiprocessing.Queue, folder: str | None) -> None:
    """Mutate and examine the files whose numbers come, until None comes."""
    with tempfile.TemporaryDirectory() as made:
        sources = _sources(Path(folder) if folder else None, Path(made))
        place = Path(made) / "work"
        place.mkdir()
        while (number := orders.get()) is not None:
            name, data = sources[number % len(sources)]
            target = place / name
            target.write_bytes(mutated(data, random.Random(number)))
            answers.put(("begins", number, name))
            wrong = surprise = ""
            try:
                row = examine(target)
                if not isinstance(row, FileEntry) or "\n" in row.problem:
                    wrong = f"more than a line: {row!r:.300}"
                if any(said in row.problem for said in ("Error: ", "was stopped", "broke down")):
                    surprise = row.problem
                if row.variables:
                    _open(row.product, target)
            except Exception as error:  # what must not happen is what is looked for
                wrong = f"{type(error).__name__}: {error}"[:300]
            answers.put(("done", number, (name, wrong, surprise)))
            target.unlink(missing_ok=True)


def _open(product: str, path: Path) -> None:
    """Open a file of a product and read all its values, as a page does; errors of value or of the system say no."""
    with contextlib.suppress(ValueError, OSError, ImportError), CATALOG[product].load(path) as ds:
        if ds.nbytes <= MOST_READ:
            ds.load()


def run(files: int, folder: str | None = None, seed: int = 0) -> tuple[int, list[str], list[str]]:
    """Return how many were looked at, what went wrong, and what met a reader unprepared (but was told)."""
    context = multiprocessing.get_context("spawn")
    wrong, surprises, done = [], [], 0
    number, last = seed, seed + files
    while number < last:
        orders, answers = context.Queue(), context.Queue()
        worker = context.Process(target=_work, args=(orders, answers, folder), daemon=True)
        worker.start()
        for k in range(number, last):
            orders.put(k)
        orders.put(None)
        busy = ""
        while number < last:
            try:
                what, at, said = answers.get(
                    timeout=PATIENCE if busy else 10 * PATIENCE
                )  # the examples are written first
            except Exception:  # queue.Empty: the worker hangs or is gone
                how = "hangs" if worker.is_alive() else f"crashes (exit code {worker.exitcode})"
                wrong.append(f"{number}: {busy or 'the start'} {how}")
                number += 1
                worker.kill()
                break
            if what == "begins":
                busy = said
                continue
            name, bad, surprise = said
            done, number = done + 1, at + 1
            wrong += [f"{at}: {name}: {bad}"] if bad else []
            surprises += [f"{at}: {name}: {surprise}"] if surprise else []
        orders.cancel_join_thread()  # what a worker that was ended did not take is not waited for
        worker.join(timeout=5)
    return done, wrong, surprises


def rows(files: int = 200) -> list[tuple[str, float, str, str]]:
    """Return the number of mutated files that crashed or hung the catalog."""
    done, wrong, surprises = run(files)
    note = f"of {done} mutated files; {len(surprises)} met a reader unprepared"
    return [("mutated files that crash or hang the catalog", len(wrong), "0", note)]


def main(arguments: list[str]) -> int:
    """Look at many mutated files and print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--folder")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    done, wrong, surprises = run(options.files, options.folder, options.seed)
    for line in (*wrong, *surprises[:40]):
        print(line)
    print(f"{done} files in {time.perf_counter() - start:.0f} s: {len(wrong)} crashed, hung or spoke at length;")
    print(f"{len(surprises)} met a reader unprepared, and were told all the same")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
