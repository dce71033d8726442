"""Lets the stack of this process be asked for from outside, by a signal whose handler is in C.

`faulthandler` writes the stack of whatever runs into a file of ours. No Python code runs for it, no thread is started,
and a process that waits is never asked. The descriptor is a high one, which a program that closes or counts its own
does not meet.
"""

from __future__ import annotations

import os

HIGH = 700
_descriptor = -1


def arm(path: str) -> None:
    """Have stacks appended to the file ``path``; its existence says that the process may be asked."""
    global _descriptor
    try:
        import faulthandler
        import signal
        from fcntl import F_DUPFD_CLOEXEC, fcntl

        number = signal.SIGRTMAX - 3
    except (ImportError, AttributeError):
        return
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if _descriptor >= 0:
        os.dup2(file, _descriptor, inheritable=False)
    elif signal.getsignal(number) is signal.SIG_DFL:
        _descriptor = fcntl(file, F_DUPFD_CLOEXEC, HIGH)
        faulthandler.register(number, file=_descriptor, all_threads=False, chain=False)
    else:
        os.unlink(path)
    os.close(file)
