"""run() of the program's own Process classes, called where start() was meant."""

from __future__ import annotations

import pytest

from mpdiag.watch import inlined
from mpdiag.watch.observation import Frame, StackSample

from .conftest import book, event, life, run, start

SOURCE = """\
import multiprocessing as mp

class Ringer(mp.Process):
    def run(self):
        return sum(range(1000))

class Other:
    def run(self):
        return 1

ringer = Ringer()
ringer.run()
"""


@pytest.fixture
def told(tmp_path):
    """The rows for a stack, innermost frame first, of lines of the program or of other files."""
    file = tmp_path / "app.py"
    file.write_text(SOURCE)

    def tell(*frames, made=4, started=0):
        stack = tuple(Frame(where if isinstance(where, str) else str(file), line, name) for where, line, name in frames)
        notes = [event("made", 0.1, "app.Ringer.run", str(file), 4) for _ in range(made)]
        children = [life(11 + n, "process", start=start(11 + n, 0.1, target="app.Ringer.run")) for n in range(started)]
        main = life(book=book(events=notes))
        return inlined.rows(run(main, stacks=[StackSample(10, None, stack, 9, 0.9)]), [main, *children])

    return tell


RUN, MAIN = (None, 5, "run"), (None, 12, "<module>")


def test_who_called_it_and_how_many_objects_were_never_started(told):
    (row,) = told((None, 5, "<genexpr>"), RUN, MAIN, started=1)

    assert (row["target"], row["count"], row["s"], row["line"]) == ("app.Ringer.run", 3, 0.9, 12)
    assert row["s_max"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    "frames",
    [
        (RUN, ("/lib/multiprocessing/process.py", 314, "_bootstrap"), MAIN),
        ((None, 9, "run"), MAIN),
        (("/elsewhere.py", 5, "run"), MAIN),
        (MAIN,),
    ],
    ids=["started", "another class", "another file", "elsewhere"],
)
def test_silent_on_what_is_no_such_call(told, frames):
    assert told(*frames) == []


def test_silent_where_no_such_object_was_made(told):
    assert told(RUN, MAIN, made=0) == []
