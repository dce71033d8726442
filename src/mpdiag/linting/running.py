"""Examines many files: in one process, or in several where that pays."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial

from mpdiag.errors import CannotWork
from mpdiag.linting.examining import Examined, Examiner
from mpdiag.linting.reading import Unreadable
from mpdiag.linting.searching import File
from mpdiag.linting.settings import Request

#: Bytes of files worth a look, below which starting processes takes longer than they save. Two halve the 0.6 s that a
#: MiB takes and need half a second to start (benchmarks/lint_speed.py); the rest is for machines that are busy.
BREAK_EVEN = 4 * 2**20
#: Files that a process gets at a time.
_CHUNK = 8
#: Processes beyond which starting them is what takes the time.
_MOST = 16


@dataclass
class Harvest:
    """What has come of the files so far; after an interruption it is all there is.

    Args:
        examined: the files there is something to say of.
        checked: how many were checked.
        relevant: how many of these use what lints are about.
        silenced: how many findings their comments silence.
        projects: the pyproject.toml files that they belong to.
    """

    examined: list[Examined] = field(default_factory=list)
    checked: int = 0
    relevant: int = 0
    silenced: int = 0
    projects: set[str | None] = field(default_factory=set)

    def add(self, examined: Examined) -> None:
        """Count one file."""
        self.projects.add(examined.file.project)
        self.checked += examined.failed is None
        self.relevant += examined.relevant and examined.failed is None
        self.silenced += examined.silenced
        if examined.findings or examined.remarks or examined.failed:
            self.examined.append(examined)


def run(request: Request, examiner: Examiner, files: Iterable[File], harvest: Harvest) -> None:
    """Examine ``files``, in their order.

    Args:
        request: what the user wants.
        examiner: made from it.
        files: to be read.
        harvest: takes what comes of them.
    """
    candidates = []
    size = 0
    for file in files:
        try:
            worth = examiner.worth(file)
        except Unreadable as error:
            harvest.add(Examined(file, failed=f"{file.name}: {error}"))
            continue
        if worth:
            candidates.append(file)
            size += worth
        else:
            harvest.add(Examined(file))
    most = min(len(candidates) // _CHUNK, _MOST)
    workers = min(_usable_workers(), most) if size >= BREAK_EVEN and most > 1 else 1
    for examined in _in_several(request, candidates, workers) if workers > 1 else map(examiner.examine, candidates):
        harvest.add(examined)


def _usable_workers() -> int:
    from mpdiag import machine

    return int(machine.gather(leftovers=False)["usable_workers"])


def _in_several(request: Request, files: Sequence[File], workers: int) -> Iterator[Examined]:
    """The same, by ``workers`` processes that begin with nothing of this one; what comes of them has the same order.

    Raises:
        CannotWork: one of them died.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    quiet = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), quiet)
    try:
        with deaf_children():
            results = pool.map(partial(_examine, request), files, chunksize=_CHUNK)
        yield from results
    except BrokenProcessPool as error:
        raise CannotWork("a process that checks files has died", "Is memory short? Check fewer files.") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def deaf_children() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, not even while it starts; to this process it comes afterwards."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # up to Python 3.13, starting it ends the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _examine(request: Request, file: File) -> Examined:
    return _examiner(request).examine(file)


@cache
def _examiner(request: Request) -> Examiner:
    """The examiner of this process."""
    return Examiner(request)
