"""The table of variables that children changed in their own copy of memory: globals, and attributes of objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from mpdiag.watch.lives import Life
from mpdiag.watch.readers import Source, Variable, source


def rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each global, or attribute, that a child rebound, or that grew in it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    pids: dict[tuple[str, str], set[int]] = defaultdict(set)
    variables: dict[tuple[str, str], Variable] = {}
    for pid, module, variable, kind, target in _changes(lives):
        key = module, str(variable)
        pids[key].add(pid)
        found.setdefault(key, {"module": module, "name": str(variable), "kind": kind, "target": target})
        variables[key] = variable
    files = {name: file for life in lives for name, file in _files(life)}
    sources: dict[str, Source | None] = {}
    for key, row in found.items():
        file = files.get(row["target"])
        row["target"] = str(row["target"]).replace("__mp_main__.", "__main__.", 1)
        row["processes"] = len(pids[key])
        if file and file not in sources:
            sources[file] = source(file)
        row.update(_read(variables[key], file, sources.get(file or ""), lives))
    return list(found.values())


def draws(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each line whose processes began with one state of a source of random numbers, and drew from one."""
    alike: dict[tuple[object, ...], list[tuple[Life, str]]] = defaultdict(list)
    for life in lives:
        for event in life.book.noted("drew") if life.book and life.start else ():
            before, now, target, name = event.facts
            where = life.start.where[:3] if life.start else ()
            alike[(*where, name, *before, *now)].append((life, target))
    return [
        {"name": name, "processes": len(each), "target": each[0][1].replace("__mp_main__.", "__main__.", 1)}
        | {"file": file, "line": line or None, "function": function}
        for (file, line, function, name, *_), each in alike.items()
        if len(each) > 1
    ]


def _changes(lives: Sequence[Life]) -> Iterator[tuple[int, str, Variable, str, str]]:
    """Who changed what: the process, the module of the variable, the variable, how it changed, what the process ran."""
    for life in lives:
        for event in life.book.events if life.book else ():
            if event.kind == "global":
                module, name, kind, target = event.facts
                yield life.pid, module, Variable(name), kind, target
            elif event.kind == "attribute":
                module, classes, name, kind, target = event.facts
                module = "__main__" if module == "__mp_main__" else module
                yield life.pid, module, Variable(name, tuple(classes)), kind, target


def _read(variable: Variable, file: str | None, text: Source | None, lives: Sequence[Life]) -> dict[str, Any]:
    """Whether the parent reads the variable, and where."""
    place: dict[str, Any] = {"file": file, "line": None, "function": None}
    if text is None:
        return {"parent_reads": None, "readers": None, **place}
    started = sorted({line for line in (_line(life, file) for life in lives) if line})
    targets = {target for life in lives for target in _targets(life)}
    changed = text.changed(variable, targets)
    if changed:
        place["line"], place["function"] = changed
    if not started:
        return {"parent_reads": None, "readers": None, **place}
    readers = text.readers(variable, started, targets)
    # What it collects there itself, such as what tasks return, is what it reads; so is an object that comes back.
    own = text.fills(variable, started, targets) or text.handed_back(variable, targets)
    return {"parent_reads": bool(readers) and not own, "readers": ", ".join(readers), **place}


def _line(life: Life, file: str | None) -> int | None:
    """The line of ``file`` that started a child."""
    where = life.start.where if life.start else (None, 0)
    return where[1] if where[0] == file else None


def _files(life: Life) -> list[tuple[str, str]]:
    """The functions that a child ran, and their files."""
    if life.book is None:
        return []
    told = [event.facts[:2] for event in life.book.noted("function")]
    return told + [event.facts[1][:2] for event in life.book.noted("born")]


def _targets(life: Life) -> list[str]:
    """The names of the functions that children run: targets, tasks and initializers."""
    names = [name for name, _ in _files(life)]
    if life.book:
        names += [event.facts[4][0] for event in life.book.noted("pool") if event.facts[4]]
    return [name.rpartition(".")[2] for name in names]
