"""Who computes next: one engine for everybody, visitors in turn, of each visitor only the newest wish.

A moved slider asks for a run at every pixel. The wish replaces the visitor's waiting one and keeps its place in the
line, so a dragged handle never queues up behind itself and never delays the others. What is being computed is let
finish and is shown, unless it takes longer than `PATIENCE` and is already out of date.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from models.kernel import Cancelled, patiently

__all__ = ["LIVE", "SLOW", "Job", "RunQueue"]

LOG = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds after which a run that is out of date is dropped instead of shown."""

PROGRESS_EVERY = 0.15
"""Seconds between two messages about the progress of one run."""


@dataclass(eq=False)
class Job:
    """One wish of one visitor.

    Parameters
    ----------
    work : callable
        ``work(progress, cancelled)`` computes in a worker thread; it may raise `models.kernel.Cancelled`.
    done, failed, progressed, taken_back : callable
        Called through ``post`` with the result, the error, the share done (0-1), or nothing.
    post : callable
        Brings a call to the visitor's event loop; plots may only be touched there.
    """

    work: Callable[[Callable[[float], None], Callable[[], bool]], Any]
    done: Callable[[Any], None]
    post: Callable[[Callable[[], None]], None]
    failed: Callable[[Exception], None] = field(default=lambda error: LOG.error("%s", error))
    progressed: Callable[[float], None] = field(default=lambda share: None)
    taken_back: Callable[[], None] = field(default=lambda: None)
    started: float = 0.0
    seconds: float = 0.0

    def __post_init__(self):
        self._stop = threading.Event()
        self._told = 0.0

    def cancel(self) -> None:
        """Ask the run to stop; it does so at its next chunk."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Say whether the run was taken back."""
        return self._stop.is_set()

    def progress(self, share: float) -> None:
        """Tell the visitor how far the run is, a few times a second at most."""
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY and not self.cancelled():
            self._told = now
            self.post(lambda: self.progressed(share))

    def run(self) -> None:
        """Compute, and post what came of it."""
        self.started = self._told = time.monotonic()
        try:
            if self.cancelled():
                raise Cancelled
            result = self.work(self.progress, self.cancelled)
        except Cancelled:
            self.post(self.taken_back)
        except Exception as error:  # whatever went wrong belongs on the screen of the visitor who asked
            LOG.info("A run failed.", exc_info=True)
            self.post(lambda error=error: self.failed(error))
        else:
            self.seconds = time.monotonic() - self.started
            self.post(lambda: self.done(result))


class RunQueue:
    """A line of visitors before one worker; kernels spread over the cores from there.

    Parameters
    ----------
    name : str
        Of the worker.
    patient : bool
        Whether its kernels give way to those of other lines, since its runs take long.
    """

    def __init__(self, name: str, *, patient: bool = False):
        self.name = name
        self._manner = patiently if patient else contextlib.nullcontext
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, Job] = {}
        self._running: tuple[Hashable, Job] | None = None
        self._worker: threading.Thread | None = None

    def submit(self, visitor: Hashable, job: Job) -> None:
        """Queue ``job``; it replaces the visitor's waiting one, in its place in the line."""
        with self._changed:
            self._waiting[visitor] = job
            if self._running is not None:
                who, running = self._running
                if who == visitor and running.started and time.monotonic() - running.started > PATIENCE:
                    running.cancel()
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._serve, name=self.name, daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def withdraw(self, visitor: Hashable) -> None:
        """Drop the visitor's waiting run and stop the one that is being computed."""
        with self._changed:
            waiting = self._waiting.pop(visitor, None)
            if self._running is not None and self._running[0] == visitor:
                self._running[1].cancel()
        if waiting is not None:
            waiting.post(waiting.taken_back)

    def ahead_of(self, visitor: Hashable) -> int:
        """Count the other visitors who come before this one."""
        with self._changed:
            line = list(self._waiting)
            before = line.index(visitor) if visitor in line else 0
            return before + (self._running is not None and self._running[0] != visitor)

    def busy_with(self, visitor: Hashable) -> bool:
        """Say whether a run of this visitor waits or is being computed."""
        with self._changed:
            return visitor in self._waiting or (self._running is not None and self._running[0] == visitor)

    def _serve(self) -> None:
        """Take the first in line, compute, start again."""
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                visitor = next(iter(self._waiting))
                job = self._waiting.pop(visitor)
                self._running = (visitor, job)
            try:
                with self._manner():
                    job.run()
            finally:
                with self._changed:
                    self._running = None
                del job, visitor  # a waiting worker must not keep a session alive


LIVE = RunQueue("live runs")
"""Answers to sliders: milliseconds each."""

SLOW = RunQueue("slow runs", patient=True)
"""Towers, exports: seconds each, so they must not stand before a slider."""
