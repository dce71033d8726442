"""MP707 from page faults, the time that lack of memory cost, and what the kernel killed for it."""

from __future__ import annotations

import pytest

from mpdiag.rules.short_of_memory import RULE

MAIN = {"pid": 1, "process": "main", "alive": True, "exit": None}
DEAD = {"pid": 2, "process": "Worker-1 (2)", "alive": False, "exit": "SIGKILL"}


def look(**cells):
    return [{"apart_s": 0.5, "faults": 0, "stalled_s": None, "killed": None, **cells}]


@pytest.mark.parametrize(("stalled", "told"), [(0.25, "50.0 % of the time"), (None, "from the disk.")])
def test_a_program_that_swaps(standing, stalled, told):
    (finding,) = standing(RULE, look=look(faults=500, stalled_s=stalled), members=[MAIN])

    assert (finding.rule, finding.level) == ("MP707", "warning")
    assert "It moves, but slowly for want of memory: 1.00 k/s pages" in finding.seen
    assert told in finding.seen


def test_a_worker_that_was_killed_for_memory(standing):
    (finding,) = standing(RULE, look=look(killed=3), members=[MAIN, DEAD])

    assert finding.confidence == "inferred"
    assert finding.seen.startswith("Worker-1 (2) ended by SIGKILL, and the kernel has killed 3 processes")


@pytest.mark.parametrize(
    ("cells", "member"),
    [
        ({"faults": 500, "stalled_s": 0.01}, DEAD),
        ({"faults": 10, "stalled_s": 0.4}, DEAD),
        ({"killed": 0}, DEAD),
        ({"killed": 3}, {**DEAD, "exit": "SIGTERM"}),
        ({"faults": None}, MAIN),
    ],
    ids=["pages come fast", "others lack memory", "killed by somebody", "ended otherwise", "not told"],
)
def test_silent_otherwise(standing, cells, member):
    assert standing(RULE, look=look(**cells), members=[MAIN, member]) == []
