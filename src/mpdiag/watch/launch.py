"""Starts a program as its own process from its own command line, passes signals on and waits for its end."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from errno import ENOEXEC
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from mpdiag.errors import BadInput
from mpdiag.watch.witness import Witness

#: Sent to us, these are for the program; our own end would only hide how it goes on.
PASSED_ON = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2")
#: Seconds after which the main thread looks up even when nothing happens: a signal may have woken another thread.
LOOK_UP = 0.5


class Launched:
    """A program that runs as itself, with mpdiag standing by: the same folder, standard streams and process group.

    Entering starts it; leaving waits for its end, whatever has gone wrong here in the meantime. Only the main thread
    may do so.

    Args:
        command: its command line.
        environ: its environment.
        orphaned: what is to be done, by a process of ours that lives on, if we are killed while it runs.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], orphaned: Callable[[], object] = lambda: None
    ) -> None:
        self.command = tuple(command)
        self.environ = environ
        self._orphaned = orphaned
        #: `time.monotonic` when it was started and when it had ended.
        self.began = self.ended = 0.0
        #: The signals that have come, each with its time, and None at the program's end.
        self._news: queue.SimpleQueue[tuple[int, float] | None] = queue.SimpleQueue()
        self._over = False
        self._program: subprocess.Popen[bytes] | None = None
        handlers = {number: signal.getsignal(number) for number in numbers(PASSED_ON)}
        #: The signals that would end us. Those that were ignored when we began stay so: the program inherits that.
        self._before: dict[int, Any] = {number: was for number, was in handlers.items() if was != signal.SIG_IGN}
        self._witness: Witness | None = None

    def __enter__(self) -> Launched:
        for number in self._before:
            signal.signal(number, self._arrived)  # not SIG_IGN, which the program would inherit
        if hasattr(os, "fork"):
            self._witness = Witness(self._before, self._orphaned)
        self.began = time.monotonic()
        try:
            self._program = start(self.command, self.environ)
        except OSError as error:
            self._restore()
            raise cannot_start(self.command, error) from error
        threading.Thread(target=self._wait_for_end, name="wait for the program").start()
        return self

    def __exit__(self, *error: object) -> None:
        self.wait()
        self._reaped()
        self._restore()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._program
        return self._program.pid

    @property
    def wall_s(self) -> float:
        """Seconds from its start to its end."""
        return self.ended - self.began

    @property
    def code(self) -> int:
        """The exit code that a shell would show: 128 and the signal's number, if one has ended it."""
        code = self._reaped()
        return code if code >= 0 else 128 - code

    @property
    def exit(self) -> int | str:
        """Its exit code, or the name of the signal that ended it."""
        code = self._reaped()
        return code if code >= 0 else signal_name(-code)

    def _reaped(self) -> int:
        assert self._program
        return self._program.wait()

    def wait(self, tick: Callable[[], object] | None = None, every: float = 0.1) -> None:
        """Wait for its end. Until it is left, its last figures can be read of the system.

        Args:
            tick: called every now and then.
            every: seconds between two calls.
        """
        while not self._over:
            with suppress(queue.Empty):
                self._heard(self._news.get(timeout=every if tick else LOOK_UP))
            if self._witness:
                self._witness.listen()
            if tick:
                tick()

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        self._news.put((number, time.monotonic()))

    def _heard(self, news: tuple[int, float] | None) -> None:
        """A signal has come, which the program gets unless it has; or its end."""
        assert self._program
        if news is None:
            self._over = True
        elif not (self._witness and self._witness.saw(*news)):
            self._program.send_signal(news[0])

    def _wait_for_end(self) -> None:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._reaped()
        self.ended = time.monotonic()
        self._news.put(None)

    def _restore(self) -> None:
        """Signals mean again what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler or signal.SIG_DFL)
        if self._witness:
            self._witness.dismiss()


def start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``command`` with every descriptor that we inherited ourselves; our own are closed by its start.

    What it inherits of signals is what we inherited: ignored ones stay ignored. Whether SIGPIPE was cannot be known,
    as Python itself ignores it; the program gets its default.

    Raises:
        OSError: it cannot be started.
    """
    keep = None
    if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else there is no exit code to wait for
        keep = partial(signal.signal, signal.SIGCHLD, signal.SIG_IGN)
    return subprocess.Popen(command, env=environ, close_fds=False, preexec_fn=keep)  # noqa: PLW1509 - one thread


def cannot_start(command: Sequence[str], error: OSError) -> BadInput:
    """Why ``command`` does not even begin."""
    name = command[0]
    if Path(name).is_dir() and not shutil.which(name):
        return BadInput(f"{name} is a folder, not a program")
    if isinstance(error, FileNotFoundError) and not Path(name).exists():
        return BadInput(f"{name}: no such program", "Give a command on PATH, or the path of one.")
    hint = "A script begins with a line that names its interpreter, as #!/bin/sh." if error.errno == ENOEXEC else ""
    return BadInput(f"{name} cannot be started: {error.strerror}", hint)


def numbers(names: Sequence[str]) -> list[int]:
    """Those signals of ``names`` that this system has."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9."""
    with suppress(ValueError):  # a real-time signal has no name of its own
        return signal.Signals(number).name
    return f"signal {number}"
