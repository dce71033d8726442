"""Batches on real workers of every kind; what fails is denied, and nobody is left behind."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time

import pytest

from mpdiag.bench import Bench, Plan
from mpdiag.sizer import alone as one
from mpdiag.sizer import crews
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
    assert ((setting.kind, setting.workers) in taken.costs) == (setting.kind != LOOP)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_what_a_process_holds_is_weighed():
    with opened(nap, [0.002]) as taken:
        batch = taken.run(0, Setting("spawn", 1), 2)

    assert 2**20 < taken.costs["spawn", 1].own < 2**28
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
