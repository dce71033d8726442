"""Advice on the job below which a process of its own does not pay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, seconds

#: A process is worth its own start only for work that takes at least this many times as long.
WORTH = 10
#: Starts up to this many times a thread's are no reason to think twice.
LIMIT = 5.0


def judge(start_method: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare starting and joining a process with the same for a thread."""
    default = str(python["default_start_method"])
    row = "forkserver, next" if default == "forkserver" else default
    ratio = start_method.measured("ratio", method=row)
    joined = start_method.measured("joined", method=row)
    if ratio.at_least <= LIMIT:
        return
    spawn = start_method.measured("joined", method="spawn")
    others = "" if default == "spawn" else f", {interval(spawn, 's')} by spawn"
    yield RULE.finding(
        level="note",
        concern=ratio.median / LIMIT,
        seen=f"Starting and joining a process takes {interval(joined, 's')} by {default}, the default here{others}: "
        f"{interval(ratio, 'x')} what a thread takes.",
        do=f"Keep one pool alive and hand it the jobs; start a process of its own only for a job of "
        f"{seconds(WORTH * joined.median)} or more.",
        evidence=(
            Evidence.of(f"process by {default} : thread, start and join", ratio, "x"),
            Evidence("reference: a start worth thinking about", LIMIT, "x"),
            Evidence.of(f"start and join by {default}", joined, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP101",
    judge=judge,
    doc=Doc(
        title="A process for every task",
        why="Starting a process costs milliseconds, a task often less: then most of the time goes into starting.",
        how=f"Start and join of an empty process by the default start method against a thread's, in the same rounds. "
        f"Reported when it takes more than {LIMIT:g} times as long; a process pays for jobs {WORTH} times its start.",
        claim="'Processes start much slower than threads' is right: 10 to 20 times by fork, 60 to 100 times by "
        "forkserver, some hundred times by spawn. That a start copies the whole memory is wrong: fork copies page "
        "tables, spawn copies nothing.",
        bad="""
            for path in paths:
                process = Process(target=convert, args=(path,))
                process.start()
                process.join()
        """,
        good="""
            with ProcessPoolExecutor() as pool:
                list(pool.map(convert, paths, chunksize=16))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
