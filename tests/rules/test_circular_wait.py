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


def locks(pid, native, **cells):
    row = {"pid": pid, "native": native, "process": f"P{pid}", "main": True, "kind": "lock", "object": "lock:/a"}
    return {**row, "api": "__enter__", **cells}


HELD = [{"object": "lock:/a", "type": "Lock", "pid": 2, "held": 1, "value": 0}]


def test_one_holds_the_lock_that_the_other_takes_before_it_sends(standing):
    (finding,) = standing(RULE, waits=[locks(1, 101), receives(2, 102)], needs=EACH_OTHER, holders=HELD)

    assert (finding.rule, finding.level) == ("MP614", "error")
    assert "P1 waits for the Lock made at app.py:7 in __enter__() at app.py:7, which P2 holds" in finding.seen
    assert "P2 waits for data from pipe 2 in recv() at app.py:7, which P1 would send" in finding.seen


def test_one_holds_the_lock_while_it_joins_who_takes_it(standing):
    joins = locks(2, 102, kind="process", object="process:1", api="join")

    (finding,) = standing(RULE, waits=[locks(1, 101), joins], needs=EACH_OTHER, holders=HELD)

    assert "P2 waits for P1 to end in join()" in finding.seen


def test_from_outside_who_alone_shares_a_lock_holds_it(standing):
    (finding,) = standing(RULE, waits=[locks(1, 101), receives(2, 102)], needs=EACH_OTHER)

    assert "waits for a lock or semaphore in __enter__() at app.py:7, which P2 alone shares" in finding.seen


@pytest.mark.parametrize(
    ("waits", "need", "holders"),
    [
        ([locks(1, 101), locks(2, 102, kind="process", object="process:1", api="join")], EACH_OTHER, []),
        ([locks(1, 101, tool="Event", api="wait"), receives(2, 102)], EACH_OTHER, []),
        ([locks(1, 101), receives(2, 102)], [*EACH_OTHER, needs(1, 101, 3)], []),
        ([locks(1, 101), receives(2, 102, can_move=True)], EACH_OTHER, HELD),
        (
            [locks(1, 101), locks(2, 102, object="lock:/b")],
            EACH_OTHER,
            [*HELD, {**HELD[0], "object": "lock:/b", "pid": 1}],
        ),
    ],
    ids=["joined, or died (MP609)", "an Event", "a third shares it", "the holder goes on", "locks alone (MP610)"],
)
def test_silent_of_other_circles(standing, waits, need, holders):
    assert standing(RULE, waits=waits, needs=need, holders=holders) == []


def test_a_ring_in_which_one_joins_and_the_others_receive(standing):
    joins = locks(3, 103, kind="process", object="process:1", api="join")
    ring = [needs(1, 101, 2), needs(2, 102, 3), needs(3, 103, 1)]

    (finding,) = standing(RULE, waits=[*BOTH, joins], needs=ring)

    assert "P3 waits for P1 to end in join() at app.py:7" in finding.seen
    assert "P2 waits for data from pipe 2 in recv() at app.py:7, which P3 would send" in finding.seen
    assert finding.evidence[0].value == 3


def test_a_ring_around_two_who_wait_for_each_other_is_told_once(standing):
    joins = locks(3, 103, kind="process", object="process:1", api="join")

    (finding,) = standing(RULE, waits=[*BOTH, joins], needs=[*EACH_OTHER, needs(2, 102, 3), needs(3, 103, 1)])

    assert "P3" not in finding.seen


def sends(pid, native, **cells):
    return receives(pid, native, kind="write", api="send", peer=f"pipe:{3 - pid}", **cells)


ENDS = [{"object": f"pipe:{pid}", "pid": pid, "reads": True, "writes": True} for pid in (1, 2)]


def test_each_sends_what_the_other_does_not_read(standing):
    (finding,) = standing(RULE, waits=[sends(1, 101), sends(2, 102)], ends=ENDS)

    assert (finding.rule, finding.level, finding.place.line) == ("MP614", "error", 7)
    assert "to read first: P1 waits for room in pipe 1 in send() at app.py:7; P2 waits for room in" in finding.seen
    assert "Receive while the other side sends" in finding.do


@pytest.mark.parametrize(
    ("waits", "ends"),
    [
        ([sends(1, 101), receives(2, 102)], ENDS),
        ([sends(1, 101), sends(2, 102, can_move=True)], ENDS),
        ([sends(1, 101), sends(2, 102)], []),
        ([sends(1, 101), sends(2, 102, main=False)], ENDS),
    ],
    ids=["one receives", "one goes on", "others read", "a feeder thread"],
)
def test_silent_where_somebody_may_read(standing, waits, ends):
    assert standing(RULE, waits=waits, ends=ends) == []
