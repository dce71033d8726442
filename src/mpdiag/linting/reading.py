"""Reads one file, whatever it turns out to be."""

from __future__ import annotations

import os
import platform
import re
import stat
from pathlib import Path

#: A file above this was hardly written by a person, and its syntax tree would fill the memory.
MOST_BYTES = 5 * 2**20
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_SHEBANG = re.compile(rb"#!.*\bpython[\d.]*\b")
#: The most of a file's beginning that is looked at for it.
_FIRST_LINE = 256
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Unreadable(Exception):
    """A file cannot be read; the text is the reason."""


def read(path: str, most: int | None = MOST_BYTES) -> bytes:
    """All that the file holds.

    Args:
        path: a regular file; of anything else nothing is read, so that nothing can block.
        most: the most bytes it may have; None: any number.

    Raises:
        Unreadable: with the reason.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    try:
        return _content(handle, most)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)


def _content(handle: int, most: int | None) -> bytes:
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        raise Unreadable(no_file(about.st_mode))
    if most is not None and about.st_size > most:
        raise Unreadable(f"larger than {most // 2**20} MiB: --huge reads it too")
    data = os.read(handle, about.st_size + 1)
    if len(data) == about.st_size:
        return data
    parts = [data]  # it grows, or its system does not know its size
    while parts[-1]:
        parts.append(os.read(handle, 2**20))
    return b"".join(parts)


def no_file(mode: int) -> str:
    """What something of this ``st_mode`` is, as a reason not to read it."""
    kind = next((kind for test, kind in _KINDS if test(mode)), "no file")
    return f"{kind}, which is not read"


def is_script(path: str) -> bool:
    """Whether the first line of the file at ``path`` names Python; if it cannot be read, `read` will say why."""
    try:
        with Path(path).open("rb") as file:
            return _SHEBANG.match(file.read(_FIRST_LINE)) is not None
    except OSError:
        return True


def mode(path: str) -> int:
    """The ``st_mode`` of what is at ``path``; 0, where nothing can be seen."""
    try:
        return Path(path).stat().st_mode
    except OSError:
        return 0


def unparsed(error: Exception) -> str:
    """What to say behind the name of a file in which Python cannot read what stands there: line, column and reason."""
    where = "".join(f":{part}" for part in (getattr(error, "lineno", None), getattr(error, "offset", None)) if part)
    what = error.msg if isinstance(error, SyntaxError) else str(error)
    if isinstance(error, (RecursionError, MemoryError)):
        what = "nested too deeply"
    return f"{where}: not read by Python {platform.python_version()}: {what}"
