from dataclasses import replace
from pathlib import Path

from mpdiag import reports
from mpdiag.report import Span
from mpdiag.text.tracks import kinds, tracks

ACCOUNT = reports.decode((Path(__file__).parent.parent / "golden" / "run.json").read_bytes(), "run.json").account


def drawn(*spans):
    return list(tracks(replace(ACCOUNT, timeline=spans)))


def test_a_track_for_each_process_of_which_spans_are_known():
    found = list(tracks(ACCOUNT))

    assert [track.label for track in found] == ["main", "logger", "SpawnPoolWorker-1"]
    assert [len(track.marks) for track in found] == [4, 1, 3]


def test_spans_that_overlap_are_on_lanes_of_their_own():
    (track,) = drawn(*(Span(4001, "join", str(at), at, at + 2.5) for at in range(4)))

    assert [(mark.span.name, mark.lane) for mark in track.marks] == [("0", 0), ("1", 1), ("2", 2), ("3", 0)]
    assert track.lanes == 3


def test_lanes_have_an_end():
    (track,) = drawn(*(Span(4001, "join", str(at), 0.0, 9.0) for at in range(50)))

    assert track.lanes == len(track.marks) == 5


def test_words_tell_what_when_and_how_long():
    (track,) = drawn(
        Span(4001, "task", "app.crunch", 2.0, 6.5, 49, 1.8), Span(4001, "lock", "waiting", 7, 8, place="a.py:3")
    )

    assert [mark.words for mark in track.marks] == [
        "49 × task app.crunch: 4.50 s from 2.00 s on, 1.80 s of it in all",
        "waiting at a.py:3: 1.00 s from 7.00 s on",
    ]


def test_kinds_stand_once_and_an_unknown_one_keeps_its_name():
    found = drawn(Span(4001, "task", "f", 0, 1), Span(4001, "task", "g", 1, 2), Span(4001, "new_kind", "h", 2, 3))

    assert [(bucket.letter, bucket.words) for bucket in kinds(found)] == [("T", "task"), ("*", "new kind")]
