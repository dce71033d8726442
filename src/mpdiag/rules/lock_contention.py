"""Advice when several processes that want one lock do less together than one does alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds

#: What all processes together manage relative to one alone; above, the lock costs no more than being a lock.
LIMIT = 0.9
#: Work between two updates, in contended updates, that keeps waiting for the lock below a tenth of the time.
SPACING = 10
#: Locks; waiting for semaphores, conditions and events is what they are for.
LOCKS = ("Lock", "RLock", "Value", "Array")
#: What takes and gives back a lock that a manager holds.
ACQUIRING, RELEASING = ("acquire", "__enter__"), ("release", "__exit__")
#: Waits below which processes hardly met at the lock, or one of them kept it: woken, another finds it taken again.
FEW = 10
#: The part of the wall time from which waiting for a lock is worth a warning: some of it remains with any lock.
WAITED = 0.1
#: The part of the processes' time from which on taking the lock, not waiting for it, is what they do.
MOSTLY = 0.4
#: Waits a second from which the lock is taken for each item, and costs as much in system calls as in waiting.
PER_ITEM = 1000


def judge(shared_state: Facts) -> Iterator[Finding]:
    """Find the number of processes at which one lock wastes most."""
    ratios = {
        int(shared_state.number("processes", "contention", processes=row["processes"])): row["ratio"]
        for row in shared_state.rows("contention")
    }
    wasteful = {
        count: ratio for count, ratio in ratios.items() if isinstance(ratio, Measured) and ratio.at_most < LIMIT
    }
    if not wasteful:
        return
    count, ratio = min(wasteful.items(), key=lambda pair: pair[1].median)
    alone = shared_state.measured("total", "contention", processes=1)
    total = shared_state.measured("total", "contention", processes=count)
    contended = count / total.median
    yield RULE.finding(
        level="note",
        seen=f"{count} processes that add to one locked Value make {interval(total, '1/s')} updates together; one "
        f"alone makes {interval(alone, '1/s')}: {interval(ratio, 'x')}.",
        do=f"Count in a local variable and add the sum under the lock once per batch: with at least "
        f"{seconds(SPACING * contended)} of work between two updates of a worker, waiting stays below a tenth. Else "
        "take a lock per part of the data, or return results instead.",
        concern=1 / ratio.median,
        evidence=(
            Evidence.of(f"{count} processes : one", ratio, "x"),
            Evidence("reference: no loss", 1.0, "x"),
            Evidence("one contended update", contended, "s"),
        ),
    )


def observed(
    run: Facts, locks: Facts, values: Facts, managers: Facts, processes: Facts, pools: Facts
) -> Iterator[Finding]:
    """Find locks for which processes, or threads, waited instead of working."""
    yield from of_manager(run, managers, processes)
    yield from of_threads(run, pools)
    wrong = [Place.of(row) for row in values.all() if ideals.at_least(row, "unlocked_updates") > 0]
    for lock in ideals.user_rows(locks):
        place = Place.of(lock)
        one_at_a_time = lock.get("type") in LOCKS or (lock.get("type") in standstill.COUNTED and lock.get("value") == 1)
        if not one_at_a_time or (place and place in wrong):
            continue
        recoverable, wall = _recoverable_s(lock, run), run.number("wall_s")
        if recoverable < WAITED * wall or not ideals.worth(recoverable, wall):
            continue
        waiting, count = ideals.amount(lock, "processes"), ideals.amount(lock, "contended")
        waited, during = ideals.amount(lock, "wait_s"), ideals.amount(lock, "during_s")
        yield RULE.finding(
            level="warning",
            place=place,
            gain=ideals.bound(recoverable, run, "processes that never wait for the lock nor pay for taking it"),
            concern=recoverable / (WAITED * wall),
            seen=f"{ideals.counted(waiting, 'process', 'processes')} waited for the {lock['type']}"
            f"{ideals.where(place)} {ideals.counted(count, 'time')}, {seconds(waited / max(waiting, 1))} each in all, "
            f"within {seconds(during)}: {_how(lock)}",
            do=(
                "Count or collect in local variables and take the lock once per task or batch."
                if _per_item(lock)
                else "Compute first, then take the lock only to store the result; or return results and let the parent "
                "store them. Where parts of the data are independent, give each its own lock."
            ),
            evidence=(
                Evidence("wall time lost to the lock", recoverable, "s"),
                Evidence("reference: a tenth of the wall time", WAITED * wall, "s"),
                Evidence("waits", count, "1"),
                Evidence("waited, all processes together", waited, "s"),
            ),
        )


def of_manager(run: Facts, managers: Facts, processes: Facts) -> Iterator[Finding]:
    """Judge a manager's locks; beyond what a message takes, acquire() waits for the lock, or its manager for a CPU."""
    wall, queueing = (
        run.number("wall_s"),
        sum(ideals.at_least(each, "ready_s") for each in processes.all(role="manager")),
    )
    for row in managers.all():
        if not ("lock" in str(row.get("type")).lower() and row.get("method") in ACQUIRING):
            continue
        count, callers, message = (
            ideals.amount(row, "ops"),
            ideals.at_least(row, "processes"),
            _message_s(row, managers),
        )
        waited = ideals.amount(row, "s") - message * count
        if count < FEW or callers < 2 or (waited - queueing) / callers < WAITED * wall:
            continue
        recoverable = _serial_s(run, waited, callers)
        if recoverable < WAITED * wall or not ideals.worth(recoverable, wall):
            continue
        place = Place.of(row)
        yield RULE.finding(
            level="warning",
            place=place,
            gain=ideals.bound(recoverable, run, "processes that never wait for the lock"),
            concern=recoverable / (WAITED * wall),
            seen=f"{number(callers, '1')} processes acquired the manager's {row['type']}{ideals.where(place)} "
            f"{number(count, '1')} times and waited {seconds(waited / count)} for it each time, beside "
            f"{seconds(message)} for the message to the manager: it is held during the work.",
            do="Compute first, then take the lock only to store the result; or return results and let the parent store "
            "them. A multiprocessing.Lock, handed to the workers by initargs, needs no messages.",
            evidence=(
                Evidence("wall time lost to the lock", recoverable, "s"),
                Evidence("reference: a tenth of the wall time", WAITED * wall, "s"),
                Evidence("times", count, "1"),
                Evidence("waited, all processes together", waited, "s"),
            ),
        )


def of_threads(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Judge the locks of a pool of threads, which were seen at the line that takes one."""
    wall = run.number("wall_s")
    for pool in pools.all(threads=True):
        waited, threads = ideals.at_least(pool, "thread_lock_s"), max(ideals.at_least(pool, "workers"), 1.0)
        recoverable = min(waited / threads, ideals.at_least(pool, "phase_s") * (1 - 1 / _at_once(threads, run)))
        if recoverable < WAITED * wall or not ideals.worth(recoverable, wall):
            continue
        part = waited / ideals.amount(pool, "task_s")
        place = ideals.line_of(pool, "lock")
        yield RULE.finding(
            level="warning",
            place=place,
            gain=ideals.bound(recoverable, run, "threads that never wait for the lock, if none needs the GIL"),
            concern=recoverable / (WAITED * wall),
            seen=f"{number(threads, '1')} threads of the {pool['type']}{ideals.where(Place.of(pool))} waited "
            f"{seconds(waited)} together to take a lock{ideals.where(place)}, {number(part, 'fraction')} of the time "
            "in their tasks: it is held during the work.",
            do="Compute first, then take the lock only to store the result; or return results and let the caller store "
            "them. What releases the GIL, such as compression, hashing and reading, then runs at once; for computing "
            "in Python use processes instead.",
            evidence=(
                Evidence("wall time lost to the lock", recoverable, "s"),
                Evidence("reference: a tenth of the wall time", WAITED * wall, "s"),
                Evidence("waited, all threads together, by samples", waited, "s"),
            ),
        )


def _message_s(lock: ideals.Row, managers: Facts) -> float:
    """What a message to the manager takes that has not to wait for the lock: giving it back."""
    releasing = [each for each in managers.all(type=lock["type"]) if each.get("method") in RELEASING]
    return min((ideals.amount(each, "s") / max(ideals.amount(each, "ops"), 1) for each in releasing), default=0.0)


def _serial_s(run: Facts, waited: float, callers: float) -> float:
    """Wall time that a manager's lock costs; while nobody has it, all wait for the messages that hand it over."""
    parallel, at_once = run.number("parallel_s"), _at_once(callers, run)
    lost = parallel - run.number("cpu_s") / at_once
    return min(phases.attributed(waited / callers, lost), parallel * (1 - 1 / at_once))


def _per_item(lock: ideals.Row) -> bool:
    """Whether the lock is taken so often that taking it costs, not what is done while it is held."""
    taken, during = (
        max(ideals.at_least(lock, "taken"), ideals.amount(lock, "contended")),
        ideals.amount(lock, "during_s"),
    )
    taking = ideals.at_least(lock, "op_s") - ideals.amount(lock, "wait_s")
    return taken > PER_ITEM * during or taking > MOSTLY * during * max(ideals.amount(lock, "processes"), 1)


def _how(lock: ideals.Row) -> str:
    if _per_item(lock):
        return "it is taken for every item."
    if _few(lock):
        return "it is held during the work, and taken again before another process is awake."
    return "it is held during the work."


def _few(lock: ideals.Row) -> bool:
    return ideals.at_least(lock, "contended") < FEW


def _recoverable_s(lock: ideals.Row, run: Facts) -> float:
    """Wall time that a process loses to the lock: waiting, and taking it where that is done for each item."""
    if _few(lock):
        return _kept_s(lock, run)
    processes = max(ideals.amount(lock, "processes"), 1)
    waited, during = ideals.amount(lock, "wait_s") / processes, ideals.amount(lock, "during_s")
    if not _per_item(lock):
        return min(waited, during * (1 - 1 / _at_once(processes, run)))
    taking = lock.get("op_s")
    return min(float(taking) / processes if isinstance(taking, (int, float)) else 2 * waited, during)


def _kept_s(lock: ideals.Row, run: Facts) -> float:
    """Wall time lost to a lock that one process keeps by taking it again and again; who gets it last waits longest."""
    if not lock.get("again"):
        return 0.0
    sharing = max(ideals.amount(lock, "processes"), 2)
    return min(ideals.amount(lock, "most_s"), run.number("parallel_s") * (1 - 1 / _at_once(sharing, run)))


def _at_once(count: float, run: Facts) -> float:
    """How many of so many processes or threads could compute at a time."""
    return max(min(count, ideals.usable(run)), 1.0)


RULE: Final = Rule(
    module=__name__,
    id="MP506",
    judge=judge,
    run=observed,
    doc=Doc(
        title="One lock for all makes more processes slower",
        why="A lock lets one process through at a time. Held for every item it turns parallel work into serial work, "
        "and handing it over between processes costs more than the update itself.",
        how=f"1 to twice as many processes as usable CPUs share the same number of updates of one locked Value. "
        f"Reported when together they reach less than {LIMIT:g} of what one process does alone. "
        "In an observed program: locks for which processes waited at least ten times, or that they take in a loop or "
        "in each task, and the time that each lost so; a warning from a tenth of the wall time on. Likewise of the "
        "threads of a pool, by the lines at which samples of the stack find them: none is taken while no thread "
        "computes.",
        claim="Often read: locks are slow. An uncontended lock takes about a microsecond; what costs is several "
        "processes wanting the same one.",
        bad="""\
for item in items:
    with lock:
        total.value += price(item)
""",
        good="""\
subtotal = sum(price(item) for item in items)
with lock:
    total.value += subtotal
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#synchronization-between-processes",
            "https://docs.python.org/3/library/multiprocessing.html#sharing-state-between-processes",
        ),
    ),
)
