"""Arms the taps in a process that has just begun."""

from __future__ import annotations

import atexit
import os
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

from . import core, ending, finder, globs, holds, note, stacks, tasks, traffic, values
from .ledger import kept

#: The import system leaves its own frames out of tracebacks; with this name, ours as well.
IMPORTER = "<frozen importlib._bootstrap>"
IMPORT = """\
def _find_and_load(name, import_):
    token = begin()
    try:
        return find(name, import_)
    finally:
        end(token)
"""


def start(folder: str) -> None:
    """Count in the ledgers of ``folder`` from now on, until the process ends."""
    for part in (ending, globs, holds, note, tasks, traffic, values):
        setattr(core, part.__name__.rpartition(".")[2], part)  # for the taps, which know `core` only
    core.arm(os.path.join(folder, "ledgers"))
    arm_stacks()
    finder.install(os.path.join(folder, "woven"))
    core.event("python", sys.version_info[:3], sys.executable, usable())
    time_imports()
    atexit.register(core.finish)
    atexit.register(ending.main)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)


def usable() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def forked(_kept: list[object] = kept) -> None:
    """A forked child counts in a ledger of its own; the parent's maps stay, or freeing them would close descriptors."""
    try:
        core.arm(core.state.folder)
        core.event("forked")
        arm_stacks()
    except Exception:  # the program must not notice
        pass


def arm_stacks() -> None:
    """Let stacks be asked for; a limit on descriptors may forbid it."""
    try:
        if core.state.ledger.path:
            stacks.arm(core.state.ledger.path + ".stacks")
    except (OSError, ValueError, RuntimeError):
        pass


def time_imports() -> None:
    """Time what it takes to find, compile and run modules that are not there yet."""
    system: Any = sys.modules["_frozen_importlib"]
    code = compile(IMPORT, IMPORTER, "exec", dont_inherit=True)
    body = next(each for each in code.co_consts if isinstance(each, CodeType))
    names = {"begin": core.begin_import, "end": core.end, "find": system._find_and_load, "__builtins__": __builtins__}
    system._find_and_load = FunctionType(body, names)
    assert isinstance(system, ModuleType)
