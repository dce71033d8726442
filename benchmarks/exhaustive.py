"""Measures a function of `natures` on every setting of a grid, and by other ways; a process of its own for `sizing.py`.

``python benchmarks/exhaustive.py NAME ROUNDS EXTRA`` prints JSON: what each setting did, in seconds of work a second.
EXTRA is a list of further settings. All are measured in the same shuffled rounds, as `mpdiag size` does, and what they
queued for CPUs that others used is left out.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import astuple
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from typing import Any

import natures
import psutil

from mpdiag import machine, stats
from mpdiag.bench import Bench, Plan
from mpdiag.sizer import alone as one
from mpdiag.sizer.clocks import queued
from mpdiag.sizer.crews import Crews, kinds
from mpdiag.sizer.search import Outlook, Search
from mpdiag.sizer.settings import NO_PROCESSES, PLAIN, Setting, queueing
from mpdiag.sizer.subject import Subject

THREADS = (1, 2, 4, 8, 16, 32, 64, 128)
CHUNKS = (1, 8, 64, 512)
#: Seconds of work that joblib is given at a time, for each CPU.
JOBLIB_S = 0.3


def grid(cpus: int, found: list[str]) -> list[Setting]:
    """All settings that somebody might choose."""
    processes = sorted({1, cpus, cpus + 1, 2 * cpus, 16})
    methods = [kind for kind in found if kind not in NO_PROCESSES]
    return [
        PLAIN,
        *(Setting("threads", count) for count in THREADS),
        *(Setting(kind, count, chunk) for kind, count, chunk in product(methods, processes, CHUNKS)),
    ]


def measure(name: str, rounds: int, extra: list[Setting]) -> dict[str, Any]:
    """The speed of each setting, round by round."""
    items = tuple(getattr(natures, f"{name}_items")())
    here = machine.gather()
    cpus, usable = int(here["usable_workers"]), float(here["usable_cpus"])
    bench = Bench(Plan("exhaustive", budget_s=20.0, cpus=cpus, size={"usable_cpus": usable}))
    subject = Subject(name, getattr(natures, name), items, whole=True)
    alone = one.measure(bench, subject, float("inf"), lambda _doing: None)
    found = kinds(bench, not alone.denied)
    usual = stats.median(alone.reference)
    outlook = Outlook(usual, one.waiting(alone), 0.0, None, cpus, found, gil=one.takes_turns(alone))
    speeds: dict[Setting, list[float]] = {}
    others: list[float] = []
    begun = time.perf_counter()
    with Crews(bench, subject, alone, lambda *_doing: None) as crews:
        search = Search(outlook, crews.run, crews.close, bench.clock)
        settings = list(dict.fromkeys([*grid(cpus, found), *extra]))
        for number in range(rounds + 1):
            for setting in random.sample(settings, len(settings)):
                batch = search.batch(number, setting)
                if batch and number:
                    speeds.setdefault(setting, []).append(batch.speed)
            if number:
                others += joblib_speed(subject.function, alone, cpus, usable)
    return {
        "took": time.perf_counter() - begun,
        "speeds": [[*astuple(setting), values] for setting, values in speeds.items()],
        "joblib": others,
    }


def joblib_speed(function: Callable[[Any], Any], alone: one.Alone, cpus: int, usable: float) -> list[float]:
    """The speed of joblib with its automatic batches, on warm workers; nothing where it is not installed."""
    if find_spec("joblib") is None:
        return []
    joblib = import_module("joblib")
    call = joblib.delayed(function)
    count = max(4 * cpus, min(20_000, int(JOBLIB_S * cpus * len(alone.good) / sum(alone.reference))))
    places = [number % len(alone.good) for number in range(count)]
    before = set(psutil.Process().children())
    joblib.Parallel(n_jobs=cpus)(call(item) for item in alone.good[: 4 * cpus])
    workers = [each for each in psutil.Process().children() if each not in before] or WORKERS
    WORKERS[:] = workers
    used = clocks(workers)
    begun = time.perf_counter()
    joblib.Parallel(n_jobs=cpus)(call(alone.good[place]) for place in places)
    wall = time.perf_counter() - begun
    cpu, ready = (late - early for early, late in zip(used, clocks(workers), strict=True))
    return [sum(alone.reference[place] for place in places) / (wall - queueing(wall, cpu, ready, cpus, usable))]


#: The processes that joblib keeps.
WORKERS: list[psutil.Process] = []


def clocks(workers: list[psutil.Process]) -> tuple[float, float]:
    """CPU seconds of processes, and seconds that they waited for a CPU."""
    return sum(sum(each.cpu_times()[:2]) for each in workers), sum(queued(each.pid) or 0.0 for each in workers)


if __name__ == "__main__":
    wanted = [Setting(*each) for each in json.loads(sys.argv[3])]
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), wanted)), flush=True)
