import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.submit_then_wait import RULE
from mpdiag.stats import measured


def facts(two: float, eight: float | None = None) -> Facts:
    def rows(ratio):
        return ({"kind": "processes", "way": "submit().result()", "ratio": measured([ratio] * 7)},)

    return Facts("futures", {"": rows(two), **({"more": rows(eight)} if eight else {})})


def test_waiting_one_by_one_costs_a_factor_of_the_workers():
    (finding,) = RULE.judge(facts(2.1, 8.2))

    assert finding.level == "note"
    assert "2.10× [2.10–2.10] as long" in finding.seen
    assert "8.20× [8.20–8.20] with eight" in finding.seen
    assert [each.value for each in finding.evidence] == [2.1, 1.3, 8.2]


def test_a_quick_run_knows_two_workers_only():
    (finding,) = RULE.judge(facts(2.1))

    assert "with two workers:" in finding.seen
    assert "eight" not in finding.seen


def test_silent_where_it_costs_nothing():
    assert list(RULE.judge(facts(1.1, 8.0))) == []


def test_silent_while_the_interval_reaches_below_the_limit():
    noisy = measured([1.0, 1.1, 1.2, 2.0, 2.0, 2.1, 2.2])
    rows = ({"kind": "processes", "way": "submit().result()", "ratio": noisy},)

    assert list(RULE.judge(Facts("futures", {"": rows}))) == []


def test_not_judged_without_processes():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("futures", {"": ({"kind": "threads", "way": "map", "ratio": measured([1.0])},)})))


def one_by_one(a_pool, **cells):
    known = {"waited_each": 39, "alone": 40, "alone_s": 3.8, "busy_share": 0.5, "phase_s": 3.9, "task_s": 3.8}
    return a_pool(how="apply", **{**known, **cells})


def test_a_program_that_awaits_each_task(observe, a_pool):
    (finding,) = observe(RULE, pools=[one_by_one(a_pool, task_cpu_s=3.7)])

    assert (finding.level, finding.place.line) == ("warning", 7)
    assert finding.gain.ceiling_s == 2.4, "3.9 - 1.9, with slack"
    assert "one after the other: 39 were awaited" in finding.seen
    assert "in place of apply()" in finding.do


def test_the_line_to_mend_is_that_of_the_call(observe, a_pool):
    called = {"submit_file": "work.py", "submit_line": 31, "submit_function": "run"}

    (finding,) = observe(RULE, pools=[one_by_one(a_pool, task_cpu_s=3.7, **called)])

    assert (finding.place.file, finding.place.line, finding.place.function) == ("work.py", 31, "run")
    assert "the Pool (app.py:7)" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [
        {"waited_each": 0},
        {"workers": 1},
        {"alone": 2, "alone_s": 0.2},
        {"waited_each": 3, "alone": 3, "tasks": 3},
        {"waited_each": 20},
        {"threads": True, "phase_s": 6.8, "task_cpu_s": 3.7},
        {"tasks": 7, "alone": 7, "waited_each": 7, "task_s": 0.01, "alone_s": 0.01, "phase_s": 3.9},
    ],
)
def test_silent_in_a_program_that_keeps_its_workers_busy_or_has_few_tasks(observe, a_pool, cells):
    assert observe(RULE, pools=[one_by_one(a_pool, **cells)]) == []


def test_a_program_that_does_so_in_a_part_of_it(observe, a_pool):
    cells = {"tasks": 120, "waited_each": 40, "alone_s": 2.0, "task_s": 8.0, "task_cpu_s": 8.0, "phase_s": 5.0}

    (finding,) = observe(RULE, pools=[one_by_one(a_pool, **cells)])

    assert "40 of 120 tasks went to" in finding.seen
    assert finding.gain.ceiling_s == pytest.approx(1.04 * 1.25, abs=0.15), "2.04 - a quarter of 4.0, with slack"


def test_not_judged_where_waits_were_not_counted(observe, a_pool):
    with pytest.raises(NotJudged, match="waited_each"):
        observe(RULE, pools=[a_pool(waited_each=None)])
