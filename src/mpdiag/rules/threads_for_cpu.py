"""Advice on threads for tasks that compute in Python, where the GIL lets one of them run at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval

#: Speed-up of threads below which they gained nothing.
LIMIT = 1.2
#: Processes must gain this much more, else the machine has nothing to win.
BETTER = 1.2


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what threads and processes gain on tasks that compute."""
    if not known(python, "gil_enabled"):
        return
    if pool_sizing.rows("recommended", work="computing")[0].get("workers") is None:
        raise NotJudged("the CPUs were not free while pool_sizing measured")
    count, threads = best(pool_sizing, "threads")
    workers, processes = best(pool_sizing, "processes")
    low = processes.at_least
    if threads.at_most >= LIMIT or low <= BETTER * threads.median:
        return
    yield RULE.finding(
        level="note",
        concern=processes.median / threads.median / BETTER,
        seen=f"Pure Python on {count} threads ran {interval(threads, 'x')} as fast as in a loop, on {workers} "
        f"processes {interval(processes, 'x')}: under the GIL one thread computes at a time.",
        do="For computing in Python use processes (ProcessPoolExecutor), from Python 3.14 also "
        "InterpreterPoolExecutor or the free-threaded build. Threads do pay where the work is done outside the GIL: "
        "waiting, compression, hashing of large data, most of NumPy.",
        evidence=(
            Evidence.of(f"speed-up of {count} threads", threads, "x"),
            Evidence("reference: a gain", LIMIT, "x"),
            Evidence.of(f"speed-up of {workers} processes", processes, "x"),
        ),
    )


def best(facts: Facts, kind: str) -> tuple[int, Measured]:
    """The number of workers of ``kind``, beyond one, that computes fastest, and its speed-up."""
    gains = [
        (count, gain)
        for row in facts.rows(kind=kind)
        if isinstance(count := row.get("workers"), int)
        and count > 1
        and isinstance(gain := row.get("speedup"), Measured)
    ]
    if not gains:
        raise NotJudged(f"pool_sizing did not try several {kind}")
    return max(gains, key=lambda each: each[1].median)


RULE: Final = Rule(
    module=__name__,
    id="MP408",
    judge=judge,
    aliases=("gil-threads-for-cpu",),
    doc=Doc(
        title="Threads for computing under the GIL",
        why="The global interpreter lock lets one thread at a time run Python code: more threads share one CPU, and "
        "the hand-over costs a little on top.",
        how="The same pure-Python tasks on warm threads and processes against a plain loop. Reported when threads gain "
        f"less than {LIMIT:g}× and processes at least {BETTER:g} times that. Not where the GIL is off.",
        claim="'Threads do not speed up computing' is right for Python code under the GIL, wrong for code that "
        "releases it, and outdated for free-threaded builds.",
        bad="""\
with ThreadPoolExecutor() as pool:
    scores = list(pool.map(score, games))
""",
        good="""\
with ProcessPoolExecutor() as pool:
    scores = list(pool.map(score, games, chunksize=16))
""",
        applies="interpreters whose GIL is on",
        links=(
            "https://docs.python.org/3/glossary.html#term-global-interpreter-lock",
            "https://docs.python.org/3/howto/free-threading-python.html",
        ),
    ),
)
