"""Work that is handed to other processes and threads: what runs there, and what it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mpdiag.source import names
from mpdiag.source.scopes import FUNCTIONS, Function, default, is_static, parameters
from mpdiag.source.things import Thing, Things, argument
from mpdiag.source.tree import Tree

#: Methods of pools; whether the function gets the arguments, an element of each, or all that an element holds.
_OF_POOLS = {
    **dict.fromkeys(("apply", "apply_async"), "all"),
    **dict.fromkeys(("imap", "imap_unordered", "map", "map_async"), "each"),
    **dict.fromkeys(("starmap", "starmap_async"), "star"),
}
_PLACES = {names.PROCESS: (1, 3), "threading.Thread": (1, 3)}
#: Where a constructor takes an initializer and its arguments.
_INITIALIZERS = {names.POOL: (1, 2), names.THREAD_POOL: (1, 2), names.EXECUTOR: (2, 3), names.THREAD_EXECUTOR: (2, 3)}


@dataclass(frozen=True, eq=False)
class Task:
    """One function handed over."""

    call: ast.Call
    #: The method that takes it, or "target" or "initializer".
    how: str
    #: The process, thread, pool or executor.
    to: Thing
    function: ast.expr
    #: What the function's first parameters get.
    arguments: tuple[ast.expr, ...] = ()
    keywords: dict[str, ast.expr] = field(default_factory=dict)
    #: The function is called once for each element of the arguments.
    each: bool = False

    @property
    def given(self) -> list[ast.expr]:
        """All that the function, or the class of the process, is given."""
        return [*self.arguments, *self.keywords.values()]

    @property
    def in_process(self) -> bool:
        """Whether the function runs in another process."""
        return self.to.kind == names.PROCESS or self.to.kind in names.PROCESS_POOLS


class Tasks:
    """Finds the tasks of a module.

    Args:
        tree: the module.
        things: what its expressions are.
    """

    def __init__(self, tree: Tree, things: Things) -> None:
        self._tree = tree
        self._things = things

    def find(self) -> Iterator[Task]:
        """All tasks, kind by kind."""
        for how, shape in _OF_POOLS.items():
            yield from (self._of_pool(task, shape) for task in self._handed_to(names.POOLS, how, "func"))
        for task in self._handed_to(names.EXECUTORS, "submit", "fn"):
            yield replace(task, arguments=_plain(task.call.args[1:]), keywords=_words(task.call.keywords))
        for task in self._handed_to(names.EXECUTORS, "map", "fn"):
            yield replace(task, arguments=_plain(task.call.args[1:]), each=True)
        for call in self._tree.calls["run_in_executor"]:
            pool = self._things.thing(call.args[0]) if call.args else None
            if pool and pool.kind in names.EXECUTORS and len(call.args) > 1:
                yield Task(call, "run_in_executor", pool, call.args[1], _plain(call.args[2:]))
        for call in self._tree.calls_as(*names.MAKERS):
            yield from self._made(call)
        if not self._tree.imported.isdisjoint(names.JOBLIB):
            yield from self._delayed()

    def _delayed(self) -> Iterator[Task]:
        """The calls that joblib makes later: what a Parallel is called with."""
        for call in self._tree.calls_as():
            parallel = self._things.thing(call.func) if call.args else None
            if parallel is not None and parallel.kind in names.PARALLELS:
                inner = [each for each in ast.walk(self._origin(call.args[0])) if isinstance(each, ast.Call)]
                for each in inner:
                    for function in self._held(each.func):
                        given = _plain(each.args), _words(each.keywords)
                        yield Task(call, "delayed", parallel, function, *given)

    def _held(self, node: ast.expr) -> list[ast.expr]:
        """The function of which ``delayed`` makes what is called."""
        held = self._origin(node)
        is_held = isinstance(held, ast.Call) and self._things.concept(held.func) == "joblib.delayed"
        return held.args[:1] if is_held and isinstance(held, ast.Call) else []

    def subclassed(self) -> Iterator[Task]:
        """The processes whose class is of this file, as tasks whose function is the class."""
        for call in self._tree.calls_as():
            made = self._things.thing(call)
            if made is not None and made.made is call and made.kind == names.PROCESS and made.subclass:
                yield Task(call, "run", made, call.func, _plain(call.args), _words(call.keywords))

    def _handed_to(self, kinds: frozenset[str], how: str, word: str) -> Iterator[Task]:
        for call in self._tree.calls[how]:
            pool = self._things.thing(call.func.value) if isinstance(call.func, ast.Attribute) else None
            function = argument(call, 0, word) if pool and pool.kind in kinds else None
            if pool and function is not None:
                yield Task(call, how, pool, function)

    def _of_pool(self, task: Task, shape: str) -> Task:
        given = argument(task.call, 1, "args" if shape == "all" else "iterable")
        if given is None:
            return task
        if shape == "each":
            return replace(task, arguments=(given,), each=True)
        if shape == "star":
            return self._starred(task, self._origin(given))
        words = argument(task.call, 2, "kwds")
        return replace(task, arguments=self.elements(given), keywords=_entries(words))

    def _starred(self, task: Task, given: ast.expr) -> Task:
        """A task whose function gets what tuples hold: those in a list, made by a comprehension, or by ``zip``."""
        if isinstance(given, ast.Call) and self._things.concept(given.func) == "zip":
            return replace(task, arguments=_plain(given.args), each=True)
        if isinstance(given, (ast.List, ast.Tuple)) and given.elts:
            given = given.elts[0]
        elif isinstance(given, (ast.ListComp, ast.GeneratorExp)):
            given = given.elt
        else:
            return task
        return replace(task, arguments=_plain(given.elts)) if isinstance(given, (ast.Tuple, ast.List)) else task

    def _made(self, call: ast.Call) -> Iterator[Task]:
        made = self._things.thing(call)
        if made is None or made.made is not call or made.subclass is not None:
            return
        if made.kind in _PLACES:
            place, after = _PLACES[made.kind]
            function, given = argument(call, place, "target"), argument(call, after, "args")
            if function is not None:
                arguments = self.elements(given) if given is not None else ()
                yield Task(call, "target", made, function, arguments, _entries(argument(call, 4, "kwargs")))
        elif made.kind in _INITIALIZERS:
            place, after = _INITIALIZERS[made.kind]
            function, given = argument(call, place, "initializer"), argument(call, after, "initargs")
            if function is not None:
                yield Task(call, "initializer", made, function, self.elements(given) if given is not None else ())

    def elements(self, node: ast.expr) -> tuple[ast.expr, ...]:
        """The elements of a literal tuple or list, also through a name bound to nothing else."""
        node = self._origin(node)
        return _plain(node.elts) if isinstance(node, (ast.Tuple, ast.List)) else ()

    def _origin(self, node: ast.expr) -> ast.expr:
        """What a name is bound to, if to nothing else."""
        if isinstance(node, ast.Name):
            values = [binding.value for binding in self._things.bindings(node) if binding.how == "value"]
            node = values[0] if len(values) == 1 and values[0] is not None else node
        return node

    def passed(self, node: ast.arg, tasks: list[Task]) -> Iterator[tuple[ast.expr, bool]]:
        """What calls and tasks give a parameter, and whether it gets each element of that."""
        function = self._tree.parents[self._tree.parents[node]]
        if not isinstance(function, FUNCTIONS):
            return
        around = self._tree.homes[function].node
        called = around.name if isinstance(around, ast.ClassDef) and function.name == "__init__" else function.name
        for call in self._tree.calls.get(called, ()):
            target = self._things.definition(call.func)
            if target is function or target is around:
                found = argument(call, self._place(node, function), node.arg)
                if found is not None:
                    yield found, False
        for task in tasks:
            handed = self._handed(task, node, function) if self._things.definition(task.function) is function else None
            if handed is not None:
                yield handed

    def value(self, by: ast.Call | Task, node: ast.arg, function: Function) -> ast.expr | None:
        """What a call of a function, or a task, surely gives one of its parameters, be it the default; else None."""
        if isinstance(by, Task):
            value, each = self._handed(by, node, function) or (None, False)
            call, whole = by.call, by.each or by.how == "submit"
        else:
            value, each = argument(by, self._place(node, function), node.arg), False
            call, whole = by, True
        starred = any(isinstance(given, ast.Starred) for given in call.args) or any(not k.arg for k in call.keywords)
        if value is None and whole and not starred:
            return default(node, function.args)
        return None if each else value

    def _place(self, node: ast.arg, function: Function) -> int:
        """Where among the arguments of a call that for a parameter stands."""
        places = {each: place for place, each in enumerate(parameters(function.args))}
        bound = isinstance(self._tree.homes[function].node, ast.ClassDef) and not is_static(function)
        return places.get(node, 99) - bound

    def _handed(self, task: Task, node: ast.arg, function: Function) -> tuple[ast.expr, bool] | None:
        partial = task.function if isinstance(task.function, ast.Call) else None
        held = partial.args[1:] if partial else []
        given = [*((each, False) for each in held), *((each, task.each) for each in task.arguments)]
        words = {**_words(partial.keywords if partial else []), **task.keywords}
        if node.arg in words:
            return words[node.arg], False
        place = self._place(node, function)
        return given[place] if 0 <= place < len(given) else None


def _plain(values: list[ast.expr]) -> tuple[ast.expr, ...]:
    """The arguments before the first star: what comes after has no known place."""
    starred = [place for place, each in enumerate(values) if isinstance(each, ast.Starred)]
    return tuple(values[: starred[0]] if starred else values)


def _words(keywords: list[ast.keyword]) -> dict[str, ast.expr]:
    return {each.arg: each.value for each in keywords if each.arg is not None}


def _entries(node: ast.expr | None) -> dict[str, ast.expr]:
    """The entries of a literal dictionary, or of a call of ``dict``."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            key.value: value for key, value in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return _words(node.keywords) if isinstance(node, ast.Call) else {}
