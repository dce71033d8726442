"""In which order the code of a function runs, and what stands around it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from mpdiag.source import names
from mpdiag.source.elements import PUTS
from mpdiag.source.things import Things
from mpdiag.source.tree import COMPREHENSIONS, Tree

#: A Value or an Array that is entered holds its own lock.
_LOCKS = names.SYNC | names.SHARED | names.THREAD_SYNC | {f"proxy.{name.rpartition('.')[2]}" for name in names.SYNC}
#: What a value may be an element of.
_CONTAINERS = (ast.List, ast.Tuple, ast.Set, ast.Dict, *COMPREHENSIONS)


@dataclass(frozen=True)
class Fate:
    """What becomes of a value: nobody takes it, a variable keeps it, the function returns it, or it is used at once."""

    how: Literal["dropped", "kept", "returned", "used"]
    #: The name or attribute that keeps it, itself or in a container.
    keeper: ast.expr | None = None


class Order:
    """Answers how the statements of a function stand to each other.

    Args:
        tree: the module.
        things: what its expressions are.
    """

    def __init__(self, tree: Tree, things: Things) -> None:
        self._tree = tree
        self._things = things

    def leads(self, first: ast.AST, second: ast.AST) -> bool:
        """Whether the code of one function may come from ``first`` down to ``second``, without going round a loop."""
        if _position(second) <= _position(first):
            return False
        above = {outer: inner for inner, outer in self._tree.around(second)}
        for inner, outer in self._tree.around(first):
            after = above.get(outer)
            if isinstance(inner, ast.stmt) and self._leaves(inner, after, above):
                return False
            if after is not None:
                return not _apart(outer, inner, after)
        return False

    def _leaves(self, statement: ast.stmt, until: ast.AST | None, above: dict[ast.AST, ast.AST]) -> bool:
        """Whether the block of a statement surely leaves for somewhere else, before it comes to ``until``."""
        block = self._tree.block(statement)
        for each in block[block.index(statement) :]:
            if each is until:
                return False
            if isinstance(each, (ast.Return, ast.Raise)):
                return True
            if isinstance(each, (ast.Break, ast.Continue)):
                loop = self._tree.loop(each)
                return loop is not None and loop in above
        return False

    def fate(self, node: ast.expr) -> Fate:
        """What becomes of the value of an expression, also as an element of a container."""
        inner, outer = node, self._tree.parents.get(node)
        while isinstance(outer, _CONTAINERS):  # the iterable of a comprehension stands in a node of its own
            inner, outer = outer, self._tree.parents.get(outer)
        if isinstance(outer, ast.Subscript) and outer.slice is inner and isinstance(outer.ctx, ast.Store):
            return Fate("kept", outer.value)
        if isinstance(outer, ast.Expr):
            return Fate("dropped")
        if isinstance(outer, ast.Return):
            return Fate("returned")
        if isinstance(outer, (ast.Assign, ast.AnnAssign)):
            targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
            target = targets[0].value if isinstance(targets[0], ast.Subscript) else targets[0]
            plain = len(targets) == 1 and isinstance(target, (ast.Name, ast.Attribute))
            return Fate("kept", target) if plain else Fate("used")
        if isinstance(outer, ast.Call) and inner in outer.args and isinstance(outer.func, ast.Attribute):
            return Fate("kept", outer.func.value) if outer.func.attr in PUTS else Fate("used")
        return Fate("used")

    def handled(self, node: ast.AST) -> set[str]:
        """What is caught around ``node`` in its function: the last parts of the names of exceptions."""
        found: set[str] = set()
        for inner, outer in self._tree.around(node):
            if isinstance(outer, ast.Try) and inner in outer.body:
                for handler in outer.handlers:
                    found.update(self._names(handler.type))
            elif isinstance(outer, (ast.With, ast.AsyncWith)) and inner in outer.body:
                for item in outer.items:
                    call = item.context_expr
                    if isinstance(call, ast.Call) and self._things.concept(call.func) == "contextlib.suppress":
                        found.update(name for each in call.args for name in self._names(each))
        return found

    def _names(self, caught: ast.expr | None) -> list[str]:
        if caught is None:
            return ["BaseException"]
        each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
        return [ast.unparse(name).rpartition(".")[2] for name in each]

    def locked(self, node: ast.AST) -> bool:
        """Whether a lock, or something that may be one, is held at ``node``."""
        function = self._tree.scope(node).function.node
        return any(self._locks(expression) for expression in self.held(node)) or any(
            isinstance(call.func, ast.Attribute) and self.leads(call, node)
            for call in self._tree.calls["acquire"]
            if self._tree.scope(call).function.node is function
        )

    def held(self, node: ast.AST) -> list[ast.expr]:
        """What the ``with`` statements around ``node`` enter, in its function."""
        return [
            item.context_expr
            for inner, outer in self._tree.around(node)
            if isinstance(outer, (ast.With, ast.AsyncWith)) and inner in outer.body
            for item in outer.items
        ]

    def _locks(self, entered: ast.expr) -> bool:
        thing = self._things.thing(entered)
        if thing is not None:
            return thing.kind in _LOCKS
        return not isinstance(entered, ast.Call) or "lock" in ast.unparse(entered.func).lower()


def _position(node: ast.AST) -> tuple[int, int]:
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def _apart(outer: ast.AST, first: ast.AST, second: ast.AST) -> bool:
    """Whether two children of a node are branches of which only one is taken."""
    if isinstance(outer, ast.If):
        return first in outer.body and second in outer.orelse
    if isinstance(outer, ast.IfExp):
        return first is outer.body and second is outer.orelse
    if isinstance(outer, ast.Match):
        return first is not second and isinstance(first, ast.match_case) and isinstance(second, ast.match_case)
    if isinstance(outer, ast.Try):
        return first is not second and first in outer.handlers and (second in outer.handlers or second in outer.orelse)
    return False
