"""What `mpdiag run` makes besides the report, as users ask for it."""

from __future__ import annotations

import fcntl
import json
import os
import pstats
import pty
import signal
import struct
import sys
import termios

import pytest

from mpdiag.watch import books

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc and /dev/shm")

PROGRAM = """
import multiprocessing, sys, time

def leaf(until):
    while time.monotonic() < until:
        sum(range(500))

def task(number):
    leaf(time.monotonic() + 0.1)
    return number

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        for number in pool.imap(task, range(int(sys.argv[2]))):
            print("got", number, flush=True)
"""


@pytest.fixture
def program(sandbox):
    """A program that computes in two workers and prints."""
    (sandbox.folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    return "app.py"


def test_a_timeline_that_viewers_read(sandbox, program):
    sandbox.run("run", "-q", "--json", "out.json", "--perfetto", "trace.json", program, "fork", "6")

    trace = json.loads((sandbox.folder / "trace.json").read_text())
    events = trace["traceEvents"]
    assert trace["displayTimeUnit"] == "ms"
    for event in events:
        assert {"ph", "pid", "tid", "name"} <= set(event)
        assert event["ph"] in "XMCsf"
        assert event["ph"] == "M" or event["ts"] >= 0
        assert event["ph"] != "X" or event["dur"] >= 0
    processes = {event["args"]["name"] for event in events if event["name"] == "process_name"}
    tasks = [event for event in events if event.get("cat") == "task"]
    assert {"main", "ForkPoolWorker-1", "ForkPoolWorker-2"} <= processes
    assert [task["name"] for task in tasks] == ["__main__.task"] * 6
    assert any(event["name"].startswith("waiting for others at app.py:") for event in events)
    assert all(task["dur"] > 90_000 for task in tasks)


@pytest.mark.parametrize("option", [(), ("--no-redact",)], ids=["redacted", "as it is"])
def test_names_are_taken_out_of_the_timeline_as_out_of_a_report(sandbox, option):
    home = sandbox.folder / "homely"
    home.mkdir()
    (home / "app.py").write_text(
        "import multiprocessing\n"
        "context = multiprocessing.get_context('fork')\n"
        f"child = context.Process(target=print, name='{home}/x')\n"
        "child.start()\n"
        "child.join()\n"
    )

    sandbox.run("run", "-q", "--perfetto", "trace.json", *option, "homely/app.py", environ={"HOME": str(home)})

    assert (str(home) in (sandbox.folder / "trace.json").read_text()) == bool(option)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_one_profile_of_all_processes(sandbox, program, method):
    sandbox.run("run", "-q", "--json", "out.json", "--cprofile", "app.prof", program, method, "5")

    stats = pstats.Stats(str(sandbox.folder / "app.prof")).stats
    report = json.loads((sandbox.folder / "out.json").read_text())
    leaf = next(figures for function, figures in stats.items() if function[2] == "leaf")
    assert (leaf[0], [caller[2] for caller in leaf[4]]) == (5, ["task"])
    assert 0.45 < leaf[3] < 5
    assert not [file for file, _, name in stats if name == "main" and "tracker" in file]
    assert any("profiled: with --cprofile" in doubt["text"] for doubt in report["quality"])


def test_calls_of_all_processes_as_a_tree(sandbox, program):
    done = sandbox.run("run", "--stacks", "--json", "out.json", program, "fork", "10")

    report = json.loads((sandbox.folder / "out.json").read_text())
    tree = next(section for section in report["sections"] if section["id"] == "stacks")
    rows = [(row["depth"], row["function"]) for row in tree["rows"]]
    assert rows[:3] == [(0, "2 × worker"), (1, "task"), (2, "leaf")]
    assert tree["rows"][2]["share"] > 0.5
    assert tree["rows"][2]["samples"] > 20
    assert "· · leaf" in done.stderr


def test_ledgers_are_kept_where_asked_and_can_be_read(sandbox, program):
    sandbox.run("run", "-q", "--json", "out.json", "--keep", "kept", program, "fork", "6")

    read = books.read(sandbox.folder / "kept")
    report = json.loads((sandbox.folder / "out.json").read_text())
    observed = next(one for one in report["sections"] if one["id"] == "processes")["rows"]
    assert {book.pid for book in read} == {row["pid"] for row in observed if row["observed"]}
    assert len(read) == 3
    assert sum(slot.count for book in read for slot in book.of("task")) == 6


def test_a_live_page_needs_a_terminal(sandbox, program):
    done = sandbox.run("run", "--live", program, "fork", "2")

    assert (done.returncode, done.stdout) == (0, "got 0\ngot 1\n")
    assert "--live needs a terminal on standard error. The report follows at the end." in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("interrupted", [False, True], ids=["to its end", "until Ctrl-C"])
def test_a_live_page_on_a_terminal(sandbox, program, interrupted):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

    def lead():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "environ": {"TERM": "xterm"}, "preexec_fn": lead}
    tasks = 600 if interrupted else 40
    with sandbox.start("run", "--live", "-q", "--json", "out.json", program, "fork", tasks, **ends) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                written += os.read(ours, 4096)
            except OSError:
                break
            if interrupted and written.count(b"Running for") == 2:
                os.write(ours, b"\x03")
                interrupted = False
        os.close(ours)
    text = written.decode()

    assert process.returncode == (0 if tasks == 40 else 128 + signal.SIGINT)
    assert text.count("Running for") >= 2
    assert "\x1b[1;" in text  # only what is above the page scrolls
    assert text.count("\x1b[r\x1b[") >= 1
    assert text.rindex("\x1b[r") > text.rindex("\x1b[1;")
    if tasks == 40:
        assert [f"got {number}\r\n" in text for number in range(40)] == [True] * 40
    sandbox.expect_nothing_left()


def test_budgets_of_pyproject_and_a_baseline_make_the_exit_code(sandbox, program):
    (sandbox.folder / "pyproject.toml").write_text(
        '[tool.mpdiag.budgets]\nprocesses = "<= 9"\nMP6xx = "none"\n', encoding="utf-8"
    )
    first = sandbox.run("run", "-q", "--json", "before.json", program, "fork", "4")
    second = sandbox.run(
        *("run", "-q", "--json", "after.json", "--baseline", "before.json", "--budgets", "processes <= 1"),
        *(program, "fork", "4"),
    )

    before, after = (json.loads((sandbox.folder / f"{name}.json").read_text()) for name in ("before", "after"))
    assert (first.returncode, second.returncode) == (0, 1)
    assert [row["result"] for row in before["sections"][0]["rows"]] == ["pass", "pass"]
    assert [(row["result"], row["budget"], row["seen"]) for row in after["sections"][0]["rows"]] == [
        ("FAIL", "processes <= 1", "3")
    ]
    assert after["verdict"].startswith("Failed: processes <= 1 (seen: 3). ")
    assert "since.wall" in [each["id"] for each in after["sections"]]


@pytest.mark.parametrize(
    "options",
    [("--budgets", "nonsense <= 1"), ("--baseline", "none.json"), ("--fail-on-regression", "10%")],
)
def test_what_a_run_cannot_be_held_against_is_told_before_it_begins(sandbox, program, options):
    done = sandbox.run("run", *options, program, "fork", "1")

    assert done.returncode == 2
    assert "got" not in done.stdout
    assert len(done.stderr.splitlines()) <= 2
