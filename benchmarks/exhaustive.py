"""Measures a function of `natures` on every setting of a grid, and by other ways; a process of its own for `sizing.py`.

``python benchmarks/exhaustive.py NAME SECONDS EXTRA`` prints JSON. EXTRA is a list of further settings. All of them are
measured in the same shuffled rounds, as `mpdiag size` does, for SECONDS, and what they queued for CPUs that others used
is left out. Of so many settings measured so seldom, the one that did best was also lucky: the best few run once more,
beside EXTRA, the plain loop and joblib. The winner of these few was lucky too, if less: it runs against the first of
EXTRA, in rounds of their own, and only these say how far they are apart.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
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
from mpdiag.sizer.crews import Crews
from mpdiag.sizer.function import outlook
from mpdiag.sizer.outlook import EACH, Outlook
from mpdiag.sizer.search import Search
from mpdiag.sizer.settings import NO_PROCESSES, PLAIN, Setting, beyond, queueing
from mpdiag.sizer.subject import Subject

THREADS = (1, 2, 4, 8, 16, 32, 64, 128)
CHUNKS = (1, 8, 64, 512)
#: Larger chunks are left out: one with so many seconds of work costs nothing to hand out.
LASTING = 0.05
#: Rounds of the sweep at least, those of the finals, and how many settings of the sweep take part in them.
LEAST, FINALS, FINALISTS = 3, 8, 3
#: Rounds in which the winner of the finals and the setting to compare run against each other.
DUEL = 16
#: Seconds for the finals, and for the duel, beyond which they end with half of their rounds.
FINALS_S = 25.0
#: The budget that makes batches of a fifth of a second.
BUDGET_S = 24.0
#: Bytes that the arguments and results of a batch may hold.
MEMORY = 2**29
#: Seconds of work that joblib is given at a time, for each CPU.
JOBLIB_S = 0.3

Speeds = dict[Setting, list[float]]


def grid(cpus: int, found: Sequence[str], items: int, item: float) -> list[Setting]:
    """All settings that somebody might choose for so many items that take so many seconds each.

    Chunks leave four for each worker, and hold no more than what makes handing them out cheap.
    """
    processes = sorted({1, cpus, 2 * cpus, 8, 16})
    methods = [kind for kind in found if kind not in NO_PROCESSES]
    return [
        PLAIN,
        *(Setting("threads", count) for count in THREADS),
        *(
            Setting(kind, count, chunk)
            for kind, count, chunk in product(methods, processes, CHUNKS)
            if chunk == 1 or (EACH * chunk * count <= items and chunk * item <= LASTING)
        ),
    ]


def measure(name: str, lasting: float, extra: list[Setting]) -> dict[str, Any]:
    """The sweep, then its finals."""
    items = tuple(getattr(natures, f"{name}_items")())
    here = machine.gather()
    cpus, usable = int(here["usable_workers"]), float(here["usable_cpus"])
    plan = Plan("exhaustive", budget_s=BUDGET_S, cpus=cpus, memory=MEMORY, size={"usable_cpus": usable})
    bench = Bench(plan)
    subject = Subject(name, getattr(natures, name), items, whole=True)
    alone = one.measure(bench, subject, float("inf"), lambda _doing: None)
    known = replace(outlook(bench, subject, alone, float("inf")), items=None)
    begun = time.perf_counter()
    with Crews(bench, subject, alone, lambda *_doing: None) as crews:
        search = Search(known, crews.run, crews.close, bench.clock)
        settings = [*grid(cpus, known.kinds, len(items), known.item + known.sending), *extra]
        swept = sweep(search, list(dict.fromkeys(settings)), begun + lasting)
        took = time.perf_counter() - begun
        best = sorted(swept, key=lambda setting: stats.median(swept[setting]), reverse=True)[:FINALISTS]
        way = joblib_way(subject, alone, known, usable)
        finals, others = final(search, range(FINALS), [PLAIN, *best, *extra], way)
        winner = max(finals, key=lambda setting: stats.median(finals[setting]))
        duel, _ = final(search, range(FINALS, FINALS + DUEL), [PLAIN, winner, *extra[:1]])
    return {
        "took": took,
        "settings": len(swept),
        "rounds": min(map(len, swept.values())),
        "finals": [[astuple(setting), values] for setting, values in finals.items()],
        "winner": astuple(winner),
        "duel": [[astuple(setting), values] for setting, values in duel.items()],
        "best": [astuple(setting) for setting in best],
        "joblib": others,
    }


def sweep(search: Search, settings: list[Setting], until: float) -> Speeds:
    """The speed of each setting, round by round, the first dropped; twice the time, if need be, for all rounds."""
    speeds: Speeds = {}
    number, late = 0, 2 * until - time.perf_counter()
    while number <= LEAST or time.perf_counter() < until:
        for setting in random.sample(settings, len(settings)):
            if number > 1 and time.perf_counter() > late:
                return speeds
            batch = search.batch(number, setting)
            if batch and number:
                speeds.setdefault(setting, []).append(batch.speed)
        number += 1
    return speeds


def final(
    search: Search, rounds: range, some: Sequence[Setting], joblib: Callable[[], float] | None = None
) -> tuple[Speeds, list[float]]:
    """The speeds of a few settings in rounds of their own, and those of joblib beside them."""
    speeds: Speeds = {}
    others, settings = [], list(dict.fromkeys(some))
    late = time.perf_counter() + FINALS_S
    for number in rounds:
        if time.perf_counter() > late and number - rounds.start >= len(rounds) // 2:
            break
        for setting in random.sample(settings, len(settings)):
            if batch := search.batch(1000 + number, setting):
                speeds.setdefault(setting, []).append(batch.speed)
        if joblib:
            others.append(joblib())
    return speeds, others


def joblib_way(subject: Subject, alone: one.Alone, known: Outlook, usable: float) -> Callable[[], float] | None:
    """Gives the speed of joblib with its automatic batches, on warm workers; None where it is not installed."""
    if find_spec("joblib") is None:
        return None
    joblib = import_module("joblib")
    cpus, call = known.cpus, joblib.delayed(subject.function)
    each = sum(alone.reference) / len(alone.good) + known.sending
    count = max(4 * cpus, min(20_000, known.most_items, int(JOBLIB_S * cpus / each)))
    places = [number % len(alone.good) for number in range(count)]
    before = set(psutil.Process().children())
    joblib.Parallel(n_jobs=cpus)(call(item) for item in alone.good[: 4 * cpus])
    workers = [each for each in psutil.Process().children() if each not in before]

    def speed() -> float:
        used, begun = clocks(workers), time.perf_counter()
        joblib.Parallel(n_jobs=cpus)(call(alone.good[place]) for place in places)
        wall = time.perf_counter() - begun
        cpu, ready = (late - early for early, late in zip(used, clocks(workers), strict=True))
        queued = queueing(wall, ready / cpus, beyond(wall, cpu, usable))
        return sum(alone.reference[place] for place in places) / (wall - queued)

    return speed


def clocks(workers: list[psutil.Process]) -> tuple[float, float]:
    """CPU seconds of processes, and seconds that they waited for a CPU."""
    return sum(sum(each.cpu_times()[:2]) for each in workers), sum(queued(each.pid) or 0.0 for each in workers)


if __name__ == "__main__":
    wanted = [Setting(*each) for each in json.loads(sys.argv[3])]
    print(json.dumps(measure(sys.argv[1], float(sys.argv[2]), wanted)), flush=True)
