"""Variables that a child changes in its own copy of memory, and log records that it drops.

A child looks at the globals of the main module, and of that of its target, before it begins to work and now and then
afterwards: what was there before and is another now, or has grown, was changed where its parent cannot see it. So it
does at the attributes of its Process and of the object whose method it runs, or its first task: copies of its
parent's.
"""

from __future__ import annotations

import sys
from _thread import get_native_id
from itertools import repeat
from types import BuiltinFunctionType, FunctionType, ModuleType

from . import core, gates, layout, places
from .note import describe, run_by

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: Compared by value; longer ones by identity.
ATOMS = (int, float, complex, bool, type(None), str, bytes)
LONG = 200
#: Elements of a container that are compared one by one, by identity.
SHOWN = 64
#: Names that are followed in a module, and changed ones that are told.
MOST, TOLD = 400, 50
#: What a Process keeps for itself.
INTERNAL = frozenset(
    (
        "_args", "_closed", "_config", "_identity", "_kwargs", "_mpd_looked", "_name", "_parent_name", "_parent_pid",
        "_popen", "_sentinel", "_start_method", "_target",
    )
)  # fmt: skip
SKIPPED = (ModuleType, type, FunctionType, BuiltinFunctionType)

#: Types that draw random numbers. Python's own and NumPy's modules have one each; Python's seeds itself after a fork.
DRAWING = frozenset(("Random", "Generator", "RandomState"))

#: By module: how many globals it had, those that are followed, whether its functions have a copy of them, and which of
#: them, or of its classes' attributes, draw random numbers. A forked child need not find out: to look at each of
#: hundreds of objects is to copy the page it is on. The globals themselves are not kept: what is in them would outlive
#: the interpreter.
_followed: dict[str, tuple[int, list[str], bool, list[tuple[str, str]]]] = {}
#: By module: its globals, and what they were.
_before: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
#: Objects that are copies of the parent's: module and names of their classes, and what their attributes were.
_copies: list[tuple[Any, str, list[str], dict[str, Any]]] = []
#: How many of them live as long as this process does.
_lasting = 0
_told: set[object] = set()
#: By name: what draws random numbers, and the state with which this process began.
_random: dict[str, tuple[Any, list[int]]] = {}
_target = ""
_tasks = 1
#: Whether this process is a child that has run no task yet.
fresh = False
#: Says for each task whether it goes by without a look.
gate: Any = gates.CLOSED


def begin(process: Any) -> None:
    """A child is about to run its target."""
    global fresh, gate, _target, _tasks, _lasting
    try:
        _random.clear()
        _before.clear()
        _copies.clear()
        _told.clear()
        fresh, gate, _target, _tasks = True, gates.CLOSED, describe(run_by(process))[0], 1
        for copy in (process, getattr(process._target, "__self__", None)):
            _remember_attributes(copy)
        _lasting = len(_copies)
        for name in _modules(process):
            _remember(name)
        _random.update((name, (each, state[0])) for name, each in _drawing(process) if (state := _state(each)))
    except Exception:  # the program must not notice
        pass


def task(function: Any, args: Any) -> None:
    """A worker is about to run its first task, which tells what module it is about."""
    global fresh, _target
    if not _by_itself():
        return
    fresh = False
    try:
        if len(args) == 1 and getattr(function, "__name__", "") in ("mapstar", "starmapstar"):
            function = args[0][0]
        elif getattr(getattr(function, "func", None), "__name__", "") == "_process_chunk":
            function = function.args[0]
        _target = describe(function)[0]
        function = getattr(function, "func", function)
        _remember(getattr(function, "__module__", None) or "")
        _remember_attributes(getattr(function, "__self__", None))
    except Exception:  # the program must not notice
        pass


def done() -> None:
    """A worker has run the first, second, fourth … task: look."""
    global gate, _tasks
    if not _by_itself():
        gate = repeat(True, TOLD)
        return
    gate = repeat(True, _tasks - 1)
    _tasks *= 2
    look()
    del _copies[_lasting:]  # each task has its own, which shall not outlive it


def _by_itself() -> bool:
    """Whether a process runs a task, and not a thread, which changes what its process has."""
    return get_native_id() == core.state.words[layout.H_MAIN_THREAD]


def look() -> None:
    """Tell what has changed since the child began, and what it does not log."""
    try:
        for name, (space, before) in _before.items():
            _compare(name, space, before)
        for copy, module, names, before in _copies:
            _compare_attributes(places.state(copy), (module, names), before)
        for name, (each, began) in _random.items():
            now = _state(each)
            if now and now[0] != began and ("random", name) not in _told:
                _tell("random", name, "drew", began, now[1], _target, name)
        if "logging" in sys.modules:
            _unlogged(sys.modules["logging"])
    except Exception:  # the program must not notice
        pass


def prepare(process: Any) -> None:
    """A process is about to have a child: find out what that will follow."""
    try:
        for name in _modules(process):
            _follow(name)
    except Exception:  # the program must not notice
        pass


def _modules(process: Any) -> tuple[str, ...]:
    return "__main__", "__mp_main__", getattr(process._target, "__module__", None) or ""


def _follow(name: str) -> tuple[list[str], dict[str, Any]]:
    """The names of the globals that are followed in a module of the program's, and what holds them."""
    module = sys.modules.get(name)
    if module is None:
        return [], {}
    names = vars(module)
    known = _followed.get(name)
    if known is None or known[0] != len(names):
        space, some, drawing = names, [], []
        if not places.is_library(getattr(module, "__file__", None) or ""):
            space = _space(module)
            globs = list(space.items())[:MOST]
            some = [key for key, value in globs if key[:2] != "__" and not isinstance(value, SKIPPED)]
            drawing = _owners(space)
        known = _followed[name] = len(names), some, space is not names, drawing
    return known[1], _space(module) if known[2] else names


def _remember(name: str) -> None:
    names, space = ([], {}) if name in _before else _follow(name)
    if names and not any(each is space for each, _ in _before.values()):
        apart = [copy for copy, *_ in _copies]  # they are followed attribute by attribute
        known = [key for key in names if key in space and not any(space[key] is copy for copy in apart)]
        _before[name] = space, {key: _mark(space[key], space["__name__"]) for key in known}


def _space(module: Any) -> Any:
    """The globals that a module's functions have: a spawned child's main module holds a copy of them."""
    names = vars(module)
    kinds = [type.__getattribute__(value, "__dict__") for value in names.values() if issubclass(type(value), type)]
    for held in (names, *(kind for kind in kinds if kind.get("__module__") == module.__name__)):
        for value in held.values():
            if type(value) is FunctionType and value.__module__ == module.__name__:
                return value.__globals__
    return names


def _mark(value: Any, module: str) -> Any:
    """What changes when a value does: for an atom itself, else what it is and what is in it."""
    kind = type(value)
    if kind in ATOMS and not (kind in (str, bytes) and len(value) > LONG):
        return value
    return id(value), _content(value, module)


def _content(value: Any, module: str) -> Any:
    items: Any
    if isinstance(value, dict):
        size, items = dict.__len__(value), dict.values(value)
    elif isinstance(value, list):
        size, items = list.__len__(value), list.__iter__(value)
    elif isinstance(value, (set, bytearray)) or type(value).__name__ == "deque":
        return len(value)
    elif type(value).__module__ == module:
        size, items = 0, places.parts(value)
    else:
        return None
    return size, tuple(map(_atom, items)) if size <= SHOWN else None


def _atom(value: Any) -> Any:
    return value if type(value) in (int, float, bool) else id(value)


def _compare(name: str, now: dict[str, Any], before: dict[str, Any]) -> None:
    module = now["__name__"]
    if name == "__mp_main__":  # the main module of a child, which may have it twice
        name = "__main__"
    for key, old in before.items():
        if (name, key) in _told or key not in now:
            continue
        new = _mark(now[key], module)
        if new == old and type(new) is type(old):
            continue
        _tell(name, key, "global", name, key, _how(old, new), _target)


# --- attributes


def _remember_attributes(copy: Any) -> None:
    """Follow what an object of a class of the program's own keeps in its attributes."""
    kind = type(copy)
    if kind.__module__.startswith(("multiprocessing.", "builtins")):
        return
    names = [each.__name__ for each in kind.__mro__ if _own(each)]
    if names and kind.__dictoffset__:
        space = places.state(copy)
        marks = {key: _mark(space[key], kind.__module__) for key in _attributes(space)}
        _copies.append((copy, kind.__module__, names, marks))


def _own(kind: type) -> bool:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return bool(file and not places.is_library(file))


def _attributes(space: dict[str, Any]) -> list[str]:
    return [key for key in list(space)[:MOST] if key not in INTERNAL and not isinstance(space[key], SKIPPED)]


def _compare_attributes(now: dict[str, Any], of: tuple[str, list[str]], before: dict[str, Any]) -> None:
    module, names = of
    for key in _attributes(now):
        if (names[0], key) in _told:
            continue
        old, new = before.get(key), _mark(now[key], module)
        if key in before and new == old and type(new) is type(old):
            continue
        _tell(names[0], key, "attribute", module, names, key, _how(old, new), _target)


def _how(old: Any, new: Any) -> str:
    """Whether a marked value is the same object with more or less in it, or another one."""
    same = isinstance(old, tuple) and isinstance(new, tuple) and old[0] == new[0]
    return "grown" if same else "rebound"


def _tell(group: str, key: object, *facts: object) -> None:
    if len(_told) < TOLD:
        _told.add((group, key))
        core.event(*facts)


# --- random numbers


def _drawing(process: Any) -> Iterator[tuple[str, Any]]:
    """What draws random numbers: NumPy's module, and globals, attributes of classes and of copies of the program's."""
    numpy = sys.modules.get("numpy.random")
    if hasattr(numpy, "get_state"):  # it may be half imported
        yield "numpy.random", numpy
    for name in _modules(process):
        _, space = _follow(name)
        for owner, key in _followed[name][3] if space else ():
            yield f"{owner}.{key}".lstrip("."), vars(space[owner])[key] if owner else space[key]
    for copy, _, names, _ in _copies:
        for key, value in places.state(copy).items():
            if _draws(value):
                yield f"{names[0]}.{key}", value


def _owners(space: dict[str, Any]) -> list[tuple[str, str]]:
    """Which globals of a module draw random numbers, and which attributes of its classes, with the class's name."""
    kinds = [(key, value) for key, value in space.items() if isinstance(value, type)]
    own = [(key, vars(kind)) for key, kind in kinds if kind.__module__ == space["__name__"]]
    return [(owner, key) for owner, held in (("", space), *own) for key, value in held.items() if _draws(value)]


def _draws(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ in DRAWING and kind.__module__.partition(".")[0] in ("random", "numpy")


def _state(source: Any) -> tuple[list[int], list[int]] | None:
    """What tells two states of a source of random numbers apart, and what stays while it draws, more or less."""
    try:
        if hasattr(source, "getstate"):
            words = source.getstate()[1]
            return [*words[:2], words[-1]], [*words[:2]]
        state = source.get_state(legacy=False) if hasattr(source, "get_state") else source.bit_generator.state
        state = state["state"]
        if "inc" in state:
            return [state["inc"], state["state"]], [state["inc"]]
        key = [*map(int, state["key"][:2])]
        return [*key, int(state["pos"] if "pos" in state else state["counter"][0])], key
    except Exception:  # one of another kind, or of no state
        return None


# --- logging


def configured() -> None:
    """A process is about to have a child: note how it logs, if that is new."""
    try:
        logging = sys.modules.get("logging")
        if logging is None:
            return
        root = logging.root
        loggers: Any = {name: each for name, each in root.manager.loggerDict.items() if hasattr(each, "handlers")}
        levels = {name: each.level for name, each in loggers.items() if each.level}
        handled = [name for name, each in loggers.items() if each.handlers]
        facts = (root.level, bool(root.handlers), dict(list(levels.items())[:TOLD]), handled[:TOLD])
        if _configured != [facts]:
            _configured[:] = [facts]
            core.event("logging", *facts)
    except Exception:  # the program must not notice
        pass


_configured: list[object] = []


def _unlogged(logging: Any) -> None:
    """Loggers remember the levels that they were asked about and that nobody wants."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        for level, wanted in list(getattr(logger, "_cache", {}).items()):
            if not wanted and ("logging", (name, level)) not in _told:
                _tell("logging", (name, level), "unlogged", name, level)
    for level, wanted in list(getattr(logging.root, "_cache", {}).items()):
        if not wanted and ("logging", ("root", level)) not in _told:
            _tell("logging", ("root", level), "unlogged", "root", level)
