import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.slow_to_pickle_type import RULE
from mpdiag.stats import measured

COSTS = {
    "tuples": 0.25e-6,
    "dicts": 0.33e-6,
    "dataclasses": 1.3e-6,
    "namedtuples": 1.5e-6,
    "slots objects": 2.2e-6,
    "array('d')": 1e-9,
}


def facts(**changed) -> Facts:
    costs = {**COSTS, **changed}
    rows = ({"what": what, "element": measured([cost] * 7)} for what, cost in costs.items() if cost)
    return Facts("pickle_cost", {"": tuple(rows)})


def test_names_the_slowest_record_against_a_tuple_and_an_array():
    (finding,) = RULE.judge(facts())

    assert finding.level == "note"
    assert "as an object with __slots__" in finding.seen
    assert "8.80× [8.80–8.80]" in finding.seen
    assert "1.50 µs as a namedtuple, 1.30 µs as a dataclass object, 330 ns as a dict" in finding.seen
    assert "1.00 ns" in finding.seen
    assert "10,000 as an object with __slots__ cost 22.0 ms, as tuples 2.50 ms" in finding.do
    assert finding.evidence[0].value == pytest.approx(8.8)
    assert finding.concern == pytest.approx(4.4)


def test_silent_when_all_records_cost_about_the_same():
    assert list(RULE.judge(facts(dataclasses=4e-7, namedtuples=4e-7, **{"slots objects": 4.9e-7}))) == []


def test_silent_when_the_interval_reaches_below_the_limit():
    rows = [row for row in facts().rows() if row["what"] not in ("dataclasses", "namedtuples", "slots objects")]
    doubtful = measured([0.4e-6] * 2 + [2e-6] * 5)
    rows += [{"what": what, "element": doubtful} for what in ("dataclasses", "namedtuples", "slots objects")]

    assert list(RULE.judge(Facts("pickle_cost", {"": tuple(rows)}))) == []


def test_not_judged_without_tuples():
    with pytest.raises(NotJudged, match="what tuples"):
        list(RULE.judge(facts(tuples=None)))
