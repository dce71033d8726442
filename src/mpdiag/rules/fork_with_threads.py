"""Advice on forking while other threads run, where fork is the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, Rule, known
from mpdiag.model import Doc

#: From this version on a fork beside threads raises a DeprecationWarning.
WARNS = (3, 12)


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


RULE: Final = Rule(
    module=__name__,
    id="MP603",
    judge=judge,
    aliases=("fork-with-threads-deadlock",),
    doc=Doc(
        title="Fork copies locks, but not the threads that hold them",
        why="A forked child has only the thread that forked. A lock that another thread held at that moment stays "
        "locked for ever in the child; the first who wants it hangs, now and then and only under load.",
        how="A thread takes a lock, then a process is started by each method and tells whether it gets the lock within "
        "a deadline. Judged where fork is the default start method.",
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
