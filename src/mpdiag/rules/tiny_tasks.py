"""Advice on the task below which handing it to a pool costs more than doing it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, seconds

#: A small Python function's duration: tasks like it are what people put into pools one by one.
SMALL = 10e-6
#: A chunk should hold this many times the overhead of a task: then nine tenths of the time is work.
WORTH = 10
ONE = "ProcessPoolExecutor.map"
#: Tasks of one pool below which handing them out cannot cost what is worth a change: 100 take about 10 ms.
MANY = 100
#: No executor needs a millisecond to hand out a task; longer tasks outweigh it on any machine.
LONGEST = 1e-3
#: A scheduler adds about a millisecond to a task.
LONGEST_ON_CLUSTER = 10e-3
#: Bytes below which sending a message costs what sending any costs.
SMALL_MESSAGE = 1024
#: Where the parent's CPU time for handing out is this part of what was lost, the waiting around it is its work too:
#: threads of the parent and workers take turns at pipes and locks.
OWN = 0.3


def judge(pool_overhead: Facts) -> Iterator[Finding]:
    """Compare the overhead of a task with what small tasks last."""
    overhead = pool_overhead.measured("overhead", "break_even", way=ONE)
    task = pool_overhead.rows("break_even", way=ONE)[0].get("task")
    if not isinstance(task, Measured):
        yield on_one_cpu(overhead)
        return
    if overhead.at_least <= SMALL:
        return
    good = pool_overhead.measured("good", "break_even", way=ONE)
    yield RULE.finding(
        level="note",
        concern=overhead.median / SMALL,
        seen=f"One task handed to a ProcessPoolExecutor costs {interval(overhead, 's')} beyond its "
        f"work{others(pool_overhead)}. A task below {interval(task, 's')} is done faster by a plain loop than by a "
        "pool of all usable CPUs.",
        do=f"Hand out tasks of {seconds(good.median)} or more, else several at a time: for tasks of {seconds(SMALL)}, "
        f"map(…, chunksize={chunk(overhead.median)}), as long as that leaves four chunks for "
        "each worker. What is shorter in total than a pool's start needs no pool.",
        evidence=(
            Evidence.of("overhead of one task, executor.map", overhead, "s"),
            Evidence("reference: a small task", SMALL, "s"),
            Evidence.of("a pool pays above", task, "s"),
            *tried(pool_overhead),
        ),
    )


def chunk(overhead: float) -> int:
    """The chunksize for small tasks."""
    return one_digit(WORTH * overhead / SMALL)


def on_one_cpu(overhead: Measured) -> Finding:
    """What holds where a second worker has no CPU to run on."""
    return RULE.finding(
        level="note",
        concern=overhead.median / SMALL,
        seen="One CPU is usable here: no pool makes computing tasks faster, however long they are, and each costs "
        f"{interval(overhead, 's')} more in a ProcessPoolExecutor.",
        do="Compute in a plain loop; a pool of threads still pays for tasks that wait.",
        evidence=(
            Evidence.of("overhead of one task, executor.map", overhead, "s"),
            Evidence("reference: a small task", SMALL, "s"),
        ),
    )


def others(facts: Facts) -> str:
    """The overhead by other ways, as far as they were measured."""
    names = {"Pool.imap": "Pool.imap", f"{ONE}, chunksize 100": "the executor's map with chunksize 100"}
    rows = {row.get("way"): row.get("overhead") for row in facts.rows("break_even")}
    found = [
        f"{seconds(cell.median)} by {name}"
        for way, name in names.items()
        if isinstance(cell := rows.get(way), Measured)
    ]
    return f" ({', '.join(found)})" if found else ""


def tried(facts: Facts) -> Iterator[Evidence]:
    """The speed-up of real tasks around the break-even, where it was tried out."""
    for row in facts.tables.get("tried_out", ()):
        gained, task = row.get("executor"), row.get("task")
        if isinstance(gained, Measured) and isinstance(task, (int, float)):
            yield Evidence.of(f"speed-up of tasks of {seconds(task)} on two workers", gained, "x")


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools of processes that spent more on handing out tasks than on the tasks."""
    yield from phases.each(ideals.process_pools(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge the tasks of one pool."""
    tasks, work = ideals.amount(pool, "tasks"), ideals.amount(pool, "task_s")
    if tasks < MANY * ideals.amount(pool, "pools") or work / tasks > LONGEST or heavy(pool):
        return None
    cpus, phase = phases.cores(run), ideals.amount(pool, "phase_s")
    lost = phase - phases.best(pool, cpus) - phases.restarting_s(pool, cpus)
    workers = phases.computing(pool, cpus)
    overhead = lost * workers / tasks
    handing = ideals.amount(pool, "dispatch_s") * tasks + sum(ideals.carried_s(pool))
    recoverable = phases.attributed(min(handing, lost), lost, OWN)
    loss = phases.loss(recoverable, run, "in chunks the same work needs next to no handing out")
    if loss is None or overhead < work / tasks or handing < phases.inside(pool, cpus):
        return None
    items, place = ideals.amount(pool, "items"), Place.of(pool)
    per = max(work / items, 1e-7)
    return RULE.finding(
        level="warning",
        place=ideals.line_of(pool, "submit"),
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{tasks:,.0f} tasks of the {pool['type']}{ideals.where(place)} worked for {seconds(work / tasks)} each; "
        f"handing one out and taking its result cost {seconds(overhead)} of a worker's time.",
        do=f"{batched(pool, one_digit(overhead * WORTH / per), items, workers)} Work that takes {seconds(work)} in "
        "all may need no pool.",
        evidence=(
            *loss.evidence,
            Evidence("work of a task", work / tasks, "s"),
            Evidence("overhead of a task", overhead, "s"),
            Evidence("tasks", tasks, "1"),
        ),
    )


def heavy(pool: ideals.Row) -> bool:
    """Whether it is what tasks carry that costs, not that they are many."""
    carried = ideals.amount(pool, "args_b") + ideals.amount(pool, "result_b")
    dear = sum(ideals.carried_s(pool)) > ideals.amount(pool, "phase_s") / 2
    return carried >= ideals.LARGE or (dear and carried >= SMALL_MESSAGE)


def batched(pool: ideals.Row, wanted: int, items: float, workers: float) -> str:
    """How to hand out several items at a time; every worker should get four chunks or more."""
    size = max(2, min(wanted, int(items / (4 * workers))))
    how = phases.named(pool, "how", "submit")
    if how in ("imap", "imap_unordered", "map", "starmap", "executor.map"):
        return f"Pass a chunksize: {how.removeprefix('executor.')}(…, chunksize={size})."
    return (
        f"Hand out {size} items with each {how}(), in a function that loops over them, or use map(…, chunksize={size})."
    )


def one_digit(exact: float) -> int:
    """Rounded up to one digit: more would be false precision."""
    step: int = 10 ** math.floor(math.log10(max(exact, 1.0)))
    return math.ceil(exact / step) * step


def of_function(sized: Facts) -> Iterator[Finding]:
    """Judge a function by what handing out its calls one by one makes of them."""
    task, chosen, best = functions.task(sized), functions.chosen(sized), functions.fastest(sized, "processes")
    each = task["wall"].median
    message = (task["args_b"] or 0) + (task["result_b"] or 0)
    if functions.waits(sized) or best is None or each > LONGEST or message >= SMALL_MESSAGE:
        return
    size, gained = int(chosen["chunk"] or 1), functions.gain(best)
    if chosen["group"] == "processes" and size == 1:
        return
    pays = chosen["group"] == "processes"
    yield RULE.finding(
        level="note",
        concern=LONGEST / each,
        seen=f"A call of {task['target']} takes {seconds(each)}"
        + (", less than handing it to a worker." if not pays else "; handing out one at a time costs more than that.")
        + ("" if pays else f" The best number of processes and chunksize made it {interval(gained, 'x')} as fast."),
        do=f"Pass the chunksize: map(…, chunksize={size}). Executor.map and imap hand out one at a time without it."
        if pays
        else "Do more in one call, say a whole file or a thousand items, or stay with a plain loop.",
        evidence=(
            Evidence("a call", each, "s"),
            Evidence("reference: a task that outweighs its handing out", LONGEST, "s"),
            functions.speed("speed-up of the best processes", best),
        ),
    )


def of_cluster(cluster: Facts, groups: Facts) -> Iterator[Finding]:
    """Find tasks of a cluster that took no longer than handing them out."""
    yield from phases.each(groups.all(), lambda row: of_group(cluster, row))


def of_group(cluster: Facts, row: ideals.Row) -> Finding | None:
    """Judge the tasks of one name: what lanes waited between them, against what they did."""
    tasks, lanes = ideals.amount(row, "tasks"), cluster.number("lanes")
    if tasks < MANY:
        return None
    each, idle = ideals.amount(row, "task_s") / tasks, ideals.amount(row, "idle_s")
    overhead = idle * lanes / tasks
    loss = phases.loss(idle, cluster, "the same work in fewer tasks needs next to no handing out")
    if loss is None or each > LONGEST_ON_CLUSTER or overhead < each:
        return None
    together = one_digit(WORTH * overhead / max(each, 1e-6))
    return RULE.finding(
        level="warning",
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{tasks:,.0f} tasks called {row['name']} took {seconds(each)} each; between them their {lanes:,.0f} "
        f"threads waited {seconds(overhead)} for the next.",
        do=f"Do about {together:,} of them in one task: larger chunks or partitions, or a function that loops over a "
        "batch.",
        evidence=(
            *loss.evidence,
            Evidence("a task", each, "s"),
            Evidence("waiting for the next", overhead, "s"),
            Evidence("tasks", tasks, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP402",
    judge=judge,
    run=observed,
    size=of_function,
    fleet=of_cluster,
    aliases=("tiny-tasks-chunksize",),
    doc=Doc(
        title="Tasks too small for a pool",
        why="Each task is pickled, queued, picked up by a worker and answered. When that takes longer than the task, "
        "more workers make the program slower.",
        how="CPU time of the parent and the workers for a task that does nothing (wall time where the system does "
        "not tell), and from it the duration d at which a pool of w workers is as fast as a loop: its speed-up is "
        "w·d / (d + overhead), as long as the parent can feed it. Reported when the overhead exceeds "
        f"{seconds(SMALL)}. In a program: {MANY} or more tasks of a pool, each below {seconds(LONGEST)} and with "
        "little to carry, whose overhead is longer than they are, when that costs 5 % of the wall time. "
        "Of a measured function: calls below that length, for which a chunksize or a plain loop did best. On a "
        f"cluster: {MANY} or more tasks of a name, below {seconds(LONGEST_ON_CLUSTER)} each, between which "
        "its threads waited longer than they took.",
        claim='Often read: "the executor is slower than processes written by hand because of context switches". '
        "Right that it is, about twice for tasks of 100 µs; the reason is the dispatch of each single task, and a "
        "chunksize takes most of it away. Pool.map chooses one by itself, Executor.map and imap do not.",
        bad="""\
with ProcessPoolExecutor() as pool:
    totals = list(pool.map(add_up, range(1_000_000)))
""",
        good="""\
with ProcessPoolExecutor() as pool:
    totals = list(pool.map(add_up, range(1_000_000), chunksize=1_000))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map",),
    ),
)
