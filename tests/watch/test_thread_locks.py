"""Threads that wait for a lock, by the lines at which they were seen."""

from __future__ import annotations

import pytest

from mpdiag.watch import thread_locks
from mpdiag.watch.observation import Frame, ThreadLook

PROGRAM = """\
def add(self, path):
    with open(path) as file, self.lock:
        self.total += len(file.read())
    with self.lock:
        self.store(path)
    self.lock.acquire()
    with (
        self.file,
        self.pool.connection() as link,
    ):
        return link.send(self)
"""
IDLE = Frame("/usr/lib/python3.12/concurrent/futures/thread.py", 89, "_worker")


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "app.py"
    path.write_text(PROGRAM)
    return str(path)


@pytest.mark.parametrize(
    ("line", "takes"), [(2, True), (3, False), (4, True), (5, False), (6, True), (8, True), (9, False)]
)
def test_lines_that_take_a_lock(script, line, takes):
    assert thread_locks.takes_lock(script, line) is takes


def test_a_file_that_is_gone_takes_none():
    assert not thread_locks.takes_lock("/nowhere/app.py", 4)


def test_the_part_of_the_looks_at_the_worst_line_is_the_part_of_the_time(script):
    at = {line: Frame(script, line, "add") for line in range(1, 11)}
    looks = [(1, at[4], 12), (1, at[6], 2), (1, at[5], 10), (1, IDLE, 70), (2, at[4], 50)]

    row = thread_locks.waited([ThreadLook(*look) for look in looks], [1], 6.0)

    assert row == {"thread_lock_s": 3.0, "lock_file": script, "lock_line": 4, "lock_function": "add"}


@pytest.mark.parametrize(("line", "count"), [(4, 7), (5, 100)])
def test_few_looks_or_none_at_a_lock_tell_nothing(script, line, count):
    row = thread_locks.waited([ThreadLook(1, Frame(script, line, "add"), count)], [1], 6.0)

    assert set(row.values()) == {None}
