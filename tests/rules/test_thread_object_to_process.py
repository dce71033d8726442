"""MP208 from errors of pickling that name what belongs to one process."""

from __future__ import annotations

import pytest

from mpdiag.rules import unpicklable_task
from mpdiag.rules.thread_object_to_process import RULE

FILE = "TypeError: cannot pickle '_io.TextIOWrapper' object"
FAILED = {"kind": "main", "count": 1, "unread": 0, "example": FILE}


@pytest.mark.parametrize("named", ["_io.TextIOWrapper", "_queue.SimpleQueue", "sqlite3.Connection", "socket"])
def test_a_file_or_connection_in_what_a_process_is_given(table, named):
    failures = table("failures", {**FAILED, "example": FILE.replace("_io.TextIOWrapper", named)})
    (finding,) = RULE.run(failures)

    assert (finding.rule, finding.level, finding.place.line) == ("MP208", "error", 7)
    assert finding.seen.startswith(f"A {named} was to be handed to another process (app.py:7)")
    assert list(unpicklable_task.RULE.run(failures)) == [], "one mistake has one name"


@pytest.mark.parametrize(
    "changed",
    [{"example": "TypeError: cannot pickle '_thread.lock' object"}, {"example": None}, {"count": 0}, {"kind": "log"}],
    ids=str,
)
def test_silent_on_other_failures(table, changed):
    assert list(RULE.run(table("failures", {**FAILED, **changed}))) == []
