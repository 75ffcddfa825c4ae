"""How this project compiles and spreads work over cores: one place to change its mind."""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numba
import platformdirs
from numba.extending import register_jitable

__all__ = [
    "POOL",
    "THREADS",
    "Cancelled",
    "equation",
    "inline_kernel",
    "kernel",
    "lane_kernel",
    "patiently",
    "spread",
    "sum_kernel",
]

_PACKAGE = Path(__file__).parent
MONTH = 30 * 86400.0  # s


def _fingerprint() -> str:
    """Hash the sources that hold kernels: compiled code lives in a folder named after them.

    Numba looks only at the file of the outermost function, so without this an edit of
    an equation would go on running the old one.
    """
    sources = sorted([*_PACKAGE.rglob("*.py"), *_PACKAGE.parent.joinpath("data_catalog").rglob("*.py")])
    texts = [text for path in sources if b"kernel" in (text := path.read_bytes())]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def _forget_old_code(folder: Path) -> None:
    """Remove compiled code of sources that nobody ran for a month."""
    for other in folder.parent.glob("numba-*"):
        if other != folder and time.time() - other.stat().st_mtime > MONTH:
            shutil.rmtree(other, ignore_errors=True)


def _cache_folder() -> str:
    """Return a writable folder for compiled code: the user's cache, or a temporary one."""
    for root in (Path(platformdirs.user_cache_dir("land-carbon-explorer")), Path(tempfile.gettempdir())):
        folder = root / f"numba-{_fingerprint()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            folder.touch()
            _forget_old_code(folder)
            return str(folder)
    msg = "No folder for compiled code can be written; set XDG_CACHE_HOME to one that can."
    raise OSError(msg)


numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()

inline_kernel = numba.njit(error_model="numpy", nogil=True, inline="always")
"""Compile an equation into its caller: scalars in kernels, arrays in plots."""

kernel = numba.njit(cache=True, error_model="numpy", nogil=True)
"""Compile a loop over columns. It holds no lock, so blocks of columns run on `POOL` side by side."""

plain_equation = numba.njit(error_model="numpy", nogil=True, forceinline=True)
"""Compile an equation of arrays and numbers into its caller, whatever its size, its operations exactly as written."""

# Fusing a product and a sum is the one liberty taken: it changes no order of operations and keeps NaN.
equation = numba.njit(error_model="numpy", nogil=True, forceinline=True, fastmath={"contract"})
"""Compile a long chain of equations into its caller: LLVM inlines it, which builds faster than `inline_kernel`."""

pointwise = register_jitable(error_model="numpy", nogil=True, forceinline=True, fastmath={"contract"})
"""Compile an equation into kernels that call it with scalars; with arrays it stays plain numpy, never compiled."""

lane_kernel = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})
"""Compile one stage of a step over the lanes of a block; branch-free bodies become vector code."""

sum_kernel = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
"""Compile a loop that is made of sums, as a filter's covariances are: sums may be taken in another order, so that they
become vectors (1e-16 of a difference). NaN and infinity keep their meaning."""

THREADS = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="kernel")
"""The pool of what is waited for. Kernels release the interpreter, so a page stays alive meanwhile."""


PATIENT = 5
"""Niceness of the threads of long runs, beside that of the process."""


def _give_way() -> None:
    """Let the thread that calls give way to those of others; only Linux knows the priority of a thread."""
    if sys.platform == "linux":
        own = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(own + PATIENT, 19))


PATIENT_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="patient kernel", initializer=_give_way)
"""Threads of runs of seconds to minutes: what takes milliseconds goes by without waiting for a chunk of theirs."""

_HERE = threading.local()


@contextlib.contextmanager
def patiently() -> Iterator[None]:
    """Let what this thread spreads meanwhile be done by `PATIENT_POOL`: a long run, beside which others stay quick."""
    before, _HERE.patient = _is_patient(), True
    try:
        yield
    finally:
        _HERE.patient = before


def _is_patient() -> bool:
    return getattr(_HERE, "patient", False)


IN_HAND = 2
"""Chunks of one caller for each core at a time, running or next: none idles, and others get their turn between."""


class Cancelled(Exception):  # noqa: N818  (a wish of the user, not an error)
    """The user took the run back; what is done so far is dropped by the caller."""


def _in_turn(one: Callable[[int], bool], starts: Iterable[int]) -> Iterator[bool]:
    """Yield the results of chunks in order; few of them wait in the pool, so that other callers get their turn."""
    waiting: deque[Future] = deque()
    pool = PATIENT_POOL if _is_patient() else POOL
    try:
        for first in starts:
            waiting.append(pool.submit(one, first))
            if len(waiting) >= IN_HAND * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def spread(
    work: Callable[[int, int], object],
    count: int,
    *,
    chunk: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Call ``work(first, last)`` for chunks of ``range(count)`` on every core.

    Parameters
    ----------
    work : callable
        Runs the blocks ``first`` to ``last``, usually one call of a kernel.
    count : int
        How many blocks there are.
    chunk : int
        Blocks a call; 0 gives each core eight calls, so that a cancelled run stops soon.
    progress : callable, optional
        Called with the share done (0-1) as chunks end, from the calling thread.
    cancelled : callable, optional
        Asked before each chunk; when it says yes the rest is dropped.

    Raises
    ------
    Cancelled
        If ``cancelled`` said yes before all was done.
    """
    if count <= 0:
        return
    size = chunk or max(1, -(-count // (8 * THREADS)))
    starts = range(0, count, size)

    def one(first: int) -> bool:
        if cancelled is not None and cancelled():
            return False
        work(first, min(first + size, count))
        return True

    complete = True
    # Results come in order, so progress never runs backwards. One chunk needs no other thread, which has to wake.
    results = _in_turn(one, starts) if len(starts) > 1 else map(one, starts)
    for done, ok in enumerate(results, start=1):
        complete &= ok
        if progress is not None and ok:
            progress(min(1.0, done * size / count))
    if not complete:
        raise Cancelled
