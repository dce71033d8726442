"""What is done again and again, at the lines where CPU time is burnt."""

from __future__ import annotations

import pytest

from mpdiag.watch import hot
from mpdiag.watch.observation import Frame, HotLine, StackSample

from .conftest import book, life, run, slot, start

SOURCE = """\
import json
def load():
    return list(range(10))

def handle(job):
    table = load()
    return table[job]

def each(job):
    return sum(load()[job] for _ in range(3))

def serve(path, inbox):
    for job in iter(inbox.get, None):
        table = json.load(open(path))
        handle(job)
"""


@pytest.fixture
def told(tmp_path):
    """What is told of a line of a program, the root of whose stacks is `root`."""
    file = tmp_path / "app.py"
    file.write_text(SOURCE)

    def tell(line, function, depth=0, role="worker", root="handle", **more):
        at = HotLine(role, Frame(str(file), 1, root), str(file), line, function, "callee", 9, 1.0, 0.9, depth)
        return hot.repeats(at, **{"same_args": "", "lives": ()} | more)

    return tell


def test_a_call_of_the_tasks_own_function(told):
    assert told(6, "handle") == {"invariant": True, "rounds": None}


def test_a_call_further_in_that_needs_no_argument(told):
    assert told(6, "handle", depth=2)["invariant"] is True


def test_libraries_are_left_as_they_are(tmp_path):
    at = HotLine("worker", Frame("app.py", 1, "f"), "/usr/lib/python3.11/json/x.py", 5, "g", "h", 9, 1.0, 0.9, 1)

    assert hot.repeats(at, "", ())["invariant"] is None


def test_nothing_is_known_of_arguments_further_in(told):
    assert told(14, "serve", depth=1, same_args="0,1")["invariant"] is None


def test_a_call_in_the_loop_of_a_process_is_repeated_for_each_message(told):
    counted = book(pid=11, slots=[slot("get", count=30, empty=2), slot("put", count=30)])
    served = life(11, "process", book=counted, start=start(11, 0.1, target="app.serve"))

    assert told(14, "serve", role="process", root="serve", lives=[served]) == {"invariant": True, "rounds": 28}
    assert told(15, "serve", role="process", root="serve", lives=[served])["invariant"] is False


CACHED = """\
import functools

@functools.lru_cache(maxsize=1)
def load(path):
    return list(range(10))
"""


@pytest.mark.parametrize(
    ("decorator", "invariant"),
    [("@functools.lru_cache(maxsize=1)", None), ("@memoize", None), ("@functools.wraps(print)", True)],
)
def test_what_a_decorator_keeps_ran_once_whatever_file_it_is_in(tmp_path, decorator, invariant):
    helper, app = tmp_path / "helper.py", tmp_path / "app.py"
    helper.write_text(CACHED.replace("@functools.lru_cache(maxsize=1)", decorator))
    app.write_text("from helper import load\n\ndef handle(job):\n    return load('x')[job]\n")
    stack = Frame(str(helper), 5, "load"), Frame(str(app), 4, "handle")

    rows = hot.rows(run(stacks=[StackSample(11, None, stack, 9, 0.9)]), [life(11, "worker")], [])

    assert next(row for row in rows if row["callee"] == "load")["invariant"] is invariant
