"""What a child imported before its work began: the main module again, and modules that its work never mentions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from mpdiag.watch.books import Book, Slot

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def own_s(book: Book) -> float:
    """Time that the main module's own statements took in a child, without what they import."""
    return sum(slot.s for slot in book.of("main_import") if slot.main)


def unused_s(book: Book) -> float | None:
    """Time that a child spent on the main module's imports which nothing that ran in it mentions.

    None where the sources do not tell.
    """
    again = [slot for slot in book.of("main_import") if slot.main]
    imports = [slot for slot in book.of("import") if any(within(slot, whole) for whole in again)]
    if not imports:
        return 0.0
    main = str(min(imports, key=lambda slot: slot.first_s).file)
    needed = names_needed(main, tuple(sorted(ran(book))))
    if needed is None:
        return None
    needed |= {package for event in book.noted("given") for package in event.facts[0]}
    return sum(slot.s for slot in imports if slot.file == main and unused(slot, main, needed))


def within(slot: Slot, whole: Slot) -> bool:
    """Whether it is an import by the top level of the main module, which was run at ``whole``."""
    inside = whole.first_s <= slot.first_s <= whole.last_s
    return slot.main and inside and slot.file is not None and slot.function == "<module>"


def ran(book: Book) -> Iterator[tuple[str, str]]:
    """The functions that the child was asked to run: name and file."""
    for event in book.noted("function"):
        yield str(event.facts[0]), str(event.facts[1])
    for event in book.noted("born"):
        name, file, *_ = event.facts[1]
        yield str(name), str(file)


@lru_cache(maxsize=256)
def names_needed(main: str, functions: tuple[tuple[str, str], ...]) -> frozenset[str] | None:
    """All names of the module ``main`` that its top level or the functions mention, directly or through others."""
    tree = parsed(main)
    if tree is None:
        return None
    parts: dict[str, Definition] = {
        node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    top = [node for node in tree.body if not isinstance(node, (*Definition.__args__, ast.Import, ast.ImportFrom))]
    names = set(mentioned(node for node in top if not guard(node)))
    for name, file in functions:
        if file == main:
            names.add(name.split(".", 1)[-1].split(".")[0])
        else:  # it may use whatever it imports itself
            other = parsed(file)
            names |= set(mentioned([other], imports=True)) if other else set()
    for part in parts.values():  # decorators, defaults and bases are of the top level
        names |= set(mentioned([*part.decorator_list, *(part.bases if isinstance(part, ast.ClassDef) else [])]))
    return frozenset(reached(names, parts))


def reached(names: set[str], parts: dict[str, Definition]) -> set[str]:
    """``names``, and what the functions and classes among them mention."""
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name)
        if name in parts:
            left |= set(mentioned([parts[name]])) - found
    return found


def mentioned(nodes: Iterable[ast.AST], *, imports: bool = False) -> Iterator[str]:
    """The names in ``nodes``; with the first parts of what they import, if wanted."""
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Name):
                yield child.id
            elif imports and isinstance(child, (ast.Import, ast.ImportFrom)):
                yield from (alias.name.partition(".")[0] for alias in child.names)
                yield (getattr(child, "module", None) or "").partition(".")[0]


def guard(node: ast.stmt) -> bool:
    """Whether it is the main guard, below which nothing runs in a child."""
    return isinstance(node, ast.If) and "__name__" in set(mentioned([node.test]))


def unused(slot: Slot, main: str, needed: frozenset[str]) -> bool:
    """Whether the import statement at the line of ``slot`` binds no name that is needed."""
    tree = parsed(main)
    statements = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))] if tree else []
    lines = [node for node in statements if node.lineno <= slot.line <= (node.end_lineno or node.lineno)]
    bound = {(alias.asname or alias.name).partition(".")[0] for node in lines for alias in node.names}
    roots = {alias.name.partition(".")[0] for node in lines for alias in node.names}
    return bool(bound) and "*" not in bound and not (bound | roots) & needed


@lru_cache(maxsize=64)
def parsed(file: str) -> ast.Module | None:
    """The source in ``file``; None if it cannot be read."""
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None
