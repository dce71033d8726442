"""What rules say of a measured function: each speaks where it should, and is silent of one that is well."""

from __future__ import annotations

import pytest

from mpdiag import registry
from mpdiag.advice import Facts
from mpdiag.judging import judge
from mpdiag.model import Measured

TASK = {
    "target": "app:f", "wall": Measured(0.05, None, None, 6), "waiting": 0.0, "takes_turns": False, "denied": "",
    "threads_beside": False, "cpu": 0.05, "pickle_args": 1e-5, "pickle_result": 1e-5, "args_b": 20.0, "result_b": 20.0,
}  # fmt: skip
MACHINE = {"usable_workers": 4, "usable_cpus": 4.0, "memory_available": 2**34, "logical_cpus": 4, "affinity_cpus": 4}
PYTHON = {"executor_workers": 4, "pool_workers": 4, "cpu_count": 4, "gil_enabled": True}


def row(group, workers, gain, chunk=1, kind=None, **more):
    speedup = Measured(gain, gain, gain, 6, (gain,) * 6)
    rest = {"start": 0.02, "memory": 2**24} if group == "processes" else {"start": 0.001, "memory": None}
    return {
        "kind": kind or group,
        "group": group,
        "workers": workers,
        "chunk": chunk,
        "native": None,
        "speedup": speedup,
        **rest,
        **more,
    }


LOOP, THREADS, PROCESSES = row("loop", 1, 1.0), row("threads", 4, 3.7), row("processes", 4, 3.8, kind="fork")
GOOD = [LOOP, THREADS, PROCESSES]


def said(curve=GOOD, chosen=PROCESSES, failed=(), machine=MACHINE, python=PYTHON, **task):
    tables = {"": ({**TASK, **task},), "curve": tuple(curve), "choice": ({"which": "chosen", **chosen},)}
    sized = Facts("size", {**tables, "denied": tuple(failed)})
    judged = judge(registry.rules().values(), {"sized": sized, "machine": machine, "python": python}, "size")
    assert judged.not_judged == []
    return {finding.rule: finding for finding in judged.findings}


def test_silent_of_a_function_that_is_well():
    assert said() == {}


def test_every_rule_with_this_lens_is_judged():
    lens = {rule.id for rule in registry.rules().values() if rule.size}

    assert lens >= {"MP203", "MP402", "MP403", "MP404", "MP405", "MP407", "MP408", "MP507", "MP701"}


@pytest.mark.parametrize(
    ("rule", "words", "facts"),
    [
        ("MP203", "takes 200 ms", {"pickle_args": 0.2, "args_b": 10.0**7}),
        ("MP204", "cannot pickle", {"denied": "cannot pickle"}),
        ("MP402", "chunksize=64", {"wall": Measured(1e-4, None, None, 6), "chosen": row("processes", 4, 2.9, 64)}),
        ("MP402", "plain loop", {"wall": Measured(1e-6, None, None, 6), "chosen": LOOP}),
        ("MP403", "max_workers=64", {"waiting": 0.9, "chosen": row("threads", 64, 60.0)}),
        ("MP404", "Use threads", {"waiting": 0.9, "chosen": THREADS}),
        ("MP405", "Pool(2)", {"chosen": row("processes", 2, 1.9), "python": {**PYTHON, "executor_workers": 64}}),
        ("MP406", "burns 190 ms of CPU time", {"threads_beside": True, "cpu": 0.19}),
        (
            "MP406",
            "else 1.20× [1.20–1.20]. Give each worker one",
            {"threads_beside": True, "cpu": 0.19, "curve": [row("loop", 1, 1.2), {**PROCESSES, "native": 1}]},
        ),
        (
            "MP406",
            "else 3.80× [3.80–3.80]. Leave the libraries",
            {"threads_beside": True, "cpu": 0.19, "curve": [row("processes", 4, 0.5, native=1), LOOP, PROCESSES]},
        ),
        ("MP407", "max_workers=4", {"python": {**PYTHON, "executor_workers": 1}}),
        ("MP408", "0.90×", {"takes_turns": True, "curve": [LOOP, row("threads", 2, 0.9), PROCESSES]}),
        ("MP507", "64 MiB of the 16 MiB", {"machine": {**MACHINE, "memory_available": 2**24}}),
        ("MP701", "4 can compute", {"python": {**PYTHON, "cpu_count": 64}}),
        ("MP704", "by spawn, it raised", {"failed": ({"kind": "spawn", "workers": 4, "reason": "it raised X"},)}),
    ],
)
def test_speaks_of_what_is_wrong(rule, words, facts):
    found = said(**facts)

    assert rule in found
    assert words in f"{found[rule].seen} {found[rule].do}"
    assert found[rule].concern >= 1


@pytest.mark.parametrize(
    "facts",
    [
        {"pickle_args": 0.2, "args_b": 20.0},  # a small message: what costs is handing out
        {"waiting": 0.9, "chosen": row("threads", 4, 3.9), "curve": [LOOP, row("threads", 4, 3.9)]},
        {"takes_turns": True, "curve": [LOOP, row("threads", 2, 0.9), row("processes", 4, 1.0)]},  # nothing to win
        {"waiting": 0.9, "curve": [LOOP, row("threads", 4, 1.02), row("processes", 4, 1.0)]},  # one at a time
        {"chosen": row("processes", 3, 3.7)},
        {"failed": ({"kind": "spawn", "workers": 4, "reason": "no semaphores"},)},
    ],
)
def test_silent_of_what_is_not(facts):
    assert said(**facts) == {}
