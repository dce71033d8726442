"""Processes where there is no /proc: what psutil tells, and what it may not."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from mpdiag.hang import kernel
from mpdiag.watch import processes


class Fake:
    """A process of another system, as psutil shows it; what ``denied`` names is another user's."""

    denied: frozenset[str] = frozenset()

    def __init__(self, pid: int) -> None:
        if pid == 404:
            raise psutil.NoSuchProcess(pid)

    def __getattr__(self, name: str):
        answers = {
            "name": "python3.12",
            "status": psutil.STATUS_SLEEPING,
            "ppid": 1,
            "num_threads": 2,
            "cpu_times": SimpleNamespace(user=1.5, system=0.5),
            "create_time": 12.5,
            "cmdline": ["python3.12", "app.py"],
            "exe": "/opt/python3.12",
            "children": [SimpleNamespace(pid=9)],
            "threads": [
                SimpleNamespace(id=70, user_time=1.0, system_time=0.25),
                SimpleNamespace(id=71, user_time=0.5, system_time=0.0),
            ],
            "environ": {"MPDIAG_TAP": "/tmp/run"},
        }
        if name not in answers:  # macOS has no io_counters
            raise AttributeError(name)
        if name in self.denied:
            raise psutil.AccessDenied(7)
        return lambda: answers[name]


@pytest.fixture
def elsewhere(monkeypatch):
    """Another system than Linux, where some may not be asked."""

    def make(*denied: str) -> None:
        monkeypatch.setattr(Fake, "denied", frozenset(denied))
        monkeypatch.setattr(processes, "LINUX", False)
        monkeypatch.setattr(psutil, "Process", Fake)

    return make


def test_what_psutil_tells(elsewhere):
    elsewhere()
    stat = processes.stat(7)

    assert (stat.name, stat.state, stat.parent, stat.started, stat.threads) == ("python3.12", "S", 1, 12500, 2)
    assert processes.command_line(7) == ("python3.12", "app.py")
    assert processes.program(7) == "/opt/python3.12"
    assert processes.children(7) == [9]
    assert (processes.variable(7, "MPDIAG_TAP"), processes.variable(7, "HOME")) == ("/tmp/run", None)
    assert processes.moved(7) is None


def test_the_first_thread_is_the_main_one_and_no_wait_is_known(elsewhere):
    elsewhere()
    look = kernel.look(7)

    assert [(each.native, each.ran, each.doing, each.limited) for each in look.threads] == [
        (7, 1_250_000_000, "unknown", None),
        (71, 500_000_000, "unknown", None),
    ]


def test_what_is_another_users_is_not_told(elsewhere):
    elsewhere("num_threads", "cpu_times", "cmdline", "exe", "children", "threads", "environ")

    assert (processes.stat(7).state, processes.ran(7), processes.children(7)) == ("S", {}, [])
    assert (processes.command_line(7), processes.program(7), processes.variable(7, "HOME")) == ((), None, None)


def test_where_threads_are_not_told_apart_the_process_counts_as_one(elsewhere):
    elsewhere("threads")

    assert processes.ran(7) == {7: 2_000_000_000}


def test_what_is_gone_is_none(elsewhere):
    elsewhere()

    assert (processes.stat(404), kernel.look(404), processes.ran(404), processes.moved(404)) == (None, None, {}, None)
