"""What a run would take without one of its costs: pure sums that several rules need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mpdiag.advice import Facts, Gain, NotJudged, Place
from mpdiag.model import Cell
from mpdiag.tap.layout import SELF

#: A fix that wins less than either is not worth a warning: runs of one program differ by as much.
LEAST_SHARE, LEAST_S = 0.05, 0.1
#: A saving lies between two runs, each of which differs from the one before by some 15 % on a quiet machine: the bound
#: on it has to hold beside both.
SLACK = 1.2
#: Bytes from which a message is large: below, sending an object costs about as much as sending none.
LARGE = 16 * 2**10
#: Bytes waiting in a queue that matter beside the 10–50 MB of an interpreter and its libraries.
BACKLOG = 32 * 2**20

#: How errors of pickling name what belongs to one process. A lock is none of it: anything may have one inside.
OF_ONE_PROCESS = re.compile(r"cannot pickle '(_io\.\w+|_queue\.SimpleQueue|sqlite3\.\w+|socket|Thread)' object")

Row = Mapping[str, Cell]


def amount(row: Row, key: str) -> float:
    """The number in ``row``.

    Raises:
        NotJudged: it is unknown.
    """
    cell = row.get(key)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        raise NotJudged(f"{key} is unknown")
    return float(cell)


def at_least(row: Row, key: str) -> float:
    """The number in ``row``, or 0 where it is unknown: for what only adds to a sum."""
    cell = row.get(key)
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def usable(run: Facts) -> float:
    """The CPUs that the run could use; a part of one still runs everything, only slower."""
    return max(run.number("cpus"), 0.1)


def idle_cpus(run: Facts) -> float:
    """The CPUs that neither the run nor, while it queued for them, other programs used.

    Threads of the run also queue for a moment while another CPU is idle: others had no more than they used at all.
    """
    row = run.rows()[0]
    others = at_least(row, "ready_s") / max(run.number("wall_s"), 1e-9)
    if row.get("others_cpus") is not None:
        others = min(others, at_least(row, "others_cpus"))
    return max(usable(run) - run.number("busy_cpus") - others, 0.0)


def running_s(wall_s: float, run: Facts) -> float:
    """The CPU time in a span that only computes: while CPUs are short, threads wait for one in the midst of it."""
    cpu = run.number("cpu_s")
    ready = at_least(run.rows()[0], "ready_s")
    return wall_s * cpu / (cpu + ready) if cpu > 0 else wall_s


def stretch(run: Facts) -> float:
    """The wall time that a second of CPU time took, because other programs had the CPUs meanwhile; 1 on quiet machines.

    Threads of the run that wait for each other's CPU are none of it: on more CPUs than it used they would not have.
    """
    row = run.rows()[0]
    cpu, ready = at_least(row, "cpu_s"), at_least(row, "ready_s")
    if cpu <= 0:
        return 1.0
    return max(1.0, min((cpu + ready) / cpu, usable(run) * run.number("wall_s") / cpu))


def worth(recoverable_s: float, wall_s: float) -> bool:
    """Whether winning that much wall time deserves a warning."""
    return recoverable_s >= max(LEAST_SHARE * wall_s, LEAST_S)


def bound(recoverable_s: float, run: Facts, basis: str) -> Gain:
    """A ceiling on what can be won: what was found recoverable, with some slack."""
    return Gain.of(recoverable_s * SLACK, run.number("wall_s"), basis)


def working_s(pool: Row, cpus: float) -> float:
    """Wall time of a pool whose workers always had a task, spread evenly: the rest of its phase is overhead.

    Raises:
        NotJudged: the pool's tasks were not timed.
    """
    workers = max(amount(pool, "workers"), 1.0)
    computing = at_least(pool, "task_cpu_s") / min(workers, cpus)
    return max(amount(pool, "task_s") / workers, computing, at_least(pool, "task_max"))


def where(place: Place | None) -> str:
    """`` (file:line)`` for prose; empty where the place is unknown."""
    if place is None:
        return ""
    return f" ({place.file}:{place.line})" if place.line is not None else f" ({place.file})"


def line_of(pool: Row, doing: str) -> Place | None:
    """The line that does most of something with a pool; where that is unknown, the one that made it.

    Args:
        pool: its row.
        doing: ``submit`` to hand out its tasks, ``result`` to wait for what they give, ``lock`` to wait for a lock.
    """
    return Place.of({key: pool.get(f"{doing}_{key}") for key in ("file", "line", "function")}) or Place.of(pool)


def failed(failures: Facts, said: str) -> Iterator[tuple[Place | None, str, float]]:
    """Where failures were whose error says ``said``, that error without its full stop, and how many there were."""
    for row in failures.all():
        example, count = str(row.get("example") or "").rstrip("."), at_least(row, "count")
        if said in example and count:
            yield Place.of(row), example, count


def user_rows(facts: Facts) -> list[dict[str, Any]]:
    """The rows about what the program made itself, not what a pool made inside."""
    return [dict(row) for row in facts.all() if row.get("user") is not False]


#: Bytes per second from which on pickling and unpickling is copying: buffers take less than a nanosecond a byte, lists
#: of numbers or strings three to ten, rows and dicts twenty.
COPYING = 500e6
#: Those below which pickling visits many small objects, one by one.
SINGLY = 100e6
#: Pickling and unpickling an object costs up to some fifty times what looking at it does: a task that takes less than
#: this part of that has not looked at most of what it was sent.
UNUSED = 150.0


def carried_s(pool: Row) -> tuple[float, float]:
    """What carrying arguments and results of a pool's tasks took, in all threads of all processes.

    Raises:
        NotJudged: pickling was not timed.
    """
    args = amount(pool, "pickle_s") + amount(pool, "unpickle_s") + at_least(pool, "send_s") + at_least(pool, "recv_s")
    return args, amount(pool, "result_pickle_s") + amount(pool, "result_unpickle_s")


def idle_s(pool: Row, cpus: float) -> float:
    """Wall time of a pool's phase in which its workers could have worked and did not."""
    return max(amount(pool, "phase_s") - working_s(pool, cpus), 0.0)


def blamed_s(part_s: float, all_s: float, idle: float) -> float:
    """The part of ``idle`` that ends with one of the costs of carrying.

    Where carrying explains most of it, waiting for the pipe goes with it, in proportion; else no more than was spent.
    """
    return idle * part_s / all_s if all_s >= idle / 2 and all_s > 0 else min(part_s, idle)


def repeated(pool: Row, tasks: Facts) -> str | None:
    """The arguments that never changed, where they are most of what each task is sent."""
    for row in tasks.all(pool=pool.get("id")):
        same, part = row.get("same_args"), at_least(row, "same_b")
        if isinstance(same, str) and same and part >= amount(pool, "args_b") / 2:
            return parameters(same, str(row.get("function") or "the task"))
    return None


def parameters(words: str, function: str) -> str:
    """The parameters of a function, as the table of tasks tells them, for prose: by number, or a method's object."""
    name, listed = function.partition(".")[2] or function, words.split(",")
    own = [word.partition(".")[2] for word in listed if word.partition(".")[0] == SELF]
    numbers = [word for word in listed if word.partition(".")[0] != SELF]
    if not all(word.partition(".")[0].isdigit() for word in numbers):
        return words
    numbered = f"parameter{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    if not own:
        return f"{numbered} of {name} (the first is 0)"
    whose = f"{' and '.join([', '.join(own[:-1]), own[-1]] if own[1:] else own)} of " if all(own) else ""
    return f"{whose}the object of the method {name}{f', and {numbered} (self is 0)' if numbers else ''}"


def graphs(pool: Row) -> bool:
    """Whether what the tasks are sent are objects that pickle visits one by one, and that the tasks look at."""
    args, _ = carried_s(pool)
    sent = amount(pool, "args_b") * amount(pool, "tasks")
    return sent < COPYING * (amount(pool, "pickle_s") + amount(pool, "unpickle_s")) and args < UNUSED * amount(
        pool, "task_s"
    )


def outdone(pool: Row, tasks: Facts) -> bool:
    """Whether a loop in the parent would do the work of a process pool sooner than the pool does.

    That needs large arguments that differ from task to task; the same ones again and again could stay in the workers.
    """
    args, results = carried_s(pool)
    working = max(amount(pool, "task_s"), amount(pool, "task_cpu_s"))
    return (
        amount(pool, "args_b") >= LARGE
        and args >= results / 2
        and args + results > working
        and amount(pool, "phase_s") > working
        and graphs(pool)
        and repeated(pool, tasks) is None
    )


def process_pools(pools: Facts) -> list[Row]:
    """The pools of processes that ran tasks; none is an answer."""
    return [row for row in pools.all() if not row.get("threads") and at_least(row, "tasks") > 0]


def channel_idle_s(channel: Row) -> float:
    """Wall time that a channel's slower side spends on the channel instead of its work: what the channel delays.

    Raises:
        NotJudged: the channel was not timed.
    """
    receiving = amount(channel, "get_wait_s") + at_least(channel, "recv_s") + amount(channel, "unpickle_s")
    sending = at_least(channel, "put_wait_s") + amount(channel, "send_s") + amount(channel, "pickle_s")
    return min(receiving / max(at_least(channel, "readers"), 1), sending / max(at_least(channel, "writers"), 1))


def channel_carried_s(channel: Row) -> float:
    """What pickling a channel's messages and moving their bytes took on both sides."""
    moving = at_least(channel, "recv_s") or amount(channel, "send_s")
    return amount(channel, "pickle_s") + amount(channel, "unpickle_s") + moving


def bytes_pipe(channel: Row) -> bool:
    """Whether a channel is a pipe that carried nothing but bytes: what they cost is copying."""
    return channel.get("type") == "Pipe" and channel.get("plain_bytes") is True


def pickled_singly(row: Row, sent_b: float) -> bool:
    """Whether pickling visited so many small objects, one by one, that their number decides what it takes.

    Raises:
        NotJudged: pickling was not timed.
    """
    return sent_b <= SINGLY * (amount(row, "pickle_s") + amount(row, "unpickle_s"))


def counted(count: float, one: str, many: str = "") -> str:
    """``count`` and what is counted: ``1 task``, ``2,000 tasks``."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"
