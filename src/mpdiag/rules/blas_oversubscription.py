"""Advice when native thread pools in every worker would outnumber the usable CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Finding, Level, NotJudged, Rule, known
from mpdiag.model import Doc

#: From twice as many runnable threads as CPUs on, each waits as long as it runs.
LIMIT = 2.0


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
        do="Give each worker one: set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1 (MKL_NUM_THREADS=1) before NumPy is "
        "imported, or call threadpoolctl.threadpool_limits(1) in the pool's initializer.",
        concern=total / usable,
        evidence=(
            Evidence("native threads a process", per_process, "1"),
            Evidence("workers of a default Pool", workers, "1"),
            Evidence("reference: usable CPUs", usable, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP406",
    judge=judge,
    doc=Doc(
        title="Native threads times workers exceed the CPUs",
        why="NumPy's linear algebra (OpenBLAS, MKL) and OpenMP code start a thread a CPU in every process. Workers "
        "times threads then share the same CPUs; threads that spin while waiting make it slower than one process, and "
        "each has its own buffers.",
        how="The size of the native pools that NumPy loads in the measured interpreter (by threadpoolctl) times the "
        f"default workers of a pool, against {LIMIT:g}× the usable CPUs. A note: it costs only programs whose workers "
        "call such functions; a warning when one process alone has more threads than it may use CPUs.",
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
