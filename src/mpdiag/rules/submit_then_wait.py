"""Advice on waiting for each task before the next is submitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, seconds

#: Below this the ways to hand out tasks are as good as equal.
LIMIT = 1.3
WAY = "submit().result()"
#: Fewer tasks than this are no pattern.
FEWEST = 4
#: The part of the tasks that ran alone that was awaited at once, in a loop that does so; the first and last may differ.
MOST = 0.8
#: What it takes at most to hand out a task and to come back with its result, in seconds.
ROUND_S = 1e-3
#: What to call instead, by what was called.
INSTEAD = {
    "apply": "pool.map(…) or imap_unordered(…) in place of apply(), which waits",
    "apply_async": "collect the AsyncResults in a list and call get() on them afterwards, or pool.map(…)",
    "run_in_executor": "await asyncio.gather(*(loop.run_in_executor(…) for …)) in place of one await after the other",
    "submit": "collect the futures in a list and call result() on them afterwards, or executor.map(…)",
}


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
        seen=f"Waiting for each task before the next is submitted took {interval(two, 'x')} as long as the best way "
        f"to hand out the same tasks, with two workers{more}: only one of them works at a time.",
        do="Submit all tasks first, then take the results: map() for results in order, as_completed() for results as "
        "they come. Between these no difference is worth a change.",
        evidence=evidence,
    )


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools of several workers whose tasks ran one at a time because each was awaited."""
    yield from phases.each(phases.used(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge the tasks of one pool; it may run some one by one and others at the same time."""
    alone, workers = ideals.amount(pool, "alone"), ideals.amount(pool, "workers")
    waited, total = ideals.amount(pool, "waited_each"), ideals.amount(pool, "task_s")
    if workers < 2 or round(alone) < FEWEST or waited < MOST * alone or not total:
        return None
    alone_s = ideals.amount(pool, "alone_s")
    phase = min(ideals.amount(pool, "phase_s"), alone_s + alone * ROUND_S)
    recoverable = phase - alone_s / total * max(phases.best(pool, phases.cores(run)), fed(pool))
    loss = phases.loss(recoverable, run, "all workers would have a task all the time if tasks did not wait for results")
    if loss is None:
        return None
    place, how = Place.of(pool), phases.named(pool, "how", "submit")
    return RULE.finding(
        level="warning",
        place=ideals.line_of(pool, "submit"),
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{alone:,.0f} of {ideals.amount(pool, 'tasks'):,.0f} tasks went to the {workers:.0f} workers of the "
        f"{pool['type']}{ideals.where(place)} one after the other: {waited:,.0f} were awaited before the next was "
        f"handed out ({how}), so one ran at a time, for {seconds(phase)}.",
        do=f"Hand out all tasks before asking for the first result: {INSTEAD.get(how, INSTEAD['submit'])}. If a task "
        "needs the result of the one before, keep several such chains going.",
        evidence=(
            *loss.evidence,
            Evidence("tasks that ran alone", alone, "1"),
            Evidence("workers", workers, "1"),
            Evidence("work in these tasks", alone_s, "s"),
        ),
    )


def fed(pool: ideals.Row) -> float:
    """The time the parent needs at least to hand out the tasks and take the results, one after the other."""
    each = ideals.at_least(pool, "dispatch_s") * ideals.amount(pool, "tasks")
    return each + ideals.at_least(pool, "pickle_s") + ideals.at_least(pool, "result_unpickle_s")


RULE: Final = Rule(
    module=__name__,
    id="MP401",
    judge=judge,
    run=observed,
    aliases=("serial-submit-result",),
    doc=Doc(
        title="Each task awaited before the next is submitted",
        why="submit(...).result() in a loop keeps one task in flight: the pool works like a loop, and adds the cost "
        "of a round trip to every task.",
        how="The same waiting tasks handed out in several ways on a warm executor of two workers (and of eight, at "
        f"the default level), in the same rounds. Reported above {LIMIT:g} times the best way. In a program: pools "
        "of several workers that ran tasks one at a time, each awaited before the next, when that costs 5 % of the "
        "wall time.",
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
