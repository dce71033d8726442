"""What a thread waits for where the kernel tells its function, but not the system call's arguments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import waits
from mpdiag.hang.answers import Answer, QueueAnswer
from mpdiag.hang.kernel import End, ThreadLook
from mpdiag.watch.observation import Frame
from mpdiag.watch.procfs import Descriptor

READS, WRITES, RECEIVES = ("read", "pipe_read"), ("write", "pipe_write"), ("read", "unix_stream_read_generic")


def end(name: str, mode: str, socket: bool = False) -> End:
    return End(name, 1, 3, "r" in mode, "w" in mode, socket)


def wait(snapshot, doing, ends, opened=(), **told):
    """The wait of the only thread of a process that has these ends open, and tells this of itself."""
    kind, function = doing
    one = seen(1, thread(1, "work@app.py", main=True), doing=kind)
    look = replace(one.look, threads=tuple(replace(each, function=function) for each in one.look.threads))
    one = replace(one, look=look, answer=replace(one.answer, **told))
    found = waits.of(replace(snapshot(one), ends=tuple(ends), opened={1: list(opened)}))
    return found[0].kind, found[0].objects


@pytest.mark.parametrize(
    ("doing", "ends", "expected"),
    [
        (READS, [end("pipe:5", "r")], ("read", ("pipe:5",))),
        (READS, [end("pipe:5", "r"), end("pipe:6", "w")], ("read", ("pipe:5",))),
        (READS, [end("pipe:5", "r"), end("pipe:5", "w")], ("read", ("pipe:5",))),
        (READS, [end("pipe:5", "r"), end("pipe:6", "r")], ("several", ("pipe:5", "pipe:6"))),
        (READS, [end("pipe:5", "r"), end("pipe:6", "rw", socket=True)], ("read", ("pipe:5",))),
        (RECEIVES, [end("pipe:5", "r"), end("pipe:6", "rw", socket=True)], ("read", ("pipe:6",))),
        (WRITES, [end("pipe:5", "r"), end("pipe:6", "w")], ("write", ("pipe:6",))),
        (WRITES, [end("pipe:5", "w"), end("pipe:6", "w")], ("several", ("pipe:5", "pipe:6"))),
        (READS, [], ("outside", ())),
        (("read", ""), [end("pipe:5", "r")], ("outside", ())),
    ],
    ids=[
        "the only one",
        "another is written to",
        "both ends",
        "one of two",
        "no socket",
        "no pipe",
        "the only one to write to",
        "one of two to write to",
        "none",
        "nothing is told",
    ],
)
def test_what_is_waited_for_is_among_what_is_open(snapshot, doing, ends, expected):
    assert wait(snapshot, doing, ends) == expected


def test_pipes_of_multiprocessing_are_known_of_its_calls(snapshot):
    ends = [end("pipe:5", "r"), end("pipe:6", "r"), end("pipe:7", "r")]
    told = {"sentinels": frozenset({"pipe:6"}), "queues": (QueueAnswer("pipe:7", None, None, None, 0),)}

    assert wait(snapshot, READS, ends, **told) == ("read", ("pipe:5",))


def test_a_named_pipe_may_be_what_is_read(snapshot):
    opened = [Descriptor(3, "pipe:[5]", True, False), Descriptor(4, "/run/jobs", True, False)]

    assert wait(snapshot, READS, [end("pipe:5", "r")], opened) == ("outside", ())


READ = "read@app.py"
MS = 1_000_000


@pytest.mark.parametrize(
    ("told", "then", "now", "expected"),
    [
        ({}, {}, {}, "read"),
        ({}, {}, {"ran": 1}, "runs"),
        ({"asked": 1}, {}, {"ran": 6 * MS, "slept": 1}, "read"),
        ({"asked": 1}, {}, {"ran": 60 * MS, "slept": 1}, "runs"),
        ({"asked": 1}, {}, {"ran": 6 * MS, "slept": 2}, "runs"),
        ({"before": (READ,)}, {"state": "R"}, {"ran": 1 * MS, "slept": 1}, "read"),
        ({"before": (READ,)}, {"state": "S"}, {"ran": 1 * MS, "slept": 1}, "runs"),
        ({"before": ("write@app.py",)}, {}, {}, "runs"),
    ],
    ids=[
        "slept",
        "ran",
        "answered late",
        "computed beside",
        "answered and went on",
        "answered just before",
        "was woken",
        "is elsewhere",
    ],
)
def test_answering_is_no_progress(snapshot, told, then, now, expected):
    one = seen(1, thread(1, READ, main=True), doing="read")
    look = ThreadLook(1, "S", "read", 3, (), False, 0, 0)
    before = told.get("before")
    looked = replace(
        one,
        then=replace(one.look, threads=(replace(look, **then),)),
        look=replace(one.look, threads=(replace(look, **now),)),
        before=Answer(threads=(thread(1, *before, main=True),)) if before else None,
        asked=told.get("asked", 0),
    )
    found = waits.of(replace(snapshot(looked), ends=(end("pipe:5", "r"),)))

    assert found[0].kind == expected


SELECT = ("select@selectors.py", "run_once@asyncio/base_events.py", "run@asyncio/runners.py", "main@app.py")


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        (((0, "selected", (3,), None),), ("several", ("pipe:5",), False)),
        (((0, "selected", (3, 9), None),), ("several", ("pipe:5", "descriptor:9"), False)),
        (((0, "selected", (3,), 60.0),), ("several", ("pipe:5",), True)),
        (((0, "selected", (), None),), ("outside", (), False)),
        (((0, "selected", (3,), None), (1, "connection", ("pipe:8", 9), None)), ("read", ("pipe:8",), False)),
    ],
    ids=["its own", "a peer's too", "a timer", "nothing", "a connection that waits by one"],
)
def test_a_loop_waits_for_what_it_has_registered(snapshot, things, expected):
    one = seen(1, thread(1, *SELECT, things=things, main=True), doing="several")
    look = replace(one.look, threads=tuple(replace(each, limited=None) for each in one.look.threads))
    (found,) = waits.of(replace(snapshot(replace(one, look=look)), ends=(end("pipe:5", "r"),)))

    assert (found.kind, found.objects, found.limited) == expected


LINES = """\
with LOCK:
LOCK.acquire()
LOCK.acquire(timeout=60)
LOCK.acquire(
jobs.get(True, 5)
"""


@pytest.mark.parametrize(
    ("line", "told", "limited"),
    [
        (1, None, False),
        (2, None, False),
        (3, None, True),
        (4, None, True),
        (5, None, True),
        (9, None, True),
        (1, True, True),
        (3, False, False),
    ],
)
def test_a_lock_has_a_limit_if_its_line_may_give_one(snapshot, tmp_path, line, told, limited):
    file = tmp_path / "app.py"
    file.write_text(LINES)
    waiting = replace(thread(1, main=True), stack=(Frame(str(file), line, "main"),))
    one = seen(1, waiting)
    look = replace(one.look, threads=tuple(replace(each, limited=told) for each in one.look.threads))
    (found,) = waits.of(snapshot(replace(one, look=look)))

    assert (found.kind, found.limited) == ("within", limited)


def test_an_iterable_that_a_pool_consumes_is_the_programs(snapshot):
    feeds = thread(
        2,
        "get@multiprocessing/queues.py",
        "_guarded_task_generation@multiprocessing/pool.py",
        "_handle_tasks@multiprocessing/pool.py",
        "run@threading.py",
    )

    (found,) = waits.of(snapshot(seen(1, feeds)))

    assert (found.api, found.library) == ("get", "multiprocessing/queues.py")


def test_the_server_of_a_manager_is_not_what_is_joined_if_others_may_be(snapshot):
    server = seen(2, thread(2, "serve_forever@multiprocessing/managers.py", main=True))
    other = seen(3, thread(3, "serve_forever@socketserver.py", main=True))
    main = seen(1, thread(1, "main@app.py", main=True))
    ends = (("pipe:5", 2, "w"), ("pipe:5", 3, "w"), ("pipe:6", 2, "w"))

    names = waits.Names(snapshot(main, server, other, ends=ends))

    assert (names.writers("pipe:5", 1), names.writers("pipe:6", 1)) == ([3], [2])


def test_code_on_the_command_line_is_no_call(snapshot):
    stack = (Frame("<string>", 4, "<module>"),)
    one = seen(1, replace(thread(1, "f@app.py", main=True), stack=stack))

    assert waits.of(snapshot(one))[0].api == ""
