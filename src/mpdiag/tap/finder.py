"""Has chosen modules of the standard library compiled with taps woven in, when the program imports them.

A module keeps its name, file, lines, spec and loader: what the program sees of it is what it would see without us.
Compiled code is kept in the run's folder, so that only the first process of an interpreter pays for weaving.
"""

from __future__ import annotations

import marshal
import os
import sys

from . import core

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

#: The modules that have taps; `points` says which.
WOVEN = frozenset(
    (
        "concurrent.futures._base",
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "multiprocessing.connection",
        "multiprocessing.context",
        "multiprocessing.managers",
        "multiprocessing.pool",
        "multiprocessing.popen_fork",
        "multiprocessing.popen_forkserver",
        "multiprocessing.process",
        "multiprocessing.queues",
        "multiprocessing.reduction",
        "multiprocessing.shared_memory",
        "multiprocessing.sharedctypes",
        "multiprocessing.spawn",
        "multiprocessing.synchronize",
        "multiprocessing.util",
    )
)


#: A file of compiled modules of the tap that only some processes need: its path, and by name where each begins and how
#: long it is.
parts: tuple[str, dict[str, tuple[int, int]]] = "", {}


def install(folder: str) -> None:
    """Stand first among the finders; compiled code is kept in ``folder``."""
    sys.meta_path.insert(0, Finder(folder))


def uninstall() -> None:
    """Find no more."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]


class Finder:
    """Finds what the other finders find, and lends it a loader that weaves."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of a module that is to be woven, or of a part of the tap; None for all others."""
        if name in parts[1]:
            spec_of: Any = type(sys.__spec__)
            return spec_of(name, Part(*parts[1][name]))
        if name not in WOVEN:
            return None
        for finder in sys.meta_path:
            spec: Any = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if type(spec.loader).__name__ == "SourceFileLoader":
                    spec.loader = Loader(spec.loader, self.folder)
                return spec
        return None


class Part:
    """Loads a part of the tap."""

    def __init__(self, begin: int, size: int) -> None:
        self.begin = begin
        self.size = size

    def create_module(self, _spec: Any) -> Any:
        """The usual one."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the code."""
        exec(marshal.loads(content(parts[0], self.begin, self.size)), module.__dict__)


def content(path: str, begin: int = 0, size: int | None = None) -> bytes:
    """What is in a file, from ``begin`` on: `open` would ask the system five questions more."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        os.lseek(file, begin, os.SEEK_SET)
        return os.read(file, os.fstat(file).st_size if size is None else size)
    finally:
        os.close(file)


class Loader:
    """Stands in for the real loader until the module runs."""

    def __init__(self, real: Any, folder: str) -> None:
        self.real = real
        self.folder = folder

    def create_module(self, spec: Any) -> Any:
        """What the real one makes."""
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the woven code; the real one if there is none."""
        spec: Any = module.__spec__
        spec.loader = module.__loader__ = self.real
        woven = woven_code(spec.name, self.real.path, self.folder)
        if woven is None or not ready(module.__dict__, woven[1]):
            self.real.exec_module(module)
            return
        exec(woven[0], module.__dict__)


def ready(names: dict[str, Any], kinds: list[int]) -> bool:
    """Whether a module has got what its taps need."""
    try:
        core.weave_into(names, kinds)
    except Exception:  # the program must not notice
        return False
    return True


def woven_code(name: str, path: str, folder: str) -> tuple[CodeType, list[int]] | None:
    """The woven code of the module ``name`` with the kinds of its gates, from the cache if there; None if in vain."""
    try:
        key = path.replace(os.sep, "-").replace(":", "-")
        cached = os.path.join(folder, f"{sys.implementation.cache_tag}{key}")
        try:
            return marshal.loads(content(cached))  # type: ignore[no-any-return]
        except (OSError, ValueError, EOFError, TypeError):
            pass
        from . import weave

        woven = weave.compiled(name, path)
        weave.keep(woven, cached)
    except Exception:  # the program must not notice
        return None
    return woven
