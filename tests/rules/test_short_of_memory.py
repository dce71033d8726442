"""MP707 from page faults, the swap space, the time that lack of memory cost, and what the kernel killed for it."""

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


def test_the_swap_space_is_named(standing):
    cells = {"in_swap": 2 * 2**30, "swapped_in": 50 * 2**20, "swapped_out": 10 * 2**20, "paging": 2}
    (finding,) = standing(RULE, look=look(faults=500, stalled_s=0.25, **cells), members=[MAIN])
    evidence = {each.label: each.value for each in finding.evidence}

    assert "The machine swaps: 2 GiB of it lie in the swap space; it reads 105 MB/s back from there" in finding.seen
    assert finding.seen.endswith("and writes 21.0 MB/s.")
    assert evidence["of it in the swap space"] == 2 * 2**30
    assert evidence["read back from the swap space by the machine"] == 100 * 2**20
    assert evidence["threads that waited for a page at both looks"] == 2


def test_a_program_that_waits_for_each_page_of_a_slow_disk(standing):
    cells = {"in_swap": 2**30, "swapped_in": 2**16, "swapped_out": 0, "paging": 1}
    (finding,) = standing(RULE, look=look(faults=3, stalled_s=0.01, **cells), members=[MAIN])

    assert (finding.level, finding.concern) == ("warning", 1.0)
    assert "6.00 /s pages had to come back" in finding.seen


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
        ({"faults": 3, "in_swap": 2**30, "swapped_in": 2**20, "paging": 0}, MAIN),
        ({"faults": 3, "in_swap": 0, "swapped_in": 2**20, "paging": 1}, MAIN),
        ({"faults": 3, "in_swap": 2**30, "swapped_in": 0, "paging": 1}, MAIN),
    ],
    ids=[
        "pages come fast",
        "others lack memory",
        "killed by somebody",
        "ended otherwise",
        "not told",
        "nobody waits for a page",
        "others swap",
        "what is swapped is not wanted",
    ],
)
def test_silent_otherwise(standing, cells, member):
    assert standing(RULE, look=look(**cells), members=[MAIN, member]) == []


def killed(name, **cells):
    return {"name": name, "pid": 7, "exit": "SIGKILL", "file": "app.py", "line": 7, "function": "main", **cells}


def test_a_process_that_was_killed_for_memory_in_a_run(observe):
    rows = [killed("main", file=None, line=None), killed("Worker-1"), killed("Worker-2", exit=0)]

    (finding,) = observe(RULE, run={"memory_kills": 1}, processes=rows)

    assert (finding.level, finding.confidence) == ("warning", "inferred")
    assert finding.seen.startswith("main (7) and Worker-1 (7) ended by SIGKILL, and the kernel has killed 1 process of")
    assert (finding.place.file, finding.place.line) == ("app.py", 7)


@pytest.mark.parametrize(("kills", "end"), [(0, "SIGKILL"), (1, "SIGTERM"), (None, 0)])
def test_silent_where_nobody_was_killed_for_memory(observe, kills, end):
    assert observe(RULE, run={"memory_kills": kills}, processes=[killed("Worker-1", exit=end)]) == []
