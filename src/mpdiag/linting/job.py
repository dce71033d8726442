"""One run of ``mpdiag lint``: files are found, examined and perhaps mended, and a report tells what is left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mpdiag.advice import Finding
from mpdiag.errors import BadInput
from mpdiag.heading import begin
from mpdiag.linting import fixing, reading, running
from mpdiag.linting.changes import Changes
from mpdiag.linting.examining import Examined, Examiner
from mpdiag.linting.running import Harvest
from mpdiag.linting.searching import File, Search, nearest_project
from mpdiag.linting.settings import Request, layer
from mpdiag.linting.sifting import Sieve, Sifted
from mpdiag.report import Report

#: Standard input, as it is called on the command line, and in a report if nobody says which file it is.
STDIN, NAMELESS = "-", "<stdin>"


@dataclass
class Outcome:
    """What has come of a run so far.

    Args:
        harvest: of all files.
        sifted: which of its findings are told.
        unchanged: how many files were left out because nothing in them changed.
        fixed: the findings that were mended.
        mended: what standard input became.
        interrupted: it was ended before it was done.
    """

    harvest: Harvest = field(default_factory=Harvest)
    sifted: Sifted = field(default_factory=lambda: Sifted([]))
    unchanged: int = 0
    fixed: list[Finding] = field(default_factory=list)
    mended: bytes | None = None
    interrupted: bool = False


class Job:
    """Does what one command line asks for.

    Args:
        request: what it asks for.
        saved: the report that it names as its baseline.
        stdin: what standard input holds, if it is to be checked.

    Raises:
        BadInput: a rule, a version, a revision or the baseline is none.
    """

    def __init__(self, request: Request, saved: Report | None = None, stdin: bytes | None = None) -> None:
        self.head, self._began = begin("lint"), time.monotonic()
        self.request = request
        self.examiner = Examiner(request)
        self.search = Search(layer(request.exclude_from, request.exclude) if request.exclude else None)
        self.outcome = Outcome(mended=stdin)
        self._changes = Changes(request.diff) if request.diff else None
        self._sieve = Sieve(saved, self._changes)
        self._stdin = stdin

    @property
    def duration_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def run(self) -> Outcome:
        """Do it; an interruption ends it with what there is by then.

        Raises:
            BadInput: a path is none, or leads to no Python file.
        """
        outcome = self.outcome
        try:
            stdin = self._standard_input()
            if self._stdin is not None and not (stdin.real and self.search.is_excluded(stdin.real)):
                outcome.harvest.add(self.examiner.examine(stdin, self._stdin))
            running.run(self.request, self.examiner, self._files(), outcome.harvest)
            outcome.sifted = self._sieve.sift(outcome.harvest.examined)
            if self.request.fix:
                self._mend()
        except KeyboardInterrupt:
            outcome.interrupted = True
        outcome.sifted = self._sieve.sift(outcome.harvest.examined)
        if not (self.came_to_something or outcome.interrupted or self.search.passed or outcome.harvest.examined):
            raise BadInput(
                f"there is no Python file in {', '.join(self.request.paths)}", "Name files or other folders."
            )
        return outcome

    @property
    def came_to_something(self) -> bool:
        """Whether a file was checked, or none had to be."""
        return bool(self.outcome.harvest.checked or self.search.left_out or self.outcome.unchanged)

    @property
    def stumbled(self) -> bool:
        """Whether a mistake of ours kept a file from being checked."""
        return any(each.ours for each in self.outcome.harvest.examined)

    def _files(self) -> Iterator[File]:
        """The files to read."""
        for file in self.search.files(path for path in self.request.paths if path != STDIN):
            if self._changes is None or self._changes.has(file.real):
                yield file
            else:
                self.outcome.unchanged += 1

    def _standard_input(self) -> File:
        name = self.request.stdin_filename
        if not name:
            if self._changes and self._stdin is not None:
                raise BadInput("--diff has to know which file standard input is", "Say it with --stdin-filename.")
            return File(STDIN, NAMELESS, "", nearest_project(os.path.realpath(".")))
        real = os.path.realpath(name)
        return File(STDIN, self.search.shown(name), real, nearest_project(str(Path(real).parent)))

    def _mend(self) -> None:
        """Mend what is told of and can be mended, file by file."""
        for place, findings in enumerate(self.outcome.sifted.told):
            examined = self.outcome.harvest.examined[place]
            if findings:
                self.outcome.harvest.examined[place] = self._mended(examined, findings)

    def _mended(self, examined: Examined, findings: list[Finding]) -> Examined:
        """What is to be said of a file after as many of its ``findings`` as possible were mended."""
        file = examined.file
        try:
            data = self._stdin if file.path == STDIN and self._stdin is not None else reading.read(file.real, None)
            mended = fixing.mend(self.examiner, file, data, findings)
            if mended is None:
                return examined
            if file.path == STDIN:
                self.outcome.mended = mended.data
            else:
                fixing.write(file.real, mended.data)
        except (OSError, reading.Unreadable) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            return replace(examined, remarks=[*examined.remarks, f"{file.name}: cannot be mended: {reason}"])
        self.outcome.fixed += mended.fixed
        if self._changes:
            self._changes.forget(file.real)
        return mended.examined
