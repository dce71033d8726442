"""Python imports this at its start, as it stands first on the path: it arms the taps and makes room for the user's own.

Nothing of it stays: neither its folder on ``sys.path`` nor a module of this name that the user did not write.
Interpreters that the taps are not made for, even Python 2, come by here when a program starts them: they pass.
"""

import os
import sys


def _arm():  # type: () -> None  # noqa: ANN202 - Python 2 reads it
    folder = os.environ.get("MPDIAG_TAP")
    if not folder or sys.version_info < (3, 9) or not _main_interpreter():
        return
    try:
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
