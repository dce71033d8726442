"""Weaves taps into modules that are there already, and out of them again: functions get other code and stay themselves.

What holds a function, a method or a class goes on holding it; what runs at the moment runs to its end as it began.
"""

from __future__ import annotations

import sys
from types import CodeType, FunctionType

from . import finder

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType
    from typing import Any


def weave(folder: str) -> None:
    """Put taps into the modules that have been imported; compiled code is kept in ``folder``."""
    for module in _there():
        woven = finder.woven_code(module.__name__, str(module.__file__), folder)
        if woven is not None and finder.ready(module.__dict__, woven[1]):
            give(module, woven[0])


def unweave() -> None:
    """Take the taps out of all modules, whether they were put in by `weave` or on import."""
    for module in _there():
        try:
            give(module, module.__spec__.loader.get_code(module.__name__))  # type: ignore[union-attr]
        except Exception:  # the program must not notice; what is woven counts for nobody
            pass


def _there() -> list[ModuleType]:
    found = [sys.modules[name] for name in sorted(finder.WOVEN) if name in sys.modules]
    return [module for module in found if type(getattr(module.__spec__, "loader", None)).__name__ == "SourceFileLoader"]


def give(module: ModuleType, code: CodeType) -> None:
    """Give the functions of ``module`` their code in ``code``, which is that of the whole module."""
    codes = {(each.co_name, each.co_firstlineno): each for each in _within(code)}
    for function in _functions(module):
        before = function.__code__
        after = codes.get((before.co_name, before.co_firstlineno), before)
        if after != before and after.co_freevars == before.co_freevars:
            function.__code__ = after


def _within(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _within(each)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions that a module defines, and those of its classes: plain, as properties and as methods of a class."""
    places: list[Mapping[str, Any]] = [module.__dict__]
    places += [vars(each) for each in list(module.__dict__.values()) if isinstance(each, type)]
    for place in places:
        for value in list(place.values()):
            function = getattr(value, "__func__", value.fget if isinstance(value, property) else value)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield function
