"""Where the elements of a value come from, seen through the functions that pass them on."""

from __future__ import annotations

import ast

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
