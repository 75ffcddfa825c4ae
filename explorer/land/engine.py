"""The compiled land surface model of this process: made in the background when a server starts, never at a click."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import numba

from explorer.worlds import Stage, search_path

__all__ = ["ENGINE", "Engine", "compile_land", "is_land_compiled"]

LOG = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds between two looks at whether the first world is ready, which comes first."""


def _mark() -> Path:
    """Return the file that says that the land model's kernels beside it are complete."""
    return Path(numba.config.CACHE_DIR) / "complete-land"


def is_land_compiled() -> bool:
    """Whether the kernels of the land surface model are found compiled."""
    return _mark().is_file()


def compile_land() -> None:
    """Call every kernel that the pages Land and Assimilation may call, so that it is compiled and kept."""
    # Their weather and towers need not start with the server.
    from explorer.assimilation import runs as assimilation_runs
    from explorer.land import question as land_question

    land_question.warm()
    assimilation_runs.warm()
    _mark().parent.mkdir(parents=True, exist_ok=True)
    _mark().touch()


class Engine:
    """Whether the land surface model can run without compiling first, and the child process that compiles it."""

    def __init__(self):
        self._stage = Stage()
        self._child: subprocess.Popen | None = None
        self._stopped = threading.Event()

    @property
    def stage(self) -> Stage:
        """What is being prepared now; nothing where nobody has started, as in a test."""
        return self._stage

    def start(self, worlds=None) -> None:
        """Compile in a process of its own once the first world is there, then load what was compiled."""
        if self._stage.busy:
            return
        self._stopped.clear()
        self._stage = Stage("land", "Compiling the land surface model (once)", 0.05)
        threading.Thread(target=self._prepare, args=(worlds,), name="prepare land", daemon=True).start()

    def stop(self) -> None:
        """End the preparation; the first run then compiles."""
        self._stopped.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def _prepare(self, worlds) -> None:
        try:
            if not is_land_compiled():
                while worlds is not None and worlds.stage.busy and not worlds.ready and not self._stopped.is_set():
                    self._stopped.wait(PATIENCE)
                if self._stopped.is_set():
                    self._stage = Stage()
                    return
                self._stage = Stage("land", self._stage.text, 0.3)
                self._compile()
            self._stage = Stage("land", "Loading the land surface model", 0.9)
            if not self._stopped.is_set():
                compile_land()
        except Exception as error:  # a thread has nobody above it: the page shows what went wrong
            LOG.exception("The land surface model could not be compiled.")
            self._stage = Stage("land", self._stage.text, 0.0, f"{error}")
        else:
            self._stage = Stage()

    def _compile(self) -> None:
        """Run the child; what it says of a failure is the failure."""
        environment = {**os.environ, "PYTHONPATH": search_path()}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "explorer.prepare", "land"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        _, said = self._child.communicate()
        if self._child.returncode and not self._stopped.is_set():
            raise RuntimeError(said.strip().rsplit("\n", 1)[-1] or "The process that compiles it ended early.")


ENGINE = Engine()
"""The land surface model of this process."""
