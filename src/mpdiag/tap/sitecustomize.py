"""Python imports this at its start, as it stands first on the path: it arms the taps and makes room for the user's own.

Nothing of it stays: neither its folder on ``sys.path`` nor a module of this name that the user did not write.
Interpreters that the taps are not made for, even Python 2, come by here when a program starts them: they pass.
"""

import marshal
import os
import sys


def _arm():  # type: () -> None  # noqa: ANN202 - Python 2 reads it
    folder = os.environ.get("MPDIAG_TAP")
    if not folder or sys.version_info < (3, 9) or not _main_interpreter():
        return
    try:
        _bring(os.path.join(folder, "woven", "taps.%d" % sys.hexversion))  # noqa: UP031 - likewise
        from mpdiag_tap import start  # type: ignore[import-not-found]

        start.start(folder)
    except Exception:  # the program must not notice
        pass


def _main_interpreter():  # type: () -> bool  # noqa: ANN202 - Python 2 reads it
    """A further interpreter of a process that counts: what its owner hands to it is counted there."""
    try:
        import _thread

        return _thread._is_main_interpreter()  # type: ignore[attr-defined, no-any-return]
    except (ImportError, AttributeError):  # before Python 3.13
        return True


def _bring(path):  # type: (str) -> None  # noqa: ANN001, ANN202 - Python 2 reads it
    """Load what all processes need from one file, if it is there; else it is imported."""
    try:
        with open(path, "rb") as file:
            first, parts, known = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return
    package = None
    for name, code in first:
        if isinstance(code, str):  # a module in C, which the program shall import for itself
            try:
                setattr(package, name, _loaded(name, code))
            except ImportError:
                pass
            continue
        module = type(sys)("mpdiag_tap" if package is None else "mpdiag_tap." + name)
        module.__file__ = code.co_filename
        module.__package__ = "mpdiag_tap"
        if package is None:
            package = module
            package.__path__ = [os.path.dirname(code.co_filename)]
        else:
            setattr(package, name, module)
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)
    finder = sys.modules["mpdiag_tap.finder"]
    finder.parts, finder.known = parts, known  # type: ignore[attr-defined]


def _loaded(name, path):  # type: (str, str) -> object  # noqa: ANN001, ANN202 - Python 2 reads it
    """A module in C from its file; the program does not see that it is there."""
    if name in sys.modules:
        return sys.modules[name]
    import _imp

    module = _imp.create_dynamic(type(sys.__spec__)(name, None, origin=path))
    _imp.exec_dynamic(module)
    sys.modules.pop(name, None)  # before Python 3.10 it gets in there by itself
    return module


def _leave():  # type: () -> None  # noqa: ANN202 - Python 2 reads it
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry != here]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(here)]:
        del sys.path_importer_cache[entry]
    del sys.modules["sitecustomize"]


_arm()
_leave()
# The user's own, if there is one; else this ends as if there had been none.
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401
