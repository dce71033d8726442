"""What is not permitted is said, with what would permit it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import doubts, unwinding
from mpdiag.hang.tree import Tree
from mpdiag.watch import processes

MAIN = thread(1, "main@app.py", main=True)


@pytest.fixture
def told(snapshot, monkeypatch):
    """The doubts about one process, with some of what is known of it changed."""

    def ask(spy="/bin/py-spy", linux=True, folder=None, opened=(), limited=False, **changes):
        monkeypatch.setattr(unwinding, "py_spy", lambda: spy)
        monkeypatch.setattr(processes, "LINUX", linux)
        one = seen(1, MAIN)
        look = replace(one.look, threads=tuple(replace(each, limited=limited) for each in one.look.threads))
        taken = snapshot(replace(one, look=look, **changes))
        return list(doubts.of(replace(taken, tree=Tree(1, folder), opened={1: opened})))

    return ask


def test_nothing_when_all_was_seen(told):
    assert told() == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"answer": None, "unwound": (MAIN,)}, "`mpdiag run` tells its stacks"),
        ({"answer": None, "unwound": (MAIN,), "folder": "/run"}, "1 of 1 processes did not answer"),
        ({"answer": None, "spy": None}, "pip install 'mpdiag[stacks]'"),
        ({"answer": None}, "stacks of 1 of 1 processes could not be read from outside: that takes the right to trace"),
        ({"opened": None}, "1 of 1 processes are not ours to see: ask as their user, or as root"),
        ({"limited": None}, "what threads wait for in their system calls: that takes the right to trace"),
        ({"linux": False}, "this system does not tell"),
    ],
)
def test_what_is_missing(told, how, said):
    assert said in told(**how)[-1]
