"""The demonstrations: told from scripted answers, and for real."""

import multiprocessing
import sys
import threading
from contextlib import ExitStack

import pytest

from mpdiag import demos, work
from mpdiag.bench import Bench, DeadlineExceeded, Plan
from mpdiag.launcher import Launcher
from mpdiag.probes.semantics import PROBE, STATEMENTS

EXPECTED = {statement.key: statement.expected for statement in STATEMENTS}
#: What each call of the bench's would bring, where all is as the rules say.
ANSWERS = {
    "start of a script without a main guard": "a script",
    "start by fork": "a child",
    "start by spawn": "a child",
    "start by forkserver": "a child",
    "globals and locks": {key: EXPECTED[key] for key in EXPECTED if key.startswith(("after", "before", "lock"))},
    "end of a pipe": {"eof own": "waits", "eof": "EOFError"},
    "end of a pipe beside a forked sibling": {"eof fork": "waits"},
    "put on a full queue": {"full": "blocks, Full"},
    "join before the queue is read": {"drain": "hangs"},
    "exception in a process": {"process": "printed, exit 1"},
    "futures": {"future": "not printed", "cancel running": "refused", "cancel pending": "cancelled"},
    "numbers in a Value": {"float": "TypeError", "wrap": "-2147483648"},
    "a script without a main guard": {"unguarded": "RuntimeError"},
}


def test_one_row_for_each_statement(fake_bench, rows_of):
    bench = fake_bench({}.get, once=ANSWERS)
    rows = rows_of(PROBE.run(bench))

    assert sorted(row["demo"] for row in rows) == sorted(statement.demo for statement in STATEMENTS)
    assert all(row["as_expected"] is True and row["seen"] == row["expected"] for row in rows)
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

    assert rows["join() before reading a Queue"]["as_expected"] is False
    assert [row["demo"] for row in rows.values() if not row["as_expected"]] == ["join() before reading a Queue"]
    assert bench.notes == ["join() before reading a Queue: 'ends', not 'hangs' as the rules assume"]


def test_what_cannot_be_shown_here_has_no_row(fake_bench, rows_of):
    denied = {"start by fork", "start by spawn", "start by forkserver", "start of a script without a main guard"}
    bench = fake_bench({}.get, once={key: answer for key, answer in ANSWERS.items() if key not in denied})
    rows = rows_of(PROBE.run(bench))

    assert "global set after start()" not in {row["demo"] for row in rows}
    assert "no main guard, spawn" not in {row["demo"] for row in rows}
    assert len(rows) == 11


def test_every_demonstration_is_of_a_statement_and_fits_the_table():
    assert len({statement.key for statement in STATEMENTS}) == len(STATEMENTS)
    assert all(len(statement.demo) <= 30 and len(statement.consequence) <= 32 for statement in STATEMENTS)


def test_for_real_nothing_surprises():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(Plan(probe="semantics", level="quick", budget_s=1.0, profile_s=0.1, deadline_s=60.0))
        left = {path.name for path in launcher.folder.iterdir()}

    assert (gathered.status, gathered.reason, gathered.notes) == ("ok", None, [])
    methods = set(multiprocessing.get_all_start_methods())
    absent = {"fork", "forkserver"} - methods
    shown = [one.demo for one in STATEMENTS if not any(one.key.endswith(f" {method}") for method in absent)]
    assert sorted(row["demo"] for row in gathered.rows[""]) == sorted(shown)
    assert all(row["as_expected"] for row in gathered.rows[""])
    assert gathered.profile
    assert gathered.process["rss_peak"] > 0
    assert left <= {"main.py", "mpdiag", "stderr"}


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_an_observer_leaves_nothing_changed_and_can_be_repeated(method):
    bench = Bench(Plan(probe="semantics"))
    threads = threading.active_count()
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
                "after": "not seen",
            }
        ]
        * 2
    )
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
