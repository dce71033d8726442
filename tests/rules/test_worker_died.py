"""MP605 from workers that ended by themselves."""

from __future__ import annotations

import pytest

from mpdiag.rules.worker_died import RULE

POOL = {"id": 1, "type": "Pool", "died": 2}


def workers(table, *ends):
    return table("processes", *({"role": "worker", "pool": 1, "exit": end} for end in ends))


@pytest.mark.parametrize(
    ("end", "said", "cause"),
    [
        ("SIGXCPU", "by SIGXCPU", "RLIMIT_CPU"),
        ("SIGKILL", "by SIGKILL", "memory runs out"),
        (2, "by exit code 2", "sys.exit()"),
        ("SIGHUP", "by SIGHUP", "see their stderr"),
    ],
)
def test_how_they_ended_says_where_to_look(table, end, said, cause):
    (finding,) = RULE.run(table("run", {}), table("pools", POOL), workers(table, end, end, 0, None, "SIGTERM"))

    assert (finding.rule, finding.level, finding.gain, finding.place.line) == ("MP605", "error", None, 7)
    assert f"2 workers of the Pool (app.py:7) died, {said}." in finding.seen
    assert "its result never comes" in finding.seen
    assert cause in finding.do


@pytest.mark.parametrize(("end", "told"), [(1, 0), ("SIGKILL", 1)])
def test_what_ctrl_c_ends_has_not_died_by_itself(table, end, told):
    found = RULE.run(table("run", {"exit": "SIGINT"}), table("pools", POOL), workers(table, end, end))

    assert len(list(found)) == told


def test_several_ways_are_counted(table):
    (finding,) = RULE.run(table("run", {}), table("pools", POOL), workers(table, "SIGKILL", 2, 2))

    assert "died, 2 by exit code 2, 1 by SIGKILL." in finding.seen


def test_an_executor_breaks(table):
    (finding,) = RULE.run(
        table("run", {"memory_kills": 0}),
        table("pools", {**POOL, "type": "ProcessPoolExecutor"}),
        workers(table, "SIGKILL"),
    )

    assert "BrokenProcessPool" in finding.seen
    assert "Use ProcessPoolExecutor" not in finding.do


@pytest.mark.parametrize(
    ("end", "cause"), [("SIGKILL", "the kernel killed for want of memory"), ("SIGSEGV", "native code")]
)
def test_what_the_kernel_killed_for_is_no_riddle(table, end, cause):
    (finding,) = RULE.run(table("run", {"memory_kills": 1}), table("pools", POOL), workers(table, end))

    assert cause in finding.do


def test_silent_where_all_were_asked_to_end(table):
    assert list(RULE.run(table("run", {}), table("pools", {**POOL, "died": 0}), workers(table, "SIGTERM"))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))


STUCK = {"pid": 1, "process": "main", "main": True, "kind": "within", "pool": 1, "api": "map"}
LOST = {**POOL, "gone": 2, "ends": "SIGKILL, SIGKILL", "closed": False, "replaces": False, "last": "judge"}


def test_somebody_waits_for_the_results_of_the_dead(standing):
    (finding,) = standing(RULE, waits=[STUCK], pools=[LOST])

    assert (finding.rule, finding.level, finding.place.line) == ("MP605", "error", 7)
    assert (
        "main waits in map() at app.py:7 for results of the Pool made at app.py:7, 2 workers of which" in finding.seen
    )
    assert "in hand, by SIGKILL" in finding.seen
    assert "memory runs out" in finding.do


@pytest.mark.parametrize(
    ("wait", "pool"),
    [
        ({"can_move": True}, {}),
        ({}, {"gone": 0, "ends": ""}),
        ({}, {"ends": "0, 0", "replaces": True}),
        ({}, {"type": "ProcessPoolExecutor"}),
        ({}, {"closed": True}),
        ({"pool": 2}, {}),
    ],
    ids=["it works", "none died", "replaced in turn", "an executor", "closed", "another pool"],
)
def test_silent_where_no_result_was_lost(standing, wait, pool):
    assert standing(RULE, waits=[{**STUCK, **wait}], pools=[{**LOST, **pool}]) == []


OUTSIDE = [
    {"pid": 1, "process": "main", "main": True, "kind": "within", "library": "multiprocessing/pool.py", "api": "next"},
    {"pid": 1, "process": "main", "main": False, "kind": "read", "job": "_handle_results", "in_task": False},
    {"pid": 2, "process": "W1", "main": True, "kind": "read", "job": "worker", "in_task": False},
]
FEEDS = {"pid": 1, "process": "main", "main": False, "kind": "within", "job": "_handle_tasks", "in_task": False}


@pytest.mark.parametrize(
    ("feeds", "count"),
    [
        ({"file": None, "api": "run"}, 1),
        ({"file": None, "api": "get"}, 0),
        ({"api": "run"}, 0),
    ],
    ids=["waits for more to hand out", "waits for an item", "is in the program's generator"],
)
def test_from_outside_idle_workers_have_lost_a_task_unless_there_is_no_next_one(standing, feeds, count):
    found = standing(RULE, waits=[{"in_task": False, **row} for row in [*OUTSIDE, {**FEEDS, **feeds}]])

    assert len(found) == count
