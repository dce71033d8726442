"""Ways through a function that a test closes to somebody: to children, or to whoever passes a certain argument."""

from __future__ import annotations

import ast

from mpdiag.source.scopes import FUNCTIONS
from mpdiag.source.things import Things
from mpdiag.source.tree import Tree

#: What a test comes to for those in question: it fails, it holds, or either.
FAILS, HOLDS, EITHER = 1, -1, 0
_LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)


class Ways:
    """Answers whether somebody, of whom something is known, comes to code.

    Args:
        tree: the module.
        things: what its expressions are.
    """

    def __init__(self, tree: Tree, things: Things) -> None:
        self._tree = tree
        self._things = things

    def closed(self, node: ast.AST) -> bool:
        """Whether, inside its function or at the top level, they do not come to ``node``."""
        inner, outer = node, self._tree.parents.get(node)
        while outer is not None:
            if self.parts(outer, inner) or (isinstance(inner, ast.stmt) and self._cut_off(inner)):
                return True
            if isinstance(outer, (*FUNCTIONS, ast.Lambda)):
                return False
            inner, outer = outer, self._tree.parents.get(outer)
        return False

    def parts(self, outer: ast.AST, inner: ast.AST) -> bool:
        """Whether a condition keeps them from coming from ``outer`` to ``inner``."""
        if isinstance(outer, (ast.If, ast.While)):
            says = self.says(outer.test)
            return says != EITHER and inner is not outer.test and (inner in outer.orelse) == (says == HOLDS)
        if isinstance(outer, ast.IfExp):
            says = self.says(outer.test)
            return (inner is outer.body and says == FAILS) or (inner is outer.orelse and says == HOLDS)
        if isinstance(outer, ast.BoolOp):
            wanted = FAILS if isinstance(outer.op, ast.And) else HOLDS
            before = outer.values[: outer.values.index(inner)] if isinstance(inner, ast.expr) else []
            return any(self.says(each) == wanted for each in before)
        return False

    def _cut_off(self, inner: ast.stmt) -> bool:
        """Whether a statement before ``inner`` ends their way."""
        block = self._tree.block(inner)
        return any(
            isinstance(each, ast.If) and self.says(each.test) == HOLDS and self._ends(each.body[-1])
            for each in block[: block.index(inner)]
        )

    def _ends(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            return self._things.concept(statement.value.func) in ("sys.exit", "exit", "quit", "os._exit")
        return isinstance(statement, _LEAVES)

    def says(self, test: ast.expr) -> int:
        """What a test comes to for them."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return -self.says(test.operand)
        if isinstance(test, ast.BoolOp):
            wins = FAILS if isinstance(test.op, ast.And) else HOLDS
            said = [self.says(each) for each in test.values]
            return wins if wins in said else said[0] if len(set(said)) == 1 else EITHER
        if isinstance(test, ast.NamedExpr):
            return self.says(test.value)
        return self._plain(test)

    def _plain(self, test: ast.expr) -> int:
        """What a test comes to that is not built of others."""
        raise NotImplementedError
