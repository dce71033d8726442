"""Makes the tables that rules judge of all that was gathered of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mpdiag.advice import Facts
from mpdiag.report import Account, ProcessAccount
from mpdiag.watch import (
    channels,
    failures,
    globs,
    hot,
    inlined,
    leftovers,
    lock_costs,
    locks,
    memory,
    pool_rows,
    pool_tasks,
    sites,
    values,
)
from mpdiag.watch import pools as of_pools
from mpdiag.watch.account import ORDER
from mpdiag.watch.arguments import varying
from mpdiag.watch.books import EXECUTOR, POOL
from mpdiag.watch.imports import own_s, unused_s
from mpdiag.watch.lives import Life, Run, Start

#: What the main thread waits for.
WAITING = ("result", "join", "get", "recv", "wait", "poll", "lock", "sync", "put", "manager")
CHILDREN = ("worker", "process")
#: A process is joined at once where its end is waited for during most of its work.
WAITED = 0.5


def gather(run: Run, lives: Sequence[Life], account: Account, python: Mapping[str, Any]) -> dict[str, Facts]:
    """All tables, by name.

    Args:
        run: what was gathered.
        lives: its processes.
        account: where their time went.
        python: the facts of the interpreter.
    """
    pools = of_pools.seen(lives)
    numbers = of_pools.numbered(pools)
    tasks = pool_tasks.rows(pools, numbers)
    talk, shared = channels.rows(lives), values.rows(lives, run.outside.wraps if run.outside else None)
    tables: dict[str, list[dict[str, Any]]] = {
        "run": [run_row(run, lives, account, python)],
        "processes": [process_row(life, each, numbers) for life, each in zip(lives, account.processes, strict=True)],
        "starts": start_rows(lives),
        "pools": pool_rows.rows(run, pools),
        "tasks": tasks,
        "hot": hot.rows(run, lives, tasks),
        "channels": talk,
        "locks": lock_costs.added(locks.rows(lives), shared, lives, run.outside.stacks if run.outside else ()),
        "values": shared,
        "globals": globs.rows(lives),
        "draws": globs.draws(lives),
        "failures": failures.rows(lives),
        "sites": sites.rows(lives),
        "managers": sites.managers(lives),
        "inline": sites.inline(lives) + inlined.rows(run, lives),
        "methods": sites.methods(lives),
        "memory": [memory.row(run, lives) | leftovers.memory(lives, talk)],
    }
    return {name: Facts(name, {"": tuple(rows)}) for name, rows in tables.items()}


# --- the run as a whole


def run_row(run: Run, lives: Sequence[Life], account: Account, python: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the whole run."""
    main = next((life for life in lives if life.role == "main"), None)
    waits = [slot for slot in main.book.of(*WAITING) if slot.main] if main and main.book else []
    around = run.outside.surroundings if run.outside else None
    computed = sum(life.cpu_s for life in lives)
    parallel = covered((life.born_s, life.ended_s) for life in lives if life.role in CHILDREN)
    ready = [life.vital.ready_s for life in lives if life.vital and life.vital.ready_s is not None]
    return {
        "wall_s": run.wall_s,
        "cpus": run.cpus,
        "cpu_s": computed,
        "main_cpu_s": main.cpu_s if main else None,
        "main_wait_s": sum(slot.wall_s for slot in waits),
        "main_join_s": sum(slot.wall_s for slot in waits if slot.kind == "join"),
        "busy_cpus": computed / run.wall_s if run.wall_s else None,
        "processes": len(lives),
        "python_processes": sum(life.book is not None for life in lives),
        "exit": run.exit,
        "default_start_method": python.get("default_start_method"),
        "parallel_s": parallel,
        "serial_s": max(0.0, run.wall_s - parallel),
        "throttled_s": around.throttled_s if around else None,
        "ready_s": sum(ready) if ready else None,
        "memory_peak": memory.peak(run, lives),
        "memory_kills": around.memory_kills if around else None,
        "others_cpus": around.others_cpu_s / run.wall_s if around and around.others_cpu_s is not None else None,
        "others_share": around.others_share if around else None,
        "unaccounted": account.unaccounted_fraction,
    }


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The time that is in at least one of ``spans``."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


# --- processes


def process_row(life: Life, each: ProcessAccount, numbers: Mapping[str, int]) -> dict[str, Any]:
    """The facts of one process."""
    vital = life.vital
    shown = {name if name == "cpu" else f"{name}_s": each.buckets.get(name, 0.0) for name in ORDER}
    ready = shown.pop("ready_s")
    file, line, function = life.where[:3]
    return {
        "pid": life.pid,
        "parent": life.parent,
        "name": life.name,
        "role": life.role,
        "start_method": life.start_method,
        "born_s": each.born_s,
        "ended_s": each.ended_s,
        "life_s": life.life_s,
        "cpu_s": life.cpu_s,
        "main_cpu_s": life.main_cpu_s,
        **shown,
        "ready_s": vital.ready_s if vital else None,
        "waited_ready_s": ready,
        "exit": life.exit,
        "rss_peak": vital.rss_peak if vital else None,
        "uss_peak": vital.uss_peak if vital else None,
        "pss_peak": vital.pss_peak if vital else None,
        "private_growth": memory.growth(vital) if vital else None,
        "threads_at_fork": life.threads_at_fork,
        "threads_peak": vital.threads_peak if vital else None,
        "native": None if vital is None or vital.native is None else ",".join(vital.native),
        "target": life.target,
        "pool": numbers.get(life.pool) if life.pool else None,
        "tasks": sum(slot.count for slot in life.book.of("task")) if life.book else 0,
        "observed": life.book is not None,
        "file": file,
        "line": line or None,
        "function": function,
    }


# --- processes that the program starts itself


def start_rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each line that starts processes, and start method; a pool's are not among them."""
    sites: dict[tuple[Any, ...], list[tuple[Life, Start]]] = defaultdict(list)
    for life in lives:
        if life.start and life.role == "process" and not life.start.where[4] & (POOL | EXECUTOR):
            sites[(*life.start.where[:3], life.start.method)].append((life, life.start))
    waited = {life.pid: joining(life) for life in lives}
    return [
        start_row(each, sum(waited.get(pid, 0.0) for pid in {life.parent for life, _ in each}))
        for each in sites.values()
    ]


def joining(life: Life) -> float:
    """How long a process waited for the end of others, beside those of pools."""
    slots = life.book.of("join") if life.book else ()
    return sum(slot.wall_s for slot in slots if not slot.via & (POOL | EXECUTOR))


def start_row(each: list[tuple[Life, Start]], joined_s: float) -> dict[str, Any]:
    """The facts of one such line; ``joined_s`` is how long those who started them waited for the end of any."""
    started = [life for life, _ in each]
    starts = [start for _, start in each]
    ran = [slot for life in started if life.book for slot in life.book.of("run")]
    work_s = sum(slot.wall_s for slot in ran)
    file, line, function = starts[0].where[:3]
    return {
        "start_method": starts[0].method,
        "count": len(each),
        "start_s": sum(start.done_s - start.began_s for start in starts),
        "born_s": sum(life.work_began_s - life.born_s for life in started),
        "import_s": sum(imported(life) for life in started),
        "main_s": sum(own_s(life.book) for life in started if life.book),
        "unused_s": needless(started),
        "life_s": sum(life.life_s for life in started),
        "work_s": work_s,
        "work_cpu_s": sum(slot.cpu_s for slot in ran),
        "alive_max": most_alive(started),
        "joined_at_once": ended_before_next(started, starts) if joined_s >= WAITED * work_s else 0,
        "joined_s": joined_s,
        "span_s": max(life.ended_s for life in started) - min(life.born_s for life in started),
        "varying": varying(file, starts[0].target),
        "target": starts[0].target,
        "file": file,
        "line": line or None,
        "function": function,
    }


def ended_before_next(started: Sequence[Life], starts: Sequence[Start]) -> int:
    """How many of them had ended when the next was started."""
    return sum(earlier.ended_s <= start.began_s for earlier, start in zip(started, starts[1:], strict=False))


def imported(life: Life) -> float:
    """What a child imported before its work began, the main module among it."""
    slots = life.book.of("import", "main_import") if life.book else ()
    return sum(slot.s for slot in slots if slot.main and slot.last_s <= life.work_began_s)


def needless(started: Sequence[Life]) -> float | None:
    """What children imported that their work never mentions, as far as it is known."""
    found = [unused_s(life.book) for life in started if life.book]
    known = [seconds for seconds in found if seconds is not None]
    return sum(known) if known else None


def most_alive(started: Sequence[Life]) -> int:
    """The most of them alive at once."""
    edges = sorted([(life.born_s, 1) for life in started] + [(life.ended_s, -1) for life in started])
    alive = most = 0
    for _, step in edges:
        alive += step
        most = max(most, alive)
    return most
