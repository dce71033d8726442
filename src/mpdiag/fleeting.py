"""Plan, have gathered on every host, judge, put together: makes the reports of `mpdiag fleet`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from mpdiag import doctoring, engine, errors, gains, gathering, judging, registry, verdicts
from mpdiag.advice import Facts, Rule
from mpdiag.fleet import account, answers, dask_run, summary, tables, visits
from mpdiag.fleet.contract import Engine
from mpdiag.fleet.dask import Dask
from mpdiag.fleet.timings import Timings
from mpdiag.heading import begin
from mpdiag.model import Cell
from mpdiag.report import Quality, Report, Visited
from mpdiag.sizer.subject import Failure
from mpdiag.units import seconds

#: Seconds for one host beyond what its probes take: to start, to compile what was sent, to wait for a free worker.
PATIENCE = 60.0
#: Clocks that differ by more are told of.
SKEW = 0.1
#: Probes may take so many times their budget before they are late.
SLACK = 3.0


@dataclass(frozen=True)
class Request:
    """What every host is asked."""

    what: Literal["probe", "doctor"]
    probes: gathering.Request = field(default_factory=gathering.Request)
    #: Seconds for one host; by default what the probes may take, and some patience.
    timeout_s: float | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    redact: bool = True

    @property
    def patience_s(self) -> float:
        """Seconds for one host."""
        if self.timeout_s is not None:
            return self.timeout_s
        if self.what == "doctor":
            return PATIENCE
        return PATIENCE + SLACK * gathering.total_budget(self.probes, gathering.pick_probes(self.probes.names))


def ask(request: Request, cluster: Engine, tick: Callable[[int, int], object]) -> tuple[Report, bool]:
    """Ask every host of ``cluster`` and tell what they are like.

    Args:
        request: what is wanted.
        cluster: reaches their workers.
        tick: called every now and then with how many hosts are done, and of how many.

    Returns:
        The report, and whether the user interrupted it.

    Raises:
        BadInput: an unknown probe or rule.
    """
    report, begun = begin("fleet"), time.monotonic()
    rules = registry.select(request.select, request.ignore)
    gathering.pick_probes(request.probes.names)
    asked = {"request": asdict(request.probes), "probes": request.what == "probe", "redact": request.redact}
    turn = visits.Round(cluster, visits.hosts(cluster), asked, request.patience_s)
    turn.make(lambda done: tick(done, len(turn.visits)))
    hosts = tuple(visited(visit, request, rules) for visit in turn.visits)
    report = told(report, hosts, turn.interrupted)
    return replace(report, duration_s=time.monotonic() - begun), turn.interrupted


def run(request: Request, cluster: Dask, target: str, tick: Callable[[int, int], object]) -> tuple[Report, int]:
    """Look at the hosts of ``cluster``, run ``pkg.mod:function`` there and tell where its time went.

    Returns:
        The report, and the exit code that its end calls for.

    Raises:
        BadInput: there is no such function; an unknown rule.
    """
    meant = dask_run.load(target)
    rules = registry.select(request.select, request.ignore)
    report, interrupted = ask(request, cluster, tick)
    if interrupted:
        return report, errors.INTERRUPTED
    begun = time.monotonic()
    names = {worker.address: host.name for host in visits.hosts(cluster) for worker in host.workers}
    seen, failed, interrupted = dask_run.run(cluster, meant, names)
    report = of_run(report, seen, rules)
    report = replace(
        report,
        duration_s=report.duration_s + time.monotonic() - begun,
        quality=(*map(Quality, doubts(target, seen, failed, interrupted)), *report.quality),
        verdict=verdicts.fleet(report),
    )
    return report, errors.INTERRUPTED if interrupted else errors.FAILED if failed else errors.FINE


def of_run(looked: Report, seen: Timings, rules: list[Rule]) -> Report:
    """The report on the hosts with what the cluster told of a run, judged by ``rules``; of no task, nothing is."""
    hosts = {one.host: facts_of(one) for one in looked.hosts}
    usable = sum(float(str(facts["usable_cpus"] or 0)) for facts in hosts.values())
    rows = {"cluster": [tables.cluster(seen, usable)], "groups": tables.groups(seen)}
    rows["hosts"] = tables.hosts(seen, hosts)
    facts = {name: Facts(name, {"": tuple(some)}) for name, some in rows.items()}
    judged = judging.judge(rules if seen.tasks else [], facts, "fleet")
    findings, cut = gains.shared_out(sorted(judged.findings, key=lambda finding: finding.rank), seen.wall_s)
    return replace(
        looked,
        sections=(*tables.sections(rows["groups"], rows["hosts"]), *looked.sections),
        account=account.account(seen),
        findings=tuple(findings),
        quality=(*map(Quality, cut), *looked.quality),
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )


def facts_of(one: Visited) -> dict[str, Cell]:
    """What judging a run needs to know of a host."""
    machine, python = (one.report.machine, one.report.python) if one.report else ({}, {})
    native = [pool["threads"] for pool in python.get("native_pools") or () if pool.get("threads")]
    return {"usable_cpus": machine.get("usable_cpus"), "native_threads": max(native, default=None)}


def doubts(target: str, seen: Timings, failed: Failure | None, interrupted: bool) -> Iterator[str]:
    """What limits the trust in a run, or the use of it."""
    if failed:
        yield f"{target} raised {failed.text}{failed.place}: what ran until then is told"
    if interrupted:
        yield "interrupted: what ran until then is told"
    if not seen.whole:
        yield f"only the last {len(seen.tasks):,} tasks are known: the scheduler keeps the timings of no more"
    if abs(seen.moved_s) > SKEW:
        yield f"the clocks of workers and client differ: tasks were moved by {seconds(abs(seen.moved_s))}, into the run"


def visited(visit: visits.Visit, request: Request, rules: list[Rule]) -> Visited:
    """What became of one host, with the report on what it told."""
    gathered, trouble = answers.read(visit.text) if visit.text else (gathering.Gathering(), "")
    report = None
    if gathered.python:
        if request.what == "doctor":
            report = doctoring.told(begin("doctor"), rules, gathered)
        else:
            report = engine.told(begin("probe"), rules, gathering.pick_probes(request.probes.names), gathered)
        report = replace(report, duration_s=visit.took_s)
    status, reason = visit.status, visit.reason
    if status == "ok" and trouble:
        status, reason = ("timeout" if "deadline" in trouble else "failed"), trouble
    return Visited(visit.host.name, visit.host.address, status, reason, visit.took_s, report)


def told(report: Report, hosts: tuple[Visited, ...], interrupted: bool = False) -> Report:
    """The ``report`` that was begun, on a fleet."""
    whole = summary.summary(hosts)
    doubts = [Quality("interrupted: what had been gathered by then is shown")] if interrupted else []
    report = replace(
        report,
        sections=whole.sections,
        findings=whole.findings,
        quality=(*doubts, *whole.quality),
        passed=whole.passed,
        not_judged=whole.not_judged,
        hosts=hosts,
    )
    return replace(report, verdict=verdicts.fleet(report))
