"""Where a variable is used, and how."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mpdiag.source.things import Things
from mpdiag.source.tree import Tree

#: What looks at a value and lets go of it.
_LOOKS = (ast.Assert, ast.BoolOp, ast.Compare, ast.Expr, ast.If, ast.UnaryOp, ast.While)


@dataclass(frozen=True, eq=False)
class Use:
    """One appearance of a variable, other than one that binds it."""

    node: ast.expr
    #: The attribute that is asked for, such as ``start`` in ``p.start()``; empty for the variable itself.
    member: str = ""
    #: The call of that attribute.
    call: ast.Call | None = None
    #: The attribute is assigned.
    stored: bool = False
    #: It is what a ``with`` statement enters.
    entered: bool = False
    #: The value goes somewhere else: it is returned, passed, put into something or bound to another name.
    escapes: bool = False

    @property
    def at(self) -> tuple[int, int]:
        """Sorts uses as they stand in the file."""
        return (self.node.lineno, self.node.col_offset)


def uses(node: ast.expr, tree: Tree, things: Things) -> list[Use]:
    """The uses of the variable that a name, or an attribute of ``self``, denotes, as they stand in the file."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Name):
        owner = tree.scope(node).owner(node.id)
        found = [each for each in tree.names[node.id] if tree.scope(each).owner(node.id) is owner]
    elif isinstance(node, ast.Attribute):
        around = things.class_of(node.value)
        found = [each for each in tree.attributes[node.attr] if around and things.class_of(each.value) is around]
    loads = [each for each in found if isinstance(each, (ast.Name, ast.Attribute)) and isinstance(each.ctx, ast.Load)]
    return sorted((_use(each, tree) for each in loads), key=lambda use: use.at)


def _use(node: ast.expr, tree: Tree) -> Use:
    outer = tree.parents.get(node)
    if isinstance(outer, ast.withitem):
        return Use(node, entered=True)
    if not isinstance(outer, ast.Attribute):
        return Use(node, escapes=not isinstance(outer, _LOOKS) and not _asserts(outer))
    around = tree.parents.get(outer)
    call = around if isinstance(around, ast.Call) and around.func is outer else None
    return Use(node, outer.attr, call, stored=not isinstance(outer.ctx, ast.Load))


def _asserts(node: ast.AST | None) -> bool:
    """Whether it is an assertion of unittest, such as ``self.assertTrue(p)``, or of a mock."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("assert")
