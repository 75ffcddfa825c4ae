"""Work over the cores: all of it, in order, and no more than is wanted."""

import os
import sys
import threading

import numpy as np
import pytest

from models.kernel import THREADS, Cancelled, patiently, spread


@pytest.mark.parametrize(("count", "chunk"), [(1, 0), (7, 3), (1000, 0), (16, 16), (5, 100)])
def test_every_block_is_worked_on_once(count, chunk):
    seen = np.zeros(count, int)
    spread(lambda first, last: seen.__setitem__(slice(first, last), seen[first:last] + 1), count, chunk=chunk)
    np.testing.assert_array_equal(seen, 1)


def test_nothing_to_do_is_done():
    spread(lambda first, last: pytest.fail("called"), 0)


def test_progress_rises_to_one():
    told = []
    spread(lambda first, last: None, 10, chunk=3, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_run_taken_back_stops_before_the_next_chunk():
    done = []
    with pytest.raises(Cancelled):
        spread(lambda first, last: done.append(first), 1000, chunk=1, cancelled=lambda: len(done) >= 5)
    assert 5 <= len(done) <= 5 + THREADS


def test_an_error_of_a_chunk_reaches_the_caller():
    def work(first: int, last: int) -> None:
        msg = f"chunk {first}"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="chunk 0"):
        spread(work, 4, chunk=1)


def test_work_is_done_by_the_threads_of_the_pool():
    names = set()
    spread(lambda first, last: names.add(threading.current_thread().name), 64, chunk=1)
    assert all(name.startswith("kernel") for name in names)


def test_a_patient_thread_is_served_by_threads_that_give_way():
    """A long run takes no place in the line of what is waited for, and leaves its cores to it."""
    seen: dict[str, int] = {}

    def note(_first, _last):
        seen[threading.current_thread().name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with patiently():
        spread(note, 8, chunk=1)
        with patiently():
            pass
        spread(note, 8, chunk=1)
    assert all(name.startswith("patient kernel") for name in seen)
    if sys.platform == "linux":
        assert min(seen.values()) > os.getpriority(os.PRIO_PROCESS, 0)
    seen.clear()
    spread(note, 8, chunk=1)
    assert not any(name.startswith("patient") for name in seen)


def test_a_quick_run_waits_for_no_chunk_of_a_patient_one():
    free, waiting = threading.Event(), threading.Barrier(THREADS + 1)

    def hold(_first, _last):
        waiting.wait(10)
        free.wait(10)

    def long_run():
        with patiently():
            spread(hold, THREADS, chunk=1)

    run = threading.Thread(target=long_run)
    run.start()
    waiting.wait(10)
    done = []
    spread(lambda first, last: done.append(first), 4 * THREADS, chunk=1)
    assert sorted(done) == list(range(4 * THREADS))
    free.set()
    run.join()
