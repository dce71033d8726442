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
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any

#: What finds and loads modules that are files.
files: Any = sys.modules["_frozen_importlib_external"]
ModuleSpec: Any = type(sys.__spec__)

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
#: Likewise of modules of the standard library, those with taps and what they import, each with the kinds of its gates:
#: to look for one in the standard library and to read its own file takes as long as the taps of a short process do.
#: Then the folder of the standard library; by name also whether the module is a package; of one in C, where it is.
known: tuple[str, dict[str, Any], str] = "", {}, ""


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
        self.hooks = len(sys.path_hooks)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of a module that is to be woven or is known, or of a part of the tap; None for all others."""
        if name in parts[1]:
            return ModuleSpec(name, Part(*parts[1][name]))
        if name not in known[1] and name not in WOVEN:
            return None
        others = iter(sys.meta_path)
        for finder in others:  # those before us were asked before, and may be asking us
            if finder is self:
                break
        for finder in others:
            spec: Any = self.at_once(name, path) if finder is files.PathFinder else None
            spec = spec or finder.find_spec(name, path, target)
            if spec is not None:
                if name in WOVEN and type(spec.loader).__name__ == "SourceFileLoader":
                    spec.loader = self.weaving(spec.loader)
                return spec
        return None

    def weaving(self, real: Any) -> Loader:
        """What has the taps in the place of a loader."""
        return Loader(real, lambda: woven_code(real.name, real.path, self.folder))

    def at_once(self, name: str, path: Any) -> Any:
        """The spec of a known module, which nothing hides that stands before it on the path; else None."""
        try:
            if name not in known[1] or sys.flags.optimize or len(sys.path_hooks) != self.hooks:
                return None
            place, within = known[1][name], None
            if isinstance(place, str):
                stem = file = place
                loader = files.ExtensionFileLoader(name, file)
            else:
                begin, size, package = place
                stem = f"{known[2]}{os.sep}{name.replace('.', os.sep)}"
                file = f"{stem}{os.sep}__init__.py" if package else f"{stem}.py"
                within = [stem] if package else None
                real = files.SourceFileLoader(name, file)
                loader = Loader(real, lambda: marshal.loads(content(known[0], begin, size)))
            folder = stem.rpartition(os.sep)[0]
            if path != [folder] if "." in name else hidden(name, folder):
                return None
            return files.spec_from_file_location(name, file, loader=loader, submodule_search_locations=within)
        except Exception:  # the program must not notice
            return None


def hidden(name: str, folder: str) -> bool:
    """Whether something on the path hides the module that is in ``folder``, or that is not there at all."""
    for entry in sys.path:
        if entry == folder:
            return False
        finder = files.PathFinder._path_importer_cache(entry)
        spec = finder and finder.find_spec(name)
        if spec and spec.loader:  # without one it is a folder, which hides nothing
            return True
    return True


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
    """Stands in for the real loader until the module runs.

    Args:
        real: it.
        code: gives the module's code and the kinds of its gates, None for one without taps; or None.
    """

    def __init__(self, real: Any, code: Callable[[], tuple[CodeType, list[int] | None] | None]) -> None:
        self.real = real
        self.code = code

    def create_module(self, spec: Any) -> Any:
        """What the real one makes."""
        return self.real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the code; the real one if there is none."""
        spec: Any = module.__spec__
        spec.loader = module.__loader__ = self.real
        try:
            code = self.code()
        except Exception:  # the program must not notice
            code = None
        if code is None or not (code[1] is None or ready(module.__dict__, code[1])):
            self.real.exec_module(module)
            return
        exec(code[0], module.__dict__)


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
