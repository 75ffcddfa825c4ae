"""One server and one browser for all tests here; every visitor is a tab of a context of its own."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.driver import Visitor, chromium_browser, sync_playwright
from tests.browser.server import Server, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands here, so that `-m "not browser"` leaves it out.

    A browser, a server and the tests share two cores: a test that ran out of patience is tried once more, and the
    summary counts it as rerun.
    """
    for item in items:
        if "/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))


# Of the package, not of the session: the browser's event loop must end before tests that have their own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        started = chromium_browser(playwright, chromium)
        yield started
        started.close()


@pytest.fixture(scope="package")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with both worlds ready, in the user's own cache."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        started.wait_until_ready()
        started.wait_for_land()
        yield started


@pytest.fixture
def visit(browser, server: Server) -> Iterator[Callable[..., Visitor]]:
    """Open the page: ``visit(query, width=..., height=...)``; afterwards nobody may have asked a stranger."""
    visitors = []

    def come(query: str = "", *, page: str = "carbon", drawn: bool = True, at: Server = server, **options) -> Visitor:
        visitors.append(Visitor(browser, at.url, **options))
        return visitors[-1].open(query, page=page, drawn=drawn)

    yield come
    strangers = [address for visitor in visitors for address in visitor.strangers]
    errors = [error for visitor in visitors for error in visitor.errors]
    for visitor in visitors:
        visitor.close()
    assert not strangers, "The page asked beyond this machine."
    assert not errors, "The console holds errors."
