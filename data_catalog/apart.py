"""Have strangers' binary files opened by a process of its own, which a damaged one may hang or end without harm.

The libraries of HDF5 and HDF4 trust what a file says of itself: a byte changed by chance can send them into an endless
loop, or end the process with all that it holds. So a process that is kept warm (`data_catalog.apart_child`) looks into
such files during a scan, and tries them before they are opened here. It ends itself when a file takes longer than
`PATIENCE`; it is then started again, and that file is told of in one line.
"""

import atexit
import contextlib
import functools
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "Answer", "FileReader", "ask", "end_all", "file_reader", "inside", "tried"]

PATIENCE = 30.0
"""Seconds after which a file that is not read is given up."""

READY = b"ready\n"
"""What the process says first."""

WINDOW = 100
"""Orders that are with the process at one time, so that it never waits for us."""

KEPT_WARM = 1
"""Processes that are kept when nobody needs them: each holds a quarter of a gigabyte."""

_START = "import sys; sys.path[:] = sys.argv[2:]; from data_catalog.apart_child import main; main(float(sys.argv[1]))"
_inside = False


def inside() -> bool:
    """Say whether this is the process that opens strangers' files."""
    return _inside


def enter() -> None:
    """Note that this process is the one that opens strangers' files."""
    global _inside
    _inside = True


@dataclass(frozen=True)
class Answer:
    """What became of an order.

    Attributes
    ----------
    number : int
        Of the order.
    value : any
        What the job returned.
    problem : str
        Why it returned nothing.
    """

    number: int
    value: Any = None
    problem: str = ""


class FileReader:
    """A process that does jobs of `data_catalog.apart_child`, one after the other; started when it is first needed.

    For one thread at a time: `file_reader` lends one.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._ready = False
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._sent: deque[tuple[int, str]] = deque()
        self._waiting: deque[tuple[int, str]] = deque()
        self._again = ""  # the order that is tried a second time

    @property
    def pid(self) -> int:
        """Number of the process; 0 before it is started."""
        return 0 if self._process is None else self._process.pid

    @property
    def left(self) -> int:
        """Number of orders that are not answered."""
        return len(self._sent) + len(self._waiting)

    def put(self, number: int, job: str, *arguments: Any) -> None:
        """Order a job; its answer comes under the number."""
        self._waiting.append((number, json.dumps([job, *arguments])))
        self._send()

    def take(self, wait: float = 0.0) -> Iterator[Answer]:
        """Yield the answers that are there; if there is none, wait for one up to ``wait`` seconds.

        Raises
        ------
        RuntimeError
            The process does not start.
        """
        while self.left:
            try:
                said = self._said.get(timeout=wait) if wait > 0.0 else self._said.get_nowait()
            except queue.Empty:
                return
            if said == READY:
                self._ready = True
                continue
            number, text = self._sent.popleft()
            if said:
                answer = Answer(number, *json.loads(said))
            else:
                # An empty line is the end of the process. Whatever it worked on ended it, or someone from outside.
                problem, stopped = self._ended()
                if not stopped and self._again != text:
                    self._again = text
                    self._waiting.appendleft((number, text))
                    self._send()
                    continue
                answer = Answer(number, problem=problem)
            self._send()
            wait = 0.0
            yield answer

    def end(self) -> None:
        """End the process, whatever it is at."""
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
        self._process = None
        self._sent.clear()
        self._waiting.clear()

    def _send(self) -> None:
        while self._waiting and len(self._sent) < WINDOW:
            if self._process is None:
                self._start()
            number, text = self._waiting.popleft()
            self._sent.append((number, text))
            # A process that has just ended takes nothing; its end is met when the answer is taken.
            with contextlib.suppress(OSError):
                self._process.stdin.write(text.encode() + b"\n")
                self._process.stdin.flush()

    def _start(self) -> None:
        root = str(Path(__file__).resolve().parents[1])
        command = [sys.executable, "-c", _START, str(PATIENCE), root, *filter(None, sys.path)]
        # A session of its own: Ctrl+C is for us, and our end is its end.
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, **pipes, start_new_session=True)
        self._said, self._ready = queue.SimpleQueue(), False
        threading.Thread(target=_listen, args=(self._process.stdout, self._said), daemon=True).start()

    def _ended(self) -> tuple[str, bool]:
        """Say how the process ended, and whether by its clock; what it had not begun goes to the next one."""
        code = self._process.wait()
        with contextlib.suppress(OSError):  # of orders that it did not take
            self._process.stdin.close()
        self._process = None
        if not self._ready:
            self._sent.clear()
            self._waiting.clear()
            msg = f"The process that opens data files does not start (it ended with {code}); see what it printed above."
            raise RuntimeError(msg)
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        if code == 1:
            return f"reading it took longer than {PATIENCE:.0f} s and was stopped; it is damaged. Fetch it again.", True
        how = f"signal {-code}" if code < 0 else f"code {code}"
        return f"the library that reads it broke down ({how}): it is damaged. Fetch it again.", False


def _listen(stream: Any, said: queue.SimpleQueue) -> None:
    with stream:
        for line in stream:
            said.put(line)
    said.put(b"")


_idle: list[FileReader] = []
_lock = threading.Lock()


@contextlib.contextmanager
def file_reader() -> Iterator[FileReader]:
    """Lend a process to one thread; one that is left with work is ended."""
    with _lock:
        reader = _idle.pop() if _idle else FileReader()
    try:
        yield reader
    finally:
        with _lock:
            keep = not reader.left and len(_idle) < KEPT_WARM
            if keep:
                _idle.append(reader)
        if not keep:
            reader.end()


@atexit.register
def end_all() -> None:
    """End the processes that are kept warm."""
    while _idle:
        _idle.pop().end()


def ask(job: str, *arguments: Any) -> Any:
    """Have one job done by the process that opens strangers' files, and return what it returns.

    Raises
    ------
    ValueError
        The file is damaged: the message ends with what became of it.
    """
    if _inside:
        from data_catalog.apart_child import done

        value, problem = done(job, arguments)
        if problem:
            raise ValueError(problem)
        return value
    with file_reader() as reader:
        reader.put(0, job, *arguments)
        while True:
            for answer in reader.take(wait=60.0):
                if answer.problem:
                    raise ValueError(answer.problem)
                return answer.value


def tried(path: str | Path) -> None:
    """See that an HDF5 or NetCDF file can be opened without harm; once for each state of a file.

    All its names and attributes are read, all values of a small file and the first of each variable of a large one, by
    the libraries with which it is then read here. An error that a library tells of is left to the reader.

    Raises
    ------
    ValueError
        It hangs or ends the process that reads it, or says that it holds more than the memory.
    """
    if _inside:
        return
    place = os.path.abspath(path)  # noqa: PTH100 (resolve() would follow links)
    stat = os.stat(place)  # noqa: PTH116
    _tried(place, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=10_000)
def _tried(place: str, size: int, modified: int) -> None:
    try:
        ask("trial", place)
    except ValueError as error:
        msg = f"{Path(place).name}: {error}"
        raise ValueError(msg) from error
