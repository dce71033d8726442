"""Plan, gather, judge: makes a report of whatever the units yield; isolates and times every unit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from mpdiag import judging, machine, registry, stats, units, verdicts
from mpdiag.advice import Facts, Rule
from mpdiag.bench import Plan
from mpdiag.errors import BadInput, CannotWork
from mpdiag.heading import begin
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Gathered, Launcher
from mpdiag.model import Cell, Measured, Probe
from mpdiag.report import Quality, Report, Section

#: Seconds of the whole command by level, and what of them is the profile pass of each probe.
BUDGETS = {"quick": 2.5, "default": 24.0, "thorough": 150.0}
PROFILES = {"quick": 0.01, "default": 0.3, "thorough": 1.0}
#: Seconds that starting and ending one host takes, roughly: kept free of the timing budget.
HOST_COST = 0.12
#: A half-width above this is said aloud.
NOISY = 0.25
#: Others' share of the machine above which the figures are called contended (R4: 15 % biases wall times visibly).
CONTENDED = 0.15


class Progress(Protocol):
    """Told what goes on, for the user's eyes."""

    def probing(self, name: str, position: int, left_s: float) -> None:
        """The probe ``name`` begins; ``left_s`` seconds are left for all."""

    def tick(self) -> None:
        """Time passes."""


@dataclass(frozen=True)
class Request:
    """What the user wants probed."""

    names: tuple[str, ...] = ()
    level: str = "default"
    budget_s: float | None = None
    imports: tuple[str, ...] = ()
    object: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    #: What the report will be shown in: loaded while the interpreter is asked for its facts.
    formats: tuple[str, ...] = ()


@dataclass
class Gathering:
    """What has been gathered so far; after an interruption it is all there is."""

    machine: dict[str, Any]
    python: dict[str, Any]
    gathered: dict[str, Gathered]
    interrupted: bool = False


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
    chosen_probes = pick_probes(request.names)
    gathering = gather(request, chosen, chosen_probes, progress)
    sections = [section for unit in chosen_probes for section in sections_of(unit, gathering.gathered.get(unit.name))]
    judged = judge(registry.select(request.select, request.ignore), gathering, chosen_probes)
    report = replace(
        report,
        duration_s=time.monotonic() - begun,
        machine=gathering.machine,
        python=gathering.python,
        sections=tuple(sections),
        findings=tuple(sorted(judged.findings, key=lambda finding: finding.rank)),
        quality=tuple(quality(gathering, sections)),
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )
    return replace(report, verdict=verdicts.probe(report)), gathering.interrupted


def pick_probes(names: Sequence[str]) -> list[Probe]:
    """The probes called ``names``, in the report's order; all when none is named."""
    known = registry.probes()
    for name in names:
        if name not in known:
            raise BadInput(f"there is no probe {name!r}", registry.suggest(name, known))
    return [unit for unit in known.values() if not names or unit.name in names]


# --- gather


def gather(request: Request, chosen: Chosen, units: Sequence[Probe], progress: Progress) -> Gathering:
    """Run the probes one after the other, each in a fresh host, until done or interrupted."""
    end = time.monotonic() + total_budget(request, units)
    gathering = Gathering(machine={}, python={}, gathered={})
    with Launcher(chosen.path, hosts=1 + len(units)) as launcher:
        try:
            launcher.start_ahead(2)  # the one that tells the facts, and the first that measures
            gathering.machine = machine.gather()
            gathering.python = interpreter_facts(launcher, chosen, request.formats)
            for position, unit in enumerate(units):
                left = end - time.monotonic()
                progress.probing(unit.name, position, left)
                plan = plan_for(unit, units[position:], left, request, gathering)
                gathered = gathering.gathered[unit.name] = Gathered()
                launcher.run(plan, gathered, progress.tick)
        except KeyboardInterrupt:
            gathering.interrupted = True
    return gathering


def total_budget(request: Request, units: Sequence[Probe]) -> float:
    """Seconds for these probes: what the user gave, else their part of the level's."""
    if request.budget_s is not None:
        return request.budget_s
    everything = sum(unit.weight for unit in registry.probes().values())
    return BUDGETS[request.level] * max(0.1, sum(unit.weight for unit in units) / everything)


def plan_for(unit: Probe, rest: Sequence[Probe], left: float, request: Request, gathering: Gathering) -> Plan:
    """What the host of ``unit`` is to do; the time left is shared out by weight."""
    profile_s = min(PROFILES[request.level], 0.1 * max(left, 0.0) / len(rest))
    timing = max(left - len(rest) * (HOST_COST + profile_s), 0.0)
    budget = timing * unit.weight / sum(each.weight for each in rest)
    facts = gathering.machine
    return Plan(
        probe=unit.name,
        level=request.level,
        budget_s=budget,
        profile_s=profile_s,
        deadline_s=2 * budget + profile_s + 8.0,
        imports=request.imports,
        object=request.object,
        memory=min(facts.get(key) or 2**30 for key in ("memory_available", "usable_memory")) // 4,
        cpus=int(facts.get("usable_workers") or os.cpu_count() or 1),
        cwd=working_folder(),
    )


def working_folder() -> str:
    """Where the user stands; nowhere, if that folder has been deleted."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def interpreter_facts(launcher: Launcher, chosen: Chosen, formats: Sequence[str]) -> dict[str, Any]:
    """What the measured interpreter says of itself; what judging and rendering need is loaded while we wait for it."""

    def load() -> None:
        registry.rules()
        for name in formats:
            registry.renderer(name)

    gathered = launcher.run(Plan(probe="", deadline_s=20.0), tick=load)
    if gathered.facts is None:  # a native library that dies on a tight limit must not cost all facts
        gathered = launcher.run(Plan(probe="", deadline_s=20.0, blas=False))
    if gathered.facts is None:
        raise CannotWork(
            f"{chosen.path} does not run the probes: {gathered.reason}",
            "Give a Python 3.9 or newer with --python PATH.",
        )
    return {**gathered.facts, "chosen": chosen.reason}


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
