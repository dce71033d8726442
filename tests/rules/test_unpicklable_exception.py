"""MP606 from results that could not be rebuilt, and messages that could not be sent."""

from __future__ import annotations

import pytest

from mpdiag.rules.unpicklable_exception import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "within", "pool": "pipe:5", "api": "get"}
WORKERS = {"pid": 1, "process": "main", "main": False, "kind": "runs", "job": "_handle_workers", "can_move": True}
RESULTS = {**WORKERS, "job": "_handle_results", "kind": "read"}
POOL = {"id": "pipe:5", "type": "Pool"}
TAKES = {"pid": 1, "process": "main", "main": True, "kind": "read", "channel": "pipe:9", "api": "get"}
DROPPED = {"object": "pipe:9", "pid": 2, "process": "W1", "error": "TypeError: cannot pickle"}


@pytest.mark.parametrize("able", [True, False], ids=["another thread spins", "all wait"])
def test_the_thread_that_takes_results_is_gone(standing, able):
    (finding,) = standing(RULE, waits=[{**WAITS, "can_move": able}, WORKERS], pools=[POOL])

    assert (finding.rule, finding.level, finding.place.line) == ("MP606", "error", 7)
    assert "main waits in get() at app.py:7 for results of the Pool made at app.py:7" in finding.seen


def test_a_message_was_dropped(standing):
    (finding,) = standing(RULE, waits=[TAKES], queues=[{"object": "pipe:9", "of": "Queue"}], dropped=[DROPPED])

    assert "1 that W1 put could not be pickled and never got in: TypeError: cannot pickle" in finding.seen


@pytest.mark.parametrize(
    "waits",
    [[WAITS, WORKERS, RESULTS], [WAITS], [{**TAKES, "channel": "pipe:8"}], [{**TAKES, "can_move": True}]],
    ids=["it is there", "no pool's threads", "another queue", "more may come"],
)
def test_silent_otherwise(standing, waits):
    assert standing(RULE, waits=waits, pools=[POOL], dropped=[DROPPED]) == []
