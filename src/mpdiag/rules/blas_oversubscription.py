"""Advice when native thread pools in every worker would outnumber the usable CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Level, NotJudged, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: From twice as many runnable threads as CPUs on, each waits as long as it runs.
LIMIT = 2.0
#: One process alone may well use all CPUs; and so may one thread in each of several.
MANY = 2
#: Native threads that burn less than this part of the CPU time are hardly used.
BESIDE = 0.15
#: Where it is not known whether a process has native threads at all: threads that share work burn nearly the same.
EVENLY = 0.8
#: The CPUs have to be busy for this part of the time, else nothing has to wait for one.
BUSY = 0.6
#: Why at worst the square is lost.
WON = (
    "with n times as many threads as CPUs each runs for one n-th of the time, and at worst waits n times as long for "
    "the others, which do not run either"
)


def judge(machine: Mapping[str, Any], python: Mapping[str, Any]) -> Iterator[Finding]:
    """Multiply the native threads of one process by the default workers of a pool."""
    usable = known(machine, "usable_workers")
    workers, pools = known(python, "pool_workers"), known(python, "native_pools")
    threads = [pool["threads"] for pool in pools if pool["threads"] is not None]
    if pools and not threads:
        raise NotJudged("the sizes of native thread pools need threadpoolctl in the measured interpreter")
    per_process = max(threads, default=1)
    total = per_process * workers
    if per_process == 1 or total < LIMIT * usable:
        return
    # Already one process with more threads than CPUs is slowed; else it takes a pool that calls NumPy.
    level: Level = "warning" if per_process > usable else "note"
    names = ", ".join(sorted({pool["library"] for pool in pools if pool["threads"] == per_process}))
    yield RULE.finding(
        level=level,
        seen=f"{names} keeps {per_process} threads in each process: a default Pool of {workers} workers would run "
        f"{total} on {usable} usable {'CPU' if usable == 1 else 'CPUs'}.",
        do="Give each worker one: set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 (MKL_NUM_THREADS=1) before NumPy "
        "is imported, or call threadpoolctl.threadpool_limits(1) in the pool's initializer.",
        concern=total / usable,
        evidence=(
            Evidence("native threads a process", per_process, "1"),
            Evidence("workers of a default Pool", workers, "1"),
            Evidence("reference: usable CPUs", usable, "1"),
        ),
    )


def observed(run: Facts, pools: Facts, starts: Facts, processes: Facts) -> Iterator[Finding]:
    """Find workers whose native threads together outnumber the CPUs and burn them."""
    groups: list[Mapping[str, Any]] = [
        {
            **pool,
            "at_once": pool.get("workers"),
            "span_s": pool.get("phase_s"),
            "children": processes.all(pool=pool["id"]),
        }
        for pool in ideals.process_pools(pools)
    ]
    groups += [
        {
            **site,
            "at_once": site.get("alive_max"),
            "children": processes.all(file=site.get("file"), line=site.get("line")),
        }
        for site in starts.all()
    ]
    yield from phases.each(groups, lambda group: of_workers(run, group))


def of_workers(run: Facts, group: Mapping[str, Any]) -> Finding | None:
    """Judge the workers of a pool, or the processes started at one place."""
    children: list[ideals.Row] = [child for child in group["children"] if child.get("native") != ""]
    at_once, cpus, span = ideals.amount(group, "at_once"), phases.cores(run), ideals.amount(group, "span_s")
    if at_once < MANY or len(children) < MANY:
        return None
    threads = median(ideals.amount(child, "threads_peak") for child in children)
    if threads < MANY:  # many processes alone are another matter
        return None
    told = [child for child in children if child.get("main_cpu_s") is not None]
    burnt = sum(ideals.amount(child, "cpu_s") for child in told)
    beside = burnt - sum(ideals.amount(child, "main_cpu_s") for child in told)
    times = threads * at_once / cpus
    if times < LIMIT or beside < used(children, threads) * burnt or running(children) < BUSY * cpus * span:
        return None
    loss = phases.loss(span * (1 - times**-2), run, WON)
    if loss is None:
        return None
    libraries, place = phases.named(children[0], "native", "native code"), Place.of(group)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{at_once:.0f} processes{ideals.where(place)} ran {threads:.0f} threads each ({libraries}) on "
        f"{number(cpus, '1')} usable CPUs; threads beside the main ones burnt {seconds(beside)} of {seconds(burnt)} "
        "of CPU time.",
        do="Give each process one: set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 (MKL_NUM_THREADS=1) in the "
        "environment or before NumPy is imported, or call threadpoolctl.threadpool_limits(1) in the pool's "
        "initializer.",
        evidence=(
            *loss.evidence,
            Evidence("threads for each usable CPU", times, "x"),
            Evidence("share of CPU time beside the main threads", beside / burnt, "fraction"),
        ),
    )


def used(children: list[ideals.Row], threads: float) -> float:
    """The share of CPU time beside the main threads that native threads would have burnt at least."""
    known = all(child.get("native") for child in children)
    return BESIDE if known else EVENLY * (threads - 1) / max(threads, 1.0)


def running(children: list[ideals.Row]) -> float:
    """The time for which the children used a CPU or were kept from one."""
    return sum(ideals.amount(child, "cpu_s") + ideals.at_least(child, "ready_s") for child in children)


def of_function(sized: Facts) -> Iterator[Finding]:
    """Report a function whose libraries compute on threads of their own, in each worker anew."""
    task = functions.task(sized)
    each, cpu = task["wall"].median, task["cpu"]
    if not task["threads_beside"]:
        return
    limited, free = (fastest(sized, native) for native in (1, None))
    told = ""
    if limited and free:
        told = f" Limited to one thread for each worker it ran {gain(limited)} as fast as a loop, else {gain(free)}."
    yield RULE.finding(
        level="warning",
        concern=max(cpu / each, 1.0),
        seen=f"A call of {task['target']} takes {seconds(each)} and burns {seconds(cpu)} of CPU time: its libraries "
        f"compute on threads of their own, and every worker brings its own.{told}",
        do=advised(limited, free),
        evidence=(
            Evidence("CPU time : time of a call", cpu / each, "x"),
            Evidence("reference: one thread", 1.0, "x"),
            *(functions.speed("speed-up with one thread each", row) for row in [limited] if row),
            *(functions.speed("speed-up without a limit", row) for row in [free] if row),
        ),
    )


def fastest(sized: Facts, native: int | None) -> ideals.Row | None:
    """The fastest of what was measured with, or without, a limit."""
    rows = sized.all("curve", native=native)
    return max(rows, key=lambda row: functions.gain(row).median, default=None)


def gain(row: ideals.Row) -> str:
    """How fast, in words."""
    return interval(functions.gain(row), "x")


def advised(limited: ideals.Row | None, free: ideals.Row | None) -> str:
    """What to do about it, as far as it was measured."""
    if limited is None or free is None:
        return (
            "Measure again with a thread for each worker, OMP_NUM_THREADS=1 in the environment, and take the better: "
            "many workers of one thread, or one process of many."
        )
    if functions.gain(limited).median >= functions.gain(free).median:
        return "Give each worker one: set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 before NumPy is imported."
    return "Leave the libraries their threads, and have no more workers than the report says."


def of_cluster(hosts: Facts) -> Iterator[Finding]:
    """Find hosts of a cluster where native threads of all workers together outnumber the CPUs."""
    yield from phases.each(hosts.all(), of_host)


def of_host(row: ideals.Row) -> Finding | None:
    """Judge one host: each of its tasks may use as many native threads as its library keeps."""
    cpus, lanes = ideals.amount(row, "usable_cpus"), ideals.amount(row, "threads")
    native = ideals.at_least(row, "native_threads")
    if native <= 1 or native * lanes < LIMIT * cpus or not ideals.amount(row, "busy_s"):
        return None
    return RULE.finding(
        level="note",
        confidence="inferred",
        concern=native * lanes / cpus / LIMIT,
        seen=f"A native library keeps {native:.0f} threads for each of the {lanes:.0f} tasks that run on {row['host']} "
        f"at a time: {native * lanes:.0f} on {number(cpus, None)} usable CPUs, when tasks call it.",
        do="Start workers with OMP_NUM_THREADS=1, OPENBLAS_NUM_THREADS=1 and MKL_NUM_THREADS=1, as Dask's nanny does "
        "unless it is told otherwise.",
        evidence=(
            Evidence("native threads a task", native, "1"),
            Evidence("tasks at a time", lanes, "1"),
            Evidence("reference: usable CPUs", cpus, None),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP406",
    judge=judge,
    run=observed,
    size=of_function,
    fleet=of_cluster,
    doc=Doc(
        title="Native threads times workers exceed the CPUs",
        why="NumPy's linear algebra (OpenBLAS, MKL) and OpenMP code start a thread a CPU in every process. Workers "
        "times threads then share the same CPUs; threads that spin while waiting make it slower than one process, and "
        "each has its own buffers.",
        how="The size of the native pools that NumPy loads in the measured interpreter (by threadpoolctl) times the "
        f"default workers of a pool, against {LIMIT:g}× the usable CPUs. A note: it costs only programs whose workers "
        "call such functions; a warning when one process alone has more threads than it may use CPUs. In a program: "
        f"native threads of a pool's workers (from outside) against {LIMIT:g}× the CPUs, when they burn CPU time. "
        "Of a measured function: when other threads than the calling one burn CPU time; both ways are then measured. "
        "On a cluster: what its library keeps on a host, times the tasks that run there at a time, against "
        f"{LIMIT:g}× the usable CPUs; a note, as it is not seen whether tasks call it.",
        claim='"NumPy releases the GIL, so add processes": it may already use every CPU from one process.',
        bad="""\
with Pool() as pool:                       # 8 workers × 8 BLAS threads on 8 CPUs
    pool.map(np.linalg.svd, matrices)
""",
        good="""\
def one_thread():
    threadpoolctl.threadpool_limits(1)

with Pool(initializer=one_thread) as pool:
    pool.map(np.linalg.svd, matrices)
""",
        applies="workers that call NumPy, SciPy, scikit-learn, PyTorch or other code with native threads",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#module-multiprocessing.pool",
            "https://github.com/joblib/threadpoolctl",
        ),
    ),
)
