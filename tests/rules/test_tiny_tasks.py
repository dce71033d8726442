import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.tiny_tasks import RULE, chunk
from mpdiag.stats import measured


def facts(overhead: float, pays: float | None = 1.0, **tables) -> Facts:
    def row(way, factor):
        cost = measured([overhead * factor] * 7)
        return {
            "way": way,
            "overhead": cost,
            "task": pays and measured([overhead * factor * pays] * 7),
            "good": pays and measured([overhead * factor * 3] * 7),
        }

    rows = (row("ProcessPoolExecutor.map", 1), row("Pool.imap", 0.3))
    return Facts("pool_overhead", {"break_even": rows, **tables})


def test_names_the_task_that_pays_and_the_chunksize_for_less():
    (finding,) = RULE.judge(facts(90e-6))

    assert finding.level == "note"
    assert "90.0 µs [90.0–90.0]" in finding.seen
    assert "27.0 µs by Pool.imap" in finding.seen
    assert "tasks of 270 µs or more" in finding.do
    assert "chunksize=90)" in finding.do
    assert finding.evidence[0].value == 90e-6
    assert finding.concern == pytest.approx(9)


def test_tells_what_was_tried_out():
    tried = ({"task": 90e-6, "executor": measured([0.97] * 7), "expected": 1.0},)
    (finding,) = RULE.judge(facts(90e-6, tried_out=tried))

    assert finding.evidence[-1].label == "speed-up of tasks of 90.0 µs on two workers"
    assert finding.evidence[-1].value == 0.97


@pytest.mark.parametrize(("overhead", "size"), [(90e-6, 90), (91e-6, 100), (247e-6, 300), (1e-3, 1000), (12e-6, 20)])
def test_chunksizes_are_round(overhead, size):
    assert chunk(overhead) == size


def test_one_cpu_is_said():
    (finding,) = RULE.judge(facts(90e-6, pays=None))

    assert finding.seen.startswith("One CPU is usable here: no pool")
    assert "plain loop" in finding.do


def test_silent_where_dispatch_is_cheap():
    assert list(RULE.judge(facts(9e-6))) == []


def test_not_judged_without_a_break_even():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("pool_overhead", {})))
