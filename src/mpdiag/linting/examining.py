"""What is wrong with one file: it is read and checked, and its findings are silenced where it says so."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from mpdiag.advice import Finding
from mpdiag.linting import checking, reading
from mpdiag.linting.searching import File
from mpdiag.linting.settings import Choice, Request, resolve
from mpdiag.linting.suppressions import MARK, silence
from mpdiag.linting.targets import Targets

Answer = TypeVar("Answer")

#: Up to Python 3.10, the parser crashes where nesting fills the stack. This, in bytes, is enough for 5 MiB of source.
_STACK = 512 * 2**20
#: Less than this, in bytes, cannot fill an ordinary one.
_SHALLOW = 20_000


#: Seconds of CPU time that a file may take; what people write takes a tenth of that or less.
PATIENCE, SECONDS_PER_BYTE = 20.0, 1e-5


class TooLong(Exception):
    """Something takes more time than there is."""


@dataclass
class Examined:
    """What came of a file.

    Args:
        file: which.
        relevant: it uses what lints are about.
        findings: those that are left.
        silenced: how many its comments silence.
        remarks: what is to be said of it beside findings.
        failed: why it could not be checked.
        ours: that is a mistake of ours.
    """

    file: File
    relevant: bool = False
    findings: list[Finding] = field(default_factory=list)
    silenced: int = 0
    remarks: list[str] = field(default_factory=list)
    failed: str | None = None
    ours: bool = False


class Examiner:
    """Examines files as the user wishes.

    Raises:
        BadInput: a rule or a version in the request is none.
    """

    def __init__(self, request: Request) -> None:
        self.choice = Choice(request)
        self.targets = Targets(request.target_version, request.start_method)
        self._most = None if request.huge else reading.MOST_BYTES

    def worth(self, file: File) -> int:
        """How many bytes of ``file`` have to be looked at: none, if at a glance it has no findings or comments of ours.

        Raises:
            Unreadable: it cannot be read.
        """
        data = reading.read(file.path, self._most)
        return len(data) if file.is_notebook or MARK in data or checking.can_match(data) else 0

    def examine(self, file: File, data: bytes | None = None) -> Examined:
        """All that is to be said of ``file``; its content is ``data``, if that is known."""
        examined = Examined(file)
        try:
            content = reading.read(file.path, self._most) if data is None else data
            with collected_after(), within(PATIENCE + len(content) * SECONDS_PER_BYTE):
                with_room(len(content), partial(self._check, content, examined))
        except TooLong as error:
            examined.failed = f"{file.name}: given up {error}"
        except reading.Unreadable as error:
            examined.failed = f"{file.name}: {error}"
        except (SyntaxError, UnicodeError, RecursionError, MemoryError) as error:
            examined.failed = f"{file.name}{reading.unparsed(error)}"
        except Exception as error:
            if os.environ.get("MPDIAG_DEBUG"):
                raise
            what = f"internal error: {type(error).__name__}: {error}"
            examined.failed, examined.ours = f"{file.name}: {what}. Please report it", True
        return examined

    def _check(self, content: bytes, examined: Examined) -> None:
        file, notebook = examined.file, None
        if file.is_notebook:
            from mpdiag.linting import notebooks

            notebook = notebooks.read(content)
            if checking.can_match(notebook.source):
                notebook = notebook.python()
                examined.remarks += [f"{file.name}:{each}" for each in notebook.broken]
            content = notebook.source
        examined.relevant = checking.can_match(content)
        if examined.relevant and b"\0" in content:
            raise reading.Unreadable("holds null bytes, which no Python source may")
        judged = self.choice.judged(file.real)
        found = checking.check(content, file.name, self.choice.lints, self.targets.of(file.project))
        silenced = silence(content, [each for each in found if each.rule in judged.ids], resolve, judged)
        examined.silenced = silenced.count
        examined.findings = list(map(notebook.located, silenced.findings)) if notebook else silenced.findings
        for line, text in silenced.remarks:
            where = "cell {}:{}".format(*notebook.at(line)) if notebook else line
            examined.remarks.append(f"{file.name}:{where}: {text}")


@contextmanager
def collected_after() -> Iterator[None]:
    """Look for garbage once, at the end: trees live until they go as a whole, and looking meanwhile takes a quarter."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.collect(0)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Allow what is done here so much CPU time, in seconds, where the system can tell.

    Raises:
        TooLong: it takes more.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(_number: int, _frame: object) -> None:
        raise TooLong(f"after {seconds:.0f} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def with_room(size: int, work: Callable[[], Answer]) -> Answer:
    """What ``work`` gives, done where the nesting of a source of ``size`` bytes finds room on the stack."""
    if sys.version_info < (3, 11) and size > _SHALLOW:
        from concurrent.futures import ThreadPoolExecutor

        before = threading.stack_size(_STACK)
        try:
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(work).result()
        finally:
            threading.stack_size(before)
    return work()
