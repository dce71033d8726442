import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.unshared_state import RULE

METHODS = ("fork", "spawn", "forkserver")


def facts(*seeing: str, tried: tuple[str, ...] = METHODS) -> Facts:
    rows = tuple(
        {"demo": f"global set, then {method}", "seen": "seen" if method in seeing else "not seen"} for method in tried
    )
    return Facts("semantics", {"": ({"demo": "global set after start()", "seen": "not seen"},), "methods": rows})


def python(default: str):
    return {"default_start_method": default, "start_methods": sorted(METHODS, key=default.__ne__)}


def test_where_fork_is_the_default_it_only_works_here():
    (finding,) = RULE.judge(facts("fork"), python("fork"))

    assert finding.level == "note"
    assert "because the default is fork" in finding.seen
    assert "spawn and forkserver" in finding.seen
    assert "3.14" in finding.do
    assert finding.concern == pytest.approx(2 / 3)


def test_elsewhere_it_does_not_work():
    (finding,) = RULE.judge(facts("fork"), python("forkserver"))

    assert "by forkserver, the default here" in finding.seen
    assert "args=" in finding.do


def test_silent_where_every_child_sees_it():
    assert list(RULE.judge(facts(*METHODS), python("fork"))) == []


def test_not_judged_when_a_method_could_not_be_tried():
    with pytest.raises(NotJudged, match="spawn"):
        list(RULE.judge(facts("fork", tried=("fork",)), python("fork")))


CHANGED = {
    "module": "__main__",
    "name": "valid",
    "processes": 2,
    "kind": "rebound",
    "parent_reads": True,
    "readers": "main",
    "target": "count_part",
}


def test_a_counter_that_only_children_count(table):
    (finding,) = RULE.run(table("globals", CHANGED, {**CHANGED, "name": "bots", "kind": "grown"}))

    assert (finding.level, finding.gain, finding.place.line) == ("error", None, 7)
    assert finding.seen.startswith("2 child processes running count_part changed __main__.valid, __main__.bots")
    assert "main() reads the parent's copy" in finding.seen


def test_it_speaks_without_names(table):
    (finding,) = RULE.run(table("globals", {**CHANGED, "processes": 1, "readers": None, "target": None}))

    assert finding.seen.startswith("1 child process changed")
    assert "Code that only the parent runs reads" in finding.seen


@pytest.mark.parametrize("changed", [{"parent_reads": False}, {"parent_reads": None}, {"kind": "new"}], ids=str)
def test_silent_on_what_the_parent_does_not_read(table, changed):
    assert list(RULE.run(table("globals", {**CHANGED, **changed}))) == []
