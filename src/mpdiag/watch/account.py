"""Where the lifetimes of a program's processes went: the account, which closes, with what remains unexplained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mpdiag.report import Account, Efficiency, Memory, ProcessAccount
from mpdiag.watch.books import Book, Slot
from mpdiag.watch.lives import Life, Run

#: The bucket of each kind; what a task or target does itself is told by the CPU and the run queue.
BUCKETS = {
    "start": "start",
    "import": "import",
    "main_import": "import",
    "initializer": "initializer",
    "wait_task": "wait_task",
    "unpickle": "unpickle",
    "lock": "lock",
    "pickle": "pickle",
    "send": "send",
    "put": "send",
    "recv": "recv",
    "read": "recv",
    "poll": "recv",
    "wait": "recv",
    "get": "recv",
    "sync": "recv",
    "manager": "recv",
    "join": "join",
    "result": "join",
    "submit": "send",
    "shm": "other",
    "alive": "other",
    "exit": "exit",
}
ORDER = (
    "start", "import", "initializer", "wait_task", "unpickle", "cpu", "ready", "off_cpu", "lock", "pickle", "send",
    "recv", "join", "exit", "other",
)  # fmt: skip
#: Kinds whose time is CPU time, where it was not taken itself.
COMPUTING = frozenset({"pickle", "unpickle", "submit", "start", "alive", "shm"})
#: Roles that are a program's own, not the library's helpers.
OWN = frozenset({"main", "worker", "process"})


#: Seconds at the end of a process that was killed of which nothing is known at most: it is looked at about as often.
UNSEEN_S = 0.1


def account(run: Run, lives: Sequence[Life]) -> Account:
    """The account of a run."""
    spent = [Spent.of(life) for life in lives]
    processes = tuple(process(run, life, each) for life, each in zip(lives, spent, strict=True))
    total = {name: sum(each.buckets.get(name, 0.0) for each in spent) for name in ORDER}
    lifetimes = sum(life.life_s for life in lives)
    unknown = sum(each.unknown_s for each in spent)
    return Account(
        wall_s=run.wall_s,
        processes=processes,
        total={name: seconds for name, seconds in total.items() if seconds},
        unaccounted_fraction=min(1.0, unknown / lifetimes) if lifetimes else 0.0,
        efficiency=efficiency(run, lives, processes),
    )


def process(run: Run, life: Life, spent: Spent) -> ProcessAccount:
    """The account of one process."""
    vital = life.vital
    return ProcessAccount(
        pid=life.pid,
        parent=life.parent,
        name=life.name,
        role=life.role,
        start_method=life.start_method,
        born_s=life.born_s - run.began_s,
        ended_s=life.ended_s - run.began_s,
        exit=life.exit,
        buckets=spent.buckets,
        memory=Memory(vital.rss_peak or 0, vital.uss_peak, vital.pss_peak) if vital else Memory(0),
        cpu_s=life.cpu_s if any(each and each.cpu_s is not None for each in (vital, life.book)) else None,
    )


@dataclass(frozen=True)
class Spent:
    """Where the time of the main thread of a process went."""

    #: Together no longer than its life.
    buckets: dict[str, float]
    #: What was not seen, or told twice: by so much the buckets do not explain its life.
    unknown_s: float

    @classmethod
    def of(cls, life: Life) -> Spent:
        """What is known of one process."""
        found, computed, cut = by_ledger(life)
        over = max(0.0, sum(found.values()) - life.life_s)
        if over:
            found = {name: seconds * life.life_s / (life.life_s + over) for name, seconds in found.items()}
        rest = max(0.0, life.life_s - sum(found.values()))
        found["cpu"] = min(max((life.main_cpu_s or 0.0) - computed, working_s(life)), rest)
        found["ready"] = min(main_ready(life), rest - found["cpu"])
        rest = max(0.0, rest - found["cpu"] - found["ready"])
        unseen = min(rest, unseen_s(life))
        waited = untimed_waits(life, rest - unseen)
        found["wait_task"] += waited
        found["off_cpu"] = rest - unseen - waited
        return cls({name: found[name] for name in ORDER if found.get(name)}, min(over + cut, life.life_s) + unseen)


def by_ledger(life: Life) -> tuple[dict[str, float], float, float]:
    """What the taps of a process told, by bucket, how much of it was CPU time, and what estimates had too much."""
    found = dict.fromkeys(ORDER, 0.0)
    if life.book is None:
        return found, 0.0, 0.0
    found["start"] = computed = starting(life)
    if life.book.ended_s:
        found["exit"] = max(0.0, life.ended_s - life.book.ended_s)
    else:
        for bucket, seconds in until_the_end(life):
            found[bucket] += seconds
    scale, cut = fitting(life, life.life_s - sum(found.values())), 0.0
    for slot, bucket in told(life.book):
        seconds = slot.s * (scale if slot.count > slot.timed else 1.0)
        cut += slot.s - seconds
        found[bucket] += seconds
        computed += min(computing_s(slot), seconds)
    return found, computed, cut


def computing_s(slot: Slot) -> float:
    """The CPU time of a doing; of what imports others it was taken with theirs, while its own seconds are without."""
    return min(slot.cpu_s, slot.s) or (slot.s if slot.kind in COMPUTING else 0.0)


def working_s(life: Life) -> float:
    """The CPU time that tasks, or the target, were seen to take at least, without what has a bucket of its own.

    How much of a start was waiting for a CPU is not known: taken for CPU time, it may leave none to short work.
    """
    if life.book is None:
        return 0.0
    seen = {kind: [slot.cpu_s for slot in life.book.of(kind) if slot.main] for kind in ("task", "run")}
    inside = sum(computing_s(slot) for slot, _ in told(life.book) if slot.first_s >= life.work_began_s)
    return max(0.0, (sum(seen["task"]) or max(seen["run"], default=0.0)) - inside)


def until_the_end(life: Life) -> Iterator[tuple[str, float]]:
    """What the main thread of a killed process was doing, and since when."""
    assert life.book
    for native, kind, since in life.book.threads:
        if native == life.book.main_thread and kind in BUCKETS and since > 0:
            yield BUCKETS[kind], max(0.0, life.ended_s - since)


def unseen_s(life: Life) -> float:
    """How much of a process's time may have gone by without anybody seeing what it did."""
    book, vital = life.book, life.vital
    if vital is None and (book is None or book.ended_s is None):
        return life.life_s
    if book and (book.ended_s is not None or any(True for _ in until_the_end(life))):
        return 0.0
    if vital and vital.looked is not None and vital.ended is not None:
        return min(UNSEEN_S, max(0.0, vital.ended - vital.looked))
    return UNSEEN_S


def untimed_waits(life: Life, off_s: float) -> float:
    """How long a worker waited for tasks besides what its ledger says, if not all its waits were timed.

    Outside of its tasks a worker does not sleep for anything else.

    Args:
        life: the worker, or any other process.
        off_s: how long it was off the CPU for no known reason, in seconds.
    """
    slots = [slot for slot in life.book.slots if slot.main] if life.book else []
    if all(slot.count == slot.timed for slot in slots if slot.kind == "wait_task"):
        return 0.0
    return max(0.0, off_s - sum(max(0.0, slot.s - slot.cpu_s) for slot in slots if slot.kind == "task"))


def told(book: Book) -> Iterator[tuple[Slot, str]]:
    """What the main thread did that has a bucket of its own."""
    for slot in book.slots:
        bucket = BUCKETS.get(slot.kind)
        if slot.main and bucket and not slot.nested:
            yield slot, bucket


def fitting(life: Life, room_s: float) -> float:
    """What to multiply estimates by: of events that were timed one in many, all cannot take longer than there was."""
    assert life.book
    sampled = sum(slot.s for slot, _ in told(life.book) if slot.count > slot.timed)
    exact = sum(slot.s for slot, _ in told(life.book) if slot.count == slot.timed)
    return min(1.0, max(0.0, room_s - exact) / sampled) if sampled else 1.0


def starting(life: Life) -> float:
    """From the request for a process to the first line of its own, without what it imported meanwhile."""
    assert life.book
    until = life.work_began_s
    before = sum(
        slot.s
        for slot, bucket in told(life.book)
        # Imports share a slot; nearly all come first.
        if bucket != "start" and (slot.last_s <= until or (bucket == "import" and slot.first_s <= until))
    )
    return max(0.0, until - life.born_s - before)


def main_ready(life: Life) -> float:
    """Time for which the main thread could have run, but other threads had the CPUs."""
    return (life.vital.main_ready_s or 0.0) if life.vital else 0.0


def efficiency(run: Run, lives: Sequence[Life], processes: Iterable[ProcessAccount]) -> Efficiency | None:
    """Parallel efficiency of the processes that work at the same time: CPU time used over what they could use."""
    pairs = [(life, each) for life, each in zip(lives, processes, strict=True) if life.role in ("worker", "process")]
    if len(pairs) < 2:
        return None
    span = max(life.ended_s for life, _ in pairs) - min(life.born_s for life, _ in pairs)
    lanes = max(1, min(len(pairs), round(run.cpus)))
    useful = sorted((each.buckets.get("cpu", 0.0) for _, each in pairs), reverse=True)
    per_lane = [sum(useful[number::lanes]) for number in range(lanes)]
    if not span or not max(per_lane):
        return None
    balance = sum(per_lane) / (lanes * max(per_lane))
    communication = min(1.0, max(per_lane) / span)
    return Efficiency(balance * communication, balance, communication)
