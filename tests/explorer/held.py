"""A page without a browser: what it posts to the event loop waits until a test lets it run, what it tells is kept."""

import contextlib
import queue
import time
from collections.abc import Callable

import pytest

__all__ = ["held", "settle"]


def held(page):
    """Let posted calls of a page wait for `settle`, as they wait for the event loop of a server; returns the page."""
    page.told, page.posted = [], queue.SimpleQueue()
    page.session._tell = lambda text, kind: page.told.append((kind, text))
    page.session.post = page.posted.put
    return page


def settle(page, until: Callable[[], object], seconds: float = 240.0) -> None:
    """Run what was posted until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(queue.Empty):
            page.posted.get(timeout=0.01)()
        if until():
            return
    pytest.fail(f"waited in vain; told: {page.told}")
