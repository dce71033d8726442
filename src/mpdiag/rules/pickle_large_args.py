"""Advice when large arguments are pickled for each task or message: what that costs here, and cost a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.stats import measured, ratio
from mpdiag.units import between, number, seconds, size

#: The argument that is judged, as the table calls it and in bytes: every level of detail measures it.
LARGE, LARGE_BYTES = "100 KB bytes", 100_000
#: What it is compared with.
SMALL = "small int"
#: Columns by the way a task is handed out.
WAYS = {"executor": "executor.submit", "pool": "Pool.imap"}
#: Added time over an empty task's. From half on, a third of what the dispatch costs is the argument: worth a change
#: in the code. Less is lost among what dispatch costs from one run to the next.
LIMIT = 0.5
#: The part of a task's time that handing it its argument may take.
SHARE = 0.1
#: Bytes of a message from which copying them costs more than all else about it, and from which segments are faster.
LARGE_MESSAGE = 64 * 2**10
#: The part of the wall time from which a pool's large arguments are worth a warning: moving them takes rewriting.
POOL_SHARE = 0.2
#: Bytes a second through a pipe where neither end keeps the other waiting, as it may for other reasons.
PIPE = 2e9
#: The part of the wall time from which a channel's large messages are worth a warning: a pipeline always carries some.
CHANNEL_SHARE = 0.2


def judge(pool_overhead: Facts) -> Iterator[Finding]:
    """Compare tasks that are given a large argument with tasks that are given a small one, round by round."""
    pairs = {way: pair(pool_overhead, way) for way in WAYS if was_measured(pool_overhead, way)}
    if not pairs:
        raise NotJudged("pool_overhead did not measure process pools by payload")
    shares = {way: share(*both) for way, both in pairs.items()}
    worth = {way: each for way, each in shares.items() if each.at_least >= LIMIT}
    if not worth:
        return
    worst = max(worth, key=lambda way: worth[way].median)
    yield RULE.finding(
        level="note",
        concern=worth[worst].median / LIMIT,
        seen=f"An argument of 100 KB of bytes adds {'; '.join(told(way, *both) for way, both in pairs.items())}. "
        "It is pickled, sent and unpickled for each task, even when it is the same object every time.",
        do=advice(worst, pairs[worst], shares[worst]),
        evidence=(
            *(Evidence.of(f"added by 100 KB : an empty task, {WAYS[way]}", each, "x") for way, each in by_size(shares)),
            Evidence("reference", LIMIT, "x"),
        ),
    )


def was_measured(facts: Facts, way: str) -> bool:
    """Whether both arguments were handed out that way; a large one alone says nothing."""
    rows = [*facts.rows("payload", payload=SMALL), *facts.rows("payload", payload=LARGE)]
    return all(isinstance(row.get(way), Measured) for row in rows)


def pair(facts: Facts, way: str) -> tuple[Measured, Measured]:
    """What a task with a small argument costs, and one with a large argument."""
    small, large = (facts.measured(way, "payload", payload=payload) for payload in (SMALL, LARGE))
    return small, large


def added(small: Measured, large: Measured) -> Measured:
    """Seconds that the argument adds to a task, in the same rounds."""
    return measured([more - less for more, less in zip(large.samples, small.samples, strict=False)])


def share(small: Measured, large: Measured) -> Measured:
    """The same as a multiple of the task with a small argument."""
    return measured([gain - 1 for gain in ratio(large.samples, small.samples).samples])


def by_size(shares: dict[str, Measured]) -> list[tuple[str, Measured]]:
    """The greatest first."""
    return sorted(shares.items(), key=lambda each: -each[1].median)


def told(way: str, small: Measured, large: Measured) -> str:
    """What the argument adds to a task handed out that way; noise may hide it."""
    more = added(small, large)
    if more.at_least <= 0:
        return f"nothing certain to a task by {WAYS[way]} ({seconds(small.median)} with a small int)"
    cost = between(more.median, more.low, more.high, "s")
    return f"{cost} to each task by {WAYS[way]}, which with a small int takes {seconds(small.median)}"


def advice(way: str, both: tuple[Measured, Measured], times: Measured) -> str:
    """What to do instead, and from which size and for which tasks."""
    more = added(*both).median
    from_bytes = LARGE_BYTES * LIMIT / times.median
    return (
        "Give what all tasks share once to each worker, by initializer and initargs (with fork also by a global set "
        "before the pool is made), and each task an index, a path or a slice of a shared-memory segment that is "
        f"reused. Worth it here from about {kilobytes(from_bytes)} of bytes for each task by {WAYS[way]} on, unless "
        f"the task works for {seconds(more / SHARE)} or longer per 100 KB: then its argument takes less than "
        f"{number(SHARE, 'fraction')} of that. Objects in place of bytes cost more at the same size."
    )


def observed(run: Facts, pools: Facts, tasks: Facts, channels: Facts) -> Iterator[Finding]:
    """Find pools and channels whose large messages keep their processes from working."""
    for pool in ideals.process_pools(pools):
        yield from of_pool(run, pool, tasks)
    for channel in ideals.user_rows(channels):
        if ideals.at_least(channel, "mean_b") >= LARGE_MESSAGE:
            yield from of_channel(run, channel)


def of_pool(run: Facts, pool: ideals.Row, tasks: Facts) -> Iterator[Finding]:
    """Judge the arguments of one pool's tasks."""
    each = ideals.amount(pool, "args_b")
    if each < ideals.LARGE or ideals.outdone(pool, tasks):
        return
    args, results = ideals.carried_s(pool)
    idle = ideals.idle_s(pool, ideals.usable(run))
    recoverable = ideals.blamed_s(args, args + results, idle)
    wall, count = run.number("wall_s"), ideals.amount(pool, "tasks")
    if not ideals.worth(recoverable, wall):
        return
    place, same = Place.of(pool), ideals.repeated(pool, tasks)
    constant = f"; {same} never changed" if same else ""
    grave = recoverable >= POOL_SHARE * wall and (same or args >= ideals.amount(pool, "task_s"))
    yield RULE.finding(
        level="warning" if grave else "note",
        place=ideals.line_of(pool, "submit"),
        gain=ideals.bound(recoverable, run, "workers would not wait for arguments to be pickled, sent and unpickled"),
        concern=recoverable / (ideals.LEAST_SHARE * wall),
        seen=f"{number(count, '1')} tasks of the {pool['type']}{ideals.where(place)} were sent {size(each)} each, "
        f"{size(each * count)} in all{constant}. Pickling, sending and unpickling that took {seconds(args)}, the "
        f"tasks themselves {seconds(ideals.amount(pool, 'task_s'))}.",
        do=f"Hand {same or 'what the tasks share'} to each worker once: initializer and initargs, kept in a global "
        "(a bound method or a partial drags its whole instance along: use a plain function). What differs from task to "
        "task goes into a shared-memory segment or a file, and the task is sent an index.",
        evidence=(
            Evidence("wall time lost to arguments", recoverable, "s"),
            Evidence("reference: 5 % of the wall time", ideals.LEAST_SHARE * wall, "s"),
            Evidence("arguments of a task", each, "B"),
            Evidence("tasks", count, "1"),
            Evidence("pickling, sending and unpickling them", args, "s"),
        ),
    )


def of_channel(run: Facts, channel: ideals.Row) -> Iterator[Finding]:
    """Judge the messages of one channel; a backlog has to be bounded first, it costs page faults of its own.

    Bytes over a Pipe are MP205's, and what is pickled object by object MP206's: neither goes into a segment as it is.
    """
    if ideals.at_least(channel, "backlog_b") >= ideals.BACKLOG or ideals.bytes_pipe(channel):
        return
    if ideals.pickled_singly(channel, ideals.amount(channel, "puts") * ideals.amount(channel, "mean_b")):
        return
    carried = ideals.channel_carried_s(channel)
    recoverable = min(ideals.channel_idle_s(channel), carried)
    wall, each = run.number("wall_s"), ideals.amount(channel, "mean_b")
    copying = ideals.amount(channel, "puts") * each / PIPE
    sure = ideals.amount(channel, "pickle_s") + ideals.amount(channel, "unpickle_s") + copying
    if min(recoverable, sure) < CHANNEL_SHARE * wall or not ideals.worth(recoverable, wall):
        return
    place, count = Place.of(channel), ideals.amount(channel, "puts")
    yield RULE.finding(
        level="warning",
        place=place,
        gain=ideals.bound(recoverable, run, "both ends of the channel would only hand over an index"),
        concern=recoverable / (CHANNEL_SHARE * wall),
        seen=f"{number(count, '1')} messages of {size(each)} each went through the {channel['type']}"
        f"{ideals.where(place)}, {size(each * count)} in all: pickling, copying and unpickling them took "
        f"{seconds(carried)} of {seconds(wall)}.",
        do=f"Make shared-memory segments once, {size(each)} for each message under way, write into them and send the "
        "number of the segment; a second channel gives free ones back.",
        evidence=(
            Evidence("wall time lost to messages", recoverable, "s"),
            Evidence("reference: a fifth of the wall time", CHANNEL_SHARE * wall, "s"),
            Evidence("a message", each, "B"),
            Evidence("messages", count, "1"),
        ),
    )


def of_cluster(cluster: Facts) -> Iterator[Finding]:
    """Find runs on a cluster that waited for what was sent: within the graph, or from worker to worker."""
    graph, sent, fetched = (cluster.number(key) for key in ("graph_s", "graph_b", "fetch_s"))
    if sent >= ideals.LARGE * cluster.number("tasks") and (
        loss := phases.loss(graph, cluster, "the graph would hold no data")
    ):
        yield RULE.finding(
            level="warning",
            gain=loss.gain,
            concern=loss.concern,
            seen=f"Graphs of {size(sent)} in all were sent through the scheduler; the workers waited "
            f"{seconds(graph)} for the first tasks of them.",
            do="Keep data out of the graph: let tasks read it themselves (dask.dataframe.read_parquet, a path as "
            "argument), or hand it over once with client.scatter(data, broadcast=True) and pass the future.",
            evidence=(*loss.evidence, Evidence("graphs", sent, "B")),
        )
    if loss := phases.loss(fetched, cluster, "inputs would be where the tasks are"):
        yield RULE.finding(
            level="warning",
            gain=loss.gain,
            concern=loss.concern,
            seen=f"The workers' threads waited {seconds(fetched)} each for inputs from other workers, with nothing "
            "else to do.",
            do="Move less: filter and aggregate before what needs all data (joins, shuffles, rechunk), make chunks "
            "that later steps can use as they are, or run on fewer, larger workers.",
            evidence=loss.evidence,
        )


def kilobytes(count: float) -> str:
    """An extrapolated size, rounded to the two digits it is good for at most."""
    return f"{float(f'{count / 1000:.2g}'):g} KB"


RULE: Final = Rule(
    module=__name__,
    id="MP201",
    judge=judge,
    run=observed,
    fleet=of_cluster,
    aliases=("large-payload-pickle",),
    doc=Doc(
        title="A large argument is pickled anew for each task",
        why="A pool pickles the arguments of each task, sends them through a pipe and unpickles them in the worker. "
        "A table that all tasks look things up in is so copied as many times as there are tasks.",
        how="Tasks that do nothing, given 100 KB of bytes or a small int, on warm pools in the same rounds. Reported "
        f"when the large argument adds {LIMIT:g}× an empty task's time or more, with its whole interval, by "
        "executor.submit or Pool.imap. The size to look out for assumes that the cost grows with the size. In an "
        f"observed program: arguments of {ideals.LARGE // 1024} KiB a task or more, or messages of "
        f"{LARGE_MESSAGE // 1024} KiB or more, and the time that workers, or both ends of the channel, spent on them "
        "instead of their work; a note from 5 % of the wall time on, a warning from a fifth where "
        "they take longer than the tasks or never change, for a channel from a fifth. Not where the "
        "parent alone would be faster (MP203). On a cluster: when its threads wait for 5 % of the wall time or more "
        "for data within the graph, or for inputs from other workers.",
        claim="'Pass arguments explicitly, through a ProcessPoolExecutor' is right for small ones; large constants "
        "belong in initargs. 'Objects above 1 MB trigger pickling' is wrong: every argument is pickled, at any size. "
        "'So use shared memory' holds for a segment that is reused; a new one for each task mostly costs more than "
        "it saves below several MiB.",
        bad="""\
with ProcessPoolExecutor() as pool:
    futures = [pool.submit(look_up, table, key) for key in keys]    # the table, once per task
""",
        good="""\
def keep(table):
    global TABLE
    TABLE = table

with ProcessPoolExecutor(initializer=keep, initargs=(table,)) as pool:    # once per worker
    futures = [pool.submit(look_up, key) for key in keys]
""",
        applies="process pools on every Python version and system; threads are given the object itself. A bound "
        "method is an argument too: its whole instance is pickled for each task",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
        ),
    ),
)
