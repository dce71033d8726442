"""Plan, have gathered on every host, judge, put together: makes the reports of `mpdiag fleet`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from mpdiag import doctoring, engine, gathering, registry, verdicts
from mpdiag.advice import Rule
from mpdiag.fleet import answers, summary, visits
from mpdiag.fleet.contract import Engine
from mpdiag.heading import begin
from mpdiag.report import Quality, Report, Visited

#: Seconds for one host beyond what its probes take: to start, to compile what was sent, to wait for a free worker.
PATIENCE = 60.0
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
