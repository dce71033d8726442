"""What an observed program's pools and processes could take at best, and what a cause may claim of the rest; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mpdiag.advice import Evidence, Facts, Finding, Gain, NotJudged
from mpdiag.ideals import LEAST_SHARE, Row, amount, at_least, bound, worth

Each = TypeVar("Each")

#: A cause that explains at least this part of a loss is given all of it: the rest is mostly its aftermath.
EXPLAINS = 0.5
#: Tasks that wait for at least this share of their time are limited by what they wait for, not by the CPUs.
WAITING = 0.7
#: Workers per usable CPU up to which a pool was sized for computing; more are someone's choice for waiting tasks.
COMPUTING_SIZE = 2

#: The part of processes' lives that is not their work, from which on they were started for too little.
LITTLE = 0.2
#: That part from which on starting is most of what they do, and the part of them that lives together in a crew.
MOSTLY, TOGETHER = 0.6, 0.9
#: Messages that each of a crew takes from a shared channel: its sentinel and two pieces of work.
SEVERAL = 3


@dataclass(frozen=True)
class Loss:
    """Wall time worth winning back, in the forms a finding wants it."""

    gain: Gain
    #: How many times the least that is worth a warning.
    concern: float
    evidence: tuple[Evidence, ...]


def loss(recoverable_s: float, run: Facts, basis: str) -> Loss | None:
    """What a fix wins, or none when it is not worth a warning.

    Args:
        recoverable_s: seconds of wall time.
        run: the table of the run.
        basis: why a fix wins them, in one sentence.
    """
    wall = run.number("wall_s")
    if not worth(recoverable_s, wall):
        return None
    least = LEAST_SHARE * wall
    evidence = (Evidence("wall time lost", recoverable_s, "s"), Evidence("reference: 5 % of the wall time", least, "s"))
    return Loss(bound(recoverable_s, run, basis), recoverable_s / least, evidence)


def each(rows: Iterable[Each], judge: Callable[[Each], Finding | None]) -> Iterator[Finding]:
    """What ``judge`` says of every row; a row that lacks a fact does not keep it from the others.

    Raises:
        NotJudged: nothing was found, and some row lacked a fact.
    """
    missing: NotJudged | None = None
    found = False
    for row in rows:
        try:
            finding = judge(row)
        except NotJudged as reason:
            missing = missing or reason
            continue
        if finding:
            found = True
            yield finding
    if missing and not found:
        raise missing


def used(pools: Facts) -> list[Row]:
    """The pools that ran tasks; none is an answer."""
    return [row for row in pools.all() if row.get("tasks")]


def attributed(cost_s: float, lost_s: float, share: float = EXPLAINS) -> float:
    """The wall time that removing a cause wins at most.

    Args:
        cost_s: what the cause was seen to cost.
        lost_s: what its phase took beyond the ideal, whatever the cause.
        share: the part of the loss from which on all of it is the cause's.
    """
    return max(lost_s, 0.0) if cost_s >= share * lost_s else cost_s


def cores(run: Facts) -> float:
    """The CPUs that tasks can compute on at a time; below one CPU a worker still runs, by itself."""
    return max(1.0, run.number("cpus"))


def sized_for_computing(pool: Row, cpus: float) -> bool:
    """Whether a pool has no more workers than one would give to tasks that compute."""
    return amount(pool, "workers") <= COMPUTING_SIZE * max(cpus, 2.0)


def computing(pool: Row, cpus: float) -> float:
    """How many of a pool's workers can compute at a time; threads take turns under the GIL."""
    return 1.0 if pool.get("threads") else max(1.0, min(amount(pool, "workers"), cpus))


def inside(pool: Row, cpus: float) -> float:
    """The time inside tasks; where computing workers outnumber the CPUs, without waiting for one."""
    total = amount(pool, "task_s")
    if pool.get("threads") or amount(pool, "workers") <= cpus:
        return total
    if pool.get("task_ready_s") is not None:
        return max(total - amount(pool, "task_ready_s"), 0.0)
    return min(total, amount(pool, "task_cpu_s"))


def longest(pool: Row, cpus: float) -> float:
    """The longest task, as `inside` counts."""
    total = amount(pool, "task_s")
    return amount(pool, "task_max") * (inside(pool, cpus) / total if total > 0 else 1.0)


def best(pool: Row, cpus: float, piece: float | None = None) -> float:
    """The least wall time of a pool's tasks on its own workers: always a task to do, perfectly spread.

    Args:
        pool: a row of the table of pools.
        cpus: as of `cores`.
        piece: the longest piece that cannot be divided; by default the longest task.
    """
    return max(
        amount(pool, "task_cpu_s") / computing(pool, cpus),
        inside(pool, cpus) / max(1.0, amount(pool, "workers")),
        longest(pool, cpus) if piece is None else piece,
    )


def waiting(pool: Row) -> float:
    """The share of the time inside tasks spent waiting for something outside the program: disk, network, sleep."""
    total = amount(pool, "task_s")
    return amount(pool, "task_wait_s") / total if total > 0 else 0.0


def replaced(pool: Row) -> float:
    """How many of a pool's workers came in place of others."""
    return max(0.0, amount(pool, "started") - amount(pool, "workers") * amount(pool, "pools"))


def ready_s(pool: Row) -> float:
    """What it takes until a worker of a pool is ready."""
    return amount(pool, "child_start_s") + at_least(pool, "init_s") / amount(pool, "started")


def restarting_s(pool: Row, cpus: float) -> float:
    """What replacing workers took of a pool's time."""
    new = replaced(pool)
    return new * ready_s(pool) / computing(pool, cpus) if new else 0.0


def named(row: Row, key: str, otherwise: str) -> str:
    """The text in a cell, such as a target's name as the program itself writes it, or ``otherwise``."""
    cell = row.get(key)
    return cell.removeprefix("__main__.") if isinstance(cell, str) and cell else otherwise


def around(site: Row) -> float:
    """What the processes' lives hold beside their work; never less than the way to their first line."""
    return max(amount(site, "life_s") - amount(site, "work_s"), amount(site, "born_s"))


def at_once(site: Row, cpus: float) -> float:
    """How many of a place's processes could get on at a time."""
    return max(1.0, min(amount(site, "alive_max"), cpus))


def spread(site: Row, cpus: float) -> float:
    """The least wall time of the work alone: on all CPUs if it computes, as many at once as were if it waits."""
    work, computed = amount(site, "work_s"), amount(site, "work_cpu_s")
    return computed / cpus if computed >= work / 2 else work / max(1.0, amount(site, "alive_max"))


def started_for_little(site: Row) -> bool:
    """Whether starting and ending the processes of one place is a large part of their lives."""
    return around(site) >= LITTLE * (around(site) + amount(site, "work_s"))


def crew(site: Row) -> bool:
    """Whether the processes of one place are workers that share the work: all there at once, each worth its start."""
    together = amount(site, "alive_max") >= TOGETHER * amount(site, "count")
    return together and around(site) < MOSTLY * (around(site) + amount(site, "work_s"))


def sharing(site: Row, channels: Facts) -> bool:
    """Whether the processes of one place took several messages each, in the mean, from a channel that all of them read.

    They are workers, however long they took to start: what they are given decides how many are needed.
    """
    count = amount(site, "count")
    return any(
        all(row.get(f"reader_{key}") == site.get(key) for key in ("file", "line"))
        and at_least(row, "readers") >= TOGETHER * count
        and at_least(row, "gets") >= SEVERAL * count
        for row in channels.all()
        if row.get("user") is not False
    )
