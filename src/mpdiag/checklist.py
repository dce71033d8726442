"""What `mpdiag doctor` looks at: a line for each thing, with the rules that judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mpdiag.advice import LEVELS, Finding, NotJudged, known
from mpdiag.model import Cell, Column
from mpdiag.report import Section
from mpdiag.units import number, seconds, size

Facts = Mapping[str, Any]
#: The part of the memory that is free at least, where it is not short.
LITTLE: Final = 0.1
#: How a line is marked: by the loudest finding of its rules, as unknown, as unusual, or as fine.
MARKS: Final = {"error": "!!", "warning": "!", "note": "note", "unknown": "?", "fine": "ok"}


@dataclass(frozen=True)
class Line:
    """One thing to look at."""

    what: str
    #: What there is, of the machine and the interpreter; raises `NotJudged` when that is not known.
    says: Callable[[Facts, Facts], str]
    #: The rules that find fault with it.
    rules: tuple[str, ...] = ()
    #: What is unusual about it though no rule says so; empty: nothing.
    unusual: Callable[[Facts, Facts], str] = lambda _machine, _python: ""
    #: What else to know about it.
    more: Callable[[Facts, Facts], str] = lambda _machine, _python: ""


def section(machine: Facts, python: Facts, findings: Iterable[Finding]) -> Section:
    """The whole list as a table."""
    found = tuple(findings)
    rows = tuple(row(line, machine, python, found) for line in LINES)
    columns = (Column("mark", ""), Column("what", "what"), Column("here", "here"), Column("remark", "remark"))
    return Section("checklist", "What was looked at", "ok", columns=columns, rows=rows)


def row(line: Line, machine: Facts, python: Facts, findings: tuple[Finding, ...]) -> dict[str, Cell]:
    """One line of the table."""
    told = [finding for finding in findings if finding.rule in line.rules]
    try:
        here, odd, more = (tell(machine, python) for tell in (line.says, line.unusual, line.more))
    except NotJudged as reason:
        return {"mark": MARKS["unknown"], "what": line.what, "here": "not known", "remark": str(reason)}
    loudest = max((LEVELS.index(finding.level) for finding in told), default=None)
    mark = "note" if odd else "fine"
    if loudest is not None:
        mark = LEVELS[loudest]
    ids = ", ".join(dict.fromkeys(finding.rule for finding in told))
    remark = ": ".join(filter(None, (ids, odd, more)))
    return {"mark": MARKS[mark], "what": line.what, "here": here, "remark": remark}


# --- what each line says


def cpus(machine: Facts, python: Facts) -> str:
    """How many CPUs can be used, and how many the libraries count."""
    usable, logical = known(machine, "usable_cpus"), known(machine, "logical_cpus")
    counted = known(python, "pool_workers")
    return f"{number(usable, None)} usable of {logical}; a default pool has {counted} workers"


def quota(machine: Facts, _python: Facts) -> str:
    """What the control group grants, and how long it has held the group up."""
    granted = known(machine, "cpu_quota")
    if granted is None:
        return "none"
    held = machine.get("throttled_s")
    return f"{number(granted, None)} CPUs" + (f", held up for {seconds(held)} so far" if held else "")


def odd_quota(machine: Facts, _python: Facts) -> str:
    """Whether it holds the group up just now, and whether further limits may lie above."""
    now, looked = machine.get("throttled_now_s"), machine.get("looked_s")
    held = [f"held up for {seconds(now)} of the {seconds(looked)} that looking took"] if now and looked else []
    hidden = ["groups above are hidden: further limits may apply"] if machine.get("cgroup_ancestors_hidden") else []
    return "; ".join(held + hidden)


def memory(machine: Facts, _python: Facts) -> str:
    """What is free, and of how much."""
    whole, free = known(machine, "usable_memory"), known(machine, "memory_available")
    return f"{size(free)} free of {size(whole)}"


def odd_memory(machine: Facts, _python: Facts) -> str:
    """Whether little of it is free."""
    whole, free = known(machine, "usable_memory"), known(machine, "memory_available")
    return "little is free: workers that do not fit are killed, or swapped out" if free < LITTLE * whole else ""


def odd_swap(machine: Facts, _python: Facts) -> str:
    """Whether more is swapped out than there is room for in memory."""
    used, free = known(machine, "swap_used"), known(machine, "memory_available")
    return "more than memory has room for: what is needed again waits for the disk" if used > free else ""


def swap(machine: Facts, _python: Facts) -> str:
    """What of the swap space is in use."""
    total, used = known(machine, "swap_total"), known(machine, "swap_used")
    return f"{size(used)} of {size(total)} in use" if total else "none"


def shared(machine: Facts, _python: Facts) -> str:
    """What there is for segments and semaphores."""
    if not known(machine, "shm_present"):
        return "missing"
    return f"{size(known(machine, 'shm_free'))} free of {size(known(machine, 'shm_total'))}"


def limits(machine: Facts, _python: Facts) -> str:
    """What may be open and running at a time."""
    names = {"nofile_soft": "open files", "nproc_soft": "processes", "address_space_soft": "address space"}
    parts = [f"{name} {'no limit' if (value := known(machine, key)) is None else amount(key, value)}"
             for key, name in names.items()]  # fmt: skip
    semaphores = "semaphores work" if known(machine, "semaphores_work") else "semaphores do not work"
    return ", ".join((*parts, semaphores))


def amount(key: str, value: int) -> str:
    """A limit, in bytes where it is one of memory."""
    return size(value) if key.startswith("address_space") else f"{value:,}"


def method(_machine: Facts, python: Facts) -> str:
    """How workers start, of which ways."""
    default, methods = known(python, "default_start_method"), known(python, "start_methods")
    others = ", ".join(each for each in methods if each != default)
    return f"{default} by default" + (f"; {others} on request" if others else "")


def elsewhere(_machine: Facts, python: Facts) -> str:
    """What the default is on other systems and versions."""
    defaults = {
        "fork": "forkserver on Linux from Python 3.14, spawn on macOS and Windows",
        "forkserver": "fork on Linux up to Python 3.13, spawn on macOS and Windows",
        "spawn": "on Linux fork up to Python 3.13, forkserver from 3.14",
    }
    return defaults.get(known(python, "default_start_method"), "")


def interpreter(_machine: Facts, python: Facts) -> str:
    """What runs, and whether its threads compute at the same time."""
    gil = "with the GIL" if known(python, "gil_enabled") else "without the GIL"
    return f"{known(python, 'implementation')} {known(python, 'version')} {gil}; {known(python, 'chosen')}"


def odd_interpreter(_machine: Facts, python: Facts) -> str:
    """What makes it another one than most have."""
    odd = {"debug_build": "a debug build: everything takes longer", "frozen": "frozen into an executable"}
    parts = [text for key, text in odd.items() if python.get(key)]
    if python.get("free_threaded"):
        parts.append("a free-threaded build: threads may do what takes processes elsewhere")
    return "; ".join(parts)


def native(_machine: Facts, python: Facts) -> str:
    """The thread pools that NumPy brings along."""
    pools = known(python, "native_pools")
    told = [f"{pool['library']} {'' if pool['threads'] is None else pool['threads']}".strip() for pool in pools]
    return f"threads in each process: {', '.join(told)}" if told else "none"


def leftovers(machine: Facts, _python: Facts) -> str:
    """What programs have left behind."""
    left, alone = known(machine, "leftover_segments"), machine.get("orphaned_workers")
    parts = [f"{left['count']} segments or semaphores"] if left["count"] else []
    return ", ".join((*parts, *([f"{alone} workers without a parent"] if alone else []))) or "nothing left behind"


def removal(machine: Facts, _python: Facts) -> str:
    """Where it says how to be rid of them."""
    left = known(machine, "leftover_segments")["count"] or machine.get("orphaned_workers")
    return "-v says how to remove them" if left else ""


def surroundings(machine: Facts, _python: Facts) -> str:
    """What runs this system."""
    container, depth = known(machine, "container"), machine.get("container_depth") or 0
    nested = f", {depth} deep" if depth > 1 else ""
    return f"{machine.get('os_release') or known(machine, 'os')}" + (f", in {container}{nested}" if container else "")


def odd_surroundings(machine: Facts, _python: Facts) -> str:
    """What changes how programs behave here."""
    odd = {
        "wsl": "under WSL: files below /mnt are slow",
        "translated": "translated by Rosetta: use a Python for this processor",
        "notebook": "started by Jupyter: tasks must be in a module, not in a cell",
        "traced": "a debugger is attached: everything takes longer, and forked children may stop",
    }
    return "; ".join(text for key, text in odd.items() if machine.get(key))


LINES: Final = (
    Line("CPUs", cpus, ("MP701", "MP418")),
    Line("CPU quota", quota, (), odd_quota),
    Line("memory", memory, (), odd_memory),
    Line("swap", swap, (), odd_swap),
    Line("shared memory", shared, ("MP702",)),
    Line("limits", limits, ("MP703",)),
    Line("start method", method, ("MP111", "MP704"), more=elsewhere),
    Line("interpreter", interpreter, (), odd_interpreter),
    Line("native threads", native, ("MP406",)),
    Line("leftovers", leftovers, ("MP706",), more=removal),
    Line("surroundings", surroundings, (), odd_surroundings),
)
