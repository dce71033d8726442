"""What gives a name its value, in the source of a function and of its module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
#: An expression that a name's value depends on, and which element of it; None for what cannot be followed.
Source = tuple[ast.expr | None, int | None]

#: Methods that change the object they are called of.
CHANGING = frozenset(
    {"add", "append", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "sort", "update"}
)

#: Names of decorators after which a function runs once for the same arguments: `functools.lru_cache` and its like.
KEEPING = re.compile("cache|memo", re.IGNORECASE)


def of_function(function: Function) -> dict[str, list[Source]]:
    """What each name that the function binds or changes depends on, with the conditions under which it does."""
    found: dict[str, list[Source]] = {}
    changes: dict[str, list[Source]] = {}
    outer: set[str] = set()
    for node, conditions in walk(function.body):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outer.update(node.names)
        for target, value in assigned(node):
            for name, element in elements(target):
                found.setdefault(name, []).extend([(value, element), *((condition, None) for condition in conditions)])
        for name, given in changed(node):
            changes.setdefault(name, []).extend((source, None) for source in (*given, *conditions))
    arguments = function.args
    parameters = {argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for name in (parameters | set(found)) & set(changes):
        found.setdefault(name, []).extend(changes[name])
    return {name: sources for name, sources in found.items() if name not in outer}


def walk(body: list[ast.stmt], conditions: tuple[ast.expr, ...] = ()) -> Iterator[tuple[ast.AST, tuple[ast.expr, ...]]]:
    """The nodes of a body, without those of functions in it, and what decides whether they run."""
    for statement in body:
        yield from _nodes(statement, conditions)


def _nodes(node: ast.AST, conditions: tuple[ast.expr, ...]) -> Iterator[tuple[ast.AST, tuple[ast.expr, ...]]]:
    yield node, conditions
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return
    if isinstance(node, (ast.If, ast.While)):
        conditions = (*conditions, node.test)
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        conditions = (*conditions, node.iter)
    elif isinstance(node, ast.Match):
        conditions = (*conditions, node.subject)
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, conditions)


def assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Targets of a node and what they are given; a loop's target is given its iterable."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value:
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield from ((ast.Name(name), node.iter) for name in names_in(node.target))
    elif isinstance(node, ast.withitem) and node.optional_vars:
        yield node.optional_vars, node.context_expr
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield ast.Name(node.name), None


def elements(target: ast.expr) -> Iterator[tuple[str, int | None]]:
    """The names in a target, with their place in a tuple; deeper ones and what follows a star have none."""
    if isinstance(target, (ast.Tuple, ast.List)):
        starred = False
        for place, element in enumerate(target.elts):
            starred = starred or isinstance(element, ast.Starred)
            plain = isinstance(element, ast.Name) and not starred
            yield from ((name, place if plain else None) for name in names_in(element))
    elif isinstance(target, ast.Name):
        yield target.id, None


def changed(node: ast.AST) -> Iterator[tuple[str, list[ast.expr | None]]]:
    """Names whose object a node changes, by a method or through an element or attribute, and with what."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = root_name(node.func.value)
        if name and node.func.attr in CHANGING:
            yield name, [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete)):
        for target in node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]:
            if not isinstance(target, ast.Name) and (name := root_name(target)):
                yield name, [None]


def root_name(node: ast.expr) -> str | None:
    """Of ``a.b[0].c`` the ``a``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def names_in(node: ast.AST) -> set[str]:
    """All names in a node."""
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


class Module:
    """What the names of a module are.

    Args:
        tree: its source.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.functions = {
            node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        self.classes = {node.name for node in classes}
        methods = [node for each in classes for node in each.body if isinstance(node, Function)]
        names = [node.name for node in methods]
        #: Methods of these classes by name, where only one of the classes has it.
        self.methods = {node.name: node for node in methods if names.count(node.name) == 1}
        #: Local name → what is imported: ``"np"`` → ``"numpy"``, ``"now"`` → ``"time.now"``.
        self.imports: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.imports.update(imported(node))
        bound = {name for node, _ in walk(tree.body) for target, _ in assigned(node) for name, _ in elements(target)}
        #: Values that functions neither rebind nor change.
        self.fixed = bound - set(self.imports) - set(_touched(tree))
        self.unsteady = bound - self.fixed - set(self.imports)


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds, and what they stand for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            root = alias.name.partition(".")[0]
            yield root, root


def renewed(function: Function) -> set[str]:
    """The globals that a function gives a new value before it asks for the old one, if it ever does."""
    declared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    return {name for name in declared if _only_stored(function, name) or _stored_first(function.body, name)}


def _only_stored(function: Function, name: str) -> bool:
    mentions = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    added = any(isinstance(node, ast.AugAssign) and name in names_in(node.target) for node in ast.walk(function))
    return not added and all(isinstance(node.ctx, ast.Store) for node in mentions)


def _stored_first(body: list[ast.stmt], name: str) -> bool:
    """Whether the first statement that mentions ``name``, of those that always run, gives it a value."""
    for statement in body:
        if name not in names_in(statement):
            continue
        if isinstance(statement, ast.With):
            return not any(name in names_in(item) for item in statement.items) and _stored_first(statement.body, name)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value:
            targets = [target for target, _ in assigned(statement)]
            bound = {found for target in targets for found, _ in elements(target)}
            return name in bound and name not in names_in(statement.value)
        return False
    return False


def memoised(function: Function) -> bool:
    """Whether a decorator keeps what the function gave: called again with the same arguments, it does not run."""
    return any(KEEPING.search(_name(each)) for each in function.decorator_list)


def _name(decorator: ast.expr) -> str:
    """The last part of a decorator's name."""
    decorator = decorator.func if isinstance(decorator, ast.Call) else decorator
    return decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")


def _touched(tree: ast.Module) -> Iterator[str]:
    """Names that functions declare global or whose objects they change."""
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Global):
                    yield from node.names
                yield from (name for name, _ in changed(node))
