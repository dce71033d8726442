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


POOL = {"id": 1, "type": "Pool", "threads": False, "tasks": 100, "args_b": 4e5, "pickle_s": 0.8, "unpickle_s": 0.9}
QUEUE = {"id": 2, "type": "Queue", "put_b": 4e7, "mean_b": 4e5, "pickle_s": 0.8, "unpickle_s": 0.9}
QUEUE |= {"writers": 2, "readers": 1, "put_wait_s": 0.1, "get_wait_s": 0.2, "send_s": 0.3, "recv_s": 0.1}


def test_small_objects_that_a_program_pickles(run, table):
    both = list(RULE.run(run(), table("pools", POOL), table("channels", QUEUE)))

    assert [(finding.level, finding.gain) for finding in both] == [("note", None)] * 2
    assert "through the Pool (app.py:7) took about 1.70 s of 5.00 s of CPU time, at 23.5 MB/s" in both[0].seen


def test_objects_that_both_ends_of_a_channel_wait_for_are_worth_a_warning(run, table):
    (finding,) = RULE.run(
        run(cpu_s=8.0), table("pools"), table("channels", {**QUEUE, "pickle_s": 4.0, "unpickle_s": 2.5})
    )

    # The readers get, read and unpickle for 2.8 s, each writer pickles and sends for 2.2 s.
    assert (finding.level, finding.gain.ceiling_s) == ("warning", 2.7)


@pytest.mark.parametrize(
    "changed",
    [{"put_b": 4e9}, {"mean_b": 40}, {"pickle_s": 0.1, "unpickle_s": 0.1}, {"user": False}],
    ids=["buffers", "small messages", "little", "a pool's own"],
)
def test_silent_on_programs_that_pickle_fast_or_little(run, table, changed):
    assert list(RULE.run(run(), table("pools"), table("channels", {**QUEUE, **changed}))) == []


def test_a_program_whose_pickling_was_not_timed_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="pickle_s"):
        list(RULE.run(run(), table("pools", {**POOL, "pickle_s": None}), table("channels")))


def test_time_that_pickling_waited_for_a_cpu_is_not_compared_with_cpu_time(run, table):
    facts = run(cpu_s=2.0, ready_s=6.0), table("pools", {**POOL, "pickle_s": 4.0, "unpickle_s": 2.0}), table("channels")
    (finding,) = RULE.run(*facts)

    assert "took about 1.50 s of 2.00 s of CPU time" in finding.seen


def test_pickling_that_waited_for_an_unknown_time_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="waited for other threads"):
        list(RULE.run(run(cpu_s=1.0), table("pools", POOL), table("channels")))
