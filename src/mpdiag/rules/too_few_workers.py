"""Advice when the library's default pool leaves CPUs idle that computing tasks could use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number

#: The measured best may be this many times the default: nearer is close enough.
LIMIT = 1.5


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the default sizes of process pools with the number of workers that computed fastest."""
    default = min(known(python, "pool_workers"), known(python, "executor_workers"))
    chosen = pool_sizing.rows("recommended", work="computing")[0]
    if chosen.get("workers") is None:
        raise NotJudged("the CPUs were not free while pool_sizing measured")
    best = int(pool_sizing.number("workers", "recommended", work="computing"))
    if best <= LIMIT * default:
        return
    gained = pool_sizing.measured("speedup", "recommended", work="computing")
    yield RULE.finding(
        level="warning",
        concern=best / default / LIMIT,
        seen=f"A default pool has {number(default, '1')} of the {best} workers that computed fastest here "
        f"({interval(gained, 'x')} as fast as a loop{at_default(pool_sizing, default)}).",
        do=f"Pass the number: Pool({best}), ProcessPoolExecutor(max_workers={best}); {cause(python)}.",
        evidence=(
            Evidence("workers that computed fastest", best, "1"),
            Evidence("reference: workers of a default pool", default, "1"),
            Evidence.of("speed-up of the best", gained, "x"),
        ),
    )


def at_default(facts: Facts, default: int) -> str:
    """The speed-up of as many workers as the default has, if that was measured."""
    for row in facts.tables.get("", ()):
        gain = row.get("speedup")
        if row.get("kind") == "processes" and row.get("workers") == default and isinstance(gain, Measured):
            return f", {interval(gain, 'x')} with {default}"
    return ""


def cause(python: Mapping[str, Any]) -> str:
    """Where a low default comes from."""
    if python.get("cpu_count_overridden"):
        return "or lift -X cpu_count / PYTHON_CPU_COUNT, which lowers every default of this interpreter"
    return "look why the interpreter counts fewer CPUs than it may use"


RULE: Final = Rule(
    module=__name__,
    id="MP407",
    judge=judge,
    doc=Doc(
        title="Fewer computing workers than usable CPUs",
        why="CPUs that no worker uses are idle: computing takes longer than it has to.",
        how="Pure-Python tasks on 1 to twice the usable CPUs; the fewest workers close to the best speed-up against "
        f"the default sizes of Pool and ProcessPoolExecutor. Reported when it is more than {LIMIT:g} times the "
        "default; not judged while others use the CPUs.",
        claim="'One worker per CPU for computing' is right for usable CPUs. From Python 3.13 the defaults count the "
        "process's CPUs and obey -X cpu_count and PYTHON_CPU_COUNT, before that all CPUs of the machine.",
        bad="""\
with ProcessPoolExecutor(max_workers=4) as pool:  # chosen on a laptop, run on 32 CPUs
    results = list(pool.map(simulate, seeds))
""",
        good="""\
with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
    results = list(pool.map(simulate, seeds))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
