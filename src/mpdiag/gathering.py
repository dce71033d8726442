"""Plan, then gather: what a machine and its interpreter tell of themselves, and what probes measure there.

It runs where mpdiag was called, and on hosts of a cluster: it knows neither rules nor formats.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mpdiag import machine, registry
from mpdiag.bench import Plan
from mpdiag.errors import BadInput, CannotWork
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Gathered, Launcher
from mpdiag.model import Probe

#: Seconds of the whole command by level, and what of them is the profile pass of each probe.
BUDGETS = {"quick": 2.5, "default": 24.0, "thorough": 150.0}
PROFILES = {"quick": 0.01, "default": 0.3, "thorough": 1.0}
#: Seconds that starting and ending one host takes, roughly: kept free of the timing budget.
HOST_COST = 0.12


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

    machine: dict[str, Any] = field(default_factory=dict)
    python: dict[str, Any] = field(default_factory=dict)
    gathered: dict[str, Gathered] = field(default_factory=dict)
    interrupted: bool = False


def pick_probes(names: Sequence[str]) -> list[Probe]:
    """The probes called ``names``, in the report's order; all when none is named."""
    known = registry.probes()
    for name in names:
        if name not in known:
            raise BadInput(f"there is no probe {name!r}", registry.suggest(name, known))
    return [unit for unit in known.values() if not names or unit.name in names]


def gather(
    request: Request,
    chosen: Chosen,
    units: Sequence[Probe],
    progress: Progress,
    gathering: Gathering,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Run the probes one after the other, each in a fresh host, until done or interrupted.

    Args:
        request: what is wanted.
        chosen: the interpreter to measure.
        units: the probes; without any, machine and interpreter are looked at.
        progress: is told what goes on.
        gathering: what to fill, so that an interruption loses nothing.
        meanwhile: called while the interpreter tells its facts.

    Raises:
        CannotWork: the interpreter cannot be run.
    """
    end = time.monotonic() + total_budget(request, units)
    with Launcher(chosen.path, hosts=1 + len(units)) as launcher:
        try:
            launcher.start_ahead(2)  # the one that tells the facts, and the first that measures
            look(launcher, chosen, gathering, meanwhile)
            for position, unit in enumerate(units):
                left = end - time.monotonic()
                progress.probing(unit.name, position, left)
                plan = plan_for(unit, units[position:], left, request, gathering)
                gathered = gathering.gathered[unit.name] = Gathered()
                launcher.run(plan, gathered, progress.tick)
        except KeyboardInterrupt:
            gathering.interrupted = True


def look(launcher: Launcher, chosen: Chosen, gathering: Gathering, meanwhile: Callable[[], object]) -> None:
    """The facts of the machine, with what its quota withheld meanwhile, and of the interpreter."""
    begun = time.monotonic()
    gathering.machine = machine.gather()
    gathering.python = interpreter_facts(launcher, chosen, meanwhile)
    gathering.machine.update(held_up(gathering.machine, time.monotonic() - begun))


def held_up(facts: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """How long the quota has held the group up while we looked, in which time; nothing where there is no quota."""
    before, now = facts.get("throttled_s"), machine.throttled_s()
    if before is None or now is None:
        return {}
    return {"throttled_now_s": now - before, "looked_s": seconds}


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


def interpreter_facts(launcher: Launcher, chosen: Chosen, meanwhile: Callable[[], object]) -> dict[str, Any]:
    """What the measured interpreter says of itself.

    Args:
        launcher: runs it.
        chosen: which one it is, and why.
        meanwhile: called while we wait for it: loads what judging and rendering need.

    Raises:
        CannotWork: the interpreter cannot be run.
    """
    gathered = launcher.run(Plan(probe="", deadline_s=20.0), tick=meanwhile)
    if gathered.facts is None:  # a native library that dies on a tight limit must not cost all facts
        gathered = launcher.run(Plan(probe="", deadline_s=20.0, blas=False))
    if gathered.facts is None:
        raise CannotWork(
            f"{chosen.path} does not run the probes: {gathered.reason}",
            "Give a Python 3.9 or newer with --python PATH.",
        )
    return {**gathered.facts, "chosen": chosen.reason}
