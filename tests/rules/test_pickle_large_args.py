import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.pickle_large_args import RULE
from mpdiag.stats import measured


def facts(executor, pool=None, small=100e-6) -> Facts:
    """Tasks that take ``small`` seconds empty, and those with 100 KB; lists give a sample for each round."""

    def cells(value):
        return value and measured(value if isinstance(value, list) else [value] * 7)

    rows = (
        {"payload": "small int", "executor": cells(small), "pool": cells(pool and small)},
        {"payload": "10 KB bytes", "executor": cells(small)},
        {"payload": "100 KB bytes", "executor": cells(executor), "pool": cells(pool)},
    )
    return Facts("pool_overhead", {"payload": rows})


def test_says_what_the_argument_adds_and_from_which_size_it_matters():
    (finding,) = RULE.judge(facts(180e-6, pool=300e-6))

    assert finding.level == "note"
    assert "80.0 µs [80.0–80.0] to each task by executor.submit" in finding.seen
    assert "200 µs [200–200] to each task by Pool.imap" in finding.seen
    # Twice an empty task for 100 KB is half of one for 25 KB.
    assert "from about 25 KB of bytes for each task by Pool.imap" in finding.do
    assert "works for 2.00 ms or longer" in finding.do
    assert "initargs" in finding.do
    assert [each.value for each in finding.evidence] == pytest.approx([2.0, 0.8, 0.5])
    assert finding.concern == pytest.approx(4.0)


def test_one_way_is_enough():
    (finding,) = RULE.judge(facts(180e-6))

    assert "Pool.imap" not in finding.seen + finding.do
    assert "from about 62 KB" in finding.do


def test_a_way_that_adds_nothing_for_certain_is_told_as_such():
    (finding,) = RULE.judge(facts(180e-6, pool=[90e-6] * 3 + [110e-6] * 4))

    assert "nothing certain to a task by Pool.imap" in finding.seen
    assert "by executor.submit on" in finding.do


def test_rounds_are_compared_with_themselves():
    """A machine that slows down in the middle slows both: the ratio stays."""
    (finding,) = RULE.judge(facts([200e-6] * 4 + [2e-3] * 4, small=[100e-6] * 4 + [1e-3] * 4))

    assert (finding.evidence[0].low, finding.evidence[0].high) == pytest.approx((1.0, 1.0))


def test_silent_where_the_argument_adds_little():
    assert list(RULE.judge(facts(140e-6, pool=149e-6))) == []


def test_silent_where_the_interval_reaches_below_the_limit():
    assert list(RULE.judge(facts([110e-6, 110e-6, *[200e-6] * 5]))) == []


@pytest.mark.parametrize("missing", [0, 2])
def test_not_judged_without_one_of_the_arguments(missing):
    rows = [row for place, row in enumerate(facts(1e-3).tables["payload"]) if place != missing]

    with pytest.raises(NotJudged, match="payload"):
        list(RULE.judge(Facts("pool_overhead", {"payload": tuple(rows)})))


def test_not_judged_where_process_pools_were_not_measured():
    with pytest.raises(NotJudged, match="process pools"):
        list(RULE.judge(facts(None)))
