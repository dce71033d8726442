"""Names for places in the program, and for what its processes share."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Where the standard library is, and what lies in it without belonging to it.
LIBRARY = os.path.dirname(os.__file__) + os.sep
FOREIGN = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep

#: Where a thread of the library, or a child, begins.
BEGINNINGS = frozenset(("_bootstrap", "_bootstrap_inner", "worker", "_process_worker", "serve_forever"))
#: Code objects that were met; by identity, as to hash one is to hash all in it. With each its name, whether it belongs
#: to the library, whether a thread begins there, and what it stands for between a call and a tap. Asked once: an
#: attribute of a code object is another object, on a page of its own that a forked child has to copy.
_known: dict[int, tuple[Any, str, bool, bool, int]] = {}


def of(depth: int) -> tuple[Any, ...]:
    """The user's line that led here, the library function it called, and the library files passed on the way.

    Returns:
        code object and line of the user's frame (None and 0 if a thread of the library runs), the outermost library
        function, and whether a pool, an executor or a manager stands between.
    """
    frame: Any = sys._getframe(depth)
    met: Any = None, ""
    via = 0
    while frame is not None:
        code = frame.f_code
        known = _known.get(id(code)) or _meet(code)
        if not known[2]:
            return code, frame.f_lineno, met[1], via
        met = known
        if known[3]:
            break
        via |= known[4]
        frame = frame.f_back
    return None, 0, met[1], via


def _meet(code: Any) -> tuple[Any, str, bool, bool, int]:
    name, file = code.co_name, code.co_filename
    known = _known[id(code)] = code, name, is_library(file), name in BEGINNINGS, _via(file)
    return known


def is_library(name: str) -> bool:
    """Does the file of that name belong to the library?"""
    if name.startswith((HERE, "<frozen ", "<string>")):
        return True
    return name.startswith(LIBRARY) and not any(part in name for part in FOREIGN)


#: What stood between the user's call and a tap.
VIA = {"pool.py": 1, "process.py": 2, "managers.py": 4, "thread.py": 8, "sharedctypes.py": 16}


def _via(name: str) -> int:
    name = name.replace("\\", "/")
    file = name.rpartition("/")[2]
    if file == "process.py" and "/multiprocessing/" in name:
        return 0
    return VIA.get(file, 0)


def where(depth: int = 2) -> tuple[object, ...]:
    """The user's place, as plain values for an event: file, line, function, outermost library function, via."""
    code, line, api, via = of(depth)
    if code is None:
        return None, 0, None, api, via
    return code.co_filename, line, function(code), api, via


#: Code that people do not take for a function of its own; from Python 3.12 on most of it is none.
WITHIN = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))


def function(code: Any) -> str:
    """The name of the function that a line is in; Python 3.9 and 3.10 do not tell what a comprehension is in."""
    name: str = code.co_name
    if name not in WITHIN or not hasattr(code, "co_qualname"):
        return name
    around = [each for each in code.co_qualname.split(".<locals>.") if each not in WITHIN]
    return around[-1].rpartition(".")[2] if around else "<module>"


#: What is kept with an object is got and set by no code of its class, nor by way of its ``__dict__``: to ask for that
#: slows down all attributes of the object for good (3.11, 3.12).
kept = object.__getattribute__
keep = object.__setattr__


def identity(thing: Any) -> object:
    """A name for ``thing`` that all processes that share it give it; made once for each object that has room for it."""
    if not type(thing).__dictoffset__:
        return _identify(thing)
    try:
        return kept(thing, "_mpd_id")
    except AttributeError:
        name = _identify(thing)
        keep(thing, "_mpd_id", name)
        return name


def state(thing: Any) -> dict[str, Any]:
    """The attributes of an object of the program's own, by no code of its class."""
    return kept(thing, "__dict__")  # type: ignore[no-any-return]


def parts(thing: Any) -> list[Any]:
    """What an object holds, by no code of its class and leaving it as it is."""
    import gc  # nobody else may need it

    held = [each for each in gc.get_referents(thing) if each is not type(thing)]
    return list(held[0].values()) if len(held) == 1 and type(held[0]) is dict else held


def _identify(thing: Any) -> object:
    kind = type(thing).__name__
    handle = getattr(getattr(thing, "_reader", thing), "_handle", None)
    if isinstance(handle, int):
        return f"pipe:{os.fstat(handle).st_ino}"
    if kind == "SemLock":
        return f"lock:{thing.name or thing.handle}"
    return f"{kind}:{os.getpid()}.{id(thing):x}"


def usable() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
