"""Starts a program as its own process from its own command line, passes signals on and waits for its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from errno import ENOEXEC
from functools import partial
from pathlib import Path
from types import FrameType

from mpdiag.errors import BadInput

#: From others, these are for the program. A terminal sends its own to the program as well.
PASSED_ON = ("SIGHUP", "SIGQUIT", "SIGTERM")
#: A Ctrl-C is the program's own affair.
LEFT_ALONE = ("SIGINT",)


def cannot_start(command: Sequence[str], error: OSError) -> BadInput:
    """Why ``command`` does not even begin."""
    name = command[0]
    if Path(name).is_dir() and not shutil.which(name):
        return BadInput(f"{name} is a folder, not a program")
    if isinstance(error, FileNotFoundError) and not Path(name).exists():
        return BadInput(f"{name}: no such program", "Give a command on PATH, or the path of one.")
    hint = "A script begins with a line that names its interpreter, as #!/bin/sh." if error.errno == ENOEXEC else ""
    return BadInput(f"{name} cannot be started: {error.strerror}", hint)


class Launched:
    """A program that runs as itself, with mpdiag standing by: the same folder, standard streams and process group.

    Entering starts it; leaving waits for its end, whatever has gone wrong here in the meantime.

    Args:
        command: its command line.
        environ: its environment.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.command = tuple(command)
        self.environ = environ
        #: Seconds from its start to its end.
        self.wall_s = 0.0
        self._early: list[int] = []
        self._program: subprocess.Popen[bytes] | None = None
        self._before: dict[int, object] = {}
        self._mask: set[int] | None = None

    def __enter__(self) -> Launched:
        self._before = {number: signal.getsignal(number) for number in signals(*PASSED_ON, *LEFT_ALONE)}
        for number in self._heard:
            signal.signal(number, self._arrived)  # not SIG_IGN, which the program would inherit
        self._begun = time.monotonic()
        try:
            self._program = start(self.command, self.environ)
        except OSError as error:
            self._restore()
            raise cannot_start(self.command, error) from error
        if hasattr(signal, "sigtimedwait"):
            self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._awaited)
        for number in self._early:
            self._pass_on(number)
        return self

    def __exit__(self, *error: object) -> None:
        self.wait()
        self._restore()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._program
        return self._program.pid

    @property
    def code(self) -> int:
        """The exit code that a shell would show: 128 and the signal's number, if one has ended it."""
        assert self._program
        code = self._program.returncode
        return code if code >= 0 else 128 - code

    @property
    def exit(self) -> int | str:
        """Its exit code, or the name of the signal that ended it."""
        assert self._program
        code = self._program.returncode
        return code if code >= 0 else signal_name(-code)

    def wait(self, tick: Callable[[], object] | None = None, every: float = 0.1) -> None:
        """Wait for its end.

        Args:
            tick: called every now and then.
            every: seconds between two calls.
        """
        assert self._program
        while self._program.poll() is None:
            self._wait_a_while(every if tick else None)
            if tick:
                tick()
        self.wall_s = self.wall_s or time.monotonic() - self._begun

    def _wait_a_while(self, seconds: float | None) -> None:
        """Until it ends, a signal comes or the time is over."""
        assert self._program
        if self._mask is None:
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(seconds)
            return
        info = signal.sigwaitinfo(self._awaited) if seconds is None else signal.sigtimedwait(self._awaited, seconds)
        if info and info.si_signo in signals(*PASSED_ON) and (info.si_code <= 0 or leads_session(info.si_signo)):
            self._pass_on(info.si_signo)

    @property
    def _heard(self) -> list[int]:
        """The signals that would end us; those that were ignored when we began stay so."""
        return [number for number, handler in self._before.items() if handler != signal.SIG_IGN]

    @property
    def _awaited(self) -> list[int]:
        return [*self._heard, signal.SIGCHLD]

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        """A signal came while none are waited for."""
        if self._program is None:
            self._early.append(number)
        elif number in signals(*PASSED_ON):
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        assert self._program
        self._program.send_signal(number)

    def _restore(self) -> None:
        """Signals mean again what they did before; those that were for the program are forgotten."""
        if self._mask is not None:
            while signal.sigtimedwait(self._awaited, 0):
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        for number in self._heard:
            signal.signal(number, self._before[number])  # type: ignore[arg-type]


def start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``command`` with every descriptor that we inherited ourselves; our own are closed by its start.

    What it inherits of signals is what we inherited: ignored ones stay ignored. Whether SIGPIPE was cannot be known,
    as Python itself ignores it.
    """
    keep = None
    if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else there is no exit code to wait for
        keep = partial(signal.signal, signal.SIGCHLD, signal.SIG_IGN)
    return subprocess.Popen(command, env=environ, close_fds=False, preexec_fn=keep)  # noqa: PLW1509 - one thread


def signals(*names: str) -> list[int]:
    """Those of ``names`` that this system has."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def leads_session(number: int) -> bool:
    """Whether the terminal's ``number`` went to us alone: a hang-up to the leader of the session."""
    return number == signal.SIGHUP and os.getsid(0) == os.getpid()


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
