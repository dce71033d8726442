"""One Python file, read once; lints ask it what they need to know."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import PurePath

from mpdiag.advice import Fix, Place, excerpt
from mpdiag.source import names
from mpdiag.source.guards import Guards
from mpdiag.source.order import Order
from mpdiag.source.reach import Reach
from mpdiag.source.reading import read
from mpdiag.source.scopes import FUNCTIONS, Function
from mpdiag.source.target import CHOSEN, Risk, Target, risk
from mpdiag.source.tasks import Task, Tasks
from mpdiag.source.things import Thing, Things, argument, is_none, literal
from mpdiag.source.uses import Use, uses
from mpdiag.source.values import Values


class Source:
    """The facts of one file; nothing of it is imported or run.

    Args:
        text: the bytes of the file.
        name: what to call it.
        target: what it has to run on.

    Raises:
        SyntaxError: it is no Python that the running interpreter knows, or its encoding is not what it says.
        ValueError: it holds null bytes.
        RecursionError: it is nested too deeply.
    """

    def __init__(self, text: bytes, name: str, target: Target) -> None:
        self.text = text
        self.file = name
        self.target = target
        self.tree = read(_parsed(text, name))
        self.things = Things(self.tree, self._passed)
        self.values = Values(self.things)
        self.order = Order(self.tree, self.things)
        self.guards = Guards(self.tree, self.things)
        self._tasks = Tasks(self.tree, self.things)
        self._reach = Reach(self._tasks, self.tree, self.things)
        #: The work that is handed to other processes and threads.
        self.tasks: list[Task] = []
        self.tasks = list(self._tasks.find())
        self.things.forget()
        #: The node of each place that was asked for.
        self.placed: dict[Place, ast.AST] = {}

    @classmethod
    def parse(cls, text: bytes, name: str, target: Target) -> Source:
        """Read a file; raises what the class does."""
        return cls(text, name, target)

    @cached_property
    def is_test(self) -> bool:
        """Whether it is a test, by its name or by what it imports."""
        path = PurePath(self.file)
        named = path.name.startswith(("test_", "conftest.")) or path.stem.endswith(("_test", "_tests"))
        return named or not self.tree.imported.isdisjoint(("pytest", "unittest", "test"))

    @cached_property
    def is_reimported(self) -> bool:
        """Whether children may import this file with the main module: notebooks and ``__main__.py`` they do not."""
        path = PurePath(self.file)
        return path.suffix != ".ipynb" and path.name not in ("__main__.py", "conftest.py")

    # --- places

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file, parted where Python parts them."""
        encoding, _ = tokenize.detect_encoding(io.BytesIO(self.text).readline)
        text = self.text.decode(encoding, "replace")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Where ``node`` stands; of a definition where it begins, up to its name."""
        line, column, end_line, end_column = self._span(node)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            end_line, end_column = line, self.lines[line - 1].index(node.name, column) + 1 + len(node.name)
        place = Place(
            self.file,
            line,
            column,
            self.tree.qualified(node),
            end_line=end_line,
            end_column=end_column,
            excerpt=excerpt(self.lines, line, end_line),
        )
        self.placed[place] = node
        return place

    def replaced(self, node: ast.expr | ast.stmt, replacement: str) -> Fix:
        """The edit that puts ``replacement`` where ``node`` stands."""
        return Fix(*self._span(node), replacement)

    def code(self, node: ast.expr | ast.stmt) -> str:
        """The text of ``node``."""
        line, column, end_line, end_column = self._span(node)
        lines = self.lines[line - 1 : end_line]
        lines[-1] = lines[-1][: end_column - 1]
        return "\n".join([lines[0][column - 1 :], *lines[1:]])

    def in_parentheses(self, node: ast.expr) -> bool:
        """Whether ``node`` stands in parentheses of its own on its line, as in ``args=(x)``."""
        line, column, end_line, end_column = self._span(node)
        before, after = self.lines[line - 1][: column - 1].rstrip(), self.lines[end_line - 1][end_column - 1 :].lstrip()
        return before.endswith(("=(", "= (", ", (", ",(")) and after.startswith(")")

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int, int, int]:
        """The first line and column of ``node``, and its last."""
        end = node.end_lineno or node.lineno
        first, last = (node.lineno, node.col_offset), (end, node.end_col_offset or 0)
        return (node.lineno, self._column(*first), end, self._column(*last))

    def _column(self, line: int, offset: int) -> int:
        """The column, from 1, of what begins ``offset`` bytes of UTF-8 into a line."""
        text = self.lines[line - 1]
        return 1 + (offset if text.isascii() else len(text.encode()[:offset].decode("utf-8", "replace")))

    # --- calls and what they make

    def calls(self, *called: str) -> Iterator[ast.Call]:
        """The calls whose last part bears one of the names, such as ``pool.map(…)`` for "map"."""
        for name in called:
            yield from self.tree.calls.get(name, ())

    def methods(self, kinds: Iterable[str], *called: str) -> Iterator[tuple[ast.Call, Thing]]:
        """The calls of these methods of things of these kinds, with the things."""
        kinds = frozenset(kinds)
        for call in self.calls(*called):
            owner = self.things.thing(call.func.value) if isinstance(call.func, ast.Attribute) else None
            if owner is not None and owner.kind in kinds:
                yield call, owner

    def members(self, kinds: Iterable[str], *named: str) -> Iterator[tuple[ast.Attribute, Thing]]:
        """Where these attributes of such things are named: called, or passed on as in ``iter(queue.get, None)``."""
        kinds = frozenset(kinds)
        for name in named:
            for node in self.tree.attributes.get(name, ()):
                owner = self.things.thing(node.value)
                if owner is not None and owner.kind in kinds:
                    yield node, owner

    def concept(self, node: ast.expr) -> str:
        """The concept that an expression denotes: ``multiprocessing.Pool``, ``sys.exit``; empty when unknown."""
        return self.things.concept(node)

    def uses(self, node: ast.expr) -> list[Use]:
        """Where the variable that a name, or an attribute of ``self``, denotes is used, in the order of the file."""
        return uses(node, self.tree, self.things)

    def called(self, concept: str) -> list[ast.Call]:
        """The calls of a function of a library, whatever it is called here."""
        return [call for call in self.tree.calls_as(concept.rpartition(".")[2]) if self.concept(call.func) == concept]

    def calls_of(self, function: ast.AST) -> list[ast.Call]:
        """The calls of a function of this file."""
        calls = self.tree.calls_as(getattr(function, "name", ""))
        return [call for call in calls if self.things.definition(call.func) is function]

    def function(self, node: ast.AST) -> ast.AST:
        """The function, lambda or module whose code ``node`` is."""
        return self.tree.scope(node).function.node

    @cached_property
    def made(self) -> dict[str, list[Thing]]:
        """The things that calls in this file make, by kind."""
        found: dict[str, list[Thing]] = {}
        for call in self.tree.calls_as(*names.MAKERS):
            thing = self.things.thing(call)
            if thing is not None and thing.made is call:
                found.setdefault(thing.kind, []).append(thing)
        return found

    # --- tasks

    def first_tasks(self, wanted: Callable[[Task], bool]) -> Iterator[tuple[Task, Function]]:
        """Each function of this file that is handed over, with the first of its tasks that is wanted."""
        seen: set[ast.AST] = set()
        for task in self.tasks:
            function = self.things.definition(task.function) if wanted(task) else None
            if isinstance(function, FUNCTIONS) and function not in seen:
                seen.add(function)
                yield task, function

    @cached_property
    def running(self) -> dict[ast.AST, list[Task]]:
        """The functions that run in other processes and threads, with the tasks that lead there."""
        return self._reach.follow([*self.tasks, *self._tasks.subclassed()])

    @cached_property
    def workers(self) -> dict[ast.AST, list[Task]]:
        """The functions that run in other processes, with the tasks that lead there."""
        found = {function: [task for task in tasks if task.in_process] for function, tasks in self.running.items()}
        return {function: tasks for function, tasks in found.items() if tasks}

    def running_at(self, node: ast.AST) -> list[Task]:
        """The tasks that come to ``node``, in other processes and threads."""
        return self._reach.tasks(node) if self.running else []

    def workers_at(self, node: ast.AST) -> list[Task]:
        """The tasks that come to ``node`` in other processes."""
        return [task for task in self.running_at(node) if task.in_process]

    def in_parallel(self, function: ast.AST) -> bool:
        """Whether several processes may run a function of this file at the same time."""
        tasks = self.workers.get(function, ())
        return len({task.call for task in tasks}) > 1 or any(self._is_repeated(task) for task in tasks)

    def _is_repeated(self, task: Task) -> bool:
        """Whether more than one process runs a task: the workers of a pool, or what a loop starts."""
        if task.to.kind != names.PROCESS:
            workers = (
                argument(task.to.made, 0, names.WORKERS.get(task.to.kind, "max_workers")) if task.to.made else None
            )
            return workers is None or self.values.number(workers) != 1
        if self.tree.loop(task.call) is not None:
            return True
        home = self.function(task.call)
        return any(self.tree.loop(call) for call in self.calls_of(home))

    def caught(self, node: ast.AST, exceptions: frozenset[str]) -> bool:
        """Whether a task catches one of these exceptions where it comes from ``node``, or where it calls that."""
        if self.order.handled(node) & exceptions:
            return True
        calls = [call for call in self.calls_of(self.function(node)) if self.function(call) in self.running]
        return any(self.order.handled(call) & exceptions for call in calls)

    def _passed(self, node: ast.arg) -> Iterator[tuple[ast.expr, bool]]:
        return self._tasks.passed(node, self.tasks)

    # --- when code runs

    @cached_property
    def imported(self) -> set[ast.AST]:
        """The module, and the functions of this file that importing it calls."""
        found: set[ast.AST] = set()
        waiting: list[ast.AST] = [self.tree.root]
        while waiting:
            function = waiting.pop()
            if function in found:
                continue
            found.add(function)
            for call in self.tree.inside[function]:
                if not self._is_kept(call):
                    called = self.things.definition(call.func)
                    waiting += [called] if isinstance(called, FUNCTIONS) else self._constructor(called)
        return found

    def _constructor(self, node: ast.AST | None) -> list[ast.AST]:
        bound = self.tree.opened[node].bindings.get("__init__", ()) if isinstance(node, ast.ClassDef) else ()
        return [each.node for each in bound if each.how == "definition"]

    def on_import(self, node: ast.AST) -> bool:
        """Whether importing the file comes to ``node``, through calls too."""
        return self.tree.scope(node).function.node in self.imported and not self._is_kept(node)

    def _is_kept(self, node: ast.AST) -> bool:
        """Whether only the main process comes to ``node``: by a guard, or by a click in a page that Streamlit shows."""
        clicked = "streamlit" in self.tree.imported and self.guards.conditional(node)
        return clicked or self.guards.guarded(node)

    @cached_property
    def start_method(self) -> str | None:
        """The start method that holds where no context is named; None: the default of each system."""
        chosen = [
            (argument(call, 0, "method"), self.guards.conditional(call))
            for call in self.called("multiprocessing.set_start_method")
        ]
        found = {
            CHOSEN if conditional else literal(value) or CHOSEN
            for value, conditional in chosen
            if value is not None and not is_none(value)
        }
        if not found:
            return self.target.start_method
        return found.pop() if len(found) == 1 else CHOSEN

    def risk(self, thing: Thing, breaks: frozenset[str]) -> Risk | None:
        """What it means for what ``thing`` starts that code breaks under some start methods."""
        return risk(thing.method or self.start_method, breaks, self.target)


def _parsed(text: bytes, name: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the code that is read
        try:
            return ast.parse(text, name)
        except MemoryError:
            raise RecursionError("nested too deeply to be parsed") from None
