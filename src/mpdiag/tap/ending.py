"""What is known only at the end: unread messages, readers that gave up, exceptions that nobody caught."""

from __future__ import annotations

import os
import sys
from weakref import ref

from . import core, globs, places

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: The request "how many bytes can be read", by system.
FIONREAD = {"linux": 0x541B, "darwin": 0x4004667F}
#: Queues that are looked at, and connections with something left that are told.
MOST = 256
#: With the ends they are read from, which the thread that feeds a queue keeps alive.
_queues: list[tuple[Any, Any]] = []
_told = 0
_done_in = 0


def known(queue: Any) -> None:
    """A queue exists in this process: it was made here, or has come from its parent."""
    try:
        if len(_queues) >= MOST:
            _queues[:] = [each for each in _queues if each[1]() is not None]
        if len(_queues) < MOST and not any(each() is queue for each, _ in _queues):
            _queues.append((ref(queue), ref(queue._reader)))
    except Exception:  # the program must not notice
        pass


def closing(connection: Any) -> None:
    """A connection is about to be closed: was it found empty, is anything in it that nobody will read here?"""
    global _told
    try:
        if getattr(connection, "_mpd_gave_up", None) == os.getpid():
            connection._mpd_gave_up = None  # it is told once
            core.event("gave_up", places.identity(connection))
        if connection._readable and _told < MOST:
            size = unread(connection._handle)
            if size:
                _told += 1
                core.event("left", places.identity(connection), size)
    except Exception:  # the program must not notice
        pass


def unread(handle: int) -> int:
    """Bytes that lie in a pipe."""
    request = FIONREAD.get(sys.platform)
    if request is None:
        return 0
    from fcntl import ioctl

    return int.from_bytes(ioctl(handle, request, b"\0\0\0\0"), sys.byteorder)


def process() -> None:
    """The process is about to end."""
    global _done_in
    try:
        if _done_in == os.getpid():
            return
        _done_in = os.getpid()
        globs.look()
        for _, end in _queues:
            reader = end()
            if reader is not None:
                closing(reader)
    except Exception:  # the program must not notice
        pass


def main() -> None:
    """The main process is about to end, or one that was forked."""
    try:
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
        if error is not None:
            _uncaught(error)
    except Exception:  # the program must not notice
        pass
    process()


def uncaught() -> None:
    """A child ends by an exception."""
    try:
        error = sys.exc_info()[1]
        if error is not None:
            _uncaught(error)
    except Exception:  # the program must not notice
        pass


def _uncaught(error: BaseException) -> None:
    place = channel = None
    initializer = opening = False
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not places.is_library(code.co_filename):
            place = code.co_filename, trace.tb_lineno, places.function(code)
        elif code.co_name == "recv_bytes" or code.co_name == "recv":
            channel = places.identity(trace.tb_frame.f_locals["self"])
        elif code.co_name == "__setstate__" and code.co_filename.endswith("synchronize.py"):
            opening = isinstance(error, FileNotFoundError)
        trace = trace.tb_next
    ended = isinstance(error, EOFError) and channel is not None
    told = channel if ended else None
    core.event("uncaught", type(error).__name__, str(error)[:200], place, told, initializer, opening)


def initialized(token: Any, now: int, size: int = 0, empty: bool = False) -> None:
    """An initializer has run; ``empty`` says that it raised."""
    core.end(token, now, size, empty)
    try:
        if empty:
            kind, error, _ = sys.exc_info()
            core.event("initializer", getattr(kind, "__name__", ""), str(error)[:200])
    except Exception:  # the program must not notice
        pass
