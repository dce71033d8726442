"""Tables by line of the program: what it waited for and handed over, proxies it called, what it ran itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mpdiag.watch.books import Slot
from mpdiag.watch.lives import Life
from mpdiag.watch.polling import pausing

#: Kinds that are no doing of the program at a line.
NO_SITES = {"idle", "task", "run", "wait_task", "boot", "pool", "value", "import", "main_import", "read"}

Met = tuple[Life, Slot]


def rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each kind of doing, line and role."""
    groups = _grouped(
        (each for each in _slots(lives) if each[1].kind not in NO_SITES and not each[1].nested and each[1].file),
        lambda life, slot: (slot.kind, slot.file, slot.line, life.role, slot.main),
    )
    return [
        {
            "kind": slot.kind,
            "role": life.role,
            "thread": "main" if slot.main else slot.thread,
            "count": _sum(met, "count"),
            "s": _sum(met, "s"),
            "bytes": _sum(met, "bytes"),
            "max_s": max(slot.max_s for _, slot in met),
            "pauses": slot.kind == "poll" and pausing(str(slot.file), str(slot.function), slot.line or 0),
            **_common(met),
        }
        for met in groups
        for life, slot in met[:1]
    ]


def managers(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each method of a manager's objects and line that called it."""
    groups = _grouped(
        (each for each in _slots(lives) if each[1].kind == "manager" and each[1].file),
        lambda _, slot: (slot.name, slot.file, slot.line),
    )
    servers = sum(_cpu(life) for life in lives if life.role == "manager")
    ops = sum(round(_all(met, "count")) for met in groups) or 1
    return [
        {
            "type": str(slot.name).partition(".")[0],
            "method": str(slot.name).partition(".")[2],
            "ops": round(_all(met, "count")),
            "s": _all(met, "s"),
            "server_cpu_s": servers * round(_all(met, "count")) / ops,
            **_common(met),
        }
        for met in groups
        for _, slot in met[:1]
    ]


def inline(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each line that called run() of a Process which it had not started."""
    groups = _grouped(
        (each for each in _slots(lives) if each[1].kind == "run" and each[1].file and each[1].api == "run"),
        lambda _, slot: (slot.name, slot.file, slot.line),
    )
    return [
        {
            "target": slot.name,
            "count": _sum(met, "count"),
            "s": sum(each.wall_s for _, each in met),
            "cpu_s": _sum(met, "cpu_s"),
            "s_max": max(each.max_s for _, each in met),
            **_common(met),
        }
        for met in groups
        for _, slot in met[:1]
    ]


def methods(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each line that chose a start method."""
    found: dict[object, dict[str, Any]] = {}
    refused: dict[object, int] = defaultdict(int)
    for life in lives:
        if life.book is None:
            continue
        for event in life.book.noted("method_refused"):
            refused[event.facts[0][:2]] += 1
        for event in life.book.noted("method"):
            method, force, importing, (file, line, function, *_) = event.facts
            row = found.setdefault(
                (file, line, method),
                {"method": method, "force": force, "count": 0, "importing": 0, "raised": 0}
                | {"file": file, "line": line or None, "function": function},
            )
            row["count"] += 1
            row["importing"] += importing
    for (file, line, _), row in found.items():  # type: ignore[misc]
        row["raised"] = refused[file, line]
    return list(found.values())


def _slots(lives: Sequence[Life]) -> Iterator[Met]:
    return ((life, slot) for life in lives if life.book for slot in life.book.slots)


def _grouped(met: Iterator[Met], key: Callable[[Life, Slot], object]) -> list[list[Met]]:
    groups: dict[object, list[Met]] = defaultdict(list)
    for life, slot in met:
        groups[key(life, slot)].append((life, slot))
    return list(groups.values())


def _sum(met: Sequence[Met], what: str) -> Any:
    return sum(getattr(slot, what) for _, slot in met)


def _all(met: Sequence[Met], what: str) -> float:
    """The sum over calls of proxies, with the last ones of each process, which are in its count but in no slot."""
    total = 0.0
    for life, slot in met:
        slotted = sum(each.count for each in life.book.slots if each.kind == slot.kind) if life.book else 0
        counted = life.book.counts.get(slot.kind, 0) if life.book else 0
        total += getattr(slot, what) * max(1.0, counted / slotted if slotted else 1.0)
    return total


def _common(met: Sequence[Met]) -> dict[str, Any]:
    slot = met[0][1]
    processes = len({life.pid for life, _ in met})
    return {"processes": processes, "file": slot.file, "line": slot.line or None, "function": slot.function}


def _cpu(life: Life) -> float:
    known = (life.book and life.book.cpu_s, life.vital and life.vital.cpu_s)
    return next((each for each in known if each), 0.0)
