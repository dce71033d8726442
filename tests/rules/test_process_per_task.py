import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.process_per_task import RULE
from mpdiag.stats import measured


def facts(ratio: float) -> Facts:
    rows = tuple(
        {"method": method, "joined": measured([joined] * 7), "ratio": measured([ratio] * 7)}
        for method, joined in (("fork", 0.003), ("spawn", 0.07), ("forkserver, next", 0.02))
    )
    return Facts("start_method", {"": rows})


@pytest.mark.parametrize("default", ["fork", "spawn", "forkserver"])
def test_names_the_job_that_pays(default):
    (finding,) = RULE.judge(facts(17.0), {"default_start_method": default})

    assert finding.level == "note"
    assert finding.evidence[0].value == 17.0
    assert {"fork": "30.0 ms", "spawn": "700 ms", "forkserver": "200 ms"}[default] in finding.do


def test_silent_where_processes_start_like_threads():
    assert list(RULE.judge(facts(2.0), {"default_start_method": "fork"})) == []


def test_not_judged_without_the_default_method():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("start_method", {}), {"default_start_method": "fork"}))


def little(a_site, **cells):
    times = {"start_s": 1.2, "born_s": 2.0, "life_s": 5.0, "work_s": 0.3, "work_cpu_s": 0.2, "span_s": 3.8}
    return a_site(**{**times, "count": 1500, **cells})


def test_a_program_that_starts_a_process_for_every_item(observe, a_site):
    (finding,) = observe(RULE, starts=[little(a_site)])

    assert (finding.level, finding.place.file) == ("warning", "app.py")
    assert finding.gain.ceiling_s == 4.0, "3.8 - 0.1 with slack, and no more than the wall time"
    assert "1,500 processes were started by fork (app.py:7), each for 200 µs of work" in finding.seen
    assert "pool.map(work, …, chunksize=…)" in finding.do


def test_no_more_is_promised_than_the_starts_cost(observe, a_site):
    (finding,) = observe(RULE, starts=[little(a_site, life_s=0.8, born_s=0.5, start_s=0.5)])

    assert finding.gain.ceiling_s == 0.6, "the parent did something else between them"


@pytest.mark.parametrize(
    "cells",
    [
        {"count": 4},
        {"work_s": 60.0, "work_cpu_s": 7.0, "life_s": 65.0},
        {"span_s": 0.15, "life_s": 0.3, "work_s": 0.2, "born_s": 0.1, "start_s": 0.05},
    ],
)
def test_silent_in_a_program_whose_processes_are_worth_their_start(observe, a_site, cells):
    assert observe(RULE, starts=[little(a_site, **cells)]) == []


def test_not_judged_where_the_work_was_not_timed(observe, a_site):
    with pytest.raises(NotJudged, match="work_s"):
        observe(RULE, starts=[little(a_site, work_s=None)])


def test_silent_where_all_share_the_work_at_once(observe, a_site):
    crew = {"count": 16, "alive_max": 16, "life_s": 10.0, "work_s": 6.0, "work_cpu_s": 4.0}

    assert observe(RULE, starts=[little(a_site, **crew)]) == []
    assert len(observe(RULE, starts=[little(a_site, **{**crew, "alive_max": 4})])) == 1
    assert len(observe(RULE, starts=[little(a_site, **{**crew, "work_s": 3.9})])) == 1


def test_workers_that_share_a_queue_are_not_started_for_a_task(observe, a_site):
    site = a_site(count=20, alive_max=20, work_s=2.0, work_cpu_s=1.0, life_s=30.0, born_s=20.0, span_s=3.0)
    queue = {"readers": 20, "gets": 100, "reader_file": "app.py", "reader_line": 7}

    assert len(observe(RULE, starts=[site], channels=[{**queue, "gets": 40}])) == 1
    assert observe(RULE, starts=[site], channels=[queue]) == []
