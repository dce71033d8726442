"""Advice when workers of a pool died with a task in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing

#: Ends of workers that were not lost: they ended by themselves, or their pool ended them.
FINE = (0, None, "SIGTERM")
#: How a program ends that was interrupted by Ctrl-C, as its workers are.
INTERRUPTED = ("SIGINT", 130)
#: What a way to end points to.
CAUSES = {
    "SIGKILL": "SIGKILL comes from the kernel when memory runs out, or from someone's kill",
    "SIGSEGV": "SIGSEGV comes from native code: run with -X faulthandler to see where",
    "SIGBUS": "SIGBUS comes from a full /dev/shm or a truncated mapped file",
    "SIGXCPU": "SIGXCPU comes from a limit on CPU time (RLIMIT_CPU), which counts a worker's whole life",
    "SIGABRT": "SIGABRT comes from native code that gave up; its message is on stderr",
    "exit": "a task that calls sys.exit() or os._exit() ends its worker: raise an exception instead",
}


def observed(run: Facts, pools: Facts, processes: Facts) -> Iterator[Finding]:
    """Find pools with workers that ended by a signal or by themselves."""
    interrupted = run.rows()[0].get("exit") in INTERRUPTED
    for_memory = ideals.at_least(run.rows()[0], "memory_kills") > 0
    for pool in pools.all():
        ends = Counter(
            str(row["exit"]) for row in processes.all(role="worker", pool=pool.get("id")) if row.get("exit") not in FINE
        )
        died = ideals.at_least(pool, "died")
        if not died or (interrupted and {*ends} <= {"1"}):  # of the same Ctrl-C
            continue
        place, how = Place.of(pool), _how(ends)
        waits = "Pool" in str(pool["type"]) and "Executor" not in str(pool["type"])
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * died,
            seen=f"{ideals.counted(died, 'worker')} of the {pool['type']}{ideals.where(place)} "
            f"died{f', {how}' if how else ''}. "
            + (
                "A Pool starts another in its place, but the task is lost and its result never comes."
                if waits
                else "Every task that was not done failed with BrokenProcessPool."
            ),
            do=_remedy(ends, waits, for_memory),
            evidence=(Evidence("workers that died", died, "1"), Evidence("reference", 0, "1")),
        )


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for results of a Pool, some of whose workers ended by themselves."""
    for row in standing.stuck(kind="within"):
        pool = standing.pools.get(row.get("pool"))
        if _all_idle(row, standing):
            yield _from_outside(row)
        if pool is None or not pool["gone"] or pool["closed"] or "Executor" in str(pool["type"]):
            continue
        ends = Counter(str(pool["ends"]).split(", "))
        if set(ends) <= {"0"} and pool["replaces"]:
            continue
        gone = standstill.count(pool, "gone")
        last = f" The last one ran {pool['last']}()." if pool.get("last") else ""
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row)} for {standing.pool(row)}, {ideals.counted(gone, 'worker')} of which died "
            f"with a task in hand, {_how(ends)}. Another was started in its place, but its task is lost.{last}",
            do=_remedy(ends, waits=True),
            evidence=(Evidence("workers that died", gone, "1"), Evidence("reference", 0, "1")),
        )


def _all_idle(row: ideals.Row, standing: Standing) -> bool:
    """Of a Pool of which there is no more to be seen: whether it waits for results while no worker has a task."""
    if standing.pools or row.get("library") != "multiprocessing/pool.py":
        return False
    jobs = {each["job"] for each in standing.threads(row["pid"])}
    workers = [each for each in standing.waits if each["main"] and each["job"] == "worker"]
    busy = [each for each in standing.waits if each["in_task"] and each["pid"] != row["pid"]]
    if standing.awaits_items(row["pid"]) or any(standing.threads(row["pid"], calls_back=True)):
        return False
    return "_handle_results" in jobs and bool(workers) and not busy


def _from_outside(row: ideals.Row) -> Finding:
    return RULE.finding(
        **standstill.blame(row, sure=False),
        seen=f"{standstill.waits(row)} for results of a Pool, and all its workers wait for tasks: one must have died "
        "with a task in hand. Another was started in its place, but its task is lost.",
        do=_remedy(Counter(), waits=True),
        evidence=(Evidence("workers that have a task", 0, "1"), Evidence("reference: results awaited", 1, "1")),
    )


def _how(ends: Counter[str]) -> str:
    """``by SIGKILL``, or how many in each way."""
    return ", ".join(f"{f'{count} ' if len(ends) > 1 else ''}by {_end(end)}" for end, count in ends.most_common(3))


def _end(end: str) -> str:
    return end if end.startswith("SIG") else f"exit code {end}"


def _remedy(ends: Counter[str], waits: bool, for_memory: bool = False) -> str:
    """Where to look, by the way most workers ended, and how to notice it the next time."""
    notice = " Use ProcessPoolExecutor, which raises BrokenProcessPool, or get(timeout=…)." if waits else ""
    if for_memory and "SIGKILL" in ends:
        return "Give it more memory, or let it hold less: the kernel killed for want of memory meanwhile." + notice
    known = [CAUSES[end] if end in CAUSES else CAUSES["exit"] for end, _ in ends.most_common(1) if _explained(end)]
    look = f"Find out why: {known[0]}." if known else "Find out why: see their stderr and the kernel's log."
    return look + notice


def _explained(end: str) -> bool:
    return end in CAUSES or end.isdecimal()


RULE: Final = Rule(
    module=__name__,
    id="MP605",
    run=observed,
    hang=stuck,
    doc=Doc(
        title="A worker died with its task",
        why="A worker that is killed or exits takes its task along. multiprocessing.Pool starts another worker and "
        "waits for the lost result for ever; an executor fails every task that is pending.",
        how="In an observed program: workers of pools that ended by a signal or an exit code while the pool still ran, "
        "without having been asked to. Stuck: a thread waits for results of a Pool with such workers.",
        claim="Often read: an exception in a task kills the worker. It does not, it is sent to the parent; SystemExit, "
        "os._exit(), a crash in native code and the kernel's out-of-memory killer do. maxtasksperchild replaces "
        "workers between tasks, which loses nothing.",
        bad="""\
def parse(path):
    if not path.exists():
        sys.exit(2)             # ends the worker: Pool.map() waits for ever
""",
        good="""\
def parse(path):
    if not path.exists():
        raise FileNotFoundError(path)
""",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.process.BrokenProcessPool",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",
        ),
    ),
)
