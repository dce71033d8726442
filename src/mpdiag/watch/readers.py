"""Tells from a program's source whether its parent process reads a variable after its children have begun.

Only what the parent can still run counts: what follows the line that starts the children, what its callers do after
that, and the functions these mention, except those that the children run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpdiag.watch.bindings import root_name

Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULE = "<module>"
#: Methods that put something into the object they are called of.
FILLING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})


@dataclass(frozen=True)
class Variable:
    """A global of a module, or an attribute of objects.

    Args:
        name: its own name.
        classes: of an attribute the class of its object, then those that this one inherits from.
    """

    name: str
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As the module writes it: ``Counter.total``."""
        return ".".join((*self.classes[:1], self.name))


class Source:
    """The source of one module.

    Args:
        text: what stands in its file.
    """

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.functions: dict[str, list[Function]] = {}
        self._within = {id(each): node.name for node in _classes(self.tree) for each in ast.walk(node)}
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

    def readers(self, variable: Variable, started: Sequence[int], run_by_children: Iterable[str]) -> list[str]:
        """The parent's functions that read a variable after its children have begun.

        Args:
            variable: it.
            started: lines at which children are started.
            run_by_children: functions that children run.
        """
        parts = self._parents(started, run_by_children)
        return sorted({owner for owner, node in parts if any(self._read(node, variable, owner))})

    def fills(self, variable: Variable, started: Sequence[int], run_by_children: Iterable[str]) -> bool:
        """Whether the parent itself puts something into the variable, wherever it reads it then.

        What it makes only where it finds nothing does not count if children put things there and never look: theirs
        were to be found.

        Args:
            variable: it.
            started: lines at which children are started.
            run_by_children: functions that children run.
        """
        parts = self._parents(started, run_by_children)
        read = {root_name(each) for owner, node in parts for each in self._read(node, variable, owner)}
        missing = set() if self._looked_at(variable, run_by_children) else self._where_missing(variable)
        filled = {
            root_name(each)
            for owner, node in parts
            if any(self._read(node, variable, owner)) or variable.classes
            for inner in ast.walk(node)
            for each in _filled(inner)
            if id(inner) not in missing and self._leads_to(each, variable)
        }
        return bool(filled) and read <= filled

    def _looked_at(self, variable: Variable, run_by_children: Iterable[str]) -> bool:
        """Whether what children run reads the variable, other than to put something into it."""
        for owner in self.reached(run_by_children):
            for function in self.functions[owner]:
                put = {id(part) for each in ast.walk(function) for whole in _filled(each) for part in ast.walk(whole)}
                if any(id(each) not in put for each in self._read(function, variable, owner)):
                    return True
        return False

    def _where_missing(self, variable: Variable) -> set[int]:
        """The nodes that run only if something was, or was not, in the variable: as where a cache has no entry."""
        found: set[int] = set()
        for function in (each for several in self.functions.values() for each in several):
            got = {
                target.id
                for each in ast.walk(function)
                if isinstance(each, ast.Assign) and any(self._met(each.value, variable))
                for target in each.targets
                if isinstance(target, ast.Name)
            }
            for each in ast.walk(function):
                if isinstance(each, ast.If) and (
                    any(self._met(each.test, variable)) or got.intersection(_mentioned(each.test))
                ):
                    found |= {id(part) for part in ast.walk(each)}
        return found

    def _parents(self, started: Sequence[int], run_by_children: Iterable[str]) -> list[tuple[str, ast.AST]]:
        """What only the parent runs after those lines, with the functions that it is in."""
        theirs = self.reached(run_by_children)
        later = [part for line in started for part in self._later(line, set())]
        called = self.reached(each for _, node in later for each in _mentioned(node) if each not in theirs) - theirs
        return later + [(each, node) for each in called for node in self.functions[each]]

    def changed(self, variable: Variable, run_by_children: Iterable[str]) -> tuple[int, str] | None:
        """The first line, and its function, at which what children run changes the variable."""
        found = [
            (each.lineno, owner)
            for owner in self.reached(run_by_children)
            for function in self.functions[owner]
            if not _hides(function, variable)
            for each in self._met(function, variable)
        ]
        stored = [(line, owner) for line, owner in found if self._stores(variable, line)]
        return min(stored or found, default=None)

    def handed_back(self, variable: Variable, run_by_children: Iterable[str]) -> bool:
        """Whether a method that children run changes the object's variable and returns the object itself.

        What the parent reads may be of the one that came back.
        """
        methods = [each for owner in self.reached(run_by_children) for each in self.functions[owner] if each.args.args]
        return bool(variable.classes) and any(
            isinstance(each, ast.Return)
            and isinstance(each.value, ast.Name)
            and each.value.id == method.args.args[0].arg
            for method in methods
            if any(self._met(method, variable))
            for each in ast.walk(method)
        )

    def _stores(self, variable: Variable, line: int) -> bool:
        """Whether the variable is assigned, or something is done to what it holds, in that line."""
        met = self._met(self.tree, variable)
        return any(each.lineno == line and not _loaded(each) for each in met)

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
        for line in self._calls(owner) if owner else ():
            yield from self._later(line, seen)

    def _calls(self, owner: Function) -> Iterator[int]:
        """The lines that mention a function; a class stands for its `__init__`."""
        name = owner.name
        if name == "__init__":
            name = self._within.get(id(owner), name)
        nodes = list(ast.walk(self.tree))
        yield from (each.lineno for each in nodes if isinstance(each, ast.Name) and each.id == name and _loaded(each))
        if len(self.functions[owner.name]) == 1:
            yield from (each.lineno for each in nodes if isinstance(each, ast.Attribute) and each.attr == name)

    def _owner(self, line: int) -> Function | None:
        """The innermost function around a line."""
        around = [
            node for nodes in self.functions.values() for node in nodes if node.lineno <= line <= (node.end_lineno or 0)
        ]
        return max(around, key=lambda node: node.lineno, default=None)

    def _read(self, node: ast.AST, variable: Variable, owner: str) -> Iterator[ast.Name | ast.Attribute]:
        """Where the variable is read below a node of the function ``owner``."""
        if any(_hides(function, variable) for function in self.functions.get(owner, ())):
            return iter(())
        return filter(_loaded, self._met(node, variable))

    def _met(self, node: ast.AST, variable: Variable) -> Iterator[ast.Name | ast.Attribute]:
        """Where the variable is named below a node."""
        for each in ast.walk(node):
            if isinstance(each, (ast.Name, ast.Attribute)) and self._means(each, variable):
                yield each

    def _means(self, node: ast.expr, variable: Variable) -> bool:
        if not variable.classes:
            return isinstance(node, ast.Name) and node.id == variable.name
        if not isinstance(node, ast.Attribute) or node.attr != variable.name:
            return False
        # Of another class's own objects it is another attribute; of any other object it may be this one.
        another = isinstance(node.value, ast.Name) and node.value.id == "self"
        return not another or self._within.get(id(node)) in variable.classes

    def _leads_to(self, node: ast.expr, variable: Variable) -> bool:
        """Whether the variable is what ``node`` is a part of: as ``x`` in ``x[0].y``."""
        while isinstance(node, (ast.Attribute, ast.Subscript)) and not self._means(node, variable):
            node = node.value
        return self._means(node, variable)


def _loaded(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


def _hides(function: Function, variable: Variable) -> bool:
    """Whether the function has a variable of its own by that name."""
    return not variable.classes and variable.name in _own(function)


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes of a module, inner ones after those around them."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


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


def _filled(node: ast.AST) -> Iterator[ast.expr]:
    """What something is put into here: by a method, as an element or as an attribute."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in FILLING:
            yield node.func.value
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    yield from (target for target in targets if isinstance(target, (ast.Subscript, ast.Attribute)))


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
