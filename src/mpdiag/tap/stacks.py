"""Lets the stacks of this process be asked for from outside, by a signal.

The handler appends them to a file of ours, in one write and between two bytecodes of the main thread. `faulthandler`
would run no Python code for it, but walks frames that are half made: asked a thousand times amid calls, Python 3.11,
3.12 and 3.13 crash. It is also slower, with a system call for each word. No thread is started, no descriptor stays open
and a process that waits is not asked.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # the other one makes enums of all numbers first
import atexit
import os
import sys
from _thread import get_ident

from . import layout

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Frames of a stack and further threads that are told at most.
DEEPEST, THREADS = 100, 8
#: The instruction with which a loop jumps back, by the minor versions that give it no line; and what makes it longer.
JUMPS, EXTENDED = {10: 113, 11: 140}, 144
_path = ""
_words: memoryview | None = None
_heeding = False


def arm(path: str, words: memoryview) -> None:
    """Have stacks appended to the file ``path``; a word of the ledger says that the process may be asked."""
    global _path, _heeding, _words
    number = getattr(signal, "SIGRTMAX", 0) - 3
    if number < 0:
        return
    if not _heeding:
        # Ignored: by our own `disarm` before an exec.
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
            return
        signal.signal(number, asked)
        _heeding = True
        atexit.register(disarm)
    _path, _words = path, words
    words[layout.H_READY] = 1


def disarm(signal_too: bool = False) -> None:
    """Be asked no more, before an exec or the interpreter's end: both make the signal deadly unless it is ignored.

    Args:
        signal_too: nobody will ask any more: the signal may mean again what it meant.
    """
    global _path, _heeding
    path, _path = _path, ""
    if not _heeding:
        return
    try:
        number = signal.SIGRTMAX - 3
        if signal.getsignal(number) is asked:
            signal.signal(number, signal.SIG_DFL if signal_too else signal.SIG_IGN)
        _heeding = False
        atexit.unregister(disarm)
        if _words is not None:
            _words[layout.H_READY] = 0
        os.unlink(path)
    except (OSError, ValueError):
        pass


def asked(number: int, frame: Any) -> None:
    """Append the stacks of this process to its file."""
    try:
        if not _path:
            return
        lines = ["Stack (most recent call first):\n"]
        tell(frame, lines)
        threading = sys.modules.get("threading")
        if threading is not None and len(threading._active) > 1:
            others(threading, lines)
        file = os.open(_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, "".join(lines).encode("utf-8", "backslashreplace"))
        finally:
            os.close(file)
        if _words is None:
            return
        _words[layout.H_ASKED] += 1
        if _words[layout.H_WISH]:
            _words[layout.H_WISH] = 0
            say_why(frame)
    except Exception:
        pass


def say_why(frame: Any) -> None:
    """Say for what the threads wait. What is imported for that does not end the wait of this one."""
    from . import core

    words, thread = core.state.words, core.state.threads.get(get_ident())
    since = thread.base + layout.T_SINCE if thread is not None and thread.base else 0
    began = words[since]
    try:
        from . import waits

        if since:
            words[since] = began
        waits.answer(_path[: -len(".stacks")] + ".waits", frame)
    finally:
        if since:
            words[since] = began


def tell(frame: Any, lines: list[str]) -> None:
    """Add the lines of the stack whose innermost frame is ``frame``."""
    depth = 0
    while frame is not None:
        if depth == DEEPEST:
            lines.append("  ...\n")
            return
        code = frame.f_code
        lines.append(f'  File "{code.co_filename}", line {line_of(frame)} in {code.co_name}\n')
        frame = frame.f_back
        depth += 1


def line_of(frame: Any) -> int:
    """The line that a frame is at. Python 3.10 and 3.11 give a loop's jump back none, where it is met most often."""
    line: int | None = frame.f_lineno
    if line is None:
        code = frame.f_code
        at = leads_to(code.co_code, frame.f_lasti)
        line = next((each for begin, end, each in code.co_lines() if begin <= at < end), None) or code.co_firstlineno
    return line


def leads_to(code: bytes, at: int) -> int:
    """Where a loop's jump back in ``code`` leads; any other instruction stays where it is."""
    minor = sys.version_info[1]
    if code[at] != JUMPS.get(minor):
        return at
    argument, shift, before = code[at + 1], 8, at - 2
    while code[before] == EXTENDED:
        argument |= code[before + 1] << shift
        shift, before = shift + 8, before - 2
    return 2 * argument if minor == 10 else at + 2 - 2 * argument


def others(threading: Any, lines: list[str]) -> None:
    """Add the stacks of further threads, by their native numbers."""
    frames = sys._current_frames()
    frames.pop(get_ident(), None)  # this very frame: it would hold itself, and all others, until the next collection
    told = 0
    for ident, thread in list(threading._active.items()):
        if ident in frames and told < THREADS:
            told += 1
            lines.append(f"Thread {thread.native_id} (most recent call first):\n")
            tell(frames[ident], lines)
