"""What the process does that opens strangers' binary files; `data_catalog.apart` starts it and gives it its orders.

Each line that comes in is a list in JSON, a job and its arguments. Each line that goes out is a list of what the job
returned and why it returned nothing.
"""

import contextlib
import faulthandler
import functools
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from data_catalog import apart

__all__ = ["JOBS", "done", "main"]

MEMORY = 4 * 2**30
"""Bytes of memory beyond which a file is refused: a damaged one may claim any size."""

MOST_TRIED = 16 * 2**20
"""Bytes up to which the values of a file are read to try it; of what is larger, the first of each variable."""

TOO_LARGE = "it says that it holds more than fits into memory; it is damaged. Fetch it again."
MOST_VALUES = 600_000_000
TEXTS = ("StructMetadata.0", "CoreMetadata.0")
_LOG = logging.getLogger(__name__)
_siblings: dict[str, Any] = {}


def look(path: str, scan: str) -> dict:
    """Describe a file; files of one ``scan`` (if it has a name) may be told by their neighbours."""
    from data_catalog.look import look_into
    from data_catalog.siblings import Siblings

    if scan not in _siblings:
        _siblings.clear()
        _siblings[scan] = Siblings() if scan else None
    return look_into(path, _siblings[scan]).as_json()


def trial(path: str) -> None:
    """Read an HDF5 or NetCDF file as readers do; what a library says of it is left to the reader to say.

    Raises
    ------
    MemoryError
        It says that it holds more than `MEMORY`.
    """
    for read in (_walk, _label):
        try:
            read(path)
        except MemoryError:
            raise
        except Exception as error:
            _LOG.debug("%s: %s", path, error)


def _label(path: str) -> None:
    """Open a file as labelled data, and read them if they are few."""
    import xarray as xr

    with open(path, "rb") as stream:  # noqa: PTH123
        netcdf3 = stream.read(3) == b"CDF"
    options = {"engine": "scipy"} if netcdf3 else {"engine": "h5netcdf", "phony_dims": "sort"}
    with xr.open_dataset(path, decode_times=False, **options) as ds:
        if ds.nbytes <= MOST_TRIED:
            ds.load()


def _walk(path: str) -> None:
    """Read the names, attributes and values of an HDF5 file; the library refuses another."""
    import h5py

    from data_catalog.head import MOST_VARIABLES

    names: list[bytes] = []

    def note(name: bytes) -> bool | None:
        names.append(name)
        return True if len(names) >= MOST_VARIABLES else None

    told, left = (OSError, RuntimeError, KeyError, TypeError, ValueError), MOST_TRIED
    with h5py.File(path, "r") as file:
        h5py.h5o.visit(file.id, note)
        for thing in (file, *names):
            with contextlib.suppress(*told):
                held = file[thing] if isinstance(thing, bytes) else thing
                for name in held.attrs:
                    with contextlib.suppress(*told):
                        held.attrs[name]
                if not isinstance(held, h5py.Dataset):
                    continue
                if held.chunks:
                    held.id.get_num_chunks()  # walks through the whole index of the blocks
                left -= held.nbytes
                held[() if left >= 0 or not held.ndim else (slice(0, 1),) * held.ndim]


def hdf4(path: str, out: str, pattern: str) -> None:
    """Write the fields of an HDF4 file whose names match, the names of all, and the texts that say where and when."""
    import numpy as np
    from pyhdf.SD import SD, SDC

    file = SD(path, SDC.READ)
    attrs = file.attributes()
    shapes = {name: info[1] for name, info in file.datasets().items()}
    arrays, left = {}, MOST_VALUES
    for name, shape in shapes.items():
        if not re.search(pattern, name):
            continue
        left -= int(np.prod(np.asarray(shape, np.float64)))
        if left < 0:
            msg = f"{name} of shape {shape} is too large"
            raise ValueError(msg)
        arrays[name] = np.asarray(file.select(name).get())
    texts = {name: str(attrs.get(name, "")) for name in TEXTS}
    about = json.dumps({"names": list(shapes), "fields": list(arrays), "texts": texts})
    np.savez(out, *arrays.values(), about=np.array(about))
    file.end()


JOBS: dict[str, Callable[..., Any]] = {"look": look, "trial": trial, "hdf4": hdf4}


def done(job: str, arguments: Sequence[Any]) -> tuple[Any, str]:
    """Do a job; return what it returns, and why it returns nothing."""
    try:
        return JOBS[job](*arguments), ""
    except MemoryError:
        return None, TOO_LARGE
    except Exception as error:  # whatever a reader meets in a stranger's file is an answer
        return None, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def main(patience: float) -> None:
    """Do what comes in, line by line, until nothing comes any more; end when a job takes longer than ``patience`` s."""
    apart.enter()
    # Libraries may print: what is theirs goes to the errors, and the answers keep a way of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    _bound_memory()
    answers.write("ready\n")
    with open(os.devnull, "w") as silent:  # noqa: PTH123
        for line in sys.stdin:
            job, *arguments = json.loads(line)
            prepare(job)
            # Its thread is not Python's: it ends the process even where a library never comes back.
            faulthandler.dump_traceback_later(patience, exit=True, file=silent)
            answer = json.dumps(done(job, arguments))
            faulthandler.cancel_dump_traceback_later()
            answers.write(answer + "\n")


@functools.cache
def prepare(job: str) -> None:
    """Import what a job needs, before its clock runs."""
    if job == "hdf4":
        return
    import dask
    import h5netcdf  # noqa: F401
    import xarray  # noqa: F401

    dask.config.set(scheduler="synchronous")
    if job == "look":
        from data_catalog import CATALOG, look  # noqa: F401

        list(CATALOG.values())


def _bound_memory() -> None:
    """Let the system refuse memory beyond `MEMORY`, where it can."""
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
