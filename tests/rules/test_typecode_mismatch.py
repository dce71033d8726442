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


WRAPPED = {"id": 1, "typecode": "i", "wrapped": 3, "wrapped_from": 2147484000, "wrapped_to": -2147483296}


def test_a_total_that_turned_negative(table):
    (finding,) = RULE.run(table("values", WRAPPED))

    assert (finding.level, finding.gain, finding.place.line) == ("error", None, 7)
    assert "3 numbers did not fit the type code 'i'" in finding.seen
    assert "2147484000 became -2147483296." in finding.seen
    assert finding.do == "Use 'q' in place of 'i'."


@pytest.mark.parametrize("cut", [0, None])
def test_silent_where_every_number_fits(table, cut):
    assert list(RULE.run(table("values", {**WRAPPED, "wrapped": cut}))) == []


def test_the_widest_code_has_no_wider_one(table):
    (finding,) = RULE.run(table("values", {**WRAPPED, "typecode": "q", "wrapped_from": None}))

    assert "'d', or an int" in finding.do
    assert "became" not in finding.seen
