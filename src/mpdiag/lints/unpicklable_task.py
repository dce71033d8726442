"""A lambda, a nested function, or a method of an object that holds a lock or a pool, as the work of a process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Level, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, FUNCTIONS, Binding, Source, Task, Thing, names
from mpdiag.source.names import LOKY

#: Kinds that no pickle holds, wherever it goes.
NEVER = names.THREAD_SYNC | names.THREAD_QUEUES | names.POOLS | names.EXECUTORS
NEVER |= {"threading.Thread", names.FILE, names.DATABASE}
#: Those that only a process that is being started may be given.
INHERITED = names.SYNC | names.QUEUES | names.SHARED
#: Bases that leave pickling alone.
PLAIN = frozenset({"object", "abc.ABC", names.PROCESS})
#: Methods by which a class says how it is pickled.
PICKLES = frozenset({"__getstate__", "__reduce__", "__reduce_ex__"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find work that cannot be pickled."""
    for task in source.tasks:
        by_loky = task.to.library is LOKY  # it pickles functions by what they are, but no locks
        if not task.in_process or (task.to.library.pickles_functions and not by_loky) or is_only_made(source, task):
            continue
        found = (None if by_loky else nameless(source, task)) or dragged(source, task)
        when = consequence(source, task) if found else None
        if found and when:
            what, do = found
            yield LINT.finding(source.place(task.function), level=when[0], seen=f"{what} {when[1]}", do=do)
    for node in source.tree.opened:
        if isinstance(node, ast.ClassDef):
            yield from of_subclass(source, node)


def of_subclass(source: Source, node: ast.ClassDef) -> Iterator[Finding]:
    """Find what the objects of a subclass of Process hold: start() pickles them whole."""
    kind = source.things.kind_of_class(node)
    if kind is None or kind.concept != names.PROCESS or says_how(source, node):
        return
    risk = source.risk(Thing(kind.concept, library=kind.library, method=kind.method), FRESH)
    for _, binding, thing in kept(source, node) if risk else ():
        if risk and in_init(binding) and thing.kind in NEVER and isinstance(binding.node, ast.stmt):
            yield LINT.finding(
                source.place(binding.node),
                level=risk.level,
                seen=f"A process holds {names.described(thing.kind)}, which cannot be pickled: start() pickles all of "
                f"`{node.name}` {risk.when}, and fails.",
                do="Make it in `run()`, which runs in the child.",
            )


def is_only_made(source: Source, task: Task) -> bool:
    """Whether it is the target of a process that its function makes, and never starts or lets go."""
    fate = source.order.fate(task.call) if task.how == "target" else None
    if fate is None or not isinstance(fate.keeper, ast.Name):
        return False
    owner = source.tree.scope(fate.keeper).owner(fate.keeper.id)
    held = owner is not None and isinstance(owner.node, FUNCTIONS)
    return held and not any(use.member == "start" or use.escapes or use.entered for use in source.uses(fate.keeper))


def consequence(source: Source, task: Task) -> tuple[Level, str] | None:
    """How grave it is that the function of a task cannot be pickled, and where that shows."""
    if task.how not in ("target", "initializer"):
        return "error", f"`{task.how}()` pickles it for the worker, under every start method, and fails."
    risk = source.risk(task.to, FRESH)
    return (risk.level, f"The child is given it as a pickle {risk.when}, and the start fails.") if risk else None


def nameless(source: Source, task: Task) -> tuple[str, str] | None:
    """What is wrong with a function that has no name in its module, and what to do."""
    found = source.things.definition(task.function)
    do = "Move it to the top level of the module; `functools.partial` can hold what it needs from here."
    if isinstance(found, ast.Lambda):
        return "A lambda cannot be pickled.", do.replace("Move it to", "Make it a function at")
    if found is None or not (outer := nested_in(source, found)):
        return None
    kind = "class" if isinstance(found, ast.ClassDef) else "function"
    return f"`{found.name}` is a {kind} inside of `{outer}`, which cannot be pickled.", do


def nested_in(source: Source, node: ast.stmt) -> str | None:
    """The name of the function in whose code a definition stands, without a ``global`` for its name."""
    scope = source.tree.scope(node)
    if isinstance(scope.node, ast.ClassDef):
        return nested_in(source, scope.node)
    name = getattr(node, "name", "")
    around = scope.function.node
    return around.name if isinstance(around, FUNCTIONS) and name not in scope.elsewhere else None


def dragged(source: Source, task: Task) -> tuple[str, str] | None:
    """What is wrong with a method whose object goes with it, and what to do."""
    method = task.function
    bound = source.things.definition(method)
    if not isinstance(method, ast.Attribute) or not isinstance(bound, FUNCTIONS) or bound.decorator_list:
        return None
    owner = source.things.class_of(method.value)
    if owner is None or not isinstance(owner.node, ast.ClassDef) or "get_start_method" in source.tree.calls:
        return None
    if source.things.definition(method.value) is owner.node or says_how(source, owner.node):
        return None
    here = source.tree.scope(task.call).function.node
    never = NEVER if task.how in ("target", "initializer") else NEVER | INHERITED
    never -= {names.FILE} if task.to.library is LOKY else set()
    for name, binding, thing in kept(source, owner.node):
        before = binding.scope.function.node is here and getattr(binding.node, "lineno", 0) < task.call.lineno
        if thing.kind in never and (in_init(binding) or before):
            what = f"its `{name}` is {names.described(thing.kind)}, which cannot be pickled."
            do = f"Make it a function that is given what it needs, or leave `{name}` out in `__getstate__`."
            return f"`{ast.unparse(method)}` takes its object along: {what}", do
    return None


def says_how(source: Source, node: ast.ClassDef) -> bool:
    """Whether the class, or a base that is not known, may say how it is pickled."""
    if any(name in source.tree.opened[node].bindings for name in PICKLES):
        return True
    for base in source.things.bases(node):
        if isinstance(base, ast.ClassDef):
            if base is not node and says_how(source, base):
                return True
        elif base is None or base.concept not in PLAIN:
            return True
    return False


def kept(source: Source, node: ast.ClassDef) -> Iterator[tuple[str, Binding, Thing]]:
    """What the objects of a class have in their attributes."""
    for name, bindings in source.tree.opened[node].attributes.items():
        for binding in bindings:
            thing = source.things.thing(binding.value) if binding.value is not None else None
            if thing is not None and binding.how == "value" and not binding.path:
                yield name, binding, thing


def in_init(binding: Binding) -> bool:
    """Whether ``__init__`` sets the attribute: every object has it."""
    return getattr(binding.scope.function.node, "name", "") == "__init__"


LINT: Final = Lint(
    module=__name__,
    id="MP204",
    inspect=inspect,
    doc=Doc(
        title="A task that cannot be pickled",
        why="What a process is given travels as a pickle: functions by their name in a module, objects by their parts. "
        "A lambda has no such name, an open file or a lock no parts. The error comes from a helper thread of the pool, "
        "far from the call.",
        how="Lambdas, nested functions and local classes as tasks, targets and initializers, also through a partial or "
        "a name; methods of an object that holds a lock, queue, pool or open file; Process subclasses that do. Silent "
        "for libraries that pickle functions by their code, for classes that say how they are pickled, and for "
        "processes that are never started.",
        bad="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(lambda number: number * number, range(10)))
        """,
        good="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(square, range(10)))
        """,
        applies="tasks of pools under every start method; targets and initializers under spawn and forkserver",
        links=("https://docs.python.org/3/library/pickle.html#what-can-be-pickled-and-unpickled",),
    ),
)
