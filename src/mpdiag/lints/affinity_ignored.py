"""A number of workers taken from the CPUs of the machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, names

COUNTS = frozenset({"multiprocessing.cpu_count", "os.cpu_count"})
#: From this Python on the default size of pools respects the affinity of the process.
AWARE = (3, 13)
OLDER = " Before, `len(os.sched_getaffinity(0))` does on Linux."


def inspect(source: Source) -> Iterator[Finding]:
    """Find pools of processes with as many workers as cpu_count() says, as it is or through a name."""
    for kind, word in names.WORKERS.items():
        for pool in source.made.get(kind, ()):
            given = argument(pool.made, 0, word) if pool.made is not None else None
            if given is not None and counts(source, given):
                yield LINT.finding(
                    source.place(given),
                    level="note",
                    seen="cpu_count() tells the CPUs of the machine, not those that this process may use: in a "
                    "container, a batch job or under taskset there may be far fewer, and each surplus worker costs "
                    "its start and its memory.",
                    do="Pass n_jobs=-1: joblib counts the CPUs that this process may use, quotas included."
                    if kind == names.PARALLEL
                    else "Let the number be set from outside, and leave it out by default: from Python 3.13 on that "
                    f"respects the affinity.{'' if source.target.versions[0] >= AWARE else OLDER}",
                )


def counts(source: Source, node: ast.expr) -> bool:
    """Whether a value is cpu_count(), or something or that."""
    node = source.values.origin(node)
    if isinstance(node, ast.BoolOp):
        return any(counts(source, each) for each in node.values)
    return isinstance(node, ast.Call) and source.concept(node.func) in COUNTS


LINT: Final = Lint(
    module=__name__,
    id="MP701",
    inspect=inspect,
    default=False,
    aliases=("cpu-count-ignores-limits",),
    doc=Doc(
        title="The CPU count ignores what this process may use",
        why="Workers beyond the usable CPUs compute nothing sooner: each costs its start and its memory, and under a "
        "quota the group burns its share early in every period and then all its processes stand still.",
        how="A Pool, ProcessPoolExecutor or Parallel of joblib with os.cpu_count() or multiprocessing.cpu_count() "
        "workers. Off unless selected: on a machine of one's own it is right.",
        bad="""
            import os
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool(os.cpu_count()) as pool:
                    print(pool.map(abs, [-1, 2]))
        """,
        good="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(abs, [-1, 2]))
        """,
        applies="CPU-bound work; affinity on Linux and Windows, quotas in containers, systemd units and batch systems",
        links=("https://docs.python.org/3/library/os.html#os.process_cpu_count",),
    ),
)
