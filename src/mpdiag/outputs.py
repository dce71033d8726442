"""Where reports go: files are opened before anything is measured, so a bad path costs a second and not a run."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mpdiag.errors import BadInput, CannotWork


@dataclass(frozen=True)
class Output:
    """A file that will hold the report in one format; what it held before stays until then."""

    path: Path
    format: str
    file: IO[bytes]
    #: Made by us: taken away again when no report comes.
    made: bool

    @classmethod
    def open(cls, path: Path, format: str) -> Output:  # noqa: A002 - the option's name
        """Open ``path`` for a report in ``format``.

        Raises:
            BadInput: it cannot be written, or is ``-``.
        """
        if str(path) == "-":
            raise BadInput("- is no file", f"Use --format {format} to print the report.")
        try:
            made = not path.exists()
            return cls(path, format, path.open("ab"), made)
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written: {error.strerror}", "Give a file in a folder that you may write to."
            ) from error

    def same(self, other: Output) -> bool:
        """Whether both are one file, whatever it was called."""
        return os.path.sameopenfile(self.file.fileno(), other.file.fileno())

    def write(self, content: str | bytes) -> None:
        """Put ``content`` in the place of what the file held.

        Raises:
            CannotWork: the disk is full, or the file has gone bad.
        """
        try:
            if stat.S_ISREG(os.fstat(self.file.fileno()).st_mode):
                self.file.truncate(0)
            self.file.write(content.encode() if isinstance(content, str) else content)
            self.file.flush()
        except OSError as error:
            self.discard()
            raise CannotWork(
                f"{self.path} could not be written: {error.strerror}", "Free some space or choose another place."
            ) from error
        self.file.close()

    def discard(self) -> None:
        """No report comes: close the file, and take it away if it was made for it; one that is written stays."""
        if self.file.closed:
            return
        with contextlib.suppress(OSError):
            self.file.close()
        if self.made:
            self.path.unlink(missing_ok=True)
