"""What has changed since a revision, as git tells it: files, and lines of files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

from mpdiag.advice import Finding
from mpdiag.errors import BadInput

#: Seconds after which git is not waited for any longer.
_PATIENCE = 120.0
#: Nothing may run that the settings of the repository name.
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules")
_HUNK = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class Changes:
    """What differs from a revision, or from where the work parted from it if both went on.

    Args:
        revision: as git knows it.

    Raises:
        BadInput: git, the repository or the revision is missing.
    """

    def __init__(self, revision: str) -> None:
        top = _git("rev-parse", "--show-toplevel", why="this is no git repository")
        self._top = os.path.realpath(os.fsdecode(top.rstrip(b"\r\n")))
        self._base = _parting(revision)
        #: By the real paths of what changed; None: a file that is new, or whose lines git does not compare.
        self._lines: dict[str, frozenset[int] | None] = {}
        self._names = dict(self._changed())

    def has(self, real: str) -> bool:
        """Whether the file ``real`` (a path without links) changed."""
        return real in self._names

    def touch(self, real: str, finding: Finding) -> bool:
        """Whether a line of ``finding``, which is in the file ``real``, changed."""
        place = finding.place
        lines = self._lines_of(real)
        if lines is None or place is None or place.line is None:
            return True
        return not lines.isdisjoint(range(place.line, (place.end_line or place.line) + 1))

    def forget(self, real: str) -> None:
        """Look again what changed in the file ``real``: it was written to."""
        self._lines.pop(real, None)

    def _lines_of(self, real: str) -> frozenset[int] | None:
        if real not in self._lines:
            name = self._names.get(real, "")
            self._lines[real] = None if name is None else frozenset(self._changed_lines(name) if name else ())
        return self._lines[real]

    def _changed(self) -> Iterator[tuple[str, str | None]]:
        """The real paths of what changed; with its name in the repository if its lines can be compared."""
        for row in _split(_git(*_DIFF, "--numstat", "-z", self._base, folder=self._top)):
            added, _, name = os.fsdecode(row).split("\t", 2)
            if added != "0":
                yield self._real(name), None if added == "-" else name
        for row in _split(_git("ls-files", "--others", "--exclude-standard", "-z", folder=self._top)):
            yield self._real(os.fsdecode(row)), None

    def _real(self, name: str) -> str:
        return os.path.realpath(f"{self._top}/{name}")

    def _changed_lines(self, name: str) -> Iterator[int]:
        patch = _git(*_DIFF, "--unified=0", self._base, "--", f":(top,literal){name}", folder=self._top)
        for hunk in _HUNK.finditer(patch):
            first = int(hunk[1])
            yield from range(first, first + int(hunk[2] or 1))


def _parting(revision: str) -> str:
    """The last commit that ``revision`` and the work have in common; the revision itself, if there is none."""
    if revision.startswith("-"):
        raise BadInput(f"{revision!r} is no revision", "Give a commit, a branch or a tag.")
    commit = _git(
        "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", why=f"there is no revision {revision!r}"
    )
    wanted = commit.decode().strip()
    try:
        return _git("merge-base", "HEAD", wanted).decode().strip()
    except BadInput:  # the histories have nothing in common, or this clone is too shallow to tell
        return wanted


def _split(listing: bytes) -> list[bytes]:
    return [row for row in listing.split(b"\0") if row]


def _git(*arguments: str, folder: str = ".", why: str = "git failed") -> bytes:
    """What git says.

    Raises:
        BadInput: it is not there, or it fails, which means ``why``.
    """
    try:
        done = subprocess.run(
            [*_GIT, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadInput(f"--diff needs git, which cannot be run: {error}", "Install it, or leave --diff out.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadInput(
            f"--diff: {why}{f' ({said[0]})' if said else ''}", "Give a revision of the repository you are in."
        )
    return done.stdout
