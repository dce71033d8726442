"""Where the lifetimes of a program's processes went: the account, which closes, with what remains unexplained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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


def account(run: Run, lives: Sequence[Life]) -> Account:
    """The account of a run."""
    processes = tuple(process(run, life) for life in lives)
    total = {name: sum(each.buckets.get(name, 0.0) for each in processes) for name in ORDER}
    lifetimes = sum(life.life_s for life in lives)
    missing = sum(abs(life.life_s - sum(each.buckets.values())) for life, each in zip(lives, processes, strict=True))
    return Account(
        wall_s=run.wall_s,
        processes=processes,
        total={name: seconds for name, seconds in total.items() if seconds},
        unaccounted_fraction=missing / lifetimes if lifetimes else 0.0,
        efficiency=efficiency(run, lives, processes),
    )


def process(run: Run, life: Life) -> ProcessAccount:
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
        buckets=buckets(life),
        memory=Memory(vital.rss_peak or 0, vital.uss_peak) if vital else Memory(0),
    )


def buckets(life: Life) -> dict[str, float]:
    """Where the time of the main thread of a process went."""
    found = dict.fromkeys(ORDER, 0.0)
    measured = computing = 0.0  # CPU time that is told already; wall time of what is nearly all CPU time
    if life.book:
        found["start"] = computing = starting(life)
        if life.book.ended_s:
            found["exit"] = max(0.0, life.ended_s - life.book.ended_s)
        scale = fitting(life, life.life_s - found["start"] - found["exit"])
        for slot, bucket in told(life.book):
            seconds = slot.s * (scale if slot.count > slot.timed else 1.0)
            found[bucket] += seconds
            measured += slot.cpu_s
            computing += seconds if slot.kind in COMPUTING else 0.0
    rest = max(0.0, life.life_s - sum(found.values()))
    cpu, ready = main_cpu(life), main_ready(life)
    held = computing * ready / (cpu + ready) if cpu + ready else 0.0  # without a CPU amid what is computing
    found["cpu"] = min(max(cpu - measured - (computing - held), 0.0), rest)
    # It waits for a CPU in proportion to what it computes; what it waits after other waits belongs to those.
    found["ready"] = min(ready * found["cpu"] / cpu if cpu else 0.0, rest - found["cpu"])
    found["off_cpu"] = rest - found["cpu"] - found["ready"]
    return {name: seconds for name, seconds in found.items() if seconds}


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
    before = sum(slot.s for slot, bucket in told(life.book) if slot.last_s <= until and bucket != "start")
    return max(0.0, until - life.born_s - before)


def main_cpu(life: Life) -> float:
    """CPU time of the main thread."""
    if life.book and life.book.main_cpu_s is not None:
        return life.book.main_cpu_s
    if life.vital and life.vital.main_cpu_s is not None:
        return life.vital.main_cpu_s
    return life.vital.cpu_s or 0.0 if life.vital else 0.0


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
