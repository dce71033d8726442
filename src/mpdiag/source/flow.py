"""Which of several bindings of a name holds where it is read, as far as the order of statements tells."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mpdiag.source.scopes import Binding
from mpdiag.source.tree import Tree


def reaching(node: ast.Name, bindings: Sequence[Binding], tree: Tree) -> Sequence[Binding]:
    """The one binding that ``node`` reads, if it is certain; else all of them.

    It is certain when the last one before ``node`` stands in a block around it, and no loop brings a later one back.
    """
    function = tree.scope(node).function
    if any(each.scope.function is not function for each in bindings):
        return bindings  # a closure may run at any time
    at = (node.lineno, node.col_offset)
    before = [each for each in bindings if _at(each) < at]
    last = max(before, key=_at, default=None)
    if last is None or not _around(last.node, node, tree):
        return bindings
    loop = tree.loop(node)
    while loop is not None and not tree.within(last.node, loop):
        if any(tree.within(each.node, loop) for each in bindings):
            return bindings
        loop = tree.loop(loop)
    return [last]


def _at(binding: Binding) -> tuple[int, int]:
    node = binding.value if isinstance(binding.node, (ast.withitem, ast.comprehension)) else binding.node
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def _around(bound: ast.AST, node: ast.AST, tree: Tree) -> bool:
    """Whether whoever comes to ``node`` has come by what binds the name."""
    if isinstance(bound, ast.arg):
        return True
    statement = tree.statement(bound)
    if tree.within(node, statement):
        return isinstance(statement, (ast.For, ast.AsyncFor, ast.With, ast.AsyncWith))
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return False  # it may have had no round
    block = tree.block(statement)
    inner: ast.AST | None = node
    while inner is not None and not (isinstance(inner, ast.stmt) and inner in block):
        inner = tree.parents.get(inner)
    return inner is not None
