"""MP513 from what start() says of a semaphore without a name."""

from __future__ import annotations

import pytest

from mpdiag.rules.context_mismatch import RULE

MIXED = "RuntimeError: A SemLock created in a fork context is being shared with a process in a spawn context"
FAILED = {"kind": "main", "count": 1, "unread": 0, "example": f"{MIXED}."}


def test_a_queue_of_fork_for_a_process_of_spawn(table):
    (finding,) = RULE.run(table("failures", FAILED))

    assert (finding.rule, finding.level, finding.place.line) == ("MP513", "error", 7)
    assert finding.seen.endswith(f"(app.py:7): {MIXED}.")
    assert "get_context" in finding.do


@pytest.mark.parametrize("changed", [{"example": "RuntimeError: shared"}, {"example": None}, {"count": 0}], ids=str)
def test_silent_on_other_failures(table, changed):
    assert list(RULE.run(table("failures", {**FAILED, **changed}))) == []
