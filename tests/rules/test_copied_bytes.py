import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.copied_bytes import RULE
from mpdiag.stats import measured

MIB = 2**20
CROSSOVER = (
    {"by": "new segment per message", "send": MIB, "send_bytes": None},
    {"by": "reused segment", "send": 2**16, "send_bytes": 2**18},
)
FAULTS = ({"what": "send", "here": measured([12] * 7), "there": measured([700] * 7)},)


def facts(crossover=CROSSOVER, faults=FAULTS, **seconds: float) -> Facts:
    cells = {way: measured([value] * 7) for way, value in seconds.items()}
    rows = ({"size": 2**16}, {"size": MIB, **cells}, {"size": 16 * MIB})
    return Facts("large_payload", {"": rows, "crossover": tuple(crossover), "faults": tuple(faults)})


def judged(*args, **seconds):
    return list(RULE.judge(facts(*args, **seconds)))


def test_names_all_ways_with_their_gains_and_corrects_the_claim():
    (finding,) = judged(send=2e-3, send_bytes=1e-3, reused=1e-4, new=1.6e-3)

    assert finding.level == "note"
    assert "send_bytes() is 2.00× [2.00–2.00] as fast" in finding.seen
    assert "a reused segment is 20.0× [20.0–20.0] as fast" in finding.seen
    assert "any size" in finding.seen
    assert "712 for this one" in finding.seen
    assert [item.label for item in finding.evidence] == [
        "send() : a reused segment",
        "send() : send_bytes()",
        "send() : a new segment per message",
        "reference",
    ]


def test_the_remedies_give_the_sizes_of_this_machine():
    (finding,) = judged(send=2e-3, send_bytes=1e-3, reused=1e-4, new=1.6e-3)

    assert finding.do.startswith("Send bytes over a Pipe with send_bytes()")
    assert "faster than send() from 64 KiB on and than send_bytes() from 256 KiB on" in finding.do
    assert "One made anew for each message is faster than send_bytes() at no size up to 16 MiB." in finding.do


def test_a_new_segment_that_is_slower_is_called_slower():
    (finding,) = judged(send=2e-3, send_bytes=1e-3, reused=1e-4, new=4e-3)

    assert "a new segment per message is slower (0.50× [0.50–0.50])" in finding.seen


def test_without_shared_memory_send_bytes_remains():
    (finding,) = judged((), (), send=2e-3, send_bytes=1e-3)

    assert finding.do == "Send bytes over a Pipe with send_bytes() and recv_bytes(): the smallest change."
    assert "page faults, not pickling" in finding.seen


def test_advises_only_what_gains():
    (finding,) = judged(send=2e-3, send_bytes=1.9e-3, reused=1e-4, new=1.6e-3)

    assert finding.do.startswith("Make one shared-memory segment")


def test_silent_when_nothing_is_much_faster():
    assert judged(send=1e-3, send_bytes=0.9e-3, reused=0.8e-3, new=2e-3) == []


def test_silent_when_the_interval_reaches_below_the_limit():
    wide = Facts(
        "large_payload",
        {"": ({"size": MIB, "send": measured([1e-3] * 7), "send_bytes": measured([1e-3] * 2 + [1e-4] * 5)},)},
    )

    assert list(RULE.judge(wide)) == []


def test_not_judged_without_the_size_or_send():
    with pytest.raises(NotJudged, match="size 1048576"):
        list(RULE.judge(Facts("large_payload", {"": ({"size": 2**16},)})))
    with pytest.raises(NotJudged, match=r"send\(\)"):
        judged(send_bytes=1e-3)


PIPE = {
    "id": 1,
    "type": "Pipe",
    "plain_bytes": True,
    "puts": 400,
    "mean_b": MIB,
    "pickle_s": 0.1,
    "unpickle_s": 0.1,
    "send_s": 0.9,
    "recv_s": 0.8,
    "get_wait_s": 0.1,
    "writers": 1,
    "readers": 1,
}


def test_a_program_that_sends_bytes_as_objects(run, table):
    (finding,) = RULE.run(run(), table("channels", PIPE))

    assert (finding.level, finding.gain.ceiling_s, finding.place.line) == ("warning", 1.2, 7)
    assert "400 messages of 1 MiB of bytes went through send() of the Pipe (app.py:7)" in finding.seen
    assert finding.concern == pytest.approx(5.0)
    assert finding.do.startswith("Use send_bytes() and recv_bytes()")


def test_ends_that_hardly_wait_for_each_other_are_a_note(run, table):
    (finding,) = RULE.run(run(), table("channels", {**PIPE, "writers": 8}))

    assert (finding.level, finding.gain) == ("note", None)


def test_what_went_by_send_bytes_is_not_told_to(run, table):
    raw = {**PIPE, "unpickled": True, "pickle_s": 0.0, "unpickle_s": 0.0}
    (finding,) = RULE.run(run(), table("channels", raw))

    assert (finding.level, finding.gain.ceiling_s) == ("note", 0.96)
    assert "went through send_bytes() of the Pipe (app.py:7); copying took 800 ms." in finding.seen
    assert "recv_bytes" not in finding.do
    assert "shared-memory segments once" in finding.do


@pytest.mark.parametrize(
    "changed",
    [{"plain_bytes": False}, {"plain_bytes": None}, {"type": "Queue"}, {"mean_b": 100}, {"recv_s": 0.01}],
    ids=str,
)
def test_silent_on_programs_that_send_no_large_bytes(run, table, changed):
    channel = {**PIPE, "pickle_s": 0.01, "unpickle_s": 0.01, **changed}

    assert list(RULE.run(run(), table("channels", channel))) == []


def test_a_program_whose_sending_was_not_timed_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="pickle_s"):
        list(RULE.run(run(), table("channels", {**PIPE, "pickle_s": None})))
