"""What every test may ask for: the reference numbers, the browser."""

import os
import shutil
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def absent(what: str) -> None:
    """Skip and say why; in CI, where nothing may be missing, fail."""
    if IN_CI:
        pytest.fail(f"{what} In CI this may not be missing.")
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference numbers and real observations that stands beside the project."""
    if not SHARED.is_dir():
        absent(f"The reference numbers are not here: no folder {SHARED.name}/ beside the project.")
    return SHARED


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; browser tests drive it without a window."""
    path = os.environ.get("CHROMIUM") or next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        absent("No Chromium is installed: install the system's package `chromium`, or set CHROMIUM to its path.")
    return path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Give what drives a browser to one worker, since it shares a server; the other takes file after file."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::", 1)[0]

    return Scheduler(config, log)
