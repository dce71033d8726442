"""Where the elements of a value come from, seen through the functions that pass them on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from mpdiag.source.scopes import Binding
from mpdiag.source.tree import Tree

#: Functions whose result has the elements of their first argument.
_SAME = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "deque"})
#: Methods whose result has the elements of the object.
_OWN = frozenset({"values", "copy"})
#: Methods that change a list, dictionary, set or deque.
CHANGES = frozenset(
    {
        *("add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert"),
        *("intersection_update", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault", "sort"),
        *("symmetric_difference_update", "update"),
    }
)
#: Methods that put an argument into a list or the like, with its place.
PUTS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1}


def element_sources(node: ast.expr, path: tuple[int, ...]) -> list[ast.expr]:
    """The containers that hold what iterating over ``node`` gives.

    Args:
        node: what is iterated over.
        path: which part of each element is meant, if these are unpacked.

    Returns:
        Empty when it cannot be told.
    """
    if not isinstance(node, ast.Call):
        return [] if path else [node]
    if isinstance(node.func, ast.Attribute):
        pairs = node.func.attr == "items" and path == (1,)
        return [node.func.value] if pairs or (node.func.attr in _OWN and not path) else []
    name = getattr(node.func, "id", "")
    if name in _SAME and node.args and not path:
        return [node.args[0]]
    if name == "enumerate" and node.args and path[:1] == (1,):
        return element_sources(node.args[0], path[1:]) or ([] if path[1:] else [node.args[0]])
    if name == "zip" and len(path) == 1 and 0 <= path[0] < len(node.args):
        return [node.args[path[0]]]
    return []


def is_empty(node: ast.expr) -> bool:
    """An empty container, to be filled later."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return not node.elts
    if isinstance(node, ast.Dict):
        return not node.values
    return isinstance(node, ast.Call) and not node.args and not node.keywords


class Rows:
    """Looks up the elements of values, and the parts of tuples, that are written out somewhere.

    Args:
        tree: the module.
        bindings: tells what gives a name, or an attribute of ``self``, its value.
        passed: tells what calls and tasks pass for a parameter, and whether it gets each element of that.
        returned: tells what the function that a call calls may return.
    """

    def __init__(
        self,
        tree: Tree,
        bindings: Callable[[ast.expr], Sequence[Binding]],
        passed: Callable[[ast.arg], Iterable[tuple[ast.expr, bool]]],
        returned: Callable[[ast.Call], Sequence[ast.expr]],
    ) -> None:
        self._tree = tree
        self._bindings = bindings
        self._passed = passed
        self._returned = returned

    def put(self, node: ast.Name | ast.Attribute) -> list[ast.expr]:
        """What is put into the container that a name, or an attribute of ``self``, denotes."""
        word = node.id if isinstance(node, ast.Name) else node.attr
        return [value for holder, value in self._tree.put.get(word, ()) if self._same(holder, node)]

    def _same(self, first: ast.expr, second: ast.expr) -> bool:
        """Whether two names, or attributes of ``self``, are one variable."""
        bound, other = self._bindings(first), self._bindings(second)
        return bool(bound) and bool(other) and bound[0] is other[0]

    def parts(self, values: list[ast.expr], path: tuple[int, ...]) -> list[ast.expr]:
        """What unpacking one of the values gives at a place; nothing if one of them is not written out as a tuple."""
        rows = [row for value in values for row in self._tuples(value, 3)]
        fits = len(path) == 1 and all(0 <= path[0] < len(row.elts) for row in rows)
        return [row.elts[path[0]] for row in rows] if fits else []

    def _tuples(self, node: ast.expr, depth: int) -> list[ast.Tuple | ast.List]:
        """The tuples that a value may be, looked up through names, parameters, loops and what functions return."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return [node]
        if isinstance(node, ast.Call):
            ways = [self._tuples(each, depth - 1) for each in self._returned(node)] if depth else []
            return [row for way in ways for row in way] if all(ways) else []
        found: list[ast.expr] = []
        for binding in self._bindings(node) if depth and isinstance(node, ast.Name) else ():
            if binding.how == "parameter" and isinstance(binding.node, ast.arg):
                for value, each in self._passed(binding.node):
                    found += self.elements(value) if each else [value]
            elif binding.value is not None and not binding.path:
                found += self.elements(binding.value) if binding.how == "element" else [binding.value]
        return [row for value in found for row in self._tuples(value, depth - 1)]

    def elements(self, node: ast.expr) -> list[ast.expr]:
        """The elements of a value, as far as they are written out: in a literal, a comprehension, by ``append``."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return node.elts
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return [node.elt]
        if not isinstance(node, ast.Name):
            return []
        bound = [each.value for each in self._bindings(node) if each.how == "value"]
        written = [value for value in bound if value is not None and not isinstance(value, ast.Name)]
        return [*self.put(node), *(each for value in written for each in self.elements(value))]
