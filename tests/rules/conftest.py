"""Tables of an observed program, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mpdiag.advice import Facts, Finding, Rule
from mpdiag.judging import wanted
from mpdiag.standstill import Standing

PLACE = {"file": "app.py", "line": 7, "function": "main"}
RUN = {
    "wall_s": 4.0,
    "cpus": 2.0,
    "cpu_s": 5.0,
    "busy_cpus": 1.25,
    "parallel_s": 3.8,
    "serial_s": 0.2,
    "main_cpu_s": 1.0,
    "exit": 0,
}


@pytest.fixture
def table():
    """A table of a run by its name and rows; cells that all rows share come by keyword."""

    def make(name: str, *rows: dict, **shared: object) -> Facts:
        return Facts(name, {"": tuple({**PLACE, **shared, **row} for row in rows)})

    return make


@pytest.fixture
def run(table):
    """The row about the whole run: four seconds on two CPUs unless told otherwise."""

    def make(**cells: object) -> Facts:
        return table("run", {**RUN, **cells})

    return make


Row = dict[str, Any]
#: 40 tasks of 170 ms on two workers, that end within one task of each other.
POOL = {
    **PLACE,
    "id": 1,
    "type": "Pool",
    "threads": False,
    "pools": 1,
    "workers": 2,
    "started": 2,
    "start_method": "fork",
    "maxtasks": None,
    "phase_s": 3.45,
    "life_s": 3.5,
    "start_s": 0.01,
    "child_start_s": 0.005,
    "child_import_s": 0.0,
    "child_main_s": 0.0,
    "child_unused_s": 0.0,
    "init_s": 0.0,
    "tasks": 40,
    "items": 40,
    "task_s": 6.8,
    "task_cpu_s": 6.7,
    "task_wait_s": 0.0,
    "task_lock_s": 0.0,
    "task_ready_s": 0.05,
    "task_median": 0.17,
    "task_max": 0.2,
    "args_b": 60.0,
    "result_b": 30.0,
    "pickle_s": 0.001,
    "unpickle_s": 0.001,
    "result_pickle_s": 0.001,
    "result_unpickle_s": 0.001,
    "dispatch_s": 1e-4,
    "busy_share": 0.98,
    "concurrency": 1.98,
    "alone": 0,
    "alone_s": 0.0,
    "tail_s": 0.1,
    "how": "map",
    "waited_each": 0,
    "unwanted": 0,
    "unwanted_s": 0.0,
    "fetched": 40,
    "closed": 1,
    "role": "main",
    "workers_cpu_s": 6.72,
    "ordered_wait_s": 0.0,
    "handled_s": 0.0,
}
#: Two processes of three seconds each, started together.
SITE = {
    **PLACE,
    "start_method": "fork",
    "target": "work",
    "varying": "0",
    "count": 2,
    "start_s": 0.002,
    "born_s": 0.004,
    "import_s": 0.0,
    "main_s": 0.0,
    "unused_s": 0.0,
    "life_s": 6.2,
    "work_s": 6.1,
    "work_cpu_s": 6.0,
    "alive_max": 2,
    "joined_at_once": 0,
    "span_s": 3.1,
}
PROCESS = {
    **PLACE,
    "pool": None,
    "target": "work",
    "ended_s": 3.6,
    "life_s": 3.1,
    "cpu_s": 3.0,
    "main_cpu_s": 3.0,
    "threads_peak": 1,
    "native": "",
    "uss_peak": None,
}


@pytest.fixture
def a_pool() -> Callable[..., Row]:
    """A pool with some cells changed."""
    return lambda **cells: {**POOL, **cells}


@pytest.fixture
def a_site() -> Callable[..., Row]:
    """A place that starts processes, likewise."""
    return lambda **cells: {**SITE, **cells}


@pytest.fixture
def a_process() -> Callable[..., Row]:
    """A process, likewise."""
    return lambda **cells: {**PROCESS, **cells}


@pytest.fixture
def observe() -> Callable[..., list[Finding]]:
    """What the run lens of a rule says of some tables; those not given are empty."""

    def judged(rule: Rule, *, run: Row | None = None, machine: Row | None = None, **tables: list[Row]) -> list[Finding]:
        assert rule.run
        names = ("pools", "starts", "processes", "tasks", "hot", "memory", "failures", "inline", "methods", "channels")
        names += ("sites",)
        facts: Row = {name: Facts(name, {"": tuple(tables.get(name, ()))}) for name in names}
        facts["run"] = Facts("run", {"": ({**RUN, "cpu_s": 7.0, **(run or {})},)})
        facts["machine"] = {"logical_cpus": 2, **(machine or {})}
        facts["python"] = {"gil_enabled": True}
        return list(rule.run(**wanted(rule.run, facts)))

    return judged


WAIT = {**PLACE, "thread": "MainThread", "daemon": False, "timeout": None, "can_move": False, "job": None}


@pytest.fixture
def replacing() -> Callable[..., dict[str, list[Row]]]:
    """A look from outside at a Pool whose workers come and go; how often its thread has slept that takes results."""

    def tables(slept: int, unguarded: bool) -> dict[str, list[Row]]:
        main = {"pid": 1, "process": "main", "main": True, "kind": "within", "library": "multiprocessing/pool.py"}
        taking = {"pid": 1, "main": False, "kind": "read", "job": "_handle_results", "slept": slept}
        look = {"born": 2, "gone": 2, "apart_s": 0.7}
        return {"waits": [{**main, "unguarded": unguarded}, taking], "look": [look]}

    return tables


@pytest.fixture
def standing() -> Callable[..., list[Finding]]:
    """What the hang lens of a rule says of some tables; those not given are empty, processes those that wait."""

    def judged(rule: Rule, **tables: list[Row]) -> list[Finding]:
        assert rule.hang
        waits = [{**WAIT, "native": number, **row} for number, row in enumerate(tables.pop("waits", []), 100)]
        named = {row["pid"]: row for row in waits if "process" in row}
        living = [{**PLACE, "pid": pid, "process": row["process"], "alive": True} for pid, row in named.items()]
        tables.setdefault("members", living)
        tables["waits"] = waits
        names = (
            "waits",
            "members",
            "queues",
            "holders",
            "ends",
            "users",
            "needs",
            "pools",
            "failures",
            "dropped",
            "look",
        )
        facts = {name: Facts(name, {"": tuple({**PLACE, **row} for row in tables.get(name, []))}) for name in names}
        return list(rule.hang(**wanted(rule.hang, {**facts, "standing": Standing(facts)})))

    return judged
