"""Which arguments differ between the processes that a program starts at one place, as far as its source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from mpdiag.watch.bindings import names_in
from mpdiag.watch.imports import parsed


def varying(file: str | None, target: str) -> str | None:
    """The positions of arguments that loops change, comma-separated; None if the source does not tell.

    Args:
        file: where the processes are started.
        target: the function that they run, with its module.
    """
    tree = parsed(file) if file else None
    if tree is None:
        return None
    found: set[int] = set()
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and runs(call, target)]
    for call in calls:
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "args"), ast.Tuple([]))
        if not isinstance(given, (ast.Tuple, ast.List)):
            return None
        scope = enclosing(tree, call)
        changing = set(changed_in_loops(scope, call))
        found |= {place for place, value in enumerate(given.elts) if names_in(value) & changing}
        if not found and any(names_in(value) & parameters(scope) for value in given.elts):
            return None  # who calls this function decides
    return ",".join(map(str, sorted(found))) if calls else None


def runs(call: ast.Call, target: str) -> bool:
    """Whether a call makes a process that runs ``target``."""
    for keyword in call.keywords:
        if keyword.arg == "target":
            value = keyword.value.func if isinstance(keyword.value, ast.Call) else keyword.value
            name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", None)
            return name == target.rpartition(".")[2]
    return False


def enclosing(tree: ast.Module, call: ast.Call) -> ast.AST:
    """The innermost function around ``call``; the module, if there is none."""
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    around = [node for node in functions if any(child is call for child in ast.walk(node))]
    return max(around, key=lambda node: node.lineno, default=tree)


def parameters(scope: ast.AST) -> set[str]:
    """The parameters of a function."""
    if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return set()
    return {argument.arg for argument in (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)}


def changed_in_loops(scope: ast.AST, call: ast.Call) -> Iterator[str]:
    """The names that loops around ``call`` bind, in their heads or in their bodies."""
    around = partial(holds, call=call)
    for node in ast.walk(scope):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) and around(node):
            yield from (child.id for child in ast.walk(node) if isinstance(child, ast.Name) and stored(child))
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and around(node):
            yield from (name for generator in node.generators for name in names_in(generator.target))


def holds(node: ast.AST, call: ast.Call) -> bool:
    """Whether ``call`` is in ``node``."""
    return any(child is call for child in ast.walk(node))


def stored(name: ast.Name) -> bool:
    """Whether a value is bound to it there."""
    return isinstance(name.ctx, ast.Store)
