"""What is not permitted is said, with what would permit it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag import verdicts
from mpdiag.hang import doubts, unwinding
from mpdiag.hang.tree import Tree
from mpdiag.heading import begin
from mpdiag.report import Section
from mpdiag.watch import processes, procfs

MAIN = thread(1, "main@app.py", main=True)
OUTSIDE = {"answer": None, "before": None}


@pytest.fixture
def taken(snapshot, monkeypatch):
    """A look at one process, by a user that is not root, with some of what is known of it changed."""

    def look_at(spy="/bin/py-spy", linux=True, folder=None, opened=(), limited=False, yama=None, user=1000, **changes):
        monkeypatch.setattr(unwinding, "py_spy", lambda: spy)
        monkeypatch.setattr(processes, "LINUX", linux)
        monkeypatch.setattr(procfs, "read", lambda path: yama if path == doubts.YAMA else None)
        monkeypatch.setattr(doubts.os, "geteuid", lambda: user)
        one = seen(1, MAIN)
        look = replace(one.look, threads=tuple(replace(each, limited=limited) for each in one.look.threads))
        return replace(snapshot(replace(one, look=look, **changes)), tree=Tree(1, folder), opened={1: opened})

    return look_at


@pytest.fixture
def told(taken):
    return lambda **how: list(doubts.of(taken(**how)))


def test_nothing_when_all_was_seen(told):
    assert told() == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"answer": None, "unwound": (MAIN,)}, "`mpdiag run` tells its stacks"),
        ({"answer": None, "unwound": (MAIN,), "folder": "/run"}, "1 of 1 processes did not answer"),
        ({"answer": None, "spy": None}, "pip install 'mpdiag[stacks]'"),
        ({"answer": None}, "stacks of 1 of 1 processes could not be read from outside: there was no time"),
        ({"opened": None}, "1 of 1 processes are not ours to see: ask as their user, or as root"),
        ({"limited": None}, "what threads wait for in their system calls: that takes the right to trace"),
        ({"linux": False}, "this system does not tell"),
    ],
)
def test_what_is_missing(told, how, said):
    assert said in told(**how)[-1]


@pytest.mark.parametrize(
    ("how", "said", "remedy"),
    [
        ({}, "that takes the right to trace", "Ask as root, or with SYS_PTRACE in a container, or start it under"),
        ({"yama": b"0\n"}, "that takes the right to trace", "Ask as root, or with SYS_PTRACE"),
        ({"yama": b"1\n"}, "ptrace_scope is 1: only root and its own parents may trace it", "Ask as root (sudo), or"),
        ({"yama": b"2\n"}, "ptrace_scope is 2: only root may trace", "Ask as root (sudo), or"),
        ({"yama": b"3\n", "user": 0}, "ptrace_scope is 3: nobody may trace", "Start it under `mpdiag run"),
        ({"yama": b"1\n", "user": 0}, "root lacks SYS_PTRACE", "(docker run --cap-add SYS_PTRACE), or start it under"),
        ({"folder": "/run", "yama": b"1\n"}, "ptrace_scope is 1", "Ask as root (sudo)"),
    ],
)
def test_why_it_could_not_be_seen_and_what_would_show_it(taken, how, said, remedy):
    lacks, what = doubts.why(taken(limited=None, **{**OUTSIDE, **how}))

    assert lacks.startswith("Neither stacks nor what its threads wait for could be read")
    assert said in lacks
    assert remedy in what
    assert ("mpdiag run" in what) is ("folder" not in how)


@pytest.mark.parametrize(
    ("how", "lacks", "remedy"),
    [
        ({"spy": None}, "Its stacks could not be read: py-spy is not", "Install py-spy (pip install 'mpdiag[stacks]')"),
        ({"opened": None}, "1 of its processes are not ours to see", "Ask as their user, or as root, or start it"),
        ({"linux": False}, "This system does not tell what threads wait for", "Start it under `mpdiag run"),
        ({"unwound": (MAIN,), "limited": None}, "What its threads wait for could not be read", "Ask as root, or with"),
        ({"unwound": (MAIN,)}, "Nothing names what it waits for", "Look again, by --watch 10, or start it under"),
    ],
)
def test_what_else_may_be_missing(taken, how, lacks, remedy):
    told = doubts.why(taken(**{**OUTSIDE, **how}))

    assert told[0].startswith(lacks)
    assert told[1].startswith(remedy)


def test_the_verdict_says_so(taken):
    lacks, remedy = doubts.why(taken(limited=None, yama=b"1", **OUTSIDE))
    look = Section("look", "", "ok", rows=({"state": "unseen", "hidden": lacks, "remedy": remedy},))
    waits = Section("waits", "", "ok", rows=({"who": "main", "what": "waits for other threads"},))

    verdict = verdicts.hang(replace(begin("hang"), sections=(look, waits)))

    assert verdict == (
        "It could not be seen whether it is stuck or only idle: main waits for other threads. Neither stacks nor what "
        "its threads wait for could be read: kernel.yama.ptrace_scope is 1: only root and its own parents may trace "
        "it. Ask as root (sudo), or start it under `mpdiag run --hang-after 60`: it tells by itself then, without any "
        "such right."
    )
