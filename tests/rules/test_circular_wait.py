"""MP614 from processes that wait for each other's message."""

from __future__ import annotations

import pytest

from mpdiag.rules.circular_wait import RULE


def receives(pid, native, **cells):
    row = {"pid": pid, "native": native, "process": f"P{pid}", "main": True, "kind": "read", "object": f"pipe:{pid}"}
    return {**row, "api": "recv", **cells}


def untold(pid, native, **cells):
    """A thread of which only the kernel tells."""
    return receives(pid, native, api="", file=None, line=None, answered=False, doing="read", **cells)


def needs(pid, native, other):
    return {"pid": pid, "native": native, "needs": other}


BOTH = [receives(1, 101), receives(2, 102)]
EACH_OTHER = [needs(1, 101, 2), needs(2, 102, 1)]


def test_each_receives_first(standing):
    (finding,) = standing(RULE, waits=BOTH, needs=EACH_OTHER)

    assert (finding.rule, finding.level, finding.place.line) == ("MP614", "error", 7)
    assert "P1 waits for data from pipe 1 in recv() at app.py:7; P2 waits for data from pipe 2" in finding.seen


@pytest.mark.parametrize("kind", ["read", "several"])
def test_without_stacks_too(standing, kind):
    waits = [untold(1, 101), untold(2, 102, kind=kind)]

    (finding,) = standing(RULE, waits=waits, needs=EACH_OTHER)

    assert finding.rule == "MP614"


@pytest.mark.parametrize(
    ("waits", "need"),
    [
        ([untold(1, 101), untold(2, 102, kind="several") | {"doing": "several"}], EACH_OTHER),
        ([receives(1, 101), receives(2, 102, file=None)], EACH_OTHER),
        (BOTH, [needs(1, 101, 2), needs(2, 102, 3)]),
        (BOTH, [needs(1, 101, 1), needs(2, 102, 2)]),
        ([receives(1, 101), receives(2, 102, can_move=True)], EACH_OTHER),
        ([receives(1, 101), receives(2, 102, kind="process")], EACH_OTHER),
    ],
    ids=["polls", "no line of the user's", "of a third", "of itself", "one goes on", "one joins"],
)
def test_silent_without_a_circle(standing, waits, need):
    assert standing(RULE, waits=waits, needs=need) == []
