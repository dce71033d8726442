"""Examines many files: in one process, or in several where that pays."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from mpdiag.linting.examining import Examined, Examiner
from mpdiag.linting.reading import Unreadable
from mpdiag.linting.searching import File
from mpdiag.linting.settings import Request

#: Below as many files worth a look, starting processes takes longer than they save: benchmarks/lint_speed.py.
BREAK_EVEN = 500
#: Files that a process gets at a time.
_CHUNK = 16


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
    for file in files:
        try:
            passes = examiner.passes(file)
        except Unreadable as error:
            harvest.add(Examined(file, failed=f"{file.name}: {error}"))
            continue
        if passes:
            candidates.append(file)
        else:
            harvest.add(Examined(file))
    for examined in _examined(request, examiner, candidates):
        harvest.add(examined)


def _examined(request: Request, examiner: Examiner, files: Sequence[File]) -> Iterator[Examined]:
    workers = _usable_workers() if len(files) >= BREAK_EVEN else 1
    return _in_several(request, files, workers) if workers > 1 else map(examiner.examine, files)


def _usable_workers() -> int:
    from mpdiag import machine

    return int(machine.gather()["usable_workers"])


def _in_several(request: Request, files: Sequence[File], workers: int) -> Iterator[Examined]:
    """The same, by processes that begin with nothing of this one; a Ctrl-C is ours alone."""
    from concurrent.futures import ProcessPoolExecutor

    fresh = multiprocessing.get_context("spawn")
    quiet = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(min(workers, len(files) // _CHUNK), mp_context=fresh, initializer=quiet)
    try:
        yield from pool.map(partial(_examine, request), files, chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


def _examine(request: Request, file: File) -> Examined:
    return _examiner(request).examine(file)


@cache
def _examiner(request: Request) -> Examiner:
    """The examiner of this process."""
    return Examiner(request)
