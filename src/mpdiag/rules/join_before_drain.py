"""Advice when a process is joined whose messages nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import seconds

#: Calls that wait until a process's own queues are sent: the program's own, and what runs as it exits.
AT_EXIT: Final = "_exit_function"
FLUSHES: Final = ("join_thread", AT_EXIT)


def observed(run: Facts, processes: Facts, channels: Facts, sites: Facts) -> Iterator[Finding]:
    """Find processes that could not end before their queue was read, while join() with a timeout waited for them."""
    exiting = max((ideals.at_least(row, "exit_s") for row in processes.all(role="process")), default=0.0)
    join = max(
        sites.all(kind="join", role="main", thread="main"), key=lambda row: ideals.at_least(row, "s"), default={}
    )
    loss = phases.loss(min(exiting, ideals.at_least(join, "s")), run, "whoever reads all first joins at once")
    queue = max(channels.all(), key=lambda row: ideals.at_least(row, "backlog_b"), default={})
    fed = sites.all(kind="put", role="process") and sites.all(kind="get", role="main", thread="main")
    if loss is None or ideals.at_least(queue, "backlog_b") <= standstill.PIPE or not fed:
        return
    yield RULE.finding(
        level="warning",
        place=Place.of(join),
        gain=loss.gain,
        concern=loss.concern,
        confidence="inferred",
        seen=f"The parent waited {seconds(ideals.amount(join, 's'))} in join() for processes that had done their work "
        f"and waited themselves, for up to {seconds(exiting)}, to hand over what they had put into the "
        f"{queue['type']}{ideals.where(Place.of(queue))}: it holds more than a pipe does, and the parent read it only "
        "afterwards.",
        do="Get all results from the queue first, then join; a timeout of join() does not end what it waits for.",
        evidence=(
            *loss.evidence,
            Evidence("messages queued at most", ideals.amount(queue, "backlog_max"), "1"),
            Evidence("bytes of one", ideals.amount(queue, "mean_b"), "B"),
            Evidence("reference: bytes that a pipe holds", standstill.PIPE, "B"),
        ),
    )


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for the end of a process, or of its feeder thread, which waits for a reader."""
    yield from _suspected(standing)
    blocked = {row["pid"]: row for row in standing.stuck(job="_feed") if row["kind"] in ("write", "lock")}
    joined = set()
    for row in standing.stuck(kind="process"):
        feeder = next((blocked[pid] for pid in standing.ended_by(row) if pid in blocked), None)
        if feeder is None:
            continue
        joined.add(feeder["pid"])
        yield _finding(
            row,
            feeder,
            standing,
            f"{feeder['process']} to end, which cannot: what it put into",
            "Get all results from the queue first, then join.",
        )
    for pid, feeder in blocked.items():
        for row in standing.threads(pid) if pid not in joined else ():
            next_in_turn = bool(joined) and row.get("api") == AT_EXIT  # who joins one joins the others next
            if _flushes(row, feeder) and not next_in_turn:
                yield _finding(
                    row,
                    feeder,
                    standing,
                    "its queue to be sent, which cannot be: what it put into",
                    "Have a process read all that is put, up to a sentinel, before you wait for that. If the rest may "
                    "be lost, cancel_join_thread() lets the process end without it.",
                )


def _flushes(row: Row, feeder: Row) -> bool:
    """Whether a thread waits for the end of a feeder thread of its process."""
    if row["kind"] == "thread":
        return row["object"] == f"thread:{feeder['native']}"
    return row["kind"] == "within" and row.get("api") in FLUSHES


def _finding(row: Row, feeder: Row, standing: Standing, whom: str, do: str) -> Finding:
    name = feeder.get("channel") or feeder["object"]
    queue = standing.queues.get(name, {})
    return RULE.finding(
        **standstill.blame(row),
        seen=f"{standstill.waits(row)} for {whom} {standing.channel(str(name))} does not fit into the pipe, and nobody "
        "reads it.",
        do=do,
        evidence=(
            Evidence("bytes in the pipe", ideals.at_least(queue, "unread"), "B"),
            Evidence("messages not yet in it", ideals.at_least(queue, "unsent"), "1"),
            Evidence("threads that read it and can go on", 0, "1"),
        ),
    )


def _suspected(standing: Standing) -> Iterator[Finding]:
    """Find the same where nobody tells any stacks: what the main thread of the process waits for is not known then."""
    writers = {row["pid"]: row for row in standing.waits if row["kind"] == "write" and _untold(row)}
    for row in standing.waits:
        if row["kind"] != "process" or not _untold(row) or len(list(standing.threads(row["pid"]))) > 1:
            continue
        for writer in (writers[pid] for pid in standing.ended_by(row) if pid in writers):
            if not writer["main"] and _for_each_other(row, writer, standing):
                yield RULE.finding(
                    **{**standstill.blame(row, sure=False), "level": "warning"},
                    seen=f"{standstill.waits(row)}, as it seems, for {writer['process']} to end, a thread of which "
                    f"waits for room in {standing.channel(str(writer['object']))}, and none but the two could read "
                    "that. Their stacks could not be seen.",
                    do="Get all results from the queue first, then join.",
                    evidence=(Evidence("processes that could read it besides", 0, "1"),),
                )
                break


def _untold(row: Row) -> bool:
    """Whether nobody tells a thread's stack."""
    return row.get("answered") is False


def _for_each_other(row: Row, writer: Row, standing: Standing) -> bool:
    """Whether none but the two processes could read what is written, and the main thread of the writing one waits."""
    reading = standing.ends.all(object=writer["object"], reads=True)
    main = next(standing.threads(writer["pid"], main=True), {})
    alone = {end["pid"] for end in reading} in ({row["pid"]}, {row["pid"], writer["pid"]})
    return alone and not any(end["outside"] for end in reading) and main.get("doing") == "lock"


RULE: Final = Rule(
    module=__name__,
    id="MP601",
    run=observed,
    hang=stuck,
    aliases=("queue-join-deadlock",),
    doc=Doc(
        title="Joined before its queue was drained",
        why="put() only hands a message to a thread of its process, which feeds it into a pipe that holds 64 KiB. The "
        "process ends when that thread is done, so it waits for a reader; who waits for the process in join() and "
        "would read only afterwards waits for ever. With small messages all goes well, until they grow.",
        how="Stuck: a thread waits for the end of a process, or in join_thread() or at exit for its own queues, whose "
        "feeder thread waits for room in a pipe, and no thread that could read it can go on. In a program that ends: "
        "children that took long to exit, more in their queue than a pipe holds, and a parent in join() meanwhile, "
        "when that costs 5 % of the wall time.",
        claim="'The child has returned from its function, so it has ended' is wrong: it ends when its queues are "
        "empty. cancel_join_thread() lets it end, and loses the messages.",
        bad="""\
worker.start()
worker.join()           # waits for the worker, which waits for a reader
result = queue.get()
""",
        good="""\
worker.start()
result = queue.get()
worker.join()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues",),
    ),
)
