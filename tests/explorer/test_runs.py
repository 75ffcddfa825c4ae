"""The line before the engine: newest wish of each visitor, visitors in turn, cancel that works."""

import functools
import gc
import threading
import time
import weakref

import pytest

from explorer import runs
from explorer.runs import Job, RunQueue
from models.kernel import Cancelled


@pytest.fixture
def queue():
    return RunQueue("test")


def wait(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


class Gate:
    """A run that holds the worker until it is let go."""

    def __init__(self):
        self.running, self.free = threading.Event(), threading.Event()

    def __call__(self, progress, cancelled):
        self.running.set()
        while not self.free.wait(0.002):
            if cancelled():
                raise Cancelled
        return "gate"


def job(result, log, **more):
    return Job(work=lambda progress, cancelled: result, done=log.append, post=lambda call: call(), **more)


def test_only_the_newest_wish_of_a_visitor_is_computed(queue):
    gate, log = Gate(), []
    queue.submit("ann", Job(work=gate, done=log.append, post=lambda call: call()))
    gate.running.wait(5)
    for value in range(50):
        queue.submit("ann", job(value, log))
    gate.free.set()
    wait(lambda: len(log) == 2)
    time.sleep(0.02)
    assert log == ["gate", 49]


def test_a_newer_wish_keeps_its_place_and_visitors_take_turns(queue):
    gate, log = Gate(), []
    queue.submit("gate", Job(work=gate, done=lambda result: None, post=lambda call: call()))
    gate.running.wait(5)
    queue.submit("ann", job("ann 1", log))
    queue.submit("ben", job("ben 1", log))
    queue.submit("ann", job("ann 2", log))
    queue.submit("eve", job("eve 1", log))
    assert queue.ahead_of("eve") == 3
    gate.free.set()
    wait(lambda: len(log) == 3)
    assert log == ["ann 2", "ben 1", "eve 1"]


def test_a_visitor_who_keeps_dragging_does_not_hold_the_others_up(queue):
    log = []

    def drag(progress, cancelled):
        time.sleep(0.005)
        if len(log) < 1000:
            queue.submit("ann", Job(work=drag, done=log.append, post=lambda call: call()))
        return "ann"

    queue.submit("ann", Job(work=drag, done=log.append, post=lambda call: call()))
    wait(lambda: len(log) >= 2)
    before = len(log)
    queue.submit("ben", job("ben", log))
    wait(lambda: "ben" in log)
    # Ann may finish the run that is on and one that stood in line already.
    assert log.index("ben") - before <= 2
    log.extend(["end"] * 1000)


def test_cancel_stops_the_running_and_drops_the_waiting(queue):
    gate, log = Gate(), []
    taken = []
    queue.submit("ann", Job(work=gate, done=log.append, post=lambda call: call(), taken_back=lambda: taken.append(1)))
    gate.running.wait(5)
    queue.submit("ann", job("waiting", log, taken_back=lambda: taken.append(2)))
    queue.submit("ben", job("ben", log))
    queue.withdraw("ann")
    wait(lambda: log == ["ben"] and sorted(taken) == [1, 2])
    assert not queue.busy_with("ann")


def test_a_long_run_that_is_out_of_date_is_dropped(queue, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", 0.01)
    gate, log = Gate(), []
    queue.submit("ann", Job(work=gate, done=log.append, post=lambda call: call()))
    gate.running.wait(5)
    time.sleep(0.03)
    queue.submit("ann", job("new", log))
    wait(lambda: log == ["new"])


def test_an_error_goes_to_the_one_who_asked_and_the_line_goes_on(queue):
    log, errors = [], []

    def broken(progress, cancelled):
        msg = "vpd = 3 kPa"
        raise ValueError(msg)

    queue.submit("ann", Job(work=broken, done=log.append, post=lambda call: call(), failed=errors.append))
    queue.submit("ben", job("ben", log))
    wait(lambda: log == ["ben"])
    assert [str(error) for error in errors] == ["vpd = 3 kPa"]


def test_progress_is_told_a_few_times_a_second_and_not_for_quick_runs(queue):
    shares, log = [], []

    def quick(progress, cancelled):
        for share in range(100):
            progress(share / 100)
        return "quick"

    queue.submit("ann", Job(work=quick, done=log.append, post=lambda call: call(), progressed=shares.append))
    wait(lambda: log)
    assert shares == []


def test_a_finished_run_keeps_no_visitor_alive(queue):
    class Visitor:
        def done(self, result):
            self.result = result

    visitor = Visitor()
    queue.submit("ann", Job(work=lambda p, c: 1, done=visitor.done, post=lambda call: call()))
    wait(functools.partial(hasattr, visitor, "result"))
    wait(lambda: not queue.busy_with("ann"))
    alive = weakref.ref(visitor)
    del visitor
    gc.collect()
    assert alive() is None
