from mpdiag.advice import Facts
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
