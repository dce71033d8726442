"""Weaves taps into the source of a module, keeping file name and lines, so that tracebacks stay what they were."""

from __future__ import annotations

import ast
import copy
import itertools
import marshal
import os
import re
from types import CodeType
from typing import Union

from .layout import GATES, KIND, LEAVES, SEEN_LONG, SUMMED

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]

#: Leaving the loop at once is cheaper than to stay in it, but only a whole function can end without what comes after.
TIMED = """\
for _mpd_n in {gate}:
    PLAIN
    break
else:
    _mpd_t = {begin}
    _mpd_r = _mpd
    try:
        WATCHED
    finally:
        {end}(_mpd_t, _mpd_clock(), {size}, {empty}{more})
"""
#: The same for doings of which a long one among many short ones must not go by untimed: it may be all that matters.
#: Floats are added and compared in a third of the time that nanoseconds take, which are ints of two digits.
SEEN = TIMED.replace(
    "    PLAIN\n",
    """\
    _mpd_r = _mpd
    _mpd_t = _mpd_seconds() + {long}
    try:
        WATCHED
    finally:
        if _mpd_seconds() > _mpd_t:
            {end}(_mpd.missed({kind}, {thing}, _mpd_t - {long}), _mpd_clock(), {size}, {empty})
""",
)
#: Those that are not long are added up, until they have taken so long that one is timed for them: by itself, one that
#: takes twice as long is twice as often that one.
ADDED_UP = TIMED.replace(
    "    PLAIN\n",
    """\
    _mpd_r = _mpd
    _mpd_t = _mpd_seconds()
    try:
        WATCHED
    finally:
        _mpd_d = _mpd_seconds() - _mpd_t
        if _mpd_d > {long} or _mpd_d > _mpd_left[{kind}]:
            {end}(_mpd.missed({kind}, {thing}, _mpd_t), _mpd_clock(), {size}, {empty})
        else:
            _mpd_left[{kind}] -= _mpd_d
""",
)
BEGIN = "_mpd.begin({kind}, {thing})"
#: Of kinds that come often, all that precedes the event is a look at the clock: more would make the event itself slow.
LIGHT = "_mpd_clock() if _mpd_light[{kind}] else _mpd.begin({kind}, {thing})"
#: The local names of a tap; each has its own, as one may lie within another.
LOCALS = re.compile(r"\b_mpd_[dnrt]\b")
#: In front of a statement's text: it begins like this, instead of containing it.
BEGINS = "^"
_numbers = itertools.count(1)


class Point:
    """One place where a tap goes.

    Args:
        function: its qualified name in the module, as ``Class.method``; empty: the module itself.
        statement: the text of the statement meant, or a part of it; empty: the function's whole body.
    """

    def __init__(self, function: str, statement: str = "") -> None:
        self.function = function
        self.statement = statement

    def apply(self, tree: ast.Module) -> bool:
        """Put the tap in; says whether its place was found."""
        places = functions(tree, self.function) if self.function else [tree]
        return bool([node for node in places if self._into(node)])

    def _into(self, node: Function | ast.Module) -> bool:
        if not self.statement and not isinstance(node, ast.Module):
            body = node.body
            first = 1 if ast.get_docstring(node, clean=False) is not None else 0
            while isinstance(body[first], (ast.Global, ast.Nonlocal)):
                first += 1
            body[first:] = self.woven(body[first:])
            return True
        return self._search(node)

    def _search(self, node: ast.AST) -> bool:
        found = False
        for field in ("body", "orelse", "finalbody", "handlers"):
            children = getattr(node, field, [])
            position = 0
            while isinstance(children, list) and position < len(children):
                child = children[position]
                width = 1
                if isinstance(child, ast.stmt) and self._means(text_of(child)):
                    new = self.woven([child])
                    children[position : position + 1] = new
                    width, found = len(new), True
                elif not isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                    found = self._search(child) or found
                position += width
        return found

    def _means(self, text: str) -> bool:
        if self.statement.startswith(BEGINS):
            return text.startswith(self.statement[1:])
        return self.statement in text

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """What stands in the place of ``body``."""
        raise NotImplementedError


class Timed(Point):
    """A doing that is counted and timed.

    Args:
        kind: what it is, of `layout.KINDS`.
        thing: an expression for what it happens to.
        size: an expression for the bytes moved; ``_mpd_r`` is what the function returns, ``_mpd`` if it raises.
        empty: an expression that says whether nothing was found.
        end: the function to call at its end.
    """

    def __init__(
        self,
        function: str,
        kind: str,
        statement: str = "",
        *,
        thing: str = "None",
        size: str = "0",
        empty: str = "False",
        end: str = "_mpd.end",
    ) -> None:
        super().__init__(function, statement)
        self.number = next(_numbers)
        kind_number = KIND[kind]
        light = kind in LEAVES
        begin = (LIGHT if light else BEGIN).format(kind=kind_number, thing=thing)
        more = f", {kind_number}, {thing}" if light else ""
        parts = {"begin": begin, "size": size, "empty": empty, "end": end, "more": more, "thing": thing}
        long = SEEN_LONG.get(kind)
        text = ADDED_UP if kind in SUMMED else SEEN if long else TIMED
        code = text.format(kind=kind_number, gate=GATES[kind_number], long=long, **parts)
        self.code = LOCALS.sub(lambda name: f"{name[0]}{self.number}", code)

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Counted, and now and then timed."""
        new = parsed(self.code, body[0])
        choice = new[0]
        assert isinstance(choice, ast.For)
        watched = choice.orelse[2]
        assert isinstance(watched, ast.Try)
        seen = choice.body[-2]
        before = copy.deepcopy(body)
        result = f"_mpd_r{self.number}"
        watched.body[:] = [
            *Returns(result).visit(ast.Module(body, [])).body,
            *parsed(f"{result} = None", body[-1]),
        ]
        if isinstance(seen, ast.Try):
            seen.body[:] = copy.deepcopy(watched.body)
        elif self.statement:
            choice.body[:1] = before
        else:
            del choice.body[0]
            choice.orelse += parsed("return None", body[-1])
            new += before
        return new


class Where(Point):
    """A tap for those times when a condition holds.

    Args:
        condition: an expression.
        tap: what is put in where it holds.
    """

    def __init__(self, condition: str, tap: Point) -> None:
        super().__init__(tap.function, tap.statement)
        self.condition = condition
        self.tap = tap

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """With the tap and without."""
        new = parsed(f"if {self.condition}: pass\nelse: pass", body[0])
        choice = new[0]
        assert isinstance(choice, ast.If)
        choice.body, choice.orelse = self.tap.woven(copy.deepcopy(body)), body
        return new


class Needed(Point):
    """A call that is made only where it would do something: what that saves pays for taps."""

    def __init__(self, function: str, statement: str, condition: str) -> None:
        super().__init__(function, statement)
        self.condition = condition

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements, where the condition holds."""
        new = parsed(f"if {self.condition}: pass", body[0])
        assert isinstance(new[0], ast.If)
        new[0].body = body
        return new


class Free(Point):
    """A ``with`` statement over a lock that is free: neither of the two functions of a lock written in Python runs.

    Args:
        lock: the lock, as the statement names it.
        inner: the attribute with the lock written in C.
    """

    def __init__(self, function: str, lock: str, inner: str) -> None:
        super().__init__(function, f"^with {lock}:")
        self.code = f"""\
try:
    _mpd_lock = {lock}.{inner}
    _mpd_free = _mpd_lock.acquire(False)
except AttributeError:
    _mpd_free = False
if _mpd_free:
    try:
        pass
    finally:
        _mpd_lock.release()
else:
    pass
"""

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """With a free lock, or as it was."""
        new = parsed(self.code, body[0])
        choice = new[1]
        assert isinstance(body[0], ast.With)
        assert isinstance(choice, ast.If)
        held = choice.body[0]
        assert isinstance(held, ast.Try)
        held.body, choice.orelse = copy.deepcopy(body[0].body), body
        return new


class Short(Point):
    """A shorter way through a function, where a condition holds; its last statement is the one of the longer way.

    Args:
        condition: an expression.
        code: a statement that does the same as the whole function does.
    """

    def __init__(self, function: str, condition: str, code: str) -> None:
        super().__init__(function)
        self.condition = condition
        self.code = code

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The short way in front of the long one."""
        new = parsed(f"if {self.condition}: return", body[0])
        assert isinstance(new[0], ast.If)
        new[0].body[:0] = parsed(self.code, body[-1])
        return [*new, *body]


class Kept(Point):
    """Statements that run after the value of a ``return`` is known, which they see as ``_mpd_r``."""

    def __init__(self, function: str, statement: str, code: str) -> None:
        super().__init__(function, statement)
        self.code = code

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The value, the new statements, the return."""
        value, back = Returns("_mpd_r").visit(ast.Module(body, [])).body
        return [value, *parsed(self.code, body[0]), back]


class Insert(Point):
    """Statements that run before (or after) a statement, or at the start of a function."""

    def __init__(self, function: str, code: str, *, before: str = "", after: str = "") -> None:
        super().__init__(function, before or after)
        self.code = code
        self.after = bool(after)

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The new ones and the old."""
        new = parsed(self.code, body[0])
        return [*body, *new] if self.after else [*new, *body]


class Replace(Point):
    """Other statements that do the same as a statement or a whole function; those of before keep their places."""

    def __init__(self, function: str, code: str, statement: str = "") -> None:
        super().__init__(function, statement)
        self.code = code

    def woven(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The other statements."""
        before = {ast.unparse(each): each for each in body}
        return [copy.deepcopy(before.get(ast.unparse(each), each)) for each in parsed(self.code, body[0])]


class Returns(ast.NodeTransformer):
    """Has ``return X`` keep X in the variable ``name``, where the tap can see it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        """Two statements for one."""
        value = node.value or ast.Constant(None)
        kept = ast.Assign([ast.Name(self.name, ast.Store())], value)
        back = ast.Return(ast.Name(self.name, ast.Load()))
        return [ast.fix_missing_locations(ast.copy_location(each, node)) for each in (kept, back)]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Functions within return for themselves."""
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Likewise."""
        return node


def text_of(statement: ast.stmt) -> str:
    """The text of a statement, as Python 3.11 and later write it: no parentheses around several targets.

    Of those that have others in them only ``with`` can be meant, by its first line.
    """
    if hasattr(statement, "body"):
        return ast.unparse(statement).partition("\n")[0] if isinstance(statement, ast.With) else ""
    text = ast.unparse(statement)
    if isinstance(statement, ast.Assign) and text.startswith("("):
        return text[1:].replace(") = ", " = ", 1)
    return text


def functions(tree: ast.AST, name: str) -> list[Function]:
    """The functions of that qualified name; several where a module defines one per system."""
    first, _, rest = name.partition(".")
    found: list[Function] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.If, ast.Try)):
            found += functions(node, name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == first:
            found += functions(node, rest) if rest else [node] if not isinstance(node, ast.ClassDef) else []
    return found


def parsed(code: str, like: ast.stmt) -> list[ast.stmt]:
    """The statements in ``code``, all on the first line of ``like``."""
    new = ast.parse(code).body
    for statement in new:
        for node in ast.walk(statement):
            if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.keyword)):
                ast.copy_location(node, like)
                if like.end_lineno != like.lineno:  # else its line may be the last
                    node.end_lineno, node.end_col_offset = node.lineno, node.col_offset
    return new


def woven(name: str, source: str) -> tuple[ast.Module, list[Point]]:
    """The module's tree with its taps, and the points that were not found in it."""
    from .points import POINTS

    tree = ast.parse(source)
    missed = [point for point in POINTS[name] if not point.apply(tree)]
    return tree, missed


def compiled(name: str, path: str) -> tuple[CodeType, list[int]]:
    """The woven code of the module ``name`` in the file ``path``, and the kinds of events that pass gates in it."""
    import tokenize

    with tokenize.open(path) as file:
        source = file.read()
    tree, _ = woven(name, source)
    gates = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}.intersection(GATES)
    return compile(tree, path, "exec", dont_inherit=True), sorted(map(GATES.index, gates))


def keep(woven: tuple[CodeType, list[int]], path: str) -> None:
    """Put what `compiled` gave into the cache: whole or not at all."""
    partial = f"{path}.{os.getpid()}"
    try:
        with open(partial, "xb") as file:
            file.write(marshal.dumps(woven))
        os.replace(partial, path)
    except OSError:
        pass
