"""The server: routes, options, health, the login page, and sessions that end when their tab is closed."""

import contextlib
import gc
import json
import socket
import threading
import time
import urllib.error
import urllib.request
import weakref

import panel as pn
import pytest
from bokeh.client import pull_session

from explorer import app
from explorer.pages import PAGES
from explorer.pages.carbon import CarbonPage
from explorer.session import visitors
from explorer.upstream import decouple_busy

BUILT = []


@pytest.fixture
def server(worlds, monkeypatch):
    """Serve the app from a thread, on the small world, with sessions that are forgotten at once."""
    BUILT.clear()

    def build(page):
        location = pn.state.location
        made = page(location.search.removeprefix("?") if location is not None else "", worlds)
        BUILT.append(weakref.ref(made.session))
        return made.page

    monkeypatch.setattr(app, "build_page", build)
    app.set_up()
    options = app.server_options(0, "localhost")
    options["unused_session_lifetime_milliseconds"] = 1
    options["check_unused_sessions_milliseconds"] = 50
    pn.serve(app.routes(), threaded=True, show=False, start=True, **options)
    url = f"http://localhost:{options['port']}"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{url}/health", timeout=2)
            break
        time.sleep(0.05)
    yield url
    pn.state.kill_all_servers()


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.geturl(), answer.read().decode()


def wait(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_health_page_and_redirect(server):
    _, text = get(f"{server}/health")
    health = json.loads(text)
    assert health["alive"] is True
    assert set(health) == {"alive", "grids", "preparing", "share", "failed", "land", "visitors"}
    assert get(f"{server}/liveness")[1]
    url, page = get(f"{server}/?GRS.lue_max=1.9")
    assert url == f"{server}/{PAGES[0].slug}?GRS.lue_max=1.9"
    assert "Land Carbon Explorer" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_a_visitor_who_leaves_is_forgotten_and_counted_out(server, page):
    before = visitors()
    held = [pull_session(url=f"{server}/{page.slug}") for _ in range(2)]
    wait(lambda: len(BUILT) >= 2)
    assert visitors() >= before + 2
    for session in held:
        session.close()
    del held, session
    wait(lambda: visitors() == before)

    def forgotten():
        gc.collect()
        return not [1 for alive in BUILT if alive() is not None]

    wait(forgotten)


def test_only_this_machine_may_connect_unless_more_is_asked_for():
    options = app.server_options(5006, "localhost")
    assert options["websocket_origin"] == ["localhost:5006", "127.0.0.1:5006"]
    options = app.server_options(5006, "0.0.0.0", origins=["carbon.example.org"])
    assert options["websocket_origin"] == ["localhost:5006", "127.0.0.1:5006", "carbon.example.org"]


def test_traffic_is_compressed_and_unused_sessions_end():
    options = app.server_options(5006, "localhost")
    assert options["websocket_compression_level"] == 1
    assert options["unused_session_lifetime_milliseconds"] <= 15_000
    assert options["websocket_max_message_size"] >= 50 * 2**20


def test_a_password_brings_a_cookie_secret_and_a_page_that_needs_no_network():
    options = app.server_options(5006, "localhost", basic_auth="secret")
    assert len(options["cookie_secret"]) >= 32
    assert options["cookie_secret"] != app.server_options(5006, "localhost", basic_auth="secret")["cookie_secret"]
    text = app.LOGIN.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "")
    assert "{{ login_endpoint }}" in text
    assert "errormessage|escape" in text


@pytest.mark.parametrize("port", [-1, 70_000, "5006"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ValueError, match="port"):
        app.server_options(port, "localhost")


def test_a_taken_port_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(app.WORLDS, "start", lambda: None)
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        with pytest.raises(OSError, match="--port"):
            app.serve(port=taken.getsockname()[1], show=False)


def test_busy_flags_of_other_visitors_do_not_reach_a_page(worlds):
    page = CarbonPage("", worlds)
    decouple_busy(page.page)
    seen = []
    page.page.param.watch(lambda event: seen.append(event.new), "busy")
    with pn.util.edit_readonly(pn.state):
        pn.state.busy = True
        pn.state.busy = False
    assert seen == []
    page.session.close()


def test_no_thread_of_ours_outlives_its_process():
    names = ("live runs", "slow runs", "prepare worlds")
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in names)
