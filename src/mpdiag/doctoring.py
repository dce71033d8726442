"""Look and judge, without measuring: makes the report of `mpdiag doctor`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from mpdiag import checklist, judging, registry, verdicts
from mpdiag.advice import Rule
from mpdiag.gathering import Gathering, look
from mpdiag.heading import begin
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Launcher
from mpdiag.report import Report


@dataclass(frozen=True)
class Request:
    """Which rules are to judge, and what the report will be shown in."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


def examine(request: Request, chosen: Chosen) -> Report:
    """What the machine and the interpreter tell of themselves, judged.

    Raises:
        BadInput: an unknown rule.
        CannotWork: the interpreter cannot be run.
    """
    report, begun = begin("doctor"), time.monotonic()
    rules, gathering = registry.select(request.select, request.ignore), Gathering()
    with Launcher(chosen.path, hosts=1) as launcher:
        launcher.start_ahead()
        look(launcher, chosen, gathering, partial(registry.preload, request.formats))
    return replace(told(report, rules, gathering), duration_s=time.monotonic() - begun)


def told(report: Report, rules: Iterable[Rule], gathering: Gathering) -> Report:
    """The ``report`` that was begun, on what was gathered, judged by ``rules``."""
    here, python = gathering.machine, gathering.python
    judged = judging.judge(rules, {"machine": here, "python": python}, "judge")
    findings = tuple(sorted(judged.findings, key=lambda finding: finding.rank))
    report = replace(
        report,
        machine=here,
        python=python,
        sections=(checklist.section(here, python, findings),),
        findings=findings,
        passed=tuple(judged.passed),
        not_judged=tuple(one for one in judged.not_judged if one.rule in LOOKED_AT),
    )
    return replace(report, verdict=verdicts.of(report))


#: Rules whose facts are looked at here; the others need a probe.
LOOKED_AT = frozenset(rule for line in checklist.LINES for rule in line.rules)
