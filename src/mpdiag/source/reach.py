"""Which code of a file tasks come to: through calls, and past the branches that constant arguments switch off."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from mpdiag.source.scopes import FUNCTIONS, Definition, parameters
from mpdiag.source.tasks import Task, Tasks
from mpdiag.source.things import Things
from mpdiag.source.tree import Tree
from mpdiag.source.ways import EITHER, FAILS, HOLDS, Ways

#: What parameters are known to be.
Known = Mapping[ast.arg, Any]

#: So many different sets of arguments of a function are told apart; what further calls pass counts as unknown.
_MOST = 8
_COMPARES: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.NotEq: operator.ne,
}


class Branches(Ways):
    """Answers where a call comes to of which some arguments are known.

    Args:
        tree: the module.
        things: what its expressions are.
        known: the arguments.
    """

    def __init__(self, tree: Tree, things: Things, known: Known) -> None:
        super().__init__(tree, things)
        self._known = known

    def constant(self, node: ast.expr) -> ast.Constant | None:
        """The constant that an expression is, itself or as a parameter that is not bound anew."""
        if isinstance(node, ast.Name):
            bindings = self._things.bindings(node)
            only = bindings[0].node if len(bindings) == 1 else None
            return ast.Constant(self._known[only]) if isinstance(only, ast.arg) and only in self._known else None
        return node if isinstance(node, ast.Constant) else None

    def _plain(self, test: ast.expr) -> int:
        found = self.constant(test)
        if found is not None:
            return HOLDS if found.value else FAILS
        if isinstance(test, ast.Compare) and type(test.ops[0]) in _COMPARES and len(test.ops) == 1:
            left, right = self.constant(test.left), self.constant(test.comparators[0])
            if left is not None and right is not None:
                try:
                    return HOLDS if _COMPARES[type(test.ops[0])](left.value, right.value) else FAILS
                except TypeError:
                    return EITHER
        return EITHER


class Reach:
    """Finds the code that tasks come to.

    Args:
        handed: knows what tasks and calls give to parameters.
        tree: the module.
        things: what its expressions are.
    """

    def __init__(self, handed: Tasks, tree: Tree, things: Things) -> None:
        self._handed = handed
        self._tree = tree
        self._things = things
        self._found: dict[ast.AST, dict[Task, list[Known]]] = {}

    def follow(self, tasks: list[Task]) -> dict[ast.AST, list[Task]]:
        """The functions of the file that run in tasks, with the tasks that lead to each; also what these call."""
        start = Branches(self._tree, self._things, {})
        waiting = [self._entered(self._things.definition(task.function), task, task, start) for task in tasks]
        while waiting:
            function, task, known = waiting.pop()
            if not isinstance(function, (*FUNCTIONS, ast.Lambda)):
                continue
            ways = self._found.setdefault(function, {}).setdefault(task, [])
            if {} in ways or known in ways:
                continue
            ways.append(known if len(ways) < _MOST else {})
            branches = Branches(self._tree, self._things, ways[-1])
            waiting += [
                self._entered(self._things.definition(call.func), task, call, branches)
                for call in self._tree.inside[function]
                if not branches.closed(call)
            ]
        return {function: list(found) for function, found in self._found.items()}

    def _entered(
        self, called: Definition | None, task: Task, by: ast.Call | Task, branches: Branches
    ) -> tuple[Definition | None, Task, Known]:
        """What runs when a function is called, by a task or in it, and which of its parameters are known then."""
        if isinstance(called, ast.ClassDef) and task.how == "run" and task.to.subclass is called:
            called = self._things.method(called, "run")
        if not isinstance(called, FUNCTIONS):
            return called, task, {}
        nodes = (*parameters(called.args), *called.args.kwonlyargs)
        values = {node: self._handed.value(by, node, called) for node in nodes}
        constants = {node: branches.constant(value) for node, value in values.items() if value is not None}
        return called, task, {node: found.value for node, found in constants.items() if found is not None}

    def tasks(self, node: ast.AST) -> list[Task]:
        """The tasks that come to ``node``."""
        ways = self._found.get(self._tree.scope(node).function.node, {})
        return [
            task
            for task, each in ways.items()
            if any(not Branches(self._tree, self._things, known).closed(node) for known in each)
        ]
