"""Advice when counting the machine's CPUs gives more workers than this process may use at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Finding, Level, Rule, known
from mpdiag.model import Doc
from mpdiag.units import number


def judge(machine: Mapping[str, Any], python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what os.cpu_count() and the default pools say with what affinity and quota leave."""
    usable = known(machine, "usable_workers")
    counted, default = known(python, "cpu_count"), known(python, "pool_workers")
    most = max(counted, default)
    if most <= usable:
        return
    # When only os.cpu_count() is too high, default pools are right: a matter of the user's own code.
    level: Level = "warning" if default > usable else "note"
    yield RULE.finding(
        level=level,
        seen=f"os.cpu_count() says {counted} and a default Pool starts {default} workers, "
        f"but {_limits(machine)}: {usable} can compute at a time.",
        do=f"For CPU-bound work pass the number yourself: Pool({usable}), "
        f"ProcessPoolExecutor(max_workers={usable}); {_how(machine, usable)}.",
        concern=most / usable,
        evidence=(
            Evidence("os.cpu_count()", counted, "1"),
            Evidence("workers of a default Pool", default, "1"),
            Evidence("usable CPUs", known(machine, "usable_cpus")),
            Evidence("reference: workers that can compute at a time", usable, "1"),
        ),
    )


def _limits(machine: Mapping[str, Any]) -> str:
    """The limits at work, in words."""
    quota, affinity, total = machine.get("cpu_quota"), machine.get("affinity_cpus"), machine.get("logical_cpus")
    limits = []
    if affinity is not None and total is not None and affinity < total:
        limits.append(f"the affinity mask allows {affinity} of {total}")
    if quota is not None:
        above = machine.get("cpu_quota_level")
        where = f", set {above} {'level' if above == 1 else 'levels'} above its own" if above else ""
        limits.append(f"the control group's quota grants {number(quota, None)} CPUs{where}")
    return " and ".join(limits) or f"only {number(machine['usable_cpus'], None)} CPUs are usable"


def _how(machine: Mapping[str, Any], usable: int) -> str:
    quota, affinity = machine.get("cpu_quota"), machine.get("affinity_cpus")
    if quota is not None and math.ceil(quota) <= (affinity or usable):
        return (
            "no Python function sees the quota; from Python 3.13 PYTHON_CPU_COUNT sets it from outside for "
            "every default and count"
        )
    return "len(os.sched_getaffinity(0)), or os.process_cpu_count() from Python 3.13, respects the mask"


RULE: Final = Rule(
    module=__name__,
    id="MP701",
    judge=judge,
    aliases=("cpu-count-ignores-limits",),
    doc=Doc(
        title="The CPU count ignores what this process may use",
        why="Workers beyond the usable CPUs compute nothing sooner: each costs its start and its memory, and under a "
        "quota the group burns its share early in every period and then all its processes stand still.",
        how="The smallest of the affinity mask and of the CPU quotas of the process's own control group and its "
        "ancestors, rounded up, against os.cpu_count() and the default size of Pool. A warning when the default pool "
        "is too large, a note when only os.cpu_count() is.",
        claim='Often read: "max_workers defaults to os.cpu_count()". Outdated: from Python 3.13 it is '
        "os.process_cpu_count(), which respects affinity. Neither sees a control group's quota: in a container limited "
        "to half a CPU of 64, both still count 64.",
        bad="""\
with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
    pool.map(simulate, seeds)
""",
        good="""\
workers = int(os.environ.get("WORKERS", 0)) or len(os.sched_getaffinity(0))
with ProcessPoolExecutor(max_workers=workers) as pool:
    pool.map(simulate, seeds)
""",
        applies="CPU-bound work; affinity on Linux and Windows, quotas in containers, systemd units and batch systems",
        links=(
            "https://docs.python.org/3/library/os.html#os.process_cpu_count",
            "https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",
            "https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files",
        ),
    ),
)
