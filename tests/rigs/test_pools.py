"""Warm pools: all workers up, what breaks is said, nobody is left behind."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from contextlib import suppress

import pytest

from mpdiag import work
from mpdiag.bench import Bench, DeadlineExceeded, Plan
from mpdiag.rigs import pools
from mpdiag.rigs.pools import EXECUTOR, POOL, THREADS, Pools, Staff, Warm

# Forked workers of this test inherit pytest's threads; that is what is told here, and nothing else.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def bench():
    before, threads = set(multiprocessing.active_children()), set(threading.enumerate())
    yield Bench(Plan(probe="pools", budget_s=1.0, cpus=2))
    assert set(multiprocessing.active_children()) <= before
    assert set(threading.enumerate()) <= threads


@pytest.mark.parametrize("kind", [EXECUTOR, POOL])
def test_every_process_is_up_and_then_gone(bench, kind):
    with pools.opened(bench, kind, 3) as warm:
        pids = [process.pid for process in warm.processes]

        assert len(set(pids)) == 3
        assert warm.start_s > 0
        assert warm.map(work.busy, [10, 20]) == [work.busy(10), work.busy(20)]
    assert not {child.pid for child in multiprocessing.active_children()} & set(pids)


def test_threads_are_up_and_have_no_cpu_time_of_their_own(bench):
    with pools.opened(bench, THREADS, 4) as warm:
        assert threading.active_count() >= 5
        assert warm.processes == ()
        assert warm.cpu() is None


def test_what_the_parent_does_to_a_pool_under_its_guard(bench):
    with Pools(bench) as opened, opened.warm(EXECUTOR, 2).guarded() as handle:
        assert opened.warm(EXECUTOR, 2).handle is handle


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells another process's CPU time")
def test_cpu_time_of_the_workers(bench):
    with pools.opened(bench, EXECUTOR, 2) as warm:
        before = warm.cpu()
        got = warm.map(work.burn, [0.05, 0.05])
        after = warm.cpu()

    assert sum(got) <= after - before <= sum(got) + 0.05


def test_a_killed_worker_breaks_the_executor_once_and_for_all(bench):
    with pools.opened(bench, EXECUTOR, 2) as warm:
        warm.processes[0].kill()
        with pytest.raises(OSError, match="broke"), warm.guarded() as handle:
            handle.submit(work.wait, 1.0).result(10)
        with pytest.raises(OSError, match="broke"), warm.guarded():
            pytest.fail("a broken pool was handed out")


def test_a_late_result_is_a_deadline(bench):
    with pools.opened(bench, POOL, 1) as warm:
        with pytest.raises(DeadlineExceeded), warm.guarded() as handle:
            handle.apply_async(work.wait, (5.0,)).get(0.01)
        assert warm.broken
    # Leaving ends the worker in the middle of its task.


@pytest.mark.parametrize("kind", [EXECUTOR, THREADS])
def test_workers_that_do_not_come_up_in_time_are_not_waited_for(bench, kind):
    staff = Staff(patience=-1.0)

    with (
        pytest.raises(DeadlineExceeded, match="0 of 2 workers came up within -1 s"),
        pools.opened(bench, kind, 2, staff),
    ):
        pass


def test_a_pool_whose_lock_died_with_a_worker_is_closed_all_the_same(monkeypatch):
    """An idle worker holds the lock of the task queue; which one that is, is not known: most likely one of the two."""
    monkeypatch.setattr(pools, "BATCH_DEADLINE", 0.5)
    begun = time.monotonic()
    for victim in (0, 1):
        with pools.opened(Bench(Plan(probe="pools")), POOL, 2) as warm:
            warm.processes[victim].kill()
            warm.processes[victim].join()
            with suppress(DeadlineExceeded), warm.guarded():
                warm.map(work.busy, [1] * 10)
        assert not any(process.is_alive() for process in warm.processes)
    assert time.monotonic() - begun < 2 * (0.5 + pools.CHILD_DEADLINE)


def test_a_stubborn_worker_is_killed_when_its_time_is_up(bench, monkeypatch):
    monkeypatch.setattr(pools, "CHILD_DEADLINE", 0.3)
    begun = time.monotonic()
    with pools.opened(bench, EXECUTOR, 1) as warm:
        warm.handle.submit(work.wait, 60.0)
        time.sleep(0.05)
    assert time.monotonic() - begun < 30
    assert not any(process.is_alive() for process in warm.processes)


def test_a_denied_pool_is_not_tried_again(bench, monkeypatch):
    tries = []

    def deny(*_args):
        tries.append(1)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pools, "create", deny)
    with Pools(bench) as opened:
        for _ in range(2):
            with pytest.raises(OSError, match="can't start new thread"):
                opened.warm(THREADS, 2)
    assert tries == [1]


def test_a_batch_is_told_per_task(bench):
    with Pools(bench) as opened:
        samples = bench.measure({"case": opened.batches(EXECUTOR, 2, hand_out)}, share=0.2, most=3)

    assert {"task", "parent"} <= set(samples["case"])
    assert all(value >= 0 for values in samples["case"].values() for value in values)
    # Ten tasks of 2 ms on two workers take 10 ms at least.
    assert all(value >= 0.001 for value in samples["case"]["task"])


def hand_out(warm: Warm) -> int:
    warm.map(work.wait, [0.002] * 10)
    return 10


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        (EXECUTOR, pools.submit_all),
        (EXECUTOR, lambda *args: pools.map_by(3, *args)),
        (THREADS, pools.submit_all),
        (POOL, lambda *args: pools.map_by(3, *args)),
        (POOL, lambda *args: pools.map_by(None, *args)),
        (POOL, lambda *args: pools.iterate("imap", *args)),
        (POOL, lambda *args: pools.iterate("imap_unordered", *args)),
        (POOL, pools.apply_each),
        (POOL, pools.apply_all),
    ],
)
def test_each_way_does_every_task(bench, tmp_path, kind, way):
    paths = [str(tmp_path / str(number)) for number in range(7)]
    with pools.opened(bench, kind, 2) as warm:
        way(warm, os.mkdir, paths)

    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(7)]
