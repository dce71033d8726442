"""What one pass over a syntax tree found: parents, scopes, and calls, names and attributes by what they are called."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from mpdiag.source.scopes import FUNCTIONS, Binding, Scope

Loop = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: What may denote a function or a class.
_DENOTES = (ast.Attribute, ast.Call, ast.IfExp, ast.Lambda, ast.Name)
_BLOCKS = ("body", "orelse", "finalbody", "handlers")


class Tree:
    """The facts of a module, in the order of the source, and how its nodes stand to each other.

    Args:
        root: the module; `mpdiag.source.reading.read` fills in the rest.
    """

    def __init__(self, root: ast.Module) -> None:
        self.root = root
        self.module = Scope(root, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        #: The scope in which a statement runs, and the scopes that definitions and comprehensions open.
        self.homes: dict[ast.AST, Scope] = {}
        self.opened: dict[ast.AST, Scope] = {}
        #: The first parts of the modules that are imported.
        self.imported: set[str] = set()
        #: Calls by the last part of what is called: ``pool.map(…)`` is a "map"; what has no name comes under "".
        self.calls: defaultdict[str, list[ast.Call]] = defaultdict(list)
        #: Calls by the function, lambda or module whose code they are.
        self.inside: defaultdict[ast.AST, list[ast.Call]] = defaultdict(list)
        self.names: defaultdict[str, list[ast.Name]] = defaultdict(list)
        self.attributes: defaultdict[str, list[ast.Attribute]] = defaultdict(list)
        #: Subscripts that are assigned, changed or deleted.
        self.stores: list[ast.Subscript] = []
        #: What each function returns, and the functions that yield.
        self.returned: defaultdict[ast.AST, list[ast.expr]] = defaultdict(list)
        self.generators: set[ast.AST] = set()
        #: What is put into containers, by the last part of their name.
        self.put: defaultdict[str, list[tuple[ast.expr, ast.expr]]] = defaultdict(list)

    def scope(self, node: ast.AST) -> Scope:
        """The scope in which ``node`` is evaluated."""
        inner = node
        while (home := self.homes.get(inner)) is None:
            outer = self.parents.get(inner)
            if outer is None:
                return self.module
            if outer in self.opened and not isinstance(outer, ast.stmt) and not isinstance(inner, ast.arguments):
                return self.opened[outer]
            inner = outer
        return home

    @cached_property
    def aliases(self) -> frozenset[str]:
        """Names that stand for a class, or for something of another name; and what is called without a name."""
        scopes = (self.module, *self.opened.values())
        tables = [table for scope in scopes for table in (scope.bindings, scope.attributes)]
        renamed = [
            name for table in tables for name, bound in table.items() if any(_renames(name, each) for each in bound)
        ]
        return frozenset({"", *renamed})

    def calls_as(self, *words: str) -> list[ast.Call]:
        """The calls of what may bear one of the names, itself or by an alias, as they stand in the file."""
        found = [call for word in self.aliases.union(words) for call in self.calls.get(word, ())]
        return sorted(
            found, key=lambda call: (call.lineno, call.col_offset, -(call.end_lineno or 0), -(call.end_col_offset or 0))
        )

    def qualified(self, node: ast.AST) -> str | None:
        """The function or class in which ``node`` stands, such as ``Reader.run``; None at the top level."""
        scope: Scope | None = self.scope(node)
        parts: list[str] = []
        while scope is not None:
            if isinstance(scope.node, (*FUNCTIONS, ast.ClassDef)):
                parts.append(scope.node.name)
            scope = scope.parent
        return ".".join(reversed(parts)) or None

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that ``node`` is or stands in."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of which ``statement`` is one."""
        outer = self.parents[statement]
        for field in _BLOCKS:
            block = getattr(outer, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def following(self, statement: ast.stmt) -> ast.stmt | None:
        """The next statement of the same block."""
        block = self.block(statement)
        place = block.index(statement) + 1
        return block[place] if place < len(block) else None

    def within(self, node: ast.AST, outer: ast.AST) -> bool:
        """Whether ``node`` is ``outer`` or stands in it."""
        inner: ast.AST | None = node
        while inner is not None and inner is not outer:
            inner = self.parents.get(inner)
        return inner is outer

    def around(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """What stands around ``node``, up to its function or the module: from the inside out, each with its child."""
        inner, outer = node, self.parents.get(node)
        while outer is not None:
            yield inner, outer
            if isinstance(outer, (*FUNCTIONS, ast.Lambda)):
                return
            inner, outer = outer, self.parents.get(outer)

    def caught(self, node: ast.AST) -> bool:
        """Whether what ``node`` raises may be caught in the same function."""
        return any(
            isinstance(outer, ast.Try) and inner in outer.body and outer.handlers for inner, outer in self.around(node)
        )

    def loop(self, node: ast.AST) -> Loop | None:
        """The innermost loop of the same function that repeats ``node``."""
        inner, outer = node, self.parents.get(node)
        while outer is not None and not isinstance(outer, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            if isinstance(outer, (ast.For, ast.AsyncFor)) and inner in outer.body:
                return outer
            if isinstance(outer, ast.While) and inner not in outer.orelse:
                return outer
            if isinstance(outer, COMPREHENSIONS) and inner is not outer.generators[0]:
                return outer
            inner, outer = outer, self.parents.get(outer)
        return None


def _renames(name: str, binding: Binding) -> bool:
    """Whether what ``name`` stands for may be called otherwise where it is made, or be a class."""
    if binding.how == "import":
        return binding.origin.rpartition(".")[2] != name
    return isinstance(binding.node, ast.ClassDef) or (
        binding.how in ("value", "entered") and isinstance(binding.value, _DENOTES)
    )
