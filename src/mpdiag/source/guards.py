"""Which code runs when the file is imported, as the children of spawn and forkserver do, and which is guarded."""

from __future__ import annotations

import ast

from mpdiag.source.scopes import FUNCTIONS
from mpdiag.source.ways import EITHER, FAILS, HOLDS, Ways

_OPPOSITE = (ast.NotEq, ast.NotIn, ast.IsNot)


class Guards(Ways):
    """Answers whether children come to code that runs on import."""

    def guarded(self, node: ast.AST) -> bool:
        """Whether, inside its function or at the top level, only the main process comes to ``node``."""
        return self.closed(node)

    def conditional(self, node: ast.AST) -> bool:
        """Whether a condition other than a main guard decides, in its function, if ``node`` is come to."""
        inner, outer = node, self._tree.parents.get(node)
        while outer is not None and not isinstance(outer, (*FUNCTIONS, ast.Lambda)):
            if isinstance(outer, (ast.If, ast.IfExp, ast.Match)) and not self.parts(outer, inner):
                return True
            inner, outer = outer, self._tree.parents.get(outer)
        return False

    def parts(self, outer: ast.AST, inner: ast.AST) -> bool:
        """Whether a condition lets only the main process from ``outer`` to ``inner``."""
        if isinstance(outer, ast.Match) and isinstance(inner, ast.match_case):
            pattern = inner.pattern
            is_main = isinstance(pattern, ast.MatchValue) and _is(pattern.value, "__main__")
            return is_main and _is_name(outer.subject)
        return super().parts(outer, inner)

    def _plain(self, test: ast.expr) -> int:
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            says = self._compared(test.left, test.comparators[0])
            return -says if isinstance(test.ops[0], _OPPOSITE) else says
        if isinstance(test, ast.Name):
            values = [each.value for each in self._things.bindings(test)]
            return self.says(values[0]) if len(values) == 1 and values[0] is not None else _never(test.id)
        if isinstance(test, ast.Attribute):
            asked = test.attr == "daemon" and isinstance(test.value, ast.Call) and self._things.concept(test.value.func)
            return HOLDS if asked == "multiprocessing.current_process" else _never(test.attr)
        return EITHER

    def _compared(self, left: ast.expr, right: ast.expr) -> int:
        for one, other in ((left, right), (right, left)):
            if _is_name(one):
                return FAILS if _is(other, "__main__") else HOLDS if _is(other, "__mp_main__") else EITHER
            if isinstance(one, ast.Attribute) and one.attr == "name" and _is(other, "MainProcess"):
                return FAILS
            if isinstance(one, ast.Call) and isinstance(other, ast.Constant) and other.value is None:
                return FAILS if self._things.concept(one.func) == "multiprocessing.parent_process" else EITHER
        return EITHER


def _never(name: str) -> int:
    """Code for type checkers runs nowhere; it counts as guarded."""
    return FAILS if name == "TYPE_CHECKING" else EITHER


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__name__"


def _is(node: ast.expr, text: str) -> bool:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return bool(node.elts) and all(_is(each, text) for each in node.elts)
    return isinstance(node, ast.Constant) and node.value == text
