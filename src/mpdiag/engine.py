"""Plan, gather, judge: makes a report of whatever the units yield; isolates and times every unit."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mpdiag import judging, registry, stats, units, verdicts
from mpdiag.advice import Facts, Rule
from mpdiag.gathering import Gathering, Progress, Request, gather, pick_probes
from mpdiag.heading import begin
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Gathered
from mpdiag.model import Cell, Measured, Probe
from mpdiag.report import Quality, Report, Section

#: A half-width above this is said aloud.
NOISY = 0.25
#: Others' share of the machine above which the figures are called contended (R4: 15 % biases wall times visibly).
CONTENDED = 0.15


def probe(request: Request, chosen: Chosen, progress: Progress) -> tuple[Report, bool]:
    """Measure what multiprocessing costs here and judge it.

    Returns:
        The report, and whether the user interrupted it.

    Raises:
        BadInput: an unknown probe or rule.
        CannotWork: the interpreter cannot be run.
    """
    report, begun = begin("probe"), time.monotonic()
    registry.matching((*request.select, *request.ignore))  # a wrong name shall not cost a run
    chosen_probes, gathering = pick_probes(request.names), Gathering()
    gather(request, chosen, chosen_probes, progress, gathering, partial(registry.preload, request.formats))
    report = told(report, registry.select(request.select, request.ignore), chosen_probes, gathering)
    return replace(report, duration_s=time.monotonic() - begun), gathering.interrupted


def told(report: Report, rules: Iterable[Rule], chosen_probes: Sequence[Probe], gathering: Gathering) -> Report:
    """The ``report`` that was begun, on what was gathered of ``chosen_probes``, judged by ``rules``."""
    sections = [section for unit in chosen_probes for section in sections_of(unit, gathering.gathered.get(unit.name))]
    judged = judge(rules, gathering, chosen_probes)
    report = replace(
        report,
        machine=gathering.machine,
        python=gathering.python,
        sections=tuple(sections),
        findings=tuple(sorted(judged.findings, key=lambda finding: finding.rank)),
        quality=tuple(quality(gathering, sections)),
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )
    return replace(report, verdict=verdicts.probe(report))


def sections_of(unit: Probe, gathered: Gathered | None) -> list[Section]:
    """The sections that a probe's tables make; tables that got no rows are left out, but not the first."""
    if gathered is None:
        return [Section(unit.name, unit.tables[0].title, "skipped", "interrupted before it began")]
    sections: list[Section] = []
    for table in unit.tables:
        rows = gathered.rows.get(table.name, [])
        main = not sections
        if not rows and not main:
            continue
        sections.append(
            Section(
                id=unit.name if main else f"{unit.name}.{table.name}",
                title=table.title,
                status=gathered.status,
                reason=gathered.reason,
                duration_s=gathered.duration_s if main else 0.0,
                columns=table.columns,
                rows=tuple(rows),
                process=gathered.process if main else {},
                profile=gathered.profile if main else (),
                detail=table.detail,
            )
        )
    return sections


def quality(gathering: Gathering, sections: Iterable[Section]) -> list[Quality]:
    """What limits the trust in the figures: interruption, contention, noise, and what the probes noted."""
    found = [Quality(note, (name,)) for name, each in gathering.gathered.items() for note in each.notes]
    contended = {
        name: share
        for name, each in gathering.gathered.items()
        if (share := each.process.get("others_cpu_fraction", 0.0)) > CONTENDED
    }
    if contended:
        worst = max(contended.values())
        found.append(Quality(f"contended: other programs used up to {worst * 100:.0f} % of the CPUs", tuple(contended)))
    found += [
        Quality(f"noisy: the interval of {noise[1]} is ±{noise[0] * 100:.0f} %", (section.id,))
        for section in sections
        if (noise := noisiest(section)) and noise[0] > NOISY
    ]
    thin = [section.id for section in sections if not section.detail and is_thin(section)]
    if thin:
        found.append(Quality("rough: too few rounds for an interval; --budget and --thorough give more", tuple(thin)))
    if gathering.interrupted:
        found.insert(0, Quality("interrupted: what had been measured by then is shown"))
    return found


def label(section: Section, row: Mapping[str, Cell]) -> str:
    """What a row is about: its first cell, as people read it."""
    first = section.columns[0]
    return units.cell(row.get(first.key), first.unit)


def is_thin(section: Section) -> bool:
    """Does a value of the section rest on too few rounds for an interval?"""
    return any(isinstance(cell, Measured) and cell.low is None for row in section.rows for cell in row.values())


def noisiest(section: Section) -> tuple[float, str] | None:
    """The widest relative half-width of a section's values, and where it stands."""
    widths = [
        (width, f"{column.title} ({label(section, row)})")
        for row in section.rows
        for column in section.columns
        if isinstance(cell := row.get(column.key), Measured) and (width := stats.half_width(cell)) is not None
    ]
    return max(widths, default=None)


# --- judge


def judge(rules: Iterable[Rule], gathering: Gathering, units: Iterable[Probe]) -> judging.Judged:
    """What the rules say of this machine."""
    facts: dict[str, Any] = {"machine": gathering.machine, "python": gathering.python}
    for unit in units:
        gathered = gathering.gathered.get(unit.name)
        if gathered and gathered.rows:
            first = unit.tables[0].name
            tables = {"" if name == first else name: tuple(rows) for name, rows in gathered.rows.items()}
            facts[unit.name] = Facts(unit.name, tables)
    return judging.judge(rules, facts, "judge")


def anything_ran(report: Report) -> bool:
    """Did at least one probe do its work, or find that it has none here?"""
    return any(section.status in ("ok", "skipped") for section in report.sections)
