import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.typecode_mismatch import RULE


def facts(held: str) -> Facts:
    rows = ({"demo": "Value('i', 0.5)", "seen": "TypeError"}, {"demo": "Value('i', 2**31)", "seen": held})
    return Facts("semantics", {"": rows})


def test_a_number_that_wraps():
    (finding,) = RULE.judge(facts("-2147483648"))

    assert finding.level == "note"
    assert "-2147483648" in finding.seen
    assert "TypeError" in finding.seen
    assert "'q'" in finding.do
    assert finding.evidence[0].value == "-2147483648"


def test_silent_where_an_int_holds_it():
    assert list(RULE.judge(facts("2147483648"))) == []


def test_not_judged_without_the_demonstration():
    with pytest.raises(NotJudged, match="Value"):
        list(RULE.judge(Facts("semantics", {})))
