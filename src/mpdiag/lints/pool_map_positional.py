"""A second iterable given to a pool's map(), which takes it for the chunk size."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names

MAPS = ("map", "imap", "imap_unordered", "map_async", "starmap", "starmap_async")
#: Methods of which an argument more is a TypeError, whatever it is.
NARROW = {"map": 3, "imap": 3, "imap_unordered": 3, "starmap": 3}
DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
ITERABLES = frozenset(
    {"enumerate", "dict", "filter", "itertools.count", "itertools.cycle", "itertools.repeat", "list", "map", "range"}
    | {"reversed", "set", "sorted", "tuple", "zip"}
)


def inspect(source: Source) -> Iterator[Finding]:
    """Find a third positional argument that surely is no number, and arguments too many."""
    for call, _ in source.methods(names.POOLS, *MAPS):
        assert isinstance(call.func, ast.Attribute)
        plain = not any(isinstance(each, ast.Starred) for each in call.args)
        name = call.func.attr
        if plain and len(call.args) > 2 and (len(call.args) > NARROW.get(name, 9) or is_iterable(source, call.args[2])):
            yield LINT.finding(
                source.place(call.args[2]),
                level="error",
                seen=f"The third argument of {name}() is the chunk size, not a second iterable: this raises a "
                "TypeError.",
                do=f"Use `{'starmap_async' if name.endswith('async') else 'starmap'}(function, zip(first, second))`, "
                "or a partial() for an argument that stays the same.",
            )


def is_iterable(source: Source, node: ast.expr) -> bool:
    """Whether a value surely is no number."""
    node = source.values.origin(node)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    return isinstance(node, (*DISPLAYS, ast.JoinedStr)) or (
        isinstance(node, ast.Call) and source.concept(node.func) in ITERABLES
    )


def fix(source: Source, node: ast.AST) -> Fix | None:
    """Say with starmap() and zip() what map() means elsewhere."""
    call = source.tree.parents[node]
    if not isinstance(call, ast.Call) or call.keywords or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr not in ("map", "map_async") or not all(is_iterable(source, each) for each in call.args[2:]):
        return None
    function, *iterables = (source.code(each) for each in call.args)
    method = call.func.attr.replace("map", "starmap")
    return source.replaced(call, f"{source.code(call.func.value)}.{method}({function}, zip({', '.join(iterables)}))")


LINT: Final = Lint(
    module=__name__,
    id="MP417",
    inspect=inspect,
    fix=fix,
    doc=Doc(
        title="A second iterable for a pool's map()",
        why="The builtin map() and the map() of executors take several iterables; that of a Pool takes one, and its "
        "third argument is the chunk size. It raises a TypeError that speaks of neither.",
        how="A third positional argument of map(), imap(), starmap() and their kin that surely is no number (a list, "
        "a range, a string …), or more arguments than they have.",
        bad="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(pow, [2, 3], [4, 5]))
        """,
        good="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.starmap(pow, zip([2, 3], [4, 5])))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.starmap",),
    ),
)
