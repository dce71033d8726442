"""The cells about single threads: what they wait for outside, and whether they only ask."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import graph, threads, waits
from mpdiag.hang.answers import Answer, LockAnswer, ThreadAnswer
from mpdiag.hang.kernel import ThreadLook
from mpdiag.hang.scene import Scene
from mpdiag.watch.observation import Frame
from mpdiag.watch.procfs import Descriptor

LOOP = """\
def main(child):
    while child.is_alive():
        pass
    total = sum(range(9))
"""


def row(taken):
    """The row of the first thread."""
    scene = Scene(graph.draw(taken, waits.of(taken)), {})
    return threads.wait_row(scene.graph.waits[0], scene)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        ({"doing": "read", "argument": 5}, "descriptor 5 (/dev/pts/1)"),
        ({"doing": "several", "polled": (6,)}, "descriptor 6 (a socket)"),
        ({"doing": "several", "polled": (5, 6)}, None),
        ({"doing": "outside", "argument": 7}, None),
        ({"doing": "lock", "argument": 5}, None),
    ],
    ids=["terminal", "polled", "several", "closed meanwhile", "no descriptor"],
)
def test_what_a_thread_waits_for_outside_is_named(snapshot, look, expected):
    one = seen(1, thread(1, "read@app.py", main=True))
    sleeping = replace(ThreadLook(1, "S", "read", None, (), False, 5), **look)
    taken = snapshot(replace(one, look=replace(one.look, threads=(sleeping,))))
    opened = {1: [Descriptor(5, "/dev/pts/1", True, True), Descriptor(6, "socket:[9]", True, True)]}

    assert row(replace(taken, opened=opened))["target"] == expected


@pytest.mark.parametrize(
    ("awake", "before", "now", "expected"),
    [((1,), 2, 3, True), ((1,), 4, 2, False), ((1,), 2, 4, False), ((), 2, 2, False)],
    ids=["asks", "has begun to ask", "has its answer", "sleeps"],
)
def test_a_thread_only_asks(snapshot, tmp_path, awake, before, now, expected):
    (tmp_path / "job.py").write_text(LOOP)
    then, later = (
        ThreadAnswer(1, "main", False, True, (Frame(str(tmp_path / "job.py"), line, "main"),)) for line in (before, now)
    )
    one = replace(seen(1, later, awake=awake), before=Answer(threads=(then,)))

    assert row(snapshot(one))["asks"] is expected


@pytest.mark.parametrize(("awake", "expected"), [((), True), ((1,), False)])
def test_what_has_run_is_not_stuck_in_the_kernel(snapshot, awake, expected):
    one = seen(1, thread(1, "read@app.py", main=True), state="D", awake=awake)

    assert row(snapshot(one))["deep"] is expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["got@app.py", "_invoke_callbacks@futures/_base.py", "run@futures/process.py"], True),
        (["got@app.py", "_set@multiprocessing/pool.py", "_handle_results@multiprocessing/pool.py"], True),
        (["wait@multiprocessing/connection.py", "run@futures/process.py"], False),
        (["work@app.py", "run@futures/thread.py"], False),
    ],
    ids=["of an executor", "of a Pool", "waits for results", "a task"],
)
def test_callbacks_run_in_the_thread_that_brings_results(snapshot, calls, expected):
    assert row(snapshot(seen(1, thread(2, *calls))))["calls_back"] is expected


def test_what_acquire_takes_is_known_of_the_locks_that_its_process_tells(snapshot):
    calls = thread(
        1, "acquire@multiprocessing/synchronize.py", "work@app.py", things=((0, "lock", ("a", "SemLock"), None),)
    )
    taken = snapshot(seen(1, calls, locks=(LockAnswer("a", "Semaphore", 0, False, 0),)))

    assert row(taken)["tool"] == "Semaphore"


@pytest.mark.parametrize(
    ("inner", "expected"), [("_callmethod@multiprocessing/managers.py", "acquire"), ("f@x.py", None)]
)
def test_what_a_proxy_asks_of_its_manager(snapshot, inner, expected):
    calls = (inner, "acquire@multiprocessing/managers.py", "work@app.py")

    assert row(snapshot(seen(1, thread(1, *calls, main=True))))["proxy"] == expected
