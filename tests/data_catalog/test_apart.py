"""Strangers' binary files are opened by a process that may hang or end, and nothing else does."""

import os
import signal

import numpy as np
import pytest

from data_catalog import CATALOG, apart, scan_cache
from data_catalog.datasets import vodca
from data_catalog.datasets.fluxnet_example import write_example as write_tower
from data_catalog.scan import examine, scan

# What a damaged file makes of a library: it runs for ever and holds the interpreter, or it reaches where nothing is.
HOSTILE = """
import sys; sys.path[:] = sys.argv[2:]
import ctypes, itertools, collections
from data_catalog import apart_child
from data_catalog.entry import FileEntry
def look(path, scan=""):
    if path.endswith("hang.nc"): collections.deque(itertools.count(), maxlen=0)
    if path.endswith("crash.nc"): ctypes.string_at(0)
    if path.endswith("bomb.nc"): bytearray(10**12)
    return FileEntry(product="vodca").as_json()
apart_child.JOBS["look"] = apart_child.JOBS["trial"] = look
apart_child.prepare = lambda job: None
apart_child.main(1.0)
"""


@pytest.fixture(autouse=True)
def own_process(monkeypatch, tmp_path_factory):
    """Begin with no process, and leave none that was told to misbehave."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(scan_cache.platformdirs, "user_cache_dir", lambda _: str(folder))
    apart.end_all()
    yield
    apart.end_all()


@pytest.fixture
def hostile(monkeypatch):
    monkeypatch.setattr(apart, "_START", HOSTILE)


def test_a_file_that_hangs_or_ends_the_library_is_told_and_the_others_are_read(tmp_path, hostile):
    names = ("a.nc", "b-hang.nc", "c.nc", "d-crash.nc", "e-bomb.nc", "f.nc")
    for name in names:
        vodca.write_example(tmp_path / name)
    rows = {row.shown: row for row in scan(tmp_path)}
    assert list(rows) == list(names)
    assert all(rows[name].product == "vodca" and not rows[name].problem for name in ("a.nc", "c.nc", "f.nc"))
    assert "longer than 30 s and was stopped" in rows["b-hang.nc"].problem
    assert "broke down (signal" in rows["d-crash.nc"].problem
    assert "more than fits into memory" in rows["e-bomb.nc"].problem


def test_a_file_is_tried_before_it_is_opened_here(tmp_path, hostile):
    vodca.write_example(tmp_path / "hang.nc")
    assert "was stopped" in examine(tmp_path / "hang.nc").problem
    with pytest.raises(ValueError, match=r"hang.nc: .*was stopped"):
        CATALOG["vodca"].load(tmp_path / "hang.nc")


def test_a_file_that_was_tried_is_tried_again_when_it_changes(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(apart, "ask", lambda *order: asked.append(order))
    vodca.write_example(tmp_path / "v.nc")
    for _ in range(2):
        CATALOG["vodca"].load(tmp_path / "v.nc").close()
    assert len(asked) == 1
    os.utime(tmp_path / "v.nc", (1e9, 1e9))
    CATALOG["vodca"].load(tmp_path / "v.nc").close()
    assert len(asked) == 2


def test_a_process_that_was_killed_while_nobody_needed_it_is_started_again(tmp_path, hostile):
    vodca.write_example(tmp_path / "v.nc")
    assert examine(tmp_path / "v.nc").product == "vodca"
    with apart.file_reader() as reader:
        os.kill(reader.pid, signal.SIGKILL)
    assert examine(tmp_path / "v.nc").product == "vodca"


def test_a_process_that_does_not_start_is_an_error_of_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "_START", "raise SystemExit(3)")
    vodca.write_example(tmp_path / "v.nc")
    with pytest.raises(RuntimeError, match=r"does not start \(it ended with 3\)"):
        examine(tmp_path / "v.nc")


def test_a_scan_that_is_cancelled_leaves_no_work_behind(tmp_path, hostile):
    for k in range(6):
        vodca.write_example(tmp_path / f"{k}.nc")
    write_tower(tmp_path / "FLX_XX-Tst_FLUXNET2015_SUBSET_DD_2001-2001_1-4.csv", days=30)
    asked = []
    rows = scan(tmp_path, cache=False, cancelled=lambda: asked.append(1) or len(asked) > 4)
    assert len(rows) < 7
    with apart.file_reader() as reader:
        assert reader.left == 0
    assert [row.problem for row in scan(tmp_path, cache=False)][:6] == [""] * 6


def test_values_pass_the_trial_unchanged(tmp_path):
    vodca.write_example(tmp_path / "v.nc")
    with CATALOG["vodca"].load(tmp_path / "v.nc") as ds:
        assert np.isfinite(ds["vod"].to_numpy()).any()
