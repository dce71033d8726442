"""Tells what was being done when the measuring process ended early, or stood still for too long."""

from __future__ import annotations

import faulthandler
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, TextIO

#: The file, in the private folder of the run.
NAME = "doing.txt"
_FRAME = re.compile(r'  File "(.+)", line (\d+) in (.+)')


class Watch:
    """Writes down what begins; ends this process, with its stacks, when that takes too long.

    The interpreter's own watchdog does it: it needs no Python thread, and not even the GIL.

    Args:
        file: where to write.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, what: str, patience: float) -> None:
        """``what`` begins, and may take ``patience`` seconds."""
        faulthandler.cancel_dump_traceback_later()
        self._file.seek(0)
        self._file.truncate()
        self._file.write(what + "\n")
        self._file.flush()
        faulthandler.dump_traceback_later(patience, exit=True, file=self._file)

    def over(self) -> None:
        """Nothing more begins."""
        faulthandler.cancel_dump_traceback_later()


@dataclass(frozen=True)
class Standstill:
    """What is known of an early end.

    Attributes:
        what: was being done.
        late: whether it took too long, or else the process died of something.
        file: where the main thread was, with line and function; None where no Python code ran.
    """

    what: str
    late: bool
    file: Optional[str] = None
    line: Optional[int] = None
    function: Optional[str] = None


def read(path: Path) -> Optional[Standstill]:
    """What a `Watch` has left in ``path``; None if it never began."""
    try:
        what, _, stacks = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    except OSError:
        return None
    main = stacks.rpartition("\nThread 0x")[2]  # the main thread stands last
    frame = _FRAME.search(main)
    where = (frame[1], int(frame[2]), frame[3]) if frame else (None, None, None)
    return Standstill(what, stacks.startswith("Timeout"), *where) if what else None
