"""Tells from a program's source whether its parent process reads a global variable after its children have begun.

Only what the parent can still run counts: what follows the line that starts the children, what its callers do after
that, and the functions these mention, except those that the children run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mpdiag.watch.bindings import root_name

Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULE = "<module>"
#: Methods that put something into the object they are called of.
FILLING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})


class Source:
    """The source of one module.

    Args:
        text: what stands in its file.
    """

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.functions: dict[str, list[Function]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.functions.setdefault(node.name, []).append(node)

    def reached(self, names: Iterable[str]) -> set[str]:
        """The functions of those names, and all that these mention."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.functions:
                continue
            found.add(name)
            for node in self.functions[name]:
                waiting += _mentioned(node)
        return found

    def readers(self, name: str, started: Sequence[int], run_by_children: Iterable[str]) -> list[str]:
        """The parent's functions that read the global ``name`` after its children have begun.

        Args:
            name: of the variable.
            started: lines at which children are started.
            run_by_children: functions that children run.
        """
        parts = self._parents(started, run_by_children)
        return sorted({owner for owner, node in parts if self._reads(node, name, owner)})

    def fills(self, name: str, started: Sequence[int], run_by_children: Iterable[str]) -> bool:
        """Whether the parent itself puts something into the global ``name`` after its children have begun.

        Args:
            name: of the variable.
            started: lines at which children are started.
            run_by_children: functions that children run.
        """
        parts = self._parents(started, run_by_children)
        nodes = (each for owner, node in parts if self._reads(node, name, owner) for each in ast.walk(node))
        return any(_fills(each, name) for each in nodes)

    def _parents(self, started: Sequence[int], run_by_children: Iterable[str]) -> list[tuple[str, ast.AST]]:
        """What only the parent runs after those lines, with the functions that it is in."""
        theirs = self.reached(run_by_children)
        later = [part for line in started for part in self._later(line, set())]
        called = self.reached(each for _, node in later for each in _mentioned(node) if each not in theirs) - theirs
        return later + [(each, node) for each in called for node in self.functions[each]]

    def changed(self, name: str, run_by_children: Iterable[str]) -> tuple[int, str] | None:
        """The first line, and its function, at which what children run changes the global ``name``."""
        found = [
            (each.lineno, owner)
            for owner in self.reached(run_by_children)
            for function in self.functions[owner]
            for each in ast.walk(function)
            if isinstance(each, ast.Name) and each.id == name and name not in _own(function)
        ]
        stored = [(line, owner) for line, owner in found if self._stores(name, line)]
        return min(stored or found, default=None)

    def _stores(self, name: str, line: int) -> bool:
        """Whether ``name`` is assigned, or something is done to what it holds, in that line."""
        return any(
            isinstance(node, ast.Name)
            and node.id == name
            and node.lineno == line
            and not isinstance(node.ctx, ast.Load)
            for node in ast.walk(self.tree)
        )

    def _later(self, line: int, seen: set[str]) -> Iterator[tuple[str, ast.AST]]:
        """The statements that may run after ``line`` has: with the function that each is in."""
        owner = self._owner(line)
        name = owner.name if owner else MODULE
        if name in seen:
            return
        seen.add(name)
        body = owner or self.tree
        for statement in _statements(body):
            if statement.lineno >= line or (statement.end_lineno or 0) >= line:
                yield from ((name, node) for node in _after(statement, line))
        for node in ast.walk(self.tree):
            if owner and isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                yield from self._later(node.lineno, seen)

    def _owner(self, line: int) -> Function | None:
        """The innermost function around a line."""
        around = [
            node for nodes in self.functions.values() for node in nodes if node.lineno <= line <= (node.end_lineno or 0)
        ]
        return max(around, key=lambda node: node.lineno, default=None)

    def _reads(self, node: ast.AST, name: str, owner: str) -> bool:
        if any(name in _own(function) for function in self.functions.get(owner, ())):
            return False
        return any(
            isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load) for each in ast.walk(node)
        )


def _statements(node: ast.AST) -> list[ast.stmt]:
    """The statements of a body, those of ``if`` and the like laid open; functions and classes do not run."""
    found: list[ast.stmt] = []
    for child in getattr(node, "body", []):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        found.append(child)
    return found


def _after(statement: ast.stmt, line: int) -> Iterator[ast.AST]:
    """The parts of ``statement`` that may run after its ``line``: of a loop all."""
    inner = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)]
    if statement.lineno > line or isinstance(statement, (ast.For, ast.While)):
        yield statement
    for child in inner:
        if statement.lineno <= line and (child.end_lineno or 0) >= line:
            yield from _after(child, line)


def _fills(node: ast.AST, name: str) -> bool:
    """Whether something is put into what ``name`` holds, by a method or as an element."""
    if isinstance(node, ast.Call):
        function = node.func
        return isinstance(function, ast.Attribute) and function.attr in FILLING and root_name(function.value) == name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    return any(isinstance(target, ast.Subscript) and root_name(target) == name for target in targets)


def _mentioned(node: ast.AST) -> list[str]:
    return [
        each.id if isinstance(each, ast.Name) else each.attr
        for each in ast.walk(node)
        if isinstance(each, (ast.Name, ast.Attribute))
    ]


def _own(function: Function) -> set[str]:
    """The local names of a function."""
    arguments = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    stored = {
        each.id for each in ast.walk(function) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    }
    shared = {name for each in ast.walk(function) if isinstance(each, ast.Global) for name in each.names}
    return (arguments | stored) - shared


def source(path: str) -> Source | None:
    """The source in a file; None if it cannot be read."""
    try:
        return Source(Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
