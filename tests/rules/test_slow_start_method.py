import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.slow_start_method import RULE
from mpdiag.stats import measured


def facts(**joined: float) -> Facts:
    names = {"forkserver": "forkserver, next", "preload": "forkserver, preload", "bare": "bare interpreter"}
    rows = tuple({"method": names.get(key, key), "joined": measured([value] * 7)} for key, value in joined.items())
    return Facts("start_method", {"": rows})


def judged(default: str, **joined: float):
    return list(RULE.judge(facts(**joined), {"default_start_method": default}))


def test_offers_forkserver_in_place_of_spawn():
    (finding,) = judged("spawn", spawn=0.07, bare=0.02, forkserver=0.01)

    assert finding.level == "note"
    assert "70.0 ms" in finding.seen
    assert "forkserver" in finding.do


def test_offers_preload_in_place_of_forkserver():
    (finding,) = judged("forkserver", spawn=0.07, bare=0.02, forkserver=0.03, preload=0.01)

    assert "forkserver, preload" in finding.seen


def test_warns_when_every_interpreter_is_weighed_down():
    (finding,) = judged("fork", spawn=0.5, bare=0.02)

    assert finding.level == "warning"
    assert "importtime" in finding.do


def test_silent_where_fork_is_the_default_and_spawn_is_lean():
    assert judged("fork", spawn=0.07, bare=0.02) == []


def test_silent_on_systems_with_spawn_alone():
    assert judged("spawn", spawn=0.07, bare=0.02) == []


def spawned(a_site, **cells):
    times = {"count": 40, "born_s": 2.4, "life_s": 10.0, "work_s": 8.1, "work_cpu_s": 8.0, "span_s": 5.0}
    return a_site(**{**times, "start_method": "spawn", **cells})


def test_a_program_that_spawns_again_and_again(observe, a_site):
    (finding,) = observe(RULE, starts=[spawned(a_site, life_s=9.9, born_s=1.8)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 0.93, "19 rounds of 45 ms, nine tenths of it, with slack"
    assert "40 processes were started by spawn (app.py:7), each 45.0 ms" in finding.seen


@pytest.mark.parametrize(
    "cells", [{"count": 2, "born_s": 0.12}, {"start_method": "fork"}, {"work_s": 1.0}, {"born_s": 0.2}]
)
def test_silent_where_the_start_costs_little_or_a_pool_helps_more(observe, a_site, cells):
    assert observe(RULE, starts=[spawned(a_site, **cells)]) == []


def test_a_program_is_not_judged_where_starts_were_not_timed(observe, a_site):
    with pytest.raises(NotJudged, match="born_s"):
        observe(RULE, starts=[spawned(a_site, born_s=None)])
