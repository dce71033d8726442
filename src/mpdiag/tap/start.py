"""Arms the taps in a process that has just begun."""

from __future__ import annotations

import atexit
import os
import sys
from itertools import count

from . import core, finder, layout, places, stacks
from .ledger import kept

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: The import system leaves its own frames out of tracebacks; with this name, ours as well.
IMPORTER = "<frozen importlib._bootstrap>"
#: A parent has many children from so many forks on: what answers questions, which few are asked, is imported then.
MANY = 8
forks = count(1)
#: Whose forks are told by the parent, when it has started a process.
TOLD = os.path.join("multiprocessing", "popen_fork.py")
#: Native threads at a fork that the program itself makes.
threads = 0


def start(folder: str) -> None:
    """Count in the ledgers of ``folder`` from now on, until the process ends."""
    count_in(folder)
    finder.install(os.path.join(folder, "woven"))
    time_imports()
    atexit.register(core.finish)
    atexit.register(ending)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=forking, after_in_child=forked)
    profiles = os.path.join(folder, "profiles")
    if os.path.isdir(profiles):
        from . import profiling

        profiling.arm(profiles)


def count_in(folder: str) -> None:
    """Count anew, in a ledger of ``folder``: whoever runs one test after another has one for each."""
    core.arm(os.path.join(folder, "ledgers"))
    arm_stacks()
    core.event(
        "python", sys.version_info[:3], sys.executable, places.usable(), " ".join(getattr(sys, "orig_argv", ()))[:200]
    )


def start_late(folder: str) -> None:
    """Start in a program that has run for a while: what it has imported is woven, too."""
    from . import late

    start(folder)
    late.weave(os.path.join(folder, "woven"))


def stop() -> None:
    """Make the process what it was before `start`; what cannot be taken away, such as hooks of forks, does nothing."""
    from . import late

    system: Any = sys.modules["_frozen_importlib"]
    timed = system._find_and_load.__globals__
    if timed.get("begin") is core.begin:
        system._find_and_load = timed["find"]
    finder.uninstall()
    late.unweave()
    atexit.unregister(core.finish)
    atexit.unregister(ending)
    stacks.disarm(signal_too=True)
    core.arm("")


def ending() -> None:
    """The program ends: one that has used several processes tells what is known only now."""
    if f"{__package__}.note" in sys.modules:
        core.ending.main()


def forking() -> None:
    """A parent imports before its children are born what each would import for itself."""
    global threads
    try:
        if not core.state.folder:
            return
        share_parts()
        threads = 0 if sys._getframe(1).f_code.co_filename.endswith(TOLD) else core.note.threads()
        if next(forks) == MANY:
            from . import waits  # noqa: F401
    except Exception:  # the program must not notice
        pass


def share_parts() -> None:
    """Load what forked children are likely to need, or each would for itself; all others do when they need it."""
    for module, parts in layout.WITH.items():
        if module in sys.modules:
            for name in parts:
                core.part(name)


def forked(_kept: list[object] = kept) -> None:
    """A forked child counts in a ledger of its own; the parent's maps stay, or freeing them would close descriptors."""
    if not core.state.folder:
        return
    try:
        core.arm(core.state.folder)
        core.event("forked", *((threads, places.where(2)) if threads else ()))
        arm_stacks()
    except Exception:  # the program must not notice
        pass


def arm_stacks() -> None:
    """Let stacks be asked for; a limit on descriptors may forbid it."""
    try:
        if core.state.ledger.path:
            stacks.arm(core.state.ledger.path + ".stacks", core.state.words)
    except (OSError, ValueError, RuntimeError):
        pass


def time_imports() -> None:
    """Time what it takes to find, compile and run modules that are not there yet."""
    system: Any = sys.modules["_frozen_importlib"]
    names = {"begin": core.begin, "end": core.end, "clock": core.clock, "__builtins__": __builtins__}
    names.update(find=system._find_and_load, here=core._here, kind=core.KIND["import"])
    function: Any = type(start)
    system._find_and_load = function(_find_and_load.__code__.replace(co_filename=IMPORTER), names)


def _find_and_load(name: Any, import_: Any, **more: Any) -> Any:  # Python 3.15 has more
    thread = getattr(here, "thread", None)  # type: ignore[name-defined]  # noqa: F821 - it gets other globals
    if thread is not None and thread.kind == kind:  # type: ignore[name-defined]  # noqa: F821 - within another import
        return find(name, import_, **more)  # type: ignore[name-defined]  # noqa: F821
    token = begin(kind)  # type: ignore[name-defined]  # noqa: F821
    try:
        return find(name, import_, **more)  # type: ignore[name-defined]  # noqa: F821
    finally:
        end(token, clock())  # type: ignore[name-defined]  # noqa: F821
