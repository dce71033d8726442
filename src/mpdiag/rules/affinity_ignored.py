"""Advice when counting the machine's CPUs gives more workers than this process may use at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Level, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.units import number, seconds

#: The part of the usable CPUs from which a program is held up by them; tasks that wait may have more workers.
BUSY = 0.5


def judge(machine: Mapping[str, Any], python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare what os.cpu_count() and the default pools say with what affinity and quota leave."""
    yield from held_up(machine)
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


def held_up(machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Report a quota that held the control group's processes up while they were looked at."""
    quota, now, looked = (machine.get(key) for key in ("cpu_quota", "throttled_now_s", "looked_s"))
    if not quota or not now or not looked:
        return
    yield RULE.finding(
        level="warning",
        seen=f"The control group's quota of {number(quota, None)} CPUs held its processes up for {seconds(now)} "
        f"within {seconds(looked)}: more of them compute than it grants.",
        do=f"Have no more than {known(machine, 'usable_workers')} workers compute at a time in this group, or ask for "
        "a larger quota.",
        concern=1 + now / looked,
        evidence=(
            Evidence("held up", now, "s"),
            Evidence("looked at for", looked, "s"),
            Evidence("CPUs granted", quota, "1"),
            Evidence("reference", 0, "s"),
        ),
    )


def _from(counted: int, workers: float, usable: int) -> bool:
    """Whether a number of workers looks like one made from a count of CPUs above the usable ones."""
    return counted > usable and (abs(workers - counted) <= 1 or workers % counted == 0)


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


def observed(run: Facts, pools: Facts, machine: Mapping[str, Any], python: Mapping[str, Any]) -> Iterator[Finding]:
    """Find pools with a worker for each CPU of the machine where the program could use fewer."""
    cpus = ideals.usable(run)
    usable = math.ceil(cpus)
    counted = [int(count) for count in (known(machine, "logical_cpus"), python.get("cpu_count")) if count]
    wanted = run.number("busy_cpus") + ideals.at_least(run.rows()[0], "ready_s") / run.number("wall_s")
    if wanted < BUSY * cpus:
        return
    for pool in pools.all():
        workers = ideals.at_least(pool, "workers")
        if pool.get("threads") or workers <= usable or not any(_from(count, workers, usable) for count in counted):
            continue
        surplus = ideals.at_least(pool, "started") * (1 - usable / workers)
        each = ideals.at_least(pool, "init_cpu_s") / max(ideals.at_least(pool, "started"), 1)
        recoverable = surplus * (each + ideals.at_least(pool, "child_import_s")) / cpus
        costly, place = ideals.worth(recoverable, run.number("wall_s")), Place.of(pool)
        yield RULE.finding(
            level="warning" if costly else "note",
            place=place,
            gain=ideals.bound(
                recoverable * ideals.stretch(run), run, "surplus workers would not be prepared on CPUs that others need"
            )
            if costly
            else None,
            concern=workers / usable,
            seen=f"The {pool['type']}{ideals.where(place)} had {number(workers, '1')} workers: the machine has "
            f"{max(counted)} CPUs, but the program could use {number(cpus, None)}. Preparing the others took "
            f"{seconds(recoverable)}.",
            do=f"Pass the number of usable CPUs in place of os.cpu_count(): {_how(machine, usable)}.",
            evidence=(
                Evidence("workers", workers, "1"),
                Evidence("reference: workers that can compute at a time", usable, "1"),
                Evidence("CPU time to prepare a worker", each, "s"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP701",
    judge=judge,
    run=observed,
    size=judge,
    aliases=("cpu-count-ignores-limits",),
    doc=Doc(
        title="The CPU count ignores what this process may use",
        why="Workers beyond the usable CPUs compute nothing sooner: each costs its start and its memory, and under a "
        "quota the group burns its share early in every period and then all its processes stand still.",
        how="The smallest of the affinity mask and of the CPU quotas of the process's own control group and its "
        "ancestors, rounded up, against os.cpu_count() and the default size of Pool. A warning when the default pool "
        "is too large, a note when only os.cpu_count() is. "
        "In an observed program that kept the usable CPUs busy: pools with as many workers as the machine has CPUs, "
        "and the CPU time in which the surplus ones were prepared.",
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
