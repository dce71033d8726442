"""Looks at this process and all that come of it, from another one that is no child of it: no thread of ours is here."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from mpdiag.watch.folder import outside
from mpdiag.watch.observation import Observation
from mpdiag.watch.sampler import Sampler


class Beside:
    """The process that looks at this one, as a context: leaving ends it.

    Args:
        folder: the private folder in whose ledgers the taps of this process count.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Beside:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(os.getpid()), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=outside(os.environ),
            cwd=self._folder,  # another one, which would stand on the path, may hold a queue.py
            start_new_session=True,  # an interruption is for the program
        )
        return self

    def __exit__(self, *error: object) -> None:
        for end in (self._process.stdin, self._process.stdout):
            assert end
            with suppress(OSError):
                end.close()

    def begin(self) -> None:
        """Wait until it looks."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.wait()  # it goes on as nobody's child
        with suppress(OSError):
            self._process.stdin.write(b".")
            self._process.stdin.flush()
        self._process.stdout.read(1)

    def end(self) -> Observation | None:
        """What it has seen; None if it could not look."""
        told, _ = self._process.communicate(b".")
        try:
            seen = pickle.loads(told)  # what a process of ours has written
        except (EOFError, pickle.UnpicklingError):
            return None
        return seen if isinstance(seen, Observation) else None


def main(pid: int, folder: Path) -> None:
    """Look at the process ``pid`` from one sign on standard input to the next, or to its end."""
    os.read(sys.stdin.fileno(), 1)
    sampler = Sampler(folder, pid)
    sampler.start()
    os.write(sys.stdout.fileno(), b".")
    os.read(sys.stdin.fileno(), 1)
    sampler.stop()
    sys.stdout.buffer.write(pickle.dumps(sampler.observation()))


if __name__ == "__main__" and not os.fork():
    main(int(sys.argv[1]), Path(sys.argv[2]))
