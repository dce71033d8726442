"""Measure a function, choose, judge: makes the report of `mpdiag size`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from mpdiag import cluster, engine, judging, machine, registry, verdicts
from mpdiag.advice import Facts, Rule
from mpdiag.bench import Plan
from mpdiag.errors import BadInput, CannotWork
from mpdiag.gathering import interpreter_facts, working_folder
from mpdiag.heading import begin
from mpdiag.interpreters import Chosen
from mpdiag.launcher import Gathered, Launcher
from mpdiag.model import Cell
from mpdiag.report import Quality, Report, Section
from mpdiag.sized import law as laws
from mpdiag.sized import limits, page, paste
from mpdiag.sized.curve import Choice, Point, cells, choose, heaviest, points
from mpdiag.sizer import watch
from mpdiag.sizer.settings import LOOP
from mpdiag.units import seconds, size

#: Workers beyond which nobody counts how many there is memory for.
MANY = 256
#: The part of the budget that is for measuring, however long it took to get ready.
MEASURING = 0.5
#: Calls, each with its arguments and those by name.
Calls = tuple[tuple[list[Any], dict[str, Any]], ...]


@dataclass(frozen=True)
class Request:
    """What the user wants sized."""

    target: str
    items: str | None = None
    calls: Calls = ()
    setup: str | None = None
    budget_s: float = 30.0
    max_calls: int | None = None
    elsewhere: laws.Machine | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


@dataclass
class Gathering:
    """What has been gathered so far; after an interruption it is all there is."""

    machine: dict[str, Any]
    python: dict[str, Any]
    gathered: Gathered
    ended: watch.Standstill | None = None
    interrupted: bool = False
    begun: float = field(default_factory=time.monotonic)

    @property
    def task(self) -> dict[str, Any] | None:
        """What a call is like, if it came to that."""
        return next(iter(self.gathered.rows.get("task", [])), None)

    @property
    def cpus(self) -> float:
        """The CPUs that can be used at once: a part of one, under a quota."""
        return float(self.machine.get("usable_cpus") or 1.0)

    def left(self, request: Request) -> float:
        """Seconds of the budget that are left."""
        return self.begun + request.budget_s - time.monotonic()


def measure(request: Request, chosen: Chosen, tick: Callable[[], object]) -> tuple[Report, bool]:
    """Measure the function and say how to run it.

    Returns:
        The report, and whether the user interrupted it.

    Raises:
        BadInput: the function or its items cannot be had, or raise; an unknown rule.
        CannotWork: the interpreter cannot be run, or nothing could be measured.
    """
    report, begun = begin("size"), time.monotonic()
    rules = registry.select(request.select, request.ignore)
    gathering = gather(request, chosen, tick)
    complain(request, gathering)
    sections, judged, notes = concluded(request, gathering, rules)
    report = replace(
        report,
        duration_s=time.monotonic() - begun,
        machine=gathering.machine,
        python=gathering.python,
        sections=sections,
        findings=tuple(sorted(judged.findings, key=lambda finding: finding.rank)),
        quality=notes,
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )
    return replace(report, verdict=verdicts.of(report)), gathering.interrupted


def concluded(
    request: Request, gathering: Gathering, rules: Sequence[Rule]
) -> tuple[tuple[Section, ...], judging.Judged, tuple[Quality, ...]]:
    """What is shown, what is judged, and what limits the trust in it; next to nothing if no call was measured."""
    default, told = gathering.python.get("default_start_method"), gathering.gathered.rows
    curve = points(told.get("batches", []), told.get("crews", []), default)
    choice, notes = choose(curve, default), tuple(quality(gathering, curve))
    if gathering.task is None:
        return (), judging.Judged([], [], []), notes
    judged = judging.judge(rules, facts(gathering.task, gathering, curve, choice), "size")
    return tuple(pages(request, gathering, curve, choice)), judged, notes


def gather(request: Request, chosen: Chosen, tick: Callable[[], object]) -> Gathering:
    """Run the measuring process to its end, or until interrupted."""
    gathering = Gathering(machine={}, python={}, gathered=Gathered())
    with Launcher(chosen.path, hosts=2) as launcher:
        try:
            launcher.start_ahead(2)
            gathering.machine = machine.gather()
            gathering.python = interpreter_facts(launcher, chosen, partial(registry.preload, request.formats))
            launcher.run(plan_for(request, gathering), gathering.gathered, tick)
        except KeyboardInterrupt:
            gathering.interrupted = True
        gathering.ended = watch.read(launcher.folder / watch.NAME)
    return gathering


def plan_for(request: Request, gathering: Gathering) -> Plan:
    """What the measuring process is to do."""
    here = gathering.machine
    return Plan(
        probe="function",
        folder="sizer",
        budget_s=max(gathering.left(request), MEASURING * request.budget_s),
        deadline_s=4 * request.budget_s + 60.0,
        memory=min(here.get(key) or 2**30 for key in ("memory_available", "usable_memory")) // 4,
        cpus=int(here.get("usable_workers") or 1),
        cwd=working_folder(),
        size={
            "target": request.target,
            "items": request.items,
            "calls": request.calls,
            "setup": request.setup,
            "calls_most": request.max_calls,
            "usable_cpus": gathering.cpus,
            "curve": request.elsewhere is not None,
        },
    )


def complain(request: Request, gathering: Gathering) -> None:
    """Raise what stood in the way, if nothing was measured."""
    gathered, ended = gathering.gathered, gathering.ended
    for trouble in gathered.rows.get("trouble", []):
        raise BadInput(str(trouble["text"]), str(trouble["hint"]))
    if gathering.task or gathering.interrupted:
        return
    if ended is None:
        raise CannotWork(f"{request.target} could not be measured: {gathered.reason}", "Try another interpreter.")
    if ended.late or gathered.status == "timeout":
        where = f" ({ended.file}:{ended.line} in {ended.function})" if ended.file else ""
        raise CannotWork(
            f"{request.target}: {ended.what} did not end in time{where}",
            "If it takes that long, give a larger --budget; else something in it waits for ever.",
        )
    raise CannotWork(
        f"{request.target}: the process died during {ended.what}: {gathered.reason}", "Run it by itself to see why."
    )


def pages(request: Request, gathering: Gathering, curve: list[Point], choice: Choice | None) -> list[Section]:
    """All sections."""
    gathered, task = gathering.gathered, gathering.task
    assert task is not None
    status, reason = gathered.status, gathered.reason
    if gathering.ended and status == "failed":
        reason = f"{reason}, during {gathering.ended.what}"
    sections = [page.call(task, heaviest(curve), "ok" if choice else status, None if choice else reason)]
    if choice is None:
        return sections
    sections.append(
        replace(page.curve(curve, choice, status, reason), process=gathered.process, duration_s=gathered.duration_s)
    )
    law = laws.fit(curve, choice.chosen.setting, task, gathering.cpus)
    others = gathered.process.get("others_cpu_fraction", 0.0)
    around = limits.Around(gathering.cpus, gathering.machine.get("physical_cores"), others)
    sections.append(page.choosing(choice, limits.limit(curve, choice, task, around), extra(gathering, choice)))
    if request.elsewhere:
        cost = cluster.task_cost(gathering.left(request))
        rows = [laws.elsewhere(law, choice, task, request.elsewhere), *laws.beyond(law, task, cost)]
        sections.append(page.elsewhere(rows))
    default = gathering.python.get("default_start_method")
    named = any(by_name for _, by_name in request.calls)
    names = paste.Names(request.target, request.items, request.setup, default, named)
    return [*sections, *page.code(choice.chosen.setting, names)]


def extra(gathering: Gathering, choice: Choice) -> list[tuple[str, str]]:
    """What its workers cost to have."""
    chosen, lines = choice.chosen, []
    if chosen.setting.kind == LOOP:
        return []
    task = gathering.task or {}
    saved = float(task["wall"].median) - chosen.item.median
    if chosen.start and saved > 0:
        pays = f"; pays from {max(1, round(chosen.start / saved)):,} items on"
        lines.append(("start", f"{seconds(chosen.start)} until all workers are up{pays}"))
    if told := memory(chosen, gathering.machine.get("memory_available")):
        lines.append(("memory", told))
    return lines


def memory(chosen: Point, free: float | None) -> str:
    """What the chosen workers hold, and how many there would be room for; empty where it is not known."""
    workers, whole = chosen.setting.workers, chosen.needs(chosen.setting.workers)
    if whole is None or chosen.own is None:
        return ""
    need = f"{workers} worker{'s need' if workers > 1 else ' needs'} {size(whole)}"
    each = f"{size(chosen.pss or chosen.own)} each (PSS), {size(chosen.own)} of it its own"
    most, double = laws.fitting(chosen, free), 2 * workers
    if not free or not most:
        return f"{need}: {each}"
    room = (
        f"room for {min(most, MANY):,}{' or more' * (most > MANY)}"
        if most >= double
        else f"{double} would need {size(chosen.needs(double) or 0)}"
    )
    return f"{need} of {size(free)} free: {each}; {room}"


def facts(task: Mapping[str, Any], gathering: Gathering, curve: list[Point], choice: Choice | None) -> dict[str, Any]:
    """What rules judge."""
    tables: dict[str, tuple[Any, ...]] = {"": (task,), "denied": tuple(gathering.gathered.rows.get("denied", []))}
    if choice:
        tables["curve"] = tuple(judged_cells(point, choice) for point in curve)
        tables["choice"] = ({"which": "chosen", **judged_cells(choice.chosen, choice)},)
    return {"sized": Facts("size", tables), "machine": gathering.machine, "python": gathering.python}


def judged_cells(point: Point, choice: Choice) -> dict[str, Cell]:
    """A row of the curve as rules read it: with the group of its kind."""
    setting = point.setting
    group = "processes" if setting.processes else setting.kind
    return {**cells(point, choice), "kind": setting.kind, "chunk": setting.chunk, "group": group}


def quality(gathering: Gathering, curve: list[Point]) -> list[Quality]:
    """What limits the trust in the figures."""
    gathered, task = gathering.gathered, gathering.task or {}
    found = [Quality("interrupted: what had been measured by then is shown")] if gathering.interrupted else []
    others = gathered.process.get("others_cpu_fraction", 0.0)
    if others > engine.CONTENDED:
        found.append(
            Quality(
                f"contended: other programs used {others * 100:.0f} % of the CPUs; the speed-ups leave out the time in "
                "which workers queued for them, and so tell of free CPUs, roughly",
                ("curve",),
            )
        )
    if task.get("remembers"):
        found.append(
            Quality("it keeps its results: calls on an item again cost nothing, which flatters all", ("call",))
        )
    if task and not task["whole"] and task["items"] > 1:
        found.append(Quality(f"the first {task['items']:,} items were taken: there are more", ("call",)))
    stops = gathered.process.get("stopped_by", {})
    if "budget" in stops or "calls" in stops:
        what = "--budget" if "budget" in stops else "--max-calls"
        found.append(Quality(f"rough: {what} ended the search before the intervals were narrow", ("curve",)))
    found += [Quality(text, ("curve",)) for text in page.denied(gathered.rows.get("denied", []))]
    if curve and len({point.setting.kind for point in curve} - {LOOP}) == 0:
        found.append(Quality("no kind of worker could be measured", ("curve",)))
    return found + [Quality(note, ("curve",)) for note in gathered.notes]
