"""From what the measuring process said to the report: choice, limit, findings, other machines, code."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import registry, reports, sizing
from mpdiag.errors import BadInput, CannotWork
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Gathered
from mpdiag.model import Measured
from mpdiag.renderers import markdown, terminal
from mpdiag.report import Style
from mpdiag.sized.law import Machine
from mpdiag.sizer.watch import Standstill

GOLDEN = Path(__file__).parent / "golden"
ITEM = 0.0042
TASK = {
    "target": "app:score", "items": 2000, "whole": False, "calls": 120, "first": 0.0118,
    "wall": Measured(ITEM, 0.0041, 0.0043, 60, (ITEM,) * 60), "children": 0.0, "waiting": 0.0, "ready": 0.02,
    "remembers": False, "slowest": 0.0051, "cpu": ITEM, "threads_beside": False, "together": 1.02,
    "takes_turns": True, "native_threads": 0, "native_pools": "",
    "args_b": 2200.0, "result_b": 410.0, "pickle_args": 4.1e-5,
    "pickle_result": 1.2e-5, "denied": "", "raised": 0, "error": "",
}  # fmt: skip
#: Kind, workers, chunksize and how much faster than the loop.
SPEEDS = [
    ("loop", 1, 1, 1.0), ("threads", 2, 1, 0.98), ("fork", 1, 1, 0.95), ("fork", 2, 1, 1.88), ("fork", 4, 1, 3.52),
    ("fork", 6, 1, 3.55), ("spawn", 4, 1, 3.5), ("forkserver", 4, 1, 3.51), ("fork", 4, 4, 3.54),
]  # fmt: skip
SLEEPING = {**TASK, "target": "app:fetch", "waiting": 0.98, "cpu": ITEM * 0.02, "together": 0.04}
SLEEPS = [("loop", 1, 1, 1.0), ("threads", 8, 1, 7.9), ("threads", 64, 1, 62.0), ("fork", 16, 1, 15.0)]
MACHINE = {
    "usable_cpus": 4.0, "usable_workers": 4, "logical_cpus": 4, "usable_memory": 8 * 2**30, "affinity_cpus": 4,
    "memory_available": 6 * 2**30, "cpu_model": "A processor", "os_release": "Linux", "cpu_quota": None,
}  # fmt: skip
PYTHON = {
    "implementation": "CPython", "version": "3.13.1", "default_start_method": "fork", "pool_workers": 4,
    "executor_workers": 4, "thread_workers": 8, "cpu_count": 4, "gil_enabled": True, "start_method_set": None,
}  # fmt: skip


def batches(speeds, rounds=7):
    for number in range(rounds):
        for kind, workers, chunk, speed in speeds:
            wobble = 1 + 0.01 * ((number * 3 + workers) % 5 - 2)
            yield {
                "round": number, "kind": kind, "workers": workers, "chunk": chunk, "native": 0,
                "items": 100, "work": 100 * ITEM,
                "wall": 100 * ITEM / speed * (1 if kind == "loop" else wobble), "parent": 0.006,
                "cpu": 100 * ITEM, "ready": 0.0, "queued": 0.0,
            }  # fmt: skip


def crew(kind, workers):
    own = None if kind == "threads" else 180 * 2**20
    return {
        "kind": kind,
        "workers": workers,
        "native": 0,
        "start": 0.0004 if own is None else 0.021,
        "own": own,
        "pss": own and own + 20 * 2**20,
    }


def gathering(task=TASK, speeds=SPEEDS, others=0.0, stop="interval", **rows):
    told = {
        "task": [task] if task else [],
        "batches": list(batches(speeds)),
        "crews": [
            crew(kind, workers) for kind, workers in dict.fromkeys(each[:2] for each in speeds) if kind != "loop"
        ],
        **rows,
    }
    process = {"others_cpu_fraction": others, "stopped_by": {stop: 1}}
    gathered = Gathered("ok", None, 7.5, told, [], process)
    return sizing.Gathering(dict(MACHINE), dict(PYTHON), gathered)


def reported(monkeypatch, gathered, interrupted=False, **request):
    monkeypatch.setattr(sizing, "gather", lambda *_: replace(gathered, interrupted=interrupted))
    wanted = sizing.Request(target="app:score", items="app:games", **request)
    report, told = sizing.measure(wanted, Chosen("python", "given"), lambda: None)
    assert told == interrupted
    return replace(report, started_at="2026-01-01T00:00:00Z", duration_s=8.0, command=("mpdiag", "size", "app:score"))


def table(report, name):
    return next(section.rows for section in report.sections if section.id == name)


def lines(report, name):
    return {row["what"]: row["here"] for row in table(report, name)}


def test_a_computing_function(monkeypatch):
    report = reported(monkeypatch, gathering())

    assert report.verdict.startswith("Use 4 processes (fork): 3.52×")
    assert "The limit is the CPUs: 4 can be used" in report.verdict
    assert lines(report, "choice")["memory"] == (
        "4 workers need 800 MiB of 6 GiB free: 200 MiB each (PSS), 180 MiB of it its own; room for 30"
    )
    assert lines(report, "call")["memory"].startswith(
        "a worker process (fork) holds 200 MiB at its peak (PSS), 180 MiB of it"
    )
    assert "pays from 7 items on" in lines(report, "choice")["start"]
    assert [one.rule for one in report.findings] == ["MP408"]
    assert {section.id for section in report.sections if section.id.startswith("code")} == {
        "code.concurrent.futures", "code.multiprocessing.Pool", "code.joblib"
    }  # fmt: skip


def test_a_waiting_function(monkeypatch):
    report = reported(monkeypatch, gathering(SLEEPING, SLEEPS))

    assert report.verdict.startswith("Use 64 threads: 62.")
    assert {one.rule for one in report.findings} == {"MP403", "MP404"}


def test_a_function_that_no_worker_helps(monkeypatch):
    tiny = {**TASK, "wall": Measured(2e-7, None, None, 9, (2e-7,)), "cpu": 2e-7, "args_b": 5.0, "result_b": 5.0}
    report = reported(monkeypatch, gathering(tiny, [("loop", 1, 1, 1.0), ("fork", 4, 4096, 0.2)]))

    assert report.verdict.startswith("Use a plain loop: no kind of worker is faster. The limit is handing out")
    assert [one.rule for one in report.findings] == ["MP402"]
    assert not [section for section in report.sections if section.id.startswith("code")]


def test_what_cannot_be_sent_and_what_fails_elsewhere(monkeypatch):
    unsendable = gathering({**TASK, "denied": "PicklingError: a lambda"}, [SPEEDS[0], SPEEDS[1]])
    denied = [{"kind": "spawn", "workers": 4, "native": 0, "reason": "it raised NameError: x (app.py:3) there"}]
    elsewhere = gathering(speeds=SPEEDS[:6], denied=denied)

    assert "MP204" in {one.rule for one in reported(monkeypatch, unsendable).findings}
    report = reported(monkeypatch, elsewhere)
    (finding,) = [one for one in report.findings if one.rule == "MP704"]
    assert "by spawn, it raised NameError: x (app.py:3) there" in finding.seen
    assert any("4 processes (spawn) could not be measured" in one.text for one in report.quality)


def test_workers_that_do_not_fit_into_memory(monkeypatch):
    rows = [{**crew("fork", workers), "own": 2 * 2**30} for workers in (1, 2, 4, 6)]
    report = reported(monkeypatch, gathering(crews=rows))

    (finding,) = [one for one in report.findings if one.rule == "MP507"]
    assert "would need 8 GiB of the 6 GiB" in finding.seen
    assert lines(report, "choice")["memory"].endswith("; 8 would need 16 GiB")


def test_workers_of_unknown_memory_are_not_spoken_of(monkeypatch):
    rows = [{**crew("fork", workers), "own": None, "pss": None} for workers in (1, 2, 4, 6)]
    report = reported(monkeypatch, gathering(crews=rows))

    assert "memory" not in lines(report, "choice")
    assert "memory" not in lines(report, "call")


def test_another_machine_and_beyond(monkeypatch):
    monkeypatch.setattr(sizing.cluster, "task_cost", lambda _left: Measured(8e-4, None, None, 8))
    report = reported(monkeypatch, gathering(), elsewhere=Machine(32, 4 * 2**30))

    there, ceiling, cluster = table(report, "elsewhere")
    assert (there["where"], there["workers"]) == ("32 CPUs, 4 GiB", 20)
    assert 3.5 < there["low"] < there["speedup"] < there["high"] <= 20
    assert ceiling["where"] == "any one machine"
    assert "adds 800 µs a task (measured here, one worker)" in cluster["remark"]


def test_what_limits_trust_is_told(monkeypatch):
    some = {**TASK, "remembers": True}
    texts = [one.text for one in reported(monkeypatch, gathering(some, others=0.4, stop="budget")).quality]

    assert [text.partition(":")[0] for text in texts] == [
        "contended", "it keeps its results", "the first 2,000 items were taken", "rough"
    ]  # fmt: skip


def test_an_interruption_shows_what_there_is(monkeypatch):
    early, late = gathering(None, []), gathering(stop="")
    early.gathered = Gathered()

    report = reported(monkeypatch, early, interrupted=True)
    assert (report.verdict, report.sections) == ("Not measured far enough to recommend anything.", ())
    assert reported(monkeypatch, late, interrupted=True).verdict.startswith("Use 4 processes")


@pytest.mark.parametrize(
    ("ended", "kind", "said"),
    [
        (
            Standstill("the call on item 0", True, "app.py", 3, "f"),
            CannotWork,
            r"item 0 did not end in time .app.py:3 in f",
        ),
        (Standstill("importing it", False), CannotWork, "the process died during importing it: killed"),
        (None, CannotWork, "could not be measured: killed"),
    ],
)
def test_nothing_measured_is_one_line(monkeypatch, ended, kind, said):
    empty = gathering(None, [])
    empty.gathered, empty.ended = Gathered("failed", "killed"), ended

    with pytest.raises(kind, match=said) as error:
        reported(monkeypatch, empty)
    assert error.value.hint


def test_trouble_with_what_the_user_gave_is_bad_input(monkeypatch):
    with pytest.raises(BadInput, match="no such thing"):
        reported(monkeypatch, gathering(None, [], trouble=[{"text": "no such thing", "hint": "Give one."}]))


GOLDENS = {
    "size.80.txt": (terminal, Style(width=80)),
    "size.120.txt": (terminal, Style(width=120)),
    "size.ascii.txt": (terminal, Style(width=80, unicode=False)),
    "size.md": (markdown, Style(width=100)),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(monkeypatch, name):
    monkeypatch.setattr(sizing.cluster, "task_cost", lambda _left: None)
    report = reported(monkeypatch, gathering(), elsewhere=Machine(32, 64 * 2**30))
    renderer, style = GOLDENS[name]
    text = renderer.RENDERER.render(report, style)
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")

    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert name.endswith("md") or max(map(len, text.splitlines())) <= style.width


def test_it_is_saved_and_read_again(monkeypatch):
    report = reported(monkeypatch, gathering())
    text = reports.encode(report)

    assert json.loads(text)["kind"] == "size"
    assert reports.encode(reports.decode(text.encode(), "size.json")) == text


def test_the_page_has_its_curve(monkeypatch):
    monkeypatch.setattr(sizing.cluster, "task_cost", lambda _left: None)

    page = registry.renderer("html").render(reported(monkeypatch, gathering()), Style())

    assert page.count('<figure class="chart"') >= 1
