"""Which code runs when the file is imported, as the children of spawn and forkserver do, and which is guarded."""

from __future__ import annotations

import ast

from mpdiag.source.scopes import FUNCTIONS
from mpdiag.source.things import Things
from mpdiag.source.tree import Tree

#: What a test says of the process: true in the main one only, false there only, or neither.
_MAIN, _CHILD, _EITHER = 1, -1, 0
_OPPOSITE = (ast.NotEq, ast.NotIn, ast.IsNot)
_ENDS = (ast.Raise, ast.Return, ast.Continue, ast.Break)


class Guards:
    """Answers whether code runs on import.

    Args:
        tree: the module.
        things: what its expressions are.
    """

    def __init__(self, tree: Tree, things: Things) -> None:
        self._tree = tree
        self._things = things

    def guarded(self, node: ast.AST) -> bool:
        """Whether, inside its function or at the top level, only the main process comes to ``node``."""
        inner, outer = node, self._tree.parents.get(node)
        while outer is not None:
            if self._selects(outer, inner) or (isinstance(inner, ast.stmt) and self._cut_off(inner)):
                return True
            if isinstance(outer, (*FUNCTIONS, ast.Lambda)):
                return False
            inner, outer = outer, self._tree.parents.get(outer)
        return False

    def conditional(self, node: ast.AST) -> bool:
        """Whether a condition other than a main guard decides, in its function, if ``node`` is come to."""
        inner, outer = node, self._tree.parents.get(node)
        while outer is not None and not isinstance(outer, (*FUNCTIONS, ast.Lambda)):
            if isinstance(outer, (ast.If, ast.IfExp, ast.Match)) and not self._selects(outer, inner):
                return True
            inner, outer = outer, self._tree.parents.get(outer)
        return False

    def _selects(self, outer: ast.AST, inner: ast.AST) -> bool:
        """Whether a condition lets only the main process from ``outer`` to ``inner``."""
        if isinstance(outer, (ast.If, ast.While)):
            says = self.says(outer.test)
            return says != _EITHER and inner is not outer.test and (inner in outer.orelse) == (says == _CHILD)
        if isinstance(outer, ast.IfExp):
            says = self.says(outer.test)
            return (inner is outer.body and says == _MAIN) or (inner is outer.orelse and says == _CHILD)
        if isinstance(outer, ast.BoolOp):
            wanted = _MAIN if isinstance(outer.op, ast.And) else _CHILD
            before = outer.values[: outer.values.index(inner)] if isinstance(inner, ast.expr) else []
            return any(self.says(each) == wanted for each in before)
        if isinstance(outer, ast.Match) and isinstance(inner, ast.match_case):
            pattern = inner.pattern
            is_main = isinstance(pattern, ast.MatchValue) and _is(pattern.value, "__main__")
            return is_main and _is_name(outer.subject)
        return False

    def _cut_off(self, inner: ast.stmt) -> bool:
        """Whether a statement before ``inner`` ends the way of all other processes."""
        block = self._tree.block(inner)
        return any(
            isinstance(each, ast.If) and self.says(each.test) == _CHILD and self._ends(each.body[-1])
            for each in block[: block.index(inner)]
        )

    def _ends(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            named = self._things.name(statement.value.func)
            return named is not None and named.concept in ("sys.exit", "exit", "quit", "os._exit")
        return isinstance(statement, _ENDS)

    def says(self, test: ast.expr) -> int:
        """What a test says of the process that passes it."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return -self.says(test.operand)
        if isinstance(test, ast.BoolOp):
            wins = _MAIN if isinstance(test.op, ast.And) else _CHILD
            said = [self.says(each) for each in test.values]
            return wins if wins in said else said[0] if len(set(said)) == 1 else _EITHER
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            says = self._compared(test.left, test.comparators[0])
            return -says if isinstance(test.ops[0], _OPPOSITE) else says
        if isinstance(test, ast.NamedExpr):
            return self.says(test.value)
        if isinstance(test, ast.Name):
            values = [each.value for each in self._things.bindings(test)]
            return self.says(values[0]) if len(values) == 1 and values[0] is not None else _never(test.id)
        if isinstance(test, ast.Attribute):
            return _never(test.attr)
        return _EITHER

    def _compared(self, left: ast.expr, right: ast.expr) -> int:
        for one, other in ((left, right), (right, left)):
            if _is_name(one):
                return _MAIN if _is(other, "__main__") else _CHILD if _is(other, "__mp_main__") else _EITHER
            if isinstance(one, ast.Attribute) and one.attr == "name" and _is(other, "MainProcess"):
                return _MAIN
            if isinstance(one, ast.Call) and isinstance(other, ast.Constant) and other.value is None:
                named = self._things.name(one.func)
                return _MAIN if named and named.concept == "multiprocessing.parent_process" else _EITHER
        return _EITHER


def _never(name: str) -> int:
    """Code for type checkers runs nowhere; it counts as guarded."""
    return _MAIN if name == "TYPE_CHECKING" else _EITHER


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__name__"


def _is(node: ast.expr, text: str) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return bool(node.elts) and all(_is(each, text) for each in node.elts)
    return isinstance(node, ast.Constant) and node.value == text
