"""MP609 from locks that nobody alive holds."""

from __future__ import annotations

import pytest

from mpdiag.rules.lock_owner_died import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "lock", "object": "lock:/a"}
LOCK = {"object": "lock:/a", "type": "Lock", "pid": 1, "held": 0, "value": 0}
MAIN = {"pid": 1, "process": "main", "alive": True}
DEAD = {"pid": 2, "process": "Worker-1 (2)", "alive": False, "exit": "SIGKILL"}


def test_its_holder_was_killed(standing):
    (finding,) = standing(RULE, waits=[WAITS], holders=[LOCK], members=[MAIN, DEAD])

    assert (finding.rule, finding.level, finding.place.line) == ("MP609", "error", 7)
    assert "main waits at app.py:7 for the Lock made at app.py:7" in finding.seen
    assert "as did Worker-1 (2) (SIGKILL)" in finding.seen


def test_those_that_ended_harshly_are_named_first(standing):
    quiet = {**DEAD, "pid": 3, "process": "Worker-2 (3)", "exit": 0}

    (finding,) = standing(RULE, waits=[WAITS], holders=[LOCK], members=[MAIN, quiet, DEAD])

    assert "Worker-2" not in finding.seen


@pytest.mark.parametrize(
    ("wait", "lock", "members"),
    [
        ({}, {"held": 1}, [MAIN, DEAD]),
        ({}, {"value": 1}, [MAIN, DEAD]),
        ({}, {"type": "Semaphore"}, [MAIN, DEAD]),
        ({}, {}, [MAIN]),
        ({"can_move": True}, {}, [MAIN, DEAD]),
    ],
    ids=["somebody holds it", "it is free", "a semaphore", "nobody has ended", "a time-out"],
)
def test_silent_otherwise(standing, wait, lock, members):
    assert standing(RULE, waits=[{**WAITS, **wait}], holders=[{**LOCK, **lock}], members=members) == []
