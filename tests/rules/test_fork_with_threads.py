import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.fork_with_threads import RULE


def facts(forked: str) -> Facts:
    rows = (
        {"demo": "fork beside a held lock", "seen": forked},
        {"demo": "spawn beside a held lock", "seen": "runs"},
    )
    return Facts("semantics", {"methods": rows})


def python(default: str = "fork", version: str = "3.13.0"):
    return {"default_start_method": default, "version": version}


@pytest.mark.parametrize(
    ("version", "said"), [("3.9.18", "gives no warning"), ("3.12.1", "hide the warning"), ("3.13.0rc1", "hide")]
)
def test_where_fork_is_the_default(version, said):
    (finding,) = RULE.judge(facts("hangs"), python(version=version))

    assert finding.level == "note"
    assert said in finding.seen
    assert "forkserver" in finding.do
    assert [one.value for one in finding.evidence] == ["hangs", "runs"]


def test_silent_where_another_method_is_the_default():
    assert list(RULE.judge(facts("hangs"), python("forkserver", "3.14.0"))) == []


def test_silent_where_the_child_gets_the_lock():
    assert list(RULE.judge(facts("runs"), python())) == []


def test_not_judged_without_the_demonstration():
    with pytest.raises(NotJudged, match="fork beside"):
        list(RULE.judge(Facts("semantics", {}), python()))


CHILD = {
    "pid": 2,
    "role": "process",
    "start_method": "fork",
    "born_s": 0.1,
    "threads_at_fork": 2,
    "cpu_s": 1.0,
    "tasks": 0,
    "pool": None,
}


def test_children_forked_beside_threads_are_a_note_when_all_went_well(run, table):
    (finding,) = RULE.run(run(), table("processes", CHILD, CHILD))

    assert (finding.level, finding.gain, finding.place.line) == ("note", None, 7)
    assert "2 of the children were forked while the parent had other threads, up to 1 (app.py:7)" in finding.seen


def test_a_child_that_did_nothing_until_the_kill_is_a_warning(run, table):
    (finding,) = RULE.run(run(exit="SIGKILL"), table("processes", CHILD, {**CHILD, "cpu_s": 0.001}))

    assert finding.level == "warning"
    assert "1 of them did nothing" in finding.seen


@pytest.mark.parametrize(
    "changed", [{"threads_at_fork": 1}, {"threads_at_fork": None}, {"start_method": "spawn"}], ids=str
)
def test_silent_on_children_of_one_thread(run, table, changed):
    assert list(RULE.run(run(), table("processes", {**CHILD, **changed}))) == []


def test_silent_on_workers_that_a_pool_replaced(run, table):
    first = {**CHILD, "role": "worker", "pool": 1, "threads_at_fork": 1}
    second = {**first, "born_s": 2.0, "threads_at_fork": 4}

    assert list(RULE.run(run(), table("processes", first, second))) == []


STUCK = {"pid": 2, "process": "Worker-1 (2)", "main": True, "kind": "within", "object": None, "api": ""}
FORKED = {"pid": 2, "process": "Worker-1 (2)", "threads_at_fork": 3}


def test_a_forked_child_waits_for_threads_that_are_not_there(standing):
    other = {"pid": 3, "process": "Worker-2 (3)"}

    (finding,) = standing(RULE, waits=[STUCK, {**STUCK, **other}], members=[FORKED, {**FORKED, **other}])

    assert (finding.rule, finding.level) == ("MP603", "error")
    assert "Worker-1 (2) (as 1 other does) waits at app.py:7 for a lock of its own threads" in finding.seen
    assert "forked at app.py:7 while its parent had 2 more threads" in finding.seen


@pytest.mark.parametrize(
    ("wait", "member"),
    [({}, {"threads_at_fork": 1}), ({}, {"threads_at_fork": None}), ({"can_move": True}, {}), ({"kind": "read"}, {})],
    ids=["alone", "spawned", "it goes on", "waits for others"],
)
def test_silent_where_the_fork_did_no_harm(standing, wait, member):
    assert standing(RULE, waits=[{**STUCK, **wait}], members=[{**FORKED, **member}]) == []


DEAF = {**STUCK, "answered": False, "known": False, "can_move": True}


def test_whose_only_thread_answers_no_signal_seems_to_wait_in_vain(standing):
    (finding,) = standing(RULE, waits=[DEAF], members=[FORKED])

    assert (finding.rule, finding.level) == ("MP603", "warning")


@pytest.mark.parametrize(
    ("waits", "member"),
    [
        ([{**DEAF, "answered": True}], {}),
        ([{**DEAF, "known": True}], {}),
        ([DEAF, {**DEAF, "main": False}], {}),
        ([DEAF], {"threads_at_fork": None, "forked": True, "parent_threads": 3}),
        ([DEAF], {"threads_at_fork": 1}),
    ],
    ids=["it answers", "it has a limit", "it has other threads", "seen from outside", "forked beside none"],
)
def test_silent_where_it_may_go_on(standing, waits, member):
    assert standing(RULE, waits=waits, members=[{**FORKED, **member}]) == []


def test_silent_where_another_thread_waits_for_somebody_else(standing):
    other = {**STUCK, "main": False, "thread": "T", "kind": "read", "object": "pipe:9"}

    assert standing(RULE, waits=[STUCK, other], members=[FORKED]) == []
    assert len(standing(RULE, waits=[STUCK, {**other, "kind": "within"}], members=[FORKED])) == 1
