"""Search and download at NASA Earthdata, against a package and an archive that are made up and need no network."""

import sys
import types

import pytest
import requests
from click.testing import CliRunner

from data_catalog.earthdata import LOGIN_HOW, Found, Granule, fetch, search, sign_in
from explorer.earthdata_command import data
from models.kernel import Cancelled

MB = 1024 * 1024
FILES = {"SMAP_L3_SM_P_20150401.h5": b"a" * (3 * MB + 5), "SMAP_L3_SM_P_20150402.h5": b"b" * (MB + 1)}


class FakeGranule(dict):
    """As earthaccess gives a granule: its links, and its size in megabytes."""

    def data_links(self, access=None):
        assert access == "external"
        return self["links"]


class FakeAnswer:
    """As requests gives an answer."""

    def __init__(self, data, status, breaks_after=None):
        self.status_code, self._data, self._breaks = status, data, breaks_after
        self.headers = {"Content-Length": str(len(data))}

    def __enter__(self):
        return self

    def __exit__(self, *_what):
        return None

    def iter_content(self, chunk_size):
        for start in range(0, len(self._data), chunk_size):
            if self._breaks is not None and start >= self._breaks:
                msg = "connection lost"
                raise requests.exceptions.ChunkedEncodingError(msg)
            yield self._data[start : start + chunk_size]


class FakeArchive:
    """As a session of requests that is signed in; counts what it sends."""

    def __init__(self, status=200, breaks_after=None):
        self.status, self.breaks_after, self.asked = status, breaks_after, []

    def get(self, link, *, stream, timeout, headers):
        assert stream
        assert timeout
        name = link.rsplit("/", 1)[-1]
        self.asked.append((name, headers.get("Range", "")))
        if self.status >= 400:
            return FakeAnswer(b"", self.status)
        start = int(headers["Range"].removeprefix("bytes=").removesuffix("-")) if "Range" in headers else 0
        return FakeAnswer(FILES[name][start:], 206 if start else 200, self.breaks_after)


@pytest.fixture
def package(monkeypatch):
    """A package earthaccess that finds two granules."""
    fake = types.ModuleType("earthaccess")
    errors = types.ModuleType("earthaccess.exceptions")
    errors.LoginStrategyUnavailable = type("LoginStrategyUnavailable", (Exception,), {})
    errors.LoginAttemptFailure = type("LoginAttemptFailure", (Exception,), {})
    fake.exceptions, fake.asked, fake.archive = errors, [], FakeArchive()

    def search_data(count, **wanted):
        fake.asked.append(wanted)
        link = "https://archive.example/data/"
        return [
            FakeGranule(size=len(body) / MB, links=[f"{link}{name}.xml", f"{link}{name}", "s3://bucket/x.h5"])
            for name, body in reversed(FILES.items())
        ]

    fake.search_data = search_data
    fake.login = lambda strategy: types.SimpleNamespace(authenticated=True)
    fake.get_requests_https_session = lambda: fake.archive
    monkeypatch.setitem(sys.modules, "earthaccess", fake)
    monkeypatch.setitem(sys.modules, "earthaccess.exceptions", errors)
    return fake


def found() -> Found:
    return search("SPL3SMP", "2015-04-01", "2015-04-02", (-10, 40, 10, 55))


def test_a_search_tells_number_and_size_before_anything_is_fetched(package):
    result = found()
    assert package.asked == [
        {"short_name": "SPL3SMP", "version": "009", "temporal": ("2015-04-01", "2015-04-02"),
         "bounding_box": (-10.0, 40.0, 10.0, 55.0)}
    ]  # fmt: skip
    assert [granule.name for granule in result.granules] == list(FILES)
    assert result.size == sum(map(len, FILES.values()))
    assert result.words == "SPL3SMP: 2 files, 4 MB."
    assert not package.archive.asked


def test_files_are_fetched_with_progress_and_what_is_there_stays(package, tmp_path):
    told = []
    paths = fetch(found().granules, tmp_path, session=sign_in(), progress=lambda share, name: told.append(share))
    assert {path.name: path.read_bytes() for path in paths} == FILES
    assert told == sorted(told)
    assert told[-1] == 1.0
    archive = FakeArchive()
    fetch(found().granules, tmp_path, session=archive)
    assert not archive.asked


def test_a_fetch_that_is_ended_goes_on_where_it_stopped(package, tmp_path):
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        fetch(found().granules, tmp_path, session=FakeArchive(), cancelled=lambda: next(asked))
    assert not (tmp_path / next(iter(FILES))).exists()
    archive = FakeArchive()
    paths = fetch(found().granules, tmp_path, session=archive)
    assert archive.asked[0][1] == f"bytes={2 * MB}-"
    assert {path.name: path.read_bytes() for path in paths} == FILES


def test_a_fetch_that_breaks_off_says_so_and_goes_on(package, tmp_path):
    with pytest.raises(ConnectionError, match=r"broke off.*goes on from there"):
        fetch(found().granules, tmp_path, session=FakeArchive(breaks_after=MB))
    paths = fetch(found().granules, tmp_path, session=FakeArchive())
    assert {path.name: path.read_bytes() for path in paths} == FILES


def test_a_refusal_a_full_disk_and_a_broken_archive_are_said_plainly(package, tmp_path, monkeypatch):
    with pytest.raises(PermissionError, match="accept the agreement"):
        fetch(found().granules, tmp_path, session=FakeArchive(status=403))
    with pytest.raises(ConnectionError, match="503"):
        fetch(found().granules, tmp_path, session=FakeArchive(status=503))
    with pytest.raises(OSError, match="MB left"):
        fetch([Granule("x.h5", "https://archive.example/x.h5", 1 << 60)], tmp_path, session=FakeArchive())


def test_without_package_login_or_network_one_line_says_what_to_do(package, monkeypatch):
    def absent(strategy):
        raise package.exceptions.LoginStrategyUnavailable

    monkeypatch.setattr(package, "login", absent)
    with pytest.raises(PermissionError, match="no Earthdata login") as error:
        sign_in()
    assert str(error.value) == LOGIN_HOW

    def refused(strategy):
        msg = "wrong password"
        raise package.exceptions.LoginAttemptFailure(msg)

    monkeypatch.setattr(package, "login", refused)
    with pytest.raises(PermissionError, match="refuses the login: wrong password"):
        sign_in()

    def cut_off(count, **wanted):
        msg = "no route to host"
        raise requests.exceptions.ConnectionError(msg)

    monkeypatch.setattr(package, "search_data", cut_off)
    with pytest.raises(ConnectionError, match="on the network"):
        found()
    monkeypatch.setitem(sys.modules, "earthaccess", None)
    with pytest.raises(ImportError, match="pip install"):
        found()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("SPL3SMP", "2015-04-31", "2015-05-02", None), "no day"),
        (("SPL3SMP", "2015-05-02", "2015-05-01", None), "ends"),
        (("../etc", "2015-05-01", "2015-05-02", None), "short_name"),
        (("SPL3SMP", "2015-05-01", "2015-05-02", (10, 40, -10, 55)), "west < east"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_before_it_is_sent(package, asked, words):
    with pytest.raises(ValueError, match=words):
        search(*asked)
    assert not package.asked


def test_a_search_that_finds_too_much_is_refused(package):
    with pytest.raises(ValueError, match="2 granules or more"):
        search("SPL3SMP", "2015-04-01", "2015-04-02", most=2)


def test_a_link_leads_nowhere_but_into_the_folder(package, tmp_path, monkeypatch):
    links = [
        "https://archive.example/a/..%2f..%2fevil.h5",
        "http://plain.example/x.h5",
        "https://archive.example/x.txt",
    ]
    answers = [FakeGranule(size=0.0, links=[link]) for link in links]
    monkeypatch.setattr(package, "search_data", lambda count, **wanted: answers)
    assert [granule.name for granule in found().granules] == ["evil.h5"]


def test_the_command_says_number_and_size_asks_and_fetches(package, tmp_path):
    period = ["SPL3SMP", "--from", "2015-04-01", "--to", "2015-04-02"]
    said = CliRunner().invoke(data, ["search", *period])
    assert "2 files, 4 MB" in said.output
    into = ["--into", str(tmp_path / "smap")]
    refused = CliRunner().invoke(data, ["download", *period, *into], input="n\n")
    assert refused.exit_code == 0
    assert not (tmp_path / "smap").exists()
    taken = CliRunner().invoke(data, ["download", *period, *into, "--yes"])
    assert taken.exit_code == 0, taken.output
    assert {path.name for path in (tmp_path / "smap").iterdir()} == set(FILES)
