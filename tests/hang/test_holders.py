"""Who holds which end: forked processes are searched only where they differ from each other."""

from __future__ import annotations

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import holders
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
