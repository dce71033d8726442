"""Look and judge, without measuring: makes the report of `mpdiag doctor`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mpdiag import checklist, engine, judging, machine, registry, verdicts
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
    rules = registry.select(request.select, request.ignore)
    here, python = look(request.formats, chosen)
    judged = judging.judge(rules, {"machine": here, "python": python}, "judge")
    findings = tuple(sorted(judged.findings, key=lambda finding: finding.rank))
    report = replace(
        report,
        duration_s=time.monotonic() - begun,
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


def look(formats: Sequence[str], chosen: Chosen) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of the machine, with what its quota withheld meanwhile, and of the interpreter."""
    with Launcher(chosen.path, hosts=1) as launcher:
        launcher.start_ahead()
        begun, here = time.monotonic(), machine.gather()
        python = engine.interpreter_facts(launcher, chosen, formats)
        here.update(held_up(here, time.monotonic() - begun))
    return here, python


def held_up(facts: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """How long the quota has held the group up while we looked, in which time; nothing where there is no quota."""
    before, now = facts.get("throttled_s"), machine.throttled_s()
    if before is None or now is None:
        return {}
    return {"throttled_now_s": now - before, "looked_s": seconds}
