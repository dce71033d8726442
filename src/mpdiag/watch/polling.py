"""Loops that only ask whether something is there or done, without a pause, as the source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from mpdiag.watch.bindings import names_in
from mpdiag.watch.imports import parsed
from mpdiag.watch.invariance import called, holds, innermost

#: Calls that come back at once and tell whether something is there or done.
_ASKING = "active_children done empty get_nowait is_alive is_set poll qsize ready successful"
ASKING = frozenset(_ASKING.split())
#: Calls that take no time worth speaking of, among such.
_PASSING = "all any bool dict enumerate filter items iter keys len list map max min next range set sum tuple values zip"
PASSING = frozenset(_PASSING.split())
#: What tells of others without a call.
TELLING = frozenset({"exitcode", "value"})


def spinning(file: str, function: str, line: int) -> bool:
    """Whether a line is in a loop that does nothing but ask until the answer is another; False in doubt.

    Args:
        file: the source file.
        function: the function that runs there, as its code object is called.
        line: the line in it.
    """
    loops = around(file, function, line)
    return any(asks(loop) and not any(holds(each, line) for each in answered(loop.body)) for loop in loops)


def pausing(file: str, function: str, line: int) -> bool:
    """Whether a line that asks is in a loop that sleeps between its questions; False in doubt. Arguments as above."""
    inside = (node for loop in around(file, function, line) for node in ast.walk(loop))
    return any(isinstance(node, ast.Call) and called(node) == "sleep" for node in inside)


def around(file: str, function: str, line: int) -> list[ast.While]:
    """The loops of a function that a line of it is in."""
    tree = parsed(file)
    scope = (innermost(tree, function, line) or tree) if tree else None
    return [node for node in ast.walk(scope) if isinstance(node, ast.While) and holds(node, line)] if scope else []


def asks(loop: ast.While) -> bool:
    """Whether all that always runs in a loop are questions, and there is one."""
    always = [*ast.walk(loop.test), *(node for statement in loop.body for node in unconditional(statement))]
    calls = [node for node in always if isinstance(node, ast.Call)]
    names = {called(call) for call in calls}
    told = any(isinstance(node, ast.Attribute) and node.attr in TELLING for node in always)
    pausing = any(isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.Raise)) for node in always)
    waits = any(called(call) == "poll" and (call.args or call.keywords) for call in calls)
    return not pausing and not waits and names <= ASKING | PASSING and bool(told or names & ASKING or idle(loop))


def idle(loop: ast.While) -> bool:
    """Whether a loop has no body, and its condition is for others to change."""
    nothing = all(isinstance(statement, (ast.Pass, ast.Continue)) for statement in loop.body)
    return nothing and bool(names_in(loop.test))


def unconditional(statement: ast.stmt) -> Iterable[ast.AST]:
    """The nodes of a statement that run whatever the answer to a question in it is."""
    if isinstance(statement, ast.If) and question(statement.test):
        return [*ast.walk(statement.test), *(node for each in statement.orelse for node in unconditional(each))]
    if isinstance(statement, ast.Try) and question(statement.body[0]):
        handled = [each for handler in statement.handlers for each in handler.body]
        asked = [node for node in ast.walk(statement.body[0]) if isinstance(node, ast.Call) and called(node) in ASKING]
        return [*asked, *(node for each in handled for node in unconditional(each))]
    if isinstance(statement, ast.For):
        return [*ast.walk(statement.iter), *(node for each in statement.body for node in unconditional(each))]
    return ast.walk(statement)


def answered(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    """The statements that run only when something is there."""
    for statement in body:
        if isinstance(statement, ast.If) and question(statement.test):
            yield from statement.body
        elif isinstance(statement, ast.Try) and question(statement.body[0]):
            yield from statement.body[1:]
        elif isinstance(statement, ast.For):
            yield from answered(statement.body)


def question(node: ast.AST) -> bool:
    """Whether something is asked in a node."""
    return any(
        (isinstance(each, ast.Call) and called(each) in ASKING)
        or (isinstance(each, ast.Attribute) and each.attr in TELLING)
        for each in ast.walk(node)
    )
