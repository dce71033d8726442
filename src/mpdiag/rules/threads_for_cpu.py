"""Advice on threads for tasks that compute in Python, where the GIL lets one of them run at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds

#: Speed-up of threads below which they gained nothing.
LIMIT = 1.2
#: Processes must gain this much more, else the machine has nothing to win.
BETTER = 1.2
#: CPUs used together between which threads are held up by the GIL: less is waiting, more is code that releases it.
ONE_CPU = (0.7, 1.2)
#: Tasks running at a time from which threads were meant to run at once.
TOGETHER = 1.5
#: The part of their tasks' time from which on threads take turns by a lock of the program's, whatever the GIL does.
LOCKED = 0.25
#: What handing one task to a process costs the parent: an executor's dispatch, rounded up.
HANDING_S = 100e-6


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


def observed(run: Facts, pools: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Find pools of threads that together computed as much as one CPU can."""
    threads = [pool for pool in phases.used(pools) if pool.get("threads")]
    if threads and known(python, "gil_enabled"):
        yield from phases.each(threads, lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool of threads."""
    cpus, phase, computed = phases.cores(run), ideals.amount(pool, "phase_s"), ideals.amount(pool, "task_cpu_s")
    # Those that wait for the GIL sleep; those that queue for a CPU would compute at once, were one free.
    wanted = computed + ideals.at_least(run.rows()[0], "ready_s")
    alone = ONE_CPU[0] * phase <= computed <= wanted <= ONE_CPU[1] * phase
    if not alone or ideals.amount(pool, "concurrency") < TOGETHER:
        return None
    items, inside = ideals.amount(pool, "items"), ideals.amount(pool, "task_s")
    if ideals.at_least(pool, "thread_lock_s") > LOCKED * inside:
        return None
    piece = ideals.amount(pool, "task_max") * computed / inside
    handing = HANDING_S * ideals.amount(pool, "tasks")
    recoverable = phase - max(computed / min(cpus, items), piece, handing)
    loss = phases.loss(recoverable, run, "processes would compute on all usable CPUs, threads share one")
    if loss is None:
        return None
    place, workers = Place.of(pool), ideals.amount(pool, "workers")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{workers:.0f} threads of the {pool['type']}{ideals.where(place)} used {number(computed / phase, None)} "
        f"CPUs together over {seconds(phase)}: the GIL lets one of them compute at a time, and {number(cpus, '1')} "
        "CPUs are usable.",
        do=f"Use processes for these tasks: ProcessPoolExecutor(max_workers={max(1, int(cpus))}), with a chunksize if "
        "they are short; from Python 3.14 also InterpreterPoolExecutor or the free-threaded build.",
        evidence=(
            *loss.evidence,
            Evidence("CPUs that the threads used together", computed / phase, None),
            Evidence("threads", workers, "1"),
        ),
    )


def of_function(sized: Facts) -> Iterator[Finding]:
    """Judge a function that computes by what threads and processes make of it."""
    task, threads, processes = (
        functions.task(sized),
        functions.fastest(sized, "threads"),
        functions.fastest(sized, "processes"),
    )
    if functions.waits(sized) or not task["takes_turns"] or threads is None or processes is None:
        return
    slow, fast = functions.gain(threads), functions.gain(processes)
    if slow.median >= LIMIT or fast.median <= BETTER * max(slow.median, 1.0):
        return
    yield RULE.finding(
        level="note",
        concern=fast.median / max(slow.median, 1e-9) / BETTER,
        seen=f"{task['target']} computes under the GIL: {threads['workers']} threads made it {interval(slow, 'x')} as "
        f"fast as a loop, {processes['workers']} processes {interval(fast, 'x')}.",
        do="Use processes for it, from Python 3.14 also InterpreterPoolExecutor or the free-threaded build.",
        evidence=(
            functions.speed("speed-up of threads", threads),
            Evidence("reference: a gain", LIMIT, "x"),
            functions.speed("speed-up of processes", processes),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP408",
    judge=judge,
    run=observed,
    size=of_function,
    aliases=("gil-threads-for-cpu",),
    doc=Doc(
        title="Threads for computing under the GIL",
        why="The global interpreter lock lets one thread at a time run Python code: more threads share one CPU, and "
        "the hand-over costs a little on top.",
        how="The same pure-Python tasks on warm threads and processes against a plain loop. Reported when threads "
        f"gain less than {LIMIT:g}× and processes at least {BETTER:g} times that. Not where the GIL is off. In a "
        f"program: pools of threads that together use {ONE_CPU[0]:g} to {ONE_CPU[1]:g} CPUs, when processes would "
        "win 5 % of the wall time. "
        "Of a measured function: when it holds the GIL, and the same factors separate its threads from its processes.",
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
