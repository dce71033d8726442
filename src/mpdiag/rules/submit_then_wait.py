"""Advice on waiting for each task before the next is submitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Rule
from mpdiag.model import Doc
from mpdiag.units import interval

#: Below this the ways to hand out tasks are as good as equal.
LIMIT = 1.3
WAY = "submit().result()"


def judge(futures: Facts) -> Iterator[Finding]:
    """Compare waiting one by one with the best way to hand out the same tasks."""
    two = futures.measured("ratio", kind="processes", way=WAY)
    if two.at_least <= LIMIT:
        return
    evidence = [
        Evidence.of("submit().result() : best way, two workers", two, "x"),
        Evidence("reference: a difference worth a change", LIMIT, "x"),
    ]
    more = ""
    try:
        eight = futures.measured("ratio", "more", kind="processes", way=WAY)
    except NotJudged:
        pass  # a quick run measures two workers only
    else:
        more = f", {interval(eight, 'x')} with eight"
        evidence.append(Evidence.of("the same, eight workers", eight, "x"))
    yield RULE.finding(
        level="note",
        concern=two.median / LIMIT,
        seen=f"Waiting for each task before the next is submitted took {interval(two, 'x')} as long as the best way to "
        f"hand out the same tasks, with two workers{more}: only one of them works at a time.",
        do="Submit all tasks first, then take the results: map() for results in order, as_completed() for results as "
        "they come. Between these no difference is worth a change.",
        evidence=evidence,
    )


RULE: Final = Rule(
    module=__name__,
    id="MP401",
    judge=judge,
    aliases=("serial-submit-result",),
    doc=Doc(
        title="Each task awaited before the next is submitted",
        why="submit(...).result() in a loop keeps one task in flight: the pool works like a loop, and adds the cost of "
        "a round trip to every task.",
        how="The same waiting tasks handed out in several ways on a warm executor of two workers (and of eight, at the "
        f"default level), in the same rounds. Reported above {LIMIT:g} times the best way.",
        claim="'submit() then result() at once is serial' is right: n workers lose a factor of n. That as_completed() "
        "is faster than results in order is not: it only lets you use early results early.",
        bad="""\
for page in pages:
    texts.append(pool.submit(extract, page).result())
""",
        good="""\
for text in pool.map(extract, pages):
    texts.append(text)
""",
        applies="executors of processes, threads and interpreters; Pool.apply() and apply_async().get() alike",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed",),
    ),
)
