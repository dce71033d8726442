"""Advice when join() of a JoinableQueue waits for task_done()."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that join a queue which is empty."""
    for row in standing.stuck(kind="lock", api="join"):
        name = standing.own_queue(row)
        queue = standing.queues.get(name, {})
        if name is None or ideals.at_least(queue, "inside"):
            continue
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row)} for {standing.channel(str(name)) if queue else 'a JoinableQueue'} "
            "to be worked off. All its messages were taken, but not each was followed by task_done().",
            do="Call task_done() once for each get(), in a finally block, so that a task that fails counts too.",
            evidence=(
                Evidence("messages in the queue", ideals.at_least(queue, "inside"), "1"),
                Evidence("reference: messages in it while there is work", 1, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP309",
    hang=stuck,
    doc=Doc(
        title="join() of a queue without task_done()",
        why="JoinableQueue.join() counts calls of task_done(), not messages taken. A consumer that forgets one, or "
        "dies between get() and task_done(), makes it wait for ever.",
        how="Stuck: a thread waits in join() of a JoinableQueue that is empty.",
        claim="'An empty queue is a finished one' is wrong for a JoinableQueue.",
        bad="""\
while True:
    job = queue.get()
    work(job)                   # raises: task_done() is never called
    queue.task_done()
""",
        good="""\
while True:
    job = queue.get()
    try:
        work(job)
    finally:
        queue.task_done()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.JoinableQueue.task_done",),
    ),
)
