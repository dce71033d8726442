"""Batches on real workers of every kind; what fails is denied, and nobody is left behind."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np  # noqa: F401 - it brings native threads
import pytest
from threadpoolctl import threadpool_info

from mpdiag.bench import CHILD_DEADLINE, Bench, DeadlineExceeded, Plan
from mpdiag.sizer import alone as one
from mpdiag.sizer import crews
from mpdiag.sizer.clocks import idle
from mpdiag.sizer.crews import Crews
from mpdiag.sizer.search import Denied
from mpdiag.sizer.settings import LOOP, PLAIN, THREADS, Setting
from mpdiag.sizer.subject import Subject

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
METHODS = multiprocessing.get_all_start_methods()


def nap(seconds):
    time.sleep(seconds)


def only_here(_item):
    if multiprocessing.parent_process():
        raise LookupError("this is elsewhere")


def endless(_item):
    time.sleep(60)


def opened(function, items, **plan):
    bench = Bench(Plan("size", budget_s=2.0, cpus=2, **plan))
    subject = Subject("app:f", function, tuple(items), True)
    alone = one.Alone(good=list(items), reference=[0.002] * len(items), wall=[0.002], cpu=[0.0])
    return Crews(bench, subject, alone, lambda *_doing: None)


@pytest.fixture(autouse=True)
def nobody_left():
    before, threads = set(multiprocessing.active_children()), set(threading.enumerate())
    yield
    assert set(multiprocessing.active_children()) <= before
    assert {each for each in threading.enumerate() if not each.daemon} <= threads


@pytest.mark.parametrize("setting", [PLAIN, Setting(THREADS, 4), *(Setting(method, 2, 5) for method in METHODS)])
def test_a_batch_on_each_kind(setting):
    with opened(nap, [0.002] * 7) as taken:
        batch = taken.run(3, setting, 20)

    assert (batch.round, batch.setting, batch.items) == (3, setting, 20)
    assert batch.work == pytest.approx(0.04)
    assert batch.wall >= 0.002 * 20 / setting.workers
    assert 0 < batch.free <= batch.wall
    assert (setting.crew in taken.costs) == (setting.kind != LOOP)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_what_a_process_holds_is_weighed():
    with opened(nap, [0.002]) as taken:
        batch = taken.run(0, Setting("spawn", 1), 2)

    assert 2**20 < taken.costs["spawn", 1, 0].own < 2**28
    assert batch.cpu is not None
    assert batch.ready is not None


@pytest.mark.parametrize("method", METHODS)
def test_what_raises_only_there_is_denied_with_the_reason(method):
    with opened(only_here, [1]) as taken, pytest.raises(Denied, match="LookupError: this is elsewhere"):
        taken.run(0, Setting(method, 1), 1)


def test_what_never_ends_is_denied_in_time(monkeypatch):
    monkeypatch.setattr(crews, "LATE_S", 0.5)
    begun = time.monotonic()
    with opened(endless, [1]) as taken, pytest.raises(Denied, match="gave no result within"):
        taken.run(0, Setting(METHODS[0], 1), 1)

    assert time.monotonic() - begun < 30


def test_workers_that_are_not_up_in_time_are_denied(monkeypatch):
    waited = []

    @contextmanager
    def opened_(_bench, _kind, _workers, staff):
        waited.append((staff.patience, staff.deadline))
        raise DeadlineExceeded("0 of 2 workers came up")
        yield

    monkeypatch.setattr(crews.pools, "opened", opened_)
    with opened(nap, [0.002]) as taken:
        taken.bench.clock = lambda: 100.0
        for until in (math.inf, 103.0):
            with pytest.raises(Denied, match="0 of 2 workers came up"):
                taken.run(0, Setting(METHODS[0], 2), 1, until)

    assert waited == [(CHILD_DEADLINE, crews.LATE_S), (3.0, 3.0)]


class Handed:
    """A clock that is set, and what time workers were given by it."""

    def __init__(self, monkeypatch):
        self.now, self.given = 100.0, []
        through = Crews._through

        def noted(crew, warm, items, chunk):
            self.given.append(warm.deadline)
            through(crew, warm, items, chunk)

        monkeypatch.setattr(Crews, "_through", noted)

    def __call__(self):
        return self.now


@pytest.mark.parametrize("kind", [THREADS, METHODS[0]])
@pytest.mark.parametrize(("left", "given"), [(math.inf, crews.LATE_S), (2.0, 2.0), (-1.0, crews.AT_LEAST)])
def test_workers_get_no_more_time_than_there_is_left(monkeypatch, kind, left, given):
    clock = Handed(monkeypatch)
    with opened(nap, [0.002]) as taken:
        taken.run(0, Setting(kind, 1), 1, math.inf)  # workers are up
        taken.bench.clock, clock.given = clock, []
        with suppress(Denied):  # when there is none, even a nap may be late
            taken.run(1, Setting(kind, 1), 1, clock.now + left)

    assert clock.given == [pytest.approx(given)]


def test_a_loop_of_long_calls_ends_when_there_is_no_time_left():
    calls = []
    with opened(calls.append, [0]) as taken:
        with pytest.raises(Denied, match="was not done within"):
            taken.run(0, PLAIN, 50, -math.inf)
        told = len(calls)
        taken._supply = itertools.cycle([(0, 1e-6)])
        taken.run(1, PLAIN, 50, -math.inf)  # of short ones a look at the clock would be a part

    assert (told, len(calls)) == (1, 51)


def limit(_item):
    return os.environ.get("OMP_NUM_THREADS"), [each["num_threads"] for each in threadpool_info()]


@pytest.mark.parametrize("method", METHODS)
def test_native_threads_are_limited_in_workers_alone(method):
    before = dict(os.environ)
    setting = Setting(method, 1, native=1)
    with opened(limit, [0]) as taken:
        taken.run(0, setting, 1)
        told = taken._open[setting.crew][0].handle.submit(limit, 0).result(30)

    assert told[0] == "1"
    assert set(told[1]) == {1}
    assert dict(os.environ) == before


@pytest.mark.parametrize("setting", [replace(PLAIN, native=1), Setting(THREADS, 2, native=1)])
def test_native_threads_are_limited_here_for_a_batch(setting):
    found = []

    def look(_item):
        found.extend(each["num_threads"] for each in threadpool_info())

    before = [each["num_threads"] for each in threadpool_info()]
    with opened(look, [0]) as taken:
        taken.run(0, setting, 4)

    assert set(found) == {1}
    assert [each["num_threads"] for each in threadpool_info()] == before


@pytest.mark.parametrize(("kind", "has"), [(LOOP, False), (THREADS, False), ("spawn", True)])
def test_without_threadpoolctl_only_new_interpreters_are_limited(monkeypatch, kind, has):
    monkeypatch.setattr(crews.native, "controllable", lambda: False)
    with opened(nap, [0.001]) as taken:
        if has:
            assert taken.run(0, Setting(kind, 1, native=1), 1).setting.native == 1
        else:
            with pytest.raises(Denied, match="takes threadpoolctl"):
                taken.run(0, Setting(kind, 1, native=1), 1)


def test_workers_of_no_interest_are_ended():
    setting = Setting(METHODS[0], 2)
    with opened(nap, [0.002]) as taken:
        taken.run(0, setting, 2)
        taken.close(setting)

        assert not [child for child in multiprocessing.active_children() if "Executor" in child.name]
        assert taken.run(1, setting, 2).round == 1


def test_what_can_do_the_work():
    bench = Bench(Plan("size"))

    assert crews.kinds(bench, sendable=False) == [THREADS]
    assert set(crews.kinds(bench, sendable=True)) >= {THREADS, "spawn"}


@pytest.mark.parametrize(
    ("setting", "idle", "usable", "others"),
    [
        (Setting("fork", 2), 0.4, 2.0, 1.0),  # two CPUs for a second, less 0.4 s idle, 0.1 s here and 0.5 s in workers
        (Setting(THREADS, 2), 0.4, 2.0, 1.5),  # the time of threads is that of this process
        (Setting("fork", 2), 1.9, 2.0, 0.0),  # clocks that disagree
        (Setting("fork", 2), 0.4, 0.5, None),  # a quota keeps it from CPUs that others may use
        (Setting("fork", 2), None, 2.0, None),
    ],
)
def test_what_others_had_is_what_is_neither_idle_nor_ours(setting, idle, usable, others):
    with opened(nap, [0.002], size={"usable_cpus": usable}) as taken:
        used = crews.Readings(0.1, 0.5, 0.0, idle, 2)

        assert taken._others(1.0, used, setting) == (others if others is None else pytest.approx(others))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of each CPU how long it was idle")
def test_the_idle_time_is_of_the_cpus_that_can_be_used():
    first = idle()
    time.sleep(0.05)
    later = idle()

    assert first[1] == later[1] == len(os.sched_getaffinity(0))
    assert 0 < first[0] <= later[0]


@pytest.mark.parametrize(
    ("held", "due", "workers", "stood"),
    [
        (0.1, 0.0, 2, 0.1),  # each of two workers was idle for 0.25 s, and not fed for 0.1 s of it
        (0.9, 0.0, 2, 0.25),  # what it waited while they were busy cost nothing
        (0.9, 0.0, 1, 0.0),
        (0.9, 0.4, 2, 0.05),  # half of the calls' time is waiting, which no CPU ends sooner
        (None, 0.0, 2, 0.0),
    ],
)
def test_workers_stand_still_while_nobody_hands_out(held, due, workers, stood):
    with opened(nap, [0.002]) as taken:
        taken._waiting = 1.0 if due else 0.0
        used = crews.Readings(0.1, 0.9, 0.6, 0.4, 2, held)

        assert taken._unfed(1.0, due, used, workers) == pytest.approx(stood)
