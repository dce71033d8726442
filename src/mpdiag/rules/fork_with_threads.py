"""Advice on forking while other threads run, where fork is the default."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Facts, Finding, Level, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import number

#: From this version on a fork beside threads raises a DeprecationWarning.
WARNS = (3, 12)
#: CPU time below which a child has done nothing since its fork.
NOTHING = 0.05


def judge(semantics: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Where fork is the default: does a child hang when it is forked while another thread holds a lock?"""
    if known(python, "default_start_method") != "fork":
        return
    forked = semantics.rows("methods", demo="fork beside a held lock")[0]["seen"]
    if forked != "hangs":
        return
    spawned = semantics.rows("methods", demo="spawn beside a held lock")[0]["seen"]
    version = known(python, "version")
    warns = tuple(int(part) for part in version.split(".")[:2]) >= WARNS
    yield RULE.finding(
        level="note",
        seen="Fork is the default here, and a child forked while another thread held a lock waited for it in vain. "
        + (
            f"Python {version} warns of threads at a fork, but the usual filters hide the warning."
            if warns
            else f"Python {version} gives no warning."
        ),
        do="Start processes and pools before threads, or use multiprocessing.get_context('forkserver') (or 'spawn') as "
        "soon as threading.active_count() > 1 or a library keeps threads of its own. Do not use an inherited thread "
        "pool in the child: its threads are not there. Run tests with -W error::DeprecationWarning from 3.12 on.",
        concern=1.0,
        evidence=(
            Evidence("child forked beside a held lock", str(forked)),
            Evidence("reference: child spawned beside it", str(spawned)),
        ),
    )


def observed(run: Facts, processes: Facts) -> Iterator[Finding]:
    """Find children forked beside other threads; a warning where one did nothing until the program was killed."""
    forked = [
        row
        for row in processes.all(start_method="fork")
        if ideals.at_least(row, "threads_at_fork") > 1 and not _replaces(row, processes)
    ]
    if not forked:
        return
    killed = isinstance(run.rows()[0].get("exit"), str)
    stuck = [row for row in forked if killed and _did_nothing(row)]
    worst = max(stuck or forked, key=lambda row: ideals.amount(row, "threads_at_fork"))
    place, threads = Place.of(worst), ideals.amount(worst, "threads_at_fork")
    level: Level = "warning" if stuck else "note"
    yield RULE.finding(
        level=level,
        place=place,
        confidence="inferred",
        concern=threads,
        seen=f"{len(forked)} of the children were forked while the parent had other threads, up to "
        f"{number(threads - 1, '1')}{ideals.where(place)}"
        + (
            f"; {len(stuck)} of them did nothing until the program was killed."
            if stuck
            else "; this time all went well."
        ),
        do="Start processes and pools before threads (an executor's submit() starts its workers), or use "
        "multiprocessing.get_context('forkserver') or 'spawn'. Make thread pools in the child: inherited ones have no "
        "threads.",
        evidence=(
            Evidence("threads of the parent at the fork", threads, "1"),
            Evidence("reference", 1, "1"),
            Evidence("children forked beside threads", len(forked), "1"),
        ),
    )


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find forked children that wait for a lock or for work of threads that are not there."""
    waiting: dict[tuple[Any, ...], list[ideals.Row]] = defaultdict(list)
    for row in standing.waits:
        waits = row["kind"] == "within" and row["main"]
        hopeless = not row["can_move"] or _deaf(row, standing)
        inside = all(each["kind"] == "within" for each in standing.threads(row["pid"]))
        if waits and hopeless and inside and _beside_threads(standing.members[row["pid"]], row):
            waiting[row.get("file"), row.get("line"), row.get("api")].append(row)
    for alike in waiting.values():
        row = alike[0]
        member = standing.members[row["pid"]]
        threads = ideals.at_least(member, "threads_at_fork")
        others = f"while its parent had {ideals.counted(threads - 1, 'more thread')}" if threads else "beside threads"
        place = Place.of(row, str(row["process"]))
        yield RULE.finding(
            level="warning" if row["can_move"] else "error",
            place=place or Place.of(member),
            concern=standstill.LIKELY if row["can_move"] else standstill.SURE,
            seen=f"{standstill.waits(row, alike)} for "
            f"{standing.within(row)}, and has no thread that could end that: it was forked{standstill.at(member)} "
            f"{others}.",
            do="Start processes and pools before threads, or use multiprocessing.get_context('forkserver') or 'spawn'. "
            "Make thread pools in the child: inherited ones have no threads.",
            evidence=(
                Evidence("threads of the parent at the fork", threads, "1"),
                Evidence("reference", 1, "1"),
                Evidence("children that wait so", len(alike), "1"),
            ),
        )


def _beside_threads(member: ideals.Row, row: ideals.Row) -> bool:
    """Whether a child was forked beside threads; from outside, whether its parent has some, or it wants a lock."""
    if member.get("threads_at_fork") is not None or not member.get("forked"):
        return ideals.at_least(member, "threads_at_fork") > 1
    return ideals.at_least(member, "parent_threads") > 1 or not row.get("api")


def _deaf(row: ideals.Row, standing: Standing) -> bool:
    """Whether the only thread of a process under `mpdiag run` waits for a lock of its own and answers no signal.

    Waits for Python's locks do answer; native code's, as of the buffers of files, do not. Where the kernel does not
    tell whether it has a limit, nobody is there who would end it.
    """
    alone = len(list(standing.threads(row["pid"]))) == 1
    forked = ideals.at_least(standing.members[row["pid"]], "threads_at_fork") > 1
    return alone and forked and row.get("answered") is False and row.get("known") is False


def _replaces(row: ideals.Row, processes: Facts) -> bool:
    """Whether a pool's own thread may have forked it in place of a worker that ended: those threads are harmless."""
    pool = row.get("pool")
    before = [
        other for other in processes.all(pool=pool) if ideals.at_least(other, "born_s") < ideals.at_least(row, "born_s")
    ]
    return pool is not None and any(other.get("threads_at_fork") in (1, None) for other in before)


def _did_nothing(row: ideals.Row) -> bool:
    return ideals.at_least(row, "cpu_s") < NOTHING and not ideals.at_least(row, "tasks")


RULE: Final = Rule(
    module=__name__,
    id="MP603",
    judge=judge,
    run=observed,
    hang=stuck,
    aliases=("fork-with-threads-deadlock",),
    doc=Doc(
        title="Fork copies locks, but not the threads that hold them",
        why="A forked child has only the thread that forked. A lock that another thread held at that moment stays "
        "locked for ever in the child; the first who wants it hangs, now and then and only under load.",
        how="A thread takes a lock, then a process is started by each method and tells whether it gets the lock within "
        "a deadline. Judged where fork is the default start method. "
        "In an observed program: forked children whose parent had more than one thread at that moment. A note; a "
        "warning where one of them used no CPU time until the program was killed. Stuck: such a child waits for a "
        "lock or for results within itself, and so do all of its threads.",
        claim="Often read: fork deadlocks once a Lock or logging was used. It takes a lock that another thread *holds* "
        "at the fork. The locks of logging are safe since Python 3.9; the buffers of files that several threads print "
        "to, the import lock and inherited thread pools are not.",
        bad="""\
threading.Thread(target=heartbeat, daemon=True).start()
with ProcessPoolExecutor() as pool:      # forks beside the thread
    pool.map(work, items)
""",
        good="""\
context = multiprocessing.get_context("forkserver")
threading.Thread(target=heartbeat, daemon=True).start()
with ProcessPoolExecutor(mp_context=context) as pool:
    pool.map(work, items)
""",
        applies="fork: the default on Linux and other POSIX systems up to Python 3.13; there is none on Windows",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
            "https://docs.python.org/3/library/os.html#os.fork",
        ),
    ),
)
