"""Advice on Windows machines with more CPUs than one pool can wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Finding, Level, Rule, known
from mpdiag.model import Doc

#: One wait of Windows takes 64 handles. ProcessPoolExecutor keeps three of them, Pool needs four.
MOST_EXECUTOR, MOST_POOL = 61, 60
#: From this version on, Pool waits in batches and has no limit.
POOL_UNLIMITED = (3, 13)


def judge(python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the default number of workers with what Windows can wait for."""
    if known(python, "platform") != "win32":
        return
    workers, version = known(python, "pool_workers"), known(python, "version")
    breaks = _release(version) < POOL_UNLIMITED
    most = MOST_POOL if breaks else MOST_EXECUTOR
    if workers <= most:
        return
    pool = "; a default Pool() starts them all and then hangs" if breaks else ""
    level: Level = "warning" if breaks else "note"
    yield RULE.finding(
        level=level,
        seen=f"Python {version} counts {workers} CPUs, but ProcessPoolExecutor(max_workers={workers}) raises "
        f"ValueError above {MOST_EXECUTOR} on Windows{pool}.",
        do=f"Cap the count: max_workers=min({MOST_EXECUTOR}, os.cpu_count()) for the executor, "
        f"Pool(min({MOST_POOL}, os.cpu_count())) before Python 3.13. To use every CPU start several executors.",
        concern=workers / most,
        evidence=(
            Evidence("default workers", workers, "1"),
            Evidence("reference: handles left for workers", most, "1"),
        ),
    )


def _release(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


RULE: Final = Rule(
    module=__name__,
    id="MP418",
    judge=judge,
    doc=Doc(
        title="More workers than Windows can wait for",
        why="Windows waits for 64 handles at a time. ProcessPoolExecutor refuses more than 61 workers; Pool, before "
        "Python 3.13, starts them and its handler thread then fails with 'need at most 63 handles', so tasks hang.",
        how="The default number of workers of the measured interpreter on Windows, against 61, or 60 before 3.13. A "
        "warning where a default Pool already breaks, else a note.",
        claim="Usually met as a bug report from a large machine: max_workers=os.cpu_count() worked everywhere else.",
        bad="""\
ProcessPoolExecutor(max_workers=os.cpu_count())    # ValueError with 64 CPUs on Windows
""",
        good="""\
ProcessPoolExecutor()                              # capped by the library
ProcessPoolExecutor(max_workers=min(61, os.cpu_count()))
""",
        applies="Windows",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",
            "https://github.com/python/cpython/issues/89240",
        ),
    ),
)
