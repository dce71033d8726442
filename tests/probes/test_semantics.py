"""The demonstrations: told from scripted answers, and for real."""

import logging
import multiprocessing
import sys
import threading
from contextlib import ExitStack

import pytest

from mpdiag import work
from mpdiag.bench import Bench, DeadlineExceeded, Plan
from mpdiag.launcher import Launcher
from mpdiag.probes.semantics import BY_METHOD, PROBE, STATEMENTS
from mpdiag.rigs import demos

ALL = {**STATEMENTS, **BY_METHOD}
EXPECTED = {key: statement.expected for key, statement in ALL.items()}
#: What each call of the bench's would bring, where all is as the rules say.
ANSWERS = {
    "start of a script without a main guard": "a script",
    "start by fork": "a child",
    "start by spawn": "a child",
    "start by forkserver": "a child",
    "globals and locks": {key: EXPECTED[key] for key in ["after", *BY_METHOD]},
    "end of a pipe": {"eof own": "waits", "eof": "EOFError"},
    "end of a pipe beside a forked sibling": {"eof fork": "waits"},
    "put on a full queue": {"full": "blocks, Full"},
    "put on an unread queue": {"unread": "returns"},
    "join before the queue is read": {"drain": "hangs"},
    "exception in a process": {"process": "printed, exit 1"},
    "futures": {"future": "not printed", "cancel running": "refused", "cancel pending": "cancelled"},
    "numbers in a Value": {"float": "TypeError", "wrap": "-2147483648"},
    "a script without a main guard": {"unguarded": "RuntimeError"},
}


def test_one_row_for_each_statement(fake_bench, rows_of):
    bench = fake_bench({}.get, once=ANSWERS)
    yielded = list(PROBE.run(bench))
    rows, by_method = rows_of(yielded), rows_of(yielded, "methods")

    assert sorted(row["demo"] for row in rows) == sorted(statement.demo for statement in STATEMENTS.values())
    assert [row["demo"] for row in by_method] == [statement.demo for statement in BY_METHOD.values()]
    assert all(row["as_expected"] is True and row["seen"] == row["expected"] for row in rows + by_method)
    assert rows[-1] == {
        "demo": "no main guard, spawn",
        "expected": "RuntimeError",
        "seen": "RuntimeError",
        "consequence": 'if __name__ == "__main__":',
        "as_expected": True,
    }
    assert bench.notes == []


def test_a_surprise_is_noted(fake_bench, rows_of):
    bench = fake_bench({}.get, once={**ANSWERS, "join before the queue is read": {"drain": "ends"}})
    rows = {row["demo"]: row for row in rows_of(PROBE.run(bench))}

    assert rows["join() before Queue.get()"]["as_expected"] is False
    assert [row["demo"] for row in rows.values() if not row["as_expected"]] == ["join() before Queue.get()"]
    assert bench.notes == ["join() before Queue.get(): 'ends', not 'hangs' as the rules assume"]


def test_what_cannot_be_shown_here_has_no_row(fake_bench, rows_of):
    denied = {"start by fork", "start by spawn", "start by forkserver", "start of a script without a main guard"}
    bench = fake_bench({}.get, once={key: answer for key, answer in ANSWERS.items() if key not in denied})
    yielded = list(PROBE.run(bench))

    assert rows_of(yielded, "methods") == []
    shown = {row["demo"] for row in rows_of(yielded)}
    assert shown == {statement.demo for key, statement in STATEMENTS.items() if key not in {"after", "unguarded"}}


def test_the_table_fits_a_terminal():
    for statement in ALL.values():
        assert len(statement.demo) <= 27
        assert len(statement.expected) <= 15
        assert len(statement.consequence) <= 27


def test_for_real_nothing_surprises():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(Plan(probe="semantics", level="quick", budget_s=1.0, profile_s=0.1, deadline_s=60.0))
        left = {path.name for path in launcher.folder.iterdir()}

    assert (gathered.status, gathered.reason, gathered.notes) == ("ok", None, [])
    methods = set(multiprocessing.get_all_start_methods())
    absent = {"fork", "forkserver"} - methods
    shown = [one.demo for key, one in ALL.items() if not any(key.endswith(f" {method}") for method in absent)]
    rows = gathered.rows[""] + gathered.rows["methods"]
    assert sorted(row["demo"] for row in rows) == sorted(shown)
    assert all(row["as_expected"] for row in rows)
    assert gathered.profile
    assert gathered.process["rss_peak"] > 0
    assert left <= {"main.py", "mpdiag", "stderr"}


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_an_observer_leaves_nothing_changed_and_can_be_repeated(method):
    bench = Bench(Plan(probe="semantics"))
    threads, level = threading.active_count(), logging.getLogger().level
    answers = []
    for _ in range(2):
        with ExitStack() as stack:
            answers.append(demos.question(bench, {method: demos.start_observer(bench, stack, method)}))

    fork = method == "fork"
    assert (
        answers
        == [
            {
                f"before {method}": "seen" if fork else "not seen",
                f"lock {method}": "hangs" if fork else "runs",
                f"level {method}": "kept" if fork else "lost",
                "after": "not seen",
            }
        ]
        * 2
    )
    assert logging.getLogger().level == level
    assert work.GLOBALS["setting"] == "as imported"
    assert threading.active_count() == threads


def test_a_guarded_script_is_told_from_an_unguarded_one(monkeypatch):
    body = "".join(f"    {line}\n" for line in demos.UNGUARDED.splitlines())
    monkeypatch.setattr(demos, "UNGUARDED", f'if __name__ == "__main__":\n{body}')
    with ExitStack() as stack:
        assert demos.read_unguarded(demos.start_unguarded(stack)) == {"unguarded": "the target ran"}


def test_a_script_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(demos, "UNGUARDED", "import time\ntime.sleep(60)\n")
    monkeypatch.setattr(demos, "CHILD_DEADLINE", 0.1)
    with ExitStack() as stack:
        script = demos.start_unguarded(stack)
        with pytest.raises(DeadlineExceeded):
            demos.read_unguarded(script)

    assert script.poll() is not None


def test_what_recv_would_do():
    receiver, sender = multiprocessing.Pipe(duplex=False)
    with receiver:
        with sender:
            assert demos.hear(receiver) == "waits"
            sender.send("word")
            assert demos.hear(receiver) == "a message"
        assert demos.hear(receiver) == "EOFError"
