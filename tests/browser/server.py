"""The app as a user starts it: a process of its own, on a free port."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "free_port", "serving"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen
    log: Path

    @property
    def health(self) -> dict:
        """What the server says of itself; an error while nobody listens."""
        with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
            return json.load(answer)

    def wait_until_ready(self, grids: tuple[str, ...] = ("108km", "36km"), seconds: float = 240.0) -> None:
        """Wait until these grids are made, compiled and opened."""
        self._wait(lambda: set(grids) <= set(self.health["grids"]), f"grids {', '.join(grids)}", seconds)

    def wait_for_land(self, seconds: float = 240.0) -> None:
        """Wait until the land surface model is compiled."""
        self._wait(lambda: self.health["land"] == "ready", "land surface model", seconds)

    def wait_until_alone(self, visitors: int = 0, seconds: float = 60.0) -> None:
        """Wait until the sessions of closed tabs are forgotten."""
        self._wait(lambda: self.health["visitors"] <= visitors, f"at most {visitors} visitors", seconds)

    def _wait(self, done, what: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        state: dict | str = "no answer"
        while time.monotonic() < end:
            if self.process.poll() is not None:
                msg = f"The server ended with status {self.process.returncode}:\n{self.log.read_text()[-3000:]}"
                raise RuntimeError(msg)
            try:
                if done():
                    return
                state = self.health
            except OSError as error:
                state = str(error)
            time.sleep(0.1)
        msg = f"No {what} within {seconds:g} s: {state}\n{self.log.read_text()[-3000:]}"
        raise TimeoutError(msg)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@contextmanager
def serving(folder: Path, cache: Path | None = None, *options: str) -> Iterator[Server]:
    """Start ``python launch.py serve``, and end it.

    Parameters
    ----------
    folder : Path
        Where what the server writes to its streams is kept.
    cache : Path, optional
        The user's cache of this server; an empty folder makes it the first start ever. Without it, the user's own.
    options : str
        Of the command line.
    """
    port = free_port()
    environment = dict(os.environ)
    if cache is not None:
        environment["XDG_CACHE_HOME"] = str(cache)
    log = folder / f"server-{port}.log"
    command = [sys.executable, "launch.py", "serve", "--no-show", "--port", str(port), *options]
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield Server(f"http://localhost:{port}", process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
