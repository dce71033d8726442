"""MP611 from consumers for whom nobody puts anything any more."""

from __future__ import annotations

import pytest

from mpdiag.rules.starved_workers import RULE

TAKES = {"pid": 2, "process": "W1", "main": True, "kind": "read", "channel": "pipe:9", "api": "get", "exits": False}
MAIN = {"pid": 1, "process": "main", "main": True, "kind": "process", "object": "process:2", "exits": False}
QUEUE = {"object": "pipe:9", "of": "Queue", "inside": 0}
GAVE = {"object": "pipe:9", "pid": 1, "process": "main", "use": "gives", "count": 30, "alive": True}
TOOK = {"object": "pipe:9", "pid": 3, "process": "W2", "use": "takes", "count": 10, "alive": False, "exit": 0}


def test_fewer_sentinels_than_consumers(standing):
    (finding,) = standing(RULE, waits=[MAIN, TAKES], queues=[QUEUE], users=[GAVE, TOOK])

    assert (finding.rule, finding.level, finding.place.line) == ("MP611", "error", 7)
    assert "W1 waits in get() at app.py:7 for a message from the Queue made at app.py:7" in finding.seen
    assert "main waits for W1 to end" in finding.seen
    assert "1 of its 1 consumers have ended" in finding.seen


def test_others_wait_for_their_turn(standing):
    turn = {**TAKES, "pid": 4, "process": "W3", "kind": "lock"}

    (finding,) = standing(RULE, waits=[MAIN, TAKES, turn], queues=[QUEUE], users=[GAVE])

    assert "W1 (as 1 other does)" in finding.seen


def test_from_outside_who_waits_for_its_turn_waits_for_a_lock(standing):
    reads = {**TAKES, "channel": None, "object": "pipe:9", "library": "multiprocessing/queues.py"}
    turn = {**reads, "pid": 4, "process": "W3", "kind": "lock", "object": "lock:/a"}

    (finding,) = standing(RULE, waits=[{**MAIN, "object": "process:4"}, reads, turn], users=[GAVE])

    assert "main waits for W3 to end" in finding.seen


def test_the_producer_has_ended(standing):
    gone = {**GAVE, "pid": 5, "process": "P1", "alive": False, "exit": 1}

    (finding,) = standing(RULE, waits=[TAKES], queues=[QUEUE], users=[gone])

    assert "P1 has ended (exit code 1)" in finding.seen


@pytest.mark.parametrize(
    ("takes", "main", "queue"),
    [
        ({}, {"object": "process:7"}, {}),
        ({"can_move": True}, {}, {}),
        ({}, {}, {"of": "Pool"}),
        ({"api": "_feed"}, {}, {}),
        ({"kind": "lock"}, {}, {}),
    ],
    ids=[
        "the producer waits for another",
        "somebody may put",
        "a pool's own",
        "no call of the program",
        "a lock alone",
    ],
)
def test_silent_otherwise(standing, takes, main, queue):
    found = standing(RULE, waits=[{**MAIN, **main}, {**TAKES, **takes}], queues=[{**QUEUE, **queue}], users=[GAVE])

    assert found == []


def test_from_outside_a_pool_waits_for_the_next_item_of_what_it_maps(standing):
    feeds = {"pid": 1, "process": "main", "main": False, "kind": "read", "object": "pipe:9", "api": "get"}
    queue = {"library": "multiprocessing/queues.py", "channel": None, "file": None, "line": None}
    gone = {**GAVE, "pid": 5, "process": "P1", "alive": False, "exit": 1}

    (finding,) = standing(RULE, waits=[{**feeds, **queue, "job": "_handle_tasks"}], users=[gone])

    assert "of main waits in get() for a message" in finding.seen
    assert standing(RULE, waits=[{**feeds, **queue, "job": "_handle_results"}], users=[gone]) == []


PROXY = {"pid": 2, "process": "W1", "main": True, "kind": "read", "object": "pipe:9", "api": "get", "proxy": "get"}


def test_by_way_of_a_manager(standing):
    (finding,) = standing(RULE, waits=[PROXY, {**PROXY, "pid": 3, "process": "W2"}])

    assert "W1 (as 1 other does) waits in get() at app.py:7 for a message from a queue of a Manager" in finding.seen
    assert standing(RULE, waits=[{**PROXY, "proxy": "wait"}]) == []
    assert standing(RULE, waits=[{**PROXY, "can_move": True}]) == []


@pytest.mark.parametrize(
    ("library", "in_task", "count"),
    [("futures/process.py", True, 1), ("futures/process.py", False, 0), ("threading.py", True, 0)],
    ids=["for results", "of other tasks", "for something else"],
)
def test_who_waits_for_the_results_of_tasks_that_wait_for_messages_puts_none(standing, library, in_task, count):
    main = {**MAIN, "kind": "within", "object": None, "library": library}

    assert len(standing(RULE, waits=[main, {**TAKES, "in_task": in_task}], queues=[QUEUE], users=[GAVE])) == count
