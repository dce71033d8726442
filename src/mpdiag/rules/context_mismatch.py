"""Advice when a lock or queue of one context was given to a process of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc

#: What start() then says.
SAYS = "is being shared with a process in a"


def observed(failures: Facts) -> Iterator[Finding]:
    """Find programs that failed so."""
    for place, example, count in ideals.failed(failures, SAYS):
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * count,
            seen=f"What one context has made was given to a process of another{ideals.where(place)}: {example}.",
            do='Make both by the same context: context = multiprocessing.get_context("spawn"), then context.Queue(), '
            "context.Lock() and context.Process(…).",
            evidence=(Evidence("refused", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP513",
    run=observed,
    doc=Doc(
        title="A lock of one context for a process of another",
        why="A forked child inherits a semaphore that has no name; a child that is started anew has to open it by "
        "name. So what a context that forks has made cannot be given to a process of spawn or forkserver.",
        how="In an observed program: an error of just that text ended it.",
        claim="'Queues and locks work with every start method' is right for those that the context of the process has "
        "made.",
        bad="""\
queue = multiprocessing.Queue()                     # of the default context, which forks
multiprocessing.get_context("spawn").Process(target=work, args=(queue,)).start()
""",
        good="""\
context = multiprocessing.get_context("spawn")
queue = context.Queue()
context.Process(target=work, args=(queue,)).start()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",),
    ),
)
