"""Who holds which end: forked processes are searched only where they differ from each other."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import holders
from mpdiag.hang.kernel import End
from mpdiag.watch import procfs
from mpdiag.watch.procfs import Descriptor

QUEUE = {3: "pipe:[7]", 4: "pipe:[7]"}


@pytest.fixture
def searched(monkeypatch):
    """Gives the descriptors of processes, and notes which of these are searched whole."""
    found = []

    def prepare(opened):
        def descriptor(pid, number, targets):
            target = (opened[pid] or {}).get(int(number))
            return Descriptor(number, target, number % 2 == 1, number % 2 == 0) if target in targets else None

        def descriptors(pid, targets):
            found.append(pid)
            if opened[pid] is None:
                return None
            return [each for number in opened[pid] if (each := descriptor(pid, number, targets))]

        monkeypatch.setattr(procfs, "descriptor", descriptor)
        monkeypatch.setattr(procfs, "descriptors", descriptors)
        return found

    return prepare


def look_for(opened, targets, waiting=()):
    things = {pid: ((0, "descriptor", (number,), None),) for pid, number in waiting}
    return holders.opened(
        [seen(pid, thread(pid, "read@app.py", things=things.get(pid, ()))) for pid in opened], targets
    )


def places(found):
    return None if found is None else sorted(each.number for each in found)


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        ({**QUEUE, 5: "pipe:[9]"}, [1]),
        ({3: "pipe:[7]", 5: "pipe:[9]"}, [1, 3]),
        ({5: "pipe:[7]", 6: "pipe:[7]"}, [1, 3]),
        ({}, [1, 3]),
        (None, [1, 3]),
    ],
    ids=["has all of it", "has closed one end", "has it elsewhere", "has none", "is another user's"],
)
def test_who_has_not_what_its_siblings_have_is_searched(searched, third, expected):
    opened = {1: QUEUE, 2: {**QUEUE, 9: "pipe:[8]"}, 3: third}
    asked = searched(opened)
    found = look_for(opened, {"pipe:[7]"})

    whole = {number for number, target in (third or {}).items() if target == "pipe:[7]"}
    assert asked == expected
    assert (places(found[2]), places(found[3])) == ([3, 4], None if third is None else sorted(whole))


def test_what_a_thread_waits_for_is_looked_at_in_any_case(searched):
    opened = {1: QUEUE, 2: {**QUEUE, 9: "pipe:[7]"}}
    asked = searched(opened)
    found = look_for(opened, {"pipe:[7]"}, waiting=[(2, 9)])

    assert (asked, places(found[2])) == ([1, 2], [3, 4, 9])


@pytest.mark.parametrize("targets", [{"pipe:[7]", "/dev/pts/0"}, {"pipe:[7]", "pipe:[8]"}], ids=["a file", "another"])
def test_others_are_searched(searched, targets):
    opened = {1: QUEUE, 2: {**QUEUE, 9: "pipe:[8]", 0: "/dev/pts/0"}}
    asked = searched(opened)

    look_for(opened, targets)

    assert asked == [1, 2]


@pytest.fixture
def pipes():
    """A pipe that is empty, one that has something and room for more, and one that is full: reader and writer each."""
    made = [os.pipe() for _ in range(3)]
    os.write(made[1][1], b"job")
    os.set_blocking(made[2][1], False)
    assert os.write(made[2][1], bytes(1 << 20)) < 1 << 20
    yield made
    for end in (end for pair in made for end in pair):
        os.close(end)


@pytest.mark.skipif(sys.platform != "linux", reason="asks through /proc")
@pytest.mark.parametrize(
    ("doing", "function", "expected"),
    [
        ("read", "pipe_read", ({"pipe:1", "pipe:2"}, set())),
        ("write", "pipe_write", (set(), {"pipe:0", "pipe:1"})),
        ("read", "", (set(), set())),
        ("lock", "futex_do_wait", (set(), set())),
    ],
)
def test_pipes_that_a_thread_would_not_wait_for(pipes, doing, function, expected):
    one = seen(os.getpid(), thread(os.getpid(), main=True), doing=doing)
    looks = tuple(replace(each, function=function) for each in one.look.threads)
    ends = [
        End(f"pipe:{number}", one.pid, end, not side, bool(side), False)
        for number, pair in enumerate(pipes)
        for side, end in enumerate(pair)
    ]

    found = holders.ready([replace(one, look=replace(one.look, threads=looks))], ends)

    assert tuple(map(set, found)) == expected
    assert os.read(pipes[1][0], 10) == b"job"
